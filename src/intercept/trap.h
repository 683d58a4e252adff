/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tier 3: Syscall User Dispatch. Once a thread is armed, each system call that it
 * makes outside of the library's own text is a SIGSYS; so is one in the section
 * vs_bare of that text, where calls of the program are made without a door. The
 * handler makes no call
 * in its place: it sends the thread on to the library's text with its registers,
 * mask and stack as they were, and the call is made there, in the open: blocking,
 * signals, clones and restarts are then nothing special.
 *
 *	memory call, ...	patch_entry_common, then the door
 *	clone, fork, vfork	an entry of its own, which arms the child (trap_entry.S)
 *	rt_sigreturn		the bare instruction
 *	all else		trap_relay: the call, and back to the program
 *
 * The kernel arms no child and no new image: clones are armed in their first
 * instructions, images by the library's constructor.
 *
 * What it takes of the program's stack at a trapped call: a signal frame, on the
 * alternate stack if there is one.
 */
#ifndef VS_INTERCEPT_TRAP_H
#define VS_INTERCEPT_TRAP_H

#define TRAP_FRAME	144	/* trap_relay's: red zone, return address */
#define TRAP_FORKS	64	/* places in the program that clone */
#define TRAP_FORK_SIZE	64	/* bytes of code of each: two halves */

#ifndef __ASSEMBLER__

#include <stdint.h>

#include "base/compiler.h"
#include "shadow/shadow.h"

/* Newer than some headers. */
#ifndef PR_SET_SYSCALL_USER_DISPATCH
#define PR_SET_SYSCALL_USER_DISPATCH 59
#endif

/* Is tier 3 on? */
extern bool trap_armed;

/*
 * trap_start() - from the constructor, before a second thread exists. 0, or
 * -errno where the kernel has no SUD; nothing is changed then.
 */
int trap_start(void);

/* trap_arm(), trap_disarm() - this thread. 0 or -errno. */
long trap_arm(void);
long trap_disarm(void);

/*
 * trap_before() - a memory call that takes away the stack that it is made on:
 * no trap could come any more, and what is left to do for such a thread is to
 * end, which it does unseen.
 */
static inline void trap_before(const struct door *d)
{
	if (unlikely(trap_armed) && !shadow.sealed &&
	    calls_touch_stack(d->info, d->regs->arg, d->sp))
		trap_disarm();
}

/*
 * trap_before_filter() - a filter is about to be set by @d: a thread that could
 * not trap under it without being killed is disarmed. trap_after_filter() - is
 * it set?
 */
void trap_before_filter(const struct door *d);
void trap_after_filter(bool is_on);

/* regs->site of a call that trapped: this and its index in calls[]. */
#define TRAP_SITES (PATCH_ENTRIES + CALLS)

/* trap_entry.S */
extern VS_HIDDEN const char trap_relay[], trap_relay_done[], trap_relay32[];
extern VS_HIDDEN const char trap_return[];
extern VS_HIDDEN const char trap_fork_code[];
/* Where each of them goes on; 0: free. */
extern VS_HIDDEN uint64_t trap_forks[TRAP_FORKS];
/* In a new thread or process, on its own stack. */
VS_HIDDEN void trap_child(long blocked);

#endif
#endif
