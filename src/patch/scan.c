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
 */
#include <errno.h>

#include "base/str.h"
#include "patch/find.h"
#include "patch/object.h"
#include "patch/patch.h"
#include "patch/prove.h"

struct scan {
	const struct patch_object *obj;
	struct ehframe eh;
	ZydisDecoder decoder;
	struct patch_site *sites;
	int n;
};

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

static int add_site(struct scan *sc, size_t max, uintptr_t addr, int nr,
		    enum patch_kind kind)
{
	struct patch_site *s;

	if ((size_t)sc->n >= max)
		return -E2BIG;
	s = &sc->sites[sc->n++];
	*s = (struct patch_site){ .addr = addr, .nr = nr, .kind = kind,
				  .state = PATCH_PROVEN };
	memcpy(s->old, (const void *)addr, patch_site_len(s));
	return 0;
}

static int find_sites(struct scan *sc, const struct patch_nrset *nrs,
		      const ElfW(Phdr) *ph, size_t max)
{
	struct patch_window text = text_range(sc, ph);
	uintptr_t at = text.start;
	uint32_t nr;

	while ((at = find_call(at, text.end, &nr))) {
		if (patch_nrset_has(nrs, nr) &&
		    add_site(sc, max, at, (int)nr, PATCH_SITE_SYSCALL))
			return -E2BIG;
		at++;
	}
	return 0;
}

static int find_exit(struct scan *sc, size_t max)
{
	uintptr_t addr;

	if (!sc->obj->exit_symbol)
		return 0;
	addr = object_function(sc->obj, sc->obj->exit_symbol);
	if (!addr || !object_holds(sc->obj, addr, PATCH_SITE_MAX))
		return 0;
	return add_site(sc, max, addr, -1, PATCH_SITE_EXIT);
}

/* What its own function says about a site. */
static void prove_inside(const struct scan *sc, struct patch_site *s)
{
	struct patch_window win = site_window(s);
	struct fn_facts facts;
	struct patch_fn fn;

	if (ehframe_find(&sc->eh, s->addr, &fn)) {
		refuse(s, PATCH_WHY_NO_FDE);
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
	prove_function(&sc->decoder, &fn, s->addr, &win, &facts);
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
 * at already, or another. Where no function is known, or not to its end, the
 * suspicion stands.
 */
static bool is_real_branch(const struct scan *sc, uintptr_t at,
			   const struct patch_site *s)
{
	struct patch_window win = site_window(s);
	struct fn_facts facts;
	struct patch_fn fn;

	if (ehframe_find(&sc->eh, at, &fn))
		return true;
	if (s->addr >= fn.start && s->addr < fn.end)
		return false;
	prove_function(&sc->decoder, &fn, s->addr, &win, &facts);
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
	struct window_filter filter = { { 0 } };
	uintptr_t at = text->start;
	struct find_hit hit;

	for (int i = 0; i < sc->n; i++) {
		struct patch_window win = site_window(&sc->sites[i]);

		if (sc->sites[i].state == PATCH_PROVEN)
			filter_add(&filter, &win);
	}
	for (; find_far_branch(at, text->end, &filter, &hit); at = hit.at + 1)
		judge_hit(sc, &hit);
}

static void seek_near_branches(struct scan *sc, const struct patch_site *s,
			       const struct patch_window *text)
{
	struct patch_window win = site_window(s);
	struct patch_window reach;
	struct find_hit hit;

	if (s->addr < text->start || s->addr >= text->end)
		return;
	reach = find_near_reach(&win, text->start, text->end);
	for (uintptr_t at = reach.start;
	     find_near_branch(at, reach.end, &win, &hit); at = hit.at + 1)
		judge_hit(sc, &hit);
}

/* What the rest of the object says about the sites that are proven so far. */
static void prove_outside(struct scan *sc)
{
	for (unsigned int i = 0; i < sc->obj->phnum; i++) {
		struct patch_window text;

		if (!is_text(&sc->obj->phdr[i]))
			continue;
		text = text_range(sc, &sc->obj->phdr[i]);
		seek_far_branches(sc, &text);
		for (int j = 0; j < sc->n; j++)
			if (sc->sites[j].state == PATCH_PROVEN)
				seek_near_branches(sc, &sc->sites[j], &text);
	}
}

int patch_scan(const struct patch_object *obj, const struct patch_nrset *nrs,
	       struct patch_site *out, size_t max)
{
	struct scan sc = { .obj = obj, .sites = out };
	int ret = 0;

	for (unsigned int i = 0; i < obj->phnum && !ret; i++)
		if (is_text(&obj->phdr[i]))
			ret = find_sites(&sc, nrs, &obj->phdr[i], max);
	if (!ret)
		ret = find_exit(&sc, max);
	if (ret || !sc.n)
		return ret;

	ehframe_open(&sc.eh, obj);
	if (!prove_init(&sc.decoder))
		return -ENOSYS;
	for (int i = 0; i < sc.n; i++)
		prove_inside(&sc, &out[i]);
	prove_outside(&sc);
	return sc.n;
}
