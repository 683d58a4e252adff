/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The `vmashadow` command: what its subcommands share.
 *
 * Law of the room: an ordinary program with libc, one file a subcommand. What
 * it says of itself goes to standard error, what it was asked for to standard
 * output.
 */
#ifndef VS_CMD_COMMAND_H
#define VS_CMD_COMMAND_H

#include <stddef.h>

/* Of the command itself, as env, timeout and their like have it. */
enum {
	STATUS_TROUBLE = 125,	/* it could not do its work */
	STATUS_REFUSED = 126,	/* the program is there, and cannot be run */
	STATUS_MISSING = 127,	/* the program is not there */
};

struct command {
	const char *name;
	const char *about;			/* half a line */
	/* argv[0] is for messages of getopt(). Returns the exit status. */
	int (*run)(int argc, char **argv);
};

extern const struct command command_run, command_rules, command_replay,
	command_maps, command_report, command_inspect;

/* complain() - one line on standard error, "vmashadow: " before it. */
__attribute__((format(printf, 1, 2)))
void complain(const char *fmt, ...);

/* text() - a new string as asprintf makes it. Out of memory ends the program. */
__attribute__((format(printf, 1, 2)))
char *text(const char *fmt, ...);

/* grow() - realloc() of @n elements of @size bytes; never NULL. */
void *grow(void *old, size_t n, size_t size);

/*
 * flushed() - 0 if all of standard output was written, else 125, said on
 * standard error: what a command that prints returns.
 */
int flushed(void);

#endif
