/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The last calls, so that a difference can be laid at somebody's door and a
 * fault be told who made, changed and took away what was there. A ring of
 * segments: the first is here, the others come with the calls, and where there
 * is no memory for another the ring stays as large as it is. A call costs one
 * entry; whoever searches walks all of them.
 */
#include <errno.h>
#include <linux/mman.h>

#include "base/compiler.h"
#include "base/str.h"
#include "shadow/frames.h"
#include "shadow/history.h"
#include "shadow/stacks.h"

#define SEGMENT	    1024
#define SEGMENTS    977		/* 1,000,000 entries */
#define CALL_LEAVES 2		/* mremap: what went, what came */

#define MADV_GUARD_INSTALL_ 102
#define MADV_GUARD_REMOVE_  103

static struct history_entry first[SEGMENT];
static struct history_entry *segments[SEGMENTS] = { first };
static uint32_t room = SEGMENT;		/* entries that there is memory for */
static bool complete;			/* no more will be had */
static uint64_t added;
static struct who by;

static uint32_t capacity(void)
{
	return room < shadow.options.history ? room : shadow.options.history;
}

static struct history_entry *entry(uint64_t number)
{
	uint32_t at = (uint32_t)(number % capacity());

	return &segments[at / SEGMENT][at % SEGMENT];
}

/*
 * The ring turns only when it has its full size: while it grows, number and
 * place of an entry are the same.
 */
void history_reserve(void)
{
	struct history_entry *more;

	if (likely(complete || added + CALL_LEAVES <= room))
		return;
	if (room >= shadow.options.history) {
		complete = true;
		return;
	}
	more = memory_alloc(SEGMENT * sizeof(*more));
	if (!more) {
		complete = true;
		return;
	}
	segments[room / SEGMENT] = more;
	room += SEGMENT;
}

void history_by(const struct who *w)
{
	by = *w;
}

const struct who *history_caller(void)
{
	return &by;
}

static void add(const struct call_info *c, enum history_deed deed,
		unsigned long start, unsigned long end,
		const struct mm_op *op)
{
	struct history_entry *e;

	if (start >= end || !shadow.options.history)
		return;
	e = entry(added++);
	*e = (struct history_entry){
		.event = shadow.mm.event,
		.thread = by.thread, .stack = by.stack,
		.time = by.time, .ip = by.ip,
		.start = start, .end = end,
		.call = (uint8_t)(c - calls), .deed = (uint16_t)deed & 0xf,
	};
	if (!op)
		return;
	e->detail = (uint8_t)(op->call == MM_MADVISE ? op->flags :
			      (unsigned long)op->prot);
	if (raw_is_error(op->ret))
		e->error = (uint16_t)-op->ret & 0xfff;
}

static void add_mremap(const struct call_info *c, const struct mm_op *op)
{
	unsigned long old = op->addr, old_end = PAGE_ALIGN(old + op->len);
	unsigned long new = (unsigned long)op->ret;
	unsigned long new_end = PAGE_ALIGN(new + op->new_len);

	if (new != old) {
		if (op->flags & MREMAP_DONTUNMAP)
			add(c, HISTORY_CHANGED, old, old_end, op);
		else
			add(c, HISTORY_GONE, old, old_end, op);
		add(c, HISTORY_MADE, new, new_end, op);
	} else {
		add(c, HISTORY_GONE, new_end, old_end, op);
		add(c, HISTORY_MADE, old_end, new_end, op);
	}
}

/* Advice that leaves the mirror as it is is none of ours, but for guards. */
static void add_range(const struct call_info *c, const struct mm_op *op)
{
	bool guards = op->call == MM_MADVISE &&
		      (op->flags == MADV_GUARD_INSTALL_ ||
		       op->flags == MADV_GUARD_REMOVE_);

	if (guards || op->call == MM_MPROTECT)
		add(c, HISTORY_CHANGED, op->addr & PAGE_MASK,
		    PAGE_ALIGN(op->addr + op->len), op);
	else
		add(c, HISTORY_CHANGED, op->touched_start, op->touched_end, op);
}

static void add_brk(const struct call_info *c, const struct mm_op *op)
{
	unsigned long end = PAGE_ALIGN(shadow.mm.brk);

	if (op->touched_end > end)
		add(c, HISTORY_GONE, op->touched_start, op->touched_end, op);
	else
		add(c, HISTORY_MADE, op->touched_start, op->touched_end, op);
}

void history_add(const struct call_info *c, const struct mm_op *op)
{
	unsigned long at = (unsigned long)op->ret;

	if (raw_is_error(op->ret)) {
		add(c, HISTORY_CHANGED, op->touched_start, op->touched_end, op);
		return;
	}
	switch (op->call) {
	case MM_MMAP:
	case MM_SHMAT:
		add(c, HISTORY_MADE, at, PAGE_ALIGN(at + op->len), op);
		break;
	case MM_MUNMAP:
		add(c, HISTORY_GONE, op->addr, PAGE_ALIGN(op->addr + op->len),
		    op);
		break;
	case MM_SHMDT:
		add(c, HISTORY_GONE, op->touched_start, op->touched_end, op);
		break;
	case MM_BRK:
		add_brk(c, op);
		break;
	case MM_MREMAP:
		add_mremap(c, op);
		break;
	default:
		add_range(c, op);
		break;
	}
}

void history_add_unknown(const struct call_info *c, unsigned long start,
			 unsigned long end)
{
	add(c, c->op == MM_MUNMAP ? HISTORY_GONE : c->op == MM_MMAP ?
	    HISTORY_MADE : HISTORY_CHANGED, start, end, NULL);
}

/* --- looking back ------------------------------------------------------------ */

/* How many entries there are to walk. */
static uint32_t depth(void)
{
	return added < capacity() ? (uint32_t)added : capacity();
}

static const struct history_entry *older(uint32_t back)
{
	return entry(added - 1 - back);
}

/* What a range touches includes its edges: a merge there is its doing, too. */
bool history_last(unsigned long start, unsigned long end,
		  struct report_last *out)
{
	static const char *stack[STACKS_DEPTH];	/* [lock] */

	for (uint32_t back = 0; back < depth(); back++) {
		const struct history_entry *e = older(back);

		if (e->start > end || e->end < start)
			continue;
		*out = (struct report_last){
			.stack = stack, .nr_stack = frames_of_stack(e->stack, stack),
			.event = e->event, .call = calls[e->call].name,
			.tid = e->thread,
			.addr = e->start, .len = e->end - e->start,
			.ret = e->error ? -(int64_t)e->error :
			       e->deed == HISTORY_MADE ? (int64_t)e->start : 0,
		};
		return true;
	}
	return false;
}

const struct history_entry *history_find(unsigned long addr, uint32_t *back)
{
	for (; *back < depth(); ++*back) {
		const struct history_entry *e = older(*back);

		if (addr >= e->start && addr < e->end)
			return e;
	}
	return NULL;
}

const struct history_entry *history_event(uint32_t event)
{
	for (uint32_t back = 0; back < depth(); back++)
		if (older(back)->event <= event)
			return older(back)->event == event ? older(back) : NULL;
	return NULL;
}
