/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the library adds to the start of a program: /bin/true again and again,
 * in turns without it, with each library that is named, and so on, all in one
 * run. Elapsed time is a matter of the machine's load; processor time is less
 * so, and page faults are exact.
 *
 *	start ROUNDS [LIBRARY...]
 */
#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

struct way {
	const char *library;
	double *wall, *cpu;		/* microseconds, one a round */
	long faults;			/* of the last round */
};

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static double us(struct timeval t)
{
	return (double)t.tv_sec * 1e6 + (double)t.tv_usec;
}

static int run(struct way *w, int round)
{
	char preload[4096];
	char *argv[] = { (char[]){ "/bin/true" }, NULL };
	char *envp[] = { w->library ? preload : NULL, NULL };
	double begun = now();
	struct rusage r;
	int status;
	pid_t pid;

	snprintf(preload, sizeof(preload), "LD_PRELOAD=%s",
		 w->library ? w->library : "");
	errno = posix_spawn(&pid, argv[0], NULL, NULL, argv, envp);
	if (errno || wait4(pid, &status, 0, &r) != pid || status) {
		perror("/bin/true");
		return -1;
	}
	w->wall[round] = now() - begun;
	w->cpu[round] = us(r.ru_utime) + us(r.ru_stime);
	w->faults = r.ru_minflt;
	return 0;
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static void print(struct way *w, const struct way *bare, int n)
{
	qsort(w->wall, (size_t)n, sizeof(double), by_size);
	qsort(w->cpu, (size_t)n, sizeof(double), by_size);
	printf("wall %6.0f (%6.0f %6.0f)  cpu %6.0f (%6.0f %6.0f)  "
	       "%4ld faults  ratio %5.2f  added %5.0f us  %s\n",
	       w->wall[n / 2], w->wall[n / 10], w->wall[n * 9 / 10],
	       w->cpu[n / 2], w->cpu[n / 10], w->cpu[n * 9 / 10], w->faults,
	       w->cpu[n / 2] / bare->cpu[n / 2],
	       w->cpu[n / 2] - bare->cpu[n / 2],
	       w->library ? w->library : "(none)");
}

int main(int argc, char **argv)
{
	int n = argc > 1 ? atoi(argv[1]) : 0, nr = argc - 1;
	struct way *ways = calloc((size_t)argc, sizeof(*ways));

	if (n < 1 || !ways) {
		fprintf(stderr, "usage: start ROUNDS [LIBRARY...]\n");
		return 2;
	}
	for (int i = 0; i < nr; i++) {
		ways[i].library = i ? argv[i + 1] : NULL;
		ways[i].wall = calloc((size_t)n, sizeof(double));
		ways[i].cpu = calloc((size_t)n, sizeof(double));
		if (!ways[i].wall || !ways[i].cpu)
			return 2;
	}
	for (int round = 0; round < n; round++)
		for (int i = 0; i < nr; i++)
			if (run(&ways[i], round))
				return 1;
	printf("median (first and last tenth) of %d rounds in turns; ratio and "
	       "added: of processor time, us\n", n);
	for (int i = 0; i < nr; i++)
		print(&ways[i], &ways[0], n);
	return 0;
}
