/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Last words of a process that a signal kills: where the program leaves a fatal
 * signal at SIG_DFL, a handler of ours stands instead. It takes the last check,
 * writes the summary, puts SIG_DFL back and lets the signal come again, with its
 * siginfo, registers and core as without us.
 *
 * That is the whole of it: a handler of the program's own is installed as it is,
 * and only the question what was there before is answered with the SIG_DFL that
 * the program had set. TERM, INT, PIPE and HUP are left alone.
 */
#include <errno.h>
#include <signal.h>
#include <sys/uio.h>

#include "base/compiler.h"
#include "base/raw_syscall.h"
#include "base/str.h"
#include "intercept/intercept.h"

#define SA_RESTORER   0x04000000
#define SIGSET_BYTES  8
#define SIGNALS	      32

struct kernel_sigaction {
	uintptr_t handler;
	unsigned long flags;
	void (*restorer)(void);
	uint64_t mask;
};

VS_HIDDEN void fatal_restorer(void);	/* wrappers.S: rt_sigreturn */

/* What the program set where ours stands: SIG_DFL, its flags and mask. */
static struct kernel_sigaction virtual[SIGNALS];
static bool started;

static const unsigned char fatal_signals[] = {
	SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGSYS, SIGABRT,
};

static bool is_fatal(long sig)
{
	for (unsigned int i = 0; i < sizeof(fatal_signals); i++)
		if (sig == fatal_signals[i])
			return true;
	return false;
}

static long sigaction_raw(int sig, const struct kernel_sigaction *act,
			  struct kernel_sigaction *old)
{
	return raw_sys4(SYS_rt_sigaction, sig, act, old, SIGSET_BYTES);
}

/* Will the same instruction fault again when the handler returns? */
static bool comes_again(int sig, const siginfo_t *info)
{
	return info->si_code > 0 && (sig == SIGSEGV || sig == SIGBUS ||
				     sig == SIGILL || sig == SIGFPE);
}

static void fatal_handler(int sig, siginfo_t *info, void *context)
{
	(void)context;
	intercept_final(ENDED_SIGNAL);
	sigaction_raw(sig, &virtual[sig], NULL);
	if (!comes_again(sig, info))	/* pending until the handler returns */
		raw_sys4(SYS_rt_tgsigqueueinfo, raw_sys0(SYS_getpid),
			 raw_sys0(SYS_gettid), sig, info);
}

static const struct kernel_sigaction ours = {
	.handler = (uintptr_t)fatal_handler,
	.flags = SA_SIGINFO | SA_ONSTACK | SA_RESTORER,
	.restorer = fatal_restorer,
};

void intercept_fatal_start(void)
{
	struct kernel_sigaction old;

	started = true;
	for (unsigned int i = 0; i < sizeof(fatal_signals); i++) {
		int sig = fatal_signals[i];

		if (sigaction_raw(sig, NULL, &old) ||
		    old.handler != (uintptr_t)SIG_DFL)
			continue;
		virtual[sig] = old;
		sigaction_raw(sig, &ours, NULL);
	}
}

/*
 * The kernel copies: a bad pointer must cost the program EFAULT, not us. Under a
 * filter that is no longer ours to ask for.
 */
static bool copy(unsigned long nr, void *here, unsigned long there)
{
	struct iovec local = { here, sizeof(struct kernel_sigaction) };
	struct iovec remote = { (void *)there, sizeof(struct kernel_sigaction) };

	if (shadow.sealed) {
		if (nr == SYS_process_vm_readv)
			memcpy(here, remote.iov_base, remote.iov_len);
		else
			memcpy(remote.iov_base, here, remote.iov_len);
		return true;
	}
	return raw_sys6(nr, raw_sys0(SYS_getpid), &local, 1, &remote, 1, 0) ==
	       sizeof(struct kernel_sigaction);
}

static long set_fatal(struct door *d, int sig)
{
	unsigned long act = (unsigned long)d->regs->arg[1];
	unsigned long oact = (unsigned long)d->regs->arg[2];
	struct kernel_sigaction new, old;
	bool by_default = false;
	long ret;

	if (act) {
		if (!copy(SYS_process_vm_readv, &new, act))
			return -EFAULT;
		by_default = new.handler == (uintptr_t)SIG_DFL;
	}
	ret = sigaction_raw(sig, !act ? NULL : by_default ? &ours : &new, &old);
	if (ret)
		return ret;
	if (old.handler == ours.handler)
		old = virtual[sig];
	if (by_default)
		virtual[sig] = new;
	if (oact && !copy(SYS_process_vm_writev, &old, oact))
		return -EFAULT;
	return 0;
}

long intercept_sigaction(struct door *d)
{
	if (!started || !is_fatal(d->regs->arg[0]) ||
	    d->regs->arg[3] != SIGSET_BYTES)
		return shadow_raw(d);
	return set_fatal(d, (int)d->regs->arg[0]);
}
