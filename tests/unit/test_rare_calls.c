/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Calls that most programs never make, over the engine: mseal,
 * set_mempolicy_home_node, PR_SET_MEMORY_MERGE, userfaultfd. How to read the
 * strings: ops_lab.h.
 */
#include "ops_lab.h"

/* lay() knows neither seals nor userfaultfd: one letter a page. */
static const char *letters(int from, int to)
{
	static char text[64];
	int i;

	for (i = 0; from + i < to; i++) {
		struct vm_area_struct *vma = at(from + i);

		if (!vma || vma->vm_start > P(from + i))
			text[i] = '.';
		else if (vma->uffd)
			text[i] = (char)('0' + vma->uffd);
		else
			text[i] = vma->vm_flags & VM_SEALED ? 'S' : 'a';
	}
	text[i] = '\0';
	return text;
}

/* --- mseal ------------------------------------------------------------------- */

#define seal(from, pages, ret) call_range(MM_MSEAL, from, pages, 0, 0, ret)

static void test_seals(void)
{
	lab_reset(&rules_6_18);
	map(0, 8, R);
	seal(2, 4, 0);
	is_str(letters(0, 8), "aaSSSSaa", "the middle is sealed");
	is_u64(mm.map_count, 3, "and no one's neighbour");
	seal(2, 4, 0);
	is_u64(mm.map_count, 3, "again changes nothing");
	seal(6, 2, 0);
	is_str(letters(0, 8), "aaSSSSSS", "what is behind it, too");
	is_u64(mm.map_count, 2, "sealed merges with sealed");
	map(8, 1, R);
	is_u64(mm.map_count, 3, "but not with what comes new");
}

static void test_seal_looks_for_holes_first(void)
{
	lab_reset(&rules_6_18);
	map(0, 4, R);
	map(6, 4, R);
	seal(2, 6, -ENOMEM);
	is_str(letters(0, 10), "aaaa..aaaa", "a hole: nothing is sealed");
	is_u64(last.unknown_end, 0, "and nothing is unknown");
	seal(-2, 4, -ENOMEM);
	seal(8, 4, -ENOMEM);
	is_str(letters(0, 10), "aaaa..aaaa", "at the ends as well");
	seal(0, 4, -EINVAL);
	seal(0, 4, -ENOSYS);
	is_str(letters(0, 10), "aaaa..aaaa", "nor by a kernel without it");
	is_u64(last.unknown_end, 0, "and nothing is unknown");
}

static void test_seal_without_vmas(void)
{
	lab_reset(&rules_6_18);
	map(0, 8, R);
	mm.max_map_count = 2;
	seal(2, 4, -ENOMEM);
	is_str(lay(), "0+2 r | 2+6 r", "want of VMAs: the first cut stays");
	is_str(letters(0, 8), "aaaaaaaa", "and nothing is sealed");
	lab_reset(&rules_6_18);
	map(0, 4, R);
	map(4, 4, RW);
	seal(0, 8, -ENOMEM);
	ok(last.unknown_end >= P(8), "an error nobody can explain, too");
}

/* --- home nodes ---------------------------------------------------------------- */

/* Policies 1 and 2 may have a home, 3 may not; with a home they are 10 more. */
static uint32_t policy_home(struct mm_struct *m, uint32_t id,
			    unsigned long node)
{
	(void)m;
	if (id == 3)
		return 0;
	return id % 10 + 10 * ((uint32_t)node + 1);
}

static void bind(int from, int pages, uint32_t policy)
{
	struct mm_op op = {
		.call = MM_MBIND, .addr = P(from),
		.len = (unsigned long)pages * PAGE_SIZE, .policy = policy,
	};

	lab_run(&op, 0);
}

#define home(from, pages, node, ret) \
	call_range(MM_HOME_NODE, from, pages, 0, node, ret)

