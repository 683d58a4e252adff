/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mremap over the engine: several VMAs at once, MREMAP_DONTUNMAP, and what is
 * left when it fails (kernel-facts 6). How to read the pictures and strings:
 * ops_lab.h.
 */
#include "ops_lab.h"

#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)
#define NORES (ANON | MAP_NORESERVE)
#define FIXED (MREMAP_MAYMOVE | MREMAP_FIXED)
#define DONTUNMAP (MREMAP_MAYMOVE | 4UL)

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
		lab_reset(lab_kernels[k].rules);
		map(0, 8, RW);
		touch(0, 8);
		remap(0, 4, 4, DONTUNMAP, 0, 20);
		is_str(lays(), "0+8 rw ac {F} | 20+4 rw ac {F}",
		       "%s: part", lab_kernels[k].name);
		protect(0, 8, R);
		remap(0, 8, 8, DONTUNMAP | MREMAP_FIXED, 40, 40);
		is_str(lays(),
		       "0+8 r ac {NF} | 20+4 rw ac {F} | 40+8 r ac {F}",
		       "%s: all of it loses its anon_vma", lab_kernels[k].name);
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

/*
 *	AAAAAAAA...BBBB  ->  AAAAAAAACCCBBBB	C is a copy from within A
 */
static void test_dontunmap_between_its_source_and_another(void)
{
	struct mm_rules mended = rules_6_12;

	mended.dontunmap_fixed = true;
	lab_reset(&mended);
	map(0, 8, R);
	map(11, 4, R);
	remap(3, 3, 3, DONTUNMAP | MREMAP_FIXED, 8, 8);
	is_str(lay(), "0+8 r | 8+7 r", "6.12.117: it joins the other only");
	is_u64(last.unknown_end, 0, "and nothing is unknown");
	lab_reset(&rules_6_1);
	map(0, 8, R);
	map(11, 4, R);
	remap(3, 3, 3, DONTUNMAP | MREMAP_FIXED, 8, 8);
	ok(last.unknown_start <= P(8) && last.unknown_end >= P(11),
	   "6.1.192: it might join neither, so it is to be read again");
	lab_reset(&rules_6_1);
	map(3, 8, R);
	remap(6, 3, 3, DONTUNMAP | MREMAP_FIXED, 0, 0);
	is_str(lay(), "0+3 r | 3+8 r", "with its source only: two");
	is_u64(last.unknown_end, 0, "which is known");
}

/*
 *	....LLLLLLLL  ->  LLLLLLAAAALL	the copy meets what is left of its source
 */
static void test_dontunmap_beside_the_rest_of_a_locked_source(void)
{
	lab_reset(&rules_6_1);
	map(4, 11, R);
	lock_ret(4, 11, 0, 0);
	remap(6, 4, 4, DONTUNMAP | MREMAP_FIXED, 0, 0);
	is_str(lay(), "0+6 r lo | 6+4 r | 10+5 r lo",
	       "where mended: split before it is copied");
}

/* What the target had does not count any more, unless all is checked first. */
static void test_limits_and_the_target(void)
{
	each_kernel(k) {
		bool first = lab_kernels[k].rules->fixed_move_checks_first;

		lab_reset(lab_kernels[k].rules);
		mm.rlim.data = 6 * PAGE_SIZE;
		map(0, 1, RW);
		map(10, 5, RW);
		remap(0, 1, 4, FIXED, 10, first ? -ENOMEM : 10);
		is_i64(last.predicted, last.ret, "%s: growth on the way",
		       lab_kernels[k].name);
		lab_reset(lab_kernels[k].rules);
		mm.rlim.as = 8 * PAGE_SIZE;
		map(0, 4, R);
		map(10, 4, RW);
		remap(0, 4, 4, DONTUNMAP | MREMAP_FIXED, 10, 10);
		is_i64(last.predicted, last.ret, "%s: a copy for a mapping",
		       lab_kernels[k].name);
	}
}

/* What counts against RLIMIT_MEMLOCK once part of a locked mapping moved. */
static void test_dontunmap_counts_locked_memory(void)
{
	each_kernel(k) {
		const struct mm_rules *rules = lab_kernels[k].rules;

		lab_reset(rules);
		map(0, 8, R);
		lock_ret(0, 8, 0, 0);
		remap(2, 4, 4, DONTUNMAP, 0, 20);
		is_u64(mm.locked_vm + mm.locked_lost,
		       rules->fixed_move_checks_first ? 12 : 8,
		       "%s: locked pages", lab_kernels[k].name);
	}
}

/* A source in a hole, a target that overlaps it: which is told? */
static void test_which_refusal_comes_first(void)
{
	each_kernel(k) {
		const struct mm_rules *rules = lab_kernels[k].rules;
		bool source = rules->shrink_checks_source &&
			      !rules->fixed_move_checks_first;

		lab_reset(rules);
		remap(0, 4, 4, FIXED, 2, source ? -EFAULT : -EINVAL);
		is_i64(last.predicted, last.ret, "%s: as the kernel says",
		       lab_kernels[k].name);
	}
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
		bool first = lab_kernels[k].rules->fixed_move_checks_first;

		lab_reset(lab_kernels[k].rules);
		map(0, 4, R);
		map(20, 12, R);
		remap(0, 8, 9, FIXED, 20, -EFAULT);
		is_str(lay(), first ? "0+4 r | 20+12 r" : "0+4 r | 29+3 r",
		       "%s: source too short", lab_kernels[k].name);
		is_u64(last.unknown_end, 0, "and nothing is unknown");
		remap(50, 4, 4, FIXED, 29, -EFAULT);
		is_str(lay(), lab_kernels[k].rules->shrink_checks_source ?
		       first ? "0+4 r | 20+12 r" : "0+4 r | 29+3 r" :
		       "0+4 r", "%s: no source at all", lab_kernels[k].name);
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
		lab_reset(lab_kernels[k].rules);
		map(0, 4, R);
		map(20, 4, R);
		remap(0, 4, 8, FIXED, 20, -ENOMEM);
		ok(last.unknown_start <= P(20) && last.unknown_end >= P(28),
		   "%s: the target is to be read again", lab_kernels[k].name);
		mm.max_map_count = 7;
		remap(0, 4, 8, FIXED, 20, -ENOMEM);
		is_u64(last.unknown_end, 0, "%s: too many VMAs: nothing done",
		       lab_kernels[k].name);
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
	test_several_keep_their_gaps();
	test_several_with_asks();
	test_several_learn_nothing_from_what_gave_way();
	test_several_with_a_hole_in_front();
	test_many_reserve_what_they_need();
	test_dontunmap_keeps_the_source();
	test_dontunmap_unlocks_the_source();
	test_dontunmap_next_to_itself();
	test_dontunmap_between_its_source_and_another();
	test_dontunmap_beside_the_rest_of_a_locked_source();
	test_limits_and_the_target();
	test_dontunmap_counts_locked_memory();
	test_which_refusal_comes_first();
	test_dontunmap_offset_of_the_source();
	test_failing_fixed_has_unmapped_its_target();
	test_failing_fixed_has_unmapped_the_tail();
	test_fixed_refused_for_its_arguments();
	test_failing_fixed_for_want_of_memory_is_unknown();
	return done_testing();
}
