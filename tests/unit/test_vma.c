/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The functions below all calls: lookup and its cache, links, splits, a file's
 * i_mmap. Names are the kernel's; each case says what its reader expects of
 * that function.
 */
#include "place_lab.h"

/*
 *	.AAAA....BBBB.	10+4, 20+4
 */
static void two(void)
{
	lab_reset(&rules_6_18);
	map(10, 4, R);
	map(20, 4, RW);
}

/* --- lookup ----------------------------------------------------------------------- */

static void test_find_vma(void)
{
	two();
	ok(find_vma(&mm, 0) == at(10), "the first that ends above the address");
	ok(find_vma(&mm, P(10)) == at(10), "its first byte");
	ok(find_vma(&mm, P(14) - 1) == at(10), "its last byte");
	ok(find_vma(&mm, P(14)) == at(20), "its end is the next one's");
	ok(!find_vma(&mm, P(24)), "behind all is none");
}

static void test_find_vma_prev(void)
{
	struct vm_area_struct *prev;

	two();
	ok(find_vma_prev(&mm, P(9), &prev) == at(10) && !prev,
	   "before the first there is none");
	ok(find_vma_prev(&mm, P(15), &prev) == at(20) && prev == at(10),
	   "in a hole: both sides of it");
	ok(find_vma_prev(&mm, P(22), &prev) == at(20) && prev == at(10),
	   "in a mapping: it and the one before");
	ok(!find_vma_prev(&mm, P(30), &prev) && prev == at(20),
	   "behind all: the last");
	lab_reset(&rules_6_18);
	ok(!find_vma_prev(&mm, P(30), &prev) && !prev, "nothing in nothing");
}

static void test_find_vma_intersection(void)
{
	two();
	ok(!find_vma_intersection(&mm, P(14), P(20)), "a hole");
	ok(find_vma_intersection(&mm, P(14), P(20) + 1) == at(20),
	   "a byte of the next");
	ok(find_vma_intersection(&mm, P(14) - 1, P(20)) == at(10),
	   "a byte of the one before");
}

static void test_find_vma_links(void)
{
	struct rb_node **link, *parent;
	struct vm_area_struct *prev;

	two();
	ok(!find_vma_links(&mm, P(13), P(15), &prev, &link, &parent),
	   "where something is nothing can be linked");
	ok(find_vma_links(&mm, P(14), P(20), &prev, &link, &parent),
	   "a hole from end to end");
	ok(prev == at(10) && !*link, "behind the first, at a free link");
	ok(find_vma_links(&mm, P(0), P(10), &prev, &link, &parent) && !prev,
	   "below all there is no previous one");
}

static void test_insert_vm_struct(void)
{
	struct vma_attr a = { .anon_state = ANON_NONE };
	struct vm_area_struct *vma;

	two();
	vma = vma_from_attr(&mm, P(13), P(15), &a);
	is_i64(insert_vm_struct(&mm, vma), -ENOMEM, "not over another");
	is_u64(mm.map_count, 2, "then nothing has changed");
	vma->vm_start = P(14);
	is_i64(insert_vm_struct(&mm, vma), 0, "into a hole");
	is_i64(validate_mm(&mm), 0, "list, tree and counts follow");
	ok(at(10)->vm_next == vma && at(20)->vm_prev == vma, "between both");
}

/* --- the cache ---------------------------------------------------------------------- */

static bool cached(const struct vm_area_struct *vma)
{
	for (unsigned int i = 0; i < VMACACHE_SIZE; i++)
		if (mm.vmacache[i] == vma)
			return true;
	return false;
}

static void test_vmacache(void)
{
	struct vm_area_struct *a, *b;

	two();
	a = find_vma(&mm, P(11));
	b = find_vma(&mm, P(22));
	ok(cached(a) && cached(b), "what was found is remembered");
	ok(find_vma(&mm, P(11)) == a, "and found again");
	unmap(11, 1);
	is_i64(validate_mm(&mm), 0, "the cache names only what is there");
	ok(find_vma(&mm, P(11)) != a, "what was cut away is not found");
	unmap(20, 4);
	ok(!cached(b), "what is gone is not remembered");
	ok(!find_vma(&mm, P(22)), "nor found");
}

/* A VMA that moves its ends stays in the cache: what it held may be another's. */
static void test_a_cached_vma_that_shrinks(void)
{
	lab_reset(&rules_6_18);
	map(0, 8, R);
	find_vma(&mm, P(6));
	protect(4, 4, NONE);
	ok(find_vma(&mm, P(6))->vm_start == P(4), "the upper half is found");
	protect(0, 8, R);
	ok(find_vma(&mm, P(6))->vm_start == P(0), "and the whole again");
	for (unsigned int n = 0; n < 8; n++) {
		protect((int)n, 1, NONE);
		ok(find_vma(&mm, P(n))->vm_start == P(0),
		   "page %u, as the boundary moves over it", n);
	}
}

static void test_vma_after_leaves_the_cache_alone(void)
{
	two();
	for (unsigned int i = 0; i < VMACACHE_SIZE; i++)
		mm.vmacache[i] = NULL;
	ok(vma_after(&mm, P(14)) == mm.mmap->vm_next, "it finds as find_vma()");
	ok(!vma_holding(&mm, P(14)) && vma_holding(&mm, P(20)),
	   "vma_holding(): only what holds the address");
	ok(!cached(mm.mmap->vm_next), "and leaves no trace");
}

