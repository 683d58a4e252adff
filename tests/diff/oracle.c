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
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <unistd.h>

#include "diff.h"

#define TOTALS_FD	3
#define KEEP_FD		4

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

static void run(const struct plan *plan)
{
	unsigned int i;

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
	maps_read();
	if (!maps_compare()) {
		world.why = "the list before the first call";
		report(0);
		end_run(RUN_DIFFERS);
	}
	for (i = 0; i < plan->ops; i++) {
		if (!keep[i] || execute(&calls[i]))
			continue;
		world.totals.failed_at = i + 1;
		report(i);
		show_last();
		end_run(RUN_DIFFERS);
	}
	end_run(RUN_EQUAL);
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

static void print_totals(const struct totals *t)
{
	printf("# %lu calls, %lu forks, %lu asked, %lu unknown ranges, "
	       "%lu lines adopted\n", t->calls, t->forks, t->asked, t->unknown,
	       t->adopted);
	printf("# placement %lu of %lu, ok %lu of %lu, failed %lu of %lu, "
	       "unpredictable %lu\n", t->placement_hit, t->placement,
	       t->ok_hit, t->ok, t->failed_hit, t->failed, t->unpredictable);
	fflush(stdout);
}

static int many(struct plan *plan, unsigned int seeds)
{
	struct totals sum = { .calls = 0 };
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
	print_totals(&sum);
	printf("1..%u\n", test_nr);
	return failed != 0;
}

/* Rules that nothing on a current kernel makes visible. */
static const char *invisible(const char *name)
{
	static const char *const why[][2] = {
		{ "special_splits",
		  "calibration tells, but no call of a current kernel does" },
		{ "brk_extends_only",
		  "needs an empty heap, and the test's own TLS lies in it" },
		{ "ksm_flag_after_merge",
		  "needs PR_SET_MEMORY_MERGE, which is not mirrored yet" },
		{ "low_limit_min_addr",
		  "needs a full address space and vm.mmap_min_addr above 4096" },
		{ "mmap_min_addr",
		  "needs a hint below it, and no call here has one" },
		{ "thp_read_faults",
		  "adds doubt, which is asked about, never a wrong answer" },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(why); i++)
		if (!strcmp(why[i][0], name))
			return why[i][1];
	return NULL;
}

/* Is the inverted rule noticed within @seeds runs? */
static bool noticed(struct plan *plan, unsigned int seeds, struct totals *sum)
{
	for (plan->seed = 1; plan->seed <= seeds; plan->seed++)
		if (run_once(plan, NULL, sum, true) == RUN_DIFFERS)
			return true;
	return false;
}

static int mutations(struct plan *plan, unsigned int seeds)
{
	const struct rule_field *field;
	struct totals sum;
	unsigned int failed = 0;
	bool seen;

	for (field = rule_fields; field->name; field++) {
		if (invisible(field->name)) {
			printf("ok %u - %s # SKIP %s\n", ++test_nr, field->name,
			       invisible(field->name));
			continue;
		}
		memset(&sum, 0, sizeof(sum));
		plan->mutate = field->name;
		seen = noticed(plan, seeds, &sum);
		failed += !seen;
		tap(seen, "inverted, it is noticed:", field->name, ~0UL);
		printf("# after %lu calls\n", sum.calls);
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
