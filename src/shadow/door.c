/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The door: where each call of the program passes exactly once.
 *
 *	lock -- prepare -- system call -- commit (ask) -- settle -- release
 *
 * The lock is held across the system call, so that the mirror's order is the
 * kernel's. Whoever does not get it at once, or makes a call that the kernel
 * finishes after it dropped its own lock, goes round by unordered.c.
 *
 * Stacks. The work runs on the program's stack where that is known to be the
 * thread's own and has room: a handler that interrupts must find the stack
 * pointer where a collector or an unwinder expects it. Elsewhere (alternate
 * signal stacks, coroutines, a call that takes its own stack away) it runs on a
 * stack of ours, with all signals blocked while it does.
 */
#include <errno.h>
#include <signal.h>
#include <sys/mman.h>

#include "base/compiler.h"
#include "base/raw_syscall.h"
#include "base/switch.h"
#include "patch/entry.h"
#include "shadow/door.h"
#include "shadow/history.h"
#include "shadow/policy.h"
#include "shadow/rare.h"
#include "shadow/shadow.h"
#include "shadow/stacks.h"
#include "shadow/trace.h"
#include "shadow/uffd.h"

struct shadow shadow;

void (*shadow_check_hook)(const char *trigger);
void (*shadow_check_near_hook)(unsigned long start, unsigned long end);

/* --- is there room on the program's stack? --------------------------------- */

#define STACK_ROOM  (2 * PAGE_SIZE)
#define OWN_STACK   (64 * 1024)
#define STACK_CACHE 64

/* [lock] Stacks seen, by thread pointer: [lo, hi) is that thread's own. */
static struct {
	uint64_t thread;
	unsigned long lo, hi;
} stack_cache[STACK_CACHE];

static char own_stack[OWN_STACK] __attribute__((aligned(16)));	/* [lock] */

static unsigned int stack_slot(uint64_t thread)
{
	return (thread >> 12 ^ thread >> 6) % STACK_CACHE;
}

/*
 * A thread's own stack is the one that grows down (the first thread), or the
 * mapping that also holds its thread control block, at the top (glibc).
 */
static bool find_stack(uint64_t thread, unsigned long sp, unsigned long *lo,
		       unsigned long *hi)
{
	const struct vm_area_struct *vma = find_vma(&shadow.mm, sp);

	if (!vma)
		return false;
	if (vma->vm_flags & VM_GROWSDOWN) {	/* may have grown unseen */
		*hi = vma->vm_end;
		*lo = vma->vm_prev ? vma->vm_prev->vm_end : 0;
		if (shadow.mm.rlim.stack < *hi - *lo)
			*lo = *hi - shadow.mm.rlim.stack;
		return true;
	}
	*hi = thread;
	*lo = vma->vm_start;
	return thread != shadow.main_thread && sp >= vma->vm_start &&
	       sp < thread && thread < vma->vm_end;
}

static bool learn_stack(uint64_t thread, unsigned long sp)
{
	unsigned int i = stack_slot(thread);
	unsigned long lo, hi;

	if (!find_stack(thread, sp, &lo, &hi))
		return false;
	stack_cache[i].thread = thread;
	stack_cache[i].lo = lo;
	stack_cache[i].hi = hi;
	return sp >= lo + STACK_ROOM;
}

static bool stack_is_known(unsigned long sp)
{
	uint64_t thread = thread_pointer();
	unsigned int i = stack_slot(thread);

	return stack_cache[i].thread == thread && sp < stack_cache[i].hi &&
	       sp >= stack_cache[i].lo + STACK_ROOM;
}

static bool stack_is_roomy(unsigned long sp)
{
	return likely(stack_is_known(sp)) ||
	       learn_stack(thread_pointer(), sp);
}

/* A stack that was unmapped may come again with another extent. */
void door_forget(unsigned long start, unsigned long end)
{
	stacks_forget(start, end);
	for (unsigned int i = 0; i < STACK_CACHE; i++)
		if (stack_cache[i].thread && start < stack_cache[i].hi &&
		    end > stack_cache[i].lo)
			stack_cache[i].thread = 0;
}

static void forget_stacks(const struct mm_op *op)
{
	if (op->call == MM_MUNMAP || op->call == MM_MMAP ||
	    op->call == MM_MREMAP)
		door_forget(op->touched_start, op->touched_end);
}

/* --- one call, by the owner of the lock ------------------------------------ */

/* Between the call and its commit a chunk of our own may have to be linked. */
#define OWN_RESERVE 8

bool door_reserve(struct mm_op *op)
{
	history_reserve();
	while (shadow.mm.pool_free < MM_RESERVE + OWN_RESERVE ||
	       mm_prepare(&shadow.mm, op) == -ENOMEM)
		if (!memory_more_vmas()) {
			shadow_give_up("no memory of its own left");
			return false;
		}
	return true;
}

