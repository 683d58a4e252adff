/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The loop that mprotect, madvise, mlock, mbind and naming share: over the
 * VMAs of a range, a piece at a time, merging first and splitting where that
 * was not possible.
 *
 *	start            end		the range
 *	  |---------------|
 *	AAAAAAAA BBBB CCCCCCCC		pieces: A's upper part, B, C's lower
 *
 * Law: a piece is changed only after everything it asked was answered, and a
 * piece that was changed is never looked at again: op->cursor has passed it.
 * What the kernel's loop left undone after an error is left undone here.
 */
#include "engine/internal.h"

enum {
	APPLY_START,	/* must be 0: a fresh op */
	APPLY_AGREED,	/* the kernel's loop ended as the mirror says */
	APPLY_NEAR,	/* or before that, for want of VMAs, with that errno */
	APPLY_FULL,	/* it ended for want of VMAs, perhaps */
};

/* A piece that is to change has to be cut out; not everything can be cut. */
static int refused_cut(const struct mm_struct *mm,
		       const struct vm_area_struct *vma,
		       const struct range *r)
{
	int err = 0;

	if (r->start > vma->vm_start)
		err = may_split(mm, vma, r->start);
	if (!err && r->end < vma->vm_end)
		err = may_split(mm, vma, r->end);
	return err;
}

/*
 * Follows mm/mprotect.c:do_mprotect_pkey(), mm/madvise.c:madvise_walk_vmas()
 * and mm/mlock.c:apply_vma_lock_flags() in where they stop.
 */
long scan_range(struct mm_struct *mm, struct mm_op *op, const struct range *r,
		unsigned long *stop)
{
	struct vm_area_struct *vma = find_vma(mm, r->start);
	unsigned long at = r->start;
	struct vma_attr a;
	long err = 0;
	int ret;

	for (; at < r->end; at = vma->vm_end, vma = vma->vm_next) {
		if (!vma || vma->vm_start > at) {
			*stop = at;
			if (r->holes == HOLES_STOP)
				return -ENOMEM;
			if (r->holes == HOLES_STEP)
				err = -ENOMEM;
			if (!vma || vma->vm_start >= r->end)
				break;
			at = vma->vm_start;
		}
		*stop = at;
		vma_attr_of(vma, &a);
		ret = r->change(mm, op, vma, &a);
		if (ret > 0)
			ret = refused_cut(mm, vma, r);
		if (ret < 0)
			return ret;
	}
	*stop = r->end;
	return err;
}

/*
 * Was the one thing that changed unknown before? Then perhaps nothing did, and
 * "nothing" neither merges nor splits.
 */
static bool in_doubt(const struct vm_area_struct *vma, const struct vma_attr *a)
{
	uint64_t differs = vma->vm_flags ^ a->vm_flags;

	if (vma->vm_policy != a->policy || vma->anon_name != a->anon_name)
		return false;
	return !(differs & ~(uint64_t)vma->vm_unsure) &&
	       (vma->vm_unsure & ~a->vm_unsure);
}

static bool is_full(const struct mm_struct *mm, const struct mm_op *op)
{
	return op->phase >= APPLY_NEAR && mm->map_count >= mm->max_map_count;
}

/* Mirrors mm/mmap.c:split_vma(): false at the limit, nothing changed. */
static bool split_vma(struct mm_struct *mm, const struct mm_op *op,
		      struct vm_area_struct *vma, unsigned long addr,
		      bool new_below)
{
	if (is_full(mm, op))
		return false;
	__split_vma(mm, vma, addr, new_below);
	return true;
}

/*
 * Cut [start, end) out of *@vma. False: the kernel had no VMA for it, as it
 * said; a cut at @start that was made before stays, as it does there.
 */
static bool isolate(struct mm_struct *mm, struct mm_op *op,
		    struct vm_area_struct *vma, unsigned long start,
		    unsigned long end)
{
	if (start > vma->vm_start && !split_vma(mm, op, vma, start, true))
		return false;
	return end >= vma->vm_end || split_vma(mm, op, vma, end, false);
}

/*
 * A locked private mapping that became writable is populated at once, before
 * the loop reaches the next one (mprotect_fixup()).
 */
static bool populates(uint64_t old, uint64_t new)
{
	return (old & (VM_WRITE | VM_SHARED | VM_LOCKED)) == VM_LOCKED &&
	       (new & VM_WRITE) && !(new & VM_LOCKONFAULT);
}

