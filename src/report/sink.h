/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where the log goes: a file, or standard error. The process is not ours, so
 *
 * - the file is only ever appended to, one write a line, never followed through
 *   a symbolic link, never truncated, 0600, out of the program's way;
 * - a descriptor is written to only while it leads where it led at start; a file
 *   that the program closed is opened again by its absolute path if it is still
 *   the same one, else the sink gives up without a word;
 * - standard error is never dup'ed (that would hold a daemon's pipe open);
 * - no write raises SIGPIPE or SIGXFSZ in the program, none waits on a FIFO;
 * - a mistake costs one line on standard error.
 *
 * sink_open() belongs to a single thread. sink_line() may be called by any number
 * of threads and from signal handlers, without a lock and not under the mirror's:
 * it may block as the program's own writes to standard error may. No libc, no
 * errno, no allocation.
 */
#ifndef VS_REPORT_SINK_H
#define VS_REPORT_SINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fd.h"

#define SINK_PATH 4096

enum sink_mode {
	SINK_ALERTS,	/* standard error, only what a person must know */
	SINK_STDERR,	/* standard error, everything */
	SINK_FILE,
};

/* Does a line go to standard error even when no log was asked for? */
enum sink_weight {
	SINK_RECORD,	/* no: start, check, fork, exec_failed, summary */
	SINK_ALERT,	/* yes: drift, limit, passive, complaints */
};

/* System calls that the sink may still make, see sink_restrict(). */
#define SINK_MAY_WRITE 0x1U	/* write fstat ppoll rt_sigprocmask rt_sigpending
				 * rt_sigtimedwait */
#define SINK_MAY_OPEN  0x2U	/* openat fcntl close */

struct sink {
	enum sink_mode mode;
	int pid;		/* of the complaints */
	unsigned int may;	/* SINK_MAY_* */
	struct own_fd err, log;
	bool late;		/* standard error is not read just now */
	bool complained;	/* that a write failed */
	bool given_up;		/* the file is lost */
	bool reopening;
	bool torn;		/* the file ends inside a line */
	uint64_t dropped;	/* lines that went nowhere */
	char path[SINK_PATH];	/* absolute; "" if there is no way back */
	char complaint[SINK_PATH + 256];
};

/*
 * sink_open() - @path: "" is standard error for alerts, "-" standard error for
 * everything, else a file, its % already expanded. If it cannot be opened, that
 * is said on standard error, -errno is returned and alerts go there. @pid is the
 * process's own number.
 */
int sink_open(struct sink *s, const char *path, int pid);
void sink_close(struct sink *s);

/*
 * sink_restrict() - from now on only these (SINK_MAY_*), for ever: the program
 * may be under a seccomp filter that kills. With 0 every line is dropped.
 */
void sink_restrict(struct sink *s, unsigned int may);

/*
 * sink_line() - write one line, its newline included. An alert that the file
 * does not take goes to standard error. Returns 0, or -errno: it was dropped.
 */
int sink_line(struct sink *s, enum sink_weight weight, const char *line,
	      size_t len);

#endif
