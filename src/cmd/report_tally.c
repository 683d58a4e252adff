/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What was gathered, added up by owner and by kind; contracts in report.h. */
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "cmd/command.h"
#include "cmd/escape.h"
#include "cmd/report.h"
#include "cmd/symbols.h"

#define VS_HASH_ALLOC(bytes) grow(NULL, 1, bytes)
#include "base/hash.h"

struct owner_entry {
	UT_hash_handle hh;
	uint32_t owner;
	struct tally tally;
};

struct border_key {
	const struct boundary_kind *kind;
	uint64_t owner;			/* as wide: no bytes in between */
};

struct border_entry {
	UT_hash_handle hh;
	struct border_key key;
	struct border border;
};

static struct owner_entry *owners;
static struct border_entry *borders;

static struct tally *tally_of(uint32_t owner)
{
	struct owner_entry *e;

	HASH_FIND(hh, owners, &owner, sizeof(owner), e);
	if (!e) {
		e = grow(NULL, 1, sizeof(*e));
		memset(e, 0, sizeof(*e));
		e->owner = e->tally.owner = owner;
		HASH_ADD(hh, owners, owner, sizeof(e->owner), e);
	}
	return &e->tally;
}

static void add_mapping(const struct mapping *m)
{
	struct tally *t = tally_of(m->owner);

	t->made++;
	t->made_bytes += m->made;
	t->alive_bytes += m->alive;
	t->gone_bytes += m->made - m->alive;
	if (m->alive == m->made) {
		t->kept++;
		t->kept_bytes += m->made;
	}
	t->gone += !m->alive;
}

/* --- boundaries --------------------------------------------------------------- */

/* All owners together where @owner is ~0. */
static void add_border(const struct boundary_kind *kind, uint64_t owner,
		       const char *why, uint64_t address)
{
	struct border_key key = { kind, owner };
	struct border_entry *e;

	HASH_FIND(hh, borders, &key, sizeof(key), e);
	if (!e) {
		e = grow(NULL, 1, sizeof(*e));
		memset(e, 0, sizeof(*e));
		e->key = key;
		e->border = (struct border){
			.kind = kind, .owner = (uint32_t)owner,
			.example = escaped(why, strlen(why)),
			.address = address,
		};
		HASH_ADD(hh, borders, key, sizeof(e->key), e);
	}
	e->border.n++;
}

static void add_boundary(struct report *r, const struct vm_area_struct *vma)
{
	char why[MM_EXPLAIN_SIZE];
	const struct boundary_kind *kind =
		boundary_kind(&r->world->mm, vma, why);
	uint32_t owner;

	if (!kind)
		return;
	owner = report_owner(r, boundary_event(vma));
	r->touching++;
	r->undecided += kind->undecided;
	if (kind->advice) {
		r->avoidable++;
		tally_of(owner)->boundaries++;
	}
	add_border(kind, ~0UL, why, vma->vm_start);
	add_border(kind, owner, why, vma->vm_start);
}

static int most_borders(const void *a, const void *b)
{
	const struct border *x = a, *y = b;

	if (!x->kind->advice != !y->kind->advice)
		return x->kind->advice ? -1 : 1;
	if (x->n != y->n)
		return x->n < y->n ? 1 : -1;
	return x->address < y->address ? -1 : 1;
}

static void list_borders(struct report *r)
{
	size_t n = HASH_COUNT(borders);

	r->kinds = grow(NULL, n + 1, sizeof(*r->kinds));
	r->borders = grow(NULL, n + 1, sizeof(*r->borders));
	for (struct border_entry *e = borders; e; e = e->hh.next) {
		if (e->key.owner == ~0UL)
			r->kinds[r->nr_kinds++] = e->border;
		else
			r->borders[r->nr_borders++] = e->border;
	}
	qsort(r->kinds, r->nr_kinds, sizeof(*r->kinds), most_borders);
	qsort(r->borders, r->nr_borders, sizeof(*r->borders), most_borders);
}

