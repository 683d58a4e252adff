/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A fault, explained: what the access was, which mapping it hit or missed, why
 * the kernel refused it, who made that mapping, changed it or took it away, and
 * whether the kernel did what the rules say.
 */
#ifndef VS_FAULT_FAULT_H
#define VS_FAULT_FAULT_H

#include <stdbool.h>

/*
 * fault_report() - from a handler of SIGSEGV or SIGBUS, with what the kernel
 * handed to it (siginfo_t, ucontext_t). @handled: the program has a handler,
 * which runs after this. Says what happened in one event, counts it, and comes
 * back; the program's state is as it was. Takes the mirror's lock; async-signal-
 * safe; makes system calls, so it does nothing under a seccomp filter. The caller
 * has switched alignment checks off (base/flags.h).
 */
void fault_report(const void *info, const void *context, bool handled);

#endif
