/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mremap: shrunk or grown where it is, or moved.
 *
 *	 addr    old_len           new_addr   new_len
 *	  |--------|                  |---------------|
 *	AAAAAAAAAAAAAA      .....  BBB                 CCC
 *
 * A move is a copy at the target, which merges there as a new range would, and
 * then an unmapping of the source. The copy keeps A's anon_vma, and A's offset
 * as well if A has an anon_vma: it then fits only beside what moved with it.
 */
#include <linux/mman.h>

#include "engine/predict.h"

#define MREMAP_DONTUNMAP_ 4UL
#define MREMAP_ALL	(MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP_)
#define HUGE_PAGE	(1UL << 21)

#define UFFD_LOW	(VM_UFFD_MISSING | VM_UFFD_WP)

/* The call's arguments, rounded. */
struct remap {
	unsigned long addr, old_len, new_addr, new_len, flags;
};

/* op->phase of a move. */
enum {
	MOVE_START,	/* must be 0: a fresh op */
	MOVE_ALL,
	MOVE_PART,	/* several, up to the one that was refused */
	MOVE_PART_CUT,	/* and that one's target was cut, but stayed */
	MOVE_PART_GONE,	/* or was unmapped already */
};

/* What is moved at a time: all of it, or one VMA's part. */
struct piece {
	unsigned long old, old_len, new, new_len;
};

static struct vm_area_struct *vma_at(struct mm_struct *mm, unsigned long addr)
{
	struct vm_area_struct *vma = find_vma(mm, addr);

	return vma && vma->vm_start <= addr ? vma : NULL;
}

static void remap_of(struct mm_struct *mm, const struct mm_op *op,
		     struct remap *r)
{
	struct vm_area_struct *vma = vma_at(mm, op->addr);
	unsigned long page = PAGE_SIZE;

	if (vma && (vma->vm_flags & VM_HUGETLB))
		page = HUGE_PAGE;
	r->addr = op->addr;
	r->old_len = (op->len + page - 1) & ~(page - 1);
	r->new_len = (op->new_len + page - 1) & ~(page - 1);
	r->new_addr = op->new_addr;
	r->flags = op->flags;
}

/* From the lower of two ranges to the end of the higher one. */
static void hull_unknown(struct mm_struct *mm, struct mm_op *op,
			 unsigned long a, unsigned long a_end,
			 unsigned long b, unsigned long b_end)
{
	op_unknown(mm, op, a < b ? a : b, a_end > b_end ? a_end : b_end);
}

/* What lies at the target may be what was there, or have been moved there. */
static void all_unknown(struct mm_struct *mm, struct mm_op *op,
			const struct remap *r)
{
	mm_doubt(mm, r->new_addr, r->new_addr + r->new_len, MM_DOUBT_ALL);
	hull_unknown(mm, op, r->addr, r->addr + r->old_len, r->new_addr,
		     r->new_addr + r->new_len);
}

/* Does one call move several VMAs at once, each as a move of its own? */
static bool moves_several(const struct mm_struct *mm, const struct remap *r)
{
	return mm->rules.multi_move && (r->flags & MREMAP_FIXED) &&
	       r->old_len == r->new_len;
}

/* --- in place ------------------------------------------------------------- */

/*
 * Growth is a new range that joins the mapping below it and, in kernels that
 * use vma_merge() for it, perhaps the one above:
 *
 *	AAAA....NNNN  ->  AAAAAAAANNNN or AAAAAAAAAAAA
 */
static VS_NOINLINE int expand_in_place(struct mm_struct *mm, struct mm_op *op,
				       const struct remap *r)
{
	unsigned long start = r->addr + r->old_len, end = r->addr + r->new_len;
	struct vm_area_struct *vma = vma_at(mm, r->addr), *out;
	struct vma_attr a;
	int ret;

	if (!vma || vma->vm_end != start ||
	    find_vma_intersection(mm, start, end)) {
		op_unknown(mm, op, r->addr, end);
		return MM_DONE;
	}
	vma_attr_of(vma, &a);
	a.pgoff += vma_pages(vma);
	a.grows = true;
	ret = mm->rules.grow_merges_next ?
		vma_merge(mm, op, vma, start, end, &a, true, &out) :
		vma_expand_prev(mm, op, vma, start, end, &a, &out);
	if (ret == MM_ASK)
		return MM_ASK;
	op_touch(op, start, end);
	if (!out) {
		out = vma;
		__vma_adjust(mm, vma, vma->vm_start, end, vma->vm_pgoff, NULL);
	}
	if (out->vm_flags & VM_LOCKED)
		mm_populate(mm, start, end);
	return MM_DONE;
}

