/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mprotect over the engine: pieces, merging, accounting, and what is left when
 * the call fails. How to read the pictures and strings: ops_lab.h.
 */
#include "ops_lab.h"

#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)
#define NORES (ANON | MAP_NORESERVE)

/*
 *	AAAAAAAA  ->  AA BBBB AA  ->  AAAAAAAA
 */
static void test_split_in_three_and_undone(void)
{
	lab_reset(&rules_6_18);
	map(0, 8, R);
	protect(2, 4, NONE);
	is_str(lay(), "0+2 r | 2+4 - | 6+2 r", "the middle is cut out");
	protect(2, 4, R);
	is_str(lay(), "0+8 r", "and merges on both sides when undone");
	is_u64(lab_asked, 0, "nobody was asked: nothing was ever written");
}

/*
 *	AAAAAAAA BBBB  ->  AAAA BBBBBBBB	a boundary moves
 */
static void test_boundary_moves_either_way(void)
{
	lab_reset(&rules_6_18);
	map(0, 8, R);
	map(8, 8, NONE);
	protect(4, 4, NONE);
	is_str(lay(), "0+4 r | 4+12 -", "down");
	protect(4, 8, R);
	is_str(lay(), "0+12 r | 12+4 -", "and up");
	is_u64(at(12)->vm_pgoff, P(12) >> PAGE_SHIFT, "offsets go with it");
}

/*
 *	AAAA....BBBB	protect: ---------- stops at the hole
 */
static void test_hole_ends_it_and_keeps_what_was_done(void)
{
	lab_reset(&rules_6_18);
	map(0, 4, R);
	map(6, 4, R);
	protect_ret(0, 10, NONE, -ENOMEM);
	is_str(lay(), "0+4 - | 6+4 r", "the piece before the hole is changed");
	is_u64(last.unknown_end, 0, "and nothing is unknown");
	protect_ret(4, 4, NONE, -ENOMEM);
	is_str(lay(), "0+4 - | 6+4 r", "a hole at the start: nothing changes");
}

/*
 *	AAAASSSSAAAA	S shared, of a descriptor without write access
 */
static void test_eacces_keeps_what_was_done(void)
{
	struct mm_file file = { .inode = 7, .flags = MM_FILE_UNIQUE };
	struct mm_op op = {
		.call = MM_MMAP, .addr = P(4), .len = 4 * PAGE_SIZE,
		.prot = R, .flags = MAP_SHARED | MAP_FIXED, .file = &file,
		.file_unwritable = true, .pkey = -1,
	};

	lab_reset(&rules_6_18);
	map(0, 4, R);
	lab_run(&op, (long)P(4));
	map(8, 4, R);
	protect_ret(0, 12, RW, -EACCES);
	is_str(lay(), "0+4 rw ac | 4+4 r s | 8+4 r",
	       "what lies before the refused mapping is writable");
	is_u64(last.unknown_end, 0, "and nothing is unknown");
}

static void test_answer_against_the_mirror_is_unknown(void)
{
	lab_reset(&rules_6_18);
	map(0, 4, R);
	map(6, 4, R);
	protect(0, 10, NONE);
	ok(last.unknown_start <= P(0) && last.unknown_end >= P(10),
	   "success over a hole: the range is to be read again");
	lab_reset(&rules_6_18);
	map(0, 8, R);
	protect_ret(2, 4, NONE, -EPERM);
	is_str(lay(), "0+8 r", "an error that nothing explains changes nothing");
	ok(last.unknown_start <= P(2) && last.unknown_end >= P(6),
	   "but the range is to be read again");
	protect_ret(2, 4, NONE, -EINVAL);
	is_u64(last.unknown_end, 0, "EINVAL is about arguments");
}

/*
 *	AAAAAAAA  ->  AA AAAAAA		one VMA was left for two cuts
 */
