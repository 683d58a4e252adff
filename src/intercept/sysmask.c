/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SIGSYS in the masks of threads; contract in sysmask.h. */
#include <errno.h>
#include <linux/aio_abi.h>
#include <linux/io_uring.h>

#include "base/compiler.h"
#include "base/raw_syscall.h"
#include "intercept/intercept.h"
#include "intercept/signals.h"
#include "intercept/sysmask.h"
#include "intercept/trap.h"

/*
 * By thread id, within WINDOW places of its own: id | state << 32. The dead
 * leave their entries behind; who finds no place looks for those.
 */
#define PLACES 4096
#define WINDOW 16

static uint64_t places[PLACES + WINDOW];
static uint32_t entries;		/* 0: nobody has it blocked */
bool sysmask_closed;

static uint64_t *find_place(uint32_t tid)
{
	uint64_t *p = &places[tid % PLACES];

	for (unsigned int i = 0; i < WINDOW; i++)
		if ((uint32_t)__atomic_load_n(&p[i], __ATOMIC_RELAXED) == tid)
			return &p[i];
	return NULL;
}

static bool is_gone(uint32_t tid)
{
	return raw_sys2(SYS_tkill, tid, 0) == -ESRCH;
}

static void add(uint32_t tid, enum sysmask state)
{
	uint64_t *p = &places[tid % PLACES];

	for (unsigned int i = 0; i < 2 * WINDOW; i++) {
		uint64_t was = __atomic_load_n(&p[i % WINDOW],
					       __ATOMIC_RELAXED);

		if (was && (i < WINDOW || !is_gone((uint32_t)was)))
			continue;
		if (!__atomic_compare_exchange_n(&p[i % WINDOW], &was,
						 tid | (uint64_t)state << 32,
						 false, __ATOMIC_RELAXED,
						 __ATOMIC_RELAXED))
			continue;
		if (!was)
			__atomic_fetch_add(&entries, 1, __ATOMIC_RELAXED);
		return;
	}
}

static bool nobody(void)
{
	return !__atomic_load_n(&entries, __ATOMIC_RELAXED);
}

enum sysmask sysmask_get(void)
{
	const uint64_t *p;

	if (nobody() || sysmask_closed)
		return SYSMASK_OPEN;
	p = find_place((uint32_t)raw_sys0(SYS_gettid));
	return p ? (enum sysmask)(*p >> 32) : SYSMASK_OPEN;
}

void sysmask_set(enum sysmask state)
{
	uint32_t tid;
	uint64_t *p;

	if ((nobody() && state == SYSMASK_OPEN) || sysmask_closed)
		return;
	tid = (uint32_t)raw_sys0(SYS_gettid);
	p = find_place(tid);
	if (!p) {
		if (state != SYSMASK_OPEN)
			add(tid, state);
	} else if (state != SYSMASK_OPEN) {
		__atomic_store_n(p, tid | (uint64_t)state << 32,
				 __ATOMIC_RELAXED);
	} else {
		__atomic_store_n(p, 0, __ATOMIC_RELAXED);
		__atomic_fetch_sub(&entries, 1, __ATOMIC_RELAXED);
	}
}

/* --- rt_sigprocmask ------------------------------------------------------------- */

static bool blocked_after(enum sysmask before, long how, uint64_t set)
{
	if (how == SIG_SETMASK)
		return set & SIG_BIT(SIGSYS);
	if (!(set & SIG_BIT(SIGSYS)))
		return before != SYSMASK_OPEN;
	return how == SIG_BLOCK;
}

/*
 * The kernel's call with the bit taken out. A thread that holds a SIGSYS back in
 * earnest keeps the bit while the program wants it blocked; when it no longer
 * does the kernel delivers, and only then the thread may trap again: trap.c arms
 * it before the program's handler runs.
 */
