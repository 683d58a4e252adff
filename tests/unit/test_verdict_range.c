/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What mprotect, madvise, mlock and their kin say, before they are made: each
 * refusal, and which of two is told. Pictures: letters are mappings, . a hole.
 */
#include "verdict_lab.h"

enum { ANY, LEN, ADDR, RIGHT };

static struct mm_file file = { .inode = 7, .name = "/f", .name_len = 2 };
static struct mm_file memfd = {
	.inode = 9, .name = "/memfd:a (deleted)", .name_len = 18,
	.flags = MM_FILE_ANON_SHM,
};

/*
 *	AAAAAAAAAA....BBBBBBBBBB	0+10, 14+10
 */
static void two_mappings(const struct mm_rules *rules)
{
	space(rules);
	file.mapcount = memfd.mapcount = 0;
	file.i_mmap = memfd.i_mmap = (struct rb_root_cached){ { NULL } , NULL };
	map(0, 10, R);
	map(14, 10, R);
}

static void fresh(const struct mm_rules *rules, struct mm_op *op,
		  enum mm_call call)
{
	two_mappings(rules);
	*op = (struct mm_op){
		.call = call, .addr = P(2), .len = 4 * PAGE_SIZE, .pkey = -1,
	};
}

static void in_page(struct mm_op *op) { op->addr |= 1; }
static void wraps(struct mm_op *op) { op->len = -op->addr; }
static void hole_first(struct mm_op *op) { op->addr += 8 * PAGE_SIZE; }
static void hole_later(struct mm_op *op) { op->len = 10 * PAGE_SIZE; }

/* --- mprotect ------------------------------------------------------------------- */

static void fresh_mprotect(const struct mm_rules *rules, struct mm_op *op)
{
	fresh(rules, op, MM_MPROTECT);
	op->prot = RW;
}

static void grows_both_ways(struct mm_op *op)
{
	op->prot |= PROT_GROWSDOWN | PROT_GROWSUP;
}

static void unknown_right(struct mm_op *op) { op->prot |= 0x100; }
static void key_16(struct mm_op *op) { op->pkey = 16; }
static void grows_down(struct mm_op *op) { op->prot |= PROT_GROWSDOWN; }
static void may_not_write(struct mm_op *op)
{
	(void)op;
	at(2)->vm_flags &= ~VM_MAYWRITE;
}

static void sealed(struct mm_op *op)
{
	(void)op;
	at(2)->vm_flags |= VM_SEALED;
}

static void data_full(struct mm_op *op)
{
	(void)op;
	mm.rlim.data = mm.data_vm << PAGE_SHIFT;
}

static void maps_full(struct mm_op *op)
{
	(void)op;
	mm.max_map_count = mm.map_count;
}

/* The order of do_mprotect_pkey() and mprotect_fixup(). */
static const struct spoiler mprotects[] = {
	{ "grows both ways", RIGHT, -EINVAL, grows_both_ways },
	{ "within a page", ANY, -EINVAL, in_page },
	{ "a length that wraps", LEN, -ENOMEM, wraps },
	{ "an unknown right", ANY, -EINVAL, unknown_right },
	{ "key 16", ANY, -EINVAL, key_16 },
	{ "begins in a hole", ADDR, -ENOMEM, hole_first },
	{ "PROT_GROWSDOWN on what does not", RIGHT, -EINVAL, grows_down },
	{ "may not be written", ANY, -EACCES, may_not_write },
	{ "sealed", ANY, -EPERM, sealed },
	{ "RLIMIT_DATA", ANY, -ENOMEM, data_full },
	{ "cut in three at max_map_count", LEN, -ENOMEM, maps_full },
	{ "a hole behind", LEN, -ENOMEM, hole_later },
};

static void test_mprotect_in_order(void)
{
	each_kernel(k)
		in_order(lab_kernels[k].name, lab_kernels[k].rules,
			 fresh_mprotect, mprotects);
}

static void test_mprotect_of_nothing(void)
{
	two_mappings(&rules_6_18);
	is_i64(verdict_on(MM_MPROTECT, 12, 0, RW | 0x100, 0), 0,
	       "no length succeeds anywhere, with any right");
	at(0)->vm_flags |= VM_SEALED;
	is_i64(verdict_on(MM_MPROTECT, 0, 4, R, 0), -EPERM,
	       "a seal refuses what changes nothing");
	at(14)->vm_flags &= ~VM_MAYREAD;
	is_i64(verdict_on(MM_MPROTECT, 14, 4, R, 0), -EACCES,
	       "and so does a right that is not there");
}

