/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What start.c shares with the log: the first and the last words. */
#ifndef VS_SHADOW_START_H
#define VS_SHADOW_START_H

#include "shadow/shadow.h"

/* log.c: options from @envp (NULL: all defaults), the sink, messages, help. */
void shadow_log_start(const char *const *envp);
/* "Seccomp:" of /proc/self/status: 0 none, 1 strict, 2 filter. */
int shadow_seccomp_mode(void);
/* early.c: this call was made, by ld.so at @ip, before the mirror was seeded. */
void shadow_had_been(const struct call_info *c, const long *arg, long ret,
		     unsigned long ip);
/* environ.c: LD_PRELOAD and LD_AUDIT in @envp without the library. */
void environ_leave(const char *const *envp);
/* Calls will pass unseen; say why. Returns @err. */
int shadow_stay_passive(const char *why, int err);

#endif