static long change_mask(long how, uint64_t set, uint64_t *old)
{
	enum sysmask before = sysmask_get();
	bool blocked = blocked_after(before, how, set);
	long ret;

	if (how < SIG_BLOCK || how > SIG_SETMASK)
		return -EINVAL;
	if (before != SYSMASK_HELD) {
		sysmask_set(blocked ? SYSMASK_BLOCKED : SYSMASK_OPEN);
		if (how != SIG_UNBLOCK)
			set &= ~SIG_BIT(SIGSYS);
	}
	ret = raw_sys4(SYS_rt_sigprocmask, how, &set, old, SIGSET_BYTES);
	if (before == SYSMASK_HELD && !blocked &&
	    sysmask_get() == SYSMASK_HELD) {	/* nothing came */
		sysmask_set(SYSMASK_OPEN);
		trap_arm();
	}
	*old &= ~SIG_BIT(SIGSYS);
	if (before != SYSMASK_OPEN)
		*old |= SIG_BIT(SIGSYS);
	return ret;
}

long intercept_sigprocmask(struct door *d)
{
	const long *a = d->regs->arg;
	uint64_t set = 0, old;
	long ret;

	if (!trap_armed || a[3] != SIGSET_BYTES)
		return shadow_raw(d);
	if (a[1] && !program_read(&set, (unsigned long)a[1], sizeof(set)))
		return -EFAULT;
	ret = change_mask(a[1] ? a[0] : SIG_BLOCK, set, &old);
	if (!ret && a[2] && !program_write((unsigned long)a[2], &old, sizeof(old)))
		return -EFAULT;
	return ret;
}

/* --- calls with a mask for their own time ---------------------------------------- */

/* Where such a call has its mask: in its argument @at, or in a struct there. */
struct mask_place {
	unsigned int at;
	bool in_struct;		/* pointer first, then what differs */
};

static bool find_mask(const struct door *d, struct mask_place *p)
{
	const long *a = d->regs->arg;

	p->in_struct = false;
	switch (d->info->nr) {
	case SYS_rt_sigsuspend:
		p->at = 0;
		return true;
	case SYS_ppoll:
		p->at = 3;
		return true;
	case SYS_pselect6:
	case SYS_io_pgetevents:
		p->at = 5;
		p->in_struct = true;
		return true;
	case SYS_io_uring_enter:
		p->at = 4;
		p->in_struct = a[3] & IORING_ENTER_EXT_ARG;
		return true;
	default:		/* epoll_pwait, epoll_pwait2 */
		p->at = 4;
		return true;
	}
}

/* All of these structs: the mask's address, then at most as much again. */
struct mask_struct {
	uint64_t mask;
	uint64_t rest[2];
};

static size_t struct_bytes(const struct door *d)
{
	return d->info->nr == SYS_io_uring_enter ? 24 : 16;
}

/*
 * While the call waits a handler may run, and may trap: never with SIGSYS in the
 * mask. A mask that lets it in opens the thread for so long.
 */
static long wait_with(struct door *d, const struct mask_place *p,
		      struct mask_struct *s, uint64_t mask)
{
	enum sysmask before = sysmask_get();
	bool wants = mask & SIG_BIT(SIGSYS);
	const long *a = d->regs->arg;
	long arg = (long)&mask, ret;

	if (!wants && before == SYSMASK_OPEN)
		return shadow_raw(d);
	mask &= ~SIG_BIT(SIGSYS);
	if (p->in_struct) {
		s->mask = (uint64_t)&mask;
		arg = (long)s;
	}
	sysmask_set(wants ? SYSMASK_BLOCKED : SYSMASK_OPEN);
	ret = raw_syscall(d->info->nr, p->at == 0 ? arg : a[0], a[1], a[2],
			  p->at == 3 ? arg : a[3], p->at == 4 ? arg : a[4],
			  p->at == 5 ? arg : a[5]);
	sysmask_set(before);
	return ret;
}

long intercept_wait(struct door *d)
{
	struct mask_struct s = { 0 };
	struct mask_place p;
	unsigned long from;
	uint64_t mask;

	if (!trap_armed || !find_mask(d, &p))
		return shadow_raw(d);
	from = (unsigned long)d->regs->arg[p.at];
	if (from && p.in_struct) {
		if (!program_read(&s, from, struct_bytes(d)))
			return shadow_raw(d);
		from = s.mask;
	}
	if (!from || !program_read(&mask, from, sizeof(mask)))
		return shadow_raw(d);	/* none, or EFAULT */
	return wait_with(d, &p, &s, mask);
}
