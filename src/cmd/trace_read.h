/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A trace as a run of records. Whatever is in the file, nothing outside of it is
 * read: it may be damaged, cut off, foreign or made to do harm.
 */
#ifndef VS_CMD_TRACE_READ_H
#define VS_CMD_TRACE_READ_H

#include "base/pack.h"
#include "shadow/trace_format.h"

struct trace_reader {
	const char *path;
	const uint8_t *map;
	size_t size;
	struct trace_header header;
	size_t at;			/* the record that comes next */
	const char *damage;		/* why it ended early; NULL: it did not */
};

struct trace_item {
	enum trace_type type;
	size_t at;			/* bytes into the file */
	struct unpack payload;
};

/*
 * trace_open() - map the file and check its header. Returns 0; or -1, and it was
 * said on standard error what is wrong.
 */
int trace_open(struct trace_reader *t, const char *path);
void trace_close(struct trace_reader *t);

/*
 * trace_next() - the next record. False at the end, or where the rest is
 * damaged: t->damage says so then, and what came before is whole.
 */
bool trace_next(struct trace_reader *t, struct trace_item *item);

/* Back to the first record. */
void trace_rewind(struct trace_reader *t);

#endif
