/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Finding sites and proving them: first the bytes, then the function of each,
 * then everything else in the object that might jump into one.
 *
 *	      0    1    2    3    4    5    6    7
 *	      b8   nr   nr   nr   nr   0f   05   next instruction
 *	      ^    <---- the window: ----->	 ^
 *	      |	   nothing may land here	 where the entry goes back to
 *	      the jmp; may be jumped to
 *
 * Other shapes (moved.c) have windows of other lengths; the proof is the same.
 */
#include <errno.h>

#include "base/str.h"
#include "patch/find.h"
#include "patch/moved.h"
#include "patch/object.h"
#include "patch/patch.h"
#include "patch/prove.h"

#define ORPHANS	     160
#define SUSPECTS_MAX 16384		/* ordinary text has ten in a megabyte */
#define FUNCTION_MAX (256 * 1024)	/* bytes worth decoding for one site */

struct scan {
	const struct patch_object *obj;
	const struct patch_nrset *nrs;
	struct ehframe eh;
	struct patch_fn only;		/* obj->only_in */
	ZydisDecoder decoder;
	struct patch_site *sites;
	int n;
	size_t max;
	/* Suspicions that .eh_frame knows no function of, in order. */
	struct symtab_query orphans[ORPHANS];
	unsigned int nr_orphans;
	unsigned int suspects;
};

static int find_function(const struct scan *sc, uintptr_t at,
			 struct patch_fn *fn)
{
	if (!ehframe_find(&sc->eh, at, fn))
		return 0;
	for (unsigned int i = 0; i < sc->nr_orphans; i++)
		if (sc->orphans[i].at == at && sc->orphans[i].fn.end) {
			*fn = sc->orphans[i].fn;
			return 0;
		}
	return -ENOENT;
}

static bool is_long(const struct patch_fn *fn)
{
	return fn->end - fn->start > FUNCTION_MAX;
}

/*
 * The same for any address, at the cost of a pass over the symbols; or what lies
 * between two functions, which decodes in a line as well if it is code (the C
 * runtime's start files have no unwind rows).
 */
static int find_any_function(const struct scan *sc, uintptr_t at,
			     struct patch_fn *fn)
{
	struct symtab_query q = { .at = at };

	if (!ehframe_find(&sc->eh, at, fn))
		return 0;
	symtab_find(sc->obj, &q, 1);
	*fn = q.fn;
	return fn->end ? 0 : ehframe_gap(&sc->eh, at, fn);
}

static void add_orphan(struct scan *sc, uintptr_t at)
{
	struct patch_fn fn;

	if (sc->obj->any_shape && sc->nr_orphans < ORPHANS &&
	    ehframe_find(&sc->eh, at, &fn))
		sc->orphans[sc->nr_orphans++] = (struct symtab_query){ .at = at };
}

static struct patch_window site_window(const struct patch_site *s)
{
	return (struct patch_window){ s->addr + 1,
				      s->addr + patch_site_len(s) };
}

static void refuse(struct patch_site *s, const char *why)
{
	s->state = PATCH_REFUSED;
	s->why = why;
}

static bool is_text(const ElfW(Phdr) *ph)
{
	return ph->p_type == PT_LOAD && (ph->p_flags & (PF_R | PF_X)) ==
	       (PF_R | PF_X);
}

static struct patch_window text_range(const struct scan *sc,
				      const ElfW(Phdr) *ph)
{
	uintptr_t start = sc->obj->base + ph->p_vaddr;

	return (struct patch_window){ start, start + ph->p_filesz };
}

/* The part of a segment where sites may lie. */
static struct patch_window site_range(const struct scan *sc,
				      const ElfW(Phdr) *ph)
{
	const struct patch_object *obj = sc->obj;
	struct patch_window text = text_range(sc, ph);

	if (obj->text_end && text.start < obj->text_start)
		text.start = obj->text_start;
	if (obj->text_end && text.end > obj->text_end)
		text.end = obj->text_end;
	return text;
}

/*
 * The next piece of [*at, end). The last @keep bytes of a piece are also the
 * first of the next, for what lies across.
 */
static bool next_piece(const struct patch_object *obj, uintptr_t *at,
		       uintptr_t end, size_t keep, struct find_text *piece)
{
	const unsigned char *mem;
	size_t have;

	if (*at >= end || !(mem = object_text(obj, *at, &have)))
		return false;
	if (have > end - *at)
		have = end - *at;
	piece->at = (uintptr_t)mem;
	piece->end = piece->at + have;
	piece->shift = (intptr_t)(*at - piece->at);
	*at += have;
	if (*at < end) {
		if (have <= keep)
			return false;
		*at -= keep;
	}
	return true;
}

static int add_site(struct scan *sc, uintptr_t addr, int nr,
		    enum patch_kind kind)
{
	const unsigned char *old;
	struct patch_site *s;

