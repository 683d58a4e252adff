/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The report for people, and for flame graphs; contracts in report.h. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/command.h"
#include "cmd/report.h"
#include "cmd/symbols.h"

/* Bytes in four columns or five, in a buffer of its own for each of a line. */
static const char *size_of(uint64_t n)
{
	static const char units[] = "BKMGTPE";
	static char buf[4][32];
	static unsigned int turn;
	char *s = buf[turn++ % 4];
	double v = (double)n;
	unsigned int unit = 0;

	while (v >= 1024 && unit + 1 < sizeof(units) - 1) {
		v /= 1024;
		unit++;
	}
	snprintf(s, sizeof(buf[0]), v < 10 && unit ? "%.1f%c" : "%.0f%c", v,
		 units[unit]);
	return s;
}

static void print_when(const struct report *r, const struct peak *p)
{
	double s = report_seconds(r, p->ticks);

	printf("event %" PRIu64, p->event);
	if (s >= 0)
		printf(", %.3f s", s);
}

static void print_duration(double s)
{
	if (s < 120)
		printf("%.1f seconds", s);
	else if (s < 7200)
		printf("%.0f minutes", s / 60);
	else
		printf("%.1f hours", s / 3600);
}

static void print_forecast(const struct report *r)
{
	const struct mm_struct *mm = &r->world->mm;
	double left, rate = report_forecast(r, &left);

	if (!mm->max_map_count)
		return;
	printf("limit: vm.max_map_count %u, %.1f %% at the peak",
	       mm->max_map_count,
	       (double)r->count.value * 100 / mm->max_map_count);
	if (r->refused)
		printf("; reached: %" PRIu64 " call%s refused, the first at "
		       "event %" PRIu64, r->refused,
		       r->refused == 1 ? "" : "s", r->first_refused);
	else if (rate < 0)
		printf("; too short to tell whether it grows");
	else if (rate <= 0)
		printf("; not growing");
	else {
		printf("; growing by %.1f a second, reached in ", rate);
		print_duration(left);
	}
	putchar('\n');
}

static void print_first(struct report *r, enum report_order order,
			const char *what)
{
	const struct tally *t;
	char *label;

	report_sort(r, order);
	t = r->tallies;
	if (!r->nr_tallies || report_is_empty(t, order))
		return;
	label = report_label(r, t->owner);
	printf("%s: %s, ", what, label);
	if (order == BY_ALIVE)
		printf("%" PRIu64 " (%s)\n", t->alive, size_of(t->alive_bytes));
	else
		printf("%" PRIu64 " (%s)\n", t->kept, size_of(t->kept_bytes));
	free(label);
}

static void print_head(struct report *r)
{
	const struct world *w = r->world;

	world_print_text(w->program, strlen(w->program), stdout);
	fputs(" on Linux ", stdout);
	world_print_text(w->kernel, strlen(w->kernel), stdout);
	printf(", process %d: %" PRIu64 " calls, %" PRIu64 " failed, ended: ",
	       r->trace->header.pid, w->calls, r->failed);
	if (w->ended)
		world_print_text(w->ended, strlen(w->ended), stdout);
	else
		fputs("not in the trace", stdout);
	printf("\nmappings: %u at the end, at most %" PRIu64 " (",
	       w->mm.map_count, r->count.value);
	print_when(r, &r->count);
	printf(")\nbytes: %s at the end, at most %s (",
	       size_of(w->mm.total_vm * 4096), size_of(r->bytes.value));
	print_when(r, &r->bytes);
	puts(")");
	print_forecast(r);
	print_first(r, BY_ALIVE, "most mappings");
	print_first(r, BY_KEPT, "most never unmapped");
	printf("boundaries between touching mappings: %" PRIu64 ", of which "
	       "%" PRIu64 " could go away", r->touching, r->avoidable);
	if (r->undecided)
		printf(", %" PRIu64 " undecided", r->undecided);
	putchar('\n');
	if (r->nr_kinds && r->kinds[0].kind->advice)
		printf("most of these: %s, %" PRIu64 "; %s\n",
		       r->kinds[0].kind->title, r->kinds[0].n,
		       r->kinds[0].kind->advice);
	if (w->lost)
		printf("records are missing in %" PRIu64 " places\n", w->lost);
	if (w->mismatches || r->unfollowed)
		printf("the engine and the trace differ in %" PRIu64
		       " places, %s: figures may be wrong\n", w->mismatches,
		       size_of(r->unfollowed));
}

