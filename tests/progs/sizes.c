/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sizes [lock]: prints how many kilobytes the process has, mapped and resident,
 * with "lock" after all of it was locked, what is mapped later too.
 */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

int main(int argc, char **argv)
{
	char line[256];
	FILE *f;

	if (argc > 1 && !strcmp(argv[1], "lock") &&
	    mlockall(MCL_CURRENT | MCL_FUTURE)) {
		puts("no locking for us");
		return 77;
	}
	for (int i = 0; i < 2000; i++)
		if (mmap(NULL, 4096, i % 2 ? PROT_READ : PROT_NONE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED)
			return 1;
	f = fopen("/proc/self/status", "r");
	while (f && fgets(line, sizeof(line), f))
		if (!strncmp(line, "VmSize", 6) || !strncmp(line, "VmRSS", 5))
			fputs(line, stdout);
	return !f;
}
