/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Anonymous memory with names. */
#include "deed.h"

#define SET_VMA 0x53564d41

static long name(char *p, unsigned long n, const char *text)
{
	return deed(SYS_prctl, SET_VMA, 0, (long)p, (long)(n * PAGE),
		    (long)text);
}

static void act(void)
{
	char *p = pages(8, RW);

	if (name(p + PAGE, 2, "one"))
		lacks("names for anonymous memory");
	must(!name(p + 3 * PAGE, 2, "one"), "prctl");
	must(!name(p + 5 * PAGE, 2, "two words"), "prctl");
	must(name(p, 1, "[") == -1, "no such name");
	must(!name(p + PAGE, 1, NULL), "prctl");
	must(mremap(p + 3 * PAGE, PAGE, 4 * PAGE, MREMAP_MAYMOVE) !=
	     MAP_FAILED, "mremap");
}