/* --- tables --------------------------------------------------------------------- */

static void print_stack(const struct report *r, uint32_t owner)
{
	const struct world *w = r->world;
	uint32_t id = owner - OWNER_STACK;
	char *s;

	if (owner < OWNER_STACK || id >= w->nr_stacks || !w->stacks[id].n) {
		s = report_label(r, owner);
		printf("%22s%s\n", "", s);
		free(s);
		return;
	}
	for (unsigned int i = 0; i < w->stacks[id].n; i++) {
		s = symbols_long(symbols_find(w, w->stacks[id].frames[i]));
		printf("%22s%s\n", "", s);
		free(s);
	}
}

static void print_row(const struct report *r, const struct tally *t,
		      enum report_order order)
{
	char *label = report_label(r, t->owner);

	switch (order) {
	case BY_ALIVE:
		printf("%10" PRIu64 " %8s  %s\n", t->alive,
		       size_of(t->alive_bytes), label);
		break;
	case BY_KEPT:
		printf("%10" PRIu64 " %8s  %s, of %" PRIu64 " made\n", t->kept,
		       size_of(t->kept_bytes), label, t->made);
		break;
	case BY_GONE:
		printf("%10" PRIu64 " %8s  %s, of %" PRIu64 " made\n", t->gone,
		       size_of(t->gone_bytes), label, t->made);
		break;
	case BY_BOUNDARIES:
		break;
	}
	free(label);
	print_stack(r, t->owner);
}

static void print_table(struct report *r, enum report_order order,
			const char *title)
{
	size_t n = 0, rest = 0;

	report_sort(r, order);
	for (size_t i = 0; i < r->nr_tallies; i++) {
		if (report_is_empty(&r->tallies[i], order))
			continue;
		if (n == r->top) {
			rest++;
			continue;
		}
		if (!n++)
			printf("\n%s\n%10s %8s\n", title, "mappings", "bytes");
		print_row(r, &r->tallies[i], order);
	}
	if (rest)
		printf("%10s %8s  and %zu stacks more\n", "", "", rest);
}

static void print_kinds(const struct report *r)
{
	if (r->nr_kinds)
		puts("\nBoundaries between touching mappings, by rule");
	for (size_t i = 0; i < r->nr_kinds && i < r->top; i++) {
		const struct border *b = &r->kinds[i];

		printf("%10" PRIu64 "  %s\n", b->n, b->kind->title);
		if (b->kind->advice)
			printf("%12s%s\n", "", b->kind->advice);
		printf("%12s0x%" PRIx64 ": %s\n", "", b->address, b->example);
	}
}

static void print_borders(const struct report *r)
{
	size_t shown = 0;

	for (size_t i = 0; i < r->nr_borders && shown < r->top; i++) {
		const struct border *b = &r->borders[i];

		if (!b->kind->advice)
			continue;
		if (!shown++)
			puts("\nThose that could go away, by who made them");
		printf("%10" PRIu64 "  %s\n", b->n, b->kind->title);
		print_stack(r, b->owner);
	}
}

void report_text(struct report *r)
{
	print_head(r);
	print_table(r, BY_ALIVE, "Mappings that are there, by who made them");
	print_table(r, BY_KEPT, "Never unmapped");
	print_table(r, BY_GONE, "Mapped and unmapped again");
	print_kinds(r);
	print_borders(r);
}

/* --- flame graphs ----------------------------------------------------------------- */

/* ';' and blanks separate there. */
static void print_fold(const struct symbol *s)
{
	char *label = symbols_label(s);

	for (char *p = label; *p; p++)
		putchar(*p == ';' ? ':' : *p == ' ' ? '_' : *p);
	free(label);
}

void report_folded(struct report *r)
{
	const struct world *w = r->world;

	report_sort(r, BY_ALIVE);
	for (size_t i = 0; i < r->nr_tallies; i++) {
		const struct tally *t = &r->tallies[i];
		uint32_t id = t->owner - OWNER_STACK;
		char *label;

		if (!t->alive)
			continue;
		if (t->owner < OWNER_STACK || id >= w->nr_stacks ||
		    !w->stacks[id].n) {
			label = report_label(r, t->owner);
			printf("[%s]", label);
			free(label);
		} else {
			for (unsigned int f = w->stacks[id].n; f--;) {
				print_fold(symbols_find(
					w, w->stacks[id].frames[f]));
				if (f)
					putchar(';');
			}
		}
		printf(" %" PRIu64 "\n", t->alive);
	}
}
