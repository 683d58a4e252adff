/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Each event as a sentence for whoever reads standard error. */
#include "base/fmt.h"
#include "base/str.h"
#include "base/view.h"
#include "report/writer.h"

static void words(struct text *t, const char *s)
{
	fmt_str(t->f, s);
}

static void count(struct text *t, const char *word, uint64_t n)
{
	fmt_str(t->f, word);
	fmt_u64(t->f, n);
}

/*
 * What others wrote: no control byte reaches the terminal, they appear as \ooo,
 * as maps prints its newlines.
 */
static void bytes(struct text *t, const char *s, size_t n)
{
	size_t end = t->cut && n > t->cut ? t->cut : n;

	for (size_t i = 0; i < end; i++) {
		unsigned char c = (unsigned char)s[i];
		char octal[4] = { '\\', (char)('0' + (c >> 6)),
				  (char)('0' + (c >> 3 & 7)),
				  (char)('0' + (c & 7)) };

		if (c < ' ' || c == 0x7f)
			fmt_bytes(t->f, octal, sizeof(octal));
		else
			fmt_char(t->f, (char)c);
	}
	if (end < n)
		words(t, "...");
}

static void string(struct text *t, const char *s)
{
	if (s)
		bytes(t, s, str_len(s));
	else
		words(t, "?");
}

static void left(struct text *t, const struct report_site *site, size_t n)
{
	const char *before = " (";

	for (; n; n--, site++, before = ", ") {
		words(t, before);
		string(t, site->object);
		words(t, "+0x");
		fmt_hex(t->f, site->offset, 1);
		words(t, " ");
		string(t, site->why);
	}
	words(t, *before == ',' ? ")" : "");
}

void text_sites(struct text *t, const void *event)
{
	const struct report_object *e = event;

	words(t, "mapped: ");
	string(t, e->object);
	count(t, ", sites: ", e->patched);
	count(t, " patched, ", e->unpatched);
	words(t, " not");
	left(t, e->left, e->nr_left);
}

void text_start(struct text *t, const void *event)
{
	const struct report_start *e = event;

	words(t, "start: ");
	string(t, e->program);
	words(t, ", vmashadow ");
	string(t, e->version);
	words(t, ", kernel ");
	string(t, e->kernel);
	count(t, ", sites: ", e->patched);
	count(t, " patched, ", e->unpatched);
	words(t, " not");
	left(t, e->left, e->nr_left);
	if (e->seccomp)
		count(t, ", seccomp ", e->seccomp);
	if (!e->passive)
		return;
	words(t, ", passive: ");
	string(t, e->passive);
}

static void differences(struct text *t, uint64_t drift, uint64_t growth,
			uint64_t renamed)
{
	count(t, "drift ", drift);
	count(t, ", growth ", growth);
	count(t, ", renamed ", renamed);
}

void text_check(struct text *t, const void *event)
{
	const struct report_check *e = event;

	words(t, "check (");
	string(t, e->trigger);
	count(t, "): ", e->vmas);
	words(t, " mappings, ");
	differences(t, e->drift, e->growth, e->renamed);
	count(t, ", ", e->ns / 1000);
	words(t, " us");
}

static void line(struct text *t, const char *who, const struct vma_view *v)
{
	words(t, who);
	if (!v) {
		words(t, "none");
		return;
	}
	words(t, "\"");
	view_format_head(t->f, v);
	bytes(t, v->name, v->name_len);
	words(t, "\"");
}

void text_drift(struct text *t, const void *event)
{
	const struct report_drift *e = event;

	line(t, "drift: kernel ", e->kernel);
	line(t, ", mirror ", e->mirror);
	if (!e->last) {
		words(t, ", no call known there");
		return;
	}
	words(t, ", last call there: ");
	string(t, e->last->call);
	words(t, "(0x");
	fmt_hex(t->f, e->last->addr, 1);
	words(t, ", 0x");
	fmt_hex(t->f, e->last->len, 1);
	words(t, ") = 0x");
	fmt_hex(t->f, (uint64_t)e->last->ret, 1);
	count(t, ", event ", e->last->event);
	if (e->last->tid)
		count(t, ", thread ", (uint64_t)e->last->tid);
	for (unsigned int i = 0; i < e->last->nr_stack; i++) {
		words(t, i ? " < " : ", by ");
		string(t, e->last->stack[i]);
	}
}

void text_limit(struct text *t, const void *event)
{
	const struct report_limit *e = event;

	count(t, "limit: ", e->vmas);
	count(t, " mappings of the ", e->max_map_count);
	words(t, " that vm.max_map_count allows");
}

void text_fork(struct text *t, const void *event)
{
	const struct report_fork *e = event;

	words(t, "fork: ");
	string(t, e->program);
	count(t, ", child of ", (uint64_t)e->parent);
}

void text_exec_failed(struct text *t, const void *event)
{
	const struct report_exec_failed *e = event;

	words(t, "exec failed: ");
	string(t, e->path);
	count(t, ": errno ", (uint64_t)e->error);
	words(t, "; the program goes on, and a summary above was not its last");
}

static void ratio(struct text *t, const char *word, struct report_ratio r)
{
	count(t, word, r.hit);
	count(t, "/", r.predicted);
}

static void calls(struct text *t, const struct report_summary *e)
{
	const char *between = "calls";

	for (size_t i = 0; i < e->nr_calls; i++) {
		if (!e->calls[i].count)
			continue;
		words(t, between);
		words(t, " ");
		words(t, e->calls[i].name);
		count(t, " ", e->calls[i].count);
		between = ",";
	}
	words(t, *between == ',' ? "" : "no calls");
	count(t, " (symbol ", e->by_symbol);
	count(t, ", patch ", e->by_patch);
	count(t, ", trap ", e->by_trap);
	words(t, ")");
}

void text_summary(struct text *t, const void *event)
{
	const struct report_summary *e = event;

	words(t, "summary: ");
	string(t, e->program);
	words(t, ": ");
	calls(t, e);
	count(t, "; mappings ", e->vmas);
	count(t, ", peak ", e->vmas_peak);
	count(t, "; checks ", e->checks);
	words(t, ": ");
	differences(t, e->drift, e->growth, e->renamed);
	count(t, "; asked ", e->asked);
	count(t, ", settled ", e->settled);
	count(t, ", own ", e->own);
	ratio(t, "; foretold: addresses ", e->placement);
	ratio(t, ", successes ", e->ok);
	ratio(t, ", failures ", e->failed);
	count(t, ", unpredictable ", e->unpredictable);
	count(t, "; faults ", e->faults);
	words(t, "; ended by ");
	string(t, e->ended);
}

void text_passive(struct text *t, const void *event)
{
	words(t, "passive: ");
	string(t, event);
	words(t, "; the program runs on, nothing is mirrored");
}
