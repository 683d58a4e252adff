/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The program that is to be shadowed: where it is, and whether that can be. */
#ifndef VS_CMD_VICTIM_H
#define VS_CMD_VICTIM_H

#include <stdbool.h>

struct victim {
	char *path;	/* what to execute; NULL: there is none */
	char *why;	/* one sentence: the library cannot be loaded into it;
			 * NULL: it can, as far as one can see */
	bool asan;	/* it is built with AddressSanitizer */
};

/*
 * victim_find() - fill @v for the command @name, looked for along PATH as
 * execvp() does. A script is judged by its interpreter, but @v->path stays the
 * script. A file that cannot be read is not judged. Returns 0; STATUS_MISSING or
 * STATUS_REFUSED, said in @v->why, where the system would not run it either.
 */
int victim_find(struct victim *v, const char *name);

#endif