static int shrink(struct mm_struct *mm, struct mm_op *op, const struct remap *r)
{
	unsigned long start = r->addr + r->new_len, end = r->addr + r->old_len;

	if (start == end)
		return MM_DONE;
	do_munmap(mm, start, end);
	op_touch(op, start, end);
	return MM_DONE;
}

/* --- moving --------------------------------------------------------------- */

/*
 * Where the copy starts counting pages: mirrors mm/vma.c:copy_vma(). Anonymous
 * memory that nobody touched may start anew, so that it merges at its target.
 */
static void set_pgoff(const struct vm_area_struct *vma, const struct piece *p,
		      struct vma_attr *a)
{
	unsigned long fresh = p->new >> PAGE_SHIFT;

	a->pgoff += (p->old - vma->vm_start) >> PAGE_SHIFT;
	if (!vma_is_anonymous(vma) || !(a->anon_state & ANON_NONE))
		return;
	if (a->anon_state == ANON_NONE) {
		a->pgoff = fresh;
		a->pgoff_unsure = false;
	} else if (a->pgoff != fresh) {
		a->pgoff_unsure = true;
	}
}

/* The piece at @at of a source with several VMAs; gaps stay as they are. */
static bool next_piece(struct mm_struct *mm, const struct remap *r,
		       unsigned long at, struct piece *p)
{
	unsigned long end = r->addr + r->old_len;
	struct vm_area_struct *vma = find_vma(mm, at);

	if (at >= end || !vma || vma->vm_start >= end)
		return false;
	p->old = vma->vm_start > at ? vma->vm_start : at;
	p->old_len = (vma->vm_end < end ? vma->vm_end : end) - p->old;
	p->new = r->new_addr + (p->old - r->addr);
	p->new_len = p->old_len;
	return true;
}

/*
 * A source that touches its target and goes away: the boundary between them
 * will be gone, so it is neither merged over nor asked about.
 *
 *	old       new			[AAAA][copy]  ->  [copy]
 *
 * Kernels that keep a copy from merging with what it was copied from
 * (rules.dontunmap_fixed) are served by the same mark.
 */
static struct vm_area_struct *leaving(struct mm_struct *mm,
				      const struct remap *r,
				      const struct piece *p, unsigned long addr)
{
	struct vm_area_struct *vma = vma_at(mm, addr);

	if (!(r->flags & MREMAP_DONTUNMAP_))
		return addr - r->addr < r->old_len ? vma : NULL;
	return mm->rules.dontunmap_fixed && vma == vma_at(mm, p->old) ?
		       vma : NULL;
}

/*
 * A copy between its source and another mapping. Before 6.12 the fix gives up
 * the merge with both, and whether it would have been with both is hidden.
 */
static bool gives_up_both(struct mm_struct *mm, const struct remap *r,
			  const struct piece *p)
{
	unsigned long end = p->new + p->new_len;

	return r->flags & MREMAP_DONTUNMAP_ && mm->rules.gap_fill_next_first &&
	       vma_at(mm, p->new - 1) && vma_at(mm, end) &&
	       (leaving(mm, r, p, p->new - 1) || leaving(mm, r, p, end));
}

/* What lies above the copy if the next piece's copy will take its place. */
static struct vm_area_struct *giving_way(struct mm_struct *mm,
					 const struct remap *r,
					 const struct piece *p)
{
	unsigned long end = p->new + p->new_len;
	struct piece next;

	if (!moves_several(mm, r) ||
	    !next_piece(mm, r, p->old + p->old_len, &next) || next.new != end)
		return NULL;
	return vma_at(mm, end);
}

