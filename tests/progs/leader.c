/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The first thread leaves, the others go on, one of them ends the process. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static pthread_t first;

static int maps(int rounds)
{
	int failed = 0;

	for (int i = 0; i < rounds; i++) {
		char *p = mmap(NULL, 8192, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		failed |= p == MAP_FAILED || mprotect(p, 4096, PROT_READ) ||
			  (i % 8 && munmap(p, 8192));
	}
	return failed;
}

static void *goes_on(void *arg)
{
	int failed, status = -1;
	pid_t child;

	(void)arg;
	pthread_join(first, NULL);
	usleep(20000);	/* the kernel, too, shall have seen the last of it */
	/* what others had open is to be opened by a thread that is not the first */
	syscall(SYS_close_range, 3u, ~0u, 0u);
	failed = maps(400);
	child = fork();
	if (!child)
		_exit(maps(50));
	waitpid(child, &status, 0);
	puts(failed || status ? "failed" : "done");
	exit(failed || status);
}

int main(void)
{
	pthread_t thread;

	first = pthread_self();
	if (pthread_create(&thread, NULL, goes_on, NULL))
		return 1;
	pthread_exit(NULL);
}
