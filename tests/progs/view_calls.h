/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which calls view.c makes, and what else a process can see of itself. */
#ifndef TESTS_PROGS_VIEW_CALLS_H
#define TESTS_PROGS_VIEW_CALLS_H

#include <stdbool.h>

struct view_call {
	const char *name, *function;	/* libc's, NULL: none, or of another form */
	long nr;
	bool good;			/* asked for: is it to succeed? */
	long arg[6];
};

extern const unsigned int view_calls;	/* how many */

void view_calls_start(void);
/* The call number @index with its arguments; what they need is there then.
 * False: there is no such call, as some cannot fail. */
bool view_call(unsigned int index, struct view_call *call);
/* It was made: what it left is taken away. */
void view_called(unsigned int index);

/* Descriptors, environment, dispositions, limits, timers and the like. */
void view_rest(void);

#endif
