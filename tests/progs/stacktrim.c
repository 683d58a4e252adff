/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A thread gives away what lies below its stack pointer: the pages' contents
 * first, then the pages. Right below the stack pointer nothing is the program's,
 * so whoever stands in between must not need it either.
 */
#include <alloca.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#define PAGE 4096UL
#define STACK (64 * PAGE)
#define LEFT 1280UL		/* bytes between stack pointer and what is gone */

static int failed;
static char *kept;	/* what lies below was given away: others' by now */

static int map_and_unmap(int times)
{
	while (times--) {
		void *p = mmap(NULL, PAGE, PROT_READ,
			       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (p == MAP_FAILED || munmap(p, PAGE))
			return 1;
	}
	return 0;
}

static __attribute__((noinline)) void *trim(void *arg)
{
	uintptr_t here = (uintptr_t)__builtin_frame_address(0);
	uintptr_t low = (uintptr_t)arg;
	/* a page is kept: this very call needs some bytes of it */
	uintptr_t keep = (here & ~(PAGE - 1)) - PAGE;
	volatile char local[16] = "intact";

	for (int i = 0; i < 100; i++)
		failed |= madvise((void *)low, keep - low, MADV_DONTNEED);
	failed |= mprotect((void *)low, keep - low, PROT_NONE);
	failed |= munmap((void *)low, keep - low);
	kept = (char *)keep;
	failed |= map_and_unmap(100);
	failed |= local[0] != 'i' || local[5] != 't';
	return NULL;
}

/*
 * Little is left of the stack, and no unmapping says so: it is mapped over by a
 * call that the kernel goes on with after it let go of its lock.
 */
static __attribute__((noinline)) void *cover(void *arg)
{
	uintptr_t here = (uintptr_t)__builtin_frame_address(0);
	volatile char *room = alloca((here & (PAGE - 1)) + PAGE - LEFT);
	char *low = arg;
	size_t bytes = (here & ~(PAGE - 1)) - PAGE - (uintptr_t)arg;

	room[0] = 1;
	kept = low;
	failed |= mmap(low, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS |
		       MAP_FIXED | MAP_POPULATE, -1, 0) != low;
	failed |= map_and_unmap(100);
	failed |= room[0] != 1;
	return NULL;
}

static volatile int stop;

static void *busy(void *arg)
{
	(void)arg;
	while (!stop) {
		void *p = mmap(NULL, 4 * PAGE, PROT_READ,
			       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		failed |= p == MAP_FAILED || munmap(p, 4 * PAGE);
	}
	return NULL;
}

static int one_thread(void *(*deed)(void *))
{
	pthread_attr_t attr;
	pthread_t thread;
	char *stack = mmap(NULL, STACK, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);

	pthread_attr_init(&attr);
	pthread_attr_setstack(&attr, stack, STACK);
	return pthread_create(&thread, &attr, deed, stack) ||
	       pthread_join(thread, NULL) ||
	       munmap(kept, (size_t)(stack + STACK - kept));
}

/* With an argument: while that many other threads map. */
int main(int argc, char **argv)
{
	int others = argc > 1 ? atoi(argv[1]) : 0;
	pthread_t thread[8];

	for (int i = 0; i < others && i < 8; i++)
		failed |= pthread_create(&thread[i], NULL, busy, NULL);
	for (int i = 0; i < (others ? 40 : 1); i++)
		failed |= one_thread(trim);
	failed |= one_thread(cover);
	stop = 1;
	for (int i = 0; i < others && i < 8; i++)
		pthread_join(thread[i], NULL);
	puts(failed ? "failed" : "done");
	return failed;
}
