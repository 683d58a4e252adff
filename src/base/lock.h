/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The mirror's lock: a futex that nobody waits for without bound.
 *
 * Its holder may be stopped at any instruction: a signal handler that maps, a
 * collector that parks threads in a handler, a handler that never returns. So
 * every attempt ends within LOCK_WAIT_NS, and who does not get it goes on
 * without (design: the unordered call).
 *
 * Identity. The word holds the owner's thread pointer (fs base), so that taking
 * an uncontended lock costs one atomic and no system call. Where two threads
 * share one (CLONE_VM without CLONE_SETTLS) the second is taken for a nested
 * call and goes on without the lock, which is right for it, too.
 *
 * Death. The owner leaves a ticket in its own stack frame. A lock whose ticket
 * is no longer where it was left has lost its owner (siglongjmp out of the door,
 * thread ended in a handler) and may be stolen; what it was doing is unknown. So
 * has one whose owner's thread id was cleared by the kernel.
 *
 * Fairness. Threads that map without rest would take the lock again before a
 * sleeper is awake. Who has waited for LOCK_HEIR_NS becomes the heir, and nobody
 * overtakes the heir; one that does not come is passed over after LOCK_WAIT_NS.
 *
 * Rank: the mirror's lock is innermost. Under it nothing waits, allocates from
 * the program, faults on the program's memory or writes a log.
 */
#ifndef VS_BASE_LOCK_H
#define VS_BASE_LOCK_H

#include <stdbool.h>
#include <stdint.h>

#define LOCK_WAIT_NS	10000000L	/* 10 ms */
#define LOCK_HEIR_NS	1000000L	/* 1 ms */

struct mirror_lock {
	uint64_t word;		/* 0: free; else thread pointer | LOCK_* bits */
	volatile uint64_t *frame; /* where the owner left its ticket */
	uint64_t ticket;
	uint64_t tickets;	/* never used twice */
	uint64_t heir;		/* who waited long enough not to be overtaken:
				 * a thread pointer, or 0 */
	bool no_syscalls;	/* a seccomp filter is on: spin, never sleep */
};

#define LOCK_WAITERS	0x1	/* somebody sleeps on the word */
#define LOCK_LATE	0x2	/* waited for in vain: do not wait again */
#define LOCK_BITS	0x7

enum lock_answer {
	LOCK_TAKEN,
	LOCK_STOLEN,		/* taken; the previous owner died inside */
	LOCK_NESTED,		/* held by this very thread (or one that shares
				 * its thread pointer) */
	LOCK_BUSY,		/* not had within LOCK_WAIT_NS */
};

/* thread_pointer() - the fs base, read without touching memory. */
uint64_t thread_pointer(void);

/* lock_init() - call once, before there is a second thread. @hwcap2: AT_HWCAP2. */
void lock_init(struct mirror_lock *l, unsigned long hwcap2);

/* lock_find_ids() - learn where libc keeps a thread's id. Call once, before there
 * is a second thread; without, threads that vanish are found by their tickets. */
void lock_find_ids(void);

/* thread_id_offset() - where that is, behind the thread pointer; 0: unknown. */
uint64_t thread_id_offset(void);

/*
 * lock_take() - @ticket is a word of the caller's stack frame that outlives the
 * ownership. Async-signal-safe. At most LOCK_WAIT_NS.
 */
enum lock_answer lock_take(struct mirror_lock *l, volatile uint64_t *ticket);
void lock_release(struct mirror_lock *l, volatile uint64_t *ticket);

/* lock_move_ticket() - the owner's frame is about to go: keep the ticket in @to. */
void lock_move_ticket(struct mirror_lock *l, volatile uint64_t *to);

/* lock_reset() - in a fork child: whoever held it is not here. */
void lock_reset(struct mirror_lock *l);

static inline bool lock_is_held(const struct mirror_lock *l)
{
	return __atomic_load_n(&l->word, __ATOMIC_RELAXED) != 0;
}

/* Is it held by this thread, or one that shares its thread pointer? */
static inline bool lock_is_mine(const struct mirror_lock *l)
{
	return (__atomic_load_n(&l->word, __ATOMIC_RELAXED) &
		~(uint64_t)LOCK_BITS) == thread_pointer();
}

#endif
