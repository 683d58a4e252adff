/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The program's signals where the library needs some for itself: what the
 * program set, what stands in the kernel instead, and how a signal that came to
 * the library and is the program's goes on to the program.
 *
 *	the program sets	the kernel has		who asks for it
 *	SIG_DFL, fatal signal	a handler of ours	fatal.c: last words
 *	a handler, SEGV, BUS	a handler of ours	fatal.c: faults=all
 *	anything, SIGSYS	a handler of ours	trap.c, once armed
 *	a handler, any signal	that handler, SIGSYS	trap.c, once armed: a trap
 *				never in its mask	while SIGSYS is blocked kills
 *	one with SA_ONSTACK	altstack_handler()	altstack.h, where it is on
 *	anything else		just that
 *
 * Answers to the program are always its own words. What a call is asked with a
 * bad pointer costs EFAULT and changes what the kernel would have changed.
 * Dispositions are per process: a vfork child shares our memory, but has a table
 * of its own in the kernel; what it sets is not remembered.
 *
 * No libc; async-signal-safe.
 */
#ifndef VS_INTERCEPT_SIGNALS_H
#define VS_INTERCEPT_SIGNALS_H

#include <signal.h>
#include <ucontext.h>

#include "shadow/shadow.h"

#define KERNEL_SA_RESTORER 0x04000000UL
#define SIGSET_BYTES	   8
#define SIGNALS		   64
#define SIG_BIT(sig)	   (1UL << ((sig) - 1))

/* What rt_sigaction reads and writes. */
struct kernel_sigaction {
	uintptr_t handler;
	unsigned long flags;
	uintptr_t restorer;
	uint64_t mask;
};

/* signals_entry.S: where handlers return to: rt_sigreturn. */
VS_HIDDEN void signals_restorer(void);
/* What @uc is returned to has SIGSYS in its mask: not in the kernel's. */
VS_HIDDEN void signals_returns(ucontext_t *uc);
/* signals_entry.S: a handler begins, rsp at @at, where its return address is. */
VS_HIDDEN _Noreturn void signals_enter(uintptr_t at, uintptr_t handler, int sig,
				       siginfo_t *info, ucontext_t *uc);

/* rt_sigaction of the kernel's own table. */
static inline long signals_kernel(int sig, const struct kernel_sigaction *act,
				  struct kernel_sigaction *old)
{
	return raw_sys4(SYS_rt_sigaction, sig, act, old, SIGSET_BYTES);
}

/*
 * program_read(), program_write() - the program's memory, by way of the kernel:
 * false for a bad pointer. Under a filter that may not be asked: then it is
 * touched as it is.
 */
bool program_read(void *here, unsigned long there, size_t bytes);
bool program_write(unsigned long there, const void *here, size_t bytes);

/*
 * fatal.c: does a handler of ours stand in the place of @act, which the program
 * set for @sig? NULL: of any that it may set.
 */
bool fatal_keeps(int sig, const struct kernel_sigaction *act);
/* What stands in the kernel for those. */
extern const struct kernel_sigaction fatal_action;

/* What the program set for @sig, where something of ours stands. */
struct kernel_sigaction signals_program(int sig);

/* signals_start() - from the constructor: the fatal ones of SIG_DFL are kept. */
void signals_start(void);

/*
 * signals_keep_sys() - from now on SIGSYS is ours and in nobody's mask.
 * @handler gets it, on the alternate stack if there is one, all else blocked.
 * Returns 0 or -errno.
 */
int signals_keep_sys(void (*handler)(int, siginfo_t *, void *));

/* In a new process or thread: is the handler of SIGSYS still ours? Else (a
 * clone that clears handlers) it is put back. */
void signals_renew_sys(void);

/* signals_sealed() - shadow.sealed was changed: SIGSYS must come to the program
 * without system calls of ours, or may again need them. */
void signals_sealed(void);

/*
 * signals_deliver() - from a handler of ours, with the frame that the kernel made
 * for it: enter the program's handler for @info as the kernel would have, mask,
 * SA_ONSTACK, SA_RESETHAND and all. Does not return; the program's handler
 * returns by rt_sigreturn. The caller has found that there is a handler.
 */
_Noreturn void signals_deliver(siginfo_t *info, ucontext_t *uc);

/*
 * signals_go_on() - the same where the kernel has done all of that but for the
 * stack: from altstack_handler(), which stands for the program's.
 */
_Noreturn void signals_go_on(int sig, siginfo_t *info, ucontext_t *uc);

/*
 * signals_die() - from a handler of ours: what the program left to the default
 * happens when the handler returns, with @info.
 */
void signals_die(siginfo_t *info, bool comes_again);

/* Is there, in the program's eyes, a handler, SIG_DFL or SIG_IGN? */
static inline bool is_handler(const struct kernel_sigaction *act)
{
	return act->handler != (uintptr_t)SIG_DFL &&
	       act->handler != (uintptr_t)SIG_IGN;
}

/* signals_before_exec() - what an image gets from us is what it would have got
 * from the program; undone with @back if the exec failed. */
void signals_before_exec(bool back);

#endif
