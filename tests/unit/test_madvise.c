/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * madvise over the engine, and what goes its way: policies (mbind) and names
 * of anonymous memory. How to read the pictures and strings: ops_lab.h.
 */
#include "ops_lab.h"

#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)
#define POPULATE_WRITE 23
#define GUARD_INSTALL 102

/*
 *	AAAAAAAA  ->  AA BBBB AA  ->  AAAAAAAA		kernel-facts 1.4
 */
static void test_advice_splits_and_its_opposite_merges(void)
{
	static const struct {
		const char *name, *shown;
		int advice, undo;
	} t[] = {
		{ "DONTFORK", "dc", MADV_DONTFORK, MADV_DOFORK },
		{ "DONTDUMP", "dd", MADV_DONTDUMP, MADV_DODUMP },
		{ "WIPEONFORK", "wf", MADV_WIPEONFORK, MADV_KEEPONFORK },
		{ "MERGEABLE", "mg", MADV_MERGEABLE, MADV_UNMERGEABLE },
		{ "SEQUENTIAL", "sr", MADV_SEQUENTIAL, MADV_NORMAL },
		{ "RANDOM", "rr", MADV_RANDOM, MADV_NORMAL },
	};
	char want[64];

	for (unsigned int i = 0; i < ARRAY_SIZE(t); i++) {
		lab_reset(&rules_6_12);
		map(0, 8, R);
		advise(2, 4, t[i].advice);
		snprintf(want, sizeof(want), "0+2 r | 2+4 r %s | 6+2 r",
			 t[i].shown);
		is_str(lay(), want, "%s splits", t[i].name);
		advise(2, 4, t[i].advice);
		is_str(lay(), want, "%s again changes nothing", t[i].name);
		advise(0, 8, t[i].undo);
		is_str(lay(), "0+8 r", "undone, one line again");
	}
}

static void test_huge_page_advice_has_no_way_back(void)
{
	lab_reset(&rules_6_18);
	map(0, 8, R);
	advise(2, 4, MADV_HUGEPAGE);
	is_str(lay(), "0+2 r | 2+4 r hg | 6+2 r", "HUGEPAGE splits");
	advise(2, 4, MADV_NOHUGEPAGE);
	advise(2, 4, MADV_NORMAL);
	is_str(lay(), "0+2 r | 2+4 r nh | 6+2 r", "its opposite is another");
	advise(0, 8, MADV_NOHUGEPAGE);
	is_str(lay(), "0+8 r nh", "only the same for all makes one line");
}

static void test_sequential_and_random_exclude_each_other(void)
{
	lab_reset(&rules_6_18);
	map(0, 8, R);
	advise(0, 8, MADV_SEQUENTIAL);
	advise(0, 4, MADV_RANDOM);
	is_str(lay(), "0+4 r rr | 4+4 r sr", "one takes the other's place");
}

static void test_advice_without_a_flag_changes_nothing(void)
{
	static const int t[] = {
		MADV_DONTNEED, MADV_FREE, MADV_WILLNEED, MADV_COLD,
		MADV_PAGEOUT, MADV_REMOVE, MADV_POPULATE_READ, 25, 103,
	};

	lab_reset(&rules_6_18);
	map(0, 8, R);
	for (unsigned int i = 0; i < ARRAY_SIZE(t); i++)
		advise(2, 4, t[i]);
	is_str(lays(), "0+8 r {N}", "neither split nor written");
	is_u64(last.touched_end, 0, "nor touched");
}

/*
 *	AAAA..BBBB	advise: ---------- over the hole
 */
static void test_holes_are_stepped_over(void)
{
	lab_reset(&rules_6_18);
	map(0, 4, R);
	map(6, 4, R);
	advise_ret(-2, 10, MADV_DONTFORK, -ENOMEM);
	is_str(lay(), "0+4 r dc | 6+2 r dc | 8+2 r",
	       "both sides are changed, and ENOMEM comes at the end");
	is_u64(last.unknown_end, 0, "and nothing is unknown");
	advise_ret(-4, 4, MADV_DONTFORK, -ENOMEM);
	advise_ret(20, 4, MADV_DONTFORK, -ENOMEM);
	is_str(lay(), "0+4 r dc | 6+2 r dc | 8+2 r", "a hole alone is nothing");
}

/*
 *	AAAASSSSAAAA	WIPEONFORK is refused for S, shared
 */