/* File, extent and added flags come from the kernel's own line. */
static void find_file(const struct call_info *c, const long *arg,
		      struct mm_op *op)
{
	struct vma_view line;

	if (raw_is_error(op->ret))
		return;
	if (c->op == MM_MMAP) {
		/* huge pages come from a file of hugetlbfs, private ones too */
		if (op->anonymous && !(op->flags & (MAP_SHARED | MAP_HUGETLB)))
			return;
		op->file = shadow_file_at((unsigned long)op->ret, &line);
		if (op->file && !op->anonymous)
			shadow_file_hooks(op, (int)arg[4]);
	} else if (c->op == MM_SHMAT) {
		op->file = shadow_file_at((unsigned long)op->ret, &line);
		if (op->file)
			op->len = line.end - (unsigned long)op->ret;
	}
}

static void tally(const struct mm_op *op)
{
	struct shadow_counters *n = &shadow.count;
	bool failed = raw_is_error(op->ret);

	if (!op->verdict_known) {
		n->unpredictable++;
	} else if (failed) {
		n->failed_predicted++;
		n->failed_hit += op->predicted == op->ret;
	} else {
		n->ok_predicted++;
		n->ok_hit += !raw_is_error(op->predicted);
	}
	if (op->place_known && !failed) {
		n->place_predicted++;
		n->place_hit += op->predicted == op->ret;
	}
}

void door_apply(const struct call_info *c, const long *arg, struct mm_op *op)
{
	shadow.mm.event++;
	find_file(c, arg, op);
	if (unlikely(c->op == MM_MBIND))
		policy_find(op, arg[2]);
	shadow.engaged = true;
	shadow_commit(op);
	shadow.engaged = false;
	trace_call(c, op, history_caller());
	shadow_file_unused(op->file);
	if (op->unknown_start < op->unknown_end) {
		shadow.count.settled++;
		shadow_reconcile_around(op->unknown_start, op->unknown_end,
					calls_doubt(c, arg));
		if (unlikely(c->op == MM_MSEAL))
			shadow_reread(op->unknown_start, op->unknown_end);
	}
	history_add(c, op);
	forget_stacks(op);
	shadow_watch_limit();
}

/* A check that the call itself is due for. */
static void check_after(const struct mm_op *op)
{
	if (shadow.check_each && shadow_check_near_hook)
		shadow_check_near_hook(op->touched_start, op->touched_end);
	if (shadow.until_check && !--shadow.until_check) {
		shadow.until_check = shadow.check_every;
		if (shadow_check_hook)
			shadow_check_hook("count");
	}
}

static long owner_call(void *arg)
{
	struct door *d = arg;
	struct mm_op *op = &shadow.op;
	struct who who;

	uffd_settle();
	rare_personality();
	trace_reserve();	/* both may map memory: before prepare */
	who_of(d, &who);
	calls_fill(d->info, d->regs->arg, op);
	if (unlikely(!door_reserve(op)))
		return d->ret = shadow_raw(d);
	door_count(d);
	history_by(&who);
	d->ret = op->ret = shadow_raw(d);
	if (likely(d->info->kind == CALL_MEMORY)) {
		door_apply(d->info, d->regs->arg, op);
		tally(op);
		uffd_moved(op);
		d->no_text = op->call == MM_MPROTECT &&
			     !shadow_find_text(op->touched_start,
					       op->touched_end);
	} else {
		shadow.count.unpredictable++;
		rare_follow(d);
	}
	unordered_settle();
	check_after(op);
	return d->ret;
}

void door_count(const struct door *d)
{
	shadow.count.calls[d->info - calls]++;
	shadow.count.by[d->tier]++;
}

/* --- signals blocked, on the stack of ours ---------------------------------- */

#define SIGSET_BYTES 8

void door_block_signals(struct door_mask *m)
{
	uint64_t all = ~0UL;

	m->changed = !shadow.sealed &&
		     !raw_sys4(SYS_rt_sigprocmask, SIG_BLOCK, &all, &m->old,
			       SIGSET_BYTES);
}

void door_unblock_signals(const struct door_mask *m)
{
	if (m->changed)
		raw_sys4(SYS_rt_sigprocmask, SIG_SETMASK, &m->old, NULL,
			 SIGSET_BYTES);
}

/*
 * The mask is restored only after the lock is released: a handler may come at
 * once, and must not find the stack of ours in use.
 */
static long locked_elsewhere(long (*fn)(void *), void *arg)
{
	return vs_call_on_stack(fn, arg, own_stack + OWN_STACK);
}

/*
 * The call takes its own stack away: the registers are kept by us and the
 * program goes on from them, its old stack never touched again. Releasing the
 * lock gives up the stack of ours as well, so the last steps run on one of a
 * ring of small ones.
 */
#define LEAVING	      64
#define LEAVING_STACK 512