static void test_want_of_vmas_leaves_half_a_split(void)
{
	lab_reset(&rules_6_18);
	map(0, 8, R);
	mm.max_map_count = 2;
	protect_ret(2, 4, NONE, -ENOMEM);
	is_str(lay(), "0+2 r | 2+6 r", "the first cut stays");
	is_u64(last.unknown_end, 0, "and nothing is unknown");
	lab_reset(&rules_6_18);
	map(0, 8, R);
	mm.max_map_count = 1;
	protect_ret(2, 4, NONE, -ENOMEM);
	is_str(lay(), "0+8 r", "without a VMA nothing is cut");
}

/*
 *	1111....2222  ->  11111111 2222		1 and 2 written apart
 */
static void test_no_change_never_merges(void)
{
	lab_reset(&rules_6_18);
	map_flags(0, 4, RW, NORES, NULL, 0);
	touch(0, 4);
	map_flags(8, 4, RW, NORES, NULL, 0);
	touch(8, 4);
	kernel_boundary(8);
	map_flags(4, 4, RW, NORES, NULL, 0);
	is_str(lay(), "0+8 rw nr | 8+4 rw nr", "two lines that look the same");
	protect(0, 12, RW);
	protect(6, 4, RW);
	is_str(lay(), "0+8 rw nr | 8+4 rw nr",
	       "stay two when protected as they are");
	protect(8, 4, R);
	protect(8, 4, RW);
	is_str(lay(), "0+8 rw nr | 8+4 rw nr",
	       "and when changed and changed back");
	lab_asked = 0;
	protect(8, 4, R);
	protect(8, 4, RW);
	is_u64(lab_asked, 0, "that the two differ was learnt from that");
}

/*
 *	FFFF NNNN	F written, made like N, which never was
 */
static void test_written_range_beside_untouched(void)
{
	static const struct {
		const struct mm_rules *rules;
		const char *name, *want;
	} t[] = {
		{ &rules_5_10, "5.10", "0+4 r nr | 4+4 r nr" },
		{ &rules_6_1, "6.1", "0+4 r nr | 4+4 r nr" },
		{ &rules_6_12, "6.12", "0+4 r nr | 4+4 r nr" },
		{ &rules_6_18, "6.18", "0+8 r nr" },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(t); i++) {
		lab_reset(t[i].rules);
		map_flags(4, 4, R, NORES, NULL, 0);
		map_flags(0, 4, RW, NORES, NULL, 0);
		touch(0, 4);
		protect(0, 4, R);
		is_str(lay(), t[i].want, "%s: F beside N", t[i].name);
		is_u64(lab_asked, 0, "%s: nobody is asked", t[i].name);
		protect(4, 4, NONE);
		map_flags(4, 4, NONE, NORES, NULL, 0);
		protect(4, 4, R);
		is_str(lay(), "0+8 r nr", "%s: N beside F", t[i].name);
	}
}

/*
 *	AAAA....  ->  AAAA NNNN		A was writable once
 */
static void test_account_after_writable(void)
{
	lab_reset(&rules_5_10);
	map(0, 4, RW);
	protect(0, 4, R);
	is_str(lays(), "0+4 r ac {NF}", "5.10 accounts for good");
	map(4, 4, R);
	is_str(lay(), "0+4 r ac | 4+4 r", "so a fresh one does not merge");
	is_u64(lab_asked, 0, "which is known");

	lab_reset(&rules_6_12);
	map(0, 4, RW);
	touch(0, 1);
	protect(0, 4, R);
	is_str(lays(), "0+4 r ac {F}", "6.12 keeps it where written");

	lab_reset(&rules_6_12);
	map(0, 4, RW);
	protect(0, 4, R);
	is_str(lays(), "0+4 r ?ac {NF}", "6.12: who knows whether written");
	map(4, 4, R);
	is_u64(lab_asked, 1, "the kernel is asked once");
	is_str(lay(), "0+8 r", "and what merged was unaccounted");

	lab_reset(&rules_6_12);
	map(0, 4, RW);
	protect(0, 4, R);
	kernel_boundary(4);
	map(4, 4, R);
	is_u64(lab_asked, 1, "asked once more");
	is_str(lay(), "0+4 r ?ac | 4+4 r", "two lines stay two");
}

