/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Unmaps and maps again at the very same address: alone in its address space, a
 * program may rely on nobody having been there meanwhile. Meanwhile it makes many
 * mappings out of one, which takes memory of whoever keeps count of them.
 */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#define PAGE  4096UL
#define PAGES 8000UL
#define HOLE  (16UL << 20)
#define RW    (PROT_READ | PROT_WRITE)
#define ANON  (MAP_PRIVATE | MAP_ANONYMOUS)

int main(void)
{
	char *arena = mmap(NULL, PAGES * PAGE, RW, ANON, -1, 0);
	char *hole = mmap(NULL, HOLE, RW, ANON, -1, 0);
	int failed = arena == MAP_FAILED || hole == MAP_FAILED;

	failed |= munmap(hole, HOLE);
	for (unsigned long i = 0; i < PAGES; i += 2)
		failed |= mprotect(arena + i * PAGE, PAGE, PROT_READ);
	failed |= mmap(hole, HOLE, RW, ANON | MAP_FIXED, -1, 0) != hole;
	memset(hole, 0x5a, HOLE);
	for (unsigned long i = 0; i < PAGES; i += 2)
		failed |= mprotect(arena + i * PAGE, PAGE, RW);
	puts(failed ? "failed" : "done");
	return failed;
}
