/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The heap: kernel-facts 5. H is the heap, B the bss below it, M a mapping of
 * the program's; | is start_brk.
 */
#include <linux/personality.h>

#include "ops_lab.h"

/* start_brk at page 8, and the break there: an empty heap. */
static void reset(const struct mm_rules *rules)
{
	lab_reset(rules);
	mm.start_brk = mm.brk = P(8);
	mm.start_stack = P(4000);
}

/* @ret: the break that the kernel reports. */
static void set_brk(unsigned long to, unsigned long ret)
{
	struct mm_op op = { .call = MM_BRK, .addr = to };

	lab_run(&op, (long)ret);
}

#define brk_page(n) set_brk(P(n), P(n))

static bool labelled(int n)
{
	struct vma_view v;

	mm_view(&mm, at(n), &v);
	return v.name_len == 6 && !memcmp(v.name, "[heap]", 6);
}

static void test_grow_and_shrink(void)
{
	reset(&rules_6_18);
	brk_page(10);
	is_str(lays(), "8+2 rw ac {NF}", "the first page");
	ok(labelled(8), "is labelled");
	brk_page(14);
	is_str(lay(), "8+6 rw ac", "it grows as one");
	is_u64(at(8)->vm_pgoff, P(8) >> PAGE_SHIFT, "offset of its start");
	brk_page(9);
	is_str(lay(), "8+1 rw ac", "it shrinks");
	is_u64(mm.data_vm, 1, "the accounts follow");
	brk_page(8);
	is_str(lay(), "", "an empty heap is no mapping");
	is_u64(lab_asked, 0, "nothing was asked");
}

static void test_a_break_within_a_page(void)
{
	reset(&rules_6_18);
	set_brk(P(8) + 100, P(8) + 100);
	is_str(lay(), "8+1 rw ac", "a part of a page is a page");
	set_brk(P(9), P(9));
	is_str(lay(), "8+1 rw ac", "the rest of it changes nothing");
	is_u64(mm.brk, P(9), "but the break");
	set_brk(P(8) + 1, P(8) + 1);
	is_str(lay(), "8+1 rw ac", "nor does giving it back");
}

static void test_failures(void)
{
	reset(&rules_6_18);
	brk_page(10);
	set_brk(P(100), P(10));
	is_str(lay(), "8+2 rw ac", "the old break: nothing happened");
	set_brk(0, P(10));
	is_u64(mm.brk, P(10), "a query");
	is_u64(last.unknown_end, 0, "all is known");
	set_brk(0, P(13));
	is_u64(mm.brk, P(13), "a break that nobody set is believed");
	is_u64(last.unknown_start, P(8), "its range is unknown from");
	is_u64(last.unknown_end, P(13), "to");
}

/*
 *	BBBB|  ->  BBBB|HHHH		(6.1)
 *	BBBB|  ->  BBBBBBBBB		(5.10)
 */
static void test_the_bss_below(void)
{
	reset(&rules_6_18);
	map(4, 4, RW);
	brk_page(12);
	is_str(lay(), "4+4 rw ac | 8+4 rw ac",
	       "6.1 and later: what ends at start_brk is not extended");
	ok(!labelled(4) && labelled(8), "one of them is labelled");
	reset(&rules_5_10);
	map(4, 4, RW);
	brk_page(12);
	is_str(lay(), "4+8 rw ac", "5.10: it is");
	ok(labelled(4), "and labelled as a whole");
}

/*
 *	|HHHH....MMMM  ->  |HHHHHHH.MMMM	a page stays free below M
 */
static void test_the_mapping_above(void)
{
	reset(&rules_6_18);
	brk_page(10);
	map(14, 2, RW);
	set_brk(P(14), P(10));
	is_str(lay(), "8+2 rw ac | 14+2 rw ac", "up to it is refused");
	brk_page(13);
	is_str(lay(), "8+5 rw ac | 14+2 rw ac", "a page below is not");
}

static void test_a_mapping_at_the_end_is_labelled_too(void)
{
	reset(&rules_6_18);
	brk_page(10);
	map(10, 2, RW);
	is_str(lay(), "8+4 rw ac", "mmap behind the heap merges with it");
	brk_page(9);
	is_str(lay(), "8+1 rw ac | 10+2 rw ac", "shrinking tears it");
	ok(!labelled(10), "and the rest is no heap");
}

static void test_the_label_at_the_edges(void)
{
	reset(&rules_5_10);
	map(8, 2, R);
	ok(labelled(8), "5.10: at start_brk, with an empty heap");
	reset(&rules_6_18);
	map(8, 2, R);
	ok(!labelled(8), "6.8 and later: not");
}

/*
 *	|HHHH  fork  ->  |KKKKHHHH
 */
static void test_a_child_of_a_touched_heap(void)
{
	reset(&rules_6_18);
	brk_page(10);
	touch(8, 2);
	dup_mmap(&mm);
	brk_page(12);
	is_str(lays(), "8+2 rw ac {K} | 10+2 rw ac {NF}",
	       "what grows in the child is a line of its own");
	ok(labelled(8) && labelled(10), "both are labelled");
	brk_page(14);
	is_str(lay(), "8+2 rw ac | 10+4 rw ac", "and that grows further");
	is_u64(lab_asked, 0, "nothing was asked");

	reset(&rules_6_18);
	brk_page(10);
	dup_mmap(&mm);
	kernel_boundary(10);
	brk_page(12);
	is_str(lays(), "8+2 rw ac {K} | 10+2 rw ac {NF}", "the kernel knows");
	is_u64(lab_asked, 1, "and was asked");
}

static void test_flags(void)
{
	reset(&rules_6_18);
	mm.def_flags = VM_LOCKED;
	brk_page(10);
	is_str(lays(), "8+2 rw ac lo {F}", "MCL_FUTURE: locked, populated");
	mm.def_flags = 0;
	brk_page(12);
	is_str(lay(), "8+2 rw ac lo | 10+2 rw ac", "munlockall: a new line");
	reset(&rules_6_18);
	mm.personality = READ_IMPLIES_EXEC;
	brk_page(10);
	is_str(lay(), "8+2 rwx ac", "READ_IMPLIES_EXEC");
}

static void test_shrinking_takes_foreign_mappings(void)
{
	reset(&rules_6_18);
	brk_page(16);
	map_flags(10, 2, R, MAP_SHARED | MAP_ANONYMOUS, NULL, 0);
	brk_page(9);
	is_str(lay(), "8+1 rw ac", "all between the breaks goes");
}

int main(void)
{
	test_grow_and_shrink();
	test_a_break_within_a_page();
	test_failures();
	test_the_bss_below();
	test_the_mapping_above();
	test_a_mapping_at_the_end_is_labelled_too();
	test_the_label_at_the_edges();
	test_a_child_of_a_touched_heap();
	test_flags();
	test_shrinking_takes_foreign_mappings();
	return done_testing();
}
