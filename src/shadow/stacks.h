/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who calls: the return addresses of each call, each distinct stack kept once
 * and named by a number from 1 on.
 */
#ifndef VS_SHADOW_STACKS_H
#define VS_SHADOW_STACKS_H

#include "shadow/shadow.h"

#define STACKS_DEPTH 64			/* frames, at the most */

/* stacks_start() - take @depth frames of each call; 0: none. */
void stacks_start(unsigned int depth);

/*
 * [lock] stacks_take() - the number of the stack that @d was called from;
 * memory up to @end may be read from its stack pointer on. 0: none is taken, or
 * there was no memory for it (counted).
 */
uint32_t stacks_take(const struct door *d, unsigned long end);

/*
 * [lock] stacks_of_fault() - the stack of interrupted code. Returns how many
 * frames, at most @max.
 */
unsigned int stacks_of_fault(uintptr_t ip, uintptr_t sp, uintptr_t bp,
			     uintptr_t *frames, unsigned int max);

/* [lock] The frames of stack @id, innermost first. Returns how many; 0: none. */
unsigned int stacks_frames(uint32_t id, const uintptr_t **frames);
/* [lock] How many there are, and how many calls found no room for theirs. */
uint32_t stacks_known(void);
extern uint64_t stacks_lost;

/* [lock] What is mapped in [start, end) changes: code may go away there. */
void stacks_forget(unsigned long start, unsigned long end);

#endif
