/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The end of the stack, in the first thread and in others: nobody listens, or a
 * handler that has an alternate stack, or one that has none.
 */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define ROOM 65536

static void alternate(void)
{
	stack_t s = { .ss_sp = malloc(ROOM), .ss_size = ROOM };

	if (sigaltstack(&s, NULL))
		exit(1);
}

static void dies(const char *how, void (*fn)(void))
{
	int status = -1;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid) {
		struct rlimit none = { 0, 0 };

		setrlimit(RLIMIT_CORE, &none);
		fn();
		fflush(stdout);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	printf("%s: status %x\n", how, (unsigned int)status);
}

static volatile int forever = 1;

__attribute__((noinline)) static int endless(volatile char *p)
{
	volatile char room[4096];

	room[0] = p[0];
	return (forever ? endless(room) : 0) + room[0];
}

static void told(int sig)
{
	(void)sig;
	_exit(write(1, "overflow\n", 9) != 9 ? 1 : 42);
}

static void overflows(void)
{
	struct rlimit small = { 1 << 20, 1 << 20 };
	volatile char c = 0;

	setrlimit(RLIMIT_STACK, &small);
	endless(&c);
}

static void *overflow_thread(void *arg)
{
	volatile char c = 0;

	if (arg)
		alternate();
	endless(&c);
	return NULL;
}

static void thread_overflows(void)
{
	pthread_t id;

	pthread_create(&id, NULL, overflow_thread, (void *)"own");
	pthread_join(id, NULL);
}

static void bare_thread_overflows(void)
{
	pthread_t id;

	pthread_create(&id, NULL, overflow_thread, NULL);
	pthread_join(id, NULL);
}

int main(void)
{
	struct sigaction a = { .sa_handler = told, .sa_flags = SA_ONSTACK };

	dies("nobody listens", overflows);
	dies("nor in a thread", bare_thread_overflows);
	sigaction(SIGSEGV, &a, NULL);
	dies("no stack for it", overflows);
	dies("nor in a thread", bare_thread_overflows);
	dies("a thread's own stack", thread_overflows);
	alternate();
	dies("a stack for it", overflows);
	puts("done");
	return 0;
}
