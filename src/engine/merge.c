/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vma_merge(): which neighbours become one mapping with a range.
 *
 * What userspace cannot see (anon_vma, sometimes a flag, an offset or an open
 * file) leaves several worlds possible. All of them are looked at; a boundary
 * is asked about only where they disagree, and what the answer says about the
 * two sides is kept.
 *
 * The law: nothing is changed before every boundary of the step is decided.
 */
#include "engine/merge.h"

/* --- the worlds that are possible ----------------------------------------- */

enum { PREV, RANGE, NEXT, SIDES };
enum { START, END, BOUNDARIES };

/* The bits of a world that are not states. */
#define SAME_PREV  0x1	/* prev's object is the range's */
#define SAME_NEXT  0x2	/* next's is */
#define SAME_BOTH  0x4	/* prev's is next's */
#define SAME_ALL   0x7
#define AGREE_PREV 0x8	/* all but anon_vma agrees with prev */
#define AGREE_NEXT 0x10

struct merge_query {
	const struct mm_rules *rules;
	struct vm_area_struct *prev, *next;	/* NULL: does not touch */
	struct vm_area_struct *area;		/* NULL: the range is new */
	uint32_t id[SIDES];
	uint8_t states[SIDES];
	uint8_t agree[BOUNDARIES];	/* CAN_*: with prev, with next */
	uint8_t admit[BOUNDARIES];	/* CAN_*: outcomes not ruled out */
	uint8_t memo[BOUNDARIES];	/* VMA_ANON_MEMO there */
	bool grows, next_first, close, whole;

	/* What the possible worlds have in common: filled by survey(). */
	uint8_t outcome[BOUNDARIES];	/* CAN_*: merges there */
	uint8_t same[BOUNDARIES];	/* CAN_*: both have one, the same */
	uint8_t left[SIDES];		/* states */
	uint8_t state;			/* states of what is merged */
	uint32_t merged_id[2];		/* if FAULTED, if FORKED */
};

struct world {
	uint8_t state[SIDES];
	uint8_t bits;
};

/* May the objects of two sides be one, in these states? CAN_*. */
static unsigned int pair_can(const struct merge_query *q,
			     const struct world *w, unsigned int a,
			     unsigned int b, unsigned int memo)
{
	unsigned int can;

	if (w->state[a] == ANON_NONE || w->state[b] == ANON_NONE)
		return CAN_NO;
	can = can_be_same(q->states[a], q->id[a], w->state[a], q->states[b],
			  q->id[b], w->state[b]);
	if (memo & VMA_ANON_DIFFERS)
		can &= CAN_NO;
	if (memo & VMA_ANON_SAME)
		can &= CAN_YES;
	return can;
}

static bool compatible(const struct merge_query *q, const struct world *w,
		       unsigned int range, unsigned int at, unsigned int bit)
{
	return anon_compatible(q->rules, w->state[range], w->state[at],
			       w->bits & bit, q->grows);
}

/*
 * What the kernel does in this world: bit START, bit END. Mirrors vma_merge()
 * for changed ranges, and vma_merge_new_range() or, where the rules say so,
 * the order of mmap_region() in v6.1 to v6.11.
 */
static unsigned int merges_in(const struct merge_query *q,
			      const struct world *w)
{
	bool left = (w->bits & AGREE_PREV) &&
		    compatible(q, w, RANGE, PREV, SAME_PREV);
	bool right = (w->bits & AGREE_NEXT) &&
		     compatible(q, w, RANGE, NEXT, SAME_NEXT);

	if (q->next_first && right)
		left = (w->bits & AGREE_PREV) &&
		       compatible(q, w, NEXT, PREV, SAME_BOTH);
	else if (left && right && w->state[PREV] != ANON_NONE &&
		 w->state[NEXT] != ANON_NONE)
		right = w->bits & SAME_BOTH;
	/* A close hook forbids what would delete the VMA: kernel-facts 1.1. */
	if (q->close && q->whole)
		left = right = false;
	if (q->close && left)
		right = false;
	return (unsigned int)left << START | (unsigned int)right << END;
}

