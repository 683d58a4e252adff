/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vmashadow inspect: a process that runs already, and is in trouble. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cmd/boundary.h"
#include "cmd/command.h"
#include "cmd/escape.h"
#include "cmd/outside.h"
#include "shadow/calibrate.h"

#define TOP_USUAL 10
#define KINDS_MAX 64

struct kind {
	const struct boundary_kind *kind;
	uint64_t n, address;
	char *example;
};

struct inspection {
	struct outside process;
	unsigned int top;
	double seconds;			/* between two counts; 0: only one */
	uint64_t before, after;
	struct kind kinds[KINDS_MAX];
	size_t nr_kinds;
	uint64_t touching, avoidable, undecided;
	bool json;
};

/* --- what there is ------------------------------------------------------------- */

static void add(struct inspection *i, const struct boundary_kind *kind,
		const char *why, uint64_t address)
{
	struct kind *k = i->kinds;

	while (k < i->kinds + i->nr_kinds && k->kind != kind)
		k++;
	if (k == i->kinds + KINDS_MAX)
		return;
	if (k == i->kinds + i->nr_kinds) {
		*k = (struct kind){ kind, 0, address,
				    escaped(why, strlen(why)) };
		i->nr_kinds++;
	}
	k->n++;
}

static int most_first(const void *a, const void *b)
{
	const struct kind *x = a, *y = b;

	if (!x->kind->advice != !y->kind->advice)
		return x->kind->advice ? -1 : 1;
	return x->n < y->n ? 1 : x->n > y->n ? -1 : 0;
}

static void judge(struct inspection *i)
{
	const struct mm_struct *mm = &i->process.mm;
	char why[MM_EXPLAIN_SIZE];

	for (struct vm_area_struct *vma = mm->mmap; vma; vma = vma->vm_next) {
		const struct boundary_kind *kind = boundary_kind(mm, vma, why);

		if (!kind)
			continue;
		i->touching++;
		i->avoidable += kind->advice != NULL;
		i->undecided += kind->undecided;
		add(i, kind, why, vma->vm_start);
	}
	qsort(i->kinds, i->nr_kinds, sizeof(*i->kinds), most_first);
}

static void watch(struct inspection *i, int pid)
{
	struct timespec wait = {
		.tv_sec = (time_t)i->seconds,
		.tv_nsec = (long)((i->seconds - (double)(time_t)i->seconds) *
				  1e9),
	};

	i->before = outside_count(pid);
	while (nanosleep(&wait, &wait) && errno == EINTR)
		;
	i->after = outside_count(pid);
}

/* Mappings a second; negative: not known, or none are added. */
static double growth(const struct inspection *i)
{
	if (i->seconds <= 0 || !i->before || i->after <= i->before)
		return -1;
	return (double)(i->after - i->before) / i->seconds;
}

static double time_left(const struct inspection *i)
{
	const struct mm_struct *mm = &i->process.mm;

	if (growth(i) <= 0 || mm->max_map_count <= i->after)
		return -1;
	return (double)(mm->max_map_count - i->after) / growth(i);
}

/* --- for people ------------------------------------------------------------------ */

static void print_escaped(const char *s)
{
	char *safe = escaped(s, strlen(s));

	fputs(*safe ? safe : "anonymous memory", stdout);
	free(safe);
}

static void print_head(const struct inspection *i)
{
	const struct mm_struct *mm = &i->process.mm;

	print_escaped(i->process.program);
	printf(", process %d\nmappings: %u of %u allowed (%.1f %%)",
	       i->process.pid, mm->map_count, mm->max_map_count,
	       mm->max_map_count ? (double)mm->map_count * 100 /
				   mm->max_map_count : 0);
	if (growth(i) > 0)
		printf("; %" PRIu64 " more in %.1f s", i->after - i->before,
		       i->seconds);
	else if (i->seconds > 0)
		printf("; not growing, looked at for %.1f s", i->seconds);
	if (time_left(i) >= 0)
		printf(": the limit is reached in %.0f s", time_left(i));
	printf("\nboundaries between touching mappings: %" PRIu64 ", of which "
	       "%" PRIu64 " could go away, %" PRIu64 " undecided\n",
	       i->touching, i->avoidable, i->undecided);
	if (i->nr_kinds && i->kinds[0].kind->advice)
		printf("most of these: %s, %" PRIu64 "; %s\n",
		       i->kinds[0].kind->title, i->kinds[0].n,
		       i->kinds[0].kind->advice);
	puts("not to be known from outside, without history: who mapped what; "
	     "which parts of\n  a file came by one descriptor; and where no "
	     "page shows it whether both sides\n  of a boundary were written "
	     "to: undecided. vmashadow run sees all of that.");
	if (i->process.no_policies)
		puts("  numa_maps cannot be read: memory policies are not known "
		     "either.");
}

