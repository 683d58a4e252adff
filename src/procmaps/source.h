/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The running process's own maps, read with raw system calls.
 *
 * One descriptor of /proc/thread-self/maps is kept (self/maps reads empty once
 * the leader thread has left). It shows the mm of whoever opened it for ever:
 * after fork the child calls procmaps_reopen(). Before each use it is verified
 * to be still ours; if the program closed or replaced it, or the thread that
 * opened it has ended, it is opened anew.
 *
 * Not reentrant: the caller holds the mirror's lock, or is alone. No libc, no
 * allocation, no errno; async-signal-safe under that lock.
 */
#ifndef VS_PROCMAPS_SOURCE_H
#define VS_PROCMAPS_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fd.h"
#include "base/view.h"
#include "procmaps/parse.h"
#include "procmaps/stat.h"

/* A buffer of this size reads any maps; half of it reads all but absurd names. */
#define PROCMAPS_BUF (32 * 1024)
#define PROCMAPS_BUF_MIN 512

struct procmaps_source {
	struct own_fd maps;
	bool no_query;		/* the kernel has no PROCMAP_QUERY, or a test
				 * says so: the text is read instead */
	bool frozen;		/* under a seccomp filter: open nothing */
	char *scratch;		/* for reading text where a query must */
	size_t scratch_size;
};

/*
 * procmaps_open() - @scratch of @size bytes (at least PROCMAPS_BUF_MIN) stays
 * with the source. Returns 0, or -errno when /proc does not answer; the source
 * may still be used, and tries again then.
 */
int procmaps_open(struct procmaps_source *s, char *scratch, size_t size);
/* procmaps_reopen() - drop the descriptor and open this process's own. */
int procmaps_reopen(struct procmaps_source *s);
void procmaps_close(struct procmaps_source *s);

/*
 * One pass over maps from its begin, line by line, [vsyscall] included. Not one
 * moment's picture: the kernel hands out a page of text at a time and other
 * threads run between.
 */
struct procmaps_cursor {
	struct procmaps_source *source;
	struct procmaps_parser parser;
	char *chunk;
	size_t chunk_size;
	uint64_t at;		/* offset in the text of the next read */
	bool end;
};

/* procmaps_begin() - returns 0, -EINVAL (@size too small) or -errno of open. */
int procmaps_begin(struct procmaps_cursor *c, struct procmaps_source *s,
		   char *buf, size_t size);
/*
 * procmaps_read() - 1 and the next line in *@out (its name stays in the buffer
 * until the next call), 0 at the end, -errno.
 */
int procmaps_read(struct procmaps_cursor *c, struct vma_view *out);

/*
 * procmaps_each() - hand every line to @callback; it returns 0 to go on, else
 * that ends the walk and is returned.
 */
int procmaps_each(struct procmaps_source *s, char *buf, size_t size,
		  int (*callback)(void *ctx, const struct vma_view *v),
		  void *ctx);

/*
 * procmaps_each_smaps() - the same over smaps, which is opened and closed for
 * it; one fifth of @buf keeps names.
 */
int procmaps_each_smaps(char *buf, size_t size,
			int (*callback)(void *ctx, const struct smaps_entry *e),
			void *ctx);

/* procmaps_read_stat() - 1 KiB is enough. Returns 0 or -errno. */
int procmaps_read_stat(struct procmaps_stat *out, char *buf, size_t size);

/* Flags of a query: VIEW_* that the mapping must have, and these. */
#define PROCMAPS_OR_NEXT 0x10	/* if none covers @addr, the next above it */
#define PROCMAPS_FILE	 0x20	/* only mappings of files */

/*
 * procmaps_query() - the mapping at @addr, by PROCMAP_QUERY or, on a kernel
 * without it, from the text; [vsyscall] is never found. The name comes as maps
 * prints it (the ioctl's own answer leaves newlines unescaped) and with a NUL
 * behind it; @name NULL: none is wanted, and out->name_len is 0.
 *
 * Returns 0, -ENOENT, -EINVAL (unknown flag), -ENAMETOOLONG (@name of @size
 * bytes is too small for it and its NUL), or -errno.
 */
int procmaps_query(struct procmaps_source *s, uint64_t addr, unsigned int flags,
		   char *name, size_t size, struct vma_view *out);

/*
 * procmaps_boundary() - 0: one mapping spans @addr, bytes on both sides belong
 * to it. 1: none does (a border, or a hole on either side). -errno: nobody could
 * be asked.
 */
int procmaps_boundary(struct procmaps_source *s, uint64_t addr);

#endif
