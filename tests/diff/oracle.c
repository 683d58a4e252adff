/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * oracle [--seed N] [--seeds N] [--ops N] [--mutate FIELD] [--mutations]
 *	  [--lenient] [--verbose]
 *
 * Without any: what make check runs, some seconds.
 *
 * TAP: one line for each seed (or each inverted rule), what differs in comments.
 * --lenient counts wrong predictions without failing for them.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <unistd.h>

#include "diff.h"

#define TOTALS_FD	3
#define KEEP_FD		4
#define PROGRAM_FD	5

static struct call calls[MAX_OPS];
static unsigned char keep[MAX_OPS];

/* --- a run ----------------------------------------------------------------- */

static void end_run(int status)
{
	raw_sys3(SYS_write, TOTALS_FD, &world.totals, sizeof(world.totals));
	raw_sys1(SYS_exit_group, status);
}

static void report(unsigned int step)
{
	static char buf[160];
	struct fmt f;

	fmt_init(&f, buf, sizeof(buf));
	fmt_str(&f, "# differs at call ");
	fmt_u64(&f, step);
	fmt_str(&f, ": ");
	fmt_str(&f, world.why);
	fmt_char(&f, '\n');
	say_fmt(&f);
	show_lists();
}

/* All lines, also those of the wall that are not looked at each time. */
static bool compare_all(void)
{
	unsigned long end = world.compare_end;
	bool equal;

	world.compare_end = ~0UL;
	maps_read();
	equal = check_mirror();
	if (equal)
		world.compare_end = end;
	return equal;
}

/* What of @calls is kept, at the same time. */
static bool run_together(const struct call *from, const unsigned char *wanted)
{
	static struct call group[LANES];
	unsigned int i, n = 0;

	for (i = 0; i < from->together; i++)
		if (wanted[i])
			group[n++] = from[i];
	if (!n)
		return true;
	group[0].together = n;
	return execute_together(group);
}

#define ALL_EVERY 64

static bool run_call(unsigned int i)
{
	if (calls[i].together)
		return run_together(&calls[i], &keep[i]);
	if (!keep[i] || execute(&calls[i]))
		return world.compare_end == ~0UL || i % ALL_EVERY ||
		       compare_all();
	return false;
}

static void run(const struct plan *plan)
{
	unsigned int i, n;

	memset(keep, 1, sizeof(keep));
	if (raw_sys3(SYS_read, KEEP_FD, keep, sizeof(keep)) < 0)
		memset(keep, 1, sizeof(keep));
	world.verbose = plan->verbose;
	world.lenient = plan->lenient;
	generate(calls, plan->ops, plan->seed);
	if (world_begin(plan->seed, plan->mutate)) {
		say("# the run could not begin\n");
		end_run(RUN_TROUBLE);
	}
	if (plan->program)
		world.program_fd = PROGRAM_FD;
	program_begin(plan->seed);
	if (!compare_all()) {
		world.why = "the list before the first call";
		report(0);
		end_run(RUN_DIFFERS);
	}
	for (i = 0; i < plan->ops; i += n) {
		n = calls[i].together ? calls[i].together : 1;
		if (run_call(i))
			continue;
		world.totals.failed_at = i + n;
		report(i);
		show_last();
		end_run(RUN_DIFFERS);
	}
	end_run(compare_all() ? RUN_EQUAL : RUN_DIFFERS);
}

/* --- many runs ------------------------------------------------------------- */

static unsigned int test_nr;

static void tap(bool ok, const char *what, const char *name, uint64_t number)
{
	printf("%sok %u - %s %s", ok ? "" : "not ", ++test_nr, what, name);
	if (number != ~0UL)
		printf("%lu", number);
	putchar('\n');
	fflush(stdout);
}

static int many(struct plan *plan, unsigned int seeds)
{
	struct totals sum = { .forks = 0 };
	unsigned int failed = 0, i;
	int result;

	for (i = 0; i < seeds; i++, plan->seed++) {
		result = run_once(plan, NULL, &sum, false);
		tap(result == RUN_EQUAL, "the mirror is equal, seed", " ",
		    plan->seed);
		if (result == RUN_EQUAL)
			continue;
		failed++;
		if (failed <= 3)
			shrink(plan);
	}
	tally_print(&sum);
	printf("1..%u\n", test_nr);
	return failed != 0;
}

/* --- mutations ------------------------------------------------------------- */

#define MIN_ADDR "/proc/sys/vm/mmap_min_addr"

static char min_addr[32];	/* as it was, while it is another */

static bool write_min_addr(const char *value)
{
	FILE *f = fopen(MIN_ADDR, "w");
	bool ok = f && fputs(value, f) >= 0;

	return f && !fclose(f) && ok;
}