static void test_home_node(void)
{
	lab_reset(&rules_6_18);
	mm.policy_home = policy_home;
	map(0, 12, R);
	home(0, 12, 0, -ENOENT);
	is_str(lay(), "0+12 r", "without a policy there is no home");
	is_u64(last.unknown_end, 0, "and nothing is unknown");
	bind(2, 4, 1);
	home(0, 4, 0, 0);
	is_str(lay(), "0+2 r | 2+2 r =11 | 4+2 r =1 | 6+6 r",
	       "a home splits");
	home(4, 4, 0, 0);
	is_str(lay(), "0+2 r | 2+4 r =11 | 6+6 r", "the same home merges");
	home(2, 2, 1, 0);
	is_str(lay(), "0+2 r | 2+2 r =21 | 4+2 r =11 | 6+6 r", "another");
}

static void test_home_node_ends_where_none_can_be(void)
{
	lab_reset(&rules_6_18);
	mm.policy_home = policy_home;
	map(0, 12, R);
	bind(0, 4, 1);
	bind(4, 4, 3);
	bind(8, 4, 2);
	home(-2, 16, 0, -EOPNOTSUPP);
	is_str(lay(), "0+4 r =11 | 4+4 r =3 | 8+4 r =2",
	       "what comes before it is changed, what comes after is not");
	is_u64(last.unknown_end, 0, "and nothing is unknown");
	home(8, 4, 7, -EINVAL);
	is_str(lay(), "0+4 r =11 | 4+4 r =3 | 8+4 r =2", "no such node");
}

/* --- KSM for all ----------------------------------------------------------------- */

#define merge_all(on, ret) call_range(MM_MEMORY_MERGE, 0, 0, 0, on, ret)

static void test_memory_merge(void)
{
	struct mm_file shm = { .inode = 7, .flags = MM_FILE_UNIQUE };

	lab_reset(&rules_6_18);
	map(0, 4, R);
	map(4, 4, RW);
	map_flags(8, 4, R, MAP_SHARED, &shm, 0);
	advise(4, 2, MADV_MERGEABLE);
	merge_all(1, 0);
	is_str(lay(), "0+4 r mg | 4+2 rw ac mg | 6+2 rw ac mg | 8+4 r s",
	       "all that can, and neighbours stay two");
	map(12, 4, R);
	is_str(lay(), "0+4 r mg | 4+2 rw ac mg | 6+2 rw ac mg | 8+4 r s | "
		      "12+4 r mg", "and what comes later");
	advise(13, 1, MADV_UNMERGEABLE);
	merge_all(1, 0);
	ok(!(at(13)->vm_flags & VM_MERGEABLE), "twice is once");
	merge_all(0, 0);
	is_str(lay(), "0+4 r | 4+2 rw ac | 6+2 rw ac | 8+4 r s | 12+1 r | "
		      "13+1 r | 14+2 r", "none has it, nobody merges");
	map(16, 1, R);
	is_str(lay(), "0+4 r | 4+2 rw ac | 6+2 rw ac | 8+4 r s | 12+1 r | "
		      "13+1 r | 14+3 r", "what comes later has it not");
}

static void test_memory_merge_refused(void)
{
	lab_reset(&rules_6_18);
	map(0, 4, R);
	merge_all(1, -EINVAL);
	map(4, 4, R);
	is_str(lay(), "0+8 r", "a kernel without KSM");
	lab_reset(&rules_6_12);
	map(0, 4, R);
	merge_all(1, 0);
	map(4, 4, R);
	map(8, 4, R);
	is_str(lay(), "0+4 r mg | 4+4 r mg | 8+4 r mg",
	       "to 6.12 the flag came after the merge");
}

/* --- userfaultfd ------------------------------------------------------------------ */

static void uffd(enum mm_call call, int from, int pages, uint16_t id,
		 uint64_t flags, long ret)
{
	struct mm_op op = {
		.call = call, .addr = P(from),
		.len = (unsigned long)pages * PAGE_SIZE, .uffd = id,
		.flags = flags,
	};

	lab_run(&op, ret);
}

#define enter(from, pages, id, flags) \
	uffd(MM_UFFD_REGISTER, from, pages, id, flags, 0)
#define leave(from, pages) uffd(MM_UFFD_UNREGISTER, from, pages, 1, 0, 0)
#define gone(id) uffd(MM_UFFD_RELEASE, 0, 0, id, 0, 0)

