/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mmap, munmap, remap_file_pages, shmat and shmdt: flags, extents, what an
 * error leaves unknown; and a random stream of calls against a page array.
 */
#include <linux/personality.h>
#include <linux/shm.h>

#include "ops_lab.h"

#define ANON	(MAP_PRIVATE | MAP_ANONYMOUS)

static struct mm_file file, other;
static unsigned int released;

static void on_release(struct mm_struct *m, struct mm_file *f)
{
	(void)m;
	(void)f;
	released++;
}

static void reset(const struct mm_rules *rules)
{
	file = (struct mm_file){ .inode = 7, .name = "/f", .name_len = 2,
				 .ofd = 1 };
	other = (struct mm_file){ .inode = 8, .name = "/g", .name_len = 2,
				  .ofd = 2 };
	released = 0;
	lab_reset(rules);
	mm.file_release = on_release;
}

/* --- flags: kernel-facts 1.3, 1.4 ------------------------------------------- */

static const char *anon(const struct mm_rules *rules, int prot,
			unsigned long flags)
{
	reset(rules);
	map_flags(0, 1, prot, flags | MAP_ANONYMOUS, NULL, 0);
	return lay();
}

static void test_accounting_flags(void)
{
	struct mm_rules never = rules_6_18;

	is_str(anon(&rules_6_18, RW, MAP_PRIVATE), "0+1 rw ac",
	       "private and writable: VM_ACCOUNT");
	is_str(anon(&rules_6_18, R, MAP_PRIVATE), "0+1 r",
	       "read-only: not");
	is_str(anon(&rules_6_18, RW, MAP_PRIVATE | MAP_NORESERVE),
	       "0+1 rw nr", "MAP_NORESERVE instead");
	never.overcommit_never = true;
	is_str(anon(&never, RW, MAP_PRIVATE | MAP_NORESERVE), "0+1 rw ac",
	       "... which overcommit mode 2 ignores");
	is_str(anon(&never, RW, MAP_PRIVATE | MAP_HUGETLB | MAP_NORESERVE),
	       "0+512 rw nr", "... except for huge pages");
	reset(&rules_6_18);
	map_flags(0, 1, RW, MAP_SHARED, &file, 0);
	is_str(lay(), "0+1 rw s", "shared: never");
}

static void test_other_flags(void)
{
	is_str(anon(&rules_6_18, R, MAP_PRIVATE | MAP_STACK), "0+1 r nh",
	       "MAP_STACK: no huge pages since 6.7");
	is_str(anon(&rules_6_1, R, MAP_PRIVATE | MAP_STACK), "0+1 r",
	       "... nothing before");
	is_str(anon(&rules_6_18, R, MAP_PRIVATE | MAP_GROWSDOWN), "0+1 r gd",
	       "MAP_GROWSDOWN");
	is_str(anon(&rules_6_18, R, MAP_PRIVATE | MAP_LOCKED), "0+1 r lo",
	       "MAP_LOCKED");
	is_u64(mm.locked_vm, 1, "... is counted");
	is_str(anon(&rules_6_18, RW, 0x08), "0+1 rw nr dd wf",
	       "MAP_DROPPABLE");
}

static void test_huge_pages_are_neither_accounted_nor_locked(void)
{
	anon(&rules_6_18, RW, MAP_PRIVATE | MAP_HUGETLB | MAP_LOCKED);
	ok(!(at(0)->vm_flags & (VM_ACCOUNT | VM_LOCKED)), "neither");
	ok(at(0)->vm_flags & VM_DONTEXPAND, "and VM_DONTEXPAND");
	is_u64(vma_pages(at(0)), 512, "the length is rounded up");
}

