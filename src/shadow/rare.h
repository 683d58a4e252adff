/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Calls that change the address space once in a program's life, if at all, or
 * that do so for one of their many uses only: prctl, ioctl and close most of
 * all. What each of them did is told to the engine in its own terms after the
 * call was made.
 */
#ifndef VS_SHADOW_RARE_H
#define VS_SHADOW_RARE_H

#include "shadow/shadow.h"

/*
 * rare_concerns() - may this call of a CALL_RARE or CALL_PRCTL change what the
 * mirror holds? A few instructions for a close or an ioctl that does not, as
 * long as no userfaultfd has anything registered. Async-signal-safe; no lock.
 */
bool rare_concerns(const struct door *d);

/*
 * rare_door() - shadow_door() for a call that concerns the mirror. What it
 * points to is copied before the lock is taken: reading the program's memory may
 * wait for the program itself.
 */
long rare_door(struct door *d);

/* [lock] rare_follow() - the call of @d was made: tell the engine. */
void rare_follow(const struct door *d);

/* [lock] The same for a call that was made unordered: ask the kernel. */
void rare_settle(const struct call_info *c, const long *arg, long ret);

/*
 * [lock] READ_IMPLIES_EXEC is a thread's own; once one thread changed it each
 * has to be asked.
 */
void rare_personality(void);
bool rare_personalities(void);

/* [lock] PR_SET_MEMORY_MERGE may have been inherited. */
void rare_learn_memory_merge(void);

#endif
