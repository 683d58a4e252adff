/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What mremap says, before it is made. The order of its checks is the one that
 * differs most between kernels (kernel-facts 6): since 6.17 everything that can
 * be checked is checked before anything is unmapped; from 5.17 on it is at
 * least seen first whether there is a source.
 */
#include "verdict_lab.h"

#define MAYMOVE	MREMAP_MAYMOVE
#define FIXED	(MREMAP_MAYMOVE | MREMAP_FIXED)
#define KEEP	4UL		/* MREMAP_DONTUNMAP */

enum { ANY, FLAGS, ADDR, LEN, TO, LOCK, VMA };

/* 10+10 is private memory; the call moves 12+4 and makes it six pages long. */
static void fresh(const struct mm_rules *rules, struct mm_op *op)
{
	space(rules);
	map(10, 10, R);
	*op = (struct mm_op){
		.call = MM_MREMAP, .addr = P(12), .len = 4 * PAGE_SIZE,
		.new_len = 6 * PAGE_SIZE, .flags = FIXED, .new_addr = P(100),
	};
}

static void unknown_flag(struct mm_op *op) { op->flags |= 16; }
static void source_in_page(struct mm_op *op) { op->addr |= 1; }
static void no_new_length(struct mm_op *op) { op->new_len = 0; }
static void not_to_move(struct mm_op *op) { op->flags &= ~MAYMOVE; }
static void target_in_page(struct mm_op *op) { op->new_addr |= 1; }
static void target_behind(struct mm_op *op) { op->new_addr = mm.task_size; }
static void overlapping(struct mm_op *op)
{
	op->new_addr = op->addr + 2 * PAGE_SIZE;
}

static void maps_full(struct mm_op *op)
{
	(void)op;
	mm.max_map_count = mm.map_count + 5;
}

static void source_unmapped(struct mm_op *op)
{
	op->addr += 30 * PAGE_SIZE;
	op->new_addr += 30 * PAGE_SIZE;
}

static void source_too_short(struct mm_op *op)
{
	op->len = 9 * PAGE_SIZE;
	op->new_len = 11 * PAGE_SIZE;
}

static void may_not_expand(struct mm_op *op)
{
	(void)op;
	at(12)->vm_flags |= VM_DONTEXPAND;
}

static void locked(struct mm_op *op)
{
	(void)op;
	vma_set_flags(&mm, at(12), at(12)->vm_flags | VM_LOCKED);
	mm.rlim.memlock = mm.locked_vm << PAGE_SHIFT;
}

static void address_space_full(struct mm_op *op)
{
	(void)op;
	mm.rlim.as = mm.total_vm << PAGE_SHIFT;
}

static void sealed(struct mm_op *op)
{
	(void)op;
	at(12)->vm_flags |= VM_SEALED;
}

#define ARGUMENTS							\
	{ "an unknown flag", ANY, -EINVAL, unknown_flag },		\
	{ "source within a page", ANY, -EINVAL, source_in_page },	\
	{ "no new length", LEN, -EINVAL, no_new_length },		\
	{ "FIXED, but not MAYMOVE", FLAGS, -EINVAL, not_to_move }
#define TARGET								\
	{ "target within a page", ANY, -EINVAL, target_in_page },	\
	{ "target behind the end", TO, -EINVAL, target_behind },	\
	{ "target in the source", TO, -EINVAL, overlapping },		\
	{ "five mappings left", ANY, -ENOMEM, maps_full }
#define SOURCE								\
	{ "longer than the source", LEN, -EFAULT, source_too_short },	\
	{ "a mapping that may not expand", VMA, -EFAULT, may_not_expand }, \
	{ "RLIMIT_MEMLOCK", LOCK, -EAGAIN, locked },			\
	{ "RLIMIT_AS", ANY, -ENOMEM, address_space_full }

static const struct spoiler target_first[] = {
	ARGUMENTS, TARGET,
	{ "source unmapped", VMA, -EFAULT, source_unmapped },
	SOURCE,
};

