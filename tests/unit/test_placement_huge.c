/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where a mapping goes so that huge pages of 2 MiB fit into it: kernel-facts 4,
 * "THP alignment". The rule has three parts: who is aligned, that the search is
 * for 2 MiB more, and what of the found room is taken.
 */
#include "place_lab.h"

static struct mm_file ext4 = {
	.inode = 7, .name = "/f", .name_len = 2, .flags = MM_FILE_THP_ALIGN,
};
static struct mm_file unknown = { .inode = 8, .name = "/g", .name_len = 2 };
static struct mm_file memfd = {
	.inode = 9, .name = "/memfd:a (deleted)", .name_len = 18,
	.flags = MM_FILE_ANON_SHM,
};

/* Highest address below @top at which @len bytes begin as asked. */
static unsigned long below(unsigned long top, unsigned long len,
			   unsigned long off)
{
	unsigned long at = top - len;

	return at - ((at - off) & (MIB2 - 1));
}

static long foretold_file(struct mm_file *file, unsigned long len,
			  unsigned long off)
{
	struct mm_op op = {
		.call = MM_MMAP, .len = len, .prot = R, .flags = MAP_PRIVATE,
		.file = file, .off = off, .pkey = -1,
	};

	return foretold_op(&op);
}

/* --- private anonymous memory ------------------------------------------------- */

/* 6.8 and later: no hint, and a length of whole huge pages. */
static void test_anonymous_memory_of_whole_huge_pages(void)
{
	each_kernel(k) {
		bool aligned = lab_kernels[k].rules->thp_aligned_anon;

		for (unsigned long n = 1; n < 4; n++) {
			space(lab_kernels[k].rules);
			is_i64(foretold(0, n * MIB2, ANON),
			       (long)(aligned ? below(TOP, n * MIB2, 0)
					      : TOP - n * MIB2),
			       "%s: %lu times 2 MiB", lab_kernels[k].name, n);
		}
		is_i64(foretold(0, MIB2 + PAGE_SIZE, ANON),
		       (long)(TOP - MIB2 - PAGE_SIZE), "a page more: plain");
		is_i64(foretold(0, MIB2 - PAGE_SIZE, ANON),
		       (long)(TOP - MIB2 + PAGE_SIZE), "a page less: plain");
	}
}

static void test_who_is_not_aligned(void)
{
	space(&rules_6_18);
	is_i64(foretold(TOP + PAGE_SIZE, MIB2, ANON), (long)(TOP + PAGE_SIZE),
	       "a hint that is taken");
	taken(5000, 1);
	is_i64(foretold(P(5000), MIB2, ANON), (long)(TOP - MIB2),
	       "a hint that is not taken: searched plainly");
	is_i64(foretold(0, MIB2, MAP_SHARED | MAP_ANONYMOUS),
	       (long)(TOP - MIB2), "shared memory");
	is_i64(foretold(0, MIB2, ANON | MAP_STACK), (long)below(TOP, MIB2, 0),
	       "a stack is");
}

/*
 * The hole that is found is 2 MiB longer. If its lower end happens to be right,
 * its upper end is right as well, and is nearer to the neighbour.
 */
static void test_what_of_the_hole_is_taken(void)
{
	unsigned long top = (BASE + 100 * MIB2) & ~(MIB2 - 1);

	space(&rules_6_18);
	mm.mmap_base = top;
	is_u64(foretold(0, MIB2, ANON), top - MIB2, "the upper end");
	mm.mmap_base = top + PAGE_SIZE;
	is_u64(foretold(0, MIB2, ANON), top - MIB2,
	       "2 MiB lower where only that is aligned");
	mm.legacy_layout = true;
	mm.mmap_base = top;
	is_u64(foretold(0, MIB2, ANON), top, "bottom-up: the lower end");
	mm.mmap_base = top + PAGE_SIZE;
	is_u64(foretold(0, MIB2, ANON), top + MIB2, "or the next");
}

/*
 *	##[ 3 MiB ]##	a hole that holds 2 MiB, but not 4
 */
static void test_no_room_to_align(void)
{
	space(&rules_6_18);
	wall(PAGE_SIZE, TOP - MIB2 - MIB2 / 2, VM_READ);
	taken_above(1000);
	is_i64(foretold(0, MIB2, ANON), (long)(TOP - MIB2),
	       "plainly, in a hole that is too small for both");
}

