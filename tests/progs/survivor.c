/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * survivor N: commits N faults of each kind that programs live on, and handles
 * each: a handler that jumps out, and one that gives the right and returns.
 * Prints what the handlers were told.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define PAGE 4096UL

static sigjmp_buf back;
static char *page;
static volatile unsigned long jumped, mended, wrong;

static void jump_out(int sig, siginfo_t *info, void *context)
{
	(void)context;
	jumped++;
	if (sig != SIGSEGV || info->si_code != SEGV_MAPERR ||
	    info->si_addr != (void *)0x40)
		wrong++;
	siglongjmp(back, 1);
}

static void mend(int sig, siginfo_t *info, void *context)
{
	(void)context;
	mended++;
	if (sig != SIGSEGV || info->si_code != SEGV_ACCERR ||
	    info->si_addr != page + 8)
		wrong++;
	if (mprotect(page, PAGE, PROT_READ | PROT_WRITE))
		_Exit(3);
}

static void handle(void (*how)(int, siginfo_t *, void *))
{
	struct sigaction act, old;

	memset(&act, 0, sizeof(act));
	act.sa_sigaction = how;
	act.sa_flags = SA_SIGINFO;
	if (sigaction(SIGSEGV, &act, NULL) || sigaction(SIGSEGV, NULL, &old) ||
	    old.sa_sigaction != how || (old.sa_flags & ~0x04000000) != SA_SIGINFO)
		wrong++;
}

static void survive_nothing(void)
{
	volatile int *volatile nowhere = (volatile int *)0x40;

	if (!sigsetjmp(back, 1))
		wrong += (unsigned long)*nowhere + 1;
}

static void survive_no_right(void)
{
	if (mprotect(page, PAGE, PROT_READ))
		_Exit(4);
	*(volatile char *)(page + 8) = 1;
}

int main(int argc, char **argv)
{
	unsigned long n = argc > 1 ? strtoul(argv[1], NULL, 10) : 1;

	page = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	handle(jump_out);
	for (unsigned long i = 0; i < n; i++)
		survive_nothing();
	handle(mend);
	for (unsigned long i = 0; i < n; i++)
		survive_no_right();
	printf("%lu jumped, %lu mended, %lu wrong\n", jumped, mended, wrong);
	return 0;
}
