/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Inside the shadow room: what the door's parts share.
 */
#ifndef VS_SHADOW_DOOR_H
#define VS_SHADOW_DOOR_H

#include "shadow/shadow.h"

/* door_lock() - the mirror's lock, rebuilt if its last owner died. */
bool door_lock(volatile uint64_t *ticket);

/* door_with_lock() - shadow_with_lock(), but what waits is not settled first. */
long door_with_lock(long (*fn)(void *), void *arg);

/* All signals blocked, unless that is no longer ours to ask for. */
struct door_mask {
	uint64_t old;
	bool changed;
};

void door_block_signals(struct door_mask *m);
void door_unblock_signals(const struct door_mask *m);

/* [lock] Take memory for @op and predict it; false: the mirror gave up. */
bool door_reserve(struct mm_op *op);

/* [lock] The kernel has answered op->ret: ask what is undecided, and commit. */
void door_apply(const struct call_info *c, const long *arg, struct mm_op *op);

/* [lock] Stacks and code in [start, end) are to be looked up anew. */
void door_forget(unsigned long start, unsigned long end);

/* [lock] Count a call of the program. */
void door_count(const struct door *d);

/*
 * unordered_call() - the call without the lock: announced, made, and settled by
 * whoever next owns the mirror, this thread if it can.
 */
long unordered_call(struct door *d);
/* The same, but left to the next owner: d->ret is the kernel's answer. */
void unordered_make(struct door *d);
void unordered_settle(void);		/* [lock] */
bool unordered_in_flight(void);
extern uint32_t unordered_done;		/* made, not settled yet */
static inline bool unordered_waiting(void)
{
	return __atomic_load_n(&unordered_done, __ATOMIC_SEQ_CST) != 0;
}
/*
 * [lock] unordered_explains() - is there a call, announced and not settled yet,
 * that may have changed [start, end)? A difference there is not judged: when
 * that call is settled the kernel is asked anyway.
 */
bool unordered_explains(unsigned long start, unsigned long end);
/* Calls made unordered; shadow.count has the others. */
uint64_t unordered_calls(unsigned int index);
uint64_t unordered_by(enum shadow_tier tier);
void unordered_forget(void);		/* fork child: they are not here */

/* [lock] Stop mirroring and say why. */
void shadow_give_up(const char *why);
/* [lock] One line when the count of mappings comes near the kernel's limit. */
void shadow_watch_limit(void);
/* [lock] Let @v's name outlive the buffer it was read into. */
void shadow_keep_name(struct vma_view *v, const struct mm_file *file);
/* log.c: the child's own log (%p); shadow.pid is set. */
void shadow_log_child(void);
void shadow_say_fork(void);
/* [lock] What a file's own mmap() may have added to the mapping's flags. */
void shadow_file_hooks(struct mm_op *op, int fd);

#endif
