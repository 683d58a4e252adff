/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Policies that look different and are the same, and others; a home node.
 */
#include "deed.h"

#define NR_HOME_NODE 450

enum { DEFAULT, PREFERRED, BIND, INTERLEAVE, LOCAL };

static long bind_to(char *p, unsigned long n, int mode, unsigned long nodes)
{
	unsigned long mask[4] = { nodes };

	return deed(SYS_mbind, (long)p, (long)(n * PAGE), mode, (long)mask,
		    nodes ? 65 : 1);
}

static void act(void)
{
	char *p = pages(12, RW);

	if (bind_to(p, 0, DEFAULT, 0) && errno == ENOSYS)
		lacks("mbind");
	must(!bind_to(p, 4, BIND, 1), "mbind");
	must(!bind_to(p + 4 * PAGE, 4, BIND, 3), "node 1 is not there");
	must(!bind_to(p + 2 * PAGE, 2, INTERLEAVE, 1), "mbind");
	must(!bind_to(p + 8 * PAGE, 2, LOCAL, 0), "mbind");
	must(!bind_to(p + 10 * PAGE, 2, PREFERRED, 0), "which is local");
	must(!munmap(p + 12 * PAGE, PAGE), "munmap");
	must(bind_to(p, 20, BIND, 1) == -1, "a hole");
	must(!bind_to(p + 2 * PAGE, 2, BIND, 1), "mbind");
	if (deed(NR_HOME_NODE, (long)(p + PAGE), 2 * PAGE, 0, 0, 0) &&
	    errno == ENOSYS)
		return;
	must(deed(NR_HOME_NODE, (long)p, 12 * PAGE, 0, 0, 0) == -1,
	     "what is local has no home");
	must(!bind_to(p + 8 * PAGE, 4, DEFAULT, 0), "mbind");
	must(!bind_to(p, 3, DEFAULT, 0), "mbind");
	must(!bind_to(p + 4 * PAGE, 2, BIND, 1), "the same, but homeless");
}
