/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An alternate signal stack of ours for each thread that has none of its own, so
 * that a stack overflow can be told of. Only handlers of ours run on it:
 *
 *	the program's thread	what the kernel has	a handler of the program's
 *	has one of its own	that			as without us
 *	has none		ours			is moved from it to the
 *							interrupted stack, where
 *							it would have run
 *
 * and sigaltstack() answers as if there were none.
 *
 * A thread of libc's gets its stack in its first steps (set_robust_list) and
 * gives it back in its last (exit); one made otherwise has none unless it traps.
 * A frame's uc_stack tells of ours: rt_sigreturn restores it from there.
 *
 * No libc; async-signal-safe.
 */
#ifndef VS_INTERCEPT_ALTSTACK_H
#define VS_INTERCEPT_ALTSTACK_H

#include "intercept/signals.h"

/* On from the start of the first thread; off without reports of faults. */
extern bool altstack_on;

void altstack_start(void);		/* constructor, mirror live */
/* A thread begins: one of ours, if it has none yet. */
void altstack_begin(void);
/* A thread ends. */
void altstack_end(void);

/* Is @sp on a stack of ours? */
bool altstack_is_ours(uintptr_t sp);

/* What stands for a handler with SA_ONSTACK of the program's. */
void altstack_handler(int sig, siginfo_t *info, void *context);

/* sigaltstack, set_robust_list and exit. */
long intercept_altstack(struct door *d);
long intercept_thread(struct door *d);

#endif
