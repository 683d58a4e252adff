/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory is handed in: a call that might need more than there is is refused
 * before it starts, and one that was not refused never needs more.
 */
#include "ops_lab.h"

#define ANON (MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED)

static struct vm_area_struct room[MM_RESERVE];

static void test_handing_in(void)
{
	mm_init(&mm, &rules_6_18);
	is_u64(mm.pool_free, 0, "nothing at first");
	mm_pool_add(&mm, room, sizeof(room[0]) * 3 - 1);
	is_u64(mm.pool_free, 2, "only whole VMAs count");
	ok(vma_alloc(&mm) && vma_alloc(&mm), "both can be had");
	ok(!vma_alloc(&mm), "and no third");
}

/* One VMA short: -ENOMEM, nothing changed; with it the call goes through. */
static void test_prepare_refuses(void)
{
	struct mm_op op = {
		.call = MM_MMAP, .addr = P(0), .len = PAGE_SIZE, .prot = RW,
		.flags = ANON, .anonymous = true,
	};

	mm_init(&mm, &rules_6_18);
	mm_pool_add(&mm, room, sizeof(room[0]) * (MM_RESERVE - 1));
	is_i64(mm_prepare(&mm, &op), -ENOMEM, "one short");
	is_u64(mm.pool_free, MM_RESERVE - 1, "nothing is taken");
	is_u64(mm.map_count, 0, "nothing is mapped");
	mm_pool_add(&mm, &room[MM_RESERVE - 1], sizeof(room[0]));
	is_i64(mm_prepare(&mm, &op), 0, "enough");
	is_u64(mm.pool_free, MM_RESERVE, "it was only looked at");
}

/* The most that each call takes out of the pool, over shapes that hurt. */
static unsigned int taken(void (*call)(void), void (*shape)(void))
{
	unsigned int before;

	lab_reset(&rules_6_18);
	shape();
	before = mm.pool_free;
	call();
	is_i64(validate_mm(&mm), 0, "valid");
	is_u64(mm.pool_free + mm.map_count, ROOM, "no VMA is lost");
	return before > mm.pool_free ? before - mm.pool_free : 0;
}

static void one(void)
{
	map(0, 40, RW);
}

static void comb(void)
{
	for (int i = 0; i < 40; i += 2)
		map(i, 1, i % 4 ? RW : R);
	map(40, 2, RW);
}

static void stripes(void)
{
	for (int i = 0; i < 20; i++)
		map(2 * i, 2, i % 2 ? RW : R);
}

static void do_unmap(void)
{
	unmap(1, 37);
}

static void do_map(void)
{
	map(1, 37, NONE);
}

static void do_protect(void)
{
	int end = 40, ret = 0;

	for (int i = 1; i < end; i++)
		if (!find_vma_intersection(&mm, P(i), P(i + 1)))
			ret = -ENOMEM;
	protect_ret(1, 37, R | PROT_EXEC, ret);
}

static void do_advise(void)
{
	advise_ret(1, 37, MADV_DONTDUMP, 0);
}

static void test_no_call_takes_more_than_the_reserve(void)
{
	void (*const calls[])(void) = { do_unmap, do_map, do_protect, do_advise };
	void (*const shapes[])(void) = { one, comb, stripes };

	for (unsigned int c = 0; c < 4; c++)
		for (unsigned int s = 0; s < 3; s++)
			ok(taken(calls[c], shapes[s]) <= 2,
			   "call %u on shape %u takes two at the most", c, s);
}

/* A split that finds no memory changes nothing. */
static void test_a_split_without_memory(void)
{
	lab_reset(&rules_6_18);
	map(0, 8, RW);
	mm.pool = NULL;
	mm.pool_free = 0;
	ok(!__split_vma(&mm, at(0), P(4), false), "refused above");
	ok(!__split_vma(&mm, at(0), P(4), true), "and below");
	is_str(lay(), "0+8 rw ac", "nothing changed");
	is_i64(validate_mm(&mm), 0, "valid");
	do_munmap(&mm, P(2), P(4));
	is_str(lay(), "0+8 rw ac", "nor does a hole come into it");
	do_munmap(&mm, P(4), P(9));
	is_str(lay(), "0+4 rw ac", "cutting an end needs none");
	is_i64(validate_mm(&mm), 0, "valid");
}

