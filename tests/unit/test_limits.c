/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Limits by number: each call at the very limit, and one beyond. RLIMIT_AS,
 * RLIMIT_DATA, RLIMIT_MEMLOCK, RLIMIT_STACK and vm.max_map_count; and the
 * functions that count.
 */
#include "verdict_lab.h"

/*
 *	AAAAAAAAAA....	10 pages, read only, at 10
 */
static void ten_pages(const struct mm_rules *rules)
{
	space(rules);
	map(10, 10, R);
}

static long mmap_says(unsigned long pages, int prot, unsigned long flags)
{
	struct mm_op op = {
		.call = MM_MMAP, .addr = P(100), .len = pages << PAGE_SHIFT,
		.prot = prot, .flags = ANON | flags, .anonymous = true,
		.pkey = -1,
	};
	long ret = verdict(&op);

	return ret > 0 ? 0 : ret;
}

static long remap_says(int at_page, int old, int new, unsigned long flags)
{
	struct mm_op op = {
		.call = MM_MREMAP, .addr = P(at_page),
		.len = (unsigned long)old * PAGE_SIZE, .flags = flags,
		.new_len = (unsigned long)new * PAGE_SIZE,
		.new_addr = P(500),
	};
	long ret = verdict(&op);

	return ret > 0 ? 0 : ret;
}

static long brk_says(int n)
{
	struct mm_op op = { .call = MM_BRK, .addr = P(n) };

	return verdict(&op) == (long)P(n) ? 0 : -ENOMEM;
}

static unsigned long bytes(unsigned long pages)
{
	return pages << PAGE_SHIFT;
}

/* --- RLIMIT_AS ---------------------------------------------------------------------- */

static void test_rlimit_as(void)
{
	each_kernel(k) {
		ten_pages(lab_kernels[k].rules);
		mm.start_brk = mm.brk = P(60);
		mm.rlim.as = bytes(15) + 1;
		is_i64(mmap_says(5, R, 0), 0, "%s: mmap, up to the limit",
		       lab_kernels[k].name);
		is_i64(mmap_says(6, R, 0), -ENOMEM, "mmap, beyond");
		is_i64(remap_says(10, 10, 15, 0), 0, "mremap, up to it");
		is_i64(remap_says(10, 10, 16, 0), -ENOMEM, "mremap, beyond");
		is_i64(remap_says(10, 10, 16, MREMAP_MAYMOVE), -ENOMEM,
		       "nor does moving help");
		is_i64(brk_says(65), 0, "brk, up to it");
		is_i64(brk_says(66), -ENOMEM, "brk, beyond");
	}
}

/* What a fixed mapping replaces does not count. */
static void test_rlimit_as_counts_what_is_new(void)
{
	struct mm_op op = {
		.call = MM_MMAP, .addr = P(15), .len = bytes(10), .prot = R,
		.flags = ANON | MAP_FIXED, .anonymous = true, .pkey = -1,
	};

	ten_pages(&rules_6_18);
	mm.rlim.as = bytes(15);
	is_i64(verdict(&op), (long)P(15), "five of ten are there already");
	mm.rlim.as = bytes(14);
	is_i64(verdict(&op), -ENOMEM, "five are not");
}

static void test_may_expand_vm(void)
{
	ten_pages(&rules_6_18);
	mm.rlim.as = bytes(12);
	ok(may_expand_vm(&mm, VM_READ, 2), "two more are twelve");
	ok(!may_expand_vm(&mm, VM_READ, 3), "three are not");
	ok(may_expand_vm(&mm, VM_READ, -3), "less is always allowed");
	mm.rlim.as = ~0UL;
	mm.rlim.data = bytes(1);
	ok(may_expand_vm(&mm, VM_READ, 100), "what is not data is not limited");
	ok(may_expand_vm(&mm, VM_WRITE, 1), "a page of data");
	ok(!may_expand_vm(&mm, VM_WRITE, 2), "two pages of data");
	ok(may_expand_vm(&mm, VM_WRITE | VM_SHARED, 2), "shared is no data");
	ok(may_expand_vm(&mm, VM_WRITE | VM_GROWSDOWN, 2), "nor is a stack");
}

