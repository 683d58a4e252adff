/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * trace=PATH: every call, and all that the mirror learned besides, so that the
 * engine alone can go through it again. All [lock] unless said; without a trace
 * each costs one test.
 */
#ifndef VS_SHADOW_TRACE_H
#define VS_SHADOW_TRACE_H

#include "shadow/modules.h"
#include "shadow/who.h"

extern bool trace_on;
/* What is in maps and no mapping of the process; TRACE_GATE. */
extern uint8_t trace_gate;

/* trace_start() - create the file and write the mirror as it stands. */
void trace_start(void);

/* trace_reserve() - room in the file for what the next call leaves. */
void trace_reserve(void);

/* The call to come, and its file, as they are before the engine works on them. */
void trace_op(const struct mm_op *op);
/* The kernel's answer about a boundary that the call to come was undecided on. */
void trace_answer(int boundary);
/* The call of @op is applied: by @who, or by the library itself (NULL). */
void trace_call(const struct call_info *c, const struct mm_op *op,
		const struct who *who);
/* The mirror changed in [start, end) otherwise than by a call. */
void trace_state(unsigned long start, unsigned long end);
/* Code was met for the first time; @id: its build id, if it has one. */
void trace_code(const struct module *m, const void *id, size_t bytes);

/* trace_end() - the last record; @how as in the summary. */
void trace_end(const char *how);
/* trace_fork() - in the child: its own trace, if it has a name of its own. */
void trace_fork(void);

/* trace_flush() - bring what waits into the file; not under the lock. */
void trace_flush(void);

#endif
