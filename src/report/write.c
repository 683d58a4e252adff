/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A write that the program does not notice; contracts in write.h. */
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <time.h>

#include "base/compiler.h"
#include "base/raw_syscall.h"
#include "report/write.h"

/* A write that was interrupted before its first byte is made again. */
#define RETRIES 64

/* The kernel's sigset_t: bit n - 1 is signal n. */
#define BIT(sig) (1ULL << ((sig) - 1))
#define RAISED	 (BIT(SIGPIPE) | BIT(SIGXFSZ))

static long write_all(int fd, const char *s, size_t n)
{
	size_t done = 0;
	int tries = 0;

	while (done < n) {
		long ret = raw_sys3(SYS_write, fd, s + done, n - done);

		if (ret == -EINTR && ++tries < RETRIES)
			continue;
		if (ret <= 0)
			return done ? (long)done : ret;
		done += (size_t)ret;
	}
	return (long)done;
}

/* Both signals go to the thread that writes, so it is pending here or nowhere. */
static void swallow(uint64_t signals)
{
	struct timespec now = { 0, 0 };

	while (signals && raw_sys4(SYS_rt_sigtimedwait, &signals, NULL, &now,
				   sizeof(signals)) > 0)
		;
}

static uint64_t pending(void)
{
	uint64_t set = 0;

	raw_sys2(SYS_rt_sigpending, &set, sizeof(set));
	return set & RAISED;
}

long quiet_write(int fd, const char *s, size_t n)
{
	uint64_t block = RAISED, old = 0, before;
	long ret;

	raw_sys4(SYS_rt_sigprocmask, SIG_BLOCK, &block, &old, sizeof(old));
	before = pending();
	ret = write_all(fd, s, n);
	if (ret != (long)n)
		swallow(pending() & ~before);
	raw_sys4(SYS_rt_sigprocmask, SIG_SETMASK, &old, NULL, sizeof(old));
	return ret;
}

const char *error_text(int error)
{
	static const struct {
		int error;
		const char *text;
	} known[] = {
		{ ENOENT, "no such directory" },
		{ ENOTDIR, "a part of the path is no directory" },
		{ EISDIR, "it is a directory" },
		{ EACCES, "permission denied" },
		{ EPERM, "not permitted" },
		{ ELOOP, "it is a symbolic link, or leads through too many" },
		{ ENAMETOOLONG, "the name is too long" },
		{ ENXIO, "nobody reads from it" },
		{ EROFS, "the file system is read-only" },
		{ ETXTBSY, "it is a program that runs" },
		{ EMFILE, "no descriptor is free" },
		{ ENFILE, "no descriptor is free" },
		{ ENOSPC, "no space is left" },
		{ EDQUOT, "the quota is used up" },
		{ EFBIG, "it may not grow further" },
		{ EIO, "input/output error" },
		{ EAGAIN, "its reader does not keep up" },
		{ EPIPE, "nobody reads from it" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (known[i].error == error)
			return known[i].text;
	return NULL;
}
