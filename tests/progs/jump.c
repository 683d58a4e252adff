/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A timer's handler leaves by siglongjmp, wherever the program was: often inside
 * a call that maps. Whatever the call had begun is lost to the program.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>

static sigjmp_buf back;
static volatile sig_atomic_t armed;
static volatile int jumps;

static void handler(int sig)
{
	(void)sig;
	if (!armed)
		return;
	armed = 0;
	jumps++;
	siglongjmp(back, 1);
}

int main(int argc, char **argv)
{
	struct sigaction sa = { .sa_handler = handler };
	struct itimerval t = { { 0, 997 }, { 0, 997 } };
	int want = argc > 1 ? atoi(argv[1]) : 300;

	sigaction(SIGALRM, &sa, NULL);
	setitimer(ITIMER_REAL, &t, NULL);
	while (jumps < want) {
		if (sigsetjmp(back, 1))
			continue;
		armed = 1;
		for (int i = 0; i < 1000; i++) {
			char *p = mmap(NULL, 8192, PROT_READ | PROT_WRITE,
				       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

			p[0] = 1;
			munmap(p, 8192);
		}
		armed = 0;
	}
	puts("done");
	return 0;
}
