/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Stacks that grow at a touch: mirrors mm/mmap.c:expand_downwards(). */
#include "engine/fault.h"
#include "engine/internal.h"

/* Does what lies below keep its distance? A stack or PROT_NONE need not. */
static bool guard_kept(const struct mm_struct *mm,
		       const struct vm_area_struct *prev, unsigned long addr)
{
	if (!prev || (prev->vm_flags & VM_GROWSDOWN) ||
	    !(prev->vm_flags & VM_ACCESS_FLAGS))
		return !prev || prev->vm_end <= addr;
	return prev->vm_end <= addr &&
	       addr - prev->vm_end >= mm->rules.stack_guard_gap;
}

enum fault_reason mm_stack_refused(const struct mm_struct *mm,
				   const struct vm_area_struct *vma,
				   unsigned long addr)
{
	unsigned long grow;

	addr &= PAGE_MASK;
	grow = (vma->vm_start - addr) >> PAGE_SHIFT;
	if (addr < mm->rules.mmap_min_addr)
		return FAULT_WHY_STACK_LOW;
	if (!guard_kept(mm, vma->vm_prev, addr))
		return FAULT_WHY_STACK_GAP;
	if (vma->vm_end - addr > mm->rlim.stack)
		return FAULT_WHY_STACK_LIMIT;
	if (grow > vma->vm_pgoff || !may_expand_vm(mm, vma->vm_flags, (long)grow) ||
	    !mlock_future_check(mm, vma->vm_flags, grow << PAGE_SHIFT))
		return FAULT_WHY_STACK_SPACE;
	return FAULT_WHY_ALLOWED;
}

int expand_stack(struct mm_struct *mm, unsigned long addr)
{
	struct vm_area_struct *vma = find_vma(mm, addr);

	if (!vma || (addr & ~PAGE_MASK))
		return -EINVAL;
	if (vma->vm_start <= addr)
		return 0;
	if (!(vma->vm_flags & VM_GROWSDOWN) ||
	    mm_stack_refused(mm, vma, addr) != FAULT_WHY_ALLOWED)
		return -EINVAL;
	/* The kernel prepares it before it grows, whatever the touch was. */
	anon_vma_prepare(mm, vma);
	__vma_adjust(mm, vma, addr, vma->vm_end,
		     vma->vm_pgoff - ((vma->vm_start - addr) >> PAGE_SHIFT),
		     NULL);
	return 0;
}
