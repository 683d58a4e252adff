/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A library that takes away what is not its own; see victim.c. */
#include <sys/mman.h>

int take_memory(void *p, unsigned long n);
int take_right(void *p, unsigned long n);
int take_place(void *p, unsigned long n);

int take_memory(void *p, unsigned long n)
{
	return munmap(p, n);
}

int take_right(void *p, unsigned long n)
{
	return mprotect(p, n, PROT_READ);
}

int take_place(void *p, unsigned long n)
{
	return mmap(p, n, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
		    -1, 0) == p ? 0 : -1;
}
