/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Mappings in a flat array: what touches, what merges, what is cut. */
#include "pages.h"

int vma_first(const struct kernel *k, int i)
{
	while (!k->page[i].first)
		i--;
	return i;
}

int vma_end(const struct kernel *k, int i)
{
	do
		i++;
	while (i < NR && k->page[i].mapped && !k->page[i].first);
	return i;
}

bool boundary(const struct kernel *k, int i)
{
	return i <= 0 || i >= NR || !k->page[i].mapped || k->page[i].first;
}

static const struct page *before(const struct kernel *k, int i)
{
	static const struct page wall;

	return i ? &k->page[i - 1] : &wall;
}

static bool same_but(const struct page *a, const struct page *b, uint64_t but)
{
	return !((a->flags ^ b->flags) & ~but) && a->file == b->file &&
	       a->policy == b->policy;
}

/* kernel-facts 1.2, the table: may what has @a's anon_vma join what has @at's? */
static bool anon_fits(const struct kernel *k, const struct page *a,
		      const struct page *at, bool grows)
{
	if (!a->anon)
		return !at->anon || !at->forked;
	if (!at->anon)
		return k->rules->faulted_merges_untouched &&
		       (!a->forked || grows);
	return a->anon == at->anon;
}

/* kernel-facts 1.1 for [s, e) as @a and the page before it. */
static bool joins_prev(const struct kernel *k, int s, const struct page *a)
{
	const struct page *prev = before(k, s);

	return prev->mapped && same_but(a, prev, 0) &&
	       a->name == prev->name && prev->pgoff + 1 == a->pgoff;
}

static bool joins_next(const struct kernel *k, int s, int e,
		       const struct page *a)
{
	const struct page *next = &k->page[e];

	return e < NR && next->mapped && same_but(a, next, 0) &&
	       a->name == next->name && a->pgoff + (e - s) == next->pgoff;
}

static void merges(const struct kernel *k, int s, int e, const struct page *a,
		   enum merging how, bool grows, bool *left, bool *right)
{
	const struct page *prev = before(k, s), *next = &k->page[e];

	*left = joins_prev(k, s, a) && (how != CHANGE || k->page[s].first);
	*right = joins_next(k, s, e, a) && (how != CHANGE || next->first);
	if (how == NEW_PREV_ONLY || how == NEW_ALONE)
		*right = false;
	if (how == NEW_ALONE)
		*left = false;
	*right = *right && anon_fits(k, a, next, grows);
	if (how == NEW_NEXT_FIRST && *right) {
		*left = *left && anon_fits(k, next, prev, false);
		return;
	}
	*left = *left && anon_fits(k, a, prev, grows);
	if (*left && *right && prev->anon && next->anon)
		*right = prev->anon == next->anon;
}

static void spread_anon(struct kernel *k, int i)
{
	int s = vma_first(k, i), e = vma_end(k, i);
	uint32_t anon = 0;
	bool forked = false;

	for (int p = s; p < e; p++) {
		if (!anon)
			anon = k->page[p].anon;
		forked |= k->page[p].anon && k->page[p].forked;
	}
	for (int p = s; p < e; p++) {
		k->page[p].anon = anon;
		k->page[p].forked = forked;
	}
}

void put(struct kernel *k, int s, int e, const struct page *a,
	 enum merging how, bool grows)
{
	bool left, right;

	merges(k, s, e, a, how, grows, &left, &right);
	for (int i = s; i < e; i++) {
		k->page[i] = *a;
		k->page[i].mapped = true;
		k->page[i].first = i == s && !left;
		k->page[i].pgoff = a->pgoff + (i - s);
	}
	if (e < NR && k->page[e].mapped)
		k->page[e].first = !right;
	spread_anon(k, s);
}

void unmap(struct kernel *k, int s, int e)
{
	if (e < NR && k->page[e].mapped)
		k->page[e].first = true;
	for (int i = s; i < e; i++)
		k->page[i] = (struct page){ .mapped = false };
}

