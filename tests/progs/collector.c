/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A collector that stops the world: each thread that maps is parked in a signal
 * handler, wherever it was, until the collector has mapped, protected and
 * unmapped what it likes. It waits for nobody but them, and they for nobody but
 * it.
 */
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#define MUTATORS 4
#define PAGE	 4096UL
#define RW	 (PROT_READ | PROT_WRITE)
#define ANON	 (MAP_PRIVATE | MAP_ANONYMOUS)

static sem_t parked;
static volatile int world_stopped, stop;
static int failed;

/* What is allowed in a handler: no lock of anybody's is taken here. */
static void park(int sig)
{
	int saved = errno;
	sigset_t set;

	(void)sig;
	sem_post(&parked);
	sigfillset(&set);
	sigdelset(&set, SIGUSR2);
	while (world_stopped)
		sigsuspend(&set);
	sem_post(&parked);
	errno = saved;
}

static void wake(int sig)
{
	(void)sig;
}

static void *mutate(void *arg)
{
	(void)arg;
	while (!stop) {
		char *p = mmap(NULL, 4 * PAGE, RW, ANON, -1, 0);

		if (p == MAP_FAILED || mprotect(p, PAGE, PROT_READ) ||
		    munmap(p, 4 * PAGE))
			__atomic_store_n(&failed, 1, __ATOMIC_RELAXED);
	}
	return NULL;
}

static void collect(void)
{
	char *p = mmap(NULL, 8 * PAGE, RW, ANON, -1, 0);

	p[0] = 1;
	if (mprotect(p + PAGE, PAGE, PROT_NONE) || munmap(p, 8 * PAGE))
		failed = 1;
}

static void wait_for_all(void)
{
	for (int i = 0; i < MUTATORS; i++)
		while (sem_wait(&parked))
			;
}

int main(int argc, char **argv)
{
	struct sigaction sa = { .sa_handler = park, .sa_flags = SA_RESTART };
	int rounds = argc > 1 ? atoi(argv[1]) : 200;
	pthread_t thread[MUTATORS];

	sigfillset(&sa.sa_mask);
	sigaction(SIGUSR1, &sa, NULL);
	sa.sa_handler = wake;
	sigaction(SIGUSR2, &sa, NULL);
	sem_init(&parked, 0, 0);
	for (int i = 0; i < MUTATORS; i++)
		if (pthread_create(&thread[i], NULL, mutate, NULL))
			return 1;
	while (rounds--) {
		world_stopped = 1;
		for (int i = 0; i < MUTATORS; i++)
			pthread_kill(thread[i], SIGUSR1);
		wait_for_all();
		for (int i = 0; i < 3; i++)
			collect();
		world_stopped = 0;
		for (int i = 0; i < MUTATORS; i++)
			pthread_kill(thread[i], SIGUSR2);
		wait_for_all();
	}
	stop = 1;
	for (int i = 0; i < MUTATORS; i++)
		pthread_join(thread[i], NULL);
	puts(failed ? "failed" : "done");
	return failed;
}
