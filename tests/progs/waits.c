/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Preloaded next to the library by the stress tests: appends "PID SIGNAL" to the
 * file $WAITS_FILE for each child that the program waits for and finds killed by
 * a signal. Such a process may lack its summary, and no other.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

typedef pid_t (*wait4_fn)(pid_t, int *, int, struct rusage *);
typedef int (*waitid_fn)(idtype_t, id_t, siginfo_t *, int);

static wait4_fn real_wait4;
static waitid_fn real_waitid;
static int file = -1;

__attribute__((constructor)) static void find(void)
{
	const char *path = getenv("WAITS_FILE");

	real_wait4 = (wait4_fn)dlsym(RTLD_NEXT, "wait4");
	real_waitid = (waitid_fn)dlsym(RTLD_NEXT, "waitid");
	if (path)
		file = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC,
			    0600);
}

static void say(pid_t pid, int signal)
{
	char line[32];
	int saved = errno;
	int n = snprintf(line, sizeof(line), "%d %d\n", (int)pid, signal);

	if (write(file, line, n) != n)
		abort();
	errno = saved;
}

pid_t wait4(pid_t pid, int *status, int options, struct rusage *usage)
{
	int mine = 0;
	pid_t got = real_wait4(pid, &mine, options, usage);

	if (got > 0 && WIFSIGNALED(mine))
		say(got, WTERMSIG(mine));
	if (got > 0 && status)
		*status = mine;
	return got;
}

pid_t wait3(int *status, int options, struct rusage *usage)
{
	return wait4(-1, status, options, usage);
}

pid_t waitpid(pid_t pid, int *status, int options)
{
	return wait4(pid, status, options, NULL);
}

pid_t wait(int *status)
{
	return wait4(-1, status, 0, NULL);
}

int waitid(idtype_t type, id_t id, siginfo_t *info, int options)
{
	siginfo_t mine = { 0 };
	int ret = real_waitid(type, id, info ? info : &mine, options);
	const siginfo_t *got = info ? info : &mine;

	if (!ret && (got->si_code == CLD_KILLED ||
		     got->si_code == CLD_DUMPED))
		say(got->si_pid, got->si_status);
	return ret;
}