static unsigned int bit_of(bool yes)
{
	return yes ? CAN_YES : CAN_NO;
}

/* The object of what is merged: the kernel keeps that of the VMA that grows. */
static void record_union(struct merge_query *q, const struct world *w,
			 unsigned int merged)
{
	bool left = merged & 1 << START, right = merged & 1 << END;
	uint8_t state = left ? w->state[PREV] : w->state[NEXT];
	uint32_t id = 0, *known;

	if (state == ANON_NONE)
		state = w->state[RANGE];
	if (state == ANON_NONE && right)
		state = w->state[NEXT];
	for (unsigned int i = PREV; i < SIDES; i++) {
		if ((i == PREV && !left) || (i == NEXT && !right) || id)
			continue;
		if (w->state[i] != ANON_NONE)
			id = anon_identity(q->states[i], q->id[i], w->state[i]);
	}
	known = &q->merged_id[state == ANON_FORKED];
	if (state != ANON_NONE)
		*known = !(q->state & state) || *known == id ? id : 0;
	q->state |= state;
}

static void record(struct merge_query *q, const struct world *w)
{
	unsigned int merged = merges_in(q, w);

	if (!(q->admit[START] & bit_of(merged & 1 << START)) ||
	    !(q->admit[END] & bit_of(merged & 1 << END)))
		return;
	q->outcome[START] |= bit_of(merged & 1 << START);
	q->outcome[END] |= bit_of(merged & 1 << END);
	q->same[START] |= bit_of(w->bits & SAME_PREV);
	q->same[END] |= bit_of(w->bits & SAME_NEXT);
	for (unsigned int i = PREV; i < SIDES; i++)
		q->left[i] |= w->state[i];
	if (merged)
		record_union(q, w, merged);
}

static void survey_agreement(struct merge_query *q, struct world *w,
			     unsigned int same)
{
	for (unsigned int agree = 0; agree <= (AGREE_PREV | AGREE_NEXT);
	     agree += AGREE_PREV) {
		if (!(q->agree[START] & bit_of(agree & AGREE_PREV)) ||
		    !(q->agree[END] & bit_of(agree & AGREE_NEXT)))
			continue;
		w->bits = (uint8_t)(same | agree);
		record(q, w);
	}
}

/* All relations that three given states may have to each other. */
static void survey_states(struct merge_query *q, struct world *w)
{
	unsigned int prev = pair_can(q, w, PREV, RANGE, q->memo[START]);
	unsigned int next = pair_can(q, w, RANGE, NEXT, q->memo[END]);
	unsigned int both = pair_can(q, w, PREV, NEXT, 0);

	/* What grows is its prev. */
	if (q->grows && w->state[PREV] != w->state[RANGE])
		return;
	if (q->grows && w->state[PREV] != ANON_NONE)
		prev = CAN_YES;
	for (unsigned int same = 0; same <= SAME_ALL; same++) {
		if (!(prev & bit_of(same & SAME_PREV)) ||
		    !(next & bit_of(same & SAME_NEXT)) ||
		    !(both & bit_of(same & SAME_BOTH)))
			continue;
		/* Two pairs are the same object, the third is not. */
		if ((same & (same - 1)) && same != SAME_ALL)
			continue;
		survey_agreement(q, w, same);
	}
}

static void survey(struct merge_query *q)
{
	struct world w;

	q->outcome[START] = q->outcome[END] = 0;
	q->same[START] = q->same[END] = 0;
	q->left[PREV] = q->left[RANGE] = q->left[NEXT] = q->state = 0;
	for (unsigned int i = 0; i < 27; i++) {
		w.state[PREV] = (uint8_t)(1U << i % 3);
		w.state[RANGE] = (uint8_t)(1U << i / 3 % 3);
		w.state[NEXT] = (uint8_t)(1U << i / 9);
		if ((q->states[PREV] & w.state[PREV]) &&
		    (q->states[RANGE] & w.state[RANGE]) &&
		    (q->states[NEXT] & w.state[NEXT]))
			survey_states(q, &w);
	}
}