/* --- every call with every amount of memory ---------------------------------- */

#define RANGE(what, at_page, pages)					\
	.call = what, .addr = P(at_page), .len = (pages) * PAGE_SIZE, .pkey = -1

static const struct mm_op every_call[] = {
	{ RANGE(MM_MMAP, 1, 37), .flags = ANON, .anonymous = true, .ret = P(1) },
	{ RANGE(MM_MUNMAP, 1, 37) },
	{ .call = MM_BRK, .addr = P(70), .ret = P(70) },
	{ RANGE(MM_MREMAP, 0, 2), .new_len = 1 * PAGE_SIZE, .ret = P(0) },
	{ RANGE(MM_MREMAP, 38, 2), .new_len = 8 * PAGE_SIZE, .ret = P(38) },
	{ RANGE(MM_MREMAP, 1, 37), .new_len = 37 * PAGE_SIZE,
	  .flags = MREMAP_MAYMOVE | MREMAP_FIXED, .new_addr = P(80),
	  .ret = P(80) },
	{ RANGE(MM_MPROTECT, 1, 37), .prot = R | PROT_EXEC },
	{ RANGE(MM_MADVISE, 1, 37), .flags = MADV_DONTDUMP },
	{ RANGE(MM_MLOCK, 1, 37) },
	{ RANGE(MM_MUNLOCK, 1, 37) },
	{ .call = MM_MLOCKALL, .flags = MCL_CURRENT },
	{ .call = MM_MUNLOCKALL },
	{ RANGE(MM_MBIND, 1, 37), .policy = 3 },
	{ RANGE(MM_SET_ANON_NAME, 1, 37), .name = 3 },
	{ RANGE(MM_MSEAL, 1, 37) },
	{ RANGE(MM_UFFD_REGISTER, 1, 37), .uffd = 1, .flags = VM_UFFD_MISSING },
	{ .call = MM_MEMORY_MERGE, .flags = 1 },
};

/* Leave @n VMAs in the pool. */
static void keep(unsigned int n)
{
	struct vm_area_struct **end = &mm.pool;

	for (unsigned int i = 0; i < n; i++)
		end = &(*end)->vm_next;
	*end = NULL;
	mm.pool_free = n;
}

static void shaped(void (*shape)(void))
{
	lab_reset(&rules_6_18);
	shape();
	mm.start_brk = mm.brk = P(60);
}

/* Returns false where the call was refused. */
static bool called(struct mm_op op)
{
	if (mm_prepare(&mm, &op))
		return false;
	while (mm_commit(&mm, &op) == MM_ASK)
		mm_answer(&op, MM_BOUNDARY_YES);
	return true;
}

/* With @n VMAs: refused and nothing changed, or just what memory in plenty does. */
static bool whole_or_not_at_all(const struct mm_op *op, void (*shape)(void),
				unsigned int n)
{
	char before[sizeof(lab_text)], after[sizeof(lab_text)];
	bool done;

	shaped(shape);
	strcpy(before, lay());
	called(*op);
	strcpy(after, lay());
	shaped(shape);
	keep(n);
	done = called(*op);
	if (validate_mm(&mm) || (n < MM_RESERVE && done))
		return false;
	if (done)
		return !strcmp(lay(), after);
	return mm.pool_free == n && !strcmp(lay(), before);
}

static void test_every_call_with_every_amount(void)
{
	void (*const shapes[])(void) = { one, comb, stripes };
	unsigned int wrong, done;

	for (unsigned int i = 0; i < ARRAY_SIZE(every_call); i++) {
		wrong = 0;
		for (unsigned int n = 0; n < 6 * MM_RESERVE; n++)
			for (unsigned int s = 0; s < 3; s++)
				wrong += !whole_or_not_at_all(&every_call[i],
							      shapes[s], n);
		shaped(stripes);
		done = called(every_call[i]);
		ok(!wrong && done, "call %d: with 0 to %d VMAs, whole or not "
		   "at all (%u wrong)", every_call[i].call, 6 * MM_RESERVE,
		   wrong);
	}
}

int main(void)
{
	test_every_call_with_every_amount();
	test_handing_in();
	test_prepare_refuses();
	test_no_call_takes_more_than_the_reserve();
	test_a_split_without_memory();
	return done_testing();
}
