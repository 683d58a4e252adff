/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where a mapping goes: the searches, hints, fixed addresses, guards. What huge
 * pages do to it is in test_placement_huge.c. Pictures: # is mapped, . is a
 * hole, * is where the new mapping goes, | is mmap_base.
 */
#include "place_lab.h"

/* --- top-down ---------------------------------------------------------------- */

/*
 *	.............**|
 */
static void test_an_empty_space_is_filled_from_the_top(void)
{
	each_kernel(k) {
		space(lab_kernels[k].rules);
		is_i64(page(place(2)), 998, "%s: right below mmap_base",
		       lab_kernels[k].name);
	}
}

/*
 *	....###....###...**##..##|	two pages: the first hole from above
 *					that holds them, and its top
 */
static void test_the_highest_hole_that_holds_it(void)
{
	space(&rules_6_18);
	taken(999, 1);
	taken(990, 8);		/* a hole of one page above */
	taken(900, 50);		/* [950, 990) is free */
	is_i64(page(place(1)), 998, "one page fits the highest hole");
	is_i64(page(place(2)), 988, "two go on to the next");
	is_i64(page(place(40)), 950, "a hole that fits exactly is taken");
	is_i64(page(place(41)), 859, "one page more and it is not");
}

/*
 *	....*|..##	what lies above mmap_base is not looked at
 */
static void test_mmap_base_is_the_limit(void)
{
	space(&rules_6_18);
	taken(1500, 10);
	is_i64(page(place(1)), 999, "below mmap_base");
	taken(990, 20);
	is_i64(page(place(1)), 989, "a mapping across mmap_base is in the way");
}

/*
 *	##########|*...	nothing below: bottom-up from a third of the space
 */
static void test_where_nothing_is_left_it_looks_bottom_up(void)
{
	each_kernel(k) {
		space(lab_kernels[k].rules);
		taken_below(1000);
		wall(PAGE_SIZE, mm.rules.mmap_min_addr, VM_READ);
		is_i64(page(place(3)), 1000, "%s: above mmap_base then",
		       lab_kernels[k].name);
	}
}

static void test_no_hole_at_all(void)
{
	each_kernel(k) {
		space(lab_kernels[k].rules);
		wall(PAGE_SIZE, mm.rules.mmap_min_addr, VM_READ);
		taken_below(10);
		taken_above(20);
		is_i64(page(place(10)), 10, "%s: ten pages are left",
		       lab_kernels[k].name);
		is_i64((long)place(11), -ENOMEM, "eleven are not");
		is_i64((long)place(mm.task_size / PAGE_SIZE + 1), -ENOMEM,
		       "longer than the space itself");
	}
}

/* kernel-facts 4: PAGE_SIZE up to 6.1, mmap_min_addr since 6.6. */
static void test_the_lower_limit(void)
{
	each_kernel(k) {
		const struct mm_rules *rules = lab_kernels[k].rules;

		space(rules);
		taken_below(1000);
		taken_above(1000);
		is_i64((long)place(1), rules->low_limit_min_addr ?
		       -ENOMEM : (long)rules->mmap_min_addr - 0x1000,
		       "%s: below mmap_min_addr", lab_kernels[k].name);
		is_i64((long)place(15), rules->low_limit_min_addr ?
		       -ENOMEM : 0x1000, "down to the first page");
		is_i64((long)place(16), -ENOMEM, "which is never given out");
	}
}

/* --- bottom-up ----------------------------------------------------------------- */

/*
 *	|##.##**....	legacy layout: the lowest hole above mmap_base
 */
static void test_a_legacy_layout_is_filled_from_below(void)
{
	each_kernel(k) {
		space(lab_kernels[k].rules);
		mm.legacy_layout = true;
		mm.mmap_base = P(0);
		is_i64(page(place(2)), 0, "%s: at mmap_base",
		       lab_kernels[k].name);
		taken(0, 10);
		taken(11, 10);
		is_i64(page(place(1)), 10, "the lowest hole");
		is_i64(page(place(2)), 21, "the lowest that holds it");
		taken_above(21);
		is_i64((long)place(2), -ENOMEM, "below mmap_base is nothing");
	}
}

