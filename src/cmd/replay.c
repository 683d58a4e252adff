/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vmashadow replay and vmashadow maps: a trace through the engine again. */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "cmd/command.h"
#include "cmd/world.h"

struct query {
	uint64_t at;			/* stop after this event; all: ~0 */
	uint64_t addr;
	bool by_addr;
	const struct rule_set *rules;
	uint64_t peak, shown;
};

static bool number(const char *s, uint64_t *out)
{
	char *end;

	errno = 0;
	*out = strtoull(s, &end, 0);
	return *s && !*end && !errno && *s != '-';
}

static void print_stack(const struct world *w, uint32_t id)
{
	if (id >= w->nr_stacks)
		return;
	for (unsigned int i = 0; i < w->stacks[id].n; i++) {
		fputs("        ", stdout);
		world_print_frame(w, w->stacks[id].frames[i], stdout);
		putchar('\n');
	}
}

static void print_call(const struct world *w)
{
	const struct world_call *c = &w->call;
	const struct mm_op *op = &c->op;

	double seconds = world_seconds(w, w->ticks);

	printf("event %llu, %.6f s, thread %u: %s, [0x%lx, 0x%lx)",
	       (unsigned long long)c->event, seconds < 0 ? 0 : seconds,
	       c->thread, world_name(c->nr), op->touched_start,
	       op->touched_end);
	if ((unsigned long)op->ret >= -4095UL)
		printf(" = %s", strerrorname_np((int)-op->ret));
	putchar('\n');
	print_stack(w, c->stack);
}

/* Does the record belong to an event after the one asked for? */
static bool later(const struct world *w, const struct trace_item *item,
		  const struct query *q)
{
	struct unpack u = item->payload;

	if (item->type != TRACE_CALL || !w->started)
		return false;
	return unpack_u64(&u) > q->at;
}

static void look(struct world *w, const struct trace_item *item,
		 struct query *q)
{
	const struct mm_op *op = &w->call.op;

	if (w->mm.map_count > q->peak)
		q->peak = w->mm.map_count;
	if (!q->by_addr || item->type != TRACE_CALL ||
	    q->addr < op->touched_start || q->addr >= op->touched_end)
		return;
	print_call(w);
	q->shown++;
}

/* Returns 0; or -1 where the rest cannot be read, and it was said why. */
static int run(struct trace_reader *t, struct world *w, struct query *q)
{
	struct trace_item item;

	while (trace_next(t, &item)) {
		if (later(w, &item, q))
			return 0;
		if (world_apply(w, &item)) {
			complain("%s: the record at byte %zu is refused: it "
				 "lacks %s", t->path, item.at, w->why);
			return -1;
		}
		look(w, &item, q);
	}
	if (!t->damage)
		return 0;
	complain("%s: damaged at byte %zu: %s; what came before is whole",
		 t->path, t->at, t->damage);
	return -1;
}

static void print_summary(const struct world *w, const struct query *q)
{
	printf("%s on Linux %s: %llu calls, %llu of the library's own, %llu "
	       "states\n", w->program, w->kernel,
	       (unsigned long long)w->calls, (unsigned long long)w->own_calls,
	       (unsigned long long)w->states);
	printf("mappings: %u, at most %llu", w->mm.map_count,
	       (unsigned long long)q->peak);
	if (q->rules)
		printf(", by the rules of %s", q->rules->name);
	putchar('\n');
	if (w->lost)
		printf("records are missing in %llu places\n",
		       (unsigned long long)w->lost);
	if (!q->rules)
		printf("differences from what was recorded: %llu",
		       (unsigned long long)w->mismatches);
	if (!q->rules && w->mismatches)
		printf(", the first at event %llu",
		       (unsigned long long)w->first_mismatch);
	if (!q->rules)
		putchar('\n');
}

enum { AT = 256, ADDR, RULES };

static const struct option replay_options[] = {
	{ "at", required_argument, NULL, AT },
	{ "addr", required_argument, NULL, ADDR },
	{ "rules", required_argument, NULL, RULES },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

static int bad(const char *what, const char *value)
{
	complain("--%s=%s: no number", what, value);
	return STATUS_TROUBLE;
}

/* Returns 0, or the status to end with. */
static int parse(int argc, char **argv, struct query *q, const char *usage)
{
	int c;

	*q = (struct query){ .at = ~0UL };
	while ((c = getopt_long(argc, argv, "h", replay_options, NULL)) != -1) {
		if (c == AT && !number(optarg, &q->at))
			return bad("at", optarg);
		if (c == ADDR && !number(optarg, &q->addr))
			return bad("addr", optarg);
		q->by_addr |= c == ADDR;
		if (c == RULES) {
			q->rules = rules_named(optarg, strlen(optarg));
			if (!q->rules) {
				complain("--rules=%s: not known; vmashadow "
					 "rules lists them", optarg);
				return STATUS_TROUBLE;
			}
		}
		if (c == 'h' || c == '?') {
			fputs(usage, c == 'h' ? stdout : stderr);
			return c == 'h' ? -1 : STATUS_TROUBLE;
		}
	}
	if (argc - optind == 1)
		return 0;
	fputs(usage, stderr);
	return STATUS_TROUBLE;
}

/* The trace's last time, for all the seconds before it. */
static void read_clock(struct trace_reader *t, struct world *w)
{
	struct trace_item item;

	while (trace_next(t, &item))
		if (item.type == TRACE_TIME)
			world_apply(w, &item);
	trace_rewind(t);
}

static int start(int argc, char **argv, struct query *q, struct world *w,
		 struct trace_reader *t, const char *usage)
{
	int status = parse(argc, argv, q, usage);

	if (status)
		return status;
	world_init(w, q->rules ? &q->rules->rules : NULL);
	if (trace_open(t, argv[optind]))
		return STATUS_TROUBLE;
	read_clock(t, w);
	return 0;
}

static struct world world;
static struct trace_reader trace;

/* What both do: the trace gone through, then @show; the exit status. */
static int go(int argc, char **argv, const char *usage,
	      void (*show)(struct world *w, const struct query *q))
{
	struct query q;
	int status = start(argc, argv, &q, &world, &trace, usage);
	int err;

	if (status)
		return status < 0 ? flushed() : status;
	err = run(&trace, &world, &q);
	if (world.started)
		show(&world, &q);
	status = flushed();
	world_free(&world);
	trace_close(&trace);
	return status ? status : err ? STATUS_TROUBLE : 0;
}

static void show_replay(struct world *w, const struct query *q)
{
	if (!q->by_addr)
		print_summary(w, q);
	else if (!q->shown)
		printf("no call of the trace touched 0x%llx\n",
		       (unsigned long long)q->addr);
}

static int replay(int argc, char **argv)
{
	static const char usage[] =
		"usage: vmashadow replay [--at EVENT] [--addr ADDRESS] "
		"[--rules KERNEL] TRACE\n";
	int status = go(argc, argv, usage, show_replay);

	return status ? status : world.mismatches != 0;
}

static void show_maps(struct world *w, const struct query *q)
{
	(void)q;
	world_print_maps(w, stdout);
}

static int maps(int argc, char **argv)
{
	static const char usage[] =
		"usage: vmashadow maps [--at EVENT] [--rules KERNEL] TRACE\n";

	return go(argc, argv, usage, show_maps);
}

const struct command command_replay = {
	"replay", "go through a trace again, by the engine alone", replay,
}, command_maps = {
	"maps", "what /proc/PID/maps held after an event of a trace", maps,
};