/* The search for more may end in another hole than the plain one would. */
static void test_the_longer_search_decides_which_hole(void)
{
	unsigned long top = (BASE + 100 * MIB2) & ~(MIB2 - 1);

	space(&rules_6_18);
	mm.mmap_base = top;
	wall(top - MIB2 - MIB2 / 2, top - MIB2, VM_READ);
	is_u64(foretold(0, MIB2, ANON), below(top - MIB2 - MIB2 / 2, MIB2, 0),
	       "a hole of 2 MiB at the top, aligned as it is, is passed by");
}

/* --- files ------------------------------------------------------------------------ */

/* 6.1 and later, where the file system asks for it; address = offset. */
static void test_a_file_with_the_hook(void)
{
	const unsigned long off = 3 * PAGE_SIZE;

	each_kernel(k) {
		const struct mm_rules *rules = lab_kernels[k].rules;
		long got;

		space(rules);
		got = foretold_file(&ext4, 2 * MIB2 + PAGE_SIZE, off);
		if (!rules->thp_aligned_file)
			is_i64(got, (long)(TOP - 2 * MIB2 - PAGE_SIZE),
			       "%s: plain", lab_kernels[k].name);
		else
			is_u64((unsigned long)got & (MIB2 - 1), off,
			       "%s: as its offset", lab_kernels[k].name);
		is_i64(foretold_file(&ext4, MIB2, 0),
		       (long)(rules->thp_aligned_file ? below(TOP, MIB2, 0)
						      : TOP - MIB2),
		       "2 MiB from offset 0");
	}
}

/* Only if it has a whole, aligned huge page of the file. */
static void test_a_file_range_without_a_huge_page(void)
{
	space(&rules_6_18);
	is_i64(foretold_file(&ext4, MIB2, PAGE_SIZE), (long)(TOP - MIB2),
	       "2 MiB, but from offset 4096");
	is_i64(foretold_file(&ext4, 2 * MIB2 - 2 * PAGE_SIZE, PAGE_SIZE),
	       (long)(TOP - 2 * MIB2 + 2 * PAGE_SIZE),
	       "all but the first and the last page of two");
	is_u64((unsigned long)foretold_file(&ext4, 2 * MIB2 - PAGE_SIZE,
					    PAGE_SIZE) & (MIB2 - 1),
	       PAGE_SIZE, "all but the first: the second is whole");
	is_i64(foretold_file(&ext4, PAGE_SIZE, 0), (long)(TOP - PAGE_SIZE),
	       "a page");
}

static void test_other_files(void)
{
	space(&rules_6_18);
	is_i64(foretold_file(&unknown, MIB2, 0), UNKNOWN,
	       "of a file system nobody knows, nothing is claimed");
	is_i64(foretold_file(&unknown, PAGE_SIZE, 0),
	       (long)(TOP - PAGE_SIZE), "unless no huge page fits anyway");
	is_i64(foretold_file(&memfd, MIB2, 0), (long)(TOP - MIB2),
	       "shared memory is not aligned");
	space(&rules_5_10);
	is_i64(foretold_file(&unknown, MIB2, 0), (long)(TOP - MIB2),
	       "nor anything before 6.1");
}

/* --- mremap ------------------------------------------------------------------------ */

/* A move that looks for a place is aligned by its new length. */
static void test_moves(void)
{
	each_kernel(k) {
		bool aligned = lab_kernels[k].rules->thp_aligned_anon;
		struct mm_op op = {
			.call = MM_MREMAP, .addr = P(-5000), .len = PAGE_SIZE,
			.new_len = MIB2, .flags = MREMAP_MAYMOVE,
		};

		space(lab_kernels[k].rules);
		map(-5000, 1, RW);
		taken(-4999, 1);
		is_i64(foretold_op(&op), (long)(aligned ? below(TOP, MIB2, 0)
							: TOP - MIB2),
		       "%s: to 2 MiB", lab_kernels[k].name);
		op.new_len = MIB2 + PAGE_SIZE;
		is_i64(foretold_op(&op), (long)(TOP - MIB2 - PAGE_SIZE),
		       "to a page more: plain");
	}
}

int main(void)
{
	test_anonymous_memory_of_whole_huge_pages();
	test_who_is_not_aligned();
	test_what_of_the_hole_is_taken();
	test_no_room_to_align();
	test_the_longer_search_decides_which_hole();
	test_a_file_with_the_hook();
	test_a_file_range_without_a_huge_page();
	test_other_files();
	test_moves();
	return done_testing();
}
