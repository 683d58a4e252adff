/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * userfaultfd: a range is registered with a context, which keeps it apart from
 * its neighbours, and is released when the context goes. Mirrors
 * fs/userfaultfd.c.
 */
#include "engine/internal.h"

#define EVERYTHING PAGE_MASK	/* the last page's start */

static int register_vma(struct mm_struct *mm, struct mm_op *op,
			const struct vm_area_struct *vma, struct vma_attr *a)
{
	(void)mm;
	if (vma->uffd == op->uffd && (vma->vm_flags & op->flags) == op->flags)
		return 0;
	a->vm_flags = (a->vm_flags & ~VM_UFFD) | op->flags;
	a->uffd = op->uffd;
	return 1;
}

static int clear_vma(struct mm_struct *mm, struct mm_op *op,
		     const struct vm_area_struct *vma, struct vma_attr *a)
{
	(void)mm;
	if (!vma->uffd || (op->uffd && vma->uffd != op->uffd))
		return 0;
	a->vm_flags &= ~VM_UFFD;
	a->uffd = 0;
	return 1;
}

/*
 * Both calls look at all mappings before they change one: whatever refuses
 * leaves all as it was. Only want of VMAs comes in the middle.
 */
static int over_range(struct mm_struct *mm, struct mm_op *op, struct range *r)
{
	r->start = op->addr;
	r->end = op->addr + PAGE_ALIGN(op->len);
	r->holes = HOLES_FINE;
	r->ret = op->ret;
	r->no_vma = -ENOMEM;
	if ((r->start & ~PAGE_MASK) || r->end <= r->start)
		return MM_DONE;
	if (op->ret && op->ret != -ENOMEM)
		return MM_DONE;
	if (op->ret && mm->map_count + 2 <= mm->max_map_count)
		return MM_DONE;		/* nothing is mapped from there on */
	return apply_to_range(mm, op, r);
}

int commit_uffd_register(struct mm_struct *mm, struct mm_op *op)
{
	struct range r = { .change = register_vma };

	return over_range(mm, op, &r);
}

int commit_uffd_unregister(struct mm_struct *mm, struct mm_op *op)
{
	struct range r = { .change = clear_vma };

	op->uffd = 0;
	return over_range(mm, op, &r);
}

/* Mirrors userfaultfd_release_all(). */
int commit_uffd_release(struct mm_struct *mm, struct mm_op *op)
{
	struct range r = {
		.start = 0,
		.end = EVERYTHING,
		.holes = HOLES_FINE,
		.change = clear_vma,
		.ret = 0,
		.no_vma = -ENOMEM,
	};

	return apply_to_range(mm, op, &r);
}