/* --- RLIMIT_DATA ---------------------------------------------------------------------- */

static void test_rlimit_data(void)
{
	each_kernel(k) {
		ten_pages(lab_kernels[k].rules);
		map(30, 4, RW);
		mm.start_brk = mm.brk = P(60);
		mm.rlim.data = bytes(9);
		is_i64(mmap_says(5, RW, 0), 0, "%s: mmap, up to the limit",
		       lab_kernels[k].name);
		is_i64(mmap_says(6, RW, 0), -ENOMEM, "mmap, beyond");
		is_i64(mmap_says(6, R, 0), 0, "read only does not count");
		is_i64(mmap_says(6, RW, MAP_GROWSDOWN), 0, "nor does a stack");
		is_i64(verdict_on(MM_MPROTECT, 10, 5, RW, 0), 0,
		       "mprotect, up to it");
		is_i64(verdict_on(MM_MPROTECT, 10, 6, RW, 0), -ENOMEM,
		       "mprotect, beyond");
		is_i64(verdict_on(MM_MPROTECT, 10, 6, PROT_EXEC | R, 0), 0,
		       "what does not become writable does not count");
		is_i64(remap_says(30, 4, 9, 0), 0, "mremap, up to it");
		is_i64(remap_says(30, 4, 10, 0), -ENOMEM, "mremap, beyond");
		is_i64(brk_says(65), 0, "brk, up to it");
		is_i64(brk_says(66), -ENOMEM, "brk, beyond");
	}
}

/* A limit that is exceeded anyway does not refuse mprotect. */
static void test_mprotect_of_data_over_the_limit(void)
{
	ten_pages(&rules_6_18);
	map(30, 4, RW);
	mm.rlim.data = bytes(2);
	is_i64(verdict_on(MM_MPROTECT, 30, 4, RW | PROT_EXEC, 0), 0,
	       "it was data before");
	is_i64(verdict_on(MM_MPROTECT, 10, 1, RW, 0), -ENOMEM,
	       "this was not");
}

/* --- RLIMIT_MEMLOCK -------------------------------------------------------------------- */

static void test_rlimit_memlock(void)
{
	each_kernel(k) {
		ten_pages(lab_kernels[k].rules);
		lock_ret(10, 4, 0, 0);
		mm.rlim.memlock = bytes(6) + 1;
		is_i64(verdict_on(MM_MLOCK, 14, 2, 0, 0), 0,
		       "%s: mlock, up to the limit", lab_kernels[k].name);
		is_i64(verdict_on(MM_MLOCK, 14, 3, 0, 0), -ENOMEM,
		       "mlock, beyond");
		is_i64(verdict_on(MM_MLOCK, 10, 6, 0, 0), 0,
		       "what is locked already is not counted twice");
		is_i64(mmap_says(2, R, MAP_LOCKED), 0, "mmap, up to it");
		is_i64(mmap_says(3, R, MAP_LOCKED), -EAGAIN, "mmap, beyond");
		is_i64(remap_says(10, 4, 6, MREMAP_MAYMOVE), 0,
		       "mremap, up to it");
		is_i64(remap_says(10, 4, 7, MREMAP_MAYMOVE), -EAGAIN,
		       "mremap, beyond");
		mm.rlim.ipc_lock = true;
		is_i64(verdict_on(MM_MLOCK, 14, 3, 0, 0), 0, "CAP_IPC_LOCK");
		is_i64(mmap_says(3, R, MAP_LOCKED), 0, "for mmap as well");
	}
}

/* MCL_FUTURE: every mapping and the heap are as if MAP_LOCKED. */
static void test_rlimit_memlock_and_the_future(void)
{
	ten_pages(&rules_6_18);
	mm.start_brk = mm.brk = P(60);
	mm.def_flags = VM_LOCKED;
	mm.rlim.memlock = bytes(2);
	is_i64(mmap_says(2, R, 0), 0, "mmap, up to the limit");
	is_i64(mmap_says(3, R, 0), -EAGAIN, "mmap, beyond");
	is_i64(brk_says(62), 0, "brk, up to it");
	is_i64(brk_says(63), -ENOMEM, "brk, beyond");
	mm.rlim.memlock = 0;
	is_i64(mmap_says(1, R, 0), -EAGAIN, "no EPERM: nobody asked for it");
}

