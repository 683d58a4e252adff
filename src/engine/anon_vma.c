/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The hidden state: which VMAs have an anon_vma, and which share one. The law:
 * a set of states may be too large, never too small; two identities that
 * differ name different objects, so a new one is only given where no other VMA
 * can have the same object already.
 */
#include "engine/internal.h"

#define PMD_SIZE (1UL << 21)

/* Does an aligned huge page fit in? A smaller read fault leaves no trace. */
static bool huge_page_fits(const struct vm_area_struct *vma)
{
	unsigned long first = (vma->vm_start + PMD_SIZE - 1) & ~(PMD_SIZE - 1);

	return first >= vma->vm_start && first < vma->vm_end &&
	       vma->vm_end - first >= PMD_SIZE;
}

/* May a read set anon_vma? Mirrors do_huge_pmd_anonymous_page(). */
static bool read_may_fault(const struct mm_struct *mm,
			   const struct vm_area_struct *vma)
{
	if (!(vma->vm_flags & VM_ACCESS_FLAGS) || !vma_is_anonymous(vma))
		return false;
	if (!(vma->vm_flags & VM_HUGEPAGE) &&
	    !(vma->vm_unsure & VM_HUGEPAGE) &&
	    (!mm->rules.thp_read_faults || (vma->vm_flags & VM_NOHUGEPAGE)))
		return false;
	return huge_page_fits(vma);
}

void anon_vma_narrow(uint8_t *state, uint32_t *id, uint8_t keep)
{
	uint8_t rest = *state & keep;

	if (!rest || rest == *state)
		return;
	if (rest == ANON_NONE ||
	    ((*state & ANON_FORKED) && !(rest & ANON_FORKED)))
		*id = 0;
	*state = rest;
}

void vma_open_faults(const struct mm_struct *mm, struct vm_area_struct *vma)
{
	if (vma->vm_flags & (VM_SHARED | VM_MAYSHARE)) {
		vma->anon_state = ANON_NONE;
		vma->anon_vma = 0;
		return;
	}
	if (!(vma->anon_state & ANON_NONE))
		return;
	/* UFFDIO_COPY fills pages that the program itself may not write. */
	if (!(vma->vm_flags & VM_WRITE) && !vma->uffd &&
	    !read_may_fault(mm, vma))
		return;
	vma->anon_state |= ANON_FAULTED;
	/* A fault to come brings an object of its own. */
	if (!(vma->anon_state & ANON_FORKED))
		vma->anon_vma = 0;
}

/* Mirrors anon_vma_compatible(): could a fault in @b take over @a's object? */
static enum may anon_vma_compatible(const struct vm_area_struct *a,
				    const struct vm_area_struct *b)
{
	const uint64_t ignored = VM_ACCESS_FLAGS | VM_SOFTDIRTY;
	uint64_t unsure = a->vm_unsure | b->vm_unsure;
	uint64_t differ = (a->vm_flags ^ b->vm_flags) & ~ignored;
	enum may may;

	if (a->vm_end != b->vm_start || !mpol_equal(a->vm_policy, b->vm_policy))
		return MAY_NO;
	if (differ & ~unsure)
		return MAY_NO;
	may = may_and(same_file(a->vm_file, b->vm_file),
		      unsure & ~ignored ? MAY_UNDECIDED : MAY_YES);
	if ((a->bits | b->bits) & VMA_PGOFF_UNSURE)
		return may_and(may, MAY_UNDECIDED);
	return b->vm_pgoff == a->vm_pgoff + vma_pages(a) ? may : MAY_NO;
}

/* Could a fault take over @from's object? Only a single-entry chain is. */
static enum may reusable(enum may compatible, const struct vm_area_struct *from)
{
	if (!(from->anon_state & ANON_FAULTED))
		return MAY_NO;
	return from->anon_state == ANON_FAULTED
		? compatible : may_and(compatible, MAY_UNDECIDED);
}

/*
 * Mirrors find_mergeable_anon_vma(), next first: the identity that the first
 * fault in @vma brings. 0 where that is not known.
 */
static uint32_t fault_identity(struct mm_struct *mm,
			       const struct vm_area_struct *vma)
{
	const struct vm_area_struct *next = vma->vm_next, *prev = vma->vm_prev;
	enum may may = MAY_NO;

	if (next)
		may = reusable(anon_vma_compatible(vma, next), next);
	if (may == MAY_YES)
		return next->anon_vma;
	if (may == MAY_UNDECIDED)
		return 0;
	if (prev)
		may = reusable(anon_vma_compatible(prev, vma), prev);
	if (may == MAY_YES)
		return prev->anon_vma;
	return may == MAY_NO ? ++mm->next_anon_vma : 0;
}

void anon_vma_prepare(struct mm_struct *mm, struct vm_area_struct *vma)
{
	if (!(vma->anon_state & ANON_NONE) || (vma->vm_flags & VM_MAYSHARE))
		return;
	if (vma->anon_state == ANON_NONE)
		vma->anon_vma = fault_identity(mm, vma);
	else if (!(vma->anon_state & ANON_FORKED))
		vma->anon_vma = 0;
	vma->anon_state = (vma->anon_state & ANON_FORKED) | ANON_FAULTED;
	/* It may have lost an object and got another since that was learnt. */
	vma->bits &= (uint8_t)~VMA_ANON_MEMO;
	if (vma->vm_next)
		vma->vm_next->bits &= (uint8_t)~VMA_ANON_MEMO;
}

void mm_touch(struct mm_struct *mm, unsigned long start, unsigned long end)
{
	struct vm_area_struct *vma = find_vma(mm, start);

	for (; vma && vma->vm_start < end; vma = vma->vm_next)
		anon_vma_prepare(mm, vma);
}
