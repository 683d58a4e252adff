/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Descriptors of our own in a process that is not ours. The program may close
 * any number, or put its own file there, at any moment; so each descriptor is
 * kept with the identity of what it led to, and is used only while it still
 * leads there.
 *
 * Async-signal-safe; no lock; no errno.
 */
#ifndef VS_BASE_FD_H
#define VS_BASE_FD_H

#include <stdint.h>

struct own_fd {
	int fd;			/* -1: none */
	uint64_t dev, ino;	/* st_dev, st_ino as they were when it was taken */
};

/*
 * own_fd_watch() - remember what @fd leads to, wherever it is and whoever owns
 * it (standard error). Returns 0 or -errno, then @o holds none.
 */
int own_fd_watch(struct own_fd *o, int fd);

/*
 * own_fd_take() - make the freshly opened @fd ours: it is moved out of the
 * program's way (500 and up, lower where RLIMIT_NOFILE is smaller) with
 * FD_CLOEXEC set, and remembered. Returns 0 or -errno, then @fd is closed.
 */
int own_fd_take(struct own_fd *o, int fd);

/* own_fd_check() - 0 if it still leads where it led, else -EBADF. */
int own_fd_check(const struct own_fd *o);

/* own_fd_drop() - forget it, and close it if it is still ours. */
void own_fd_drop(struct own_fd *o);

#endif
