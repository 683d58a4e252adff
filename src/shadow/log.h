/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lines for the log, composed under the mirror's lock:
 *
 *	struct report *r = log_begin();
 *	if (r)
 *		log_end(SINK_RECORD, report_check(r, &event));
 */
#ifndef VS_SHADOW_LOG_H
#define VS_SHADOW_LOG_H

#include "shadow/shadow.h"

/* [lock] Where the next line is made; NULL: no room, and counted. */
struct report *log_begin(void);
/* [lock] The line has @len bytes; negative: there is none after all. */
void log_end(enum sink_weight weight, long len);

/* shadow_log_last() - write what waits without the lock; the process ends. */
void shadow_log_last(void);
/* shadow_log_forget() - in a fork child: what waits is the parent's to write. */
void shadow_log_forget(void);
bool shadow_log_is_per_process(void);

#endif
