/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vmashadow run: the program under the library, and what there is to say at its
 * end. The options of the library are ours, from the library's own table.
 */
#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fmt.h"
#include "cmd/command.h"
#include "cmd/launch.h"
#include "cmd/library.h"
#include "cmd/logs.h"
#include "cmd/summary.h"
#include "cmd/victim.h"
#include "options/table.h"

#define ENV_OPTIONS "VMASHADOW_OPTIONS"

enum {
	OPT_HELP = 'h', OPT_QUIET = 'q', OPT_FORCE = 256, OPT_NO_FOLLOW,
	OPT_TABLE,		/* + index in options_table */
};

struct run {
	bool quiet, force;
	char *options;		/* what VMASHADOW_OPTIONS will be */
	struct options in_force;	/* what the library will make of it */
	char *where;		/* the logs, for people; NULL: no file */
};

/* --- the options --------------------------------------------------------------- */

static bool is_switch(const struct option_entry *o)
{
	return o->choices && o->choices[0].name && o->choices[1].name &&
	       !o->choices[2].name && !strcmp(o->choices[0].name, "0") &&
	       !strcmp(o->choices[1].name, "1");
}

/* help=1 is for those who do not have this command. */
static bool is_ours(const struct option_entry *o)
{
	return strcmp(o->key, "help") != 0;
}

/* Those that help() says in words of the command. */
static bool is_said(const struct option_entry *o)
{
	return !strcmp(o->key, "follow") || !strcmp(o->key, "early");
}

/* abort_on_drift is --abort-on-drift here. */
static char *spelling(const char *key)
{
	char *s = text("%s", key);

	for (char *p = s; *p; p++)
		if (*p == '_')
			*p = '-';
	return s;
}

static struct option *long_options(void)
{
	static const struct option own[] = {
		{ "help", no_argument, NULL, OPT_HELP },
		{ "quiet", no_argument, NULL, OPT_QUIET },
		{ "force", no_argument, NULL, OPT_FORCE },
		{ "no-follow", no_argument, NULL, OPT_NO_FOLLOW },
	};
	size_t n = sizeof(own) / sizeof(own[0]);
	struct option *all = grow(NULL, n + OPTIONS_COUNT + 1, sizeof(*all));

	memcpy(all, own, sizeof(own));
	for (int i = 0; i < OPTIONS_COUNT; i++) {
		const struct option_entry *o = &options_table[i];

		if (is_ours(o))
			all[n++] = (struct option){
				spelling(o->key),
				is_switch(o) ? optional_argument :
					       required_argument,
				NULL, OPT_TABLE + i
			};
	}
	all[n] = (struct option){ 0 };
	return all;
}

/* Each option as `help=1` shows it, its lines indented under ours. */
static void print_table(void)
{
	for (size_t i = 0; i < OPTIONS_COUNT; i++) {
		const struct option_entry *o = &options_table[i];
		char *name = spelling(o->key);

		if (is_ours(o) && !is_said(o)) {
			printf("  --%s%s", name, is_switch(o) ? "[=0|1]" : "=");
			if (!is_switch(o))
				fputs(o->text ? o->text : "WHAT", stdout);
			printf("\n\t%s\n", o->help);
			if (o->text || is_switch(o)) {
				free(name);
				continue;
			}
			fputs("\tWHAT:", stdout);
			for (const struct option_choice *c = o->choices;
			     c->name; c++)
				printf(" %s", c->name);
			if (o->max)
				printf(" %u..%u", o->min, o->max);
			printf("; else %s\n", o->standard);
		}
		free(name);
	}
}

static int help(void)
{
	puts("usage: vmashadow run [OPTION...] [--] PROGRAM [ARGUMENT...]\n\n"
	     "Runs PROGRAM, and the programs that it starts, under "
	     "libvmashadow.so.\n\n"
	     "  -q, --quiet\n\tno summary at the end\n"
	     "  --no-follow\n\tPROGRAM alone: no child of it, and nothing that "
	     "it executes\n"
	     "  --early\n\tsee the calls by which ld.so maps PROGRAM's "
	     "libraries, too\n"
	     "  --force\n\trun it also where the library cannot be loaded into "
	     "it");
	print_table();
	puts("\nThe status is PROGRAM's own; 125 if vmashadow could not do its "
	     "work, 126 if\nPROGRAM cannot be run or not be mirrored, 127 if it "
	     "is not there.");
	return flushed();
}

/* --- VMASHADOW_OPTIONS --------------------------------------------------------- */

/* A value with a colon, or that begins with a quote, needs quotes around it. */
static const char *quote_for(const char *value)
{
	if (!strchr(value, ':') && *value != '"' && *value != '\'')
		return "";
	if (!strchr(value, '"'))
		return "\"";
	return strchr(value, '\'') ? NULL : "'";
}

/* What the library would say of VMASHADOW_OPTIONS=@set; "" if it is content. */
static const char *objection(struct options *into, const char *set)
{
	static const char prefix[] = "vmashadow: " ENV_OPTIONS ": ";
	static char messages[8192];
	char *variable = text(ENV_OPTIONS "=%s", set);
	char *env[] = { variable, NULL }, *end;
	struct fmt f;

	fmt_init(&f, messages, sizeof(messages));
	options_parse(into, env, &f);
	free(variable);
	end = strpbrk(messages, ";\n");
	if (end)
		*end = '\0';
	return strncmp(messages, prefix, sizeof(prefix) - 1) ? messages :
	       messages + sizeof(prefix) - 1;
}

