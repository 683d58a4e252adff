/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a fork child finds: mirrors kernel/fork.c:dup_mmap() and anon_vma_fork().
 * The parent's mm does not change.
 */
#include "engine/internal.h"

/*
 * Each VMA that had an anon_vma gets one of its own, in a chain with the
 * parent's: pieces that shared one no longer do.
 */
static void anon_vma_fork(struct mm_struct *mm, struct vm_area_struct *vma)
{
	vma->anon_vma = 0;
	vma->bits &= (uint8_t)~VMA_ANON_MEMO;
	if (vma->vm_flags & VM_WIPEONFORK)
		vma->anon_state = ANON_NONE;
	if (!(vma->anon_state & (ANON_FAULTED | ANON_FORKED)))
		return;
	vma->anon_state = (vma->anon_state & ANON_NONE) | ANON_FORKED;
	vma->anon_vma = ++mm->next_anon_vma;
}

static void fork_vma(struct mm_struct *mm, struct vm_area_struct *vma)
{
	uint64_t flags = vma->vm_flags & ~(VM_LOCKED_MASK | VM_UFFD);

	anon_vma_fork(mm, vma);
	vma->uffd = 0;
	vma->vm_unsure &= ~(uint32_t)VM_LOCKED_MASK;
	if (flags != vma->vm_flags)
		vma_set_flags(mm, vma, flags);
	vma_open_faults(mm, vma);
}

void dup_mmap(struct mm_struct *mm)
{
	struct vm_area_struct *vma = mm->mmap, *next;

	mm->def_flags &= ~VM_LOCKED_MASK;
	mm->locked_lost = 0;
	for (; vma; vma = next) {
		next = vma->vm_next;
		if (vma->vm_flags & VM_DONTCOPY) {
			__vma_unlink(mm, vma);
			vma_free(mm, vma);
		} else {
			fork_vma(mm, vma);
		}
	}
}
