/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Running a C function on another stack.
 */
#ifndef VS_BASE_SWITCH_H
#define VS_BASE_SWITCH_H

#include "base/compiler.h"

/*
 * vs_call_on_stack() - call fn(arg) with the stack pointer at @stack_top, which
 * is rounded down to 16 bytes and grows downwards from there, and come back.
 * Returns what @fn returned.
 *
 * The caller's stack is touched before and after @fn only. Unwinders step from
 * @fn back into the caller. Async-signal-safe; a signal that arrives meanwhile
 * runs on the new stack unless its handler has one of its own. @fn may also
 * never return (vs_door_leave()); the caller's frame is then dead.
 */
VS_HIDDEN long vs_call_on_stack(long (*fn)(void *), void *arg, void *stack_top);

#endif
