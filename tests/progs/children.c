/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every way to make a process: fork, _Fork, vfork and exec, posix_spawn, clone
 * without shared memory, a failing exec, exec by a child. Each child that has
 * memory of its own maps; output tells what each returned.
 */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;
static char *true_argv[] = { "true", NULL };

static int maps(void)
{
	char *mem = malloc(300000);
	char *p = mmap(NULL, 8192, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED || !mem)
		return 1;
	memset(mem, 1, 300000);
	p[0] = 1;
	free(mem);
	return munmap(p, 4096);
}

static void report(const char *how, pid_t child)
{
	int status = -1;

	if (child < 0 || waitpid(child, &status, 0) < 0)
		printf("%s: %s\n", how, strerror(errno));
	else
		printf("%s: status %x\n", how, (unsigned int)status);
	fflush(stdout);
}

int main(void)
{
	pid_t child;

	free(malloc(5000));
	child = fork();
	if (!child)
		exit(maps());
	report("fork", child);

	child = _Fork();
	if (!child)
		_exit(maps());
	report("_Fork", child);

	child = fork();
	if (!child) {
		maps();
		execv("/bin/true", true_argv);
		_exit(9);
	}
	report("fork and exec", child);

	child = fork();
	if (!child) {
		execv("/nonexistent", true_argv);
		_exit(maps() ? 8 : 7);
	}
	report("fork and a failing exec", child);

	child = vfork();
	if (!child) {
		execv("/bin/true", true_argv);
		_exit(9);
	}
	report("vfork", child);

	child = vfork();
	if (!child)
		_exit(6);
	report("vfork and _exit", child);

	if (posix_spawn(&child, "/bin/true", NULL, NULL, true_argv, environ))
		child = -1;
	report("posix_spawn", child);

	child = (pid_t)syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);
	if (!child)
		_exit(maps());
	report("clone", child);

	child = fork();
	if (!child) {
		pid_t grand = fork();

		if (!grand)
			_exit(maps());
		waitpid(grand, NULL, 0);
		_exit(maps());
	}
	report("fork in fork", child);
	return maps();
}
