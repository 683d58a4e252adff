/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Calls that were refused and have done a part: a range that was to be unmapped
 * is cut out first, at its start and then at its end, and a cut that was made
 * stays when a later mapping refuses.
 *
 *	start            end
 *	  |---------------|
 *	AAAAAAAA SSSS CCCCCCCC		S is sealed
 *	AA|AAAAA SSSS CCCCCCCC		A is two mappings, nothing else happened
 */
#include "engine/predict.h"

/* Mirrors mm/vma.c:vms_gather_munmap_vmas(), and where it gives up. */
void cut_in_part(struct mm_struct *mm, struct mm_op *op, unsigned long start,
		 unsigned long end)
{
	struct vm_area_struct *vma = find_vma(mm, start);

	/* Beyond the end of memory it was refused for that. */
	if (end > mm->task_size || !vma || vma->vm_start >= end)
		return;
	op_touch(op, start, end);
	if (vma->vm_start < start) {
		if ((end < vma->vm_end && mm->map_count >= mm->max_map_count) ||
		    vma->vm_flags & VM_SEALED || may_split(mm, vma, start))
			return;
		__split_vma(mm, vma, start, true);
	}
	for (; vma && vma->vm_start < end; vma = vma->vm_next) {
		if (vma->vm_flags & VM_SEALED)
			return;
		if (vma->vm_end <= end)
			continue;
		if (!may_split(mm, vma, end))
			__split_vma(mm, vma, end, false);
		return;
	}
}

bool was_foretold(const struct mm_op *op)
{
	return op->verdict_known && op->predicted == op->ret;
}