static void test_refusing_mapping_ends_it(void)
{
	struct mm_file file = { .inode = 7, .flags = MM_FILE_UNIQUE };

	lab_reset(&rules_6_18);
	map(0, 4, R);
	map_flags(4, 4, R, MAP_SHARED, &file, 0);
	map(8, 4, R);
	advise_ret(0, 12, MADV_WIPEONFORK, -EINVAL);
	is_str(lay(), "0+4 r wf | 4+4 r s | 8+4 r",
	       "what lies behind the refusing mapping is as it was");
	is_u64(last.unknown_end, 0, "and nothing is unknown");
	advise_ret(8, 4, MADV_MERGEABLE, -EINVAL);
	is_str(lay(), "0+4 r wf | 4+4 r s | 8+4 r",
	       "EINVAL that no mapping gave: not in this kernel");
	is_u64(last.unknown_end, 0, "and nothing is unknown");
	advise(0, 12, MADV_WIPEONFORK);
	ok(last.unknown_end >= P(12), "success over S: to be read again");
}

static void test_dodump_is_refused_by_special_mappings(void)
{
	lab_reset(&rules_6_18);
	map(0, 4, R);
	at(0)->vm_flags |= VM_DONTEXPAND;
	advise(0, 4, MADV_DONTDUMP);
	advise_ret(0, 4, MADV_DODUMP, -EINVAL);
	is_str(lay(), "0+4 r dd", "a driver's memory stays out of cores");
	at(0)->vm_flags |= VM_HUGETLB;
	advise(0, 4, MADV_DODUMP);
	is_str(lay(), "0+4 r", "huge pages of hugetlbfs do not refuse");
	lab_reset(&rules_6_18);
	map(0, 4, R);
	map(4, 4, NONE);
	at(4)->vm_flags |= VM_IO;
	advise(0, 8, MADV_DONTFORK);
	advise_ret(0, 8, MADV_DOFORK, -EINVAL);
	is_str(lay(), "0+4 r | 4+4 - dc", "nor does device memory fork again");
}

static void test_ksm_ignores_what_it_cannot_merge(void)
{
	static const uint64_t never[] = {
		VM_SHARED, VM_MAYSHARE, VM_PFNMAP, VM_IO, VM_DONTEXPAND,
		VM_HUGETLB, VM_MIXEDMAP,
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(never); i++) {
		lab_reset(&rules_6_18);
		map(0, 4, R);
		at(0)->vm_flags |= never[i];
		advise(1, 2, MADV_MERGEABLE);
		is_u64(mm.map_count, 1, "flag %#lx: success without effect",
		       (unsigned long)never[i]);
	}
}

static void test_populate_write_and_guards_give_an_anon_vma(void)
{
	lab_reset(&rules_6_18);
	map(0, 4, RW);
	map(8, 4, R);
	advise(0, 2, POPULATE_WRITE);
	advise(8, 2, GUARD_INSTALL);
	is_str(lays(), "0+4 rw ac {F} | 8+4 r {F}", "both count as written");
	lab_reset(&rules_6_18);
	map(0, 4, RW);
	map(8, 4, R);
	advise_ret(0, 4, POPULATE_WRITE, -EFAULT);
	advise_ret(8, 4, GUARD_INSTALL, -EINVAL);
	is_str(lays(), "0+4 rw ac {NF} | 8+4 r {NF}",
	       "a failure may have come as far as that");
}

/* A read may bring a huge page, and with it an anon_vma. */
static void test_huge_page_advice_lets_reads_count(void)
{
	lab_reset(&rules_6_18);
	map(0, 1024, R);
	advise(0, 1024, MADV_HUGEPAGE);
	is_str(lays(), "0+1024 r hg {NF}", "read-only, yet perhaps written");
}

static void test_want_of_vmas_is_eagain(void)
{
	lab_reset(&rules_6_18);
	map(0, 8, R);
	mm.max_map_count = 2;
	advise_ret(2, 4, MADV_DONTDUMP, -EAGAIN);
	is_str(lay(), "0+2 r | 2+6 r", "the first cut stays");
	is_u64(last.unknown_end, 0, "and nothing is unknown");
}

/*
 *	AAAA BBBB	A's DONTDUMP is not known
 */