static void test_register_and_unregister(void)
{
	lab_reset(&rules_6_18);
	map(0, 8, R);
	map(10, 2, R);
	enter(2, 9, 1, VM_UFFD_MISSING);
	is_str(letters(0, 12), "aa111111..1a", "registered, holes or not");
	is_str(lays(), "0+2 r {N} | 2+6 r {NF} | 10+1 r {NF} | 11+1 r {N}",
	       "pages may come without the program's writing");
	enter(4, 2, 1, VM_UFFD_WP);
	is_u64(mm.map_count, 6, "another mode splits");
	is_u64(at(4)->vm_flags & VM_UFFD, VM_UFFD_WP, "and takes the place");
	enter(4, 1, 1, VM_UFFD_WP);
	is_u64(mm.map_count, 6, "the same again is nothing");
	leave(3, 2);
	is_str(letters(0, 12), "aa1aa111..1a", "unregistered in part");
	is_u64(at(3)->vm_flags & VM_UFFD, 0, "without a flag");
	leave(0, 12);
	is_u64(at(0)->vm_end, P(8), "all of it: one line again");
}

static void test_contexts_keep_apart(void)
{
	lab_reset(&rules_6_18);
	map(0, 8, R);
	enter(0, 4, 1, VM_UFFD_MISSING);
	enter(4, 4, 2, VM_UFFD_MISSING);
	is_str(lay(), "0+4 r | 4+4 r", "two contexts, two lines");
	gone(1);
	is_str(letters(0, 8), "aaaa2222", "one is closed");
	gone(2);
	is_str(lay(), "0+8 r", "both are");
	is_u64(last.unknown_end, 0, "and nothing is unknown");
}

static void test_register_refused(void)
{
	static const int t[] = { -EINVAL, -EPERM, -EBUSY, -EFAULT, -ENOMEM };

	lab_reset(&rules_6_18);
	map(0, 8, R);
	for (unsigned int i = 0; i < ARRAY_SIZE(t); i++)
		uffd(MM_UFFD_REGISTER, 2, 4, 1, VM_UFFD_MISSING, t[i]);
	is_str(letters(0, 8), "aaaaaaaa", "all is looked at before");
	is_u64(last.unknown_end, 0, "and nothing is unknown");
	mm.max_map_count = 2;
	uffd(MM_UFFD_REGISTER, 2, 4, 1, VM_UFFD_MISSING, -EBUSY);
	is_u64(last.unknown_end, 0, "however many there may be");
	uffd(MM_UFFD_REGISTER, 2, 4, 1, VM_UFFD_MISSING, -ENOMEM);
	is_str(lay(), "0+2 r | 2+6 r", "want of VMAs: the first cut stays");
	is_str(letters(0, 8), "aaaaaaaa", "and nothing is registered");
}

static void test_fork_drops_it(void)
{
	lab_reset(&rules_6_18);
	map(0, 8, R);
	enter(2, 4, 1, VM_UFFD_MISSING | VM_UFFD_MINOR);
	dup_mmap(&mm);
	is_str(letters(0, 8), "aaaaaaaa", "a child has none");
	is_u64(at(2)->vm_flags & VM_UFFD, 0, "and no flag");
	is_u64(mm.map_count, 3, "but the lines stay");
}

static void test_learn(void)
{
	lab_reset(&rules_6_18);
	map(0, 8, R);
	at(0)->vm_unsure = VM_DONTDUMP;
	ok(!mm_learn(&mm, P(0), P(4), VM_READ, 0), "no such mapping");
	ok(mm_learn(&mm, P(0), P(8), VM_READ | VM_UFFD_WP | VM_SEALED, 3),
	   "this one");
	is_u64(at(0)->uffd, 3, "has a context");
	is_u64(at(0)->vm_unsure, 0, "and no secrets");
	ok(mm_learn(&mm, P(0), P(8), VM_READ, 3) && !at(0)->uffd,
	   "without the flag it has none");
	is_i64(validate_mm(&mm), 0, "the address space is valid");
}

int main(void)
{
	test_seals();
	test_seal_looks_for_holes_first();
	test_seal_without_vmas();
	test_home_node();
	test_home_node_ends_where_none_can_be();
	test_memory_merge();
	test_memory_merge_refused();
	test_register_and_unregister();
	test_contexts_keep_apart();
	test_register_refused();
	test_fork_drops_it();
	test_learn();
	return done_testing();
}