static void test_mlockall_future_and_personality(void)
{
	reset(&rules_6_18);
	mm.def_flags = VM_LOCKED;
	map(0, 2, RW);
	is_str(lays(), "0+2 rw ac lo {F}",
	       "MCL_FUTURE: locked, and populated at once");
	mm.def_flags = VM_LOCKED | VM_LOCKONFAULT;
	map(4, 2, RW);
	is_str(lays(), "0+2 rw ac lo {F} | 4+2 rw ac lo lf {NF}",
	       "MCL_ONFAULT: not populated");
	mm.def_flags = 0;
	mm.personality = READ_IMPLIES_EXEC;
	map(8, 1, R);
	map(10, 1, NONE);
	map_flags(12, 1, R, MAP_PRIVATE, &file, 0);
	other.flags = MM_FILE_NOEXEC;
	map_flags(14, 1, R, MAP_PRIVATE, &other, 0);
	ok(at(8)->vm_flags & VM_EXEC, "READ_IMPLIES_EXEC");
	ok(!(at(10)->vm_flags & VM_EXEC), "... only with PROT_READ");
	ok(at(12)->vm_flags & VM_EXEC, "... and of a file");
	ok(!(at(14)->vm_flags & VM_EXEC), "... that is not on a noexec mount");
}

static void test_shared_file_without_write_access(void)
{
	struct mm_op op = {
		.call = MM_MMAP, .len = PAGE_SIZE, .prot = R,
		.flags = MAP_SHARED, .file = &file, .file_unwritable = true,
	};

	reset(&rules_6_18);
	lab_run(&op, (long)P(0));
	is_str(lay(), "0+1 r s", "prints as shared");
	ok(!(at(0)->vm_flags & (VM_SHARED | VM_MAYWRITE)), "but is not");
}

static void test_offsets(void)
{
	reset(&rules_6_18);
	map(0, 1, RW);
	is_u64(at(0)->vm_pgoff, P(0) >> PAGE_SHIFT, "private: its address");
	map_flags(2, 1, RW, MAP_SHARED | MAP_ANONYMOUS, &other, 0);
	is_u64(at(2)->vm_pgoff, 0, "shared: a file of its own from 0");
	map_flags(4, 1, RW, MAP_SHARED | MAP_ANONYMOUS, NULL, 0);
	is_u64(at(4)->vm_pgoff, 0, "also before that file is known");
	map_flags(6, 1, RW, MAP_PRIVATE, &file, 5UL << 12);
	is_u64(at(6)->vm_pgoff, 5, "a file: as asked for");
}

static void test_memory_merge(void)
{
	reset(&rules_6_18);
	mm.def_flags = VM_MERGEABLE;
	map(0, 2, R);
	map(2, 2, R);
	is_str(lay(), "0+4 r mg", "6.18: the flag is there for the merge");
	reset(&rules_6_12);
	mm.def_flags = VM_MERGEABLE;
	map(0, 2, R);
	map(2, 2, R);
	is_str(lay(), "0+2 r mg | 2+2 r mg", "6.12: it comes after it");
}

static void test_populate(void)
{
	reset(&rules_6_18);
	map_flags(0, 2, RW, ANON | MAP_POPULATE, NULL, 0);
	map_flags(4, 2, R, ANON | MAP_POPULATE, NULL, 0);
	map_flags(8, 2, RW, ANON | MAP_POPULATE | MAP_NONBLOCK, NULL, 0);
	is_str(lays(), "0+2 rw ac {F} | 4+2 r {N} | 8+2 rw ac {NF}",
	       "only a writable one is written");
	ok(at(0)->anon_vma, "with an object of its own");
}

static void test_huge_read_faults(void)
{
	struct mm_rules always = rules_6_18;

	always.thp_read_faults = true;
	reset(&always);
	map(0, 511, R);
	is_str(lays(), "0+511 r {N}", "no huge page fits in");
	map(511, 1, R);
	is_str(lays(), "0+512 r {NF}", "one does: a read may set anon_vma");
	reset(&always);
	map_flags(0, 512, R, ANON | MAP_STACK, NULL, 0);
	is_str(lays(), "0+512 r nh {N}", "not where they are unwanted");
}

