/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What mmap, munmap, brk, shmdt and remap_file_pages say, before they are made:
 * each refusal, and which of two is told. Limits by number are in
 * test_limits.c.
 */
#include <sys/shm.h>

#include "verdict_lab.h"

enum { ANY, LEN, ADDR, LOCK, TYPE };

static struct mm_file file = { .inode = 7, .name = "/f", .name_len = 2 };
static struct mm_file vdso = {
	.name = "[vdso]", .name_len = 6, .flags = MM_FILE_SPECIAL,
};

static void unlimited(const struct mm_rules *rules)
{
	space(rules);
	map(10, 10, R);
}

/* --- mmap ----------------------------------------------------------------------- */

static void fresh_anonymous(const struct mm_rules *rules, struct mm_op *op)
{
	unlimited(rules);
	*op = (struct mm_op){
		.call = MM_MMAP, .len = 4 * PAGE_SIZE, .prot = R, .flags = ANON,
		.anonymous = true, .pkey = -1,
	};
}

static void fresh_file(const struct mm_rules *rules, struct mm_op *op)
{
	unlimited(rules);
	file.mapcount = 0;
	file.i_mmap = (struct rb_root_cached){ .rb_leftmost = NULL };
	*op = (struct mm_op){
		.call = MM_MMAP, .len = 4 * PAGE_SIZE, .prot = R,
		.flags = MAP_PRIVATE, .file = &file, .pkey = -1,
	};
}

static void offset_in_page(struct mm_op *op) { op->off |= 1; }
static void no_length(struct mm_op *op) { op->len = 0; }
static void length_wraps(struct mm_op *op) { op->len = ~0UL; }
static void too_long(struct mm_op *op) { op->len = mm.task_size + PAGE_SIZE; }
static void too_many(struct mm_op *op)
{
	(void)op;
	mm.max_map_count = mm.map_count - 1;
}

static void fixed_in_page(struct mm_op *op)
{
	op->addr = P(5) + 1;
	op->flags |= MAP_FIXED;
}

static void fixed_behind_the_end(struct mm_op *op)
{
	op->addr = mm.task_size - PAGE_SIZE;
	op->flags |= MAP_FIXED;
}

static void noreplace_over_something(struct mm_op *op)
{
	op->addr = P(12);
	op->flags |= MAP_FIXED_NOREPLACE;
}

static void may_not_lock(struct mm_op *op)
{
	op->flags |= MAP_LOCKED;
	mm.rlim.memlock = 0;
}

static void locks_too_much(struct mm_op *op)
{
	op->flags |= MAP_LOCKED;
	mm.rlim.memlock = 2 * PAGE_SIZE;
}

static void no_type(struct mm_op *op) { op->flags &= ~0xfUL; }
static void address_space_full(struct mm_op *op)
{
	(void)op;
	mm.rlim.as = mm.total_vm << PAGE_SHIFT;
}

static void grows_down(struct mm_op *op) { op->flags |= MAP_GROWSDOWN; }
static void offset_beyond(struct mm_op *op)
{
	op->off |= (1UL << 63) - PAGE_SIZE;
}

static void flag_not_validated(struct mm_op *op)
{
	op->flags |= MAP_SHARED_VALIDATE | 1UL << 25;
}

static void shared_not_writable(struct mm_op *op)
{
	op->flags |= MAP_SHARED;
	op->prot = RW;
	op->file_unwritable = true;
}

/* The order of ksys_mmap_pgoff(), do_mmap() and mmap_region(). */
static const struct spoiler anonymous[] = {
	{ "offset within a page", ANY, -EINVAL, offset_in_page },
	{ "no length", LEN, -EINVAL, no_length },
	{ "a length that wraps", LEN, -ENOMEM, length_wraps },
	{ "more than max_map_count", ANY, -ENOMEM, too_many },
	{ "longer than the space", LEN, -ENOMEM, too_long },
	{ "fixed, within a page", ADDR, -EINVAL, fixed_in_page },
	{ "fixed, behind the end", ADDR, -ENOMEM, fixed_behind_the_end },
	{ "noreplace over something", ADDR, -EEXIST, noreplace_over_something },
	{ "MAP_LOCKED, RLIMIT_MEMLOCK 0", LOCK, -EPERM, may_not_lock },
	{ "MAP_LOCKED, RLIMIT_MEMLOCK", LOCK, -EAGAIN, locks_too_much },
	{ "neither shared nor private", TYPE, -EINVAL, no_type },
	{ "RLIMIT_AS", ANY, -ENOMEM, address_space_full },
};