/* --- guards ---------------------------------------------------------------------- */

/*
 *	...**<-guard->GGGG|	256 pages below what grows down stay free
 */
static void test_a_stack_keeps_its_guard(void)
{
	each_kernel(k) {
		space(lab_kernels[k].rules);
		wall(P(900), P(1000), VM_READ | VM_GROWSDOWN);
		is_i64(page(place(2)), 900 - 256 - 2, "%s: below the guard",
		       lab_kernels[k].name);
		taken(300, 10);
		is_i64(page(place(334)), 310, "a hole less the guard fits");
		is_i64(page(place(335)), -35, "a page more does not");
	}
}

static void test_a_shadow_stack_keeps_one_page(void)
{
	space(&rules_6_18);
	wall(P(990), P(1000), VM_READ | VM_SHADOW_STACK);
	is_i64(page(place(2)), 987, "one page is kept free");
}

/*
 *	GGGG**|	the guard is below a stack; right above it all may begin
 */
static void test_nothing_is_kept_above_a_stack(void)
{
	space(&rules_6_18);
	wall(P(900), P(998), VM_READ | VM_GROWSDOWN);
	is_i64(page(place(2)), 998, "between the stack and mmap_base");
}

static void test_the_guard_is_a_boot_parameter(void)
{
	struct mm_rules rules = rules_6_18;

	rules.stack_guard_gap = 0;
	space(&rules);
	wall(P(900), P(1000), VM_READ | VM_GROWSDOWN);
	is_i64(page(place(2)), 898, "stack_guard_gap=0");
}

/*
 *	###*###......GGG|	hole 300 pages below G lies within the guard of
 *				G: kernels since 6.1 pass it by
 */
static void test_a_maple_tree_passes_a_guard_whole(void)
{
	struct mm_rules rules = rules_6_18;

	for (int skips = 0; skips < 2; skips++) {
		rules.guard_skips = skips;
		space(&rules);
		wall(P(980), P(1000), VM_READ | VM_GROWSDOWN);
		taken(890, 80);		/* ten pages free below G */
		taken(700, 189);	/* one page free at 889 */
		is_i64(page(place(1)), skips ? 699 : 889,
		       "a hole within a guard, skipped: %d", skips);
	}
}

/* --- hints ------------------------------------------------------------------------ */

static void test_a_free_hint_is_taken(void)
{
	each_kernel(k) {
		space(lab_kernels[k].rules);
		taken(10, 10);
		is_i64(page(place_at(P(5), 5, 0)), 5, "%s: touching the next",
		       lab_kernels[k].name);
		is_i64(page(place_at(P(20), 5, 0)), 20, "touching the previous");
		is_i64(page(place_at(P(5000), 5, 0)), 5000,
		       "above mmap_base as well");
	}
}

static void test_a_hint_that_is_not_free(void)
{
	space(&rules_6_18);
	taken(10, 10);
	is_i64(page(place_at(P(10), 1, 0)), 999, "mapped: searched instead");
	is_i64(page(place_at(P(5), 6, 0)), 994, "so is one that overlaps");
	is_i64(page(place_at(mm.task_size - PAGE_SIZE, 2, 0)), 998,
	       "or one that leaves the space");
}

/*
 *	..hh..<-guard->GGG	above counts the guard, below nothing does
 */
static void test_a_hint_and_guards(void)
{
	space(&rules_6_18);
	wall(P(500), P(510), VM_READ | VM_GROWSDOWN);
	is_i64(page(place_at(P(500 - 256 - 2), 2, 0)), 242, "up to the guard");
	is_i64(page(place_at(P(500 - 256 - 1), 2, 0)), 998, "not into it");
	is_i64(page(place_at(P(510), 2, 0)), 510, "right above a stack");
}

