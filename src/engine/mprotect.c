/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mprotect and pkey_mprotect.
 */
#include <linux/mman.h>

#include "engine/internal.h"

#define READ_IMPLIES_EXEC 0x0400000UL	/* personality(2) */

#define VM_MAY_SHIFT 4			/* VM_MAYREAD is VM_READ << 4, ... */

/*
 * Who pays for a page that may become private: mirrors mprotect_fixup(). A
 * mapping that becomes writable is accounted from then on; one that stops being
 * writable is unaccounted again where the kernel sees that nothing was written.
 */
static void fixup_account(const struct mm_struct *mm,
			  const struct vm_area_struct *vma, struct vma_attr *a)
{
	const uint64_t settled = VM_ACCOUNT | VM_WRITE | VM_HUGETLB |
				 VM_SHARED | VM_NORESERVE;

	if (a->vm_flags & VM_WRITE) {
		if (vma->vm_flags & ~(uint64_t)a->vm_unsure & settled)
			return;
		if (a->vm_unsure & VM_NORESERVE) {
			a->vm_unsure |= VM_ACCOUNT;
			return;
		}
		a->vm_flags |= VM_ACCOUNT;
		a->vm_unsure &= ~VM_ACCOUNT;
		return;
	}
	if (!mm->rules.account_cleared || !vma_is_anonymous(vma) ||
	    !((a->vm_flags | a->vm_unsure) & VM_ACCOUNT) ||
	    !(a->anon_state & ANON_NONE))
		return;
	if (a->anon_state == ANON_NONE) {
		a->vm_flags &= ~VM_ACCOUNT;
		a->vm_unsure &= ~VM_ACCOUNT;
	} else {
		a->vm_unsure |= VM_ACCOUNT;
	}
}

/* What the kernel gives out for op->prot on @vma. */
static uint64_t new_prot_bits(const struct mm_struct *mm,
			      const struct mm_op *op,
			      const struct vm_area_struct *vma)
{
	int prot = op->prot & (PROT_READ | PROT_WRITE | PROT_EXEC);
	int pkey = op->pkey;

	if ((mm->personality & READ_IMPLIES_EXEC) && (prot & PROT_READ) &&
	    (vma->vm_flags & VM_MAYEXEC))
		prot |= PROT_EXEC;
	if (pkey == -1)
		pkey = (int)((vma->vm_flags & VM_PKEY_MASK) >> VM_PKEY_SHIFT);
	return calc_vm_prot_bits(prot, pkey);
}

static bool over_data_limit(const struct mm_struct *mm, const struct mm_op *op,
			    const struct vm_area_struct *vma, uint64_t flags)
{
	unsigned long start = op->addr, end = op->addr + PAGE_ALIGN(op->len);

	if (start < vma->vm_start || (op->prot & PROT_GROWSDOWN))
		start = vma->vm_start;
	if (end > vma->vm_end)
		end = vma->vm_end;
	return !may_become_data(mm, vma->vm_flags, flags,
				(long)((end - start) >> PAGE_SHIFT), 0);
}

/*
 * The checks and changes that do_mprotect_pkey() and mprotect_fixup() make for
 * one VMA, in their order. A right that may be there (vm_unsure) is not
 * refused: the kernel's answer will say.
 */
static int mprotect_fixup(struct mm_struct *mm, struct mm_op *op,
			  const struct vm_area_struct *vma, struct vma_attr *a)
{
	uint64_t bits = new_prot_bits(mm, op, vma);
	uint64_t may = vma->vm_flags | vma->vm_unsure;

	if (bits & VM_ACCESS_FLAGS & ~(may >> VM_MAY_SHIFT))
		return -EACCES;
	if (vma->vm_flags & VM_SEALED)
		return -EPERM;
	a->vm_flags &= ~(VM_ACCESS_FLAGS | VM_PKEY_MASK);
	a->vm_flags |= bits;
	if (a->vm_flags == vma->vm_flags)
		return 0;
	if (over_data_limit(mm, op, vma, a->vm_flags))
		return -ENOMEM;
	fixup_account(mm, vma, a);
	return 1;
}

/*
 * PROT_GROWSDOWN: from the start of the mapping, which must be one that grows.
 * Once the loop runs, the mapping there may be another; its start is not used
 * any more then.
 */
static bool grows_down_from(struct mm_struct *mm, const struct mm_op *op,
			    unsigned long *start)
{
	struct vm_area_struct *vma;

	if (!(op->prot & PROT_GROWSDOWN) || op->phase)
		return true;
	vma = find_vma(mm, *start);
	if (!vma || !(vma->vm_flags & VM_GROWSDOWN))
		return false;
	*start = vma->vm_start;
	return true;
}

/*
 * EINVAL is about arguments, which are looked at before any VMA, unless the
 * mirror knows of a mapping that cannot be cut.
 */
static bool bad_arguments(struct mm_struct *mm, struct mm_op *op,
			  const struct range *r)
{
	const int known = PROT_READ | PROT_WRITE | PROT_EXEC | PROT_SEM |
			  PROT_GROWSDOWN;
	unsigned long stop;

	return (op->prot & ~known) ||
	       scan_range(mm, op, r, &stop) != -EINVAL;
}

/* Mirrors mm/mprotect.c:do_mprotect_pkey(). */
int commit_mprotect(struct mm_struct *mm, struct mm_op *op)
{
	struct range r = {
		.start = op->addr,
		.end = op->addr + PAGE_ALIGN(op->len),
		.holes = HOLES_STOP,
		.change = mprotect_fixup,
		.ret = op->ret,
		.no_vma = -ENOMEM,
	};

	if ((r.start & ~PAGE_MASK) || r.end <= r.start)
		return MM_DONE;
	if (!grows_down_from(mm, op, &r.start)) {
		if (op->ret != -EINVAL && op->ret != -ENOMEM)
			op_unknown(mm, op, r.start, r.end);
		return MM_DONE;
	}
	if (op->ret == -EINVAL && !op->phase && bad_arguments(mm, op, &r))
		return MM_DONE;
	return apply_to_range(mm, op, &r);
}
