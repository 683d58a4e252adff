/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mremap over the engine: every row of kernel-facts 6, for the kernels that
 * differ. How to read the pictures and strings: ops_lab.h.
 */
#include "ops_lab.h"

#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)
#define NORES (ANON | MAP_NORESERVE)
#define MAYMOVE MREMAP_MAYMOVE
#define FIXED (MREMAP_MAYMOVE | MREMAP_FIXED)
#define DONTUNMAP (MREMAP_MAYMOVE | 4UL)

static const struct {
	const struct mm_rules *rules;
	const char *name;
} kernels[] = {
	{ &rules_5_10, "5.10" },
	{ &rules_6_1, "6.1" },
	{ &rules_6_12, "6.12" },
	{ &rules_6_18, "6.18" },
};

#define each_kernel(k) \
	for (unsigned int k = 0; k < ARRAY_SIZE(kernels); k++)

/* Memory that was written and is read-only now; no account confuses it. */
static void map_written(int at_page, int pages)
{
	map_flags(at_page, pages, RW, NORES, NULL, 0);
	touch(at_page, pages);
	protect(at_page, pages, R);
}

static void map_untouched(int at_page, int pages)
{
	map_flags(at_page, pages, R, NORES, NULL, 0);
}

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
			lab_reset(kernels[k].rules);
			(t[i].f ? map_written : map_untouched)(0, 4);
			(t[i].next_f ? map_written : map_untouched)(8, 4);
			remap(0, 4, 8, 0, 0, 0);
			is_str(lay(), *t[i].want[k], "%s: %s", kernels[k].name,
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
	mm_fork(&mm);
	map_untouched(8, 4);
	remap(0, 4, 8, 0, 0, 0);
	is_str(lays(), "0+12 r nr {K}", "6.18 joins it");
	lab_reset(&rules_6_12);
	map_written(0, 4);
	mm_fork(&mm);
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
		lab_reset(kernels[k].rules);
		map(0, 8, R);
		map(22, 4, R);
		remap(2, 2, 2, FIXED, 20, 20);
		is_str(lay(), "0+2 r | 4+4 r | 20+6 r", "%s: N",
		       kernels[k].name);
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
		lab_reset(kernels[k].rules);
		map_written(0, 8);
		map_untouched(24, 4);
		remap(0, 4, 4, FIXED, 20, 20);
		is_str(lay(), "4+4 r nr | 20+4 r nr | 24+4 r nr",
		       "%s: F fits nowhere", kernels[k].name);
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
		lab_reset(kernels[k].rules);
		map(0, 4, R);
		remap(0, 4, 4, FIXED, 4, 4);
		is_str(lay(), "4+4 r", "%s: up", kernels[k].name);
		remap(4, 4, 4, FIXED, 0, 0);
		is_str(lay(), "0+4 r", "%s: down", kernels[k].name);
		map(0, 4, RW);
		remap(0, 4, 4, FIXED, 4, 4);
		is_str(lays(), "4+4 rw ac {NF}", "%s: writable",
		       kernels[k].name);
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

/* --- several at once -------------------------------------------------------- */

/*
 *	AAAA..BBBB	TTTTTTTTTTTT  ->  AAAATTBBBBTT
 */
static void test_several_keep_their_gaps(void)
{
	lab_reset(&rules_6_18);
	map(0, 4, R);
	map(6, 4, NONE);
	map(20, 12, RW);
	remap(0, 12, 12, FIXED, 20, 20);
	is_str(lay(),
	       "20+4 r | 24+2 rw ac | 26+4 - | 30+2 rw ac",
	       "what lay in the gaps stays, a hole at the end is fine");
	lab_reset(&rules_6_18);
	map(0, 4, R);
	map(4, 4, NONE);
	remap(0, 8, 8, FIXED, 8, 8);
	is_str(lay(), "8+4 r | 12+4 -", "onto the page where they ended");
}

static void test_several_with_asks(void)
{
	lab_reset(&rules_6_18);
	map(0, 4, RW);
	map(6, 4, RW);
	map(16, 4, RW);
	map(24, 2, RW);
	kernel_boundary(26);
	remap(0, 10, 10, FIXED, 20, 20);
	is_str(lay(), "16+10 rw ac | 26+4 rw ac",
	       "the first joined both neighbours, the second none");
	is_u64(lab_asked, 3, "asked about each boundary once");
}

/*
 *	AABB	PPTTTTNN  ->  PPAABBNN		T is what P and N are
 *
 * A's copy would join P and the T above it, but T gives way to B's copy: that
 * A and B do not merge says nothing of P, T and N.
 */
static void test_several_learn_nothing_from_what_gave_way(void)
{
	lab_reset(&rules_6_18);
	map_flags(0, 2, R, NORES, NULL, 0);
	map_flags(2, 2, R | PROT_EXEC, NORES, NULL, 0);
	map_flags(18, 4, RW, NORES, NULL, 0);
	map_flags(22, 4, RW | PROT_EXEC, NORES, NULL, 0);
	kernel_boundary(22);
	protect(22, 4, R);
	protect(18, 4, R);
	at(18)->anon_state = at(22)->anon_state = ANON_NONE | ANON_FAULTED;
	at(22)->bits = 0;
	lab_asked = 0;
	remap(0, 4, 4, FIXED, 20, 20);
	is_str(lays(), "18+4 r nr {NF} | 22+2 rx nr {N} | 24+2 r nr {NF}",
	       "still nobody knows of P and N");
	is_u64(lab_asked, 0, "nobody was asked");
}

static void test_several_with_a_hole_in_front(void)
{
	lab_reset(&rules_6_18);
	map(2, 4, R);
	map(20, 8, R);
	remap(0, 8, 8, FIXED, 20, -EFAULT);
	is_str(lay(), "2+4 r | 20+8 r", "nothing was done");
	is_u64(last.unknown_end, 0, "and nothing is unknown");
}

static void test_many_reserve_what_they_need(void)
{
	struct mm_op op = {
		.call = MM_MREMAP, .addr = P(0), .len = P(80) - P(0),
		.new_len = P(80) - P(0), .flags = FIXED, .new_addr = P(100),
	};

	lab_reset(&rules_6_18);
	for (int i = 0; i < 40; i++)
		map(2 * i, 1, R);
	map(100, 80, RW);
	while (mm.pool_free > 200)
		mm.pool = mm.pool->vm_next, mm.pool_free--;
	is_i64(mm_prepare(&mm, &op), -ENOMEM, "forty pieces want more");
	lab_reset(&rules_6_18);
	for (int i = 0; i < 20; i++)
		map(2 * i, 1, R);
	map(100, 80, RW);
	remap(0, 40, 40, DONTUNMAP | MREMAP_FIXED, 100, 100);
	is_u64(mm.map_count, 60, "twenty stay, twenty come, twenty gaps");
}

/* --- DONTUNMAP -------------------------------------------------------------- */

/*
 *	AAAAAAAA .... ....  ->  AAAAAAAA .... AAAA
 */
static void test_dontunmap_keeps_the_source(void)
{
	each_kernel(k) {
		lab_reset(kernels[k].rules);
		map(0, 8, RW);
		touch(0, 8);
		remap(0, 4, 4, DONTUNMAP, 0, 20);
		is_str(lays(), "0+8 rw ac {F} | 20+4 rw ac {F}",
		       "%s: part", kernels[k].name);
		protect(0, 8, R);
		remap(0, 8, 8, DONTUNMAP | MREMAP_FIXED, 40, 40);
		is_str(lays(),
		       "0+8 r ac {NF} | 20+4 rw ac {F} | 40+8 r ac {F}",
		       "%s: all of it loses its anon_vma", kernels[k].name);
	}
}

/*
 *	LLLLLLLL  ->  AAAAAAAA or AAAALLLL	and a locked copy
 */
static void test_dontunmap_unlocks_the_source(void)
{
	lab_reset(&rules_6_18);
	map(0, 8, R);
	lock_ret(0, 8, 0, 0);
	remap(0, 4, 4, DONTUNMAP, 0, 20);
	is_str(lay(), "0+8 r | 20+4 r lo", "6.18.44: all of it");
	lab_reset(&rules_6_1);
	map(0, 8, R);
	lock_ret(0, 8, 0, 0);
	remap(2, 4, 4, DONTUNMAP, 0, 20);
	is_str(lay(), "0+2 r lo | 2+4 r | 6+2 r lo | 20+4 r lo",
	       "where mended: what was moved");
	is_u64(mm.locked_vm, 8, "locked pages are counted");
}

/*
 *	AAAA....  ->  AAAAAAAA or AAAA AAAA	the copy beside its source
 */
static void test_dontunmap_next_to_itself(void)
{
	lab_reset(&rules_6_18);
	map(0, 4, R);
	remap(0, 4, 4, DONTUNMAP | MREMAP_FIXED, 4, 4);
	is_str(lay(), "0+8 r", "6.18.44: one line");
	lock_ret(0, 8, 0, 0);
	remap(0, 8, 8, DONTUNMAP | MREMAP_FIXED, 8, 8);
	is_str(lay(), "0+16 r", "which is unlocked as a whole");
	lab_reset(&rules_6_1);
	map(0, 4, R);
	remap(0, 4, 4, DONTUNMAP | MREMAP_FIXED, 4, 4);
	is_str(lay(), "0+4 r | 4+4 r", "where mended: two");
	remap(4, 4, 4, DONTUNMAP | MREMAP_FIXED, 8, 8);
	protect(4, 8, NONE);
	is_str(lay(), "0+4 r | 4+8 -", "which may merge when next changed");
	lab_reset(&rules_6_18);
	map(0, 4, RW);
	kernel_boundary(4);
	remap(0, 4, 4, DONTUNMAP | MREMAP_FIXED, 4, 4);
	is_str(lay(), "0+4 rw ac | 4+4 rw ac", "undecided: as the kernel says");
	is_u64(lab_asked, 1, "the boundary will be there, so it is asked");
}

/* A source that had moved before counts from its own place again, if mended. */
static void test_dontunmap_offset_of_the_source(void)
{
	lab_reset(&rules_6_1);
	map_written(0, 4);
	remap(0, 4, 4, FIXED, 20, 20);
	remap(20, 4, 4, DONTUNMAP, 0, 40);
	is_u64(at(20)->vm_pgoff, P(20) >> PAGE_SHIFT, "where mended");
	lab_reset(&rules_6_18);
	map_written(0, 4);
	remap(0, 4, 4, FIXED, 20, 20);
	remap(20, 4, 4, DONTUNMAP, 0, 40);
	is_u64(at(20)->vm_pgoff, P(0) >> PAGE_SHIFT, "6.18.44");
}

/* --- failing ---------------------------------------------------------------- */

/*
 *	AAAA .... TTTT	8 pages of A to T: A has only 4
 */
static void test_failing_fixed_has_unmapped_its_target(void)
{
	each_kernel(k) {
		bool first = kernels[k].rules->fixed_move_checks_first;

		lab_reset(kernels[k].rules);
		map(0, 4, R);
		map(20, 12, R);
		remap(0, 8, 9, FIXED, 20, -EFAULT);
		is_str(lay(), first ? "0+4 r | 20+12 r" : "0+4 r | 29+3 r",
		       "%s: source too short", kernels[k].name);
		is_u64(last.unknown_end, 0, "and nothing is unknown");
		remap(50, 4, 4, FIXED, 29, -EFAULT);
		is_str(lay(), kernels[k].rules->shrink_checks_source ?
		       first ? "0+4 r | 20+12 r" : "0+4 r | 29+3 r" :
		       "0+4 r", "%s: no source at all", kernels[k].name);
	}
}

/*
 *	AAAA....BBBB	shrunk on the way, and then the source is no mapping
 */
static void test_failing_fixed_has_unmapped_the_tail(void)
{
	lab_reset(&rules_5_10);
	map(4, 4, R);
	map(20, 4, R);
	remap(0, 8, 2, FIXED, 20, -EFAULT);
	is_str(lay(), "22+2 r", "5.10: the tail and the target are gone");
}

static void test_fixed_refused_for_its_arguments(void)
{
	static const struct {
		int old, new, to;
		unsigned long flags;
		const char *why;
	} t[] = {
		{ 4, 4, 2, FIXED, "overlap" },
		{ 4, 0, 20, FIXED, "no length" },
		{ 4, 4, 20, MREMAP_FIXED, "may not move" },
		{ 4, 8, 20, DONTUNMAP | MREMAP_FIXED, "other length" },
		{ 4, 4, 20, FIXED | 64, "a flag unknown" },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(t); i++) {
		lab_reset(&rules_6_12);
		map(0, 4, R);
		map(20, 4, R);
		remap(0, t[i].old, t[i].new, t[i].flags, t[i].to, -EINVAL);
		is_str(lay(), "0+4 r | 20+4 r", "%s", t[i].why);
		is_u64(last.unknown_end, 0, "and nothing is unknown");
	}
}

static void test_failing_fixed_for_want_of_memory_is_unknown(void)
{
	each_kernel(k) {
		lab_reset(kernels[k].rules);
		map(0, 4, R);
		map(20, 4, R);
		remap(0, 4, 8, FIXED, 20, -ENOMEM);
		ok(last.unknown_start <= P(20) && last.unknown_end >= P(28),
		   "%s: the target is to be read again", kernels[k].name);
		mm.max_map_count = 7;
		remap(0, 4, 8, FIXED, 20, -ENOMEM);
		is_u64(last.unknown_end, 0, "%s: too many VMAs: nothing done",
		       kernels[k].name);
	}
	lab_reset(&rules_6_18);
	map(0, 4, R);
	map(4, 4, NONE);
	map(20, 8, R);
	remap(0, 8, 8, FIXED, 20, -EFAULT);
	ok(last.unknown_start <= P(0) && last.unknown_end >= P(28),
	   "several, one refused: some may have moved");
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
	test_several_keep_their_gaps();
	test_several_with_asks();
	test_several_learn_nothing_from_what_gave_way();
	test_userfaultfd_does_not_come_along();
	test_huge_pages_are_whole();
	test_several_with_a_hole_in_front();
	test_many_reserve_what_they_need();
	test_dontunmap_keeps_the_source();
	test_dontunmap_unlocks_the_source();
	test_dontunmap_next_to_itself();
	test_dontunmap_offset_of_the_source();
	test_failing_fixed_has_unmapped_its_target();
	test_failing_fixed_has_unmapped_the_tail();
	test_fixed_refused_for_its_arguments();
	test_failing_fixed_for_want_of_memory_is_unknown();
	return done_testing();
}
