/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The mark of the stack is moved, all others set to what they are: the label
 * goes with it. PR_SET_MM_MAP does that without a privilege.
 */
#include "deed.h"

#include <linux/prctl.h>

/* Field @n of /proc/self/stat, from 1. */
static uint64_t field(int n)
{
	static char text[4096];
	FILE *f = fopen("/proc/self/stat", "r");
	char *at;

	must(f && fgets(text, sizeof(text), f), "/proc/self/stat");
	fclose(f);
	at = strrchr(text, ')');
	for (int i = 2; i < n; i++)
		at = strchr(at, ' ') + 1;
	return strtoull(at, NULL, 10);
}

static void act(void)
{
	char *p = pages(4, RW);
	struct prctl_mm_map map = {
		.start_code = field(26), .end_code = field(27),
		.start_data = field(45), .end_data = field(46),
		.start_brk = field(47), .brk = (uint64_t)sbrk(0),
		.start_stack = (uint64_t)p + PAGE,
		.arg_start = field(48), .arg_end = field(49),
		.env_start = field(50), .env_end = field(51),
		.exe_fd = (uint32_t)-1,
	};

	if (deed(SYS_prctl, PR_SET_MM, PR_SET_MM_MAP, (long)&map, sizeof(map),
		 0))
		lacks("PR_SET_MM_MAP");
	must(!mprotect(p, PAGE, PROT_READ), "mprotect");
	map.start_stack = 1;
	must(deed(SYS_prctl, PR_SET_MM, PR_SET_MM_MAP, (long)&map, sizeof(map),
		  0) == -1, "no stack is there");
}
