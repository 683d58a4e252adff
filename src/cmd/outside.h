/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A running process seen from outside: an address space for the engine, made of
 * what /proc/PID has of it, and nothing but read.
 */
#ifndef VS_CMD_OUTSIDE_H
#define VS_CMD_OUTSIDE_H

#include "engine/engine.h"

/* All mappings that have one name; "" is memory without one. */
struct outside_name {
	char *name;			/* as maps prints it */
	uint64_t mappings, bytes;
};

struct outside {
	int pid;
	struct mm_struct mm;
	char *program;			/* comm */
	bool no_policies;		/* numa_maps cannot be read */
	struct outside_name *names;	/* the most mappings first */
	size_t nr_names;
};

/*
 * outside_read() - smaps, numa_maps, comm and the limit; @rules: the kernel's.
 * Returns 0, or -1: it was said why.
 */
int outside_read(struct outside *o, int pid, const struct mm_rules *rules);

/* outside_count() - how many mappings it has now; 0: that cannot be told. */
uint64_t outside_count(int pid);

#endif
