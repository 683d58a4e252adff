/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Buffers of the owner of the lock: too large for any stack. Each is used by
 * one function at a time and holds nothing across a return to the door.
 */
#ifndef VS_SHADOW_BUFFERS_H
#define VS_SHADOW_BUFFERS_H

#include "shadow/shadow.h"

/* PATH_MAX bytes, each of which may print as four, and a NUL. */
#define SHADOW_NAME_BUF (4 * 4096 + 64)

extern char shadow_text_buf[PROCMAPS_BUF];	/* [lock] text of /proc files */
extern char shadow_name_buf[SHADOW_NAME_BUF];	/* [lock] name of a query */

/* procmaps_query() into shadow_name_buf [lock]. */
int shadow_query(unsigned long addr, unsigned int flags, struct vma_view *out);

#endif