	if ((size_t)sc->n >= sc->max)
		return -E2BIG;
	s = &sc->sites[sc->n++];
	*s = (struct patch_site){ .addr = addr, .nr = nr, .kind = kind,
				  .state = PATCH_PROVEN };
	old = object_bytes(sc->obj, addr, patch_site_len(s));
	if (old)
		memcpy(s->old, old, patch_site_len(s));
	else
		refuse(s, PATCH_WHY_CHANGED);
	return 0;
}

/* The number that a mov right before the syscall at @at loads, or -1. */
static int loaded_number(const struct patch_object *obj, uintptr_t at)
{
	const unsigned char *p = object_bytes(obj, at - 5, 7);
	int32_t nr;

	if (!p || p[0] != 0xb8 || p[5] != 0x0f || p[6] != 0x05)
		return -1;
	memcpy(&nr, p + 1, sizeof(nr));
	return nr < 0 ? -1 : nr;
}

static int add_moved(struct scan *sc, uintptr_t at)
{
	struct patch_site s;
	struct patch_fn fn;

	if (sc->only.end ? at < sc->only.start || at >= sc->only.end :
	    !sc->obj->any_shape)
		return 0;
	if (find_function(sc, at, &fn) || is_long(&fn) ||
	    !moved_find(sc->obj, &fn, sc->nrs, at, &s))
		return 0;
	if ((size_t)sc->n >= sc->max)
		return -E2BIG;
	sc->sites[sc->n++] = s;
	return 0;
}

static int suspect(struct scan *sc, uintptr_t at, const struct patch_window *text)
{
	int nr = at - text->start < 5 ? -1 : loaded_number(sc->obj, at);

	if (++sc->suspects > SUSPECTS_MAX)
		return -E2BIG;
	if (nr >= 0 && !patch_nrset_has(sc->nrs, (unsigned int)nr))
		return 0;
	add_orphan(sc, nr < 0 ? at : at - 5);
	return nr < 0 ? add_moved(sc, at) :
	       add_site(sc, at - 5, nr, PATCH_SITE_SYSCALL);
}

static bool is_site(const struct scan *sc, uintptr_t at)
{
	for (int i = 0; i < sc->n; i++)
		if (sc->sites[i].addr == at)
			return true;
	return false;
}

/* What the symbols say of those that had no function yet. */
static int find_orphans(struct scan *sc)
{
	symtab_find(sc->obj, sc->orphans, sc->nr_orphans);
	for (unsigned int i = 0; i < sc->nr_orphans; i++)
		if (sc->orphans[i].fn.end && !is_site(sc, sc->orphans[i].at) &&
		    add_moved(sc, sc->orphans[i].at))
			return -E2BIG;
	return 0;
}

static int find_sites(struct scan *sc, const ElfW(Phdr) *ph)
{
	struct patch_window text = site_range(sc, ph);
	uintptr_t next = text.start, at;
	struct find_text piece;

	while (next_piece(sc->obj, &next, text.end, 1, &piece))
		while ((at = find_syscall(&piece)))
			if (suspect(sc, at, &text))
				return -E2BIG;
	return 0;
}

static int find_exit(struct scan *sc)
{
	uintptr_t addr;

	if (!sc->obj->exit_symbol)
		return 0;
	addr = object_function(sc->obj, sc->obj->exit_symbol);
	if (!addr || !object_holds(sc->obj, addr, 7))
		return 0;
	return add_site(sc, addr, -1, PATCH_SITE_EXIT);
}

/* What its own function says about a site. */
static void prove_inside(const struct scan *sc, struct patch_site *s)
{
	struct patch_window win = site_window(s);
	struct fn_facts facts;
	struct patch_fn fn;

	if (find_function(sc, s->addr, &fn)) {
		refuse(s, PATCH_WHY_NO_FDE);
		return;
	}
	if (is_long(&fn)) {
		refuse(s, PATCH_WHY_LONG);
		return;
	}
	if (s->kind == PATCH_SITE_EXIT) {
		/* Not even a loop of its own may come back to the detour. */
		win.start = s->addr;
		if (fn.start != s->addr)
			refuse(s, PATCH_WHY_BOUNDARY);
		else if (fn.end < win.end)
			refuse(s, PATCH_WHY_SHORT);
	}
	prove_function(&sc->decoder, sc->obj, &fn, s->addr, &win, &facts);
	s->uses_red_zone = !facts.decodes || facts.red_zone;
	if (s->why)
		return;
	if (facts.indirect)
		refuse(s, PATCH_WHY_INDIRECT);
	else if (facts.clones)
		refuse(s, PATCH_WHY_CLONES);
	else if (!facts.decodes)
		refuse(s, PATCH_WHY_UNDECODABLE);
	else if (s->kind == PATCH_SITE_SYSCALL &&
		 (!facts.boundary || fn.end < win.end))
		refuse(s, PATCH_WHY_BOUNDARY);
	else if (facts.jumped)
		refuse(s, PATCH_WHY_JUMP);
}