/* As a source of MREMAP_DONTUNMAP has it: accounted, and its pages gone. */
static void test_account_of_what_surely_is_untouched(void)
{
	lab_reset(&rules_6_12);
	map(0, 4, RW);
	at(0)->anon_state = ANON_NONE;
	protect(0, 4, R);
	is_str(lays(), "0+4 r {N}", "is taken away");
}

static void test_account_when_becoming_writable(void)
{
	lab_reset(&rules_6_12);
	map(0, 4, R);
	protect(0, 4, RW);
	is_str(lays(), "0+4 rw ac {NF}", "accounted, and may be written now");
	protect(0, 4, NONE);
	protect(0, 4, RW);
	is_str(lay(), "0+4 rw ac", "sure again when writable again");
	map_flags(8, 4, R, NORES, NULL, 0);
	map_flags(16, 4, R, MAP_SHARED | MAP_ANONYMOUS, NULL, 0);
	protect(8, 4, RW);
	protect(16, 4, RW);
	is_str(lay(), "0+4 rw ac | 8+4 rw nr | 16+4 rw s",
	       "neither unreserved nor shared memory is accounted");
}

/* A private file is accounted for ever, unwritten or not. */
static void test_account_of_a_file_stays(void)
{
	struct mm_file file = { .inode = 7, .ofd = 1 };

	lab_reset(&rules_6_18);
	map_flags(0, 4, R, MAP_PRIVATE, &file, 0);
	protect(0, 4, RW);
	protect(0, 4, R);
	is_str(lays(), "0+4 r ac {NF}", "a RELRO segment keeps its account");
}

/*
 *	gggggggg  ->  ggggg gg		from the start of what grows down
 */
static void test_prot_growsdown(void)
{
	lab_reset(&rules_6_18);
	map_flags(0, 8, RW, ANON | MAP_GROWSDOWN, NULL, 0);
	protect(4, 1, R | PROT_GROWSDOWN);
	is_str(lay(), "0+5 r gd ?ac | 5+3 rw ac gd",
	       "all below the range is changed");
	map(16, 8, R);
	protect_ret(20, 1, NONE | PROT_GROWSDOWN, -EINVAL);
	is_str(lay(), "0+5 r gd ?ac | 5+3 rw ac gd | 16+8 r",
	       "and nothing of what does not grow");
	protect(20, 1, NONE | PROT_GROWSDOWN);
	ok(last.unknown_end, "success there: to be read again");
}

static void test_read_implies_exec(void)
{
	lab_reset(&rules_6_18);
	map(0, 8, NONE);
	mm.personality = 0x0400000;
	protect(0, 4, R);
	protect(4, 2, W);
	is_str(lay(), "0+4 rx | 4+2 w ac | 6+2 -",
	       "readable is executable, writable alone is not");
}

static void test_pkey_is_part_of_the_flags(void)
{
	struct mm_op op = {
		.call = MM_MPROTECT, .addr = P(2), .len = 2 * PAGE_SIZE,
		.prot = R, .pkey = 3,
	};

	lab_reset(&rules_6_18);
	map(0, 8, R);
	lab_run(&op, 0);
	is_str(lay(), "0+2 r | 2+2 r | 4+4 r", "a key keeps neighbours apart");
	protect(2, 2, NONE);
	protect(2, 2, R);
	is_str(lay(), "0+2 r | 2+2 r | 4+4 r", "mprotect leaves the key");
	op.pkey = 0;
	lab_run(&op, 0);
	is_str(lay(), "0+8 r", "key 0 makes one of them");
}