static void test_a_hint_is_rounded(void)
{
	space(&rules_6_18);
	is_i64(page((unsigned long)foretold(P(5) + 0xfff, PAGE_SIZE, ANON)), 5,
	       "down to its page");
	is_i64(foretold(0xfff, PAGE_SIZE, ANON), (long)P(999),
	       "within page 0 it is none");
	is_i64(foretold(0x1000, PAGE_SIZE, ANON), 65536,
	       "below mmap_min_addr it is raised to that");
}

/* Five page table levels: 47 bits unless a hint lies above. */
static void test_a_hint_opens_the_whole_space(void)
{
	unsigned long high = 1UL << 50;

	space(&rules_6_18);
	mm.task_size = (1UL << 56) - PAGE_SIZE;
	is_i64(page(place(1)), 999, "no hint: the default window");
	is_u64(place_at(high, 1, 0), high, "a hint above is taken");
	is_u64(place_at((1UL << 47) - 2 * PAGE_SIZE, 2, 0), P(998),
	       "across the window's end it is not");
	is_u64(place_at(mm.task_size - PAGE_SIZE, 2, 0),
	       TOP + mm.task_size - DEFAULT_MAP_WINDOW - 2 * PAGE_SIZE,
	       "nor across the space's");
	wall(high, high + PAGE_SIZE, VM_READ);
	is_u64(place_at(high, 1, 0),
	       TOP + mm.task_size - DEFAULT_MAP_WINDOW - PAGE_SIZE,
	       "nor if it is mapped: the top of the whole space");
}

/* --- where the program says ---------------------------------------------------------- */

static void test_fixed(void)
{
	each_kernel(k) {
		space(lab_kernels[k].rules);
		taken(10, 10);
		wall(P(500), P(510), VM_READ | VM_GROWSDOWN);
		is_i64(page(place_at(P(5), 10, MAP_FIXED)), 5,
		       "%s: over what is there", lab_kernels[k].name);
		is_i64(page(place_at(P(499), 1, MAP_FIXED)), 499,
		       "into a guard");
		is_i64((long)place_at(P(5) + 1, 1, MAP_FIXED), -EINVAL,
		       "not within a page");
		is_u64(place_at(mm.task_size - PAGE_SIZE, 1, MAP_FIXED),
		       mm.task_size - PAGE_SIZE, "the last page");
		is_i64((long)place_at(mm.task_size, 1, MAP_FIXED), -ENOMEM,
		       "not behind it");
	}
}

static void test_fixed_noreplace(void)
{
	const unsigned long flags = ANON | MAP_FIXED_NOREPLACE;

	each_kernel(k) {
		space(lab_kernels[k].rules);
		taken(10, 10);
		wall(P(500), P(510), VM_READ | VM_GROWSDOWN);
		is_i64(foretold(P(5), 5 * PAGE_SIZE, flags), (long)P(5),
		       "%s: up to what is there", lab_kernels[k].name);
		is_i64(foretold(P(5), 6 * PAGE_SIZE, flags), -EEXIST,
		       "not over it");
		is_i64(foretold(P(19), PAGE_SIZE, flags), -EEXIST,
		       "nor over its end");
		is_i64(foretold(P(499), PAGE_SIZE, flags), (long)P(499),
		       "into a guard");
		is_i64(foretold(P(5) + 1, PAGE_SIZE, flags), -EINVAL,
		       "not within a page");
	}
}

/* Its start is drawn anew for each call. */
static void test_map_32bit(void)
{
	space(&rules_6_18);
	is_i64(foretold(0, PAGE_SIZE, ANON | MAP_32BIT), UNKNOWN,
	       "nobody knows where it goes");
	is_i64(foretold(0x10000000, PAGE_SIZE, ANON | MAP_32BIT), 0x10000000,
	       "but a hint is taken");
	is_i64(foretold(0, 0x80000000UL, ANON | MAP_32BIT), -ENOMEM,
	       "nothing holds two GiB");
	wall(0x40000000, 0x42000000 + PAGE_SIZE, VM_READ);
	is_i64(foretold(0, PAGE_SIZE, ANON | MAP_32BIT),
	       0x42000000 + PAGE_SIZE,
	       "what lies above all that may be drawn is known");
	wall(0x42000000 + PAGE_SIZE, 0x80000000, VM_READ);
	is_i64(foretold(0, PAGE_SIZE, ANON | MAP_32BIT), -ENOMEM,
	       "below the first GiB it does not look");
}

