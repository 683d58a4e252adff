/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mlock, munlock, mlockall over the engine. How to read the pictures and
 * strings: ops_lab.h.
 */
#include "ops_lab.h"

#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)

static void lock_bytes(enum mm_call call, unsigned long addr, unsigned long len,
		       unsigned long flags, long ret)
{
	struct mm_op op = {
		.call = call, .addr = addr, .len = len, .flags = flags,
	};

	lab_run(&op, ret);
}

/*
 *	AAAAAAAA  ->  AA LLLL AA  ->  AAAAAAAA or three lines
 */
static void test_locking_writes_what_is_writable(void)
{
	lab_reset(&rules_6_12);
	map(0, 8, R);
	lock_ret(2, 4, 0, 0);
	is_str(lays(), "0+2 r {N} | 2+4 r lo {N} | 6+2 r {N}",
	       "a read-only range is read: no trace");
	is_u64(mm.locked_vm, 4, "its pages are counted");
	unlock(0, 8);
	is_str(lay(), "0+8 r", "unlocked, one line again");
	is_u64(mm.locked_vm, 0, "nothing is locked");

	lab_reset(&rules_6_12);
	map(0, 8, RW);
	lock_ret(2, 4, 0, 0);
	is_str(lays(), "0+2 rw ac {NF} | 2+4 rw ac lo {F} | 6+2 rw ac {NF}",
	       "a writable one is written");
	kernel_boundary(2);
	kernel_boundary(6);
	unlock(2, 4);
	is_str(lay(), "0+2 rw ac | 2+4 rw ac | 6+2 rw ac",
	       "and on 6.12 stays split beside what was not");
}

static void test_on_fault_waits(void)
{
	lab_reset(&rules_6_18);
	map(0, 8, RW);
	lock_ret(0, 4, MLOCK_ONFAULT, 0);
	is_str(lays(), "0+4 rw ac lo lf {NF} | 4+4 rw ac {NF}",
	       "nothing is written yet");
	lock_ret(0, 2, 0, 0);
	is_str(lays(),
	       "0+2 rw ac lo {F} | 2+2 rw ac lo lf {NF} | 4+4 rw ac {NF}",
	       "mlock takes the waiting away");
	is_u64(mm.locked_vm, 4, "both kinds are counted");
}

/*
 *	AAAAAAAA	bytes 2 pages + 5 .. 3 pages + 15: pages 2 and 3
 */
static void test_unaligned_ends_are_widened(void)
{
	lab_reset(&rules_6_18);
	map(0, 8, R);
	lock_bytes(MM_MLOCK, P(2) + 5, PAGE_SIZE + 10, 0, 0);
	is_str(lay(), "0+2 r | 2+2 r lo | 4+4 r", "whole pages are locked");
	lock_bytes(MM_MUNLOCK, P(2) + 100, PAGE_SIZE, 0, 0);
	is_str(lay(), "0+8 r", "and unlocked");
	lock_bytes(MM_MLOCK, P(2), 0, 0, 0);
	is_str(lay(), "0+8 r", "no bytes, no page");
}

/*
 *	AAAA..BBBB	lock: ---------- stops at the hole, writes nothing
 */
static void test_hole_leaves_the_part_before_it_locked(void)
{
	lab_reset(&rules_6_18);
	map(0, 4, RW);
	map(6, 4, RW);
	lock_ret(0, 10, 0, -ENOMEM);
	is_str(lays(), "0+4 rw ac lo {NF} | 6+4 rw ac {NF}",
	       "locked, but not populated");
	is_u64(last.unknown_end, 0, "and nothing is unknown");
	call_range(MM_MUNLOCK, -2, 4, 0, 0, -ENOMEM);
	is_str(lay(), "0+4 rw ac lo | 6+4 rw ac", "munlock stops as well");
	call_range(MM_MUNLOCK, 0, 10, 0, 0, -ENOMEM);
	is_str(lay(), "0+4 rw ac | 6+4 rw ac", "after what lies before it");
}

static void test_failing_to_populate_leaves_all_locked(void)
{
	lab_reset(&rules_6_18);
	map(0, 4, NONE);
	map(4, 4, RW);
	lock_ret(0, 8, 0, -ENOMEM);
	is_str(lays(), "0+4 - lo {N} | 4+4 rw ac lo {NF}",
	       "PROT_NONE cannot be read, but is locked");
	is_u64(last.unknown_end, 0, "and nothing is unknown");
	lock_ret(4, 4, 0, -EAGAIN);
	is_str(lays(), "0+4 - lo {N} | 4+4 rw ac lo {NF}",
	       "EAGAIN: memory was short while populating");
}

