/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mremap over the engine: shrunk, grown, moved (kernel-facts 6), for the
 * kernels that differ. How to read the pictures and strings: ops_lab.h.
 */
#include "ops_lab.h"

#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)
#define NORES (ANON | MAP_NORESERVE)
#define MAYMOVE MREMAP_MAYMOVE
#define FIXED (MREMAP_MAYMOVE | MREMAP_FIXED)
#define DONTUNMAP (MREMAP_MAYMOVE | 4UL)

/* --- in place --------------------------------------------------------------- */

/*
 *	AAAAAAAA BBBB  ->  AAA..... ..BB	the tail spans a hole and B
 */
static void test_shrink_unmaps_the_tail_whatever_it_is(void)
{
	lab_reset(&rules_6_18);
	map(0, 8, R);
	map(10, 4, RW);
	remap(0, 12, 3, 0, 0, 0);
	is_str(lay(), "0+3 r | 12+2 rw ac", "all of it is gone");
	remap(0, 3, 3, 0, 0, 0);
	is_str(lay(), "0+3 r | 12+2 rw ac", "the same length: nothing");
	remap(0, 2, 2, MAYMOVE, 0, 0);
	is_u64(last.unknown_end, 0, "wherever it ends");
	remap(20, 8, 4, 0, 0, -EFAULT);
	is_str(lay(), "0+3 r | 12+2 rw ac", "no source: nothing");
	is_u64(last.unknown_end, 0, "and nothing is unknown");
}

/*
 *	....BBBB	shrunk from a hole: before 5.16 the tail goes
 */
static void test_shrink_of_a_hole(void)
{
	lab_reset(&rules_5_10);
	map(4, 4, R);
	remap(0, 6, 2, 0, 0, 0);
	is_str(lay(), "6+2 r", "5.10 unmaps the tail and succeeds");
}

static void test_shrink_that_failed(void)
{
	lab_reset(&rules_6_18);
	map(0, 8, R);
	remap(0, 6, 2, 0, 0, -ENOMEM);
	ok(last.unknown_start <= P(2) && last.unknown_end >= P(6),
	   "want of VMAs may have left a cut: to be read again");
	remap(0, 6, 0, 0, 0, -EINVAL);
	is_u64(last.unknown_end, 0, "EINVAL is about arguments");
	is_str(lay(), "0+8 r", "and changes nothing");
}

/*
 *	AAAA....BBBB  ->  AAAAAAAABBBB or AAAAAAAAAAAA
 *
 * A grows until it touches B. States from left to right: A's, B's.
 */
static void test_growth_in_place_may_join_what_it_meets(void)
{
	static const char *const two = "0+8 r nr | 8+4 r nr";
	static const char *const one = "0+12 r nr";
	/* 5.10, 6.1, 6.12, 6.18 */
	static const struct {
		const char *name;
		bool f, next_f;
		const char *const *want[4];
	} t[] = {
		{ "N N", false, false, { &two, &one, &one, &one } },
		{ "N F", false, true, { &two, &one, &one, &one } },
		{ "F N", true, false, { &two, &two, &two, &one } },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(t); i++) {
		each_kernel(k) {
			lab_reset(lab_kernels[k].rules);
			(t[i].f ? map_written : map_untouched)(0, 4);
			(t[i].next_f ? map_written : map_untouched)(8, 4);
			remap(0, 4, 8, 0, 0, 0);
			is_str(lay(), *t[i].want[k], "%s: %s", lab_kernels[k].name,
			       t[i].name);
			is_u64(lab_asked, 0, "and nobody was asked");
		}
	}
}

/* 1 and 2 each have their own anon_vma, or may have. */
static void test_growth_between_two_that_were_written(void)
{
	lab_reset(&rules_6_18);
	map_written(0, 4);
	map_written(8, 4);
	kernel_boundary(8);
	remap(0, 4, 8, 0, 0, 0);
	is_str(lay(), "0+8 r nr | 8+4 r nr", "the kernel kept them apart");
	is_u64(lab_asked, 1, "which it was asked about");
	lab_reset(&rules_5_10);
	map_written(0, 4);
	map_written(8, 4);
	remap(0, 4, 8, 0, 0, 0);
	is_str(lay(), "0+8 r nr | 8+4 r nr", "5.10 never tries");
	is_u64(lab_asked, 0, "so it is not asked");
}

