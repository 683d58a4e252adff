/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vmashadow SUBCOMMAND: finds it and runs it. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "cmd/command.h"

static const struct command *const commands[] = {
	&command_run,
	&command_rules,
	&command_replay,
	&command_maps,
	&command_report,
	&command_inspect,
};

/* Names of others' making come along: nothing in them is for the terminal. */
void complain(const char *fmt, ...)
{
	char *s = NULL;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&s, fmt, ap) < 0)
		s = NULL;
	va_end(ap);
	for (char *p = s; p && *p; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			*p = '?';
	fflush(stdout);
	fprintf(stderr, "vmashadow: %s\n", s ? s : "out of memory");
	free(s);
}

static void need(const void *p)
{
	if (p)
		return;
	complain("out of memory");
	exit(STATUS_TROUBLE);
}

char *text(const char *fmt, ...)
{
	char *s = NULL;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&s, fmt, ap) < 0)
		s = NULL;
	va_end(ap);
	need(s);
	return s;
}

void *grow(void *old, size_t n, size_t size)
{
	void *p = reallocarray(old, n, size);

	need(p);
	return p;
}

int flushed(void)
{
	if (!ferror(stdout) && !fflush(stdout))
		return 0;
	complain("standard output: %s", strerror(errno));
	return STATUS_TROUBLE;
}

static int usage(FILE *to)
{
	fputs("usage: vmashadow COMMAND [ARGUMENT...]\n\n", to);
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		fprintf(to, "  %-8s %s\n", commands[i]->name,
			commands[i]->about);
	fputs("\nvmashadow COMMAND --help says more; so does vmashadow(1).\n",
	      to);
	return to == stdout ? flushed() : STATUS_TROUBLE;
}

/* getopt() names what it complains of by argv[0]. */
static int run_command(const struct command *c, int argc, char **argv)
{
	argv[0] = text("vmashadow: %s", c->name);
	return c->run(argc, argv);
}

int main(int argc, char **argv)
{
	if (argc < 2)
		return usage(stderr);
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))
		return usage(stdout);
	if (!strcmp(argv[1], "--version")) {
		puts("vmashadow " PACKAGE_VERSION);
		return flushed();
	}
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		if (!strcmp(argv[1], commands[i]->name))
			return run_command(commands[i], argc - 1, argv + 1);
	complain("there is no command \"%s\"; vmashadow --help lists them",
		 argv[1]);
	return STATUS_TROUBLE;
}