/* One piece; @a holds what it shall become. MM_DONE: the cursor passed it. */
static int change_piece(struct mm_struct *mm, struct mm_op *op,
			struct vm_area_struct *vma, struct vma_attr *a,
			unsigned long start, unsigned long end)
{
	struct vm_area_struct *prev, *out;
	uint64_t old = vma->vm_flags;

	if (in_doubt(vma, a))
		op_unknown(mm, op, start - PAGE_SIZE, end + PAGE_SIZE);
	a->pgoff += (start - vma->vm_start) >> PAGE_SHIFT;
	prev = start > vma->vm_start ? vma : vma->vm_prev;
	if (vma_merge(mm, op, prev, start, end, a, false, &out) == MM_ASK)
		return MM_ASK;
	op_touch(op, start, end);
	if (!out) {
		if (!isolate(mm, op, vma, start, end)) {
			op->cursor_end = op->cursor;
			op->phase = APPLY_AGREED;
			return MM_DONE;
		}
		/* A refused merge may have taught something of vma. */
		a->anon_state = vma->anon_state;
		a->anon_vma = vma->anon_vma;
		vma_set_attr(mm, vma, a);
		out = vma;
	}
	out->changed = mm->event;
	if (populates(old, a->vm_flags))
		anon_vma_prepare(mm, out);
	op->cursor = out->vm_end;
	return MM_DONE;
}

static int apply_piece(struct mm_struct *mm, struct mm_op *op,
		       const struct range *r, struct vm_area_struct *vma)
{
	unsigned long start = vma->vm_start, end = vma->vm_end;
	struct vma_attr a;
	int ret;

	if (start < op->cursor)
		start = op->cursor;
	if (end > op->cursor_end)
		end = op->cursor_end;
	vma_attr_of(vma, &a);
	ret = r->change(mm, op, vma, &a);
	if (ret < 0 && r->ret) {
		/* What the pieces before it did made it refuse. */
		op->cursor_end = op->cursor;
		return MM_DONE;
	}
	if (ret <= 0) {
		op->cursor = vma->vm_end;
		return MM_DONE;
	}
	return change_piece(mm, op, vma, &a, start, end);
}

/*
 * Compare how the kernel's loop ended with how it should have. Where the two
 * differ: a call that succeeded did all of it, of one that failed nobody knows
 * what it did. Two cuts are the most that such a loop can want.
 */
static void begin(struct mm_struct *mm, struct mm_op *op, const struct range *r)
{
	long err = scan_range(mm, op, r, &op->cursor_end);

	op->cursor = r->start;
	op->phase = APPLY_AGREED;
	if (r->ret == r->no_vma && mm->map_count + 2 > mm->max_map_count) {
		op->phase = err == r->ret ? APPLY_NEAR : APPLY_FULL;
		return;
	}
	if (err == r->ret)
		return;
	/* Limits count what the pieces before have changed: as far as it goes. */
	if (r->ret != r->no_vma)
		op->cursor_end = r->ret ? r->start : r->end;
	else if (was_foretold(op))
		return;
	op_unknown(mm, op, r->start, r->end);
}

int apply_to_range(struct mm_struct *mm, struct mm_op *op,
		   const struct range *r)
{
	struct vm_area_struct *vma;

	if (op->phase == APPLY_START)
		begin(mm, op, r);
	while (op->cursor < op->cursor_end) {
		vma = find_vma(mm, op->cursor);
		if (!vma || vma->vm_start >= op->cursor_end)
			break;
		if (apply_piece(mm, op, r, vma) == MM_ASK)
			return MM_ASK;
	}
	if (op->phase == APPLY_FULL) {
		op_unknown(mm, op, r->start, r->end);
		op->phase = APPLY_AGREED;
	}
	return MM_DONE;
}

/*
 * Mirrors mm/gup.c:__mm_populate() and populate_vma_page_range(). Pages of
 * read-only and shared mappings are read, which gives them no anon_vma.
 */
void mm_populate(struct mm_struct *mm, unsigned long start,
		    unsigned long end)
{
	struct vm_area_struct *vma = find_vma(mm, start);

	for (; vma && vma->vm_start < end; vma = vma->vm_next) {
		if ((vma->vm_flags & (VM_WRITE | VM_SHARED)) != VM_WRITE ||
		    (vma->vm_flags & (VM_IO | VM_PFNMAP | VM_LOCKONFAULT)))
			continue;
		anon_vma_prepare(mm, vma);
	}
}