static void put_back(void)
{
	if (min_addr[0])
		write_min_addr(min_addr);
	min_addr[0] = '\0';
}

static void put_back_and_die(int sig)
{
	put_back();
	signal(sig, SIG_DFL);
	raise(sig);
}

/*
 * Below the usual limit there is but the one page that nothing is mapped to: it
 * is raised for some runs, by root. False: it cannot be.
 */
static bool raise_min_addr(void)
{
	FILE *f = fopen(MIN_ADDR, "r");

	if (!f || !fgets(min_addr, sizeof(min_addr), f))
		min_addr[0] = '\0';
	if (f)
		fclose(f);
	if (!min_addr[0] || atol(min_addr) > 4096)
		return min_addr[0];
	signal(SIGINT, put_back_and_die);
	signal(SIGTERM, put_back_and_die);
	atexit(put_back);
	return write_min_addr("65536");
}

/* Is the inverted rule noticed within @seeds runs? */
static bool noticed(struct plan *plan, unsigned int seeds, struct totals *sum)
{
	for (plan->seed = 1; plan->seed <= seeds; plan->seed++)
		if (run_once(plan, NULL, sum, true) == RUN_DIFFERS)
			return true;
	return false;
}

/* A rule that brings doubt where it is wrong: another number of questions. */
static bool asks_otherwise(struct plan *plan, unsigned int seeds,
			   struct totals *sum)
{
	const char *mutate = plan->mutate;
	struct totals plain = { .forks = 0 };

	if (noticed(plan, seeds, sum))
		return true;
	plan->mutate = NULL;
	for (plan->seed = 1; plan->seed <= seeds; plan->seed++)
		run_once(plan, NULL, &plain, true);
	plan->mutate = mutate;
	return tally_sum(&plain).asked != tally_sum(sum).asked;
}

static bool is(const struct plan *plan, const char *name)
{
	return !strcmp(plan->mutate, name);
}

/* One rule shows only to who may change a setting. */
static const char *hidden(const struct plan *plan)
{
	if (is(plan, "low_limit_min_addr") && !raise_min_addr())
		return "only root may set vm.mmap_min_addr";
	return NULL;
}

static int mutations(struct plan *plan, unsigned int seeds)
{
	const struct rule_field *field;
	struct totals sum;
	unsigned int failed = 0;
	bool seen;

	for (field = rule_fields; field->name; field++) {
		memset(&sum, 0, sizeof(sum));
		plan->mutate = field->name;
		if (hidden(plan)) {
			printf("ok %u - %s # SKIP %s\n", ++test_nr, field->name,
			       hidden(plan));
			continue;
		}
		seen = is(plan, "thp_read_faults") ?
			       asks_otherwise(plan, seeds, &sum) :
			       noticed(plan, seeds, &sum);
		put_back();
		failed += !seen;
		tap(seen, "inverted, it is noticed:", field->name, ~0UL);
		printf("# after %lu calls\n", tally_sum(&sum).calls);
	}
	printf("1..%u\n", test_nr);
	return failed != 0;
}

static uint64_t number(const char *s)
{
	return s ? strtoull(s, NULL, 0) : 0;
}

/* No address randomisation: a seed gives the same run again. */
static void settle(char **argv)
{
	int now = personality(0xffffffff);

	if (now & ADDR_NO_RANDOMIZE)
		return;
	if (personality(now | ADDR_NO_RANDOMIZE) >= 0)
		execv("/proc/self/exe", argv);
}

int main(int argc, char **argv)
{
	struct plan plan = { .seed = 1, .ops = argc > 1 ? 1000 : 2000 };
	unsigned int seeds = argc > 1 ? 1 : 20;		/* for make check */
	bool child = false, mutate_all = false;
	int i;

	for (i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--run"))
			child = true;
		else if (!strcmp(argv[i], "--verbose"))
			plan.verbose = true;
		else if (!strcmp(argv[i], "--lenient"))
			plan.lenient = true;
		else if (!strcmp(argv[i], "--program"))
			plan.program = true;
		else if (!strcmp(argv[i], "--mutations"))
			mutate_all = true;
		else if (!strcmp(argv[i], "--seed"))
			plan.seed = number(argv[++i]);
		else if (!strcmp(argv[i], "--seeds"))
			seeds = number(argv[++i]);
		else if (!strcmp(argv[i], "--ops"))
			plan.ops = number(argv[++i]);
		else if (!strcmp(argv[i], "--mutate"))
			plan.mutate = argv[++i];
		else
			return RUN_TROUBLE;
	}
	if (plan.ops > MAX_OPS)
		plan.ops = MAX_OPS;
	if (child)
		run(&plan);
	settle(argv);
	return mutate_all ? mutations(&plan, seeds) : many(&plan, seeds);
}