/* --- extents ---------------------------------------------------------------- */

/*
 *	AAAAAAAAAAAA  ->  AAAABBBBAAAA
 */
static void test_fixed_over_the_middle(void)
{
	reset(&rules_6_18);
	map_flags(0, 12, R, MAP_PRIVATE, &file, 0);
	map(4, 4, R);
	is_str(lay(), "0+4 r | 4+4 r | 8+4 r", "three VMAs");
	is_u64(at(8)->vm_pgoff, 8, "the upper part's offset");
	is_u64(file.mapcount, 2, "two of them map the file");
	map_flags(4, 4, R, MAP_PRIVATE, &file, 4UL << 12);
	is_str(lay(), "0+12 r", "the same pages again: one VMA");
	is_u64(last.touched_start, P(4), "touched from");
	is_u64(last.touched_end, P(8), "to");
}

/* The file that is mapped over its own last VMA must not be released. */
static void test_a_file_over_itself(void)
{
	reset(&rules_6_18);
	map_flags(0, 4, R, MAP_PRIVATE, &file, 0);
	map_flags(0, 4, RW, MAP_PRIVATE, &file, 0);
	is_u64(released, 0, "not released");
	is_u64(file.mapcount, 1, "one VMA");
	unmap(0, 4);
	is_u64(released, 1, "released with the last VMA");
}

/*
 *	AAAAAAAA BBBB CCCCCCCC  ->  AA                CCCC
 */
static void test_munmap_across(void)
{
	reset(&rules_6_18);
	map_flags(0, 8, R, MAP_PRIVATE, &file, 0);
	map(9, 4, RW);
	map_flags(14, 8, R, MAP_PRIVATE, &file, 0);
	unmap(2, 16);
	is_str(lay(), "0+2 r | 18+4 r", "both ends are cut");
	is_u64(at(18)->vm_pgoff, 4, "the offset follows");
	unmap(0, 30);
	is_str(lay(), "", "nothing is left");
	is_u64(mm.pool_free, ROOM, "all are back in the pool");
	is_u64(mm.highest_vm_end, 0, "nothing is the highest");
}

/* --- errors ----------------------------------------------------------------- */

static void mmap_ret(int at, int pages, unsigned long flags, long ret)
{
	struct mm_op op = {
		.call = MM_MMAP, .addr = P(at),
		.len = (unsigned long)pages * PAGE_SIZE, .prot = RW,
		.flags = flags, .anonymous = true,
	};

	lab_run(&op, ret);
}

static void test_what_an_error_leaves_unknown(void)
{
	reset(&rules_6_18);
	map(0, 4, R);
	map(6, 4, R);
	mmap_ret(2, 6, ANON | MAP_FIXED, -ENOMEM);
	is_u64(last.unknown_start, P(0), "MAP_FIXED failed late: from");
	is_u64(last.unknown_end, P(10), "to, VMAs as a whole");
	mmap_ret(2, 6, ANON | MAP_FIXED_NOREPLACE | MAP_FIXED, -EEXIST);
	is_u64(last.unknown_end, 0, "NOREPLACE never unmaps");
	mmap_ret(2, 6, ANON, -ENOMEM);
	is_u64(last.unknown_end, 0, "without MAP_FIXED nothing is");
	call_range(MM_MUNMAP, 2, 6, 0, 0, -ENOMEM);
	is_u64(last.unknown_start, P(0), "munmap failed: from");
	is_u64(last.unknown_end, P(10), "to");
	is_str(lay(), "0+4 r | 6+4 r", "the mirror itself is unchanged");
}

static void test_an_answer_that_contradicts(void)
{
	reset(&rules_6_18);
	map(0, 8, R);
	mmap_ret(0, 2, ANON, (long)P(4));
	is_str(lay(), "0+4 r | 4+2 rw ac | 6+2 r",
	       "the kernel's answer stands");
	is_u64(last.unknown_start, P(0), "and the range is unknown from");
	is_u64(last.unknown_end, P(8), "to");
}

