/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Signals are taken one by one by sigwaitinfo(), which says where each is from:
 *
 *	the terminal	(SI_KERNEL) goes to the whole process group, and so to
 *			the program already
 *	the program or a descendant of it, by kill(0, ...) or to its parent: is
 *			not for us, and would come back to it for ever
 *	anybody else	means the program: it is passed on
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cmd/command.h"
#include "cmd/launch.h"

#define GENERATIONS 64

/* What this process was given, for the program. */
struct given {
	sigset_t mask;
	struct sigaction child;		/* of SIGCHLD */
};

/*
 * All but those that a fault of our own raises. What this process was given to
 * ignore (nohup) is among them: the program may have changed its mind, and a
 * signal that is blocked is not thrown away for being ignored.
 */
static void signals_to_wait_for(sigset_t *set)
{
	static const int own[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL };

	sigfillset(set);
	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		sigdelset(set, own[i]);
}

static pid_t parent_of(pid_t pid)
{
	char path[32], line[512], *paren;
	pid_t parent = 0;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	n = read(fd, line, sizeof(line) - 1);
	close(fd);
	line[n > 0 ? n : 0] = '\0';
	paren = strrchr(line, ')');
	if (paren)
		sscanf(paren, ") %*c %d", &parent);
	return parent;
}

static bool descends_from(pid_t pid, pid_t from)
{
	for (int i = 0; i < GENERATIONS && pid > 1; i++) {
		if (pid == from)
			return true;
		pid = parent_of(pid);
	}
	return false;
}

static void pass_on(pid_t child, const siginfo_t *si)
{
	if (si->si_code == SI_KERNEL)
		return;
	if (si->si_pid && descends_from(si->si_pid, child))
		return;
	if (si->si_code == SI_QUEUE)
		sigqueue(child, si->si_signo, si->si_value);
	else
		kill(child, si->si_signo);
}

/* The shell sees its job stopped as the program was, and later goes on. */
static void stop_with(pid_t child, int sig)
{
	sigset_t one;

	sigemptyset(&one);
	sigaddset(&one, sig);
	raise(sig);
	if (sig != SIGSTOP)
		sigprocmask(SIG_UNBLOCK, &one, NULL);	/* stops here */
	sigprocmask(SIG_BLOCK, &one, NULL);
	kill(child, SIGCONT);
}

/* Has the child ended? Its stops are followed. */
static bool ended(pid_t child, int *status)
{
	pid_t pid;

	for (;;) {
		pid = waitpid(child, status, WNOHANG | WUNTRACED);
		if (pid < 0 && errno == EINTR)
			continue;
		if (pid <= 0)
			return pid < 0;
		if (!WIFSTOPPED(*status))
			return true;
		stop_with(child, WSTOPSIG(*status));
	}
}

static int wait_for(pid_t child, const sigset_t *set)
{
	int status = 0;
	siginfo_t si;

	while (!ended(child, &status)) {
		if (sigwaitinfo(set, &si) < 0)
			continue;
		if (si.si_signo != SIGCHLD)
			pass_on(child, &si);
	}
	return status;
}

/* In the child: the program, or errno to the parent. A text without #! is the
 * shell's, as execvp() and shells have it. */
static void become(const char *path, char **argv, const struct given *g,
		   int report)
{
	char **shell;
	size_t n = 0;
	int err;

	sigaction(SIGCHLD, &g->child, NULL);
	sigprocmask(SIG_SETMASK, &g->mask, NULL);
	execv(path, argv);
	if (errno == ENOEXEC) {
		while (argv[n])
			n++;
		shell = grow(NULL, n + 2, sizeof(*shell));
		memcpy(shell + 1, argv, (n + 1) * sizeof(*shell));
		shell[0] = (char *)"/bin/sh";
		shell[1] = (char *)path;
		execv(shell[0], shell);
	}
	err = errno;
	if (write(report, &err, sizeof(err)) < 0)
		_exit(STATUS_TROUBLE);
	_exit(STATUS_REFUSED);
}

struct launched launch(const char *path, char **argv)
{
	struct sigaction usual = { .sa_handler = SIG_DFL };
	struct launched l = { .error = 0 };
	struct given g;
	sigset_t set;
	int report[2];
	pid_t child;

	signals_to_wait_for(&set);
	sigprocmask(SIG_BLOCK, &set, &g.mask);
	sigaction(SIGCHLD, &usual, &g.child);
	if (pipe2(report, O_CLOEXEC)) {
		l.error = errno;
		return l;
	}
	child = fork();
	if (!child)
		become(path, argv, &g, report[1]);
	if (child < 0)
		l.error = errno;
	close(report[1]);
	if (child > 0) {
		/* empty once the exec has closed it */
		if (read(report[0], &l.error, sizeof(l.error)) < 0)
			l.error = 0;
		l.status = wait_for(child, &set);
	}
	close(report[0]);
	return l;
}

void launch_end(int status)
{
	static const struct rlimit none;
	struct sigaction usual = { .sa_handler = SIG_DFL };
	int sig = WTERMSIG(status);
	sigset_t one;

	if (WIFEXITED(status))
		exit(WEXITSTATUS(status));
	/* The core that there is, is the program's. */
	setrlimit(RLIMIT_CORE, &none);
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	sigaction(sig, &usual, NULL);
	fflush(NULL);
	sigemptyset(&one);
	sigaddset(&one, sig);
	raise(sig);
	sigprocmask(SIG_UNBLOCK, &one, NULL);
	exit(128 + sig);
}