static void test_unsure_flag_makes_the_outcome_unknown(void)
{
	lab_reset(&rules_6_18);
	map(0, 4, R);
	map(4, 4, R | PROT_EXEC);
	at(0)->vm_unsure = VM_DONTDUMP;
	advise(1, 2, MADV_DONTDUMP);
	ok(last.unknown_start <= P(0) && last.unknown_end >= P(4),
	   "whether the kernel had anything to change: to be read again");
	ok(at(1)->vm_flags & VM_DONTDUMP && !at(1)->vm_unsure,
	   "but the flag is sure now");
}

/* --- policies -------------------------------------------------------------- */

static void bind(int at_page, int pages, uint32_t policy, long ret)
{
	struct mm_op op = {
		.call = MM_MBIND, .addr = P(at_page),
		.len = (unsigned long)pages * PAGE_SIZE, .policy = policy,
	};

	lab_run(&op, ret);
}

static void test_policy_splits_and_default_merges(void)
{
	lab_reset(&rules_6_18);
	map(0, 8, R);
	bind(2, 4, 1, 0);
	is_str(lay(), "0+2 r | 2+4 r =1 | 6+2 r", "a policy splits");
	bind(4, 2, 2, 0);
	is_str(lay(), "0+2 r | 2+2 r =1 | 4+2 r =2 | 6+2 r", "each of its own");
	bind(-2, 16, 0, 0);
	is_str(lay(), "0+8 r", "the default merges, holes or not");
	is_u64(last.unknown_end, 0, "and nothing is unknown");
}

static void test_policy_that_failed(void)
{
	lab_reset(&rules_6_18);
	map(0, 4, R);
	bind(2, 4, 1, -EFAULT);
	is_str(lay(), "0+4 r", "a hole: nothing was done");
	is_u64(last.unknown_end, 0, "and nothing is unknown");
	bind(2, 2, 1, -EIO);
	ok(last.unknown_end >= P(4), "EIO: done or not, to be read again");
}

/* --- names ----------------------------------------------------------------- */

static void name(int at_page, int pages, uint32_t id, long ret)
{
	struct mm_op op = {
		.call = MM_SET_ANON_NAME, .addr = P(at_page),
		.len = (unsigned long)pages * PAGE_SIZE, .name = id,
	};

	lab_run(&op, ret);
}

static void test_name_splits_and_its_loss_merges(void)
{
	struct mm_file shm = { .inode = 7,
			       .flags = MM_FILE_UNIQUE | MM_FILE_ANON_SHM };
	struct mm_file file = { .inode = 8, .ofd = 1 }, again = file;

	lab_reset(&rules_6_18);
	map(0, 8, R);
	map_flags(8, 4, R, MAP_SHARED, &shm, 0);
	map_flags(12, 4, R, MAP_PRIVATE, &file, 0);
	name(2, 8, 5, 0);
	is_str(lay(), "0+2 r | 2+6 r @5 | 8+2 r s @5 | 10+2 r s | 12+4 r",
	       "private and shared anonymous memory has names");
	name(0, 16, 6, -EBADF);
	ok(last.unknown_end >= P(16), "EBADF: shared memory may have got it");
	lab_reset(&rules_6_18);
	map(0, 8, R);
	name(2, 4, 5, 0);
	name(-2, 12, 0, -ENOMEM);
	is_str(lay(), "0+8 r", "without names one line, and ENOMEM for holes");
	map_flags(8, 4, R, MAP_PRIVATE, &again, 0);
	name(4, 8, 5, -EBADF);
	is_str(lay(), "0+4 r | 4+4 r @5 | 8+4 r", "a file ends it");
}

int main(void)
{
	test_advice_splits_and_its_opposite_merges();
	test_huge_page_advice_has_no_way_back();
	test_sequential_and_random_exclude_each_other();
	test_advice_without_a_flag_changes_nothing();
	test_holes_are_stepped_over();
	test_refusing_mapping_ends_it();
	test_dodump_is_refused_by_special_mappings();
	test_ksm_ignores_what_it_cannot_merge();
	test_populate_write_and_guards_give_an_anon_vma();
	test_huge_page_advice_lets_reads_count();
	test_want_of_vmas_is_eagain();
	test_unsure_flag_makes_the_outcome_unknown();
	test_policy_splits_and_default_merges();
	test_policy_that_failed();
	test_name_splits_and_its_loss_merges();
	return done_testing();
}
