/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * die WAY: ends by a signal. Before, it asks for and sets dispositions of fatal
 * signals and prints what it is told: none of it may show that somebody listens.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

static void print_old(const char *what, int ret, const struct sigaction *old)
{
	printf("%s: %d %s flags %x\n", what, ret,
	       old->sa_handler == SIG_DFL ? "default" :
	       old->sa_handler == SIG_IGN ? "ignored" : "a handler",
	       (unsigned int)old->sa_flags & ~0x04000000u);
}

static void handler(int sig)
{
	(void)sig;
	if (write(1, "handler\n", 8) != 8)
		_exit(9);
	_exit(5);
}

static void dispositions(int sig)
{
	struct sigaction set = { .sa_handler = handler, .sa_flags = SA_NODEFER };
	struct sigaction old;
	int ret;

	memset(&old, 0, sizeof(old));
	ret = sigaction(sig, NULL, &old);
	print_old("query", ret, &old);
	ret = sigaction(sig, &set, &old);
	print_old("set a handler", ret, &old);
	set.sa_handler = SIG_DFL;
	ret = sigaction(sig, &set, &old);
	print_old("set default", ret, &old);
	ret = sigaction(sig, NULL, &old);
	print_old("query", ret, &old);
	ret = (int)syscall(SYS_rt_sigaction, sig, 8, NULL, 8);
	printf("bad pointer: %d %s\n", ret, strerror(errno));
}

static void *maps(void *arg)
{
	for (;;) {
		char *p = mmap(NULL, 16384, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		p[0] = arg != NULL;
		munmap(p, 16384);
	}
	return NULL;
}

static void among_threads(void)
{
	pthread_t thread;

	for (int i = 0; i < 4; i++)
		pthread_create(&thread, NULL, maps, NULL);
	usleep(50000);
	abort();
}

int main(int argc, char **argv)
{
	const char *way = argc > 1 ? argv[1] : "segv";
	volatile int *volatile nowhere = (volatile int *)16;
	volatile int zero = 0;

	dispositions(SIGSEGV);
	dispositions(SIGABRT);
	fflush(stdout);
	if (!strcmp(way, "segv"))
		*nowhere = 1;
	if (!strcmp(way, "abort"))
		abort();
	if (!strcmp(way, "fpe"))
		printf("%d\n", argc * 100 / zero);
	if (!strcmp(way, "ill"))
		__asm__ volatile("ud2");
	if (!strcmp(way, "trap"))
		__asm__ volatile("int3");
	if (!strcmp(way, "raise"))
		raise(SIGBUS);
	if (!strcmp(way, "threads"))
		among_threads();
	if (!strcmp(way, "term"))
		raise(SIGTERM);
	if (!strcmp(way, "handled")) {
		signal(SIGSEGV, handler);
		*nowhere = 1;
	}
	if (!strcmp(way, "overflow")) {
		char *p = mmap(NULL, 4096, PROT_NONE,
			       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		__asm__ volatile("mov %0, %%rsp; push %%rax" : : "r"(p + 64));
	}
	return 0;
}
