/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mseal: a flag that nothing takes away again. Sealed neighbours merge with
 * sealed ones only.
 */
#include <linux/mman.h>

#include "engine/predict.h"

/* Newer than some headers. */
#define MADV_DONTNEED_LOCKED_	24
#define MADV_GUARD_INSTALL_	102

/* Advice that throws away what pages hold. */
static bool is_discard(unsigned long advice)
{
	return advice == MADV_FREE || advice == MADV_DONTNEED ||
	       advice == MADV_DONTNEED_LOCKED_ || advice == MADV_REMOVE ||
	       advice == MADV_DONTFORK || advice == MADV_WIPEONFORK ||
	       advice == MADV_GUARD_INSTALL_;
}

/*
 * Mirrors mm/madvise.c:can_madvise_modify(): only anonymous memory loses by it
 * what nothing brings back, and who may write may as well throw away. A private
 * /dev/zero counted as a file before 6.17.
 */
bool seal_refuses(const struct mm_struct *mm, const struct vm_area_struct *vma,
		  unsigned long advice)
{
	if (!(vma->vm_flags & VM_SEALED) || !is_discard(advice) ||
	    vma->vm_flags & (VM_SHARED | VM_WRITE))
		return false;
	return mm->rules.multi_move ? vma_is_anonymous(vma) : !vma->vm_file;
}

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

/*
 * A kernel may have no mseal at all; one that moves several mappings at once
 * is newer than that.
 */
void predict_mseal(struct mm_struct *mm, struct mm_op *op)
{
	struct range r = {
		.start = op->addr,
		.end = op->addr + PAGE_ALIGN(op->len),
		.holes = HOLES_STOP,
		.change = seal_vma,
	};
	unsigned long stop;
	long err;

	if (op->flags || (r.start & ~PAGE_MASK) || r.end < r.start ||
	    (op->len && !PAGE_ALIGN(op->len)))
		err = -EINVAL;
	else if (r.end == r.start)
		err = 0;
	else if (has_hole(mm, &r))
		err = -ENOMEM;
	else
		err = scan_range(mm, op, &r, &stop);
	foretell(op, err, mm->rules.multi_move &&
			  (err || mm->map_count + 2 <= mm->max_map_count));
}
