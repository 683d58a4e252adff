/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside procmaps: chunks to lines, and the cursor that reads one line. */
#ifndef VS_PROCMAPS_LINES_H
#define VS_PROCMAPS_LINES_H

#include "procmaps/parse.h"

/*
 * procmaps_line() - 1 and the next whole line without its newline, 0 when the
 * chunk is used up, -ENAMETOOLONG when the carry is full.
 */
int procmaps_line(struct procmaps_lines *l, const char **line, size_t *len);

/* procmaps_fail() - let the error stay; @at counts from the line's begin. */
int procmaps_fail(struct procmaps_parser *p, int error, size_t at);

/* Where one reads in a line; @at never passes @len. */
struct scan {
	const char *s;
	size_t len, at;
};

bool scan_char(struct scan *c, char want);
/* Lower-case hexadecimal as "%0<width>x" prints it. */
bool scan_hex(struct scan *c, unsigned int width, uint64_t *out);
/* Decimal as "%lu" prints it. */
bool scan_dec(struct scan *c, uint64_t *out);

#endif
