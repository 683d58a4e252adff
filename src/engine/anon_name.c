/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME): a name for anonymous memory.
 */
#include "engine/internal.h"

/*
 * Mirrors mm/madvise.c:madvise_vma_anon_name(). Files have a name already;
 * shared anonymous memory may be given one since 6.2.
 */
static int name_vma(struct mm_struct *mm, struct mm_op *op,
		    const struct vm_area_struct *vma, struct vma_attr *a)
{
	(void)mm;
	if (vma->vm_file && (!(vma->vm_file->flags & MM_FILE_ANON_SHM) ||
			     op->ret == -EBADF))
		return -EBADF;
	a->anon_name = op->name;
	return a->anon_name != vma->anon_name;
}

/* Mirrors mm/madvise.c:madvise_set_anon_name(). */
int commit_set_anon_name(struct mm_struct *mm, struct mm_op *op)
{
	struct range r = {
		.start = op->addr,
		.end = op->addr + PAGE_ALIGN(op->len),
		.holes = HOLES_STEP,
		.change = name_vma,
		.ret = op->ret,
		.no_vma = -EAGAIN,
	};

	if ((r.start & ~PAGE_MASK) || r.end <= r.start || op->ret == -EINVAL)
		return MM_DONE;
	if (apply_to_range(mm, op, &r) == MM_ASK)
		return MM_ASK;
	/* Shared memory before the file may have been named after all. */
	if (op->ret == -EBADF)
		op_unknown(mm, op, op->cursor, r.end);
	return MM_DONE;
}
