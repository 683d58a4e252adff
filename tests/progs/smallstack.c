/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Maps from stacks that hardly hold anything: a signal handler on an alternate
 * stack of 3 kB beyond the kernel's frame, a coroutine with 2 pages. What lies
 * below each stack must stay as it is.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <ucontext.h>

#define CANARY 4096

static int maps(void)
{
	char *p = mmap(NULL, 8192, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return 1;
	p[0] = 1;
	return mprotect(p, 4096, PROT_READ) || munmap(p, 8192);
}

static int failed;

static void handler(int sig)
{
	(void)sig;
	failed |= maps();
}

/* A stack of @size bytes above a canary. */
static unsigned char *make_stack(size_t size)
{
	unsigned char *mem = malloc(CANARY + size);

	memset(mem, 0xa5, CANARY);
	return mem;
}

static int canary_died(const unsigned char *mem)
{
	for (int i = 0; i < CANARY; i++)
		if (mem[i] != 0xa5)
			return 1;
	return 0;
}

static ucontext_t main_context, co;

static void coroutine(void)
{
	failed |= maps();
}

int main(void)
{
	struct sigaction sa = { .sa_handler = handler,
				.sa_flags = SA_ONSTACK };
	size_t small = getauxval(AT_MINSIGSTKSZ) + 3072;
	unsigned char *alt = make_stack(small);
	unsigned char *stack = make_stack(8192);
	stack_t ss = { .ss_sp = alt + CANARY, .ss_size = small };

	sigaltstack(&ss, NULL);
	sigaction(SIGUSR1, &sa, NULL);
	for (int i = 0; i < 1000; i++)
		raise(SIGUSR1);
	getcontext(&co);
	co.uc_stack.ss_sp = stack + CANARY;
	co.uc_stack.ss_size = 8192;
	co.uc_link = &main_context;
	makecontext(&co, coroutine, 0);
	swapcontext(&main_context, &co);
	if (canary_died(alt))
		puts("the alternate stack overflowed");
	if (canary_died(stack))
		puts("the coroutine's stack overflowed");
	puts(failed ? "failed" : "done");
	return failed;
}