static const struct spoiler source_first[] = {
	ARGUMENTS,
	{ "source unmapped", VMA, -EFAULT, source_unmapped },
	{ "sealed", VMA, -EPERM, sealed },
	TARGET, SOURCE,
};

static void test_fixed_in_order(void)
{
	each_kernel(k) {
		const struct mm_rules *rules = lab_kernels[k].rules;

		if (rules->shrink_checks_source &&
		    !rules->fixed_move_checks_first)
			in_order(lab_kernels[k].name, rules, fresh,
				 source_first);
		else
			in_order(lab_kernels[k].name, rules, fresh,
				 target_first);
	}
}

/* --- in place, or where there is room ------------------------------------------- */

static long remapped(int at_page, int old, int new, unsigned long flags, int to)
{
	struct mm_op op = {
		.call = MM_MREMAP, .addr = P(at_page),
		.len = (unsigned long)old * PAGE_SIZE,
		.new_len = (unsigned long)new * PAGE_SIZE, .flags = flags,
		.new_addr = P(to),
	};
	long got = verdict(&op);

	return got == UNKNOWN ? got : page((unsigned long)got);
}

/*
 *	..AAAAAAAAAABBBB....	10+10, 20+4
 */
static void two_mappings(const struct mm_rules *rules)
{
	space(rules);
	map(10, 10, R);
	map(20, 4, RW);
}

static void test_without_flags(void)
{
	each_kernel(k) {
		bool checks = lab_kernels[k].rules->shrink_checks_source;

		two_mappings(lab_kernels[k].rules);
		is_i64(remapped(10, 10, 10, 0, 0), 10, "%s: nothing to do",
		       lab_kernels[k].name);
		is_i64(remapped(20, 4, 8, 0, 0), 20, "grows into a hole");
		is_i64(remapped(20, 3, 8, 0, 0), -ENOMEM,
		       "from within it cannot grow");
		is_i64(remapped(10, 10, 11, 0, 0), -ENOMEM, "nor into another");
		is_i64(remapped(10, 12, 13, 0, 0), -EFAULT,
		       "nor can two at once");
		is_i64(remapped(10, 12, 3, 0, 0), 10,
		       "but shrink, whatever lies behind");
		is_i64(remapped(40, 4, 4, 0, 0), checks ? -EFAULT : 40,
		       "a hole that stays as it is");
		is_i64(remapped(40, 4, 2, 0, 0), checks ? -EFAULT : 40,
		       "a hole that shrinks");
		is_i64(remapped(40, 4, 8, 0, 0), -EFAULT, "a hole that grows");
		is_i64(remapped(10, 0, 4, 0, 0), -EINVAL,
		       "private memory cannot be mapped twice");
	}
}

static void test_maymove(void)
{
	two_mappings(&rules_6_18);
	is_i64(remapped(20, 4, 8, MAYMOVE, 0), 20, "in place if that goes");
	is_i64(remapped(10, 10, 11, MAYMOVE, 0), 989, "else below mmap_base");
	is_i64(remapped(10, 4, 5, MAYMOVE, 0), 995, "so does a part");
	is_i64(remapped(10, 12, 13, MAYMOVE, 0), -EFAULT, "but never two");
	mm.max_map_count = mm.map_count + 3;
	is_i64(remapped(10, 10, 11, MAYMOVE, 0), -ENOMEM,
	       "three mappings left are too few");
	mm.max_map_count++;
	is_i64(remapped(10, 10, 11, MAYMOVE, 0), 989, "four are enough");
}

static void test_in_place_up_to_the_end_of_the_space(void)
{
	space(&rules_6_18);
	wall(mm.task_size - 4 * PAGE_SIZE, mm.task_size - 2 * PAGE_SIZE,
	     VM_READ);
	is_u64((unsigned long)remapped((int)page(mm.task_size) - 4, 2, 4, 0, 0),
	       (unsigned long)page(mm.task_size) - 4, "the last page");
	is_i64(remapped((int)page(mm.task_size) - 4, 2, 5, 0, 0), -ENOMEM,
	       "not one more");
}

