/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Flags that nobody had to deduce: the kernel showed them, in smaps.
 */
#include "engine/internal.h"

bool mm_learn(struct mm_struct *mm, unsigned long start, unsigned long end,
	      uint64_t vm_flags, uint16_t uffd)
{
	struct vm_area_struct *vma = find_vma(mm, start);

	if (!vma || vma->vm_start != start || vma->vm_end != end)
		return false;
	vma->uffd = vm_flags & VM_UFFD ? uffd : 0;
	vma->vm_unsure = 0;
	vma_set_flags(mm, vma, vm_flags);
	return true;
}