/* --- remap_file_pages ------------------------------------------------------- */

static void test_remap_file_pages(void)
{
	struct mm_op op = {
		.call = MM_REMAP_FILE_PAGES, .addr = P(2), .len = 2 * PAGE_SIZE,
		.off = 6,
	};

	reset(&rules_6_18);
	map_flags(0, 8, RW, MAP_SHARED, &file, 0);
	lab_run(&op, 0);
	is_str(lay(), "0+2 rw s | 2+2 rw s | 4+4 rw s", "split in three");
	is_u64(at(2)->vm_pgoff, 6, "other pages in the middle");
	op.off = 2;
	op.flags = 0;
	op.file = NULL;
	lab_run(&op, 0);
	is_str(lay(), "0+8 rw s", "its own pages again: one VMA");
	is_u64(released, 0, "the file stays");

	/* Nobody knows whether what was there is locked: nor what is there now. */
	at(0)->vm_unsure = VM_LOCKED;
	op.addr = P(2);
	op.len = 2 * PAGE_SIZE;
	op.off = 20;
	op.flags = 0;
	op.file = NULL;
	lab_run(&op, 0);
	is_u64(at(2)->vm_unsure & VM_LOCKED, VM_LOCKED,
	       "other pages are as locked as those before them");
	reset(&rules_6_18);
	map_flags(0, 8, RW, MAP_SHARED, &file, 0);

	/* All of it: the file loses its last VMA on the way. */
	op.addr = P(0);
	op.len = 8 * PAGE_SIZE;
	op.off = 9;
	op.flags = 0;
	op.file = NULL;
	lab_run(&op, 0);
	is_u64(released, 0, "even where every VMA of it goes");
	is_u64(file.mapcount, 1, "it has one");
}

/* --- System V --------------------------------------------------------------- */

static void shm(int at_page, int pages, unsigned long flags, struct mm_file *f)
{
	struct mm_op op = {
		.call = MM_SHMAT, .len = (unsigned long)pages * PAGE_SIZE,
		.flags = flags, .file = f,
	};

	lab_run(&op, (long)P(at_page));
}

static void shmdt(int at_page)
{
	struct mm_op op = { .call = MM_SHMDT, .addr = P(at_page) };

	lab_run(&op, 0);
}

static void test_system_v_segments(void)
{
	reset(&rules_6_18);
	other.inode = file.inode;
	shm(0, 4, 0, &file);
	shm(4, 4, SHM_RDONLY, &other);
	is_str(lay(), "0+4 rw s | 4+4 r s", "two attaches of a segment");
	ok(!(at(4)->vm_flags & VM_SHARED), "read-only for good");
	protect(1, 1, R);
	unmap(2, 1);
	is_str(lay(), "0+1 rw s | 1+1 r s | 3+1 rw s | 4+4 r s", "a torn one");
	map_flags(9, 1, R, MAP_SHARED, &file, 2UL << 12);
	map_flags(11, 1, R, MAP_SHARED, &other, 11UL << 12);
	shmdt(0);
	is_str(lay(), "4+4 r s | 9+1 r s | 11+1 r s",
	       "shmdt takes what is left of it, in its place");
	unmap(9, 3);
	shmdt(4);
	is_str(lay(), "", "and the other");
	is_u64(released, 2, "both files are released");
	lab_reset(&rules_6_18);
	shmdt(0);
	is_u64(last.unknown_start, P(0), "shmdt of what the mirror never saw");
}

/* --- random calls ----------------------------------------------------------- */

#define PAGES 64

static uint64_t seed = 0x2545f4914f6cdd1dULL;
static signed char pages[PAGES];	/* prot, -1: nothing */

static unsigned int dice(unsigned int sides)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (unsigned int)(seed % sides);
}