/* In a fork child: K grows into N since 6.16, though K never merges with N. */
static void test_growth_of_inherited_memory(void)
{
	lab_reset(&rules_6_18);
	map_written(0, 4);
	dup_mmap(&mm);
	map_untouched(8, 4);
	remap(0, 4, 8, 0, 0, 0);
	is_str(lays(), "0+12 r nr {K}", "6.18 joins it");
	lab_reset(&rules_6_12);
	map_written(0, 4);
	dup_mmap(&mm);
	map_untouched(8, 4);
	remap(0, 4, 8, 0, 0, 0);
	is_str(lay(), "0+8 r nr | 8+4 r nr", "6.12 does not");
}

static void test_growth_keeps_unknown_states_apart_from_the_ask(void)
{
	lab_reset(&rules_6_12);
	map(0, 4, RW);
	remap(0, 4, 8, 0, 0, 0);
	is_str(lays(), "0+8 rw ac {NF}", "nothing above: nothing to ask");
	is_u64(lab_asked, 0, "though its state is not known");
	map(12, 4, RW);
	remap(0, 8, 12, MAYMOVE, 0, 0);
	is_str(lay(), "0+16 rw ac", "it met a mapping and joined it");
	is_u64(lab_asked, 1, "after one ask");
}

static void test_growth_of_locked_memory_is_written(void)
{
	lab_reset(&rules_6_18);
	map(0, 4, R);
	lock_ret(0, 4, MLOCK_ONFAULT, 0);
	protect(0, 4, RW);
	remap(0, 4, 6, 0, 0, 0);
	is_str(lays(), "0+6 rw ac lo lf {NF}", "on fault: not yet");
	lock_ret(0, 6, 0, -EAGAIN);
	remap(0, 6, 8, 0, 0, 0);
	is_str(lays(), "0+8 rw ac lo {F}", "locked: at once");
	is_u64(mm.locked_vm, 8, "and counted");
}

/* --- moving ----------------------------------------------------------------- */

/*
 *	AAAAAAAA .... NNNN  ->  AA..AAAA .... AANNNN
 */
static void test_untouched_memory_merges_where_it_goes(void)
{
	each_kernel(k) {
		lab_reset(lab_kernels[k].rules);
		map(0, 8, R);
		map(22, 4, R);
		remap(2, 2, 2, FIXED, 20, 20);
		is_str(lay(), "0+2 r | 4+4 r | 20+6 r", "%s: N",
		       lab_kernels[k].name);
		is_u64(at(20)->vm_pgoff, P(20) >> PAGE_SHIFT,
		       "it counts pages from its new place");
		is_u64(lab_asked, 0, "nobody was asked");
	}
}

/*
 *	FFFF .... NNNN  ->  .... FFFFNNNN	and home again
 */
static void test_written_memory_keeps_its_offset(void)
{
	each_kernel(k) {
		lab_reset(lab_kernels[k].rules);
		map_written(0, 8);
		map_untouched(24, 4);
		remap(0, 4, 4, FIXED, 20, 20);
		is_str(lay(), "4+4 r nr | 20+4 r nr | 24+4 r nr",
		       "%s: F fits nowhere", lab_kernels[k].name);
		remap(4, 4, 4, FIXED, 24, 24);
		is_str(lays(), "20+8 r nr {F}",
		       "but beside what moved with it");
		is_u64(at(20)->vm_pgoff, P(0) >> PAGE_SHIFT, "of the old place");
		remap(20, 4, 4, FIXED, 0, 0);
		remap(24, 4, 4, FIXED, 4, 4);
		is_str(lay(), "0+8 r nr", "back home it merges as before");
	}
}