static void set_leaving(struct vm_area_struct *vma, bool on)
{
	if (vma && on)
		vma->bits |= VMA_LEAVING;
	else if (vma)
		vma->bits &= (uint8_t)~VMA_LEAVING;
}

/*
 * Merge the copy at its target. The kernel's final state says nothing of a
 * boundary with what gives way to the next piece: where that is undecided, the
 * two are taken not to have merged.
 */
static int merge_copy(struct mm_struct *mm, struct mm_op *op,
		      const struct remap *r, const struct piece *p,
		      const struct vma_attr *a, struct vm_area_struct **out)
{
	unsigned long end = p->new + p->new_len;
	struct vm_area_struct *below = leaving(mm, r, p, p->new - 1);
	struct vm_area_struct *above = leaving(mm, r, p, end), *prev;
	int ret;

	find_vma_prev(mm, p->new, &prev);
	set_leaving(below, true);
	set_leaving(above, true);
	ret = vma_merge(mm, op, prev, p->new, end, a, true, out);
	if (ret == MM_ASK && op->ask == end && !above) {
		above = giving_way(mm, r, p);
		set_leaving(above, true);
		if (above)
			ret = vma_merge(mm, op, prev, p->new, end, a, true,
					out);
	}
	set_leaving(below, false);
	set_leaving(above, false);
	return ret;
}

/*
 * A userfaultfd context does not come along unless its owner asked for remap
 * events, which the mirror cannot know.
 */
static void drop_uffd(struct mm_struct *mm, struct vm_area_struct *vma)
{
	if (!vma->uffd)
		return;
	vma->uffd = 0;
	vma->vm_unsure |= vma->vm_flags & UFFD_LOW;
	vma_set_flags(mm, vma, vma->vm_flags & ~(UFFD_LOW | VM_UFFD_MINOR));
}

/* Mirrors mm/vma.c:copy_vma(). *@out holds the target afterwards. */
static int copy_vma(struct mm_struct *mm, struct mm_op *op,
		    const struct remap *r, const struct piece *p,
		    struct vm_area_struct **out)
{
	struct vm_area_struct *vma = vma_at(mm, p->old);
	unsigned long end = p->new + p->new_len;
	bool doubtful = gives_up_both(mm, r, p);
	struct vma_attr a;

	vma_attr_of(vma, &a);
	set_pgoff(vma, p, &a);
	if (merge_copy(mm, op, r, p, &a, out) == MM_ASK)
		return MM_ASK;
	if (!*out) {
		*out = vma_from_attr(mm, p->new, end, &a);
		VS_ASSERT(*out);
		vma_link(mm, *out);
	}
	/* /dev/zero prints the offset that nobody can know. */
	if (doubtful || (a.pgoff_unsure && a.file))
		op_unknown(mm, op, p->new, end);
	drop_uffd(mm, *out);
	return MM_DONE;
}

/*
 * The source lost its pages, and with them its anon_vma; 5.10 did not take it
 * away, so that it may still be there.
 */
static void forget_anon_vma(struct mm_struct *mm, struct vm_area_struct *vma)
{
	vma->anon_state |= ANON_NONE;
	vma->bits &= (uint8_t)~VMA_ANON_MEMO;
	if (vma->vm_next)
		vma->vm_next->bits &= (uint8_t)~VMA_ANON_MEMO;
	vma_open_faults(mm, vma);
}

/*
 * Fixed kernels split a locked source first, so that only the part is unlocked;
 * with what is left of it the copy may merge.
 */
static void isolate(struct mm_struct *mm, struct vm_area_struct *vma,
		    const struct piece *p)
{
	if (p->old > vma->vm_start)
		__split_vma(mm, vma, p->old, true);
	if (p->old + p->old_len < vma->vm_end)
		__split_vma(mm, vma, p->old + p->old_len, false);
}

/*
 * Mirrors mm/mremap.c:dontunmap_complete(). The source is the mapping that
 * holds the range now: it may have become one with @copy, and is unlocked then
 * as a whole. What that takes from locked memory is not counted as taken; but
 * kernels that do not yet check first have not counted the copy, either.
 */
