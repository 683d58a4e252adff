/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vmashadow report: who maps, what is left, and what keeps mappings apart. */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>

#include "cmd/command.h"
#include "cmd/report.h"

#define TOP_USUAL 10

enum { TOP = 256, AT, JSON, FOLDED };

static const struct option options[] = {
	{ "top", required_argument, NULL, TOP },
	{ "at", required_argument, NULL, AT },
	{ "json", no_argument, NULL, JSON },
	{ "folded", no_argument, NULL, FOLDED },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

static const char usage[] =
	"usage: vmashadow report [--top N] [--at EVENT] [--json | --folded] "
	"TRACE\n";

static bool number(const char *option, uint64_t *out)
{
	char *end;

	errno = 0;
	*out = strtoull(optarg, &end, 0);
	if (*optarg && !*end && !errno && *optarg != '-')
		return true;
	complain("--%s=%s: no number", option, optarg);
	return false;
}

/* Returns 0, or the status to end with; -1: all was said. */
static int parse(int argc, char **argv, struct report *r,
		 void (**print)(struct report *r))
{
	uint64_t n;
	int c;

	while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if ((c == TOP && !number("top", &n)) ||
		    (c == AT && !number("at", &r->at)))
			return STATUS_TROUBLE;
		if (c == TOP)
			r->top = n < 1000000 ? (unsigned int)n : 1000000;
		if (c == JSON)
			*print = report_json;
		if (c == FOLDED)
			*print = report_folded;
		if (c == 'h') {
			fputs(usage, stdout);
			return -1;
		}
		if (c == '?')
			goto out_usage;
	}
	if (argc - optind == 1)
		return 0;
out_usage:
	fputs(usage, stderr);
	return STATUS_TROUBLE;
}

static struct world world;
static struct trace_reader trace;
static struct report report = {
	.world = &world, .trace = &trace, .at = ~0UL, .top = TOP_USUAL,
};

static int run(int argc, char **argv)
{
	void (*print)(struct report *r) = report_text;
	int status = parse(argc, argv, &report, &print), err;

	if (status)
		return status < 0 ? flushed() : status;
	if (trace_open(&trace, argv[optind]))
		return STATUS_TROUBLE;
	world_init(&world, NULL);
	err = report_gather(&report);
	if (!world.started) {
		complain("%s: nothing is in it", trace.path);
		return STATUS_TROUBLE;
	}
	report_tally(&report);
	print(&report);
	status = flushed();
	world_free(&world);
	trace_close(&trace);
	return status ? status : err ? STATUS_TROUBLE : 0;
}

const struct command command_report = {
	"report", "who maps, what leaks, and what keeps mappings apart", run,
};
