/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ends by exit() while four threads map and unmap. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

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

int main(void)
{
	pthread_t thread;

	for (int i = 0; i < 4; i++)
		if (pthread_create(&thread, NULL, work, NULL))
			return 1;
	usleep(100000);
	puts("done");
	exit(3);
}
