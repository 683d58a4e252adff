/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Calls made before there was a mirror. What they left is in the seed, which the
 * kernel told; who made it is learnt here.
 */
#include "shadow/history.h"
#include "shadow/start.h"

static void mark(unsigned long start, unsigned long end, bool made)
{
	struct vm_area_struct *vma = find_vma(&shadow.mm, start);

	for (; vma && vma->vm_start < end; vma = vma->vm_next) {
		vma->changed = shadow.mm.event;
		if (made)
			vma->born = shadow.mm.event;
	}
}

void shadow_had_been(const struct call_info *c, const long *arg, long ret,
		     unsigned long ip)
{
	struct who ld_so = { .thread = shadow.pid, .ip = ip };
	struct mm_op *op = &shadow.op;
	unsigned long start, end;

	shadow.mm.event++;
	shadow.count.calls[c - calls]++;
	shadow.count.by[TIER_PATCH]++;
	shadow.count.unpredictable++;
	if (raw_is_error(ret) || !calls_range(c, arg, ret, &start, &end))
		return;
	calls_fill(c, arg, op);
	op->ret = ret;
	op->touched_start = start;
	op->touched_end = end;
	history_reserve();
	history_by(&ld_so);
	history_add(c, op);
	mark(start, end, c->op == MM_MMAP);
}
