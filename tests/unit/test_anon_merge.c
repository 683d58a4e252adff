/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What userspace cannot see and what decides merges: anon_vma, unsure flags and
 * offsets. A merge is foretold, refused, or asked about, and answers teach.
 */
#include "ops_lab.h"

static const struct {
	const char *name;
	const struct mm_rules *rules;
} kernels[] = {
	{ "5.10", &rules_5_10 }, { "6.1", &rules_6_1 },
	{ "6.12", &rules_6_12 }, { "6.18", &rules_6_18 },
};

#define for_each_kernel(k) for (unsigned int k = 0; k < 4; k++)

static struct mm_file files[4];

static void reset_files(void)
{
	memset(files, 0, sizeof(files));
	for (unsigned int i = 0; i < 4; i++)
		files[i] = (struct mm_file){
			.inode = 7, .dev_major = 8, .name = "/f", .name_len = 2,
			.ofd = i + 1,
		};
}

/* [0, 4) in the wanted state, read-only; ends as the only VMA. */
static void neighbour(const struct mm_rules *rules, char state)
{
	lab_reset(rules);
	map(0, 4, R);
	if (state != 'N')
		touch(0, 4);
	if (state == 'K')
		dup_mmap(&mm);
}

static void test_a_new_range_is_untouched(void)
{
	for_each_kernel(k) {
		const char *name = kernels[k].name;

		neighbour(kernels[k].rules, 'N');
		map(4, 4, R);
		is_str(lays(), "0+8 r {N}", "%s: N joins N", name);
		neighbour(kernels[k].rules, 'F');
		map(4, 4, R);
		is_str(lays(), "0+8 r {F}", "%s: N joins F", name);
		neighbour(kernels[k].rules, 'K');
		map(4, 4, R);
		is_str(lays(), "0+4 r {K} | 4+4 r {N}",
		       "%s: N never joins K", name);
		neighbour(kernels[k].rules, 'F');
		map(-4, 4, R);
		is_str(lays(), "-4+8 r {F}", "%s: N joins F above it", name);
		is_u64(lab_asked, 0, "%s: nothing was asked", name);
	}
}

/*
 *	NNNNX*X*  ->  NNNNA*A*		the change makes X equal to N
 */
static void test_a_touched_range_beside_an_untouched_one(void)
{
	for_each_kernel(k) {
		bool new_rule = kernels[k].rules->faulted_merges_untouched;

		lab_reset(kernels[k].rules);
		map(0, 4, R);
		map(4, 4, NONE);
		touch(4, 4);
		protect(4, 4, R);
		is_str(lays(), new_rule ? "0+8 r {F}" : "0+4 r {N} | 4+4 r {F}",
		       "%s: F joins N since 6.16 only", kernels[k].name);

		lab_reset(kernels[k].rules);
		map(0, 4, R);
		map(4, 4, NONE);
		touch(4, 4);
		dup_mmap(&mm);
		protect(4, 4, R);
		is_str(lays(), "0+4 r {N} | 4+4 r {K}",
		       "%s: K joins no N", kernels[k].name);
		is_u64(lab_asked, 0, "%s: nothing was asked", kernels[k].name);
	}
}

static void test_two_touched_ranges(void)
{
	for_each_kernel(k) {
		const char *name = kernels[k].name;

		neighbour(kernels[k].rules, 'F');
		protect(2, 2, NONE);
		protect(2, 2, R);
		is_str(lays(), "0+4 r {F}", "%s: F1 joins F1", name);

		/* Not reusable when first written: two objects. */
		lab_reset(kernels[k].rules);
		map(0, 8, R);
		advise(4, 4, MADV_DONTFORK);
		touch(0, 8);
		advise(4, 4, MADV_DOFORK);
		is_str(lays(), "0+4 r {F} | 4+4 r {F}",
		       "%s: F1 never joins F2", name);

		/* Reusable: the second fault takes over the first's object. */
		lab_reset(kernels[k].rules);
		map(0, 8, R);
		protect(4, 4, NONE);
		touch(0, 8);
		protect(4, 4, R);
		is_str(lays(), "0+8 r {F}",
		       "%s: pieces that differ in rights share one", name);
		is_u64(lab_asked, 0, "%s: nothing was asked", name);
	}
}

static void test_a_fork_child(void)
{
	for_each_kernel(k) {
		const char *name = kernels[k].name;

		neighbour(kernels[k].rules, 'F');
		protect(2, 2, NONE);
		dup_mmap(&mm);
		protect(2, 2, R);
		is_str(lays(), "0+2 r {K} | 2+2 r {K}",
		       "%s: pieces from before fork never rejoin", name);

		neighbour(kernels[k].rules, 'K');
		protect(2, 2, NONE);
		protect(2, 2, R);
		is_str(lays(), "0+4 r {K}",
		       "%s: pieces from after it do", name);
		is_u64(lab_asked, 0, "%s: nothing was asked", name);
	}
}

