/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A trace gone through for the report; contracts in report.h. */
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/compiler.h"
#include "cmd/command.h"
#include "cmd/report.h"

#define EVERYTHING	(1UL << 47)
#define LONG_TRACE	(64UL << 20)	/* bytes: who waits wants to know */

struct call_owner {
	uint32_t event, owner;
};

/* --- whose ----------------------------------------------------------------- */

static void remember_owner(struct report *r, uint32_t event, uint32_t owner)
{
	if (r->nr_calls && r->calls[r->nr_calls - 1].event >= event)
		return;
	if (!r->nr_calls)
		r->first_event = event;
	if (r->nr_calls == r->room_calls) {
		r->room_calls = r->room_calls ? r->room_calls * 2 : 1024;
		r->calls = grow(r->calls, r->room_calls, sizeof(*r->calls));
	}
	r->calls[r->nr_calls++] = (struct call_owner){ event, owner };
}

uint32_t report_owner(const struct report *r, uint32_t event)
{
	size_t low = 0, high = r->nr_calls;

	if (!high || event < r->first_event)
		return OWNER_BEFORE;
	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (r->calls[middle].event <= event)
			low = middle;
		else
			high = middle;
	}
	return r->calls[low].event == event ? r->calls[low].owner
					    : OWNER_UNKNOWN;
}

static uint32_t owner_of_vma(const struct report *r,
			     const struct vm_area_struct *vma)
{
	return vma->bits & VMA_OWN ? OWNER_LIBRARY
				   : report_owner(r, vma->born);
}

static uint32_t found(void *ctx, const struct vm_area_struct *vma)
{
	struct report *r = ctx;

	return owners_new(&r->owners, owner_of_vma(r, vma), vma->born);
}

/* --- one call ---------------------------------------------------------------- */

/* Where the running call made a mapping; one number, taken when it is needed. */
struct making {
	struct report *r;
	uint32_t owner, event, mapping;
	bool any;
};

static uint32_t made(void *ctx, const struct vm_area_struct *vma)
{
	struct making *m = ctx;

	(void)vma;
	if (!m->any)
		m->mapping = owners_new(&m->r->owners, m->owner, m->event);
	m->any = true;
	return m->mapping;
}

static uint64_t pages_up(uint64_t n)
{
	return PAGE_ALIGN(n);
}

static void follow_mremap(struct making *m, const struct mm_op *op)
{
	uint64_t len = pages_up(op->len), new_len = pages_up(op->new_len);
	uint64_t to = (uint64_t)op->ret;
	bool keep = op->flags & MREMAP_DONTUNMAP;

	if (to == op->addr) {
		owners_unmap(&m->r->owners, to + new_len, to + len);
		return;
	}
	owners_move(&m->r->owners, op->addr, len, to, new_len, keep,
		    new_len > len ? made(m, NULL) : 0);
}

/* What is mapped in these ranges now, and was not before, this call made. */
static void follow(struct making *m, const struct mm_op *op)
{
	struct owners *o = &m->r->owners;
	const struct mm_struct *mm = &m->r->world->mm;
	uint64_t ret = (uint64_t)op->ret;
	bool good = ret < -4095UL;

	switch (op->call) {
	case MM_MMAP:
		if (good)
			owners_map(o, ret, ret + pages_up(op->len),
				   made(m, NULL));
		break;
	case MM_SHMAT:
		if (good)
			owners_map(o, op->touched_start, op->touched_end,
				   made(m, NULL));
		break;
	case MM_MREMAP:
		if (good)
			follow_mremap(m, op);
		break;
	case MM_MUNMAP:
	case MM_SHMDT:
	case MM_BRK:
		break;
	default:
		return;
	}
	owners_sync(o, mm, op->touched_start, op->touched_end, made, m);
}

static void follow_call(struct report *r, bool own)
{
	const struct world_call *c = &r->world->call;
	struct making m = {
		.r = r, .event = (uint32_t)c->event,
		.owner = own ? OWNER_LIBRARY : OWNER_STACK + c->stack,
	};

	if (!own)	/* it may be in the middle of one of the program's */
		remember_owner(r, m.event, m.owner);
	follow(&m, &c->op);
	if ((uint64_t)c->op.ret < -4095UL || own)
		return;
	r->failed++;
	if (c->op.ret != -ENOMEM ||
	    r->world->mm.map_count + 1 < r->world->mm.max_map_count)
		return;
	if (!r->refused++)
		r->first_refused = c->event;
}

/* --- the course of it ---------------------------------------------------------- */

static void peak(struct peak *p, uint64_t value, const struct world *w)
{
	if (value <= p->value)
		return;
	*p = (struct peak){ value, w->mm.event, w->ticks };
}

/* As many as there is room for, evenly: when it is full, every other one goes. */
static void sample(struct report *r)
{
	const struct world *w = r->world;

	if (++r->skipped < r->stride)
		return;
	r->skipped = 0;
	if (r->nr_samples == SAMPLES) {
		for (unsigned int i = 0; i < SAMPLES / 2; i++)
			r->samples[i] = r->samples[2 * i];
		r->nr_samples /= 2;
		r->stride *= 2;
	}
	r->samples[r->nr_samples++] = (struct sample){
		w->ticks, w->mm.map_count,
	};
}

static void look(struct report *r, const struct trace_item *item)
{
	struct world *w = r->world;

	if (item->type == TRACE_CALL || item->type == TRACE_OWN) {
		follow_call(r, item->type == TRACE_OWN);
		sample(r);
	} else if (item->type == TRACE_STATE) {
		owners_sync(&r->owners, &w->mm, w->state_start, w->state_end,
			    found, r);
	} else {
		return;
	}
	peak(&r->count, w->mm.map_count, w);
	peak(&r->bytes, w->mm.total_vm * PAGE_SIZE, w);
}

static bool later(const struct report *r, const struct trace_item *item)
{
	struct unpack u = item->payload;

	return item->type == TRACE_CALL && unpack_u64(&u) > r->at;
}

static void progress(const struct report *r, unsigned int *shown)
{
	const struct trace_reader *t = r->trace;
	unsigned int percent = (unsigned int)(t->at * 100 / t->size);

	if (t->size < LONG_TRACE || percent == *shown || !isatty(STDERR_FILENO))
		return;
	*shown = percent;
	fprintf(stderr, "\rvmashadow: reading the trace: %u %%", percent);
	if (percent >= 99)
		fputs("\r\033[K", stderr);
}

int report_gather(struct report *r)
{
	struct trace_reader *t = r->trace;
	struct trace_item item;
	unsigned int shown = 0;

	r->stride = 1;
	while (trace_next(t, &item) && !later(r, &item)) {
		if (world_apply(r->world, &item)) {
			complain("%s: the record at byte %zu is refused: it "
				 "lacks %s", t->path, item.at, r->world->why);
			r->incomplete = true;
			break;
		}
		look(r, &item);
		progress(r, &shown);
	}
	if (t->damage) {
		complain("%s: damaged at byte %zu: %s; what came before is "
			 "whole", t->path, t->at, t->damage);
		r->incomplete = true;
	}
	r->unfollowed = owners_sync(&r->owners, &r->world->mm, 0, EVERYTHING,
				    found, r);
	return r->incomplete ? -1 : 0;
}
