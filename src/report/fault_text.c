/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A fault for whoever reads standard error: the verdict first, then the proof. */
#include "base/fmt.h"
#include "base/str.h"
#include "base/view.h"
#include "report/writer.h"

static void next_line(struct text *t, const char *what)
{
	fmt_char(t->f, '\n');
	text_prefix(t);
	text_words(t, "  ");
	text_words(t, what);
}

static void hex(struct text *t, const char *word, uint64_t v)
{
	text_words(t, word);
	text_words(t, "0x");
	fmt_hex(t->f, v, 1);
}

static void stack(struct text *t, const char *const *frames, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		next_line(t, "    #");
		text_count(t, "", i);
		text_words(t, " ");
		text_bytes(t, frames[i], str_len(frames[i]));
	}
}

static void mapping(struct text *t, const char *what,
		    const struct report_near *n, const char *distance)
{
	if (!n->view)
		return;
	next_line(t, what);
	view_format_head(t->f, n->view);
	text_bytes(t, n->view->name, n->view->name_len);
	if (distance)
		text_count(t, distance, n->distance);
}

static void ago(struct text *t, uint64_t ns)
{
	if (ns == ~0UL)
		return;
	if (ns < 10000000)
		text_count(t, ", ", ns / 1000);
	else
		text_count(t, ", ", ns / 1000000);
	text_words(t, ns < 10000000 ? " us ago" : " ms ago");
}

static void past(struct text *t, const struct report_past *p)
{
	next_line(t, p->what);
	hex(t, " of ", p->addr);
	hex(t, "-", p->addr + p->len);
	if (p->rights) {
		text_words(t, " ");
		text_words(t, p->rights);
	}
	if (p->error)
		text_count(t, ", which failed with errno ", (uint64_t)p->error);
	text_count(t, ", event ", p->event);
	if (p->thread)
		text_count(t, ", thread ", (uint64_t)p->thread);
	ago(t, p->ago_ns);
	stack(t, p->stack, p->nr_stack);
}

static void prediction(struct text *t, const struct report_fault *e)
{
	next_line(t, "by the rules: ");
	if (e->undecided) {
		text_words(t, "undecided, ");
		text_words(t, e->undecided);
		return;
	}
	text_words(t, e->predicted_signal ? e->predicted_signal : "no signal");
	if (e->predicted_code) {
		text_words(t, " ");
		text_words(t, e->predicted_code);
	}
	text_words(t, e->agrees ? ", and so it was" : ", but it was not so");
}

static void registers(struct text *t, const struct report_fault *e)
{
	for (size_t i = 0; i < REPORT_REGISTERS; i++) {
		if (i % 6 == 0)
			next_line(t, "");
		text_words(t, i % 6 ? " " : "");
		text_words(t, report_register_names[i]);
		fmt_char(t->f, '=');
		fmt_hex(t->f, e->registers[i], 1);
	}
}

void text_fault(struct text *t, const void *event)
{
	const struct report_fault *e = event;

	text_words(t, "fault: ");
	text_words(t, e->verdict);
	next_line(t, e->signal);
	text_words(t, " ");
	text_words(t, e->si_code);
	text_count(t, " in thread ", (uint64_t)e->thread);
	text_words(t, e->handled ? ", handled by the program: " : ": ");
	text_words(t, e->access);
	if (e->size)
		text_count(t, " of ", e->size);
	text_words(t, e->size ? " bytes" : "");
	if (e->addr_known)
		hex(t, " at ", e->addr);
	if (e->instruction) {
		next_line(t, "instruction: ");
		text_words(t, e->instruction);
	}
	stack(t, e->stack, e->nr_stack);
	mapping(t, "hit:    ", &e->vma, NULL);
	mapping(t, "before: ", &e->before, "; bytes past it: ");
	mapping(t, "after:  ", &e->after, "; bytes to it: ");
	for (size_t i = 0; i < e->nr_history; i++)
		past(t, &e->history[i]);
	prediction(t, e);
	registers(t, e);
}
