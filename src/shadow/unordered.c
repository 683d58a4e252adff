/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The unordered call: announced without the lock, made without it, settled by
 * the next owner of the mirror.
 *
 * It is for whoever must not wait: a handler that interrupted the door, a
 * thread whose peer holds the lock for longer than LOCK_WAIT_NS, a call that
 * the kernel finishes after it dropped its own lock. Its place among the other
 * calls is unknown. If nothing else happened between announcement and
 * settlement, the place does not matter and it is recorded as any call; else
 * the kernel is asked what its range holds.
 */
#include <errno.h>

#include "base/compiler.h"
#include "base/raw_syscall.h"
#include "shadow/door.h"
#include "shadow/history.h"
#include "shadow/rare.h"
#include "shadow/stacks.h"
#include "shadow/trace.h"

#define SLOTS 64

enum slot_state { SLOT_FREE, SLOT_CLAIMED, SLOT_FLYING, SLOT_DONE };

struct slot {
	uint32_t state;
	const struct call_info *info;
	const struct door *door;	/* its maker's; not to be followed */
	long arg[6];
	long ret;
	struct who who;
	uint64_t seq;		/* shadow.seq when announced */
	uint64_t number;	/* of the announcement */
	bool alone;		/* none other was in flight when announced */
};

static struct slot slots[SLOTS];
static uint64_t announced;		/* how many ever */
static uint32_t flying;
uint32_t unordered_done;
static uint32_t unseen;			/* in flight without a slot: none was free */
static uint32_t untracked;		/* and landed */
static uint64_t calls_made[CALLS], by_tier[TIERS];

static struct slot *announce(const struct door *d)
{
	uint32_t before = __atomic_fetch_add(&flying, 1, __ATOMIC_SEQ_CST);
	uint64_t number = __atomic_add_fetch(&announced, 1, __ATOMIC_SEQ_CST);

	__atomic_fetch_add(&calls_made[d->info - calls], 1, __ATOMIC_RELAXED);
	__atomic_fetch_add(&by_tier[d->tier], 1, __ATOMIC_RELAXED);
	for (unsigned int i = 0; i < SLOTS; i++) {
		struct slot *s = &slots[i];
		uint32_t want = SLOT_FREE;

		if (!__atomic_compare_exchange_n(&s->state, &want, SLOT_CLAIMED,
						 false, __ATOMIC_SEQ_CST,
						 __ATOMIC_SEQ_CST))
			continue;
		s->info = d->info;
		for (unsigned int a = 0; a < 6; a++)
			s->arg[a] = d->regs->arg[a];
		s->door = d;
		who_of_unordered(d, &s->who);
		s->number = number;
		s->alone = before == 0 && !lock_is_held(&shadow.lock);
		s->seq = __atomic_load_n(&shadow.seq, __ATOMIC_SEQ_CST);
		__atomic_store_n(&s->state, SLOT_FLYING, __ATOMIC_SEQ_CST);
		return s;
	}
	__atomic_fetch_add(&unseen, 1, __ATOMIC_SEQ_CST);
	return NULL;
}

static void landed(struct slot *s, long ret)
{
	if (s) {
		s->ret = ret;
		__atomic_store_n(&s->state, SLOT_DONE, __ATOMIC_SEQ_CST);
	} else {
		__atomic_fetch_add(&untracked, 1, __ATOMIC_SEQ_CST);
		__atomic_fetch_sub(&unseen, 1, __ATOMIC_SEQ_CST);
	}
	__atomic_fetch_add(&unordered_done, 1, __ATOMIC_SEQ_CST);
	__atomic_fetch_sub(&flying, 1, __ATOMIC_SEQ_CST);
}

/*
 * Who called is found out now: the walk needs the mirror, and more of a stack
 * than the program's may have. Another owner may have settled the call before,
 * and another call have its slot.
 */
static long settle_made(void *arg)
{
	const struct door *d = arg;
	struct slot *s = d->slot;

	if (s && s->door == d &&
	    __atomic_load_n(&s->state, __ATOMIC_SEQ_CST) == SLOT_DONE)
		s->who.stack = stacks_take(d, 0);
	unordered_settle();
	return 0;
}

