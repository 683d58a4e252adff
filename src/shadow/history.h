/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The last calls; see history.c. All [lock]. */
#ifndef VS_SHADOW_HISTORY_H
#define VS_SHADOW_HISTORY_H

#include "shadow/shadow.h"

/* The call of @op was applied as event shadow.mm.event. */
void history_add(const struct call_info *c, const struct mm_op *op);
/* The last call that touched [start, end), or an edge of it. */
bool history_last(unsigned long start, unsigned long end,
		  struct report_last *out);

#endif