/* [0, 4) and [8, 12) touched with an object each; the gap is [4, 8). */
static void two_objects(const struct mm_rules *rules)
{
	lab_reset(rules);
	map(0, 4, R);
	map(8, 4, R);
	touch(0, 4);
	touch(8, 4);
}

/*
 *	P*P*....N*N*	two objects: who gets the gap?
 */
static void test_gap_fill_between_two_objects(void)
{
	for_each_kernel(k) {
		bool next = kernels[k].rules->gap_fill_next_first;

		two_objects(kernels[k].rules);
		map(4, 4, R);
		is_str(lays(), next ? "0+4 r {F} | 4+8 r {F}"
				    : "0+8 r {F} | 8+4 r {F}",
		       "%s: mmap gives it to %s", kernels[k].name,
		       next ? "next" : "prev");

		two_objects(kernels[k].rules);
		map(4, 4, NONE);
		protect(4, 4, R);
		is_str(lays(), "0+8 r {F} | 8+4 r {F}",
		       "%s: mprotect gives it to prev", kernels[k].name);
		is_u64(lab_asked, 0, "%s: nothing was asked", kernels[k].name);
	}
}

/*
 *	PPPP....N*N*  and  P*P*....NNNN
 */
static void test_gap_fill_beside_one_object(void)
{
	for_each_kernel(k) {
		bool next = kernels[k].rules->gap_fill_next_first;

		lab_reset(kernels[k].rules);
		map(0, 4, R);
		map(8, 4, R);
		touch(8, 4);
		map(4, 4, R);
		is_str(lays(), next ? "0+4 r {N} | 4+8 r {F}" : "0+12 r {F}",
		       "%s: untouched below, touched above",
		       kernels[k].name);

		lab_reset(kernels[k].rules);
		map(0, 4, R);
		touch(0, 4);
		map(8, 4, R);
		map(4, 4, R);
		is_str(lays(), "0+12 r {F}",
		       "%s: touched below, untouched above",
		       kernels[k].name);
	}
}

/* --- what is not known is asked, and learnt from ---------------------------- */

/*
 *	P?P?....N?N?	writable for long: touched or not, nobody knows
 */
static void gap_between_writable(const struct mm_rules *rules)
{
	lab_reset(rules);
	map(0, 4, RW);
	map(8, 4, RW);
	is_str(lays(), "0+4 rw ac {NF} | 8+4 rw ac {NF}", "maybe touched");
}

static void test_a_gap_fill_asks_where_worlds_differ(void)
{
	gap_between_writable(&rules_6_18);
	map(4, 4, RW);
	is_str(lays(), "0+12 rw ac {NF}", "6.18: no boundary above: one VMA");
	is_u64(lab_asked, 1, "only the end was in doubt");

	gap_between_writable(&rules_6_18);
	kernel_boundary(8);
	map(4, 4, RW);
	is_str(lays(), "0+8 rw ac {F} | 8+4 rw ac {F}",
	       "6.18: a boundary: both have an object");
	is_u64(lab_asked, 1, "only the end was in doubt");
	unmap(4, 4);
	map(4, 4, RW);
	is_u64(lab_asked, 2, "a gap again: which objects is not known");

	gap_between_writable(&rules_6_1);
	kernel_boundary(4);
	map(4, 4, RW);
	is_str(lays(), "0+4 rw ac {NF} | 4+8 rw ac {F}",
	       "6.1: a boundary below: next was touched");
	is_u64(lab_asked, 1, "only the start was in doubt");
}

/*
 *	P?P?X?X?  ->  P?P?A?A?		the same pair, changed again and again
 */
static void test_a_refused_merge_is_remembered(void)
{
	lab_reset(&rules_6_18);
	map(0, 4, RW);
	map(4, 4, RW);
	protect(4, 4, R);
	kernel_boundary(4);
	protect(4, 4, RW);
	is_str(lays(), "0+4 rw ac {F} | 4+4 rw ac {F}", "two objects");
	is_u64(lab_asked, 1, "asked once");
	protect(4, 4, R);
	protect(4, 4, RW);
	is_u64(lab_asked, 1, "and not again");
	protect(4, 2, R);
	protect(4, 2, RW);
	is_str(lays(), "0+4 rw ac {F} | 4+4 rw ac {F}",
	       "a half differs as well, and is the other half's");
	is_u64(lab_asked, 1, "which nobody needs to ask");
}

