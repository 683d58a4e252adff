/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The marks of an address space in /proc/PID/stat: where exec put code, data,
 * heap and stack (fs/proc/array.c:do_task_stat(), fields 26 to 28, 45 to 47).
 *
 * Pure and async-signal-safe.
 */
#ifndef VS_PROCMAPS_STAT_H
#define VS_PROCMAPS_STAT_H

#include <stddef.h>
#include <stdint.h>

struct procmaps_stat {			/* addresses */
	uint64_t start_code, end_code;
	uint64_t start_stack;
	uint64_t start_data, end_data;
	uint64_t start_brk;
};

/*
 * procmaps_parse_stat() - @text of @len bytes is the file's one line. The name
 * of the program in it may hold anything, parentheses too: fields are counted
 * from the last one. Returns 0 or -EINVAL.
 */
int procmaps_parse_stat(const char *text, size_t len,
			struct procmaps_stat *out);

#endif
