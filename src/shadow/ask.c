/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The one place where the kernel is asked about a boundary. The engine said
 * "undecided" and named it; nothing else may come here.
 *
 * PROCMAP_QUERY first, where the kernel has it; else the mremap probe, which
 * needs neither /proc nor a descriptor; maps as text last (procmaps falls back
 * by itself).
 */
#include "shadow/probe.h"
#include "shadow/shadow.h"
#include "shadow/trace.h"

int shadow_ask(unsigned long addr)
{
	int answer;

	if (shadow.sealed)
		return MM_BOUNDARY_UNKNOWN;
	shadow.count.asked++;
	if (!shadow.maps.no_query) {
		answer = procmaps_boundary(&shadow.maps, addr);
		if (answer >= 0)
			return answer ? MM_BOUNDARY_YES : MM_BOUNDARY_NO;
	}
	shadow.count.own++;		/* the probe is an mremap */
	answer = probe_boundary(addr);
	if (answer != MM_BOUNDARY_UNKNOWN)
		return answer;
	answer = procmaps_boundary(&shadow.maps, addr);
	if (answer < 0)
		return MM_BOUNDARY_UNKNOWN;
	return answer ? MM_BOUNDARY_YES : MM_BOUNDARY_NO;
}

void shadow_commit(struct mm_op *op)
{
	int boundary;

	trace_op(op);
	while (mm_commit(&shadow.mm, op) == MM_ASK) {
		boundary = shadow_ask(op->ask);
		trace_answer(boundary);
		mm_answer(op, boundary);
	}
	shadow.seq++;
}
