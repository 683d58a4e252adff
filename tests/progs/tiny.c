/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Threads with the smallest stack there is, that map from deep inside it. */
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static int failed;

static int maps(void)
{
	char *p = mmap(NULL, 8192, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return 1;
	p[0] = 1;
	return mprotect(p, 4096, PROT_READ) || madvise(p, 8192, MADV_DONTDUMP) ||
	       munmap(p, 8192);
}

/* Most of the stack is the program's own, to the last kilobyte or two. */
static __attribute__((noinline)) int deep(size_t bytes)
{
	volatile char mine[512];
	int ret;

	mine[0] = (char)bytes;
	ret = bytes < sizeof(mine) ? maps() : deep(bytes - sizeof(mine));
	return ret || mine[0] != (char)bytes;
}

static void *work(void *arg)
{
	for (int i = 0; i < 50; i++)
		failed |= maps();
	failed |= deep((size_t)arg);
	return NULL;
}

int main(void)
{
	size_t size = (size_t)sysconf(_SC_THREAD_STACK_MIN);
	pthread_attr_t attr;
	pthread_t thread[8];

	pthread_attr_init(&attr);
	if (pthread_attr_setstacksize(&attr, size))
		return 1;
	for (int round = 0; round < 20; round++) {
		for (int i = 0; i < 8; i++)
			if (pthread_create(&thread[i], &attr, work,
					   (void *)(size / 4)))
				return 1;
		for (int i = 0; i < 8; i++)
			pthread_join(thread[i], NULL);
	}
	puts(failed ? "failed" : "done");
	return failed;
}
