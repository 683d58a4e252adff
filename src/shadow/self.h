/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a descriptor of the program leads to, where a call depends on it.
 * Async-signal-safe; no lock; uses a few hundred bytes of stack.
 */
#ifndef VS_SHADOW_SELF_H
#define VS_SHADOW_SELF_H

#include <stdbool.h>

bool self_is_userfaultfd(int fd);

/*
 * self_is_pidfd() - does the pidfd mean this process, or one of its threads?
 * Negative numbers do, where the kernel takes them at all (PIDFD_SELF, 6.14).
 */
bool self_is_pidfd(int fd);

#endif