/* Does the first write to [s, e) take over what its neighbour at @i has? */
static bool lends(const struct kernel *k, const struct page *here, int i,
		  long pgoff)
{
	const struct page *nb = &k->page[i];

	return nb->mapped && nb->anon && !nb->forked &&
	       same_but(here, nb, VM_ACCESS_FLAGS) && nb->pgoff == pgoff;
}

void touch(struct kernel *k, int i)
{
	int s = vma_first(k, i), e = vma_end(k, i);
	struct page *here = &k->page[s];
	uint32_t anon = 0;

	if (here->anon || here->flags & VM_MAYSHARE)
		return;
	if (e < NR && lends(k, here, e, here->pgoff + (e - s)))
		anon = k->page[e].anon;
	else if (s && lends(k, here, s - 1, here->pgoff - 1))
		anon = k->page[s - 1].anon;
	if (!anon)
		anon = ++k->last_anon;
	for (i = s; i < e; i++) {
		k->page[i].anon = anon;
		k->page[i].forked = false;
	}
}

void populate(struct kernel *k, int s, int e)
{
	for (int i = s; i < e; i++)
		if (k->page[i].mapped &&
		    (k->page[i].flags & (VM_WRITE | VM_MAYSHARE)) == VM_WRITE &&
		    !(k->page[i].flags & VM_LOCKONFAULT))
			touch(k, i);
}

/* --- placement -------------------------------------------------------------- */

/* How many of the pages below i the mapping at i keeps free. */
static int guard(const struct kernel *k, int i)
{
	return i < NR && k->page[i].mapped &&
			       k->page[i].flags & VM_GROWSDOWN
		? (int)(k->rules->stack_guard_gap >> 12) : 0;
}

static bool is_free(const struct kernel *k, int s, int e)
{
	while (s < e && !k->page[s].mapped)
		s++;
	return s == e;
}

/* The mapping at or above page i; NR: a wall. */
static int above(const struct kernel *k, int i)
{
	while (i < NR && !k->page[i].mapped)
		i++;
	return i;
}

/* The highest hole below @limit: its pages [*s, *e). */
static bool hole_below(const struct kernel *k, int limit, int len, int *s,
		       int *e)
{
	for (*e = limit; *e >= len; *e = *s) {
		for (*s = *e; *s > 0 && !k->page[*s - 1].mapped; --*s)
			;
		if (*e - *s >= len)
			return true;
		while (*s > 0 && k->page[*s - 1].mapped)
			--*s;
	}
	return false;
}

/*
 * Up to 6.0 a guard makes its hole smaller. Since then a hole is looked for as
 * if there were no guards; if one lies in it, the search goes on below that.
 */
static int place_top_down(const struct kernel *k, int len)
{
	int s, e, next, low;

	for (int limit = NR; hole_below(k, limit, len, &s, &e);) {
		next = above(k, e);
		low = next - guard(k, next);
		if (low >= e)
			return e - len;
		if (!k->rules->guard_skips && low - s >= len)
			return low - len;
		limit = k->rules->guard_skips ? low : s;
	}
	return -1;
}

/* What a guard made it step over may be found from below. */
static int place_bottom_up(const struct kernel *k, int len)
{
	for (int s = 0, next; s < NR; s = next + 1) {
		next = above(k, s);
		if (next - guard(k, next) - s >= len)
			return s;
	}
	return -1;
}

int k_place(const struct kernel *k, int len)
{
	int at = place_top_down(k, len);

	return at < 0 ? place_bottom_up(k, len) : at;
}

/* Is a hint taken? What lies above keeps its guard. */
static bool hint_taken(const struct kernel *k, int s, int len)
{
	int e = s + len, next = above(k, s);

	return e <= NR && e <= next - guard(k, next);
}

/* --- mmap, munmap, brk -------------------------------------------------------- */