/* --- cutting ------------------------------------------------------------------------- */

/*
 *	AAAAAAAA  ->  AAAAAABB or BBBBBBAA	the new one is above or below
 */
static void test_split_vma(void)
{
	struct vm_area_struct *old, *new;

	for (int below = 0; below < 2; below++) {
		lab_reset(&rules_6_18);
		map(0, 8, RW);
		old = at(0);
		old->vm_policy = 3;
		old->anon_name = 4;
		new = __split_vma(&mm, old, P(6), below);
		ok(at(0) == (below ? new : old) && at(6) == (below ? old : new),
		   "the new half is %s", below ? "below" : "above");
		ok(at(0)->vm_end == P(6) && at(6)->vm_end == P(8),
		   "they meet where it was cut");
		is_u64(at(6)->vm_pgoff, at(0)->vm_pgoff + 6,
		       "the upper one's offset goes on");
		ok(mpol_equal(new->vm_policy, old->vm_policy) &&
		   new->anon_name == 4, "policy and name are both's");
		is_i64(validate_mm(&mm), 0, "all laws hold");
	}
}

/* anon_vma_clone(): both halves have the one object, and will merge again. */
static void test_split_of_written_memory(void)
{
	lab_reset(&rules_6_18);
	map(0, 8, RW);
	touch(0, 1);
	protect(0, 4, R);
	ok(at(4)->bits & VMA_ANON_SAME, "one object for both, and remembered");
	protect(0, 4, RW);
	is_str(lays(), "0+8 rw ac {F}", "undone: one mapping");
	is_u64(lab_asked, 0, "nobody was asked");
}

static void test_mpol_equal(void)
{
	ok(mpol_equal(0, 0), "no policy twice");
	ok(mpol_equal(5, 5), "the same policy");
	ok(!mpol_equal(5, 6) && !mpol_equal(0, 5), "another, or none");
}

/* A policy goes with what is copied: to both halves, to the target of a move. */
static void test_a_policy_goes_along(void)
{
	lab_reset(&rules_6_18);
	map(0, 8, R);
	vma_set_attr(&mm, at(0), &(struct vma_attr){
		.vm_flags = at(0)->vm_flags, .anon_state = ANON_NONE,
		.policy = 3,
	});
	remap(2, 4, 4, MREMAP_MAYMOVE | MREMAP_FIXED, 20, 20);
	is_str(lay(), "0+2 r =3 | 6+2 r =3 | 20+4 r =3", "all three have it");
	dup_mmap(&mm);
	is_str(lay(), "0+2 r =3 | 6+2 r =3 | 20+4 r =3", "a child, too");
	map(24, 4, R);
	is_str(lay(), "0+2 r =3 | 6+2 r =3 | 20+4 r =3 | 24+4 r",
	       "it keeps neighbours apart");
}

/* --- who maps this part of a file ------------------------------------------------------ */

static unsigned int mappers(const struct mm_file *f, unsigned long from,
			    unsigned long to)
{
	struct vm_area_struct *vma;
	unsigned int n = 0;

	for (vma = vma_interval_tree_iter_first(f, from, to); vma;
	     vma = vma_interval_tree_iter_next(vma, from, to))
		n++;
	return n;
}

static struct mm_file file = { .inode = 7, .name = "/f", .name_len = 2 };

/*
 * File pages 0 to 7 at page 0, 4 to 7 once more at page 20, then 2 and 3 of the
 * first are taken away.
 */
static void test_i_mmap(void)
{
	lab_reset(&rules_6_18);
	map_flags(0, 8, R, MAP_PRIVATE, &file, 0);
	map_flags(20, 4, R, MAP_PRIVATE, &file, 4 * PAGE_SIZE);
	is_u64(mappers(&file, 0, 3), 1, "the lower half has one mapper");
	is_u64(mappers(&file, 4, 4), 2, "the upper half has two");
	is_u64(mappers(&file, 8, 100), 0, "behind it nobody is");
	unmap(2, 2);
	is_u64(mappers(&file, 2, 3), 0, "what was unmapped has none");
	is_u64(mappers(&file, 0, 7), 3, "the rest three");
	remap(20, 4, 4, MREMAP_MAYMOVE | MREMAP_FIXED, 40, 40);
	ok(vma_interval_tree_iter_first(&file, 7, 7) &&
	   mappers(&file, 4, 7) == 2, "a move changes who, not what");
	unmap(0, 60);
	is_u64(file.mapcount, 0, "in the end nobody has it");
}

int main(void)
{
	test_find_vma();
	test_find_vma_prev();
	test_find_vma_intersection();
	test_find_vma_links();
	test_insert_vm_struct();
	test_vmacache();
	test_a_cached_vma_that_shrinks();
	test_vma_after_leaves_the_cache_alone();
	test_split_vma();
	test_split_of_written_memory();
	test_mpol_equal();
	test_a_policy_goes_along();
	test_i_mmap();
	return done_testing();
}
