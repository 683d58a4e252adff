/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The last calls, so that a difference can be laid at somebody's door. A ring:
 * enough to find the last one that touched a range, no history of the process.
 */
#include "base/compiler.h"
#include "shadow/history.h"

#define RING 1024

static struct event {
	uint32_t id;
	uint32_t call;		/* enum call_index */
	unsigned long start, end;
	unsigned long addr, len;
	long ret;
} ring[RING];			/* [lock] */

static uint32_t next;

void history_add(const struct call_info *c, const struct mm_op *op)
{
	struct event *e = &ring[next++ % RING];

	e->id = shadow.mm.event;
	e->call = (uint32_t)(c - calls);
	e->start = op->touched_start;
	e->end = op->touched_end;
	e->addr = op->addr;
	e->len = op->len;
	e->ret = op->ret;
}

/* What a range touches includes its edges: a merge there is its doing, too. */
bool history_last(unsigned long start, unsigned long end,
		  struct report_last *out)
{
	for (uint32_t back = 1; back <= RING; back++) {
		const struct event *e = &ring[(next - back) % RING];

		if (!e->id || e->start > end || e->end < start ||
		    e->start == e->end)
			continue;
		*out = (struct report_last){
			.event = e->id, .call = calls[e->call].name,
			.addr = e->addr, .len = e->len, .ret = e->ret,
		};
		return true;
	}
	return false;
}