static uint64_t map_flags(const struct kernel *k, int prot, unsigned long flags)
{
	uint64_t f = (uint64_t)prot | k->def_flags;

	if (flags & 0x01)
		f |= VM_MAYSHARE;
	if (flags & 0x0100)
		f |= VM_GROWSDOWN;
	if (flags & 0x2000)
		f |= VM_LOCKED;
	if (flags & 0x4000)
		f |= VM_NORESERVE;
	if (flags & 0x20000 && k->rules->map_stack_nohuge)
		f |= VM_NOHUGEPAGE;
	if ((f & (VM_MAYSHARE | VM_WRITE | VM_NORESERVE)) == VM_WRITE)
		f |= VM_ACCOUNT;
	return f;
}

long k_mmap(struct kernel *k, int hint, int len, int prot, unsigned long flags,
	    struct mm_file *file, long pgoff)
{
	struct page a = {
		.flags = map_flags(k, prot, flags), .file = file,
		.pgoff = pgoff,
	};
	bool fixed = flags & 0x10;
	int s = hint;

	if (flags & 0x100000 && !is_free(k, s, s + len))
		return -17;
	if (flags & 0x100000)
		fixed = true;
	if (!fixed && (hint < 0 || !hint_taken(k, hint, len)))
		s = k_place(k, len);
	if (s < 0)
		return -12;
	if (!file)
		a.pgoff = (long)(P(s) >> 12);
	unmap(k, s, s + len);
	put(k, s, s + len, &a,
	    k->rules->gap_fill_next_first ? NEW_NEXT_FIRST : NEW, false);
	if (flags & 0x8000 || a.flags & VM_LOCKED)
		populate(k, s, s + len);
	return (long)P(s);
}

long k_munmap(struct kernel *k, int s, int e)
{
	unmap(k, s, e);
	return 0;
}

static long brk_grows(struct kernel *k, int to)
{
	struct page a = {
		.flags = VM_READ | VM_WRITE | VM_ACCOUNT | k->def_flags,
		.pgoff = (long)(P(k->brk) >> 12),
	};
	int from = k->brk, next = above(k, from);
	enum merging how = NEW_PREV_ONLY;

	if (to + 1 > next - guard(k, next))
		return (long)P(from);
	if (!k->rules->brk_extends_only)
		how = NEW;
	else if (from == HEAP)
		how = NEW_ALONE;
	put(k, from, to, &a, how, false);
	if (a.flags & VM_LOCKED)
		populate(k, from, to);
	k->brk = to;
	return (long)P(to);
}

long k_brk(struct kernel *k, int to)
{
	if (to < HEAP || to == k->brk)
		return (long)P(k->brk);
	if (to > k->brk)
		return brk_grows(k, to);
	if (k->rules->brk_shrink_checks && is_free(k, to, k->brk))
		return (long)P(k->brk);
	unmap(k, to, k->brk);
	k->brk = to;
	return (long)P(to);
}

/* --- fork, stacks ------------------------------------------------------------- */

void k_fork(struct kernel *k)
{
	uint32_t was = 0;

	k->def_flags &= ~VM_LOCKED_MASK;
	for (int i = 0; i < NR; i++) {
		struct page *p = &k->page[i];

		if (!p->mapped)
			continue;
		if (p->flags & VM_DONTCOPY) {
			unmap(k, i, i + 1);
			continue;
		}
		p->flags &= ~VM_LOCKED_MASK;
		if (p->flags & VM_WIPEONFORK)
			p->anon = 0;
		if (!p->anon)
			continue;
		if (p->first)
			was = ++k->last_anon;
		p->anon = was;
		p->forked = true;
	}
}

bool k_expand(struct kernel *k, int i)
{
	int next = above(k, i), below = i;
	struct page a;

	if (next == i || next == NR || !guard(k, next))
		return false;
	while (below > 0 && !k->page[below - 1].mapped)
		below--;
	a = k->page[below ? below - 1 : 0];
	if (below && !(a.flags & VM_GROWSDOWN) && a.flags & VM_ACCESS_FLAGS &&
	    i - below < guard(k, next))
		return false;
	touch(k, next);
	a = k->page[next];
	a.pgoff -= next - i;
	for (int p = i; p < next; p++) {
		k->page[p] = a;
		k->page[p].first = p == i;
		k->page[p].pgoff += p - i;
	}
	k->page[next].first = false;
	return true;
}