/* --- asking, learning ------------------------------------------------------ */

static void mark_extent(struct vm_area_struct *vma)
{
	if (vma)
		vma->bits |= VMA_EXTENT_UNSURE;
}

/* The worlds that a guess left say nothing about what is merged. */
static void conclude_nothing(struct merge_query *q)
{
	q->state = q->states[RANGE];
	if (q->outcome[START] == CAN_YES)
		q->state |= q->states[PREV];
	if (q->outcome[END] == CAN_YES)
		q->state |= q->states[NEXT];
	q->merged_id[0] = q->merged_id[1] = 0;
}

/*
 * Ask until both boundaries are decided. Returns MM_DONE, and *learn if an
 * answer ruled worlds out, or MM_ASK.
 */
static int decide(struct mm_op *op, struct merge_query *q, unsigned long start,
		  unsigned long end, bool *learn)
{
	bool guessed = false;
	int answer;

	*learn = false;
	for (unsigned int i = START; i < BOUNDARIES; i++) {
		if (q->outcome[i] != CAN_BOTH)
			continue;
		answer = ask_boundary(op, i == START ? start : end);
		if (answer < 0)
			return MM_ASK;
		if (answer == MM_BOUNDARY_UNKNOWN) {
			mark_extent(i == START ? q->prev : q->next);
			mark_extent(q->area);
			guessed = true;
		}
		q->admit[i] = answer == MM_BOUNDARY_NO ? CAN_YES : CAN_NO;
		*learn = !guessed;
		survey(q);
	}
	if (guessed)
		conclude_nothing(q);
	return MM_DONE;
}

static void learn_state(struct mm_struct *mm, struct vm_area_struct *vma,
			uint8_t left)
{
	if (!vma)
		return;
	anon_vma_narrow(&vma->anon_state, &vma->anon_vma, left);
	vma_open_faults(mm, vma);
}

/* What the answers say about the sides, whether or not they merge. */
static void learn(struct mm_struct *mm, struct merge_query *q)
{
	bool range = !(q->left[RANGE] & ANON_NONE) && q->area;

	learn_state(mm, q->prev, q->left[PREV]);
	learn_state(mm, q->area, q->left[RANGE]);
	learn_state(mm, q->next, q->left[NEXT]);
	if (range && q->prev && !(q->left[PREV] & ANON_NONE) &&
	    q->same[START] == CAN_NO)
		q->area->bits |= VMA_ANON_DIFFERS;
	if (range && q->next && !(q->left[NEXT] & ANON_NONE) &&
	    q->same[END] == CAN_NO)
		q->next->bits |= VMA_ANON_DIFFERS;
}

/* They merged: what one side surely has, both have. */
static void learn_attr(struct mm_struct *mm, struct vm_area_struct *to,
		       const struct vma_attr *a)
{
	uint64_t unsure = to->vm_unsure & ~(uint64_t)a->vm_unsure;

	to->vm_unsure &= a->vm_unsure;
	vma_set_flags(mm, to, (to->vm_flags & ~unsure) | (a->vm_flags & unsure));
	if (!to->vm_file || to->vm_file == a->file)
		return;
	if (!to->vm_file->ofd)
		to->vm_file->ofd = a->file->ofd;
	a->file->ofd = to->vm_file->ofd;
}

/* --- merging --------------------------------------------------------------- */

