/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Each event as a sentence for whoever reads standard error. */
#include "base/fmt.h"
#include "base/str.h"
#include "base/view.h"
#include "report/writer.h"

void text_prefix(struct text *t)
{
	fmt_str(t->f, "vmashadow[");
	fmt_s64(t->f, t->pid);
	fmt_str(t->f, "]: ");
}

void text_words(struct text *t, const char *s)
{
	fmt_str(t->f, s);
}

void text_count(struct text *t, const char *word, uint64_t n)
{
	fmt_str(t->f, word);
	fmt_u64(t->f, n);
}

/*
 * What others wrote: no control byte reaches the terminal, they appear as \ooo,
 * as maps prints its newlines.
 */
void text_bytes(struct text *t, const char *s, size_t n)
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
		text_words(t, "...");
}

static void string(struct text *t, const char *s)
{
	if (s)
		text_bytes(t, s, str_len(s));
	else
		text_words(t, "?");
}

static void left(struct text *t, const struct report_site *site, size_t n)
{
	const char *before = " (";

	for (; n; n--, site++, before = ", ") {
		text_words(t, before);
		string(t, site->object);
		text_words(t, "+0x");
		fmt_hex(t->f, site->offset, 1);
		text_words(t, " ");
		string(t, site->why);
	}
	text_words(t, *before == ',' ? ")" : "");
}

void text_sites(struct text *t, const void *event)
{
	const struct report_object *e = event;

	text_words(t, "mapped: ");
	string(t, e->object);
	text_count(t, ", sites: ", e->patched);
	text_count(t, " patched, ", e->unpatched);
	text_words(t, " not");
	left(t, e->left, e->nr_left);
}

void text_start(struct text *t, const void *event)
{
	const struct report_start *e = event;

	text_words(t, "start: ");
	string(t, e->program);
	text_words(t, ", vmashadow ");
	string(t, e->version);
	text_words(t, ", kernel ");
	string(t, e->kernel);
	text_count(t, ", sites: ", e->patched);
	text_count(t, " patched, ", e->unpatched);
	text_words(t, " not");
	left(t, e->left, e->nr_left);
	if (e->seccomp)
		text_count(t, ", seccomp ", e->seccomp);
	if (!e->passive)
		return;
	text_words(t, ", passive: ");
	string(t, e->passive);
}

static void differences(struct text *t, uint64_t drift, uint64_t growth,
			uint64_t renamed)
{
	text_count(t, "drift ", drift);
	text_count(t, ", growth ", growth);
	text_count(t, ", renamed ", renamed);
}

void text_check(struct text *t, const void *event)
{
	const struct report_check *e = event;

	text_words(t, "check (");
	string(t, e->trigger);
	text_count(t, "): ", e->vmas);
	text_words(t, " mappings, ");
	differences(t, e->drift, e->growth, e->renamed);
	text_count(t, ", ", e->ns / 1000);
	text_words(t, " us");
}

static void line(struct text *t, const char *who, const struct vma_view *v)
{
	text_words(t, who);
	if (!v) {
		text_words(t, "none");
		return;
	}
	text_words(t, "\"");
	view_format_head(t->f, v);
	text_bytes(t, v->name, v->name_len);
	text_words(t, "\"");
}

void text_drift(struct text *t, const void *event)
{
	const struct report_drift *e = event;

	line(t, "drift: kernel ", e->kernel);
	line(t, ", mirror ", e->mirror);
	if (!e->last) {
		text_words(t, ", no call known there");
		return;
	}
	text_words(t, ", last call there: ");
	string(t, e->last->call);
	text_words(t, "(0x");
	fmt_hex(t->f, e->last->addr, 1);
	text_words(t, ", 0x");
	fmt_hex(t->f, e->last->len, 1);
	text_words(t, ") = 0x");
	fmt_hex(t->f, (uint64_t)e->last->ret, 1);
	text_count(t, ", event ", e->last->event);
	if (e->last->tid)
		text_count(t, ", thread ", (uint64_t)e->last->tid);
	for (unsigned int i = 0; i < e->last->nr_stack; i++) {
		text_words(t, i ? " < " : ", by ");
		string(t, e->last->stack[i]);
	}
}

void text_limit(struct text *t, const void *event)
{
	const struct report_limit *e = event;

	text_count(t, "limit: ", e->vmas);
	text_count(t, " mappings of the ", e->max_map_count);
	text_words(t, " that vm.max_map_count allows");
}

void text_fork(struct text *t, const void *event)
{
	const struct report_fork *e = event;

	text_words(t, "fork: ");
	string(t, e->program);
	text_count(t, ", child of ", (uint64_t)e->parent);
}

void text_exec_failed(struct text *t, const void *event)
{
	const struct report_exec_failed *e = event;

	text_words(t, "exec failed: ");
	string(t, e->path);
	text_count(t, ": errno ", (uint64_t)e->error);
	text_words(t, "; the program goes on, and a summary above was not its last");
}

static void ratio(struct text *t, const char *word, struct report_ratio r)
{
	text_count(t, word, r.hit);
	text_count(t, "/", r.predicted);
}

static void calls(struct text *t, const struct report_summary *e)
{
	const char *between = "calls";

	for (size_t i = 0; i < e->nr_calls; i++) {
		if (!e->calls[i].count)
			continue;
		text_words(t, between);
		text_words(t, " ");
		text_words(t, e->calls[i].name);
		text_count(t, " ", e->calls[i].count);
		between = ",";
	}
	text_words(t, *between == ',' ? "" : "no calls");
	text_count(t, " (symbol ", e->by_symbol);
	text_count(t, ", patch ", e->by_patch);
	text_count(t, ", trap ", e->by_trap);
	text_words(t, ")");
}

void text_summary(struct text *t, const void *event)
{
	const struct report_summary *e = event;

	text_words(t, "summary: ");
	string(t, e->program);
	text_words(t, ": ");
	calls(t, e);
	text_count(t, "; mappings ", e->vmas);
	text_count(t, ", peak ", e->vmas_peak);
	text_count(t, "; checks ", e->checks);
	text_words(t, ": ");
	differences(t, e->drift, e->growth, e->renamed);
	text_count(t, "; asked ", e->asked);
	text_count(t, ", settled ", e->settled);
	text_count(t, ", own ", e->own);
	ratio(t, "; foretold: addresses ", e->placement);
	ratio(t, ", successes ", e->ok);
	ratio(t, ", failures ", e->failed);
	text_count(t, ", unpredictable ", e->unpredictable);
	text_count(t, "; faults ", e->faults);
	text_words(t, "; ended by ");
	string(t, e->ended);
}

void text_passive(struct text *t, const void *event)
{
	text_words(t, "passive: ");
	string(t, event);
	text_words(t, "; the program runs on, nothing is mirrored");
}

void text_notice(struct text *t, const void *event)
{
	string(t, event);
}
