/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What descriptors lead to; contracts in self.h. */
#include <fcntl.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/fmt.h"
#include "base/raw_syscall.h"
#include "base/str.h"
#include "shadow/self.h"

#define PATH_BYTES 48

static void path_of(char path[PATH_BYTES], const char *folder, uint64_t n)
{
	struct fmt f;

	fmt_init(&f, path, PATH_BYTES);
	fmt_str(&f, folder);
	fmt_u64(&f, n);
}

bool self_is_userfaultfd(int fd)
{
	static const char name[] = "anon_inode:[userfaultfd]";
	char path[PATH_BYTES], link[32];
	long n;

	if (fd < 0)
		return false;
	path_of(path, "/proc/thread-self/fd/", (uint64_t)fd);
	n = raw_sys3(SYS_readlink, path, link, sizeof(link));
	return n == sizeof(name) - 1 && !memcmp(link, name, sizeof(name) - 1);
}

/* "Pid:\t1234\n", one of the first lines; 0: not there. */
static uint64_t pid_of(const char *text, long n)
{
	static const char key[] = "\nPid:\t";
	long at, end;
	uint64_t pid;

	for (at = 0; at + (long)sizeof(key) < n; at++)
		if (!memcmp(text + at, key, sizeof(key) - 1))
			break;
	at += (long)sizeof(key) - 1;
	for (end = at; end < n && text[end] != '\n';)
		end++;
	if (end >= n || str_to_u64(text + at, (size_t)(end - at), 10, &pid))
		return 0;
	return pid;
}

static uint64_t pidfd_pid(int fd)
{
	char path[PATH_BYTES], text[64];
	uint64_t pid = 0;
	long info, n;

	path_of(path, "/proc/thread-self/fdinfo/", (uint64_t)fd);
	info = raw_sys3(SYS_open, path, O_RDONLY | O_CLOEXEC, 0);
	if (raw_is_error(info))
		return 0;
	/* pos, flags, mnt_id and ino stand before it: read on in halves. */
	for (long at = 0; !pid; at += sizeof(text) / 2) {
		n = raw_sys4(SYS_pread64, info, text, sizeof(text), at);
		if (n <= 0)
			break;
		pid = pid_of(text, n);
	}
	raw_sys1(SYS_close, info);
	return pid;
}

bool self_is_pidfd(int fd)
{
	char path[PATH_BYTES];
	uint64_t pid;

	if (fd < 0)
		return true;
	pid = pidfd_pid(fd);
	if (!pid)
		return false;
	path_of(path, "/proc/self/task/", pid);
	return !raw_sys2(SYS_access, path, 0);
}