static void print_text(const struct inspection *i)
{
	print_head(i);
	printf("\nMappings by name\n%10s %14s\n", "mappings", "bytes");
	for (size_t n = 0; n < i->process.nr_names && n < i->top; n++) {
		const struct outside_name *o = &i->process.names[n];

		printf("%10" PRIu64 " %14" PRIu64 "  ", o->mappings, o->bytes);
		print_escaped(o->name);
		putchar('\n');
	}
	if (i->nr_kinds)
		puts("\nBoundaries between touching mappings, by rule");
	for (size_t n = 0; n < i->nr_kinds && n < i->top; n++) {
		const struct kind *k = &i->kinds[n];

		printf("%10" PRIu64 "  %s\n", k->n, k->kind->title);
		if (k->kind->advice)
			printf("%12s%s\n", "", k->kind->advice);
		printf("%12s0x%" PRIx64 ": %s\n", "", k->address, k->example);
	}
}

/* --- for programs ------------------------------------------------------------------ */

static void put(struct json_object *to, const char *key, uint64_t n)
{
	json_object_object_add(to, key, json_object_new_int64((int64_t)n));
}

static void put_text(struct json_object *to, const char *key, const char *s)
{
	char *safe = s ? escaped(s, strlen(s)) : NULL;

	json_object_object_add(to, key,
			       safe ? json_object_new_string(safe) : NULL);
	free(safe);
}

static struct json_object *json_names(const struct inspection *i)
{
	struct json_object *list = json_object_new_array();

	for (size_t n = 0; n < i->process.nr_names; n++) {
		const struct outside_name *name = &i->process.names[n];
		struct json_object *o = json_object_new_object();

		put_text(o, "name", name->name);
		put(o, "mappings", name->mappings);
		put(o, "bytes", name->bytes);
		json_object_array_add(list, o);
	}
	return list;
}

static struct json_object *json_kinds(const struct inspection *i)
{
	struct json_object *list = json_object_new_array();

	for (size_t n = 0; n < i->nr_kinds; n++) {
		const struct kind *k = &i->kinds[n];
		struct json_object *o = json_object_new_object();

		put(o, "boundaries", k->n);
		put_text(o, "rule", k->kind->title);
		put_text(o, "advice", k->kind->advice);
		put_text(o, "example", k->example);
		put(o, "address", k->address);
		json_object_array_add(list, o);
	}
	return list;
}

static void print_json(const struct inspection *i)
{
	struct json_object *o = json_object_new_object();

	put_text(o, "program", i->process.program);
	put(o, "pid", (uint64_t)i->process.pid);
	put(o, "mappings", i->process.mm.map_count);
	put(o, "max_map_count", i->process.mm.max_map_count);
	json_object_object_add(o, "growth_per_second", growth(i) > 0
			       ? json_object_new_double(growth(i)) : NULL);
	json_object_object_add(o, "policies_known", json_object_new_boolean(
				       !i->process.no_policies));
	json_object_object_add(o, "names", json_names(i));
	put(o, "boundaries", i->touching);
	put(o, "avoidable", i->avoidable);
	put(o, "undecided", i->undecided);
	json_object_object_add(o, "rules", json_kinds(i));
	puts(json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN |
					    JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(o);
}

/* --- the command ---------------------------------------------------------------------- */

enum { TOP = 256, WATCH, JSON };

static const struct option options[] = {
	{ "top", required_argument, NULL, TOP },
	{ "watch", required_argument, NULL, WATCH },
	{ "json", no_argument, NULL, JSON },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

static const char usage[] =
	"usage: vmashadow inspect [--top N] [--watch SECONDS] [--json] PID\n";

static bool number(const char *s, double max, double *out)
{
	char *end;

	*out = strtod(s, &end);
	return *s && !*end && *out >= 0 && *out <= max;
}

/* Returns 0, or the status to end with; -1: all was said. */
static int parse(int argc, char **argv, struct inspection *i, int *pid)
{
	double n;
	int c;

	while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if ((c == TOP && !number(optarg, 1e6, &n)) ||
		    (c == WATCH && !number(optarg, 86400, &i->seconds))) {
			complain("%s: no such number is possible here", optarg);
			return STATUS_TROUBLE;
		}
		if (c == TOP)
			i->top = (unsigned int)n;
		i->json |= c == JSON;
		if (c == 'h' || c == '?') {
			fputs(usage, c == 'h' ? stdout : stderr);
			return c == 'h' ? -1 : STATUS_TROUBLE;
		}
	}
	if (argc - optind != 1) {
		fputs(usage, stderr);
		return STATUS_TROUBLE;
	}
	if (argv[optind][strspn(argv[optind], "0123456789")] ||
	    !number(argv[optind], INT_MAX, &n)) {
		complain("%s: no process's number", argv[optind]);
		return STATUS_TROUBLE;
	}
	*pid = (int)n;
	return 0;
}

static struct inspection inspection = { .top = TOP_USUAL };

static int run(int argc, char **argv)
{
	struct inspection *i = &inspection;
	struct mm_rules rules;
	int pid, status = parse(argc, argv, i, &pid);

	if (status)
		return status < 0 ? flushed() : status;
	calibrate_rules(&rules);
	if (i->seconds > 0)
		watch(i, pid);
	if (outside_read(&i->process, pid, &rules))
		return STATUS_TROUBLE;
	judge(i);
	if (i->json)
		print_json(i);
	else
		print_text(i);
	return flushed();
}

const struct command command_inspect = {
	"inspect", "what keeps a running process's mappings apart", run,
};
