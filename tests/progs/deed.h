/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A deed and its counterpart: the call that a victim is about is made as any
 * program makes it, or, with the argument "hidden", by a syscall instruction that
 * nothing intercepts (hidden.h). The first must leave the mirror right, the
 * second must be found by the check: it shows that the deed can be seen at all.
 *
 * A victim exits with 77 and says what is missing where the kernel has no such
 * call.
 */
#ifndef TESTS_PROGS_DEED_H
#define TESTS_PROGS_DEED_H

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "hidden.h"

#define PAGE 4096UL
#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)
#define RW   (PROT_READ | PROT_WRITE)

static bool hidden;

/* -1 and errno, as syscall(3). */
__attribute__((unused))
static long deed(long number, long a, long b, long c, long d, long e)
{
	long ret;

	if (!hidden)
		return syscall(number, a, b, c, d, e, 0);
	ret = hidden_call(number, a, b, c, d, e, 0);
	if ((unsigned long)ret < -4095UL)
		return ret;
	errno = (int)-ret;
	return -1;
}

__attribute__((unused))
static void must(bool good, const char *what)
{
	if (good)
		return;
	printf("%s: %s\n", what, strerror(errno));
	exit(1);
}

__attribute__((unused))
static void lacks(const char *what)
{
	printf("the kernel has no %s\n", what);
	exit(77);
}

/* Pages with room on both sides, so that nothing else merges with them. */
__attribute__((unused))
static char *pages(unsigned long n, int prot)
{
	char *wall = mmap(NULL, (n + 2) * PAGE, PROT_NONE,
			  ANON | MAP_NORESERVE, -1, 0);

	must(wall != MAP_FAILED, "mmap");
	must(mmap(wall + PAGE, n * PAGE, prot, ANON | MAP_FIXED, -1, 0) ==
	     wall + PAGE, "mmap");
	return wall + PAGE;
}

/* The deed itself, in each victim. */
static void act(void);

int main(int argc, char **argv)
{
	hidden = argc > 1 && !strcmp(argv[1], "hidden");
	act();
	puts("done");
	return 0;
}

#endif