/* The mirror does not know whether A was written; the kernel does. */
static void test_undecided_offset_is_asked(void)
{
	lab_reset(&rules_6_18);
	map(0, 4, RW);
	map(24, 4, RW);
	remap(0, 4, 4, FIXED, 20, 20);
	is_str(lays(), "20+8 rw ac {NF}", "it merged: it counts anew");
	is_u64(lab_asked, 1, "one ask");

	lab_reset(&rules_6_18);
	map(0, 4, RW);
	map(24, 4, RW);
	kernel_boundary(24);
	remap(0, 4, 4, FIXED, 20, 20);
	is_str(lay(), "20+4 rw ac | 24+4 rw ac", "it did not");
	ok(at(20)->bits & VMA_PGOFF_UNSURE, "its offset is not sure");
	is_u64(lab_asked, 1, "one ask");

	lab_reset(&rules_6_18);
	map(0, 4, RW);
	remap(0, 4, 4, FIXED, 20, 20);
	is_u64(lab_asked, 0, "nothing to merge with: nothing to ask");
	remap(20, 4, 4, FIXED, 0, 0);
	ok(at(0)->bits & VMA_PGOFF_UNSURE || at(0)->vm_pgoff == P(0) >> 12,
	   "home again");
}

/*
 *	AAAA  ->  ....AAAA	onto the page where it ended
 *
 * Untouched, the copy merges with its source, which then goes: nothing may be
 * asked about a boundary that will not be there.
 */
static void test_moved_next_to_itself(void)
{
	each_kernel(k) {
		lab_reset(lab_kernels[k].rules);
		map(0, 4, R);
		remap(0, 4, 4, FIXED, 4, 4);
		is_str(lay(), "4+4 r", "%s: up", lab_kernels[k].name);
		remap(4, 4, 4, FIXED, 0, 0);
		is_str(lay(), "0+4 r", "%s: down", lab_kernels[k].name);
		map(0, 4, RW);
		remap(0, 4, 4, FIXED, 4, 4);
		is_str(lays(), "4+4 rw ac {NF}", "%s: writable",
		       lab_kernels[k].name);
		is_u64(lab_asked, 0, "nobody was asked");
		ok(!(at(4)->bits & VMA_LEAVING), "no mark is left");
	}
	/* Part of it: what stays behind touches the copy. */
	lab_reset(&rules_6_18);
	map(0, 8, R);
	remap(0, 4, 4, FIXED, 8, 8);
	is_str(lay(), "4+8 r", "the lower half to the end: one line");
	map(12, 2, R);
	remap(4, 2, 2, FIXED, 14, 14);
	is_str(lay(), "6+10 r", "and once more");
}

/*
 *	AAAA BBBB	A grows, cannot, and moves to ret
 */
static void test_growth_that_moves(void)
{
	lab_reset(&rules_6_18);
	map(0, 4, R);
	map(4, 4, NONE);
	remap(0, 4, 8, MAYMOVE, 0, 20);
	is_str(lay(), "4+4 - | 20+8 r", "moved and grown");
	remap(20, 2, 4, MAYMOVE, 0, 40);
	is_str(lay(), "4+4 - | 22+6 r | 40+4 r", "a part of it");
	remap(40, 4, 8, 0, 0, -ENOMEM);
	is_str(lay(), "4+4 - | 22+6 r | 40+4 r", "no room, may not move");
	is_u64(last.unknown_end, 0, "and nothing is unknown");
}

static void test_moved_and_grown_while_locked(void)
{
	lab_reset(&rules_6_18);
	map(0, 4, RW);
	lock_ret(0, 4, 0, -EAGAIN);
	remap(0, 4, 8, MAYMOVE, 0, 20);
	is_str(lays(), "20+8 rw ac lo {F}", "the new part is written");
	is_u64(mm.locked_vm, 8, "and counted");
}

static void test_userfaultfd_does_not_come_along(void)
{
	lab_reset(&rules_6_18);
	map(0, 4, R);
	at(0)->uffd = 1;
	at(0)->vm_flags |= VM_UFFD_MISSING | VM_UFFD_MINOR;
	remap(0, 2, 2, FIXED, 20, 20);
	is_u64(at(20)->uffd, 0, "the copy has no context");
	ok(!(at(20)->vm_flags & (VM_UFFD_MISSING | VM_UFFD_MINOR)) &&
	   (at(20)->vm_unsure & VM_UFFD_MISSING),
	   "unless its owner wants remap events, which is not known");
	is_u64(at(2)->uffd, 1, "what stays keeps it");
}

static void test_huge_pages_are_whole(void)
{
	lab_reset(&rules_6_18);
	map(0, 1024, R);
	at(0)->vm_flags |= VM_HUGETLB | VM_DONTEXPAND;
	remap(0, 1, 1, FIXED, 2048, 2048);
	is_str(lay(), "512+512 r | 2048+512 r", "a length is rounded to 2 MiB");
}