static void test_mlock_future_check(void)
{
	ten_pages(&rules_6_18);
	mm.rlim.memlock = bytes(2);
	ok(mlock_future_check(&mm, VM_LOCKED, bytes(2)), "two pages");
	ok(!mlock_future_check(&mm, VM_LOCKED, bytes(3)), "not three");
	ok(mlock_future_check(&mm, VM_READ, bytes(3)), "what is not locked");
	mm.locked_lost = 1;
	ok(!mlock_future_check(&mm, VM_LOCKED, bytes(2)),
	   "what the kernel forgot to take off still counts");
	ok(can_do_mlock(&mm), "can_do_mlock: a limit that is not 0");
	mm.rlim.memlock = 0;
	ok(!can_do_mlock(&mm), "0 forbids");
	mm.rlim.ipc_lock = true;
	ok(can_do_mlock(&mm), "but not whoever may");
}

/* --- vm.max_map_count -------------------------------------------------------------------- */

/* mmap fails if there are more than the limit, a split if there are as many. */
static void test_max_map_count(void)
{
	each_kernel(k) {
		ten_pages(lab_kernels[k].rules);
		map(30, 4, RW);
		mm.start_brk = mm.brk = P(60);
		mm.max_map_count = mm.map_count;
		is_i64(mmap_says(1, R, 0), 0, "%s: mmap at the limit",
		       lab_kernels[k].name);
		is_i64(brk_says(61), 0, "brk at the limit");
		is_i64(verdict_on(MM_MUNMAP, 12, 2, 0, 0), -ENOMEM,
		       "munmap out of the middle");
		is_i64(verdict_on(MM_MUNMAP, 10, 2, 0, 0), 0,
		       "munmap of an end");
		is_i64(verdict_on(MM_MPROTECT, 12, 2, RW, 0), -ENOMEM,
		       "mprotect in the middle");
		is_i64(verdict_on(MM_MPROTECT, 10, 2, RW, 0), UNKNOWN,
		       "at an end it may merge");
		is_i64(verdict_on(MM_MPROTECT, 10, 10, RW, 0), 0,
		       "mprotect of the whole");
		is_i64(verdict_on(MM_MLOCK, 12, 2, 0, 0), -ENOMEM,
		       "mlock in the middle");
		is_i64(verdict_on(MM_MLOCK, 10, 10, 0, 0), 0,
		       "mlock of the whole");
		mm.max_map_count--;
		is_i64(mmap_says(1, R, 0), -ENOMEM, "mmap beyond the limit");
		is_i64(brk_says(61), -ENOMEM, "brk beyond the limit");
	}
}

/* A move may need to cut source and target: it wants room for that. */
static void test_max_map_count_and_mremap(void)
{
	each_kernel(k) {
		ten_pages(lab_kernels[k].rules);
		mm.max_map_count = mm.map_count + 4;
		is_i64(remap_says(10, 2, 3, MREMAP_MAYMOVE), 0,
		       "%s: a move with room for four", lab_kernels[k].name);
		is_i64(remap_says(10, 2, 3, MREMAP_MAYMOVE | MREMAP_FIXED),
		       -ENOMEM, "to a fixed place that is too little");
		mm.max_map_count = mm.map_count + 5;
		is_i64(remap_says(10, 2, 3, MREMAP_MAYMOVE | MREMAP_FIXED),
		       -ENOMEM, "so is five");
		mm.max_map_count = mm.map_count + 6;
		is_i64(remap_says(10, 2, 3, MREMAP_MAYMOVE | MREMAP_FIXED), 0,
		       "it wants six");
		mm.max_map_count = mm.map_count + 3;
		is_i64(remap_says(10, 2, 3, MREMAP_MAYMOVE), -ENOMEM,
		       "with three nothing moves");
		is_i64(remap_says(10, 10, 12, 0), 0, "in place none is needed");
	}
}

