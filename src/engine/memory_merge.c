/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * prctl(PR_SET_MEMORY_MERGE): KSM for the whole process. Every mapping that may
 * have the flag gets it at once, or loses it, and no neighbours are merged for
 * that. What is mapped later gets it as well: VM_MERGEABLE in def_flags.
 *
 * Mirrors mm/ksm.c:ksm_enable_merge_any(), ksm_disable_merge_any().
 */
#include "engine/internal.h"

int commit_memory_merge(struct mm_struct *mm, struct mm_op *op)
{
	struct vm_area_struct *vma;
	uint64_t flags;

	if (is_error(op->ret) || !op->flags == !(mm->def_flags & VM_MERGEABLE))
		return MM_DONE;
	mm->def_flags ^= VM_MERGEABLE;
	for (vma = mm->mmap; vma; vma = vma->vm_next) {
		flags = vma->vm_flags & ~(uint64_t)VM_MERGEABLE;
		if (op->flags && !(flags & VM_KSM_NEVER))
			flags |= VM_MERGEABLE;
		vma->vm_unsure &= ~(uint32_t)VM_MERGEABLE;
		if (flags != vma->vm_flags)
			vma_set_flags(mm, vma, flags);
	}
	return MM_DONE;
}