/* The rest of a source keeps its account, whatever is cut out of it. */
static void test_source_remainder(void)
{
	lab_reset(&rules_6_18);
	map(0, 8, RW);
	touch(0, 8);
	remap(2, 4, 4, FIXED, 20, 20);
	is_str(lay(), "0+2 rw ac | 6+2 rw ac | 20+4 rw ac", "three accounts");
	is_u64(mm.total_vm, 8, "of the same pages");
}

/*
 *	AAAAAAAA .... BBBB  ->  AA.... AAAABBBB	shrunk on the way
 */
static void test_fixed_and_shrunk(void)
{
	lab_reset(&rules_6_18);
	map(0, 8, R);
	map(8, 4, NONE);
	map(20, 12, RW);
	remap(2, 8, 4, FIXED, 20, 20);
	is_str(lay(), "0+2 r | 10+2 - | 20+4 r | 24+8 rw ac",
	       "target, source and the tail beyond it");
}

static void test_file_moves_with_its_offset(void)
{
	struct mm_file file = { .inode = 7, .ofd = 1 };

	lab_reset(&rules_6_18);
	map_flags(0, 8, R, MAP_PRIVATE, &file, 0);
	map_flags(24, 4, R, MAP_PRIVATE, &file, 4 * PAGE_SIZE);
	remap(0, 4, 4, FIXED, 20, 20);
	is_str(lay(), "4+4 r | 20+8 r", "pages 0..3 beside pages 4..7");
	is_u64(at(20)->vm_pgoff, 0, "from page 0 of the file");
}

/* Not to be seen elsewhere: /dev/zero prints the offset that moved. */
static void test_private_zero_file(void)
{
	struct mm_file zero = { .inode = 7, .ofd = 1, .flags = MM_FILE_ZERO };

	lab_reset(&rules_6_18);
	map_flags(0, 4, R, MAP_PRIVATE, &zero, 0);
	remap(0, 4, 4, FIXED, 20, 20);
	is_u64(at(20)->vm_pgoff, P(20) >> PAGE_SHIFT, "untouched: its address");
	is_u64(last.unknown_end, 0, "and nothing is unknown");
	protect(20, 4, RW);
	remap(20, 4, 4, FIXED, 0, 0);
	ok(last.unknown_start <= P(0) && last.unknown_end >= P(4),
	   "perhaps written: the line is to be read again");
}

/*
 *	SSSS .... ....  ->  SSSS .... SSSS	old length 0
 */
static void test_old_length_nought_maps_twice(void)
{
	struct mm_file file = { .inode = 7, .flags = MM_FILE_UNIQUE };

	lab_reset(&rules_6_18);
	map_flags(0, 4, R, MAP_SHARED, &file, 0);
	remap(1, 0, 3, MAYMOVE, 0, 20);
	is_str(lay(), "0+4 r s | 20+3 r s", "the source stays");
	is_u64(at(20)->vm_pgoff, 1, "the copy begins where asked");
	remap(0, 0, 4, FIXED, 23, 23);
	is_str(lay(), "0+4 r s | 20+3 r s | 23+4 r s", "at a place given");
	map(40, 4, R);
	remap(40, 0, 4, MAYMOVE, 0, -EINVAL);
	is_str(lay(), "0+4 r s | 20+3 r s | 23+4 r s | 40+4 r",
	       "not of private memory");
}

int main(void)
{
	test_shrink_unmaps_the_tail_whatever_it_is();
	test_shrink_of_a_hole();
	test_shrink_that_failed();
	test_growth_in_place_may_join_what_it_meets();
	test_growth_between_two_that_were_written();
	test_growth_of_inherited_memory();
	test_growth_keeps_unknown_states_apart_from_the_ask();
	test_growth_of_locked_memory_is_written();
	test_untouched_memory_merges_where_it_goes();
	test_written_memory_keeps_its_offset();
	test_undecided_offset_is_asked();
	test_moved_next_to_itself();
	test_growth_that_moves();
	test_moved_and_grown_while_locked();
	test_source_remainder();
	test_fixed_and_shrunk();
	test_file_moves_with_its_offset();
	test_private_zero_file();
	test_old_length_nought_maps_twice();
	test_userfaultfd_does_not_come_along();
	test_huge_pages_are_whole();
	return done_testing();
}
