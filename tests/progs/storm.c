/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Threads that map, protect and unmap without rest, optionally with a timer
 * whose handler maps, too, and with forks in between.
 *
 *	storm THREADS ROUNDS [timer] [fork]
 *
 * Prints "done" when all is well; ends with 1 when a call failed that must not.
 */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGES 16
#define PAGE 4096UL

static int rounds;
static int forks;
static int failed;

static void fail(const char *what)
{
	perror(what);
	__atomic_store_n(&failed, 1, __ATOMIC_RELAXED);
}

static void handler(int sig)
{
	char *p = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)sig;
	if (p == MAP_FAILED) {
		__atomic_store_n(&failed, 1, __ATOMIC_RELAXED);
		return;
	}
	p[0] = 1;
	munmap(p, 2 * PAGE);
}

static void one_fork(void)
{
	pid_t child = fork();
	int status;

	if (child == 0) {
		void *p = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE |
			       MAP_ANONYMOUS, -1, 0);

		_exit(p == MAP_FAILED || munmap(p, PAGE));
	}
	if (child < 0 || waitpid(child, &status, 0) < 0 || status)
		fail("fork child");
}

static void *work(void *arg)
{
	unsigned int seed = (unsigned int)(unsigned long)arg;

	for (int i = 0; i < rounds; i++) {
		size_t len = (1 + rand_r(&seed) % PAGES) * PAGE;
		char *p = mmap(NULL, len, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (p == MAP_FAILED) {
			fail("mmap");
			continue;
		}
		p[len - 1] = 1;
		if (rand_r(&seed) % 2 && mprotect(p, PAGE, PROT_READ))
			fail("mprotect");
		if (rand_r(&seed) % 4 == 0)
			free(malloc(200000));
		if (forks && i % 50 == 0)
			one_fork();
		if (munmap(p, len))
			fail("munmap");
	}
	return NULL;
}

static void start_timer(void)
{
	struct sigaction sa = { .sa_handler = handler, .sa_flags = SA_RESTART };
	struct itimerval t = { { 0, 1000 }, { 0, 1000 } };

	sigaction(SIGALRM, &sa, NULL);
	setitimer(ITIMER_REAL, &t, NULL);
}

int main(int argc, char **argv)
{
	pthread_t thread[64];
	int n = argc > 1 ? atoi(argv[1]) : 4;

	rounds = argc > 2 ? atoi(argv[2]) : 1000;
	for (int i = 3; i < argc; i++) {
		forks |= !strcmp(argv[i], "fork");
		if (!strcmp(argv[i], "timer"))
			start_timer();
	}
	for (int i = 0; i < n; i++)
		if (pthread_create(&thread[i], NULL, work,
				   (void *)(unsigned long)(i + 1)))
			fail("pthread_create");
	for (int i = 0; i < n; i++)
		pthread_join(thread[i], NULL);
	puts(failed ? "failed" : "done");
	return failed;
}
