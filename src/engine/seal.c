/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mseal: a flag that nothing takes away again. Sealed neighbours merge with
 * sealed ones only.
 */
#include "engine/internal.h"

static int seal_vma(struct mm_struct *mm, struct mm_op *op,
		    const struct vm_area_struct *vma, struct vma_attr *a)
{
	(void)mm;
	(void)op;
	a->vm_flags |= VM_SEALED;
	return a->vm_flags != vma->vm_flags;
}

static bool has_hole(struct mm_struct *mm, const struct range *r)
{
	struct vm_area_struct *vma = find_vma(mm, r->start);
	unsigned long at = r->start;

	for (; vma && vma->vm_start <= at && at < r->end; vma = vma->vm_next)
		at = vma->vm_end;
	return at < r->end;
}

/*
 * Mirrors mm/mseal.c:do_mseal(). Holes are looked for before anything is sealed;
 * what is sealed before an error stays so. An EINVAL that no mapping causes is
 * about arguments; any other error comes before all of it.
 */
int commit_mseal(struct mm_struct *mm, struct mm_op *op)
{
	struct range r = {
		.start = op->addr,
		.end = op->addr + PAGE_ALIGN(op->len),
		.holes = HOLES_STOP,
		.change = seal_vma,
		.ret = op->ret,
		.no_vma = -ENOMEM,
	};
	unsigned long stop;

	if ((r.start & ~PAGE_MASK) || r.end <= r.start)
		return MM_DONE;
	if (!op->phase && op->ret == -ENOMEM && has_hole(mm, &r))
		return MM_DONE;
	if (!op->phase && op->ret == -EINVAL &&
	    (op->flags || scan_range(mm, op, &r, &stop) != -EINVAL))
		return MM_DONE;
	if (op->ret && op->ret != -ENOMEM && op->ret != -EINVAL)
		return MM_DONE;
	return apply_to_range(mm, op, &r);
}