static const struct spoiler of_a_file[] = {
	{ "offset within a page", ANY, -EINVAL, offset_in_page },
	{ "no length", LEN, -EINVAL, no_length },
	{ "a length that wraps", LEN, -ENOMEM, length_wraps },
	{ "more than max_map_count", ANY, -ENOMEM, too_many },
	{ "noreplace over something", ADDR, -EEXIST, noreplace_over_something },
	{ "MAP_LOCKED, RLIMIT_MEMLOCK 0", LOCK, -EPERM, may_not_lock },
	{ "MAP_LOCKED, RLIMIT_MEMLOCK", LOCK, -EAGAIN, locks_too_much },
	{ "behind the largest file", ANY, -EOVERFLOW, offset_beyond },
	{ "a flag that is not validated", ANY, -EOPNOTSUPP, flag_not_validated },
	{ "shared, writable, read-only descriptor", ANY, -EACCES,
	  shared_not_writable },
	{ "MAP_GROWSDOWN", ANY, -EINVAL, grows_down },
	{ "RLIMIT_AS", ANY, -ENOMEM, address_space_full },
};

static void test_mmap_in_order(void)
{
	each_kernel(k) {
		in_order(lab_kernels[k].name, lab_kernels[k].rules,
			 fresh_anonymous, anonymous);
		in_order(lab_kernels[k].name, lab_kernels[k].rules, fresh_file,
			 of_a_file);
	}
}

static void test_types_of_anonymous_memory(void)
{
	unlimited(&rules_6_18);
	is_i64(foretold(0, PAGE_SIZE, MAP_SHARED | MAP_ANONYMOUS),
	       (long)P(999), "shared");
	is_i64(foretold(0, PAGE_SIZE,
			MAP_SHARED | MAP_ANONYMOUS | MAP_GROWSDOWN), -EINVAL,
	       "shared memory does not grow");
	is_i64(foretold(0, PAGE_SIZE, MAP_SHARED_VALIDATE | MAP_ANONYMOUS),
	       -EINVAL, "there is nothing to validate");
	is_i64(foretold(0, PAGE_SIZE, ANON | MAP_GROWSDOWN),
	       (long)P(999), "private memory may grow");
	is_i64(foretold(0, PAGE_SIZE, MAP_DROPPABLE_ | MAP_ANONYMOUS |
			MAP_LOCKED), -EINVAL, "droppable is never locked");
	is_i64(foretold(0, PAGE_SIZE, MAP_DROPPABLE_ | MAP_ANONYMOUS), UNKNOWN,
	       "whether droppable exists is the kernel's");
}

/* What is mapped and refuses to go: sealed, or in one piece (kernel-facts 1.5). */
static void test_fixed_over_what_stays(void)
{
	each_kernel(k) {
		const struct mm_rules *rules = lab_kernels[k].rules;
		long inval = rules->map_fixed_enomem ? -ENOMEM : -EINVAL;

		unlimited(rules);
		special(30, 4, VM_SEALED);
		vdso.mapcount = 0;
		special(40, 4, VM_DONTEXPAND)->vm_file = &vdso;
		is_i64(foretold(P(31), PAGE_SIZE, ANON | MAP_FIXED), -EPERM,
		       "%s: a sealed mapping", lab_kernels[k].name);
		is_i64(foretold(P(40), PAGE_SIZE, ANON | MAP_FIXED),
		       rules->special_splits ? (long)P(40) : inval,
		       "a part of the vdso");
		is_i64(foretold(P(40), 4 * PAGE_SIZE, ANON | MAP_FIXED),
		       (long)P(40), "all of the vdso may go");
		at(40)->vm_file = NULL;
	}
}

/* What decides outside the mm is not claimed. */
static void test_mmap_not_claimed(void)
{
	struct mm_op op;

	fresh_file(&rules_6_18, &op);
	op.file = NULL;
	is_i64(verdict(&op), UNKNOWN, "a descriptor that was never mapped");
	op.off = 1;
	is_i64(verdict(&op), -EINVAL, "but its offset is looked at first");
	fresh_file(&rules_6_18, &op);
	op.prot = PROT_EXEC;
	is_i64(verdict(&op), UNKNOWN, "a file may lie on a noexec mount");
	is_i64(foretold(0, 2UL << 30, ANON), UNKNOWN, "two GiB of memory");
	is_i64(foretold(0, PAGE_SIZE, ANON | MAP_HUGETLB), UNKNOWN,
	       "huge pages may be used up");
	is_i64(foretold(4096, PAGE_SIZE, ANON | MAP_FIXED), UNKNOWN,
	       "below mmap_min_addr rights decide");
}

