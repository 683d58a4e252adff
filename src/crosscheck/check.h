/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The mirror against the kernel. All of it needs the mirror's lock, and reads
 * /proc/thread-self/maps or PROCMAP_QUERY; nothing is normalised, nothing is
 * read until it fits. What differs is logged with both lines and the last event
 * that touched the range, counted, and then the kernel's state is adopted.
 */
#ifndef VS_CROSSCHECK_CHECK_H
#define VS_CROSSCHECK_CHECK_H

#include <stdint.h>

struct check_result {
	uint64_t vmas;		/* lines of the kernel, [vsyscall] not counted */
	uint64_t drift, growth, renamed;
};

/*
 * check_full() [lock] - one pass over maps; a second one where the first
 * differs, and both are logged. @trigger: "exit", "exec", ... for the log. @out
 * may be NULL. Returns 0, or -errno: maps could not be read.
 */
int check_full(const char *trigger, struct check_result *out);

/* check_start() - give the door its hooks. */
void check_start(void);

#endif