/* --- what it maps ----------------------------------------------------------------- */

static struct mm_file file = { .inode = 7, .name = "/f", .name_len = 2 };

static void test_of_length_nought(void)
{
	two_mappings(&rules_6_18);
	file.mapcount = 0;
	file.i_mmap = (struct rb_root_cached){ { NULL }, NULL };
	map_flags(40, 4, R, MAP_SHARED, &file, 0);
	is_i64(remapped(40, 0, 4, FIXED, 100), 100, "a shared mapping, twice");
	is_i64(remapped(40, 0, 4, MAYMOVE, 0), 996, "anywhere");
	is_i64(remapped(40, 0, 4, 0, 0), -ENOMEM, "in place it is taken");
	is_i64(remapped(40, 0, 4, FIXED, 40), -EFAULT,
	       "over itself nothing is left to map");
}

static void test_huge_pages(void)
{
	two_mappings(&rules_6_18);
	special(1024, 1024, VM_HUGETLB | VM_DONTEXPAND);
	is_i64(remapped(1024, 512, 512, FIXED, 4096), 4096, "a huge page");
	is_i64(remapped(1024, 512, 512, FIXED, 4097), -EINVAL,
	       "not to within another");
	is_i64(remapped(1025, 512, 512, FIXED, 4096), -EINVAL,
	       "nor from within one");
	is_i64(remapped(1024, 1024, 2048, MAYMOVE, 0), -EINVAL,
	       "nor can it grow");
}

static void test_dontunmap(void)
{
	each_kernel(k) {
		two_mappings(lab_kernels[k].rules);
		is_i64(remapped(10, 4, 4, MAYMOVE | KEEP, 100), 100,
		       "%s: to a hint", lab_kernels[k].name);
		is_i64(remapped(10, 4, 5, MAYMOVE | KEEP, 100), -EINVAL,
		       "of another length");
		is_i64(remapped(10, 4, 4, KEEP, 100), -EINVAL,
		       "without MAYMOVE");
		mm.rlim.as = mm.total_vm << PAGE_SHIFT;
		is_i64(remapped(10, 4, 4, MAYMOVE | KEEP, 100), -ENOMEM,
		       "both count against RLIMIT_AS");
	}
}

static void test_several(void)
{
	each_kernel(k) {
		bool several = lab_kernels[k].rules->multi_move;

		two_mappings(lab_kernels[k].rules);
		is_i64(remapped(10, 14, 14, FIXED, 100),
		       several ? 100 : -EFAULT, "%s: two of the same length",
		       lab_kernels[k].name);
		is_i64(remapped(10, 14, 15, FIXED, 100), -EFAULT,
		       "two that grow");
		is_i64(remapped(8, 14, 14, FIXED, 100), -EFAULT,
		       "a hole in front");
		is_i64(remapped(10, 18, 18, FIXED, 100),
		       several ? 100 : -EFAULT, "a hole behind");
	}
}

/* What lies at the target must be fit to go. */
static void test_target_that_stays(void)
{
	two_mappings(&rules_6_18);
	special(100, 4, VM_SEALED);
	is_i64(remapped(10, 4, 4, FIXED, 101), -EPERM, "sealed");
	is_i64(remapped(10, 4, 6, FIXED, 96), -EPERM, "at its end, too");
	is_i64(remapped(10, 4, 4, FIXED, 96), 96, "beside it nothing is");
}

int main(void)
{
	test_fixed_in_order();
	test_without_flags();
	test_maymove();
	test_in_place_up_to_the_end_of_the_space();
	test_of_length_nought();
	test_huge_pages();
	test_dontunmap();
	test_several();
	test_target_that_stays();
	return done_testing();
}
