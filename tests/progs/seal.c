/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Seals the middle of an area, and what touches it; fails on what is sealed. */
#include "deed.h"

#define NR_MSEAL 462

static bool seal(char *p, unsigned long n)
{
	return !deed(NR_MSEAL, (long)p, (long)(n * PAGE), 0, 0, 0);
}

static void act(void)
{
	char *p = pages(8, RW);

	if (!seal(p, 0) && errno == ENOSYS)
		lacks("mseal");
	must(seal(p + 2 * PAGE, 4), "mseal");
	must(munmap(p, 4 * PAGE) == -1, "unmapping what is sealed fails");
	must(mprotect(p + PAGE, 4 * PAGE, PROT_READ) == -1, "so does this");
	must(!munmap(p + 8 * PAGE, PAGE), "munmap");
	must(!seal(p + 2 * PAGE, 20), "holes are no good");
	must(seal(p + 6 * PAGE, 2), "mseal");
	must(seal(p, 8), "mseal");
	must(mmap(p, PAGE, RW, ANON | MAP_FIXED, -1, 0) == MAP_FAILED,
	     "mapping over it fails");
	must(seal(pages(4, RW) + PAGE, 2), "mseal");
}
