/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * By call: how many, how often the mirror asked, how often it did not know what
 * the call had done, and how often it could not foretell the answer.
 */
#include <stdio.h>

#include "diff.h"

static const char *const names[KINDS] = {
	[DO_MMAP] = "mmap",
	[DO_MUNMAP] = "munmap",
	[DO_MPROTECT] = "mprotect",
	[DO_MADVISE] = "madvise",
	[DO_MREMAP] = "mremap",
	[DO_BRK] = "brk",
	[DO_MLOCK] = "mlock",
	[DO_MUNLOCK] = "munlock",
	[DO_MLOCKALL] = "mlockall",
	[DO_MUNLOCKALL] = "munlockall",
	[DO_REMAP_FILE_PAGES] = "remap_file_pages",
	[DO_SHMAT] = "shmat",
	[DO_SHMDT] = "shmdt",
	[DO_NAME] = "prctl(PR_SET_VMA)",
	[DO_MBIND] = "mbind",
	[DO_HOME_NODE] = "set_mempolicy_home_node",
	[DO_MSEAL] = "mseal",
	[DO_PROCESS_MADVISE] = "process_madvise",
	[DO_PKEY_MPROTECT] = "pkey_mprotect",
	[DO_MEMORY_MERGE] = "prctl(PR_SET_MEMORY_MERGE)",
	[DO_UFFD_REGISTER] = "UFFDIO_REGISTER",
	[DO_UFFD_UNREGISTER] = "UFFDIO_UNREGISTER",
	[DO_UFFD_CLOSE] = "close of a userfaultfd",
	[DO_MAP_VDSO] = "arch_prctl(ARCH_MAP_VDSO_64)",
	[DO_IO_SETUP] = "io_setup",
	[DO_IO_DESTROY] = "io_destroy",
};

struct tally tally_sum(const struct totals *t)
{
	struct tally sum = { .calls = 0 };
	const struct tally *by;

	for (by = t->by; by < t->by + KINDS; by++) {
		sum.calls += by->calls;
		sum.asked += by->asked;
		sum.unknown += by->unknown;
		sum.adopted += by->adopted;
		sum.unpredictable += by->unpredictable;
	}
	return sum;
}

static void print_row(const char *name, const struct tally *t)
{
	printf("#   %-28s %8lu %7lu %7lu %7lu %8lu\n", name, t->calls, t->asked,
	       t->unknown, t->adopted, t->unpredictable);
}

void tally_print(const struct totals *t)
{
	struct tally sum = tally_sum(t);
	unsigned int i;

	printf("# %lu calls, %lu asked, %lu forks, %lu times several at once\n",
	       sum.calls, sum.asked, t->forks, t->together);
	printf("# placement %lu of %lu, ok %lu of %lu, failed %lu of %lu\n",
	       t->placement_hit, t->placement, t->ok_hit, t->ok,
	       t->failed_hit, t->failed);
	printf("# asked %lu.%02lu %% of calls; unknown ranges after %lu.%02lu %%"
	       " (%lu lines adopted)\n",
	       sum.asked * 100 / (sum.calls + 1),
	       sum.asked * 10000 / (sum.calls + 1) % 100,
	       sum.unknown * 100 / (sum.calls + 1),
	       sum.unknown * 10000 / (sum.calls + 1) % 100, sum.adopted);
	printf("#   %-28s %8s %7s %7s %7s %8s\n", "", "calls", "asked",
	       "unknown", "adopted", "unforetold");
	for (i = 0; i < KINDS; i++)
		if (t->by[i].calls)
			print_row(names[i] ? names[i] : "?", &t->by[i]);
	fflush(stdout);
}