/* Two halves of a file, A and B, that are known to have an object each. */
static void remembered_pair(void)
{
	reset_files();
	lab_reset(&rules_6_18);
	map_flags(0, 8, RW, MAP_PRIVATE, &files[0], 4UL << 12);
	protect(4, 4, R);
	kernel_boundary(4);
	protect(4, 4, RW);
	protect(4, 4, R);
	is_str(lays(), "0+4 rw ac {F} | 4+4 r ac {F}", "A and B");
	is_u64(lab_asked, 1, "are known to differ");
	lab_boundaries = 0;
}

/* [30, 30 + n) with the file's pages from @page, written, moves to @to. */
static void move_in(int n, int page, int to)
{
	map_flags(30, n, RW, MAP_PRIVATE, &files[0],
		  (unsigned long)page << 12);
	touch(30, n);
	remap(30, n, n, MREMAP_MAYMOVE | MREMAP_FIXED, to, to);
}

static void grow_in_place(int at_page, int old, int new)
{
	struct mm_op op = {
		.call = MM_MREMAP, .addr = P(at_page),
		.len = (unsigned long)old * PAGE_SIZE,
		.new_len = (unsigned long)new * PAGE_SIZE,
	};

	lab_run(&op, (long)op.addr);
}

/*
 *	A*A*B*B*  ->  ....B*B*  ->  M*M*B*B*
 *	A*A*B*B*  ->  A*..B*B*  ->  A*M*B*B*
 *  Z*Z*A*A*B*B*  ->  Z*Z*....B*B*  ->  Z*Z*Z*Z*B*B*
 */
static void test_what_is_remembered_ends_with_its_left_side(void)
{
	remembered_pair();
	unmap(0, 4);
	move_in(4, 4, 0);
	protect(4, 4, RW);
	is_str(lays(), "0+8 rw ac {F}", "M is not A: the kernel is asked");
	is_u64(lab_asked, 2, "once");

	remembered_pair();
	unmap(2, 2);
	kernel_boundary(2);
	move_in(2, 6, 2);
	is_u64(lab_asked, 2, "A and M are asked about");
	protect(4, 4, RW);
	is_str(lays(), "0+2 rw ac {F} | 2+6 rw ac {F}", "so are M and B");
	is_u64(lab_asked, 3, "once");

	remembered_pair();
	map_flags(-4, 4, RW, MAP_PRIVATE | MAP_NORESERVE, &files[0], 0);
	touch(-4, 4);
	at(-4)->vm_flags ^= VM_NORESERVE | VM_ACCOUNT;
	unmap(0, 4);
	grow_in_place(-4, 4, 8);
	protect(4, 4, RW);
	is_str(lays(), "-4+12 rw ac {F}", "and Z and B, after Z grew");
	is_u64(lab_asked, 2, "once");

	remembered_pair();
	unmap(1, 1);
	protect(4, 4, RW);
	is_str(lays(), "0+1 rw ac {F} | 2+2 rw ac {F} | 4+4 rw ac {F}",
	       "what is left of A still differs");
	is_u64(lab_asked, 1, "and nobody needs to ask");
}

/*
 *	P1P1X?X?N1N1	of one object: X is of it on both sides, or on none
 */
static void test_objects_are_consistent(void)
{
	lab_reset(&rules_6_18);
	map(0, 12, R);
	touch(0, 12);
	protect(4, 4, NONE);
	at(4)->anon_vma = 0;
	at(4)->bits &= (uint8_t)~VMA_ANON_MEMO;
	at(8)->bits &= (uint8_t)~VMA_ANON_MEMO;
	protect(4, 4, R);
	is_str(lays(), "0+12 r {F}", "one VMA again");
	is_u64(lab_asked, 1, "after one question: it answers the other");
}

/*
 *	SSMMSSSS  ->  SS..SSSS  ->  SSSS|SSSS	moved away and back
 */
static void test_a_close_hook_in_a_gap_fill(void)
{
	reset_files();
	lab_reset(&rules_6_18);
	files[0].flags = MM_FILE_UNIQUE | MM_FILE_CLOSE;
	map_flags(0, 8, RW, MAP_SHARED, &files[0], 0);
	remap(2, 2, 2, MREMAP_MAYMOVE | MREMAP_FIXED, 20, 20);
	remap(20, 2, 2, MREMAP_MAYMOVE | MREMAP_FIXED, 2, 2);
	is_str(lay(), "0+4 rw s | 4+4 rw s", "next is not deleted");
}

