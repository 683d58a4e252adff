/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A run is a process of its own, started afresh. The sequence that fails is
 * made shorter by leaving calls out, first in large pieces, then one by one,
 * as long as what is left still differs.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "diff.h"

#define TOTALS_FD	3
#define KEEP_FD		4
#define PROGRAM_FD	5

extern char **environ;

static unsigned char kept[MAX_OPS], without[MAX_OPS];

/*
 * Two segments for all runs. Removed as soon as this process holds them, they
 * can still be attached by number and go away with it, however it ends.
 */
static void share_segments(void)
{
	static const size_t pages[] = { 4, 3 };
	char text[64];
	int id[2], i;

	if (getenv("ORACLE_SEGMENTS"))
		return;
	for (i = 0; i < 2; i++) {
		id[i] = shmget(IPC_PRIVATE, pages[i] * PAGE_SIZE,
			       IPC_CREAT | 0600);
		if (id[i] >= 0 && shmat(id[i], NULL, 0))
			shmctl(id[i], IPC_RMID, NULL);
	}
	snprintf(text, sizeof(text), "%d %zu %d %zu", id[0],
		 pages[0] * PAGE_SIZE, id[1], pages[1] * PAGE_SIZE);
	setenv("ORACLE_SEGMENTS", text, 1);
}

static void add(struct totals *sum, const struct totals *t)
{
	unsigned long *to = (unsigned long *)sum;
	const unsigned long *from = (const unsigned long *)t;
	unsigned int i;

	for (i = 0; i < sizeof(*t) / sizeof(*to); i++)
		to[i] += from[i];
}

static void program_name(char *name, size_t size, uint64_t seed)
{
	snprintf(name, size, "oracle-seed-%lu.c", seed);
}

static int open_program(uint64_t seed)
{
	char name[64];

	program_name(name, sizeof(name), seed);
	return open(name, O_WRONLY | O_CREAT | O_TRUNC, 0644);
}

/* The child's side between fork and exec. */
static void become_run(const struct plan *plan, int totals, int keep,
		       bool quiet)
{
	char seed[32], ops[32];
	const char *argv[14];
	int n = 0;

	snprintf(seed, sizeof(seed), "%lu", plan->seed);
	snprintf(ops, sizeof(ops), "%u", plan->ops);
	argv[n++] = "oracle";
	argv[n++] = "--run";
	argv[n++] = "--seed";
	argv[n++] = seed;
	argv[n++] = "--ops";
	argv[n++] = ops;
	if (plan->mutate) {
		argv[n++] = "--mutate";
		argv[n++] = plan->mutate;
	}
	if (plan->verbose)
		argv[n++] = "--verbose";
	if (plan->lenient)
		argv[n++] = "--lenient";
	if (plan->program)
		argv[n++] = "--program";
	argv[n] = NULL;
	if (quiet)
		dup2(open("/dev/null", O_WRONLY), 1);
	dup2(totals, 100);
	dup2(keep, 101);
	if (plan->program)
		dup2(open_program(plan->seed), 102);
	dup2(100, TOTALS_FD);
	dup2(101, KEEP_FD);
	dup2(102, PROGRAM_FD);
	close_range(plan->program ? PROGRAM_FD + 1 : PROGRAM_FD, ~0U, 0);
	execve("/proc/self/exe", (char **)argv, environ);
	_exit(RUN_TROUBLE);
}

int run_once(const struct plan *plan, const unsigned char *keep,
	     struct totals *sum, bool quiet)
{
	int pipes[2], keep_fd = memfd_create("keep", MFD_CLOEXEC), status;
	struct totals t;
	pid_t pid;

	share_segments();
	if (keep_fd < 0 || pipe(pipes) < 0)
		return RUN_TROUBLE;
	if (keep && write(keep_fd, keep, MAX_OPS) != MAX_OPS)
		return RUN_TROUBLE;
	lseek(keep_fd, 0, SEEK_SET);
	fflush(stdout);
	pid = fork();
	if (!pid)
		become_run(plan, pipes[1], keep_fd, quiet);
	close(pipes[1]);
	if (read(pipes[0], &t, sizeof(t)) == sizeof(t))
		add(sum, &t);
	close(pipes[0]);
	close(keep_fd);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	printf("# the run ended by signal %d\n", WTERMSIG(status));
	return RUN_TROUBLE;
}

/* Does it still fail without [from, from + n)? Then that stays out. */
#define SECONDS_ENOUGH 60

static time_t began;

static bool leave_out(const struct plan *plan, unsigned int from,
		      unsigned int n)
{
	struct totals ignored = { .forks = 0 };
	unsigned int i, left = 0;

	memcpy(without, kept, sizeof(kept));
	for (i = from; i < from + n && i < plan->ops; i++) {
		left += without[i];
		without[i] = 0;
	}
	if (!left || time(NULL) > began + SECONDS_ENOUGH ||
	    run_once(plan, without, &ignored, true) != RUN_DIFFERS)
		return false;
	memcpy(kept, without, sizeof(kept));
	return true;
}

static bool leave_out_pieces(const struct plan *plan, unsigned int size)
{
	unsigned int at;
	bool any = false;

	for (at = plan->ops; at > 0; at -= at < size ? at : size)
		any |= leave_out(plan, at < size ? 0 : at - size, size);
	return any;
}

void shrink(const struct plan *full)
{
	struct plan plan = *full;
	struct totals t = { .forks = 0 };
	unsigned int size;
	char name[64];

	began = time(NULL);
	memset(kept, 1, sizeof(kept));
	if (run_once(&plan, NULL, &t, true) == RUN_EQUAL) {
		printf("# it does not happen again\n");
		return;
	}
	if (t.failed_at && t.failed_at < plan.ops)
		plan.ops = t.failed_at;
	for (size = plan.ops / 2; size > 1; size /= 2)
		leave_out_pieces(&plan, size);
	while (leave_out_pieces(&plan, 1))
		;
	printf("# the shortest sequence that differs (seed %lu):\n",
	       plan.seed);
	plan.verbose = plan.program = true;
	run_once(&plan, kept, &t, false);
	program_name(name, sizeof(name), plan.seed);
	printf("# the same as a C program: %s\n", name);
}
