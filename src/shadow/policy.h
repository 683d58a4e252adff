/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory policies as numbers for the engine. Which policy a mapping got is read
 * from the kernel (get_mempolicy), which drops nodes that are not there and
 * rewrites modes before it compares: what the program passed to mbind may look
 * different and be the same. Nothing of the program's memory is read.
 */
#ifndef VS_SHADOW_POLICY_H
#define VS_SHADOW_POLICY_H

#include "shadow/shadow.h"

/* [lock] An mbind was made: which policy does op's range have now? */
void policy_find(struct mm_op *op, long mode);

/* [lock] Lines of [start, end) were adopted: their policies as well. */
void policy_reread(unsigned long start, unsigned long end);

void policy_start(void);	/* [lock] */

#endif
