/* SPDX-License-Identifier: GPL-2.0-or-later */
/* execs N: a thread that is not the first makes the process another program, N
 * times over, while others map. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static char **args;

static void *work(void *arg)
{
	(void)arg;
	for (;;) {
		char *p = mmap(NULL, 16384, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (p == MAP_FAILED)
			abort();
		p[0] = 1;
		munmap(p, 16384);
	}
	return NULL;
}

static void *again(void *arg)
{
	static char *nothing[] = { NULL };

	(void)arg;
	usleep(3000);
	execv("/nonexistent", nothing);
	usleep(3000);
	execv(args[0], args);
	abort();
}

int main(int argc, char **argv)
{
	int left = argc > 1 ? atoi(argv[1]) : 5;
	char next[16];
	pthread_t thread;

	if (!left) {
		puts("done");
		return 0;
	}
	snprintf(next, sizeof(next), "%d", left - 1);
	args = (char *[]){ argv[0], next, NULL };
	for (int i = 0; i < 3; i++)
		if (pthread_create(&thread, NULL, work, NULL))
			return 1;
	if (pthread_create(&thread, NULL, again, NULL))
		return 1;
	pthread_exit(NULL);
}
