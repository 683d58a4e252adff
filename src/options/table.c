/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every option there is. */
#include "options/table.h"

static const struct option_choice formats[] = {
	{ "auto", OPTIONS_FORMAT_AUTO },
	{ "text", OPTIONS_FORMAT_TEXT },
	{ "json", OPTIONS_FORMAT_JSON },
	{ NULL, 0 },
};

static const struct option_choice checks[] = {
	{ "off", OPTIONS_CHECK_OFF },
	{ "exit", OPTIONS_CHECK_EXIT },
	{ "each", OPTIONS_CHECK_EACH },
	{ NULL, 0 },
};

static const struct option_choice intercepts[] = {
	{ "symbol", OPTIONS_INTERCEPT_SYMBOL },
	{ "patch", OPTIONS_INTERCEPT_PATCH },
	{ "trap", OPTIONS_INTERCEPT_TRAP },
	{ NULL, 0 },
};

static const struct option_choice off_only[] = {
	{ "off", 0 },
	{ NULL, 0 },
};

static const struct option_choice faults[] = {
	{ "off", OPTIONS_FAULTS_OFF },
	{ "fatal", OPTIONS_FAULTS_FATAL },
	{ "all", OPTIONS_FAULTS_ALL },
	{ NULL, 0 },
};

static const struct option_choice switches[] = {
	{ "0", 0 },
	{ "1", 1 },
	{ NULL, 0 },
};

#define AT(field) .offset = offsetof(struct options, field)

const struct option_entry options_table[OPTIONS_COUNT] = {
	{
		.key = "log", AT(log), .text = "PATH",
		.standard = "",
		.help = "append to this file; %p is the process's number, %n "
			"the program's name.\n"
			"\t\"-\": everything to standard error. Without it only "
			"drift and limits go there",
	}, {
		.key = "format", AT(format), .choices = formats,
		.standard = "auto",
		.help = "of the log: one JSON object a line, or a line to read. "
			"auto: json in a file,\n\ttext on standard error",
	}, {
		.key = "check", AT(check), .choices = checks, .min = 1,
		.max = 1000000000, .standard = "exit",
		.help = "compare the mirror with the kernel: at the end, around "
			"each call, or all of it\n\tevery N calls",
	}, {
		.key = "intercept", AT(intercept), .choices = intercepts,
		.standard = "patch",
		.help = "how calls are seen: by exported symbols only, at the "
			"system calls of libc and\n\tld.so too, or everywhere",
	}, {
		.key = "stacks", AT(stacks), .choices = off_only, .min = 0,
		.max = 64, .standard = "8",
		.help = "remember so many frames of each call",
	}, {
		.key = "faults", AT(faults), .choices = faults,
		.standard = "fatal",
		.help = "explain faults: those that end the program, or all",
	}, {
		.key = "trace", AT(trace), .text = "PATH",
		.standard = "",
		.help = "write every call to this file, which must not exist yet; "
			"%p and %n as for log.\n"
			"\tA child has a trace of its own if there is a %p",
	}, {
		.key = "history", AT(history), .choices = off_only, .min = 0,
		.max = 1000000, .standard = "65536",
		.help = "remember so many calls that made, changed or took "
			"away mappings",
	}, {
		.key = "abort_on_drift", AT(abort_on_drift),
		.choices = switches, .standard = "0",
		.help = "end the program when the mirror differs from the kernel",
	}, {
		.key = "follow", AT(follow), .choices = switches,
		.standard = "1",
		.help = "0: this program alone; its children, and what it "
			"executes, run without",
	}, {
		.key = "early", AT(early), .choices = switches,
		.standard = "0",
		.help = "1: what ld.so does before the program starts is seen "
			"as calls, too; the\n\tlibrary must also be in LD_AUDIT",
	}, {
		.key = "mark", AT(mark), .choices = switches,
		.standard = "0",
		.help = "for tests: harmless system calls that mark the "
			"library's start and end in strace",
	}, {
		.key = "rules", AT(rules), .text = "SET,FIELD=VALUE,...",
		.standard = "",
		.help = "for tests: overrule what was found out about the kernel, by a known\n"
			"\tkernel's set (6.1, ...), by single fields, or both",
	}, {
		.key = "help", AT(help), .choices = switches,
		.standard = "0",
		.help = "print this to standard error",
	},
};
