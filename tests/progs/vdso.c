/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The vdso is unmapped and mapped again, elsewhere. */
#include "deed.h"

#define MAP_VDSO_64 0x2003

static char text[1 << 16];

/* Without stdio, which would map on its way. */
static void read_maps(void)
{
	int fd = (int)syscall(SYS_openat, -100, "/proc/self/maps", 0);
	long n, at = 0;

	while ((n = read(fd, text + at, sizeof(text) - 1 - (size_t)at)) > 0)
		at += n;
	close(fd);
}

static void unmap_special(void)
{
	char *line = text, *next;
	unsigned long start, end;

	for (; *line; line = next) {
		next = strchr(line, '\n') + 1;
		next[-1] = '\0';
		if (!strstr(line, "[vvar") && !strstr(line, "[vdso]"))
			continue;
		start = strtoul(line, &line, 16);
		end = strtoul(line + 1, NULL, 16);
		must(!munmap((void *)start, end - start), "munmap");
	}
}

static void act(void)
{
	char *p = pages(1, RW);

	read_maps();
	unmap_special();
	if (deed(SYS_arch_prctl, MAP_VDSO_64, (long)p - (64L << 20), 0, 0, 0) <
	    0)
		lacks("ARCH_MAP_VDSO_64");
	must(deed(SYS_arch_prctl, MAP_VDSO_64, 0, 0, 0, 0) == -1, "only once");
	must(!mprotect(p, PAGE, PROT_READ), "mprotect");
}