static void test_locked_made_writable_is_written(void)
{
	lab_reset(&rules_6_18);
	map(0, 8, R);
	lock_ret(0, 8, 0, 0);
	is_str(lays(), "0+8 r lo {N}", "a read-only lock leaves no trace");
	protect(0, 4, RW);
	is_str(lays(), "0+4 rw ac lo {F} | 4+4 r lo {N}",
	       "the kernel writes to what becomes writable");
	lab_reset(&rules_6_18);
	map(0, 8, R);
	lock_ret(0, 8, MLOCK_ONFAULT, 0);
	protect(0, 4, RW);
	is_str(lays(), "0+4 rw ac lo lf {NF} | 4+4 r lo lf {N}",
	       "but not where it waits for faults");
}

/*
 *	NNNN AAAA BBBB	protect: AAAA BBBB like N; A may be written
 *
 * The ask about A comes before A is changed, B's after A was.
 */
static void test_goes_on_after_an_ask(void)
{
	struct mm_op op = {
		.call = MM_MPROTECT, .addr = P(4), .len = 8 * PAGE_SIZE,
		.prot = R, .pkey = -1,
	};

	lab_reset(&rules_6_12);
	map_flags(0, 4, R, NORES, NULL, 0);
	map_flags(4, 4, RW, NORES, NULL, 0);
	map_flags(8, 4, RW | PROT_EXEC, NORES, NULL, 0);
	mm_prepare(&mm, &op);
	op.ret = 0;
	is_i64(mm_commit(&mm, &op), MM_ASK, "A's lower end is undecided");
	is_u64(op.ask, P(4), "asked about");
	is_str(lay(), "0+4 r nr | 4+4 rw nr | 8+4 rwx nr", "nothing changed");
	mm_answer(&op, MM_BOUNDARY_YES);
	is_i64(mm_commit(&mm, &op), MM_ASK, "B's lower end is undecided");
	is_u64(op.ask, P(8), "asked about");
	is_str(lay(), "0+4 r nr | 4+4 r nr | 8+4 rwx nr", "A changed");
	mm_answer(&op, MM_BOUNDARY_NO);
	is_i64(mm_commit(&mm, &op), MM_DONE, "all is decided");
	is_str(lays(), "0+4 r nr {N} | 4+8 r nr {F}",
	       "A was written: else it would have merged with N");
	is_i64(validate_mm(&mm), 0, "the address space is valid");
	is_u64(op.touched_start, P(4), "the touched range begins at A");
	is_u64(op.touched_end, P(12), "and ends with B");
}

/*
 *	XXXX AAAA NNNN	A is asked about at N; X cannot merge with it at all
 */
static void test_ask_says_nothing_of_the_other_neighbour(void)
{
	lab_reset(&rules_6_12);
	map_flags(0, 4, RW, NORES, NULL, 0);
	protect(0, 4, PROT_EXEC);
	map_flags(4, 4, RW, NORES, NULL, 0);
	map_flags(8, 4, R, NORES, NULL, 0);
	kernel_boundary(8);
	protect(4, 4, R);
	is_str(lays(), "0+4 x nr {NF} | 4+4 r nr {F} | 8+4 r nr {N}",
	       "A was written; of X nothing is known");
}

int main(void)
{
	test_ask_says_nothing_of_the_other_neighbour();
	test_split_in_three_and_undone();
	test_boundary_moves_either_way();
	test_account_of_what_surely_is_untouched();
	test_hole_ends_it_and_keeps_what_was_done();
	test_eacces_keeps_what_was_done();
	test_answer_against_the_mirror_is_unknown();
	test_want_of_vmas_leaves_half_a_split();
	test_no_change_never_merges();
	test_written_range_beside_untouched();
	test_account_after_writable();
	test_account_when_becoming_writable();
	test_account_of_a_file_stays();
	test_prot_growsdown();
	test_read_implies_exec();
	test_pkey_is_part_of_the_flags();
	test_locked_made_writable_is_written();
	test_goes_on_after_an_ask();
	return done_testing();
}
