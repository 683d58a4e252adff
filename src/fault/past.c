/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who did what there, and where instructions stand. */
#include "base/compiler.h"
#include "base/str.h"
#include "fault/scene.h"
#include "shadow/frames.h"
#include "shadow/stacks.h"

const struct vma_view *scene_view(struct scene *s,
				  const struct vm_area_struct *vma)
{
	struct vma_view *v;

	if (!vma || s->nr_views == SCENE_VIEWS)
		return NULL;
	v = &s->views[s->nr_views++];
	mm_view(&shadow.mm, vma, v);
	return v;
}

/*
 * A frame's symbol is searched for in all of its object's: a program that lives
 * on its faults is told less of each.
 */
static unsigned int depth(const struct scene *s, unsigned int most)
{
	return s->handled ? 2 : most;
}

static size_t keep(struct scene *s, const char *const *texts, size_t n,
		   size_t max, const char *const **frames)
{
	size_t kept = 0;

	*frames = &s->frames[s->nr_frames];
	for (; kept < n && kept < max && s->nr_frames < SCENE_FRAMES; kept++) {
		size_t bytes = str_len(texts[kept]) + 1;

		if (bytes > sizeof(s->frame_text) - s->frame_bytes)
			break;
		s->frames[s->nr_frames++] =
			memcpy(s->frame_text + s->frame_bytes, texts[kept],
			       bytes);
		s->frame_bytes += bytes;
	}
	return kept;
}

size_t scene_callers(struct scene *s, uint32_t id, unsigned int max,
		     const char *const **frames)
{
	static const char *texts[STACKS_DEPTH];	/* [lock] */
	const uintptr_t *ips = NULL;
	unsigned int n = stacks_frames(id, &ips);

	return keep(s, texts, frames_text(ips, n < max ? n : max, texts), max,
		    frames);
}

/* A call into nowhere has no frame of its own: its caller is on the stack. */
size_t scene_stack(struct scene *s, const char *const **frames)
{
	static const char *texts[SCENE_STACK];	/* [lock] */
	static uintptr_t found[SCENE_STACK];	/* [lock] */
	unsigned int n = stacks_of_fault(s->fault.ip, s->fault.sp,
					 s->regs.gpr[INSN_RBP], found,
					 depth(s, SCENE_STACK));

	return keep(s, texts, frames_text(found, n, texts), SCENE_STACK,
		    frames);
}

static const char *rights(unsigned int prot)
{
	static const char all[8][4] = {
		"---", "r--", "-w-", "rw-", "--x", "r-x", "-wx", "rwx",
	};

	return all[prot & 7];
}

static bool gives_rights(const struct history_entry *e)
{
	return e->call == CALL_mmap || e->call == CALL_mprotect ||
	       e->call == CALL_pkey_mprotect;
}

static uint64_t ago(const struct history_entry *e)
{
	uint64_t now = who_now();

	return e->time && now > e->time ? who_ns(now - e->time) : ~0UL;
}

static void add(struct scene *s, const struct history_entry *e)
{
	const char *const *stack;
	size_t n = scene_callers(s, e->stack, depth(s, SCENE_CALLERS), &stack);

	s->history[s->report.nr_history++] = (struct report_past){
		.what = calls[e->call].name, .event = e->event,
		.thread = e->thread, .ago_ns = ago(e),
		.addr = e->start, .len = e->end - e->start,
		.rights = gives_rights(e) ? rights(e->detail) : NULL,
		.error = e->error, .stack = stack, .nr_stack = n,
	};
}

/*
 * What the past is looked up for: the address, or of a near miss the mapping that
 * was missed.
 */
static unsigned long subject(const struct scene *s)
{
	const struct fault_verdict *v = &s->v;
	uint32_t back = 0;

	if (v->vma || history_find(s->addr, &back) || (!v->before && !v->after))
		return s->addr;
	if (v->before && (!v->after || v->past <= v->ahead))
		return v->before->vm_end - 1;
	return v->after->vm_start;
}

#define SINCE_NS 100000000u	/* a handler that starts later is a slow one */

/* Did another thread work there after, or just before, the fault? */
static bool is_fresh(const struct scene *s, const struct history_entry *e)
{
	return e->thread != s->thread && ago(e) < SINCE_NS;
}

void scene_look_back(struct scene *s)
{
	const struct history_entry *e;
	unsigned long at;

	if (!s->addr_known)
		return;
	at = subject(s);
	for (uint32_t back = 0; s->report.nr_history < SCENE_HISTORY &&
	     (e = history_find(at, &back)); back++) {
		if (!s->report.nr_history)
			s->changed_since = is_fresh(s, e);
		add(s, e);
	}
}
