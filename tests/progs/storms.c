/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Storms: many threads at once do what is hard to mirror, without rest.
 *
 *	storms NAME ROUNDS|SECONDSs [OPERAND]
 *
 * Prints "done" when all is well; ends with 1 when a call failed that must not.
 * Threads change one arena, so that their ranges overlap; nothing is ever read
 * or written there, for it may be gone.
 */
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "storms.h"

#define LOW 0x100000000000UL

char *arena;
const char *operand;

static long rounds;		/* left; when there are seconds: made */
static double deadline;
static int failed, over;

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

bool going(void)
{
	if (deadline > 0 && now() >= deadline)
		__atomic_store_n(&over, 1, __ATOMIC_RELAXED);
	return !__atomic_load_n(&over, __ATOMIC_RELAXED);
}

bool more(void)
{
	long left = __atomic_fetch_sub(&rounds, 1, __ATOMIC_RELAXED);

	if (deadline == 0 && left <= 0)
		__atomic_store_n(&over, 1, __ATOMIC_RELAXED);
	return going();
}

void fail(const char *what)
{
	fprintf(stderr, "%s: %s\n", what, strerror(errno));
	__atomic_store_n(&failed, 1, __ATOMIC_RELAXED);
}

void change(unsigned int *seed)
{
	unsigned int r = (unsigned int)rand_r(seed);
	unsigned long from = r % ARENA, n = 1 + (r >> 6) % 12;
	char *p = arena + from * PAGE;

	n = from + n > ARENA ? ARENA - from : n;
	switch ((r >> 12) % 10) {
	case 0: case 1: case 2: case 3:
		if (mmap(p, n * PAGE, (r >> 16) % 2 ? RW : PROT_READ,
			 ANON | MAP_FIXED, -1, 0) != p)
			fail("mmap");
		break;
	case 4: case 5: case 6:
		if (munmap(p, n * PAGE))
			fail("munmap");
		break;
	case 7: case 8:		/* holes are no fault of ours */
		mprotect(p, n * PAGE, (r >> 16) % 2 ? PROT_READ : PROT_NONE);
		break;
	default:
		mremap(p, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
		       arena + (r >> 18) % ARENA * PAGE);
	}
}

void maps(void)
{
	char *p = mmap(NULL, 2 * PAGE, RW, ANON, -1, 0);

	if (p == MAP_FAILED) {
		__atomic_store_n(&failed, 1, __ATOMIC_RELAXED);
		return;
	}
	p[0] = 1;
	munmap(p, 2 * PAGE);
}

void crowd(int n, void *(*fn)(void *))
{
	pthread_t thread[32];

	for (long i = 0; i < n; i++)
		if (pthread_create(&thread[i], NULL, fn, (void *)(i + 1)))
			fail("pthread_create");
	for (int i = 0; i < n; i++)
		pthread_join(thread[i], NULL);
}

void handle(int sig, void (*fn)(int), int flags)
{
	struct sigaction sa = { .sa_handler = fn, .sa_flags = flags };

	sigaction(sig, &sa, NULL);
}

void tick(long usec)
{
	struct itimerval t = { { 0, usec }, { 0, usec } };

	setitimer(ITIMER_REAL, &t, NULL);
}

static void maps_too(int sig)
{
	int saved = errno;

	(void)sig;
	maps();
	errno = saved;
}

/* --- overlapping ranges -------------------------------------------------------- */

static void *changes(void *arg)
{
	unsigned int seed = (unsigned int)(unsigned long)arg;

	while (more())
		change(&seed);
	return NULL;
}

static void overlap(void)
{
	crowd(8, changes);
}

static void timer(void)
{
	handle(SIGALRM, maps_too, SA_RESTART);
	tick(1000);
	crowd(8, changes);
	tick(0);
}

/* --- threads that come and go --------------------------------------------------- */

static void *lives(void *arg)
{
	char *mem = malloc(150000);

	mem[0] = 1;
	free(mem);
	maps();
	if ((long)arg % 2)
		pthread_exit(NULL);
	return NULL;
}

static void *bears(void *arg)
{
	pthread_t thread;
	pthread_attr_t attr;

	pthread_attr_init(&attr);
	for (long i = 0; more(); i++) {
		/* sizes that the cache of stacks does not always have */
		pthread_attr_setstacksize(&attr, (size_t)(4 + (i + (long)arg) %
							  64) * 16 * PAGE);
		if (pthread_create(&thread, &attr, lives, (void *)i))
			fail("pthread_create");
		else
			pthread_join(thread, NULL);
	}
	return NULL;
}

static void threads(void)
{
	crowd(4, bears);
}

/* --- objects that come and go ----------------------------------------------------- */

/* Each thread its own copy of a plugin: operand1.so and so on. */
static void *loads(void *arg)
{
	char path[4096];
	int (*answer)(void);
	void *object;

	snprintf(path, sizeof(path), "%s%ld.so", operand, (long)arg);
	while (more()) {
		object = dlopen(path, RTLD_NOW);
		if (!object) {
			fail(dlerror());
			return NULL;
		}
		answer = (int (*)(void))dlsym(object, "plugin_answer");
		if (!answer || answer() != 42)
			fail("plugin_answer");
		dlclose(object);
	}
	return NULL;
}

