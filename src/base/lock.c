/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The mirror's lock; the idea and the contract stand in lock.h. */
#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <linux/time_types.h>
#include <sys/prctl.h>
#include <sys/uio.h>
#include <time.h>

#include "base/compiler.h"
#include "base/lock.h"
#include "base/raw_syscall.h"

#define HWCAP2_FSGSBASE 0x2
#define ID_OFFSET_MAX 4096		/* of a thread control block */
#define SPINS 100			/* a few hundred ns before sleeping */
#define SPINS_NO_SLEEP 200000		/* some 10 ms of pauses */

static bool have_rdfsbase;
/* Where libc has a thread's id, behind its thread pointer; 0: unknown. */
static uint64_t id_offset;

uint64_t thread_pointer(void)
{
	uint64_t fs;

	if (likely(have_rdfsbase))
		__asm__ volatile("rdfsbase %0" : "=r"(fs));
	else		/* the TCB's first word points to itself (ELF TLS ABI) */
		__asm__ volatile("mov %%fs:0, %0" : "=r"(fs));
	return fs & ~(uint64_t)LOCK_BITS;
}

void lock_init(struct mirror_lock *l, unsigned long hwcap2)
{
	have_rdfsbase = hwcap2 & HWCAP2_FSGSBASE;
	l->no_syscalls = false;
	lock_reset(l);
}

void lock_find_ids(void)
{
	uint64_t at = 0, self = thread_pointer();

	if (!raw_sys2(SYS_prctl, PR_GET_TID_ADDRESS, &at) && at > self &&
	    at < self + ID_OFFSET_MAX)
		id_offset = at - self;
}

uint64_t thread_id_offset(void)
{
	return id_offset;
}

void lock_reset(struct mirror_lock *l)
{
	l->frame = NULL;
	l->heir = 0;
	__atomic_store_n(&l->word, 0, __ATOMIC_RELEASE);
}

static uint64_t heir_of(const struct mirror_lock *l)
{
	return __atomic_load_n(&l->heir, __ATOMIC_RELAXED);
}

static void set_heir(struct mirror_lock *l, uint64_t from, uint64_t to)
{
	__atomic_compare_exchange_n(&l->heir, &from, to, false,
				    __ATOMIC_RELAXED, __ATOMIC_RELAXED);
}