/* The first mapping that refuses decides, whatever those behind it say. */
static void test_mprotect_from_left_to_right(void)
{
	two_mappings(&rules_6_18);
	map(10, 4, NONE);
	at(10)->vm_flags &= ~VM_MAYWRITE;
	at(14)->vm_flags |= VM_SEALED;
	is_i64(verdict_on(MM_MPROTECT, 0, 24, RW, 0), -EACCES,
	       "EACCES in the middle, EPERM behind");
	at(10)->vm_flags |= VM_SEALED | VM_MAYWRITE;
	at(14)->vm_flags &= ~(VM_SEALED | VM_MAYWRITE);
	is_i64(verdict_on(MM_MPROTECT, 0, 24, RW, 0), -EPERM,
	       "and the other way round");
}

static void test_mprotect_growsdown(void)
{
	space(&rules_6_18);
	map_flags(500, 10, RW, ANON | MAP_GROWSDOWN, NULL, 0);
	is_i64(verdict_on(MM_MPROTECT, 505, 2, R | PROT_GROWSDOWN, 0), 0,
	       "from within a stack");
	is_i64(verdict_on(MM_MPROTECT, 490, 2, R | PROT_GROWSDOWN, 0), -ENOMEM,
	       "wholly below it");
	is_i64(verdict_on(MM_MPROTECT, 490, 12, R | PROT_GROWSDOWN, 0), 0,
	       "from below into it");
	is_i64(verdict_on(MM_MPROTECT, 505, 2, R | PROT_GROWSUP, 0), -EINVAL,
	       "nothing grows upwards");
}

/* --- madvise --------------------------------------------------------------------- */

static void fresh_madvise(const struct mm_rules *rules, struct mm_op *op)
{
	fresh(rules, op, MM_MADVISE);
	op->flags = MADV_DONTNEED;
}

static void no_advice(struct mm_op *op) { op->flags = 99; }
static void locked(struct mm_op *op)
{
	(void)op;
	vma_set_flags(&mm, at(2), at(2)->vm_flags | VM_LOCKED);
}

static const struct spoiler madvises[] = {
	{ "no such advice", ANY, -EINVAL, no_advice },
	{ "within a page", ANY, -EINVAL, in_page },
	{ "refused by a mapping", ANY, -EINVAL, locked },
	{ "a hole behind", LEN, -ENOMEM, hole_later },
};

static void test_madvise_in_order(void)
{
	struct mm_op op;

	each_kernel(k)
		in_order(lab_kernels[k].name, lab_kernels[k].rules,
			 fresh_madvise, madvises);
	fresh_madvise(&rules_6_18, &op);
	op.len = ~0UL;
	is_i64(verdict(&op), -EINVAL, "a length that rounds to nothing");
	fresh_madvise(&rules_6_18, &op);
	op.len = -P(1);
	is_i64(verdict(&op), -EINVAL, "a range that wraps");
	op.len = 0;
	is_i64(verdict(&op), 0, "no length");
}

/*
 *	AAAA....BBBB	both are advised; the hole is told at the end, unless
 *			B refuses
 */
static void test_a_hole_is_told_at_the_end(void)
{
	two_mappings(&rules_6_18);
	is_i64(verdict_on(MM_MADVISE, 5, 15, 0, MADV_DONTNEED), -ENOMEM,
	       "a hole in the middle");
	vma_set_flags(&mm, at(14), at(14)->vm_flags | VM_LOCKED);
	is_i64(verdict_on(MM_MADVISE, 5, 15, 0, MADV_DONTNEED), -EINVAL,
	       "a refusal behind it wins");
	is_i64(verdict_on(MM_MADVISE, 10, 3, 0, MADV_DONTFORK), -ENOMEM,
	       "nothing but a hole");
}