void unordered_make(struct door *d)
{
	d->slot = announce(d);
	d->ret = shadow_raw(d);
	landed(d->slot, d->ret);
}

long unordered_call(struct door *d)
{
	unordered_make(d);
	/* nested in the owner: it settles before it leaves */
	door_with_lock(settle_made, d);
	shadow_log_flush();
	trace_flush();
	return d->ret;
}

/* Nothing else can have come between this call and now. */
static bool undisturbed(const struct slot *s)
{
	return s->alone && s->seq == shadow.seq && !rare_personalities() &&
	       s->number == __atomic_load_n(&announced, __ATOMIC_SEQ_CST);
}

static void settle(const struct slot *s)
{
	struct mm_op *op = &shadow.op;
	unsigned long start, end;

	history_by(&s->who);
	if (unlikely(s->info->kind != CALL_MEMORY)) {
		rare_settle(s->info, s->arg, s->ret);
		return;
	}
	if (undisturbed(s)) {
		calls_fill(s->info, s->arg, op);
		if (!door_reserve(op))
			return;
	}
	if (undisturbed(s)) {	/* nor by a chunk where it unmapped */
		op->ret = s->ret;
		door_apply(s->info, s->arg, op);
		return;
	}
	shadow.count.settled++;
	if (!calls_range(s->info, s->arg, s->ret, &start, &end)) {
		shadow_rebuild();
		return;
	}
	door_forget(start, end);
	shadow_reconcile_around(start, end, calls_doubt(s->info, s->arg));
}

void unordered_settle(void)
{
	if (likely(!unordered_waiting()))
		return;
	for (unsigned int i = 0; i < SLOTS; i++) {
		static struct slot s;	/* [lock] */

		if (__atomic_load_n(&slots[i].state, __ATOMIC_SEQ_CST) !=
		    SLOT_DONE)
			continue;
		s = slots[i];
		__atomic_store_n(&slots[i].state, SLOT_FREE, __ATOMIC_SEQ_CST);
		__atomic_fetch_sub(&unordered_done, 1, __ATOMIC_SEQ_CST);
		settle(&s);
	}
	if (__atomic_load_n(&untracked, __ATOMIC_SEQ_CST)) {
		uint32_t n = __atomic_exchange_n(&untracked, 0,
						 __ATOMIC_SEQ_CST);

		__atomic_fetch_sub(&unordered_done, n, __ATOMIC_SEQ_CST);
		shadow.count.settled += n;
		shadow_rebuild();
	}
}

/* May the call of @s have changed [start, end), or merged with it? */
static bool may_touch(const struct slot *s, unsigned long start,
		      unsigned long end)
{
	uint32_t state = __atomic_load_n(&s->state, __ATOMIC_SEQ_CST);
	unsigned long from, to;

	if (state == SLOT_FREE)
		return false;
	if (state == SLOT_CLAIMED)
		return true;
	if (state == SLOT_FLYING && s->info->op == MM_MMAP)
		return true;		/* where, only the kernel knows yet */
	if (!calls_range(s->info, s->arg, s->ret, &from, &to))
		return true;
	return from <= end && to >= start;
}

bool unordered_explains(unsigned long start, unsigned long end)
{
	for (unsigned int i = 0; i < SLOTS; i++)
		if (may_touch(&slots[i], start, end))
			return true;
	return __atomic_load_n(&unseen, __ATOMIC_SEQ_CST) ||
	       __atomic_load_n(&untracked, __ATOMIC_SEQ_CST);
}

bool unordered_in_flight(void)
{
	return __atomic_load_n(&flying, __ATOMIC_SEQ_CST) != 0;
}

uint64_t unordered_calls(unsigned int index)
{
	return __atomic_load_n(&calls_made[index], __ATOMIC_RELAXED);
}

uint64_t unordered_by(enum shadow_tier tier)
{
	return __atomic_load_n(&by_tier[tier], __ATOMIC_RELAXED);
}

void unordered_forget(void)
{
	for (unsigned int i = 0; i < CALLS; i++)
		calls_made[i] = 0;
	for (unsigned int i = 0; i < TIERS; i++)
		by_tier[i] = 0;
	for (unsigned int i = 0; i < SLOTS; i++)
		slots[i].state = SLOT_FREE;
	flying = unordered_done = unseen = untracked = 0;
}