static void test_refused_before_anything(void)
{
	lab_reset(&rules_6_18);
	map(0, 8, R);
	lock_ret(0, 4, 0, -EPERM);
	lock_ret(0, 4, 0, -EINVAL);
	mm.rlim.memlock = 2 * PAGE_SIZE;
	lock_ret(0, 4, 0, -ENOMEM);
	is_str(lay(), "0+8 r", "no right, bad flags, over the limit");
	is_u64(last.unknown_end, 0, "and nothing is unknown");
	mm.rlim.memlock = 4 * PAGE_SIZE;
	lock_ret(0, 4, 0, 0);
	lock_ret(0, 6, 0, -ENOMEM);
	is_str(lay(), "0+4 r lo | 4+4 r", "over the limit, some locked before");
	lock_ret(0, 4, MLOCK_ONFAULT, -ENOMEM);
	is_str(lay(), "0+4 r lo lf | 4+4 r",
	       "what is locked already does not count twice");
}

static void test_want_of_vmas(void)
{
	lab_reset(&rules_6_18);
	map(0, 8, R);
	mm.max_map_count = 2;
	lock_ret(2, 4, 0, -ENOMEM);
	is_str(lay(), "0+2 r | 2+6 r", "the first cut stays");
	is_u64(last.unknown_end, 0, "and nothing is unknown");
}

static void test_some_mappings_ignore_it(void)
{
	static const uint64_t never[] = {
		VM_IO, VM_DONTEXPAND, VM_PFNMAP, VM_MIXEDMAP, VM_HUGETLB,
		VM_DROPPABLE,
	};
	struct mm_file secret = { .inode = 7, .name = "/secretmem (deleted)",
				  .name_len = 20 };

	for (unsigned int i = 0; i < ARRAY_SIZE(never); i++) {
		lab_reset(&rules_6_18);
		map(0, 8, R);
		at(0)->vm_flags |= never[i];
		lock_ret(2, 4, 0, 0);
		is_str(lay(), "0+8 r", "flag %#llx: success without effect",
		       (unsigned long long)never[i]);
	}
	lab_reset(&rules_6_18);
	map_flags(0, 8, R, MAP_SHARED, &secret, 0);
	lock_ret(2, 4, 0, 0);
	is_str(lay(), "0+8 r s", "secret memory is locked as it is");
}

/*
 *	AAAA..BBBB	all of it, holes do not matter
 */
static void test_mlockall_current(void)
{
	lab_reset(&rules_6_18);
	map(0, 4, RW);
	map(4, 4, R);
	map(10, 4, R);
	lock_all(MCL_CURRENT);
	is_str(lays(),
	       "0+4 rw ac lo {F} | 4+4 r lo {N} | 10+4 r lo {N}",
	       "everything is locked, the writable written");
	is_u64(mm.def_flags, 0, "what is mapped later is not locked");
	unlock_all();
	is_str(lay(), "0+4 rw ac | 4+4 r | 10+4 r", "and all unlocked");
	is_u64(mm.locked_vm, 0, "nothing is locked");
}

static void test_mlockall_future(void)
{
	lab_reset(&rules_6_18);
	map(0, 4, R);
	lock_ret(0, 2, 0, 0);
	lock_all(MCL_FUTURE);
	is_str(lay(), "0+2 r lo | 2+2 r", "what is mapped stays as it is");
	map(4, 4, R);
	is_str(lay(), "0+2 r lo | 2+2 r | 4+4 r lo", "what comes is locked");
	lock_all(MCL_FUTURE | MCL_CURRENT | MCL_ONFAULT);
	map(8, 4, R);
	is_str(lay(), "0+12 r lo lf", "both, on fault");
	unlock_all();
	is_str(lay(), "0+12 r", "munlockall ends both");
	is_u64(mm.def_flags, 0, "for the future, too");
	call_range(MM_MLOCKALL, 0, 0, 0, MCL_CURRENT | MCL_FUTURE, -ENOMEM);
	is_str(lay(), "0+12 r", "refused: nothing");
	is_u64(mm.def_flags, 0, "neither now nor later");
}

/*
 *	LLLL AAAA  ->  LLLLLLLL		the locked were split by mlock
 */
static void test_mlockall_merges_what_becomes_equal(void)
{
	lab_reset(&rules_6_18);
	map(0, 12, R);
	lock_ret(4, 4, 0, 0);
	lock_all(MCL_CURRENT);
	is_str(lay(), "0+12 r lo", "three lines become one");
	is_u64(mm.locked_vm, 12, "of twelve pages");
}

int main(void)
{
	test_locking_writes_what_is_writable();
	test_on_fault_waits();
	test_unaligned_ends_are_widened();
	test_hole_leaves_the_part_before_it_locked();
	test_failing_to_populate_leaves_all_locked();
	test_refused_before_anything();
	test_want_of_vmas();
	test_some_mappings_ignore_it();
	test_mlockall_current();
	test_mlockall_future();
	test_mlockall_merges_what_becomes_equal();
	return done_testing();
}
