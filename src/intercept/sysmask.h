/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Threads that have SIGSYS blocked, in the program's eyes. In the kernel's no
 * thread that traps ever has: the trap would kill the process. So the bit is
 * taken out of each mask on its way in, kept here by thread, and put into each
 * mask on its way out.
 *
 * When a SIGSYS that is not a trap comes to such a thread, it is blocked in
 * earnest and sent again: then it is pending as the program expects, for
 * sigpending(), sigwait() and signalfd, and the thread makes its calls untrapped
 * until its mask is seen to let the signal in again (SYSMASK_HELD).
 *
 * Not tracked: the mask that a handler, sigsuspend() or another call with a mask
 * has for its own time.
 *
 * No libc; async-signal-safe; no lock.
 */
#ifndef VS_INTERCEPT_SYSMASK_H
#define VS_INTERCEPT_SYSMASK_H

#include <stdbool.h>

enum sysmask { SYSMASK_OPEN, SYSMASK_BLOCKED, SYSMASK_HELD };

/* A filter forbids to ask which thread this is: all are taken for open. */
extern bool sysmask_closed;

/* Of this thread. */
enum sysmask sysmask_get(void);
void sysmask_set(enum sysmask state);

#endif
