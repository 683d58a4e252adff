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

/* [lock] No line comes after the summary: others may go on for a while. */
void log_close(void);
void log_reopen(void);
/* shadow_log_drain() - until all that waits is written, by whomever; not for
 * ever. Not under the lock. */
void shadow_log_drain(void);
/* shadow_log_last() - write what waits without the lock; the process ends. */
void shadow_log_last(void);
/* shadow_log_forget() - in a fork child: what waits is the parent's to write. */
void shadow_log_forget(void);
bool shadow_log_is_per_process(void);

#endif
