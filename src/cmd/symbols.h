/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the return addresses of a trace are called. Names and lines come from
 * the object's file by libdw, if it is the very build that was mapped (its build
 * id says so); else all that is known is file+0x1234.
 */
#ifndef VS_CMD_SYMBOLS_H
#define VS_CMD_SYMBOLS_H

#include "cmd/world.h"

struct symbol {
	const char *object;		/* path of its file, escaped; or NULL */
	const char *function;		/* escaped; or NULL */
	const char *file;		/* of the source, escaped; or NULL */
	int line;
	uint64_t offset;		/* into the function, else the object */
	bool plumbing;			/* libc's, the loader's or our library's */
};

/* symbols_find() - it stays for as long as the command runs. */
const struct symbol *symbols_find(const struct world *w, uint64_t ip);

/* symbols_label() - "function" or "object+0x12", in a new string. */
char *symbols_label(const struct symbol *s);

/* symbols_long() - "function+0x12 (file.c:34) in object", in a new string. */
char *symbols_long(const struct symbol *s);

/*
 * symbols_caller() - the innermost frame of stack @id that is not plumbing; the
 * innermost if all are; NULL: the stack is empty.
 */
const struct symbol *symbols_caller(const struct world *w, uint32_t id);

#endif