/* The range's own piece of @area goes: all of it, or one end. */
static void cut_range(struct mm_struct *mm, struct vm_area_struct *area,
		      unsigned long start, unsigned long end)
{
	unsigned long pages = (end - area->vm_start) >> PAGE_SHIFT;

	if (start == area->vm_start && end == area->vm_end) {
		__vma_unlink(mm, area);
		vma_free(mm, area);
	} else if (start == area->vm_start) {
		__vma_adjust(mm, area, end, area->vm_end,
			     area->vm_pgoff + pages, NULL);
	} else {
		__vma_adjust(mm, area, area->vm_start, start, area->vm_pgoff,
			     NULL);
	}
}

/* @to is sure of its offset, or takes it from what it merged with. */
static void settle_pgoff(struct vm_area_struct *to, unsigned long pgoff,
			 bool unsure)
{
	if (!(to->bits & VMA_PGOFF_UNSURE) || unsure)
		return;
	to->vm_pgoff = pgoff;
	to->bits &= (uint8_t)~VMA_PGOFF_UNSURE;
}

/*
 * The eight cases; A A A is the range, P and N are the neighbours. Above the
 * state before the call, below it after.
 *
 * new range:
 *	PPPP AAAA NNNN	 PPPP AAAA	 AAAA NNNN
 *	PPPPPPPPPPPPPP	 PPPPPPPPP	 NNNNNNNNN	PPPP AAAA
 *	   case 1	   case 2	   case 3	 (nothing)
 *
 * changed range, part of one VMA (V):
 *	VVVV AAAA NNNN	 PPPP AAAA VVVV
 *	VVVV NNNNNNNNN	 PPPPPPPPP VVVV
 *	   case 4	      case 5
 *
 * changed range, all of one VMA:
 *	PPPP AAAA NNNN	 PPPP AAAA VVVV	 VVVV AAAA NNNN
 *	PPPPPPPPPPPPPP	 PPPPPPPPP VVVV	 VVVV NNNNNNNNN
 *	   case 6	      case 7	      case 8
 */
static struct vm_area_struct *merge_sides(struct mm_struct *mm,
					  struct merge_query *q,
					  unsigned long start,
					  unsigned long end,
					  const struct vma_attr *a)
{
	bool left = q->outcome[START] == CAN_YES;
	bool right = q->outcome[END] == CAN_YES;
	struct vm_area_struct *to = left ? q->prev : q->next;
	unsigned long pages = (end - start) >> PAGE_SHIFT;

	if (right) {
		learn_attr(mm, q->next, a);
		settle_pgoff(q->next, a->pgoff + pages, a->pgoff_unsure);
	}
	if (left) {
		learn_attr(mm, to, a);
		settle_pgoff(to, a->pgoff - vma_pages(to), a->pgoff_unsure);
	}
	if (q->area)
		cut_range(mm, q->area, start, end);
	if (left && right) {
		settle_pgoff(to, q->next->vm_pgoff - pages - vma_pages(to),
			     q->next->bits & VMA_PGOFF_UNSURE);
		__vma_adjust(mm, to, to->vm_start, q->next->vm_end,
			     to->vm_pgoff, q->next);
	} else if (left) {
		__vma_adjust(mm, to, to->vm_start, end, to->vm_pgoff, NULL);
	} else {
		__vma_adjust(mm, to, start, to->vm_end, to->vm_pgoff - pages,
			     NULL);
	}
	to->anon_state = q->state;
	to->anon_vma = q->merged_id[!!(q->state & ANON_FORKED)];
	if (q->state == ANON_NONE)
		to->anon_vma = 0;
	vma_open_faults(mm, to);
	return to;
}

/* A side that does not take part is untouched, whatever it is. */
static void set_side(struct merge_query *q, unsigned int side,
		     const struct vm_area_struct *vma, enum may agree)
{
	unsigned int boundary = side == PREV ? START : END;

	q->agree[boundary] = (uint8_t)(agree == MAY_UNDECIDED ? CAN_BOTH :
				       agree == MAY_YES ? CAN_YES : CAN_NO);
	q->admit[boundary] = CAN_BOTH;
	q->states[side] = agree == MAY_NO ? ANON_NONE : vma->anon_state;
	q->id[side] = agree == MAY_NO ? 0 : vma->anon_vma;
}

