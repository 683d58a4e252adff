/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The heap: brk(2). Mirrors mm/mmap.c:SYSCALL_DEFINE1(brk) and do_brk_flags();
 * the rules are kernel-facts 5.
 */
#include <linux/personality.h>

#include "engine/internal.h"

static void brk_attr(const struct mm_struct *mm, unsigned long start,
		     struct vma_attr *a)
{
	a->vm_flags = VM_READ | VM_WRITE | VM_MAYREAD | VM_MAYWRITE |
		      VM_MAYEXEC | VM_ACCOUNT | mm->def_flags;
	if (mm->personality & READ_IMPLIES_EXEC)
		a->vm_flags |= VM_EXEC;
	a->vm_unsure = 0;
	a->file = NULL;
	a->pgoff = start >> PAGE_SHIFT;
	a->pgoff_unsure = false;
	a->anon_vma = 0;
	a->anon_state = ANON_NONE;
	a->policy = a->anon_name = a->uffd = 0;
	a->bits = 0;
	a->grows = false;
	if (mm->rules.ksm_flag_after_merge)
		a->vm_flags &= ~(uint64_t)VM_MERGEABLE;
}

/* Since 6.1: only the VMA that ends here, and only if it reaches into the heap. */
static int extend(struct mm_struct *mm, struct mm_op *op, unsigned long start,
		  unsigned long end, const struct vma_attr *a,
		  struct vm_area_struct **out)
{
	struct vm_area_struct *prev;

	*out = NULL;
	find_vma_prev(mm, start, &prev);
	if (!prev || prev->vm_end != start || prev->vm_end <= mm->start_brk)
		return MM_DONE;
	return vma_expand_prev(mm, op, prev, start, end, a, out);
}

static struct vm_area_struct *new_heap(struct mm_struct *mm, struct mm_op *op,
				       unsigned long start, unsigned long end,
				       const struct vma_attr *a)
{
	struct vm_area_struct *vma = vma_from_attr(mm, start, end, a);

	if (vma)
		vma_link(mm, vma);
	else
		op_unknown(mm, op, start, end);
	return vma;
}

static int do_brk(struct mm_struct *mm, struct mm_op *op, unsigned long start,
		  unsigned long end)
{
	struct vm_area_struct *vma;
	struct vma_attr a;

	brk_attr(mm, start, &a);
	if (!mm->rules.brk_extends_only) {
		if (map_range(mm, op, start, end, &a, &vma) == MM_ASK)
			return MM_ASK;
	} else {
		if (extend(mm, op, start, end, &a, &vma) == MM_ASK)
			return MM_ASK;
		if (!vma)
			vma = new_heap(mm, op, start, end, &a);
	}
	op_touch(op, start, end);
	if (!vma)
		return MM_DONE;
	/* What joined another mapping keeps that one's flags. */
	if (mm->rules.ksm_flag_after_merge && vma->vm_start == start &&
	    vma->vm_end == end && (mm->def_flags & VM_MERGEABLE))
		vma_set_flags(mm, vma, vma->vm_flags | VM_MERGEABLE);
	if ((vma->vm_flags & VM_LOCKED) && !(vma->vm_flags & VM_LOCKONFAULT))
		anon_vma_prepare(mm, vma);
	return MM_DONE;
}

static void shrink(struct mm_struct *mm, struct mm_op *op, unsigned long start,
		   unsigned long end)
{
	do_munmap(mm, start, end);
	op_touch(op, start, end);
}

enum { BRK_START, BRK_GROWING };

/* The kernel's break is neither the old one nor what was asked for. */
static int contradicted(struct mm_struct *mm, struct mm_op *op,
			unsigned long now)
{
	unsigned long was = mm->brk;

	mm->brk = now;
	op_unknown(mm, op, PAGE_ALIGN(was < now ? was : now),
		   PAGE_ALIGN(was < now ? now : was));
	return MM_DONE;
}

int commit_brk(struct mm_struct *mm, struct mm_op *op)
{
	unsigned long now = (unsigned long)op->ret;
	unsigned long from = PAGE_ALIGN(mm->brk), to = PAGE_ALIGN(now);

	if (now == mm->brk) {
		if (op->addr != now && brk_cuts(mm, op->addr))
			cut_in_part(mm, op, PAGE_ALIGN(op->addr), from);
		return MM_DONE;
	}
	if (now != op->addr)
		return contradicted(mm, op, now);
	if (to < from)
		shrink(mm, op, to, from);
	if (to > from) {
		if (op->phase == BRK_START &&
		    find_vma_intersection(mm, from, to)) {
			op_unknown(mm, op, from, to);
			do_munmap(mm, from, to);
		}
		op->phase = BRK_GROWING;
		if (do_brk(mm, op, from, to) == MM_ASK)
			return MM_ASK;
	}
	mm->brk = now;
	return MM_DONE;
}