/* --- RLIMIT_STACK --------------------------------------------------------------------------- */

static void test_rlimit_stack(void)
{
	space(&rules_6_18);
	map_flags(500, 10, RW, ANON | MAP_GROWSDOWN, NULL, 0);
	mm.rlim.stack = bytes(20);
	is_i64(expand_stack(&mm, P(489)), -EINVAL, "21 pages in all");
	is_i64(expand_stack(&mm, P(490)), 0, "20 pages in all");
	is_u64(at(490)->vm_start, P(490), "it grew");
	mm.rlim.as = bytes(20);
	mm.rlim.stack = ~0UL;
	is_i64(expand_stack(&mm, P(489)), -EINVAL, "RLIMIT_AS counts, too");
	mm.rlim.as = ~0UL;
	mm.rlim.data = 0;
	is_i64(expand_stack(&mm, P(489)), 0, "RLIMIT_DATA does not");
	vma_set_flags(&mm, at(490), at(490)->vm_flags | VM_LOCKED);
	mm.rlim.memlock = bytes(21);
	is_i64(expand_stack(&mm, P(488)), -EINVAL, "RLIMIT_MEMLOCK does");
	mm.rlim.memlock = bytes(22);
	is_i64(expand_stack(&mm, P(488)), 0, "up to it");
}

/* --- counting ----------------------------------------------------------------------------- */

/*
 *	..AAAAAAAAAA..........BBBB	10+10, 30+4
 */
static void test_count_vma_pages_range(void)
{
	ten_pages(&rules_6_18);
	map(30, 4, RW);
	is_u64(count_vma_pages_range(&mm, P(0), P(100)), 14, "all");
	is_u64(count_vma_pages_range(&mm, P(15), P(32)), 7, "parts of both");
	is_u64(count_vma_pages_range(&mm, P(12), P(14)), 2, "within one");
	is_u64(count_vma_pages_range(&mm, P(20), P(30)), 0, "a hole");
	is_u64(count_vma_pages_range(&mm, P(12), P(12)), 0, "nothing");
}

/* vm_stat_account(): by rights and kind, as the kernel's counters are told. */
static void test_vm_stat_account(void)
{
	static const struct {
		uint64_t flags;
		unsigned int data, exec, stack;
		const char *what;
	} kinds[] = {
		{ VM_READ, 0, 0, 0, "read only" },
		{ VM_READ | VM_WRITE, 1, 0, 0, "private writable is data" },
		{ VM_READ | VM_WRITE | VM_SHARED, 0, 0, 0, "shared is not" },
		{ VM_READ | VM_EXEC, 0, 1, 0, "code" },
		{ VM_READ | VM_WRITE | VM_EXEC, 1, 0, 0,
		  "writable code is data" },
		{ VM_READ | VM_WRITE | VM_GROWSDOWN, 0, 0, 1, "a stack" },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(kinds); i++) {
		space(&rules_6_18);
		wall(P(0), P(1), kinds[i].flags);
		ok(mm.total_vm == 1 && mm.data_vm == kinds[i].data &&
		   mm.exec_vm == kinds[i].exec &&
		   mm.stack_vm == kinds[i].stack, "%s", kinds[i].what);
		unmap(0, 1);
		ok(!mm.total_vm && !mm.data_vm && !mm.exec_vm && !mm.stack_vm,
		   "nothing is left of it");
	}
}

int main(void)
{
	test_rlimit_as();
	test_rlimit_as_counts_what_is_new();
	test_may_expand_vm();
	test_rlimit_data();
	test_mprotect_of_data_over_the_limit();
	test_rlimit_memlock();
	test_rlimit_memlock_and_the_future();
	test_mlock_future_check();
	test_max_map_count();
	test_max_map_count_and_mremap();
	test_rlimit_stack();
	test_count_vma_pages_range();
	test_vm_stat_account();
	return done_testing();
}
