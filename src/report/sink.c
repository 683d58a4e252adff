/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where the log goes; contracts in sink.h. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stddef.h>
#include <time.h>

#include "base/fmt.h"
#include "base/raw_syscall.h"
#include "base/str.h"
#include "report/sink.h"
#include "report/write.h"

/* O_NONBLOCK: a FIFO without a reader must not hold the program. */
#define OPEN_FLAGS (O_WRONLY | O_APPEND | O_NOFOLLOW | O_CLOEXEC | \
		    O_NONBLOCK | O_NOCTTY)

static int open_log(struct own_fd *o, const char *path, int flags)
{
	long fd = raw_sys4(SYS_openat, AT_FDCWD, path, OPEN_FLAGS | flags, 0600);

	if (raw_is_error(fd))
		return (int)fd;
	return own_fd_take(o, (int)fd);
}

/*
 * Nobody waits without bound for the reader of a pipe: a second, and after that
 * not at all until it reads again. A page is free then, and no line is longer.
 */
static bool reader_keeps_up(struct sink *s)
{
	struct timespec wait = { s->late ? 0 : 1, 0 };
	struct pollfd p = { .fd = s->err.fd, .events = POLLOUT };
	long ret = raw_sys6(SYS_ppoll, &p, 1, &wait, NULL, 0, 0);

	s->late = ret == 0;
	return ret != 0;
}

static int write_err(struct sink *s, const char *line, size_t len)
{
	long ret;

	if (own_fd_check(&s->err))
		return -EBADF;
	if (!reader_keeps_up(s))
		return -EAGAIN;
	ret = quiet_write(s->err.fd, line, len);
	return ret == (long)len ? 0 : ret < 0 ? (int)ret : -EIO;
}

/* Said at most twice: by sink_open(), and by whoever first fails to write. */
static void complain(struct sink *s, const char *path, int error,
		     const char *what)
{
	const char *why = error_text(error);
	struct fmt f;

	fmt_init(&f, s->complaint, sizeof(s->complaint));
	fmt_str(&f, "vmashadow[");
	fmt_s64(&f, s->pid);
	fmt_str(&f, "]: log=");
	fmt_str(&f, path);
	fmt_str(&f, ": ");
	if (why) {
		fmt_str(&f, why);
	} else {
		fmt_str(&f, "errno ");
		fmt_s64(&f, error);
	}
	fmt_str(&f, what);
	write_err(s, f.buf, f.len);
}

/* @path from the root, so that it is found after a chdir(); "" if it is long. */
static void remember_path(struct sink *s, const char *path)
{
	struct fmt f;
	long n;

	fmt_init(&f, s->path, sizeof(s->path));
	if (path[0] != '/') {
		n = raw_sys2(SYS_getcwd, s->path, sizeof(s->path));
		/* A directory that was removed, or lies outside the root. */
		if (raw_is_error(n) || s->path[0] != '/')
			goto out_unknown;
		f.len = (size_t)n - 1;
		fmt_char(&f, '/');
	}
	fmt_str(&f, path);
	if (!f.overflow)
		return;
out_unknown:
	s->path[0] = '\0';
}

int sink_open(struct sink *s, const char *path, int pid)
{
	int err;

	memset(s, 0, sizeof(*s));
	s->mode = SINK_ALERTS;
	s->pid = pid;
	s->may = SINK_MAY_WRITE | SINK_MAY_OPEN;
	s->log.fd = -1;
	own_fd_watch(&s->err, 2);
	if (!path[0])
		return 0;
	if (str_eq(path, "-")) {
		s->mode = SINK_STDERR;
		return 0;
	}
	err = open_log(&s->log, path, O_CREAT);
	if (err) {
		complain(s, path, -err, "; there is no log\n");
		return err;
	}
	remember_path(s, path);
	s->mode = SINK_FILE;
	return 0;
}

void sink_close(struct sink *s)
{
	own_fd_drop(&s->log);
}

void sink_restrict(struct sink *s, unsigned int may)
{
	__atomic_and_fetch(&s->may, may, __ATOMIC_RELAXED);
}

static bool may(const struct sink *s, unsigned int what)
{
	return __atomic_load_n(&s->may, __ATOMIC_RELAXED) & what;
}

/*
 * The program closed our descriptor, or gave its number to another file. One
 * thread looks for the file again, without creating it: what is not the same
 * file is not ours to write to. Others do not wait; their line is dropped.
 */
static bool find_again(struct sink *s)
{
	struct own_fd again;
	bool found;

	if (s->given_up || !s->path[0] || !may(s, SINK_MAY_OPEN) ||
	    __atomic_exchange_n(&s->reopening, true, __ATOMIC_ACQUIRE))
		return false;
	found = !open_log(&again, s->path, 0);
	if (found && (again.dev != s->log.dev || again.ino != s->log.ino)) {
		own_fd_drop(&again);
		found = false;
	}
	if (found)
		__atomic_store_n(&s->log.fd, again.fd, __ATOMIC_RELEASE);
	else
		s->given_up = true;
	__atomic_store_n(&s->reopening, false, __ATOMIC_RELEASE);
	return found;
}

/* A file that ends inside a line gets its newline before the next. */
static int write_log(struct sink *s, const char *line, size_t len)
{
	long ret = 1;

	if (s->torn)
		ret = quiet_write(s->log.fd, "\n", 1);
	if (ret == 1) {
		s->torn = false;
		ret = quiet_write(s->log.fd, line, len);
	}
	if (ret == (long)len)
		return 0;
	s->torn |= ret > 0;
	ret = ret < 0 ? ret : -ENOSPC;
	if (!__atomic_exchange_n(&s->complained, true, __ATOMIC_RELAXED))
		complain(s, s->path, -(int)ret, "; lines are missing\n");
	return (int)ret;
}

static int to_file(struct sink *s, const char *line, size_t len)
{
	if (own_fd_check(&s->log) && !find_again(s))
		return -EBADF;
	return write_log(s, line, len);
}

int sink_line(struct sink *s, enum sink_weight weight, const char *line,
	      size_t len)
{
	int err = -EPERM;

	if (may(s, SINK_MAY_WRITE)) {
		err = s->mode == SINK_FILE ? to_file(s, line, len) : -ENOENT;
		if (err && (s->mode == SINK_STDERR || weight == SINK_ALERT))
			err = write_err(s, line, len);
	}
	if (err)
		__atomic_add_fetch(&s->dropped, 1, __ATOMIC_RELAXED);
	return err;
}