static VS_NOINLINE void dontunmap_complete(struct mm_struct *mm,
					   const struct piece *p,
					   const struct vm_area_struct *copy)
{
	struct vm_area_struct *vma = vma_at(mm, p->old);
	bool fixed = mm->rules.dontunmap_fixed;
	bool whole = p->old == vma->vm_start && p->old_len == vma->vm_end - p->old;
	unsigned long counted = mm->rules.fixed_move_checks_first ?
					0 : p->new_len >> PAGE_SHIFT;

	vma->vm_unsure &= ~(uint32_t)VM_LOCKED_MASK;
	if (vma->vm_flags & VM_LOCKED)
		mm->locked_lost += vma_pages(vma) - counted;
	vma_set_flags(mm, vma, vma->vm_flags & ~VM_LOCKED_MASK);
	if (!whole || vma == copy)
		return;
	if (fixed && !vma->vm_file) {
		vma->vm_pgoff = vma->vm_start >> PAGE_SHIFT;
		vma->bits &= (uint8_t)~VMA_PGOFF_UNSURE;
	}
	forget_anon_vma(mm, vma);
}

/* Mirrors mm/mremap.c:move_vma(). After the copy nothing is asked. */
static int move_vma(struct mm_struct *mm, struct mm_op *op,
		    const struct remap *r, const struct piece *p)
{
	struct vm_area_struct *vma = vma_at(mm, p->old), *copy;

	if (!vma || p->old_len > vma->vm_end - p->old) {
		all_unknown(mm, op, r);
		return MM_DONE;
	}
	if (r->flags & MREMAP_DONTUNMAP_ && mm->rules.dontunmap_fixed &&
	    vma->vm_flags & VM_LOCKED_MASK)
		isolate(mm, vma, p);
	if (copy_vma(mm, op, r, p, &copy) == MM_ASK)
		return MM_ASK;
	if (r->flags & MREMAP_DONTUNMAP_)
		dontunmap_complete(mm, p, copy);
	else if (p->old_len)
		do_munmap(mm, p->old, p->old + p->old_len);
	op_touch(op, p->old, p->old + p->old_len);
	op_touch(op, p->new, p->new + p->new_len);
	if (p->new_len > p->old_len && (copy->vm_flags & VM_LOCKED))
		mm_populate(mm, p->new + p->old_len, p->new + p->new_len);
	return MM_DONE;
}

/* A target that the kernel chose was free: the mirror should know as much. */
static void clear_target(struct mm_struct *mm, struct mm_op *op,
			 const struct remap *r, const struct piece *p)
{
	if (!(r->flags & MREMAP_FIXED) &&
	    find_vma_intersection(mm, p->new, p->new + p->new_len))
		op_unknown(mm, op, p->new, p->new + p->new_len);
	do_munmap(mm, p->new, p->new + p->new_len);
}

/*
 * Each piece may want one VMA for its copy, two where its target is cut out of
 * something and two where its source stays and is unlocked.
 */
unsigned int mremap_reserve(struct mm_struct *mm, const struct mm_op *op)
{
	unsigned int pieces = 0;
	struct remap r;
	struct piece p;

	remap_of(mm, op, &r);
	if (!moves_several(mm, &r))
		return 0;
	for (unsigned long at = r.addr; next_piece(mm, &r, at, &p);
	     at = p.old + p.old_len)
		pieces++;
	return pieces > 1 ? 5 * pieces : 0;
}

/*
 * Mirrors mm/mremap.c:mremap_to() and remap_move(): each piece's target is
 * unmapped in its turn, and what lies in the gaps stays. Unmapping it again
 * after an ask does nothing.
 */
