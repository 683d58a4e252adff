/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What start.c shares with the log: the first and the last words. */
#ifndef VS_SHADOW_START_H
#define VS_SHADOW_START_H

/* log.c: options from @envp (NULL: all defaults), the sink, messages, help. */
void shadow_log_start(const char *const *envp);
/* environ.c: LD_PRELOAD in @envp without the library. */
void environ_leave(const char *const *envp);
/* Calls will pass unseen; say why. Returns @err. */
int shadow_stay_passive(const char *why, int err);

#endif