static void set_range(struct merge_query *q, const struct vma_attr *a,
		      unsigned long start, unsigned long end)
{
	const struct vm_area_struct *area = q->area;

	q->states[RANGE] = a->anon_state;
	q->id[RANGE] = a->anon_vma;
	q->grows = a->grows;
	q->close = has_close(a->file);
	q->whole = area && start == area->vm_start && end == area->vm_end;
	if (area && !((q->states[PREV] | q->states[RANGE]) & ANON_NONE))
		q->memo[START] = area->bits & VMA_ANON_MEMO;
	if (area && !((q->states[NEXT] | q->states[RANGE]) & ANON_NONE))
		q->memo[END] = q->next->bits & VMA_ANON_MEMO;
}

/* Returns false where nothing can merge at all, which most calls find. */
static bool query_init(const struct mm_struct *mm, struct merge_query *q,
		       unsigned long start, unsigned long end,
		       const struct vma_attr *a)
{
	enum may after = MAY_NO, before = MAY_NO;

	if (a->vm_flags & VM_SPECIAL)
		return false;
	if (q->prev)
		after = attr_after(mm, q->prev, a, start);
	if (q->next)
		before = attr_before(mm, q->next, a,
				     (end - start) >> PAGE_SHIFT);
	if (after == MAY_NO && before == MAY_NO)
		return false;
	/* A side that cannot merge plays no part: nothing is learnt of it. */
	if (after == MAY_NO)
		q->prev = NULL;
	if (before == MAY_NO)
		q->next = NULL;
	q->rules = &mm->rules;
	set_side(q, PREV, q->prev, after);
	set_side(q, NEXT, q->next, before);
	set_range(q, a, start, end);
	return true;
}

static int merge(struct mm_struct *mm, struct mm_op *op, struct merge_query *q,
		 unsigned long start, unsigned long end,
		 const struct vma_attr *a, struct vm_area_struct **out)
{
	bool learnt;

	*out = NULL;
	if (!query_init(mm, q, start, end, a))
		return MM_DONE;
	survey(q);
	if (decide(op, q, start, end, &learnt) == MM_ASK)
		return MM_ASK;
	if (learnt)
		learn(mm, q);
	if (q->outcome[START] == CAN_YES || q->outcome[END] == CAN_YES)
		*out = merge_sides(mm, q, start, end, a);
	return MM_DONE;
}

/* The neighbour if it touches: else it plays no part. */
static struct vm_area_struct *touching(struct vm_area_struct *prev,
				       unsigned long at)
{
	return prev && prev->vm_end == at ? prev : NULL;
}

int vma_merge(struct mm_struct *mm, struct mm_op *op,
	      struct vm_area_struct *prev, unsigned long start,
	      unsigned long end, const struct vma_attr *a, bool new,
	      struct vm_area_struct **out)
{
	struct vm_area_struct *next = prev ? prev->vm_next : mm->mmap;
	struct merge_query q = { .prev = touching(prev, start) };

	if (!new) {
		q.area = prev && prev->vm_end > start ? prev : next;
		next = q.area->vm_end == end ? q.area->vm_next : NULL;
	}
	if (next && next->vm_start == end)
		q.next = next;
	q.next_first = new && op->call != MM_MREMAP &&
		       mm->rules.gap_fill_next_first;
	return merge(mm, op, &q, start, end, a, out);
}

int vma_expand_prev(struct mm_struct *mm, struct mm_op *op,
		    struct vm_area_struct *prev, unsigned long start,
		    unsigned long end, const struct vma_attr *a,
		    struct vm_area_struct **out)
{
	struct merge_query q = { .prev = touching(prev, start) };

	return merge(mm, op, &q, start, end, a, out);
}
