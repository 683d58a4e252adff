/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Descriptors of our own; contracts in fd.h. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/raw_syscall.h"

#define FD_HIGH 500

int own_fd_watch(struct own_fd *o, int fd)
{
	struct stat st;
	long ret = raw_sys2(SYS_fstat, fd, &st);

	o->fd = -1;
	if (raw_is_error(ret))
		return (int)ret;
	o->fd = fd;
	o->dev = st.st_dev;
	o->ino = st.st_ino;
	return 0;
}

static int move_high(int fd)
{
	for (int min = FD_HIGH; min > fd; min /= 2) {
		long high = raw_sys3(SYS_fcntl, fd, F_DUPFD_CLOEXEC, min);

		if (raw_is_error(high))
			continue;
		raw_sys1(SYS_close, fd);
		return (int)high;
	}
	return fd;
}

int own_fd_take(struct own_fd *o, int fd)
{
	int err;

	fd = move_high(fd);
	err = own_fd_watch(o, fd);
	if (err)
		raw_sys1(SYS_close, fd);
	return err;
}

int own_fd_check(const struct own_fd *o)
{
	struct own_fd now;

	if (o->fd < 0 || own_fd_watch(&now, o->fd))
		return -EBADF;
	return now.dev == o->dev && now.ino == o->ino ? 0 : -EBADF;
}

void own_fd_drop(struct own_fd *o)
{
	if (!own_fd_check(o))
		raw_sys1(SYS_close, o->fd);
	o->fd = -1;
}