static void set_pages(unsigned int from, unsigned int n, int what, bool mapped)
{
	for (unsigned int i = from; i < from + n; i++)
		if (!mapped || pages[i] >= 0)
			pages[i] = (signed char)what;
}

/* Answers at random: the mirror must stay whole whatever the kernel says. */
static void run_dicing(struct mm_op *op, long ret)
{
	mm_prepare(&mm, op);
	op->ret = ret;
	while (mm_commit(&mm, op) == MM_ASK)
		mm_answer(op, (int)dice(3));
}

static bool all_mapped(unsigned int from, unsigned int n)
{
	for (unsigned int i = from; i < from + n; i++)
		if (pages[i] < 0)
			return false;
	return true;
}

static void random_call(void)
{
	static const int prots[] = { NONE, R, RW, R | PROT_EXEC };
	unsigned int from = dice(PAGES), n = 1 + dice(PAGES - from);
	unsigned int p = dice(4), kind = dice(12);
	struct mm_op op = {
		.addr = P(from), .len = n * PAGE_SIZE, .prot = prots[p],
		.pkey = -1, .flags = ANON | MAP_FIXED, .anonymous = true,
	};

	if (kind < 5) {
		op.call = MM_MMAP;
		if (dice(3) == 0) {
			op.file = dice(2) ? &file : &other;
			op.anonymous = false;
			op.flags = MAP_PRIVATE | MAP_FIXED;
			op.off = from * PAGE_SIZE;
		}
		run_dicing(&op, (long)op.addr);
		set_pages(from, n, prots[p], false);
	} else if (kind < 7) {
		op.call = MM_MUNMAP;
		run_dicing(&op, 0);
		set_pages(from, n, -1, false);
	} else if (kind < 10 && all_mapped(from, n)) {
		op.call = MM_MPROTECT;
		run_dicing(&op, 0);
		set_pages(from, n, prots[p], true);
	} else if (kind == 10) {
		mm_touch(&mm, P(from), P(from + n));
	} else if (dice(20) == 0) {
		dup_mmap(&mm);
	}
}

static bool pages_agree(void)
{
	for (unsigned int i = 0; i < PAGES; i++) {
		struct vm_area_struct *vma = find_vma(&mm, P(i));
		int prot = vma && vma->vm_start <= P(i)
			? (int)(vma->vm_flags & VM_ACCESS_FLAGS) : -1;

		if (prot != pages[i])
			return false;
	}
	return true;
}

static void test_random_calls(const struct mm_rules *rules, const char *name)
{
	unsigned int step;
	int err = 0;

	reset(rules);
	other.inode = file.inode;	/* perhaps one open file */
	mm.file_release = NULL;
	set_pages(0, PAGES, -1, false);
	for (step = 0; step < 20000 && !err; step++) {
		random_call();
		err = validate_mm(&mm);
		if (!err && !pages_agree())
			err = 1;
	}
	is_i64(err, 0, "%s: valid, and as the page array, after %u calls",
	       name, step);
	is_u64(mm.pool_free + mm.map_count, ROOM, "%s: no VMA is lost", name);
}

int main(void)
{
	test_accounting_flags();
	test_other_flags();
	test_huge_pages_are_neither_accounted_nor_locked();
	test_mlockall_future_and_personality();
	test_shared_file_without_write_access();
	test_offsets();
	test_memory_merge();
	test_populate();
	test_huge_read_faults();
	test_fixed_over_the_middle();
	test_a_file_over_itself();
	test_munmap_across();
	test_what_an_error_leaves_unknown();
	test_an_answer_that_contradicts();
	test_remap_file_pages();
	test_system_v_segments();
	test_random_calls(&rules_5_10, "5.10");
	test_random_calls(&rules_6_1, "6.1");
	test_random_calls(&rules_6_12, "6.12");
	test_random_calls(&rules_6_18, "6.18");
	return done_testing();
}
