/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Last words of a process that a signal kills: where the program leaves a fatal
 * signal at SIG_DFL, a handler of ours stands instead. It takes the last check,
 * writes the summary, puts SIG_DFL back and lets the signal come again, with its
 * siginfo, registers and core as without us.
 *
 * TERM, INT, PIPE and HUP are left alone.
 */
#include "base/compiler.h"
#include "base/flags.h"
#include "fault/fault.h"
#include "intercept/intercept.h"
#include "intercept/signals.h"

static const unsigned char fatal_signals[] = {
	SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGSYS, SIGABRT,
};

static bool is_fault(int sig)
{
	return sig == SIGSEGV || sig == SIGBUS;
}

/* faults=all: those that the program handles come to us first. */
static bool keeps_handled(int sig, const struct kernel_sigaction *act)
{
	return is_fault(sig) && is_handler(act) &&
	       shadow.options.faults == OPTIONS_FAULTS_ALL;
}

bool fatal_keeps(int sig, const struct kernel_sigaction *act)
{
	if (act && act->handler != (uintptr_t)SIG_DFL)
		return keeps_handled(sig, act);
	for (unsigned int i = 0; i < sizeof(fatal_signals); i++)
		if (sig == fatal_signals[i])
			return true;
	return false;
}

/* Will the same instruction fault again when the handler returns? */
static bool comes_again(int sig, const siginfo_t *info)
{
	return info->si_code > 0 && (sig == SIGSEGV || sig == SIGBUS ||
				     sig == SIGILL || sig == SIGFPE);
}

/* True: the program has a handler, which shall run now. */
static bool explain(int sig, const siginfo_t *info, const void *context)
{
	struct kernel_sigaction by = signals_program(sig);
	bool handled = is_handler(&by);

	if (is_fault(sig) && shadow.options.faults != OPTIONS_FAULTS_OFF)
		fault_report(info, context, handled);
	return handled;
}

static void fatal_handler(int sig, siginfo_t *info, void *context)
{
	flags_unchecked();	/* the interrupted code has its own in the frame */
	if (explain(sig, info, context))
		signals_deliver(info, context);
	intercept_final(ENDED_SIGNAL);
	signals_die(info, comes_again(sig, info));
}

const struct kernel_sigaction fatal_action = {
	.handler = (uintptr_t)fatal_handler,
	.flags = SA_SIGINFO | SA_ONSTACK | KERNEL_SA_RESTORER,
	.restorer = (uintptr_t)signals_restorer,
	.mask = ~0UL,
};