static bool add(struct run *r, const char *key, const char *value)
{
	const char *quote = quote_for(value), *why;
	char *one, *all;

	if (!quote) {
		complain("run: %s=%s: a value with a colon and both quotes "
			 "cannot be said", key, value);
		return false;
	}
	one = text("%s=%s%s%s", key, quote, value, quote);
	why = objection(&r->in_force, one);
	if (*why) {
		complain("run: %s", why);
		free(one);
		return false;
	}
	all = text("%s%s%s", r->options, *r->options ? ":" : "", one);
	free(r->options);
	free(one);
	r->options = all;
	return true;
}

static bool add_entry(struct run *r, const struct option_entry *o,
		      const char *value)
{
	return add(r, o->key, value ? value : "1");
}

/* --- where the logs go --------------------------------------------------------- */

static const char *base_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash && slash[1] ? slash + 1 : path;
}

/* A folder of this run's own, as nobody asked for another place. */
static bool make_folder(struct run *r, const char *program)
{
	const char *tmp = getenv("TMPDIR");
	char *log;
	bool ok;

	if (!tmp || *tmp != '/')
		tmp = "/tmp";
	r->where = text("%s/vmashadow-%.64s-XXXXXX", tmp, base_of(program));
	for (char *p = r->where + strlen(tmp) + 1; *p; p++)
		if (!isalnum((unsigned char)*p) && !strchr("-+._", *p))
			*p = '_';
	if (!mkdtemp(r->where)) {
		complain("run: no folder for the logs, %s: %s", r->where,
			 strerror(errno));
		return false;
	}
	log = text("%s/%%p.jsonl", r->where);
	ok = add(r, "log", log);
	free(log);
	return ok;
}

/* Children may have another working directory: the path must not be relative. */
static bool make_absolute(struct run *r)
{
	char *here = getcwd(NULL, 0), *log;
	bool ok;

	if (!here) {
		complain("run: the working directory: %s", strerror(errno));
		return false;
	}
	log = text("%s/%s", here, r->in_force.log);
	ok = add(r, "log", log);
	free(log);
	free(here);
	return ok;
}

static bool settle_logs(struct run *r, const char *program)
{
	objection(&r->in_force, r->options);
	if (!r->in_force.log[0]) {
		if (!make_folder(r, program))
			return false;
	} else if (strcmp(r->in_force.log, "-") != 0) {
		if (r->in_force.log[0] != '/' && !make_absolute(r))
			return false;
		objection(&r->in_force, r->options);
		r->where = text("%s", r->in_force.log);
	}
	objection(&r->in_force, r->options);
	return true;
}

/* --- the run ------------------------------------------------------------------- */

/* gcc's ASan refuses to start where another library is loaded before it. */
static void please_asan(const struct run *r)
{
	const char *old = getenv("ASAN_OPTIONS");
	char *now = text("%s%sverify_asan_link_order=0", old ? old : "",
			 old && *old ? ":" : "");

	setenv("ASAN_OPTIONS", now, 1);
	free(now);
	if (!r->quiet)
		complain("the program has AddressSanitizer: ASAN_OPTIONS gets "
			 "verify_asan_link_order=0");
}

static void summarise(const struct run *r, struct logs *logs)
{
	if (r->quiet || !r->where)
		return;
	if (r->in_force.format != OPTIONS_FORMAT_JSON) {
		complain("log: %s", r->where);
		return;
	}
	logs_after(logs);
	summary_print(logs, r->where);
}

static int run_program(struct run *r, const struct victim *v, char **argv)
{
	struct logs logs;
	struct launched l;
	char *library = library_find();

	if (!library || !settle_logs(r, argv[0]))
		return STATUS_TROUBLE;
	if (r->where)
		logs_before(&logs, r->in_force.log);
	if (v->asan)
		please_asan(r);
	library_load("LD_PRELOAD", library);
	if (r->in_force.early)
		library_load("LD_AUDIT", library);
	setenv(ENV_OPTIONS, r->options, 1);
	l = launch(v->path, argv);
	if (l.error) {
		complain("run: %s: %s", argv[0], strerror(l.error));
		return l.error == ENOENT ? STATUS_MISSING : STATUS_REFUSED;
	}
	summarise(r, &logs);
	launch_end(l.status);
}

static int check_and_run(struct run *r, char **argv)
{
	struct victim v;
	int status = victim_find(&v, argv[0]);

	if (status) {
		complain("run: %s: %s", argv[0], v.why);
		return status;
	}
	if (v.why && !r->force) {
		complain("run: %s; --force runs it all the same", v.why);
		return STATUS_REFUSED;
	}
	return run_program(r, &v, argv);
}

static bool take_option(struct run *r, int c)
{
	switch (c) {
	case OPT_QUIET:
		r->quiet = true;
		return true;
	case OPT_FORCE:
		r->force = true;
		return true;
	case OPT_NO_FOLLOW:
		return add(r, "follow", "0");
	default:
		return c >= OPT_TABLE &&
		       add_entry(r, &options_table[c - OPT_TABLE], optarg);
	}
}

static int run(int argc, char **argv)
{
	static struct run r;
	const char *given = getenv(ENV_OPTIONS);
	struct option *all = long_options();
	int c;

	r.options = text("%s", given ? given : "");
	while ((c = getopt_long(argc, argv, "+hq", all, NULL)) != -1) {
		if (c == OPT_HELP)
			return help();
		if (!take_option(&r, c))
			return STATUS_TROUBLE;
	}
	if (optind == argc) {
		complain("run: which program? --help says more");
		return STATUS_TROUBLE;
	}
	return check_and_run(&r, argv + optind);
}

const struct command command_run = {
	"run", "run a program under the library", run,
};