/* --- munmap ---------------------------------------------------------------------- */

static void fresh_munmap(const struct mm_rules *rules, struct mm_op *op)
{
	unlimited(rules);
	*op = (struct mm_op){
		.call = MM_MUNMAP, .addr = P(12), .len = 4 * PAGE_SIZE,
	};
}

static void within_a_page(struct mm_op *op) { op->addr |= 1; }
static void behind_the_end(struct mm_op *op)
{
	op->addr = mm.task_size + PAGE_SIZE;
}

static void reaches_too_far(struct mm_op *op) { op->len = mm.task_size; }
static void full(struct mm_op *op)
{
	(void)op;
	mm.max_map_count = mm.map_count;
}

static void sealed(struct mm_op *op)
{
	(void)op;
	at(10)->vm_flags |= VM_SEALED;
}

static const struct spoiler munmaps[] = {
	{ "within a page", ANY, -EINVAL, within_a_page },
	{ "behind the end", ADDR, -EINVAL, behind_the_end },
	{ "reaches too far", LEN, -EINVAL, reaches_too_far },
	{ "no length", LEN, -EINVAL, no_length },
	{ "cut in three at max_map_count", ANY, -ENOMEM, full },
	{ "sealed", ANY, -EPERM, sealed },
};

static void test_munmap_in_order(void)
{
	each_kernel(k)
		in_order(lab_kernels[k].name, lab_kernels[k].rules,
			 fresh_munmap, munmaps);
}

static void test_munmap_of_what_cannot_be_cut(void)
{
	each_kernel(k) {
		bool splits = lab_kernels[k].rules->special_splits;

		unlimited(lab_kernels[k].rules);
		special(40, 4, VM_DONTEXPAND)->vm_file = &vdso;
		special(1024, 1024, VM_HUGETLB);
		is_i64(verdict_on(MM_MUNMAP, 41, 3, 0, 0),
		       splits ? 0 : -EINVAL, "%s: a part of the vdso",
		       lab_kernels[k].name);
		is_i64(verdict_on(MM_MUNMAP, 40, 4, 0, 0), 0, "all of it");
		is_i64(verdict_on(MM_MUNMAP, 1024, 512, 0, 0), 0,
		       "a huge page");
		is_i64(verdict_on(MM_MUNMAP, 1024, 511, 0, 0), -EINVAL,
		       "a part of a huge page");
		is_i64(verdict_on(MM_MUNMAP, 200, 100, 0, 0), 0,
		       "nothing at all");
		at(40)->vm_file = NULL;
	}
}

/* --- brk --------------------------------------------------------------------------- */

static long brk_to(long page_no, unsigned long bytes)
{
	struct mm_op op = { .call = MM_BRK, .addr = P(page_no) + bytes };

	return page((unsigned long)verdict(&op));
}

static void heap(const struct mm_rules *rules)
{
	space(rules);
	mm.start_brk = P(0);
	mm.brk = P(4);
	map(0, 4, RW);
}

/* kernel-facts 5: it answers the old break, never an error. */
static void test_brk_refused(void)
{
	each_kernel(k) {
		const struct mm_rules *rules = lab_kernels[k].rules;

		heap(rules);
		is_i64(brk_to(8, 0), 8, "%s: grows", lab_kernels[k].name);
		is_i64(brk_to(-1, 0), 4, "below start_brk");
		is_i64(brk_to(page(mm.task_size) + 1, 0), 4,
		       "behind the end of the space");
		taken(20, 1);
		is_i64(brk_to(19, 0), 19, "one page stays free");
		is_i64(brk_to(20, 0), 4, "touching the next mapping");
		is_i64(brk_to(19, 1), 4, "or in the page before it");
		wall(P(300), P(310), VM_READ | VM_GROWSDOWN);
		unmap(20, 1);
		is_i64(brk_to(300 - 256 - 1, 0), 43, "up to a stack's guard");
		is_i64(brk_to(300 - 256, 0), 4, "not into it");
		mm.def_flags = VM_LOCKED;
		mm.rlim.memlock = 0;
		is_i64(brk_to(5, 0), 4, "locked memory");
		is_i64(brk_to(3, 0), 3, "which shrinking does not need");
	}
}

