/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the logs of one run say, taken together. */
#ifndef VS_CMD_LOGS_H
#define VS_CMD_LOGS_H

#include <glob.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct json_object;

/* One life under the library: from a start to an end; an exec begins anew. */
struct log_life {
	int pid;
	char *program;
	char *passive;		/* why it was not mirrored, or NULL */
	bool ended;		/* there is a summary, and these are its: */
	uint64_t checks, drift, asked, peak, faults;
	struct json_object *calls;
};

struct logs {
	char *pattern;		/* of glob() */
	glob_t old;		/* files that were there before the run, */
	off_t *old_size;	/* and how long they were */

	struct log_life *lives;
	size_t nr_lives;
	struct json_object *calls;	/* by name, of all lives; NULL: no log */
	uint64_t lines_bad;		/* lines that are not of a log */
};

/*
 * logs_before() - remember what is there, so that logs_after() reads what the
 * run adds. @path as the option log= has it, absolute.
 */
void logs_before(struct logs *l, const char *path);
void logs_after(struct logs *l);

/* logs_processes() - how many different ones. */
size_t logs_processes(const struct logs *l);

#endif