static void plugins(void)
{
	crowd(4, loads);
}

/* --- masks -------------------------------------------------------------------------- */

static pthread_t crowd_of[8];
static pthread_barrier_t all_over;

static void *masks_and_changes(void *arg)
{
	unsigned int seed = (unsigned int)(unsigned long)arg;
	sigset_t set;

	__atomic_store_n(&crowd_of[seed % 8], pthread_self(), __ATOMIC_RELEASE);
	while (more()) {
		sigemptyset(&set);
		for (int sig = 1; sig < 32; sig++)
			if (rand_r(&seed) % 2)
				sigaddset(&set, sig);
		pthread_sigmask(rand_r(&seed) % 3 ? SIG_SETMASK : SIG_BLOCK,
				&set, NULL);
		for (int i = 0; i < 4; i++)
			change(&seed);
	}
	pthread_barrier_wait(&all_over);
	return NULL;
}

/* Each of them is shot at. */
static void *shoots(void *arg)
{
	static const int signals[] = { SIGUSR1, SIGUSR2, SIGALRM, SIGCHLD };

	if (arg != (void *)9)
		return masks_and_changes(arg);
	for (unsigned int i = 0; going(); i++) {
		pthread_t at = __atomic_load_n(&crowd_of[i % 8],
					       __ATOMIC_ACQUIRE);

		if (at)
			pthread_kill(at, signals[i / 8 % 4]);
		if (i % 32 == 0)
			usleep(100);
	}
	pthread_barrier_wait(&all_over);
	return NULL;
}

static void masks(void)
{
	handle(SIGUSR1, maps_too, SA_RESTART);
	handle(SIGUSR2, maps_too, SA_RESTART | SA_NODEFER);
	handle(SIGCHLD, maps_too, SA_RESTART);
	handle(SIGALRM, maps_too, SA_RESTART);
	tick(1000);
	pthread_barrier_init(&all_over, NULL, 9);
	crowd(9, shoots);
	tick(0);
}

/* --- threads that end in the door ----------------------------------------------------- */

static void *endless(void *arg)
{
	unsigned int seed = (unsigned int)(unsigned long)arg;

	pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
	for (;;)
		change(&seed);
	return NULL;
}

static void *polite(void *arg)
{
	unsigned int seed = (unsigned int)(unsigned long)arg;

	for (;;) {
		change(&seed);
		pthread_testcancel();
	}
	return NULL;
}

static void leaves(int sig)
{
	(void)sig;
	pthread_exit(NULL);
}

/* As a thread ends that is not libc's any more: nothing is unwound. */
static void vanishes(int sig)
{
	(void)sig;
	syscall(SYS_exit, 0);
}

static void *ends_them(void *arg)
{
	unsigned int seed = (unsigned int)(unsigned long)arg;
	pthread_t thread;
	void *ended;

	while (more()) {
		unsigned int way = (unsigned int)rand_r(&seed) % 4;

		if (pthread_create(&thread, NULL, way == 1 ? polite : endless,
				   (void *)(unsigned long)seed)) {
			fail("pthread_create");
			return NULL;
		}
		usleep((unsigned int)rand_r(&seed) % 300);
		if (way < 2)
			pthread_cancel(thread);
		else
			pthread_kill(thread, way == 2 ? SIGUSR1 : SIGUSR2);
		pthread_join(thread, &ended);
		if (way < 2 && ended != PTHREAD_CANCELED)
			fail("pthread_join");
	}
	return NULL;
}

static void ends(void)
{
	handle(SIGUSR1, leaves, 0);
	handle(SIGUSR2, vanishes, 0);
	crowd(4, ends_them);
}

/* --- */

static const struct storm thread_storms[] = {
	{ "overlap", overlap }, { "timer", timer }, { "threads", threads },
	{ "plugins", plugins }, { "masks", masks }, { "ends", ends },
	{ NULL, NULL },
};

static int blow(const struct storm *s, const char *name)
{
	for (; s->name; s++) {
		if (strcmp(s->name, name))
			continue;
		s->blow();
		puts(failed ? "failed" : "done");
		exit(failed);
	}
	return 2;
}

int main(int argc, char **argv)
{
	char *unit;

	if (argc < 3)
		return 2;
	rounds = strtol(argv[2], &unit, 10);
	if (*unit == 's')
		deadline = now() + (double)rounds;
	operand = argc > 3 ? argv[3] : NULL;
	/* where nobody else is: its holes are the highest for none */
	arena = mmap((void *)LOW, ARENA * PAGE, PROT_NONE, ANON, -1, 0);
	if (arena != (void *)LOW)
		return 1;
	blow(thread_storms, argv[1]);
	return blow(process_storms, argv[1]);
}
