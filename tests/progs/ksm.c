/* SPDX-License-Identifier: GPL-2.0-or-later */
/* KSM for the whole process, and one part of it taken out again. */
#include "deed.h"

#define SET_MEMORY_MERGE 67

static void act(void)
{
	char *p = pages(8, RW);

	if (deed(SYS_prctl, SET_MEMORY_MERGE, 1, 0, 0, 0))
		lacks("PR_SET_MEMORY_MERGE");
	must(!madvise(p + PAGE, PAGE, MADV_UNMERGEABLE), "madvise");
	must(mmap(p + 4 * PAGE, PAGE, RW, ANON | MAP_FIXED, -1, 0) !=
	     MAP_FAILED, "mmap");
	must(!deed(SYS_prctl, SET_MEMORY_MERGE, 0, 0, 0, 0), "prctl");
	must(mmap(p + PAGE, PAGE, RW, ANON | MAP_FIXED, -1, 0) != MAP_FAILED,
	     "mmap");
	must(!madvise(p + 6 * PAGE, PAGE, MADV_MERGEABLE), "madvise");
}