/*
 * Bytes at @at look like a branch into @s. They are none if they belong to a
 * function whose instructions do not go there: the site's own, which was looked
 * at already, or another. Where none is known, or what is there does not decode
 * to its end, the suspicion stands.
 */
static bool is_real_branch(const struct scan *sc, uintptr_t at,
			   const struct patch_site *s)
{
	struct patch_window win = site_window(s);
	struct fn_facts facts;
	struct patch_fn fn;

	if (find_any_function(sc, at, &fn) || is_long(&fn))
		return true;
	if (s->addr >= fn.start && s->addr < fn.end)
		return false;
	prove_function(&sc->decoder, sc->obj, &fn, s->addr, &win, &facts);
	return !facts.decodes || facts.jumped;
}

static void judge_hit(struct scan *sc, const struct find_hit *hit)
{
	for (int i = 0; i < sc->n; i++) {
		struct patch_site *s = &sc->sites[i];
		struct patch_window win = site_window(s);

		if (s->state == PATCH_PROVEN && hit->target >= win.start &&
		    hit->target < win.end && is_real_branch(sc, hit->at, s))
			refuse(s, PATCH_WHY_JUMP);
	}
}

static void seek_far_branches(struct scan *sc, const struct patch_window *text)
{
	struct window_filter filter = { .end = 0 };
	uintptr_t next = text->start;
	struct find_text piece;
	struct find_hit hit;

	for (int i = 0; i < sc->n; i++) {
		struct patch_window win = site_window(&sc->sites[i]);

		if (sc->sites[i].state == PATCH_PROVEN)
			filter_add(&filter, &win);
	}
	while (next_piece(sc->obj, &next, text->end, FIND_FAR_MAX - 1, &piece))
		while (find_far_branch(&piece, &filter, &hit))
			judge_hit(sc, &hit);
}

/* judge_hit() reads other bytes: these are sought again after each hit. */
static void seek_near_branches(struct scan *sc, const struct patch_site *s,
			       const struct patch_window *text)
{
	struct patch_window win = site_window(s);
	struct patch_window reach;
	const unsigned char *mem;
	struct find_text piece;
	struct find_hit hit;

	if (s->addr < text->start || s->addr >= text->end)
		return;
	reach = find_near_reach(&win, text->start, text->end);
	while ((mem = object_bytes(sc->obj, reach.start,
				   reach.end - reach.start))) {
		piece.at = (uintptr_t)mem;
		piece.end = piece.at + (reach.end - reach.start);
		piece.shift = (intptr_t)(reach.start - piece.at);
		if (!find_near_branch(&piece, &win, &hit))
			break;
		judge_hit(sc, &hit);
		reach.start = hit.at + 1;
	}
}

/* What the rest of the object says about the sites that are proven so far. */
static void prove_outside(struct scan *sc)
{
	for (unsigned int i = 0; i < sc->obj->phnum; i++) {
		struct patch_window text;
		bool proven = false;

		for (int j = 0; j < sc->n; j++)
			proven |= sc->sites[j].state == PATCH_PROVEN;
		if (!proven || !is_text(&sc->obj->phdr[i]))
			continue;
		text = text_range(sc, &sc->obj->phdr[i]);
		seek_far_branches(sc, &text);
		for (int j = 0; j < sc->n; j++)
			if (sc->sites[j].state == PATCH_PROVEN)
				seek_near_branches(sc, &sc->sites[j], &text);
	}
}

static void find_only(struct scan *sc)
{
	uintptr_t addr = sc->obj->only_in ?
			 object_function(sc->obj, sc->obj->only_in) : 0;

	if (!addr || ehframe_find(&sc->eh, addr, &sc->only))
		sc->only = (struct patch_fn){ 0, 0 };
}

int patch_scan(const struct patch_object *obj, const struct patch_nrset *nrs,
	       struct patch_site *out, size_t max)
{
	struct scan sc = { .obj = obj, .nrs = nrs, .sites = out, .max = max };
	int ret = 0;

	ehframe_open(&sc.eh, obj);
	find_only(&sc);
	for (unsigned int i = 0; i < obj->phnum && !ret; i++)
		if (is_text(&obj->phdr[i]))
			ret = find_sites(&sc, &obj->phdr[i]);
	if (!ret)
		ret = find_orphans(&sc);
	if (!ret)
		ret = find_exit(&sc);
	if (ret || !sc.n)
		return ret;

	if (!prove_init(&sc.decoder))
		return -ENOSYS;
	for (int i = 0; i < sc.n; i++)
		if (out[i].kind != PATCH_SITE_MOVED)
			prove_inside(&sc, &out[i]);
	prove_outside(&sc);
	return sc.n;
}