static bool try_take(struct mirror_lock *l, uint64_t want)
{
	uint64_t free = 0;

	return __atomic_compare_exchange_n(&l->word, &free, want, false,
					   __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

/*
 * The order matters to a handler that interrupts here: while frame is NULL
 * nobody may conclude that the ticket is missing.
 */
static void leave_ticket(struct mirror_lock *l, volatile uint64_t *ticket)
{
	__atomic_store_n(&l->ticket, ++l->tickets, __ATOMIC_RELEASE);
	*ticket = l->ticket;
	__atomic_store_n(&l->frame, ticket, __ATOMIC_RELEASE);
}

static volatile uint64_t *frame_of(const struct mirror_lock *l)
{
	return __atomic_load_n(&l->frame, __ATOMIC_ACQUIRE);
}

static uint64_t ticket_of(const struct mirror_lock *l)
{
	return __atomic_load_n(&l->ticket, __ATOMIC_ACQUIRE);
}

/*
 * Is the owner's ticket gone from the frame where it was left? The frame may be
 * unmapped by now: only the kernel can look without harm.
 *
 * The owner may release the lock and take it again while we look, from the very
 * same frame. Frame, ticket and frame again, read in this order, belong to one
 * ownership that has left its ticket if the ticket is still the same at the end:
 * the frame is published last and withdrawn first.
 */
static bool ticket_is_gone(const struct mirror_lock *l)
{
	volatile uint64_t *frame = frame_of(l);
	uint64_t want = ticket_of(l), found = 0;
	struct iovec local = { &found, sizeof(found) };
	struct iovec remote = { (void *)(uintptr_t)frame, sizeof(found) };
	long n;

	if (!frame || l->no_syscalls || frame_of(l) != frame)
		return false;
	n = raw_sys6(SYS_process_vm_readv, raw_sys0(SYS_getpid), &local, 1,
		     &remote, 1, 0);
	if (raw_is_error(n) && n != -EFAULT)
		return false;
	if (found == want && !raw_is_error(n))
		return false;
	return frame_of(l) == frame && ticket_of(l) == want;
}

/*
 * Has the thread ended, its stack and ticket left as they were? That is how one
 * goes that leaves by the bare system call. The kernel clears the id then. A
 * thread that is not libc's is never found so: its block looks otherwise.
 */
static bool thread_has_ended(const struct mirror_lock *l, uint64_t thread)
{
	uint64_t ticket = ticket_of(l);
	struct { uint64_t tcb, dtv, self; } head;
	uint32_t id;
	struct iovec local[2] = { { &head, sizeof(head) }, { &id, sizeof(id) } };
	struct iovec remote[2] = {
		{ (void *)(uintptr_t)thread, sizeof(head) },
		{ (void *)(uintptr_t)(thread + id_offset), sizeof(id) },
	};

	if (!id_offset || l->no_syscalls ||
	    raw_sys6(SYS_process_vm_readv, raw_sys0(SYS_getpid), local, 2,
		     remote, 2, 0) != sizeof(head) + sizeof(id))
		return false;
	return head.tcb == thread && head.self == thread && !id &&
	       ticket_of(l) == ticket;
}

static bool owner_is_dead(const struct mirror_lock *l, uint64_t seen)
{
	return ticket_is_gone(l) ||
	       thread_has_ended(l, seen & ~(uint64_t)LOCK_BITS);
}

static bool steal(struct mirror_lock *l, uint64_t self)
{
	uint64_t seen = __atomic_load_n(&l->word, __ATOMIC_ACQUIRE);

	if (!seen || !owner_is_dead(l, seen))
		return false;
	if (!__atomic_compare_exchange_n(&l->word, &seen,
					 self | (seen & LOCK_WAITERS), false,
					 __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
		return false;
	l->frame = NULL;
	return true;
}

static long now_ns(void)
{
	struct timespec t = { 0, 0 };

	raw_sys2(SYS_clock_gettime, CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000L + t.tv_nsec;
}

/* Sleep while the word stays as it is; at most until @deadline. */
static bool sleep_until(struct mirror_lock *l, uint64_t seen, long deadline)
{
	long left = deadline - now_ns();
	struct timespec t = { 0, left };

	if (left <= 0)
		return false;
	if (!(seen & LOCK_WAITERS) &&
	    !__atomic_compare_exchange_n(&l->word, &seen, seen | LOCK_WAITERS,
					 false, __ATOMIC_RELAXED,
					 __ATOMIC_RELAXED))
		return true;
	raw_sys4(SYS_futex, &l->word, FUTEX_WAIT | FUTEX_PRIVATE_FLAG,
		 (uint32_t)(seen | LOCK_WAITERS), &t);
	return true;
}

static bool spin(struct mirror_lock *l, uint64_t want, unsigned int rounds)
{
	while (rounds--) {
		if (!__atomic_load_n(&l->word, __ATOMIC_RELAXED) &&
		    !heir_of(l) && try_take(l, want))
			return true;
		__builtin_ia32_pause();
	}
	return false;
}

/*
 * Late is an owner who had the lock all the time that somebody waited: who came
 * and went meanwhile is only quick. A word that became free stays free.
 */
static void flag_late(struct mirror_lock *l, uint64_t seen, uint64_t since)
{
	while (seen && !(seen & LOCK_LATE) &&
	       __atomic_load_n(&l->tickets, __ATOMIC_RELAXED) == since &&
	       !__atomic_compare_exchange_n(&l->word, &seen, seen | LOCK_LATE,
					    false, __ATOMIC_RELAXED,
					    __ATOMIC_RELAXED))
		;
}

/* One look at the lock by a thread that waits: taken, late, or neither. */
enum look { LOOK_TAKEN, LOOK_LATE, LOOK_AGAIN };

static enum look look(struct mirror_lock *l, uint64_t self, uint64_t *seen)
{
	uint64_t heir = heir_of(l);

	/* who slept cannot know whether others still do */
	if ((!heir || heir == self) && try_take(l, self | LOCK_WAITERS))
		return LOOK_TAKEN;
	*seen = __atomic_load_n(&l->word, __ATOMIC_RELAXED);
	return *seen & LOCK_LATE ? LOOK_LATE : LOOK_AGAIN;
}

/* Until something may have changed; false: the deadline has come. */
static bool rest(struct mirror_lock *l, uint64_t seen, long deadline)
{
	if (seen)
		return sleep_until(l, seen, deadline);
	raw_sys0(SYS_sched_yield);	/* free, and the heir is on his way */
	return now_ns() < deadline;
}

static enum look wait_until(struct mirror_lock *l, uint64_t self,
			    uint64_t *seen)
{
	long start = now_ns();
	enum look found;

	do {
		found = look(l, self, seen);
		if (found != LOOK_AGAIN)
			return found;
		if (now_ns() - start > LOCK_HEIR_NS)
			set_heir(l, 0, self);
	} while (rest(l, *seen, start + LOCK_WAIT_NS));
	return LOOK_AGAIN;
}

/* Wait for another thread's ownership to end; flag it as late if it does not. */
static bool wait_for(struct mirror_lock *l, uint64_t self)
{
	uint64_t since = __atomic_load_n(&l->tickets, __ATOMIC_RELAXED);
	uint64_t heir = heir_of(l), seen = 0;
	enum look found;

	if (spin(l, self, l->no_syscalls ? SPINS_NO_SLEEP : SPINS))
		return true;
	if (l->no_syscalls)
		return false;
	found = wait_until(l, self, &seen);
	set_heir(l, self, 0);
	if (found == LOOK_AGAIN) {
		flag_late(l, seen, since);
		if (heir)	/* the same all the time: he does not come */
			set_heir(l, heir, 0);
	}
	return found == LOOK_TAKEN;
}

/* Apart: whoever finds the lock free shall not have this on a small stack. */
static VS_NOINLINE
enum lock_answer take_contended(struct mirror_lock *l, uint64_t self)
{
	uint64_t seen = __atomic_load_n(&l->word, __ATOMIC_RELAXED);

	if ((seen & ~(uint64_t)LOCK_BITS) == self)
		return steal(l, self) ? LOCK_STOLEN : LOCK_NESTED;
	if (!(seen & LOCK_LATE) && wait_for(l, self))
		return LOCK_TAKEN;
	return steal(l, self) ? LOCK_STOLEN : LOCK_BUSY;
}

enum lock_answer lock_take(struct mirror_lock *l, volatile uint64_t *ticket)
{
	uint64_t self = thread_pointer();
	enum lock_answer got = LOCK_TAKEN;

	/* a dead call may have left its ticket just here */
	*ticket = 0;
	if (unlikely(heir_of(l) || !try_take(l, self)))
		got = take_contended(l, self);
	if (likely(got <= LOCK_STOLEN))
		leave_ticket(l, ticket);
	return got;
}

void lock_move_ticket(struct mirror_lock *l, volatile uint64_t *to)
{
	*to = l->ticket;
	__atomic_store_n(&l->frame, to, __ATOMIC_RELEASE);
}

void lock_release(struct mirror_lock *l, volatile uint64_t *ticket)
{
	uint64_t old;

	if (l->frame != ticket)		/* it was stolen from us */
		return;
	/* in this order: a ticket may be missing only from a known frame */
	__atomic_store_n(&l->frame, NULL, __ATOMIC_RELEASE);
	*ticket = 0;
	old = __atomic_exchange_n(&l->word, 0, __ATOMIC_RELEASE);
	if (unlikely(old & LOCK_WAITERS) && !l->no_syscalls)
		raw_sys3(SYS_futex, &l->word, FUTEX_WAKE | FUTEX_PRIVATE_FLAG,
			 heir_of(l) ? INT_MAX : 1);
}