static int move(struct mm_struct *mm, struct mm_op *op, const struct remap *r)
{
	struct piece p = { r->addr, r->old_len, r->new_addr, r->new_len };

	if (!moves_several(mm, r)) {
		clear_target(mm, op, r, &p);
		if (r->old_len > r->new_len) {
			shrink(mm, op, r);
			p.old_len = p.new_len;
		}
		return move_vma(mm, op, r, &p);
	}
	if (op->phase == MOVE_START) {
		op->cursor = r->addr;
		op->phase = MOVE_ALL;
	}
	while (next_piece(mm, r, op->cursor, &p)) {
		clear_target(mm, op, r, &p);
		if (move_vma(mm, op, r, &p) == MM_ASK)
			return MM_ASK;
		op->cursor = p.old + p.old_len;
	}
	return MM_DONE;
}

/* --- failing -------------------------------------------------------------- */

/*
 * What a call that the mirror knew would be refused had done before; of one
 * that it did not foresee nobody knows.
 */
static VS_NOINLINE void failed(struct mm_struct *mm, struct mm_op *op,
			       const struct remap *r)
{
	unsigned long tail = r->addr + r->new_len, end = r->addr + r->old_len;
	unsigned long new_end = r->new_addr + r->new_len;
	bool fixed = r->flags & MREMAP_FIXED;
	enum remap_stage stage;

	if (!was_foretold(op)) {
		if (fixed)
			all_unknown(mm, op, r);
		else if (r->new_len && tail < end && end <= mm->task_size &&
			 !(r->addr & ~PAGE_MASK))
			op_unknown(mm, op, tail, end);
		return;
	}
	stage = mremap_stage(mm, op);
	if (stage == REMAP_TARGET && fixed)
		cut_in_part(mm, op, r->new_addr, new_end);
	if (stage > REMAP_TARGET && fixed) {
		do_munmap(mm, r->new_addr, new_end);
		op_touch(op, r->new_addr, new_end);
	}
	if (stage == REMAP_TAIL && tail < end)
		cut_in_part(mm, op, tail, end);
	if (stage == REMAP_LATE && tail < end)
		shrink(mm, op, r);
}

/*
 * One of several could not be moved: those before it were, and its target may
 * have been cut before that failed. False: it is another failure, or the mirror
 * does not foresee it.
 */
static VS_NOINLINE bool moves_in_part(struct mm_struct *mm, struct mm_op *op,
				      const struct remap *r)
{
	struct remap_stop stop;

	if (op->phase == MOVE_START) {
		if (!moves_several(mm, r) || !was_foretold(op) ||
		    !mremap_stops(mm, op, &stop))
			return false;
		op->cursor = r->addr;
		op->cursor_end = stop.addr;
		op->phase = stop.target_gone ? MOVE_PART_GONE :
			    stop.target_cut ? MOVE_PART_CUT : MOVE_PART;
	}
	return true;
}

/* Those before it; the target of the one that failed goes after they went. */
static VS_NOINLINE int move_part(struct mm_struct *mm, struct mm_op *op,
				 const struct remap *r)
{
	struct remap part = *r;
	struct piece p;

	part.old_len = part.new_len = op->cursor_end - r->addr;
	if (part.old_len && move(mm, op, &part) == MM_ASK)
		return MM_ASK;
	if (op->phase == MOVE_PART ||
	    !next_piece(mm, r, op->cursor_end, &p))
		return MM_DONE;
	if (op->phase == MOVE_PART_GONE)
		do_munmap(mm, p.new, p.new + p.new_len);
	else
		cut_in_part(mm, op, p.new, p.new + p.new_len);
	return MM_DONE;
}

/* Mirrors mm/mremap.c:do_mremap(). */
int commit_mremap(struct mm_struct *mm, struct mm_op *op)
{
	struct remap r;

	remap_of(mm, op, &r);
	if (is_error(op->ret)) {
		if (moves_in_part(mm, op, &r))
			return move_part(mm, op, &r);
		failed(mm, op, &r);
		return MM_DONE;
	}
	r.new_addr = (unsigned long)op->ret;
	if (r.flags & (MREMAP_FIXED | MREMAP_DONTUNMAP_))
		return move(mm, op, &r);
	if (r.new_len <= r.old_len)
		return shrink(mm, op, &r);
	if (r.new_addr == r.addr)
		return expand_in_place(mm, op, &r);
	return move(mm, op, &r);
}
