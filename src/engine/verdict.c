/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * predict(): what will the kernel say? Result or errno, in the kernel's order
 * of checks, before the call is made.
 *
 * What decides outside the mm (rights to a file, memory, capabilities) makes a
 * verdict unknown only where nothing of the mm decides before it.
 */
#include "engine/predict.h"

/*
 * Interned policies and names come from outside; whether the call as such is
 * valid was decided there. What is left is the range.
 */
static void predict_mbind(struct mm_struct *mm, struct mm_op *op)
{
	unsigned long end = op->addr + PAGE_ALIGN(op->len);

	if (op->addr & ~PAGE_MASK || end < op->addr)
		foretell(op, -EINVAL, true);
	else if (end == op->addr)
		foretell(op, 0, true);
	else
		foretell(op, vma_holding(mm, op->addr) ? 0 : -EFAULT, false);
}

/* Only what has no file, shared memory excepted, takes a name. */
static bool takes_name(const struct vm_area_struct *vma)
{
	return !vma->vm_file || vma->vm_file->flags & MM_FILE_ANON_SHM;
}

/* Mirrors mm/madvise.c:madvise_set_anon_name(): holes are told at the end. */
static void predict_set_anon_name(struct mm_struct *mm, struct mm_op *op)
{
	unsigned long at = op->addr, end = at + PAGE_ALIGN(op->len);
	const struct vm_area_struct *vma = vma_after(mm, at);
	int hole = 0;

	if (!mm->rules.anon_names || op->addr & ~PAGE_MASK || end < op->addr) {
		foretell(op, -EINVAL, true);
		return;
	}
	for (; at < end; at = vma->vm_end, vma = vma->vm_next) {
		if (!vma || vma->vm_start > at)
			hole = -ENOMEM;
		if (!vma || vma->vm_start >= end)
			break;
		if (!takes_name(vma)) {
			foretell(op, -EBADF, true);
			return;
		}
	}
	/* Where VMAs run out it is a failure that merging may avert. */
	foretell(op, hole, mm->map_count + 2 <= mm->max_map_count);
}

/* Nothing but memory that cannot be populated stops it, and that is ignored. */
static void predict_munlockall(struct mm_struct *mm, struct mm_op *op)
{
	(void)mm;
	foretell(op, 0, true);
}

static void predict_none(struct mm_struct *mm, struct mm_op *op)
{
	(void)mm;
	foretell(op, 0, false);
}

void predict(struct mm_struct *mm, struct mm_op *op)
{
	static void (*const of[])(struct mm_struct *mm, struct mm_op *op) = {
		[MM_NONE] = predict_none,
		[MM_MMAP] = predict_mmap,
		[MM_MUNMAP] = predict_munmap,
		[MM_BRK] = predict_brk,
		[MM_MREMAP] = predict_mremap,
		[MM_MPROTECT] = predict_mprotect,
		[MM_MADVISE] = predict_madvise,
		[MM_MLOCK] = predict_mlock,
		[MM_MUNLOCK] = predict_munlock,
		[MM_MLOCKALL] = predict_mlockall,
		[MM_MUNLOCKALL] = predict_munlockall,
		[MM_MBIND] = predict_mbind,
		[MM_SHMAT] = predict_shmat,
		[MM_SHMDT] = predict_shmdt,
		[MM_REMAP_FILE_PAGES] = predict_remap_file_pages,
		[MM_SET_ANON_NAME] = predict_set_anon_name,
		[MM_MSEAL] = predict_mseal,
	};

	if ((unsigned int)op->call < ARRAY_SIZE(of) && of[op->call])
		of[op->call](mm, op);
	else
		predict_none(mm, op);
}