static const struct {
	int advice;
	uint64_t flags;
	struct mm_file *file;
	long err;
	const char *what;
} refusals[] = {
	{ MADV_DONTNEED, VM_LOCKED, NULL, -EINVAL, "DONTNEED: locked" },
	{ MADV_DONTNEED, VM_PFNMAP, NULL, -EINVAL, "DONTNEED: page frames" },
	{ MADV_FREE, 0, NULL, 0, "FREE: anonymous" },
	{ MADV_FREE, 0, &file, -EINVAL, "FREE: a file" },
	{ MADV_COLD, VM_LOCKED, NULL, -EINVAL, "COLD: locked" },
	{ MADV_PAGEOUT, VM_HUGETLB, NULL, -EINVAL, "PAGEOUT: hugetlb" },
	{ MADV_REMOVE, 0, NULL, -EINVAL, "REMOVE: no file" },
	{ MADV_REMOVE, VM_LOCKED, &file, -EINVAL, "REMOVE: locked" },
	{ MADV_REMOVE, 0, &file, -EACCES, "REMOVE: private" },
	{ MADV_DONTFORK, 0, &file, 0, "DONTFORK: a file" },
	{ MADV_DOFORK, VM_IO, NULL, -EINVAL, "DOFORK: a device" },
	{ MADV_DODUMP, VM_DONTEXPAND, NULL, -EINVAL, "DODUMP: special" },
	{ MADV_WIPEONFORK, 0, &file, -EINVAL, "WIPEONFORK: a file" },
	{ MADV_WIPEONFORK, VM_SHARED | VM_MAYSHARE, NULL, -EINVAL,
	  "WIPEONFORK: shared" },
	{ MADV_KEEPONFORK, 0, &file, 0, "KEEPONFORK: a file" },
};

static void test_who_refuses_which_advice(void)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(refusals); i++) {
		two_mappings(&rules_6_18);
		special(30, 4, VM_READ | refusals[i].flags)->vm_file =
			refusals[i].file;
		is_i64(verdict_on(MM_MADVISE, 31, 2, 0,
				  (unsigned long)refusals[i].advice),
		       refusals[i].err, "%s", refusals[i].what);
	}
}

/* --- mlock ------------------------------------------------------------------------ */

static void fresh_mlock(const struct mm_rules *rules, struct mm_op *op)
{
	fresh(rules, op, MM_MLOCK);
}

static void unknown_flag(struct mm_op *op) { op->flags |= 8; }
static void may_not_lock(struct mm_op *op)
{
	(void)op;
	mm.rlim.memlock = 0;
}

static void locks_too_much(struct mm_op *op)
{
	op->len = 8 * PAGE_SIZE;
	mm.rlim.memlock = 7 * PAGE_SIZE;
}

static void nobody_may_access(struct mm_op *op)
{
	(void)op;
	vma_set_flags(&mm, at(2), at(2)->vm_flags & ~VM_ACCESS_FLAGS);
}

/* The order of do_mlock(), apply_vma_lock_flags() and __mm_populate(). */
static const struct spoiler mlocks[] = {
	{ "an unknown flag", ANY, -EINVAL, unknown_flag },
	{ "RLIMIT_MEMLOCK 0", LEN, -EPERM, may_not_lock },
	{ "RLIMIT_MEMLOCK", LEN, -ENOMEM, locks_too_much },
	{ "begins in a hole", ADDR, -ENOMEM, hole_first },
	{ "a hole behind", LEN, -ENOMEM, hole_later },
	{ "nobody may access it", ANY, -ENOMEM, nobody_may_access },
};

static void test_mlock_in_order(void)
{
	struct mm_op op;

	each_kernel(k)
		in_order(lab_kernels[k].name, lab_kernels[k].rules,
			 fresh_mlock, mlocks);
	fresh_mlock(&rules_6_18, &op);
	op.len = PAGE_SIZE - op.addr;
	is_i64(verdict(&op), -EINVAL, "a range that wraps");
	fresh_mlock(&rules_6_18, &op);
	op.len = 0;
	is_i64(verdict(&op), 0, "no length");
}