struct leaving {
	struct door_regs regs;
	struct door door;
	struct door_mask mask;
	volatile uint64_t ticket;
	char stack[LEAVING_STACK] __attribute__((aligned(16)));
};

static struct leaving ring[LEAVING];	/* whose turn it is, until it comes again */
static unsigned int ring_next;

static struct leaving *take_leave(const struct door *d,
				  const struct door_mask *mask)
{
	struct leaving *l = &ring[__atomic_fetch_add(&ring_next, 1,
						     __ATOMIC_RELAXED) %
				  LEAVING];

	l->regs = *d->regs;
	l->door = *d;
	l->door.regs = &l->regs;
	l->mask = *mask;
	return l;
}

static long resume(void *arg)
{
	struct leaving *l = arg;

	lock_release(&shadow.lock, &l->ticket);
	door_unblock_signals(&l->mask);
	vs_door_leave(&l->regs, l->door.ret);
}

static long leave(void *arg)
{
	struct leaving *l = arg;

	owner_call(&l->door);
	return vs_call_on_stack(resume, l, l->stack + LEAVING_STACK);
}

static _Noreturn void call_and_leave(const struct door *d,
				     const struct door_mask *mask)
{
	struct leaving *l = take_leave(d, mask);

	lock_move_ticket(&shadow.lock, &l->ticket);
	locked_elsewhere(leave, l);
	__builtin_unreachable();
}

/* The same by a call that did not get the lock. */
static long leave_unordered(void *arg)
{
	struct leaving *l = arg;

	unordered_make(&l->door);
	door_unblock_signals(&l->mask);
	vs_door_leave(&l->regs, l->door.ret);
}

static VS_NOINLINE _Noreturn void call_unordered_and_leave(const struct door *d)
{
	struct leaving *l;
	struct door_mask mask;

	door_block_signals(&mask);
	l = take_leave(d, &mask);
	vs_call_on_stack(leave_unordered, l, l->stack + LEAVING_STACK);
	__builtin_unreachable();
}

/* Apart, for its frame is not for every call: stacks may be small. */
static VS_NOINLINE void elsewhere(struct door *d, volatile uint64_t *ticket)
{
	struct door_mask mask;

	door_block_signals(&mask);
	if (calls_touch_stack(d->info, d->regs->arg, d->sp))
		call_and_leave(d, &mask);
	locked_elsewhere(owner_call, d);
	lock_release(&shadow.lock, ticket);
	door_unblock_signals(&mask);
}

/*
 * What an unordered call did to this very stack is not known before it is
 * settled.
 */
static void owner(struct door *d, volatile uint64_t *ticket)
{
	if (likely(!unordered_waiting() && stack_is_roomy(d->sp) &&
		   !calls_touch_stack(d->info, d->regs->arg, d->sp))) {
		owner_call(d);
		lock_release(&shadow.lock, ticket);
	} else {
		elsewhere(d, ticket);
	}
}

bool door_lock(volatile uint64_t *ticket)
{
	switch (lock_take(&shadow.lock, ticket)) {
	case LOCK_TAKEN:
		return true;
	case LOCK_STOLEN:
		/* what its owner was doing, nobody knows */
		shadow_rebuild();
		return true;
	default:
		return false;
	}
}

long shadow_door(struct door *d)
{
	volatile uint64_t ticket;

	if (unlikely(shadow_is_child()))
		shadow_fork_child();
	if (unlikely(shadow.mode != SHADOW_LIVE))
		return shadow_raw(d);
	if (unlikely(calls_slow(d->info, d->regs->arg)) || !door_lock(&ticket)) {
		if (calls_touch_stack(d->info, d->regs->arg, d->sp))
			call_unordered_and_leave(d);
		return unordered_call(d);
	}
	owner(d, &ticket);
	shadow_log_flush();
	trace_flush();
	return d->ret;
}

/* --- for checks, the API and the way out ----------------------------------- */

struct errand {
	long (*fn)(void *);
	void *arg;
};

static long settled_errand(void *arg)
{
	struct errand *e = arg;

	unordered_settle();
	uffd_settle();
	return e->fn(e->arg);
}

/* Into both: a frame more would be of the program's stack. */
static inline __attribute__((always_inline))
long with_lock(long (*fn)(void *), void *arg)
{
	volatile uint64_t ticket;
	struct door_mask mask;
	long ret = -EBUSY;

	door_block_signals(&mask);
	if (door_lock(&ticket)) {
		ret = locked_elsewhere(fn, arg);
		lock_release(&shadow.lock, &ticket);
	}
	door_unblock_signals(&mask);
	return ret;
}

long shadow_with_lock(long (*fn)(void *), void *arg)
{
	struct errand e = { fn, arg };

	return with_lock(settled_errand, &e);
}

long door_with_lock(long (*fn)(void *), void *arg)
{
	return with_lock(fn, arg);
}
