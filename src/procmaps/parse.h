/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * /proc/PID/maps and smaps as bytes. Text comes in chunks of any size, wherever
 * it was read or recorded; out come mappings, one a line. The format is that of
 * fs/proc/task_mmu.c (kernel-facts 2), and is held to: a line that the kernel
 * would not have printed in just this form is malformed, so that what parses
 * prints back byte for byte (base/view.h:view_format()).
 *
 *	parser_init(&p, carry, sizeof(carry));
 *	while (there is text) {
 *		procmaps_feed(&p, text, n);
 *		while ((ret = procmaps_next(&p, &view)) > 0)
 *			...
 *	}
 *	ret = procmaps_finish(&p);
 *
 * Law of the room: no libc, no allocation. This file also: no system call, no
 * global; async-signal-safe. Nothing beyond the fed bytes is ever read.
 */
#ifndef VS_PROCMAPS_PARSE_H
#define VS_PROCMAPS_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/view.h"

/* Text in chunks to whole lines. */
struct procmaps_lines {
	char *carry;		/* a line that began in an earlier chunk */
	size_t carry_size, carry_len;
	const char *chunk;	/* the part of the chunk not yet looked at */
	size_t chunk_len;
	bool carry_given;	/* the line in carry was handed out */
	uint64_t line_at;	/* where the current line begins in the text */
	uint64_t next_at;
};

struct procmaps_parser {
	struct procmaps_lines lines;
	int error;		/* sticky: 0 or -errno */
	uint64_t error_at;	/* offset in the text of the first byte that
				 * could not be what the kernel prints */
};

/*
 * procmaps_parse_line() - one line, its newline not included. @out->name points
 * into @line. Returns 0, or -EINVAL and in *@bad the index of the offending
 * byte (@len: the line ends too early).
 */
int procmaps_parse_line(const char *line, size_t len, struct vma_view *out,
			size_t *bad);

/*
 * procmaps_parser_init() - @carry holds lines that chunks cut in two; it must be
 * as long as the longest line (PATH_MAX names, four bytes for each newline in
 * them: 16 KiB and 96 bytes hold any) and stay until the end.
 */
void procmaps_parser_init(struct procmaps_parser *p, char *carry, size_t size);

/* procmaps_feed() - the next @n bytes; call when procmaps_next() returned 0. */
void procmaps_feed(struct procmaps_parser *p, const char *text, size_t n);

/*
 * procmaps_next() - 1: *@out is the next line; its name stays until the next
 * call. 0: needs more text. -EINVAL: malformed, see error_at. -ENAMETOOLONG: a
 * line does not fit the carry. An error stays.
 */
int procmaps_next(struct procmaps_parser *p, struct vma_view *out);

/* procmaps_finish() - 0, the error, or -EINVAL: the text ends inside a line. */
int procmaps_finish(struct procmaps_parser *p);

/* One entry of smaps. */
struct smaps_entry {
	struct vma_view view;
	uint64_t vm_flags;	/* VM_*, from VmFlags and ProtectionKey */
	unsigned int unknown;	/* mnemonics with no meaning here */
	bool faulted;		/* it surely has anonymous pages of its own */
};

struct smaps_parser {
	struct procmaps_parser p;	/* its lines, error and error_at */
	char *name;
	size_t name_size;
	struct smaps_entry entry;	/* in the making */
	uint64_t anonymous, swap;	/* kB */
	bool open;
};

/* As for maps; @name keeps an entry's name until the next is returned. */
void smaps_parser_init(struct smaps_parser *s, char *carry, size_t carry_size,
		       char *name, size_t name_size);
void smaps_feed(struct smaps_parser *s, const char *text, size_t n);
/* smaps_next() - as procmaps_next(); an entry is complete with its VmFlags. */
int smaps_next(struct smaps_parser *s, struct smaps_entry *out);
int smaps_finish(struct smaps_parser *s);

#endif