static void test_what_mlock_need_not_populate(void)
{
	two_mappings(&rules_6_18);
	map(30, 4, NONE);
	is_i64(verdict_on(MM_MLOCK, 30, 4, 0, 0), -ENOMEM, "PROT_NONE");
	is_i64(verdict_on(MM_MLOCK, 30, 4, 0, MLOCK_ONFAULT), 0, "on fault");
	special(40, 4, VM_IO);
	is_i64(verdict_on(MM_MLOCK, 40, 4, 0, 0), 0, "a device");
	is_i64(verdict_on(MM_MUNLOCK, 30, 4, 0, 0), 0, "munlock");
	is_i64(verdict_on(MM_MUNLOCK, 8, 4, 0, 0), -ENOMEM, "munlock of a hole");
}

/* A page more where the address is not aligned: kernel-facts 1.5. */
static void test_mlock_rounds_to_pages(void)
{
	struct mm_op op;

	fresh_mlock(&rules_6_18, &op);
	op.addr = P(8) + 100;
	op.len = 2 * PAGE_SIZE - 100;
	is_i64(verdict(&op), 0, "up to the mapping's end");
	op.len++;
	is_i64(verdict(&op), -ENOMEM, "a byte more is a hole");
}

static void test_mlockall(void)
{
	static const struct {
		unsigned long flags;
		long err;
	} calls[] = {
		{ 0, -EINVAL }, { MCL_ONFAULT, -EINVAL }, { 8, -EINVAL },
		{ MCL_CURRENT, 0 }, { MCL_FUTURE, 0 },
		{ MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT, 0 },
	};

	two_mappings(&rules_6_18);
	for (unsigned int i = 0; i < ARRAY_SIZE(calls); i++)
		is_i64(verdict_on(MM_MLOCKALL, 0, 0, 0, calls[i].flags),
		       calls[i].err, "mlockall(%lu)", calls[i].flags);
	mm.rlim.memlock = 19 * PAGE_SIZE;
	is_i64(verdict_on(MM_MLOCKALL, 0, 0, 0, MCL_CURRENT), -ENOMEM,
	       "twenty pages, nineteen allowed");
	is_i64(verdict_on(MM_MLOCKALL, 0, 0, 0, MCL_FUTURE), 0,
	       "what comes is not counted");
	mm.rlim.memlock = 0;
	is_i64(verdict_on(MM_MLOCKALL, 0, 0, 0, MCL_FUTURE), -EPERM,
	       "RLIMIT_MEMLOCK 0");
	is_i64(verdict_on(MM_MLOCKALL, 0, 0, 0, 0), -EINVAL,
	       "arguments come before it");
	mm.rlim.ipc_lock = true;
	is_i64(verdict_on(MM_MLOCKALL, 0, 0, 0, MCL_CURRENT), 0,
	       "CAP_IPC_LOCK knows no limit");
	is_i64(verdict_on(MM_MUNLOCKALL, 0, 0, 0, 0), 0, "munlockall");
}

/* --- names -------------------------------------------------------------------------- */

static void test_names(void)
{
	struct mm_rules rules = rules_6_18;

	rules.anon_names = false;
	two_mappings(&rules);
	is_i64(verdict_on(MM_SET_ANON_NAME, 0, 4, 0, 0), -EINVAL,
	       "a kernel without names");
	rules.anon_names = true;
	two_mappings(&rules);
	map_flags(30, 4, R, MAP_PRIVATE, &file, 0);
	map_flags(40, 4, R, MAP_SHARED, &memfd, 0);
	is_i64(verdict_on(MM_SET_ANON_NAME, 0, 4, 0, 0), 0, "memory");
	is_i64(verdict_on(MM_SET_ANON_NAME, 40, 4, 0, 0), 0, "a memfd");
	is_i64(verdict_on(MM_SET_ANON_NAME, 30, 4, 0, 0), -EBADF, "a file");
	is_i64(verdict_on(MM_SET_ANON_NAME, 5, 15, 0, 0), -ENOMEM,
	       "a hole is told at the end");
	is_i64(verdict_on(MM_SET_ANON_NAME, 5, 26, 0, 0), -EBADF,
	       "a file behind it wins");
}

int main(void)
{
	test_mprotect_in_order();
	test_mprotect_of_nothing();
	test_mprotect_from_left_to_right();
	test_mprotect_growsdown();
	test_madvise_in_order();
	test_a_hole_is_told_at_the_end();
	test_who_refuses_which_advice();
	test_mlock_in_order();
	test_what_mlock_need_not_populate();
	test_mlock_rounds_to_pages();
	test_mlockall();
	test_names();
	return done_testing();
}
