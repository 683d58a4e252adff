/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * May two neighbours be one mapping? The rules of mm/vma.c, one by one; where
 * kernels differ, struct mm_rules says so. Each answers yes, no, or undecided
 * where that depends on what userspace cannot see.
 */
#include "engine/merge.h"

enum may may_and(enum may a, enum may b)
{
	if (a == MAY_NO || b == MAY_NO)
		return MAY_NO;
	return a == MAY_UNDECIDED ? a : b;
}

/* Mirrors mpol_equal(): interned policies are equal where their ids are. */
bool mpol_equal(uint32_t a, uint32_t b)
{
	return a == b;
}

enum may same_file(const struct mm_file *a, const struct mm_file *b)
{
	if (a == b)
		return MAY_YES;
	if (!a || !b || a->inode != b->inode || a->dev_major != b->dev_major ||
	    a->dev_minor != b->dev_minor)
		return MAY_NO;
	if ((a->flags | b->flags) & (MM_FILE_UNIQUE | MM_FILE_SPECIAL))
		return MAY_NO;
	return a->ofd && a->ofd == b->ofd ? MAY_YES : MAY_UNDECIDED;
}

void vma_attr_of(const struct vm_area_struct *vma, struct vma_attr *a)
{
	a->vm_flags = vma->vm_flags;
	a->vm_unsure = vma->vm_unsure;
	a->file = vma->vm_file;
	a->pgoff = vma->vm_pgoff;
	a->pgoff_unsure = vma->bits & VMA_PGOFF_UNSURE;
	a->anon_vma = vma->anon_vma;
	a->anon_state = vma->anon_state;
	a->policy = vma->vm_policy;
	a->anon_name = vma->anon_name;
	a->uffd = vma->uffd;
	a->bits = vma->bits & VMA_OWN;
	a->grows = false;
}

bool has_close(const struct mm_file *file)
{
	return file && (file->flags & MM_FILE_CLOSE);
}

enum may flags_agree(const struct vm_area_struct *vma,
		     const struct vma_attr *a)
{
	const uint64_t ignored = VM_SOFTDIRTY;
	uint64_t unsure = (vma->vm_unsure | a->vm_unsure) & ~ignored;

	if ((vma->vm_flags ^ a->vm_flags) & ~unsure & ~ignored)
		return MAY_NO;
	return unsure ? MAY_UNDECIDED : MAY_YES;
}

enum may pgoff_follows(unsigned long end, unsigned long start, bool unsure)
{
	if (unsure)
		return MAY_UNDECIDED;
	return end == start ? MAY_YES : MAY_NO;
}

/* Mirrors is_mergeable_vma(). */
enum may is_mergeable_vma(const struct mm_struct *mm,
			  const struct vm_area_struct *vma,
			  const struct vma_attr *a)
{
	enum may flags;

	if (vma->bits & VMA_LEAVING)
		return MAY_NO;
	flags = flags_agree(vma, a);
	if (flags == MAY_NO)
		return MAY_NO;
	if (vma->uffd != a->uffd || vma->anon_name != a->anon_name)
		return MAY_NO;
	if (mm->rules.close_blocks_merge && has_close(vma->vm_file))
		return MAY_NO;
	return may_and(same_file(vma->vm_file, a->file), flags);
}

/* Mirrors is_mergeable_anon_vma(); kernel-facts 1.2. */
bool anon_compatible(const struct mm_rules *rules, unsigned int range,
		     unsigned int at, bool same, bool grows)
{
	if (range == ANON_NONE)
		return at != ANON_FORKED;
	if (at == ANON_NONE)
		return rules->faulted_merges_untouched &&
		       (range == ANON_FAULTED || grows);
	return same;
}

unsigned int can_be_same(unsigned int states_a, uint32_t id_a,
			 unsigned int state_a, unsigned int states_b,
			 uint32_t id_b, unsigned int state_b)
{
	uint32_t a = anon_identity(states_a, id_a, state_a);
	uint32_t b = anon_identity(states_b, id_b, state_b);

	/* What came by fork is not taken over by a fault, nor copied to one. */
	if (state_a != state_b)
		return CAN_NO;
	if (!a || !b)
		return CAN_BOTH;
	return a == b ? CAN_YES : CAN_NO;
}

static unsigned int pair_can(const struct mm_rules *rules,
			     const struct vma_attr *range, unsigned int r,
			     const struct vm_area_struct *at, unsigned int n)
{
	unsigned int same = CAN_NO, answers = 0;

	if (r != ANON_NONE && n != ANON_NONE)
		same = can_be_same(range->anon_state, range->anon_vma, r,
				   at->anon_state, at->anon_vma, n);
	if (same & CAN_YES)
		answers |= anon_compatible(rules, r, n, true, range->grows)
			? CAN_YES : CAN_NO;
	if (same & CAN_NO)
		answers |= anon_compatible(rules, r, n, false, range->grows)
			? CAN_YES : CAN_NO;
	return answers;
}

enum may is_mergeable_anon_vma(const struct mm_struct *mm,
			       const struct vma_attr *range,
			       const struct vm_area_struct *neighbour)
{
	unsigned int r, n, answers = 0;

	for (r = ANON_NONE; r <= ANON_FORKED; r <<= 1)
		for (n = ANON_NONE; n <= ANON_FORKED; n <<= 1)
			if ((range->anon_state & r) &&
			    (neighbour->anon_state & n))
				answers |= pair_can(&mm->rules, range, r,
						    neighbour, n);
	if (answers == CAN_BOTH)
		return MAY_UNDECIDED;
	return answers == CAN_YES ? MAY_YES : MAY_NO;
}

enum may attr_after(const struct mm_struct *mm,
			   const struct vm_area_struct *prev,
		    const struct vma_attr *a, unsigned long start)
{
	if (a->grows)
		return MAY_YES;
	if (prev->vm_end != start || !mpol_equal(prev->vm_policy, a->policy))
		return MAY_NO;
	return may_and(is_mergeable_vma(mm, prev, a),
		       pgoff_follows(prev->vm_pgoff + vma_pages(prev), a->pgoff,
				     (prev->bits & VMA_PGOFF_UNSURE) ||
				     a->pgoff_unsure));
}

enum may attr_before(const struct mm_struct *mm,
			    const struct vm_area_struct *next,
			    const struct vma_attr *a, unsigned long pages)
{
	if (!mpol_equal(next->vm_policy, a->policy))
		return MAY_NO;
	return may_and(is_mergeable_vma(mm, next, a),
		       pgoff_follows(a->pgoff + pages, next->vm_pgoff,
				     (next->bits & VMA_PGOFF_UNSURE) ||
				     a->pgoff_unsure));
}

/* Mirrors can_vma_merge_before(). */
enum may can_vma_merge_before(const struct mm_struct *mm,
			      const struct vm_area_struct *next,
			      const struct vma_attr *a, unsigned long start,
			      unsigned long end)
{
	if (next->vm_start != end || (a->vm_flags & VM_SPECIAL))
		return MAY_NO;
	return may_and(attr_before(mm, next, a, (end - start) >> PAGE_SHIFT),
		       is_mergeable_anon_vma(mm, a, next));
}

/* Mirrors can_vma_merge_after(). */
enum may can_vma_merge_after(const struct mm_struct *mm,
			     const struct vm_area_struct *prev,
			     const struct vma_attr *a, unsigned long start)
{
	if (a->vm_flags & VM_SPECIAL)
		return MAY_NO;
	return may_and(attr_after(mm, prev, a, start),
		       is_mergeable_anon_vma(mm, a, prev));
}
