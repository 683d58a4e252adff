/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The process of a trace, made again: an address space driven by the engine
 * alone, with the files, names, stacks and code that the records speak of.
 */
#ifndef VS_CMD_WORLD_H
#define VS_CMD_WORLD_H

#include <stdio.h>

#include "cmd/trace_read.h"
#include "engine/engine.h"
#include "engine/rules.h"

#define WORLD_DEPTH 64

struct world_stack {
	unsigned int n;
	uint64_t frames[WORLD_DEPTH];
};

struct world_code {
	uint64_t start, end, base;
	const struct mm_file *file;
	unsigned int id_bytes;
	uint8_t id[32];			/* build id */
};

/* The call that the last record was about. */
struct world_call {
	uint64_t event;
	uint32_t thread, stack;
	uint64_t ip;
	unsigned int nr, tier;		/* system call; enum shadow_tier */
	bool own;			/* of the library itself */
	struct mm_op op;
};

struct world {
	struct mm_struct mm;
	char *version, *kernel, *program, *ended;
	uint8_t gate;			/* TRACE_GATE and rights, or 0 */
	bool started, other_rules;
	struct mm_rules recorded;	/* the kernel's, of the trace */

	struct world_call call;
	uint64_t calls, own_calls, states, lost;
	uint64_t state_start, state_end;	/* what the last state was about */
	uint64_t mismatches;		/* records whose count was not ours */
	uint64_t first_mismatch;	/* the event of the first */

	struct world_stack *stacks;	/* by number; [0] is empty */
	uint32_t nr_stacks;
	struct world_code *code;
	uint32_t nr_code;

	/* inside */
	struct world_file *files;
	struct world_name *names;
	uint64_t ticks, first_ticks;
	uint64_t clock_ticks[2], clock_ns[2];	/* first and last TRACE_TIME */
	const char *why;		/* what a refused record lacks */
};

/* world_init() - nothing happened yet; @rules: in place of the recorded ones. */
void world_init(struct world *w, const struct mm_rules *rules);
void world_free(struct world *w);

/*
 * world_apply() - what the record says happens. Returns 0; or -1 where it makes
 * no sense: w->why says what, and the world is as it was before, or has a part.
 */
int world_apply(struct world *w, const struct trace_item *item);

/*
 * world_seconds() - from the trace's beginning to @ticks, as exactly as the times
 * that were applied so far allow; -1 before the second.
 */
double world_seconds(const struct world *w, uint64_t ticks);

/* world_name() - the name of system call @nr. */
const char *world_name(unsigned int nr);

/* The lines of /proc/PID/maps as they stand. */
void world_print_maps(struct world *w, FILE *to);

/* The code that holds @ip as its last bytes, NULL: none that is known. */
const struct world_code *world_code_at(const struct world *w, uint64_t ip);
/* "file+0x1234"; bytes that are not for a terminal are escaped. */
void world_print_frame(const struct world *w, uint64_t ip, FILE *to);
/* @n bytes of anybody's making, '\n' and the like as \ooo. */
void world_print_text(const char *s, size_t n, FILE *to);

#endif
