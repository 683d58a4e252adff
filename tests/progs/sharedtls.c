/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A second thread with the first one's thread pointer (CLONE_VM without
 * CLONE_SETTLS): both map and unmap at once.
 */
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>

#define ROUNDS 20000

static int work(void *arg)
{
	int failed = 0;

	(void)arg;
	for (int i = 0; i < ROUNDS; i++) {
		char *p = mmap(NULL, 8192, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		failed |= p == MAP_FAILED;
		p[0] = 1;
		failed |= mprotect(p, 4096, PROT_READ);
		failed |= munmap(p, 8192);
	}
	return failed;
}

int main(void)
{
	static char stack[65536] __attribute__((aligned(16)));
	int status = 1, failed;
	int child = clone(work, stack + sizeof(stack),
			  CLONE_VM | CLONE_FS | CLONE_FILES | SIGCHLD, NULL);

	if (child < 0)
		return 1;
	failed = work(NULL);
	waitpid(child, &status, 0);
	puts(failed || status ? "failed" : "done");
	return failed || status;
}