static void test_in_a_child_the_heap_may_be_inherited(void)
{
	for_each_kernel(k) {
		lab_reset(kernels[k].rules);
		map(0, 4, RW);
		dup_mmap(&mm);
		kernel_boundary(4);
		map(4, 4, RW);
		is_str(lays(), "0+4 rw ac {K} | 4+4 rw ac {NF}",
		       "%s: not merged: it was written before fork",
		       kernels[k].name);
		map(8, 4, RW);
		is_str(lays(), "0+4 rw ac {K} | 4+8 rw ac {NF}",
		       "%s: the child's own grows", kernels[k].name);
		is_u64(lab_asked, 1, "%s: asked once", kernels[k].name);

		lab_reset(kernels[k].rules);
		map(0, 4, RW);
		dup_mmap(&mm);
		map(4, 4, RW);
		is_str(lays(), "0+8 rw ac {NF}",
		       "%s: merged: it was not", kernels[k].name);
	}
}

/* The same doubt three ways: F, N or not equal in an unsure flag. */
static void test_an_unsure_flag_is_asked_and_learnt(void)
{
	lab_reset(&rules_6_18);
	map(0, 4, R);
	at(0)->vm_unsure = VM_ACCOUNT;
	map(4, 4, R);
	is_str(lay(), "0+8 r", "merged: the flag is what the range has");
	is_u64(lab_asked, 1, "asked once");
	is_u64(at(0)->vm_unsure, 0, "and sure now");

	lab_reset(&rules_6_18);
	map(0, 4, R);
	at(0)->vm_unsure = VM_ACCOUNT;
	kernel_boundary(4);
	map(4, 4, R);
	is_u64(mm.map_count, 2, "not merged");
	at(4)->vm_flags |= VM_DONTCOPY;
	map(8, 4, R);
	is_u64(lab_asked, 1, "a sure difference needs no asking");
}

static void test_an_unsure_offset_is_asked_and_learnt(void)
{
	lab_reset(&rules_6_18);
	map(0, 4, R);
	at(0)->bits |= VMA_PGOFF_UNSURE;
	at(0)->vm_pgoff = 5;
	map(4, 4, R);
	is_str(lay(), "0+8 r", "merged: the offset is the range's");
	is_u64(at(0)->vm_pgoff, P(0) >> PAGE_SHIFT, "it is known now");
	ok(!(at(0)->bits & VMA_PGOFF_UNSURE), "and sure");

	lab_reset(&rules_6_18);
	map(4, 4, R);
	at(4)->bits |= VMA_PGOFF_UNSURE;
	at(4)->vm_pgoff = 5;
	map(0, 4, R);
	is_str(lay(), "0+8 r", "the same from below");
	is_u64(at(0)->vm_pgoff, P(0) >> PAGE_SHIFT, "it is known now");
}

/* The answer about one side says nothing of the other, which cannot merge. */
static void test_a_side_that_cannot_merge_learns_nothing(void)
{
	lab_reset(&rules_6_18);
	map_flags(0, 4, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, NULL,
		  0);
	protect(0, 4, R);
	map(8, 4, R);
	at(8)->vm_unsure = VM_ACCOUNT;
	map(4, 4, R);
	is_str(lays(), "0+4 r nr {NF} | 4+8 r {N}",
	       "below: other flags, and touched or not");
	is_u64(lab_asked, 1, "one question, about the end");
}

/* Nobody can be asked: two VMAs, and no conclusion. */
static void test_no_answer(void)
{
	struct mm_op op = {
		.call = MM_MMAP, .addr = P(4), .len = 4 * PAGE_SIZE, .prot = RW,
		.flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
		.anonymous = true, .ret = (long)P(4),
	};

	gap_between_writable(&rules_6_18);
	mm_prepare(&mm, &op);
	is_i64(mm_commit(&mm, &op), MM_ASK, "it asks");
	is_u64(op.ask, P(8), "about the end");
	is_u64(mm.map_count, 2, "before anything changed");
	mm_answer(&op, MM_BOUNDARY_UNKNOWN);
	is_i64(mm_commit(&mm, &op), MM_DONE, "it goes on");
	is_i64(validate_mm(&mm), 0, "and is valid");
	is_str(lays(), "0+8 rw ac {NF} | 8+4 rw ac {NF}",
	       "the boundary stays, nothing is concluded");
	ok(at(8)->bits & VMA_EXTENT_UNSURE, "it is marked");
}

int main(void)
{
	test_a_new_range_is_untouched();
	test_a_touched_range_beside_an_untouched_one();
	test_two_touched_ranges();
	test_a_fork_child();
	test_gap_fill_between_two_objects();
	test_gap_fill_beside_one_object();
	test_a_gap_fill_asks_where_worlds_differ();
	test_a_refused_merge_is_remembered();
	test_what_is_remembered_ends_with_its_left_side();
	test_objects_are_consistent();
	test_a_close_hook_in_a_gap_fill();
	test_in_a_child_the_heap_may_be_inherited();
	test_an_unsure_flag_is_asked_and_learnt();
	test_an_unsure_offset_is_asked_and_learnt();
	test_a_side_that_cannot_merge_learns_nothing();
	test_no_answer();
	return done_testing();
}
