/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where would the kernel put it? A laboratory on top of ops_lab.h: the search
 * alone (place()), and the answer to a whole mmap as it is foretold
 * (foretold()). Pages count from BASE; mmap_base is TOP.
 */
#ifndef TESTS_UNIT_PLACE_LAB_H
#define TESTS_UNIT_PLACE_LAB_H

#include "engine/predict.h"

#include "ops_lab.h"

#define TOP	P(1000)
#define ANON	(MAP_PRIVATE | MAP_ANONYMOUS)
#define MIB2	(2UL << 20)

/* What foretold() says where the engine does not claim to know. */
#define UNKNOWN	(-5000L)

__attribute__((unused))
static void space(const struct mm_rules *rules)
{
	lab_reset(rules);
	mm.mmap_base = TOP;
}

/* Something is mapped at [start, end), in bytes; nothing merges with it. */
__attribute__((unused))
static struct vm_area_struct *wall(unsigned long start, unsigned long end,
				   uint64_t flags)
{
	struct vma_attr a = {
		.vm_flags = flags, .anon_state = ANON_NONE,
		.pgoff = start >> PAGE_SHIFT,
	};
	struct vm_area_struct *vma = vma_from_attr(&mm, start, end, &a);

	vma_link(&mm, vma);
	return vma;
}

/* ... in pages. */
#define taken(at, pages)	wall(P(at), P((at) + (pages)), VM_READ)

/* All from the lowest address to @n pages above BASE. */
#define taken_below(n)		wall(mm.rules.mmap_min_addr, P(n), VM_READ)
#define taken_above(n)		wall(P(n), mm.task_size, VM_READ)

/* get_unmapped_area() for @pages of private anonymous memory. */
__attribute__((unused))
static unsigned long place_at(unsigned long hint, unsigned long pages,
			      unsigned long flags)
{
	struct mm_op op = { .call = MM_MMAP, .anonymous = true };

	return get_unmapped_area(&mm, &op, hint, pages << PAGE_SHIFT, 0,
				 ANON | flags);
}

#define place(pages)	place_at(0, pages, 0)

/* A page counted from BASE, or -errno. */
__attribute__((unused))
static long page(unsigned long addr)
{
	return is_error((long)addr) ? (long)addr
				    : ((long)(addr - BASE)) >> PAGE_SHIFT;
}

/* An mmap's foretold result: an address, -errno, or UNKNOWN. */
__attribute__((unused))
static long foretold_op(struct mm_op *op)
{
	if (mm_prepare(&mm, op))
		return UNKNOWN;
	if (!op->verdict_known)
		return UNKNOWN;
	if (!is_error(op->predicted) && !op->place_known)
		return UNKNOWN;
	return op->predicted;
}

__attribute__((unused))
static long foretold(unsigned long hint, unsigned long len, unsigned long flags)
{
	struct mm_op op = {
		.call = MM_MMAP, .addr = hint, .len = len, .prot = R,
		.flags = flags, .anonymous = flags & MAP_ANONYMOUS,
		.pkey = -1,
	};

	return foretold_op(&op);
}

#endif