/* MAP_ABOVE4G came with 6.6; before it is a flag without a meaning. */
static void test_map_above4g(void)
{
	each_kernel(k) {
		const struct mm_rules *rules = lab_kernels[k].rules;

		space(rules);
		wall(1UL << 32, mm.task_size, VM_READ);
		is_i64((long)place_at(0, 1, 0), (1L << 32) - 0x1000,
		       "%s: without it, below 4 GiB", lab_kernels[k].name);
		is_i64((long)place_at(0, 1, MAP_ABOVE4G_),
		       rules->low_limit_min_addr ? -ENOMEM :
						   (1L << 32) - 0x1000,
		       "with it, as the kernel knows it");
	}
}

/* --- the tree against the list ----------------------------------------------------- */

/* The answers of a search that looks at every hole there is. */
static long by_hand(unsigned long pages, bool topdown)
{
	unsigned long len = pages << PAGE_SHIFT, best = 0;
	unsigned long low = topdown ? 0x10000 : mm.mmap_base;
	unsigned long high = topdown ? mm.mmap_base : DEFAULT_MAP_WINDOW;
	struct vm_area_struct *vma = mm.mmap;

	for (unsigned long from = 0; !best || topdown; vma = vma->vm_next) {
		unsigned long s = from > low ? from : low;
		unsigned long e = vma ? vma->vm_start : high;

		if (vma && vma->vm_flags & VM_GROWSDOWN)
			e -= mm.rules.stack_guard_gap;
		e = e < high ? e : high;
		if (e > s && e - s >= len)
			best = topdown ? e - len : s;
		if (!vma)
			break;
		from = vma->vm_end;
	}
	return page(best);
}

static void test_the_tree_finds_what_the_list_finds(void)
{
	uint64_t dice = 88172645463325252ULL;
	struct mm_rules rules = rules_6_18;
	bool same = true;

	rules.guard_skips = false;
	for (int round = 0; round < 200 && same; round++) {
		space(&rules);
		mm.legacy_layout = round & 1;
		mm.mmap_base = mm.legacy_layout ? P(0) : TOP;
		for (int i = 0; i < 60; i++) {
			unsigned long at, len, flags;

			dice ^= dice << 13, dice ^= dice >> 7;
			dice ^= dice << 17;
			at = P(dice % 4000);
			len = (1 + (dice >> 16) % 30) * PAGE_SIZE;
			flags = (dice >> 24) % 8 ? 0 : VM_GROWSDOWN;
			if (!find_vma_intersection(&mm, at, at + len))
				wall(at, at + len, VM_READ | flags);
		}
		for (unsigned long n = 1; n < 700; n = n * 3 / 2 + 1)
			same &= page(place(n)) ==
				by_hand(n, !mm.legacy_layout);
	}
	ok(same, "in 200 spaces, for lengths of 1 to 700 pages");
}

int main(void)
{
	test_an_empty_space_is_filled_from_the_top();
	test_the_highest_hole_that_holds_it();
	test_mmap_base_is_the_limit();
	test_where_nothing_is_left_it_looks_bottom_up();
	test_no_hole_at_all();
	test_the_lower_limit();
	test_a_legacy_layout_is_filled_from_below();
	test_a_stack_keeps_its_guard();
	test_a_shadow_stack_keeps_one_page();
	test_nothing_is_kept_above_a_stack();
	test_the_guard_is_a_boot_parameter();
	test_a_maple_tree_passes_a_guard_whole();
	test_a_free_hint_is_taken();
	test_a_hint_that_is_not_free();
	test_a_hint_and_guards();
	test_a_hint_is_rounded();
	test_a_hint_opens_the_whole_space();
	test_fixed();
	test_fixed_noreplace();
	test_map_32bit();
	test_map_above4g();
	test_the_tree_finds_what_the_list_finds();
	return done_testing();
}
