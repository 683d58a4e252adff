/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The report as one JSON object; contracts in report.h. */
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/command.h"
#include "cmd/escape.h"
#include "cmd/report.h"
#include "cmd/symbols.h"

static void put_number(struct json_object *to, const char *key, uint64_t n)
{
	json_object_object_add(to, key, json_object_new_int64((int64_t)n));
}

/* @s is ASCII already, or NULL. */
static void put_text(struct json_object *to, const char *key, const char *s)
{
	json_object_object_add(to, key, s ? json_object_new_string(s) : NULL);
}

static void put_escaped(struct json_object *to, const char *key, const char *s)
{
	char *safe = s ? escaped(s, strlen(s)) : NULL;

	put_text(to, key, safe);
	free(safe);
}

static void put_seconds(struct json_object *to, const char *key, double s)
{
	char *digits = text("%.6f", s);

	json_object_object_add(to, key, s < 0 ? NULL :
			       json_object_new_double_s(s, digits));
	free(digits);
}

static struct json_object *peak(const struct report *r, const struct peak *p)
{
	struct json_object *o = json_object_new_object();

	put_number(o, "value", p->value);
	put_number(o, "event", p->event);
	put_seconds(o, "seconds", report_seconds(r, p->ticks));
	return o;
}

static struct json_object *frame(const struct symbol *s)
{
	struct json_object *o = json_object_new_object();

	put_text(o, "object", s->object);
	put_text(o, "function", s->function);
	put_number(o, "offset", s->offset);
	if (s->file) {
		put_text(o, "file", s->file);
		put_number(o, "line", (uint64_t)s->line);
	}
	return o;
}

static void put_owner(const struct report *r, struct json_object *to,
		      uint32_t owner)
{
	struct json_object *frames = json_object_new_array();
	const struct world *w = r->world;
	uint32_t id = owner - OWNER_STACK;
	char *label = report_label(r, owner);

	put_text(to, "by", label);
	free(label);
	if (owner >= OWNER_STACK && id < w->nr_stacks)
		for (unsigned int i = 0; i < w->stacks[id].n; i++)
			json_object_array_add(frames, frame(symbols_find(
				w, w->stacks[id].frames[i])));
	json_object_object_add(to, "stack", frames);
}

static struct json_object *owners(struct report *r)
{
	struct json_object *list = json_object_new_array();

	report_sort(r, BY_ALIVE);
	for (size_t i = 0; i < r->nr_tallies; i++) {
		const struct tally *t = &r->tallies[i];
		struct json_object *o = json_object_new_object();

		put_number(o, "mappings", t->alive);
		put_number(o, "bytes", t->alive_bytes);
		put_number(o, "made", t->made);
		put_number(o, "made_bytes", t->made_bytes);
		put_number(o, "never_unmapped", t->kept);
		put_number(o, "never_unmapped_bytes", t->kept_bytes);
		put_number(o, "unmapped", t->gone);
		put_number(o, "unmapped_bytes", t->gone_bytes);
		put_number(o, "avoidable_boundaries", t->boundaries);
		put_owner(r, o, t->owner);
		json_object_array_add(list, o);
	}
	return list;
}

static struct json_object *borders(const struct report *r,
				   const struct border *b, size_t n,
				   bool with_owner)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < n; i++, b++) {
		struct json_object *o = json_object_new_object();

		put_number(o, "boundaries", b->n);
		put_text(o, "rule", b->kind->title);
		put_text(o, "advice", b->kind->advice);
		put_text(o, "example", b->example);
		put_number(o, "address", b->address);
		if (with_owner)
			put_owner(r, o, b->owner);
		json_object_array_add(list, o);
	}
	return list;
}

static struct json_object *limit(const struct report *r)
{
	struct json_object *o = json_object_new_object();
	double left, rate = report_forecast(r, &left);

	put_number(o, "max_map_count", r->world->mm.max_map_count);
	put_number(o, "refused", r->refused);
	if (r->refused)
		put_number(o, "first_refused", r->first_refused);
	put_seconds(o, "growth_per_second", rate);
	put_seconds(o, "reached_in_seconds", left);
	return o;
}

void report_json(struct report *r)
{
	struct json_object *o = json_object_new_object();
	const struct world *w = r->world;

	put_escaped(o, "program", w->program);
	put_escaped(o, "kernel", w->kernel);
	put_number(o, "pid", (uint64_t)r->trace->header.pid);
	put_escaped(o, "ended", w->ended);
	json_object_object_add(o, "complete",
			       json_object_new_boolean(!r->incomplete &&
						       !w->lost));
	put_number(o, "differences", w->mismatches);
	put_number(o, "unfollowed_bytes", r->unfollowed);
	put_number(o, "calls", w->calls);
	put_number(o, "failed", r->failed);
	put_number(o, "mappings", w->mm.map_count);
	put_number(o, "bytes", w->mm.total_vm * 4096);
	json_object_object_add(o, "peak_mappings", peak(r, &r->count));
	json_object_object_add(o, "peak_bytes", peak(r, &r->bytes));
	json_object_object_add(o, "limit", limit(r));
	json_object_object_add(o, "owners", owners(r));
	put_number(o, "boundaries", r->touching);
	put_number(o, "avoidable", r->avoidable);
	put_number(o, "undecided", r->undecided);
	json_object_object_add(o, "rules",
			       borders(r, r->kinds, r->nr_kinds, false));
	json_object_object_add(o, "rules_by_owner",
			       borders(r, r->borders, r->nr_borders, true));
	puts(json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN |
					    JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(o);
}