void report_tally(struct report *r)
{
	const struct vm_area_struct *vma;

	for (uint32_t i = 0; i < r->owners.nr; i++)
		add_mapping(&r->owners.mappings[i]);
	for (vma = r->world->mm.mmap; vma; vma = vma->vm_next) {
		uint32_t owner = vma->bits & VMA_OWN
			? OWNER_LIBRARY : report_owner(r, vma->born);

		tally_of(owner)->alive++;
		add_boundary(r, vma);
	}
	r->tallies = grow(NULL, HASH_COUNT(owners) + 1, sizeof(*r->tallies));
	for (struct owner_entry *e = owners; e; e = e->hh.next)
		r->tallies[r->nr_tallies++] = e->tally;
	list_borders(r);
}

/* --- order --------------------------------------------------------------------- */

static uint64_t weight(const struct tally *t, enum report_order order,
		       uint64_t *second)
{
	switch (order) {
	case BY_ALIVE:
		*second = t->alive_bytes;
		return t->alive;
	case BY_KEPT:
		*second = t->kept_bytes;
		return t->kept;
	case BY_GONE:
		*second = t->gone_bytes;
		return t->gone;
	case BY_BOUNDARIES:
		break;
	}
	*second = 0;
	return t->boundaries;
}

static enum report_order sorting;

static int heavier(const void *a, const void *b)
{
	const struct tally *s = a, *t = b;
	uint64_t x, y, x2, y2;

	x = weight(s, sorting, &x2);
	y = weight(t, sorting, &y2);
	if (x != y)
		return x < y ? 1 : -1;
	if (x2 != y2)
		return x2 < y2 ? 1 : -1;
	return s->owner < t->owner ? -1 : s->owner > t->owner;
}

void report_sort(struct report *r, enum report_order order)
{
	sorting = order;
	qsort(r->tallies, r->nr_tallies, sizeof(*r->tallies), heavier);
}

/* What was there before, and what is the library's, is nobody's leak. */
bool report_is_empty(const struct tally *t, enum report_order order)
{
	uint64_t second, first = weight(t, order, &second);

	if (order != BY_ALIVE && t->owner < OWNER_STACK)
		return true;
	return !first && (order != BY_ALIVE || !second);
}

char *report_label(const struct report *r, uint32_t owner)
{
	const struct symbol *s;

	switch (owner) {
	case OWNER_BEFORE:
		return text("there before the trace");
	case OWNER_UNKNOWN:
		return text("no recorded call");
	case OWNER_LIBRARY:
		return text("the library itself");
	default:
		s = symbols_caller(r->world, owner - OWNER_STACK);
		return s ? symbols_label(s) : text("a call without a stack");
	}
}

/* --- time ------------------------------------------------------------------------ */

double report_seconds(const struct report *r, uint64_t ticks)
{
	return world_seconds(r->world, ticks);
}

#define FORECAST_MIN 0.2	/* seconds: a start says nothing of the rest */

/* A straight line through the last half of the time, by least squares. */
double report_forecast(const struct report *r, double *left)
{
	double n = 0, x = 0, y = 0, xx = 0, xy = 0, t0, t1, slope;
	const struct mm_struct *mm = &r->world->mm;

	*left = -1;
	if (r->nr_samples < 2 || report_seconds(r, 0) < 0)
		return -1;
	t0 = report_seconds(r, r->samples[0].ticks);
	t1 = report_seconds(r, r->samples[r->nr_samples - 1].ticks);
	if (t1 - t0 < FORECAST_MIN)
		return -1;
	for (unsigned int i = 0; i < r->nr_samples; i++) {
		double t = report_seconds(r, r->samples[i].ticks) - t0;
		double c = r->samples[i].count;

		if (t < (t1 - t0) / 2)
			continue;
		n++;
		x += t;
		y += c;
		xx += t * t;
		xy += t * c;
	}
	if (n < 8 || n * xx - x * x <= 0)
		return 0;
	slope = (n * xy - x * y) / (n * xx - x * x);
	if (slope * (t1 - t0) / 2 < 4)
		return 0;
	*left = mm->max_map_count > mm->map_count
		? (double)(mm->max_map_count - mm->map_count) / slope : 0;
	return slope;
}
