/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The one place where "undecided" becomes a question, and where a commit notes
 * what it touched and what it had to leave unknown.
 */
#include "engine/internal.h"

int ask_boundary(struct mm_op *op, unsigned long addr)
{
	for (unsigned int i = 0; i < op->nr_asked; i++)
		if (op->asked[i].addr == addr)
			return op->asked[i].boundary;
	op->ask = addr;
	return -1;
}

/* A call of many steps forgets the oldest: no step looks back that far. */
void mm_answer(struct mm_op *op, int boundary)
{
	if (op->nr_asked == MM_ASKED) {
		for (unsigned int i = 1; i < MM_ASKED; i++)
			op->asked[i - 1] = op->asked[i];
		op->nr_asked--;
	}
	op->asked[op->nr_asked].addr = op->ask;
	op->asked[op->nr_asked].boundary = (signed char)boundary;
	op->nr_asked++;
}

static void widen(unsigned long *start, unsigned long *end,
		  unsigned long from, unsigned long to)
{
	if (*start == *end) {
		*start = from;
		*end = to;
		return;
	}
	if (from < *start)
		*start = from;
	if (to > *end)
		*end = to;
}

void op_touch(struct mm_op *op, unsigned long start, unsigned long end)
{
	if (start < end)
		widen(&op->touched_start, &op->touched_end, start, end);
}

/*
 * The VMAs at both ends come along whole, and those that touch the range: the
 * kernel may have cut the ones, or merged with the others.
 */
void op_unknown(struct mm_struct *mm, struct mm_op *op, unsigned long start,
		unsigned long end)
{
	struct vm_area_struct *vma;

	if (start >= end)
		return;
	vma = find_vma(mm, start ? start - 1 : 0);
	if (vma && vma->vm_start < start)
		start = vma->vm_start;
	vma = find_vma(mm, end);
	if (vma && vma->vm_start <= end)
		end = vma->vm_end;
	widen(&op->unknown_start, &op->unknown_end, start, end);
	op_touch(op, start, end);
}
