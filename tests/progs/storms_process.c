/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The storms that make processes, while two threads change the arena. */
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "storms.h"

extern char **environ;
static char *true_argv[] = { "true", NULL };

static void *changes_meanwhile(void *arg)
{
	unsigned int seed = (unsigned int)(unsigned long)arg;

	while (going())
		change(&seed);
	return NULL;
}

static void reap(pid_t child)
{
	int status = -1;

	if (child < 0 || waitpid(child, &status, 0) != child || status)
		fail("a child");
}

/* The threads one and two change the arena; the others run @fn. */
static void *(*makes)(void *);

static void *either(void *arg)
{
	return (long)arg <= 2 ? changes_meanwhile(arg) : makes(arg);
}

static void among_changes(int n, void *(*fn)(void *))
{
	makes = fn;
	crowd(2 + n, either);
}

/* --- fork ------------------------------------------------------------------------ */

static void *forks_some(void *arg)
{
	unsigned int seed = (unsigned int)(unsigned long)arg;

	while (more()) {
		pid_t child = rand_r(&seed) % 2 ? fork() : _Fork();

		if (!child) {
			for (int i = 0; i < 5; i++)
				change(&seed);
			maps();
			_exit(0);
		}
		reap(child);
	}
	return NULL;
}

static void forks(void)
{
	among_changes(3, forks_some);
}

/* --- vfork and exec, posix_spawn ---------------------------------------------------- */

static void *vforks_some(void *arg)
{
	(void)arg;
	while (more()) {
		pid_t child = vfork();

		if (!child) {
			execv("/bin/true", true_argv);
			_exit(9);
		}
		reap(child);
	}
	return NULL;
}

static void vforks(void)
{
	among_changes(2, vforks_some);
}

static void *spawns_some(void *arg)
{
	pid_t child;

	(void)arg;
	while (more()) {
		if (posix_spawn(&child, "/bin/true", NULL, NULL, true_argv,
				environ))
			fail("posix_spawn");
		else
			reap(child);
	}
	return NULL;
}

static void spawns(void)
{
	among_changes(2, spawns_some);
}

/* --- processes killed wherever they are ---------------------------------------------- */

/* A child with threads that map is killed; nothing of it may be left here. */
static void *kills_some(void *arg)
{
	unsigned int seed = (unsigned int)(unsigned long)arg;
	int status;

	while (more()) {
		pid_t child = fork();

		if (!child) {
			for (;;)
				change(&seed);
		}
		usleep((unsigned int)rand_r(&seed) % 2000);
		if (child < 0 || kill(child, SIGKILL) ||
		    waitpid(child, &status, 0) != child ||
		    !WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL)
			fail("a killed child");
	}
	return NULL;
}

static void kills(void)
{
	among_changes(2, kills_some);
}

/* --- stopped and continued by a child ----------------------------------------------------- */

static void stops(void)
{
	pid_t self = getpid(), child = fork();

	if (!child) {
		while (getppid() == self) {
			kill(self, SIGSTOP);
			usleep(2000);
			kill(self, SIGCONT);
			usleep(3000);
		}
		_exit(0);
	}
	if (child < 0)
		fail("fork");
	crowd(4, changes_meanwhile);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	kill(self, SIGCONT);
}

const struct storm process_storms[] = {
	{ "forks", forks }, { "vforks", vforks }, { "spawns", spawns },
	{ "kills", kills }, { "stops", stops }, { NULL, NULL },
};