static void test_brk_over_a_hole(void)
{
	each_kernel(k) {
		bool checks = lab_kernels[k].rules->brk_shrink_checks;

		heap(lab_kernels[k].rules);
		unmap(2, 2);
		is_i64(brk_to(1, 0), 1, "%s: something is left to unmap",
		       lab_kernels[k].name);
		is_i64(brk_to(2, 0), checks ? 4 : 2, "nothing is");
		is_i64(brk_to(4, 0), 4, "nothing to do");
	}
}

static void test_brk_and_rlimit_data(void)
{
	heap(&rules_6_18);
	mm.start_data = 0x1000;
	mm.end_data = 0x3000;
	mm.rlim.data = 6 * PAGE_SIZE;
	is_i64(brk_to(4, 0), 4, "four pages of heap, two of data: six");
	is_i64(brk_to(4, 1), 4, "a byte more is refused");
	mm.rlim.data = 7 * PAGE_SIZE;
	is_i64(brk_to(5, 0), 5, "with seven there may be five");
}

/* --- System V, remap_file_pages ------------------------------------------------------- */

static void test_shmdt(void)
{
	static struct mm_file segment = { .flags = MM_FILE_CLOSE };

	unlimited(&rules_6_18);
	segment.mapcount = 0;
	special(40, 4, VM_SHARED | VM_MAYSHARE)->vm_file = &segment;
	at(40)->vm_pgoff = 0;
	is_i64(verdict_on(MM_SHMDT, 40, 0, 0, 0), 0, "an attached segment");
	is_i64(verdict_on(MM_SHMDT, 41, 0, 0, 0), -EINVAL, "not its start");
	is_i64(verdict_on(MM_SHMDT, 10, 0, 0, 0), -EINVAL, "other memory");
	at(40)->vm_pgoff = 2;
	is_i64(verdict_on(MM_SHMDT, 38, 0, 0, 0), 0,
	       "its start counts, though that is unmapped");
	at(40)->vm_file = NULL;
}

static long remap_pages(int at_page, int pages, int prot, unsigned long pgoff)
{
	struct mm_op op = {
		.call = MM_REMAP_FILE_PAGES, .addr = P(at_page),
		.len = (unsigned long)pages * PAGE_SIZE, .prot = prot,
		.off = pgoff,
	};

	return verdict(&op);
}

static void test_remap_file_pages(void)
{
	static struct mm_file shared = { .flags = MM_FILE_ANON_SHM };

	unlimited(&rules_6_18);
	shared.mapcount = 0;
	shared.i_mmap = (struct rb_root_cached){ .rb_leftmost = NULL };
	map_flags(40, 4, RW, MAP_SHARED, &shared, 0);
	is_i64(remap_pages(40, 2, 0, 1), 0, "pages of a shared mapping");
	is_i64(remap_pages(40, 2, 1, 1), -EINVAL, "prot must be 0");
	is_i64(remap_pages(40, 0, 0, 1), -EINVAL, "no length");
	is_i64(remap_pages(40, 2, 0, ~0UL), -EINVAL, "offsets that wrap");
	is_i64(remap_pages(43, 2, 0, 1), -EINVAL, "reaching into a hole");
	is_i64(remap_pages(10, 2, 0, 1), -EINVAL, "private memory");
	protect(42, 2, R);
	is_i64(remap_pages(40, 4, 0, 1), -EINVAL, "two that differ");
	at(40)->vm_flags |= VM_LOCKED;
	mm.rlim.memlock = 0;
	is_i64(remap_pages(40, 2, 0, 1), -EPERM, "locked, and none may be");
	mm.rlim.memlock = PAGE_SIZE;
	is_i64(remap_pages(40, 2, 0, 1), -EAGAIN, "locked, over the limit");
}

int main(void)
{
	test_mmap_in_order();
	test_types_of_anonymous_memory();
	test_fixed_over_what_stays();
	test_mmap_not_claimed();
	test_munmap_in_order();
	test_munmap_of_what_cannot_be_cut();
	test_brk_refused();
	test_brk_over_a_hole();
	test_brk_and_rlimit_data();
	test_shmdt();
	test_remap_file_pages();
	return done_testing();
}
