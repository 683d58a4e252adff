/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Thread, time and place of a call at the price of a few loads.
 *
 * Time is the processor's counter: clock_gettime() without libc is a system
 * call. A thread's id is where libc keeps it, behind the thread pointer, once a
 * gettid() has shown that it does; glibc gives the memory of a thread that ended
 * to the next one, so the two are compared each time.
 */
#include <sys/prctl.h>
#include <sys/uio.h>
#include <time.h>

#include "base/compiler.h"
#include "base/raw_syscall.h"
#include "shadow/stacks.h"
#include "shadow/who.h"

#define THREADS 64

/* [lock] Threads seen, by thread pointer. */
static struct {
	uint64_t thread;
	int id;
	bool readable;		/* its id stands where libc keeps it */
} seen[THREADS];

static bool have_time;
static uint64_t start_ticks, start_ns;

static uint64_t ticks(void)
{
	uint32_t low, high;

	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
	return (uint64_t)high << 32 | low;
}

static uint64_t clock_ns(void)
{
	struct timespec t = { .tv_sec = 0 };

	raw_sys2(SYS_clock_gettime, CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

void who_start(void)
{
	int mode = 0;

	have_time = !raw_sys2(SYS_prctl, PR_GET_TSC, &mode) &&
		    mode == PR_TSC_ENABLE;
	if (!have_time)
		return;
	start_ticks = ticks();
	start_ns = clock_ns();
}

void who_forget_time(void)
{
	have_time = false;
}

uint64_t who_now(void)
{
	return likely(have_time) ? ticks() : 0;
}

uint64_t who_ns(uint64_t n)
{
	uint64_t gone = ticks() - start_ticks, ns = clock_ns() - start_ns;

	if (!gone)
		return 0;
	while (gone >> 32) {	/* what is left is exact to a millionth */
		gone >>= 1;
		ns >>= 1;
	}
	return (uint64_t)((unsigned __int128)n * ((ns << 24) / gone) >> 24);
}

static bool is_at(uint64_t thread, int id)
{
	int there = 0;
	struct iovec local = { &there, sizeof(there) };
	struct iovec remote = {
		(void *)(uintptr_t)(thread + thread_id_offset()), sizeof(there)
	};

	return thread_id_offset() &&
	       raw_sys6(SYS_process_vm_readv, shadow.pid, &local, 1, &remote, 1,
			0) == sizeof(there) && there == id;
}

static int learn(unsigned int slot, uint64_t thread)
{
	if (shadow.sealed)
		return 0;
	seen[slot].thread = thread;
	seen[slot].id = (int)raw_sys0(SYS_gettid);
	seen[slot].readable = is_at(thread, seen[slot].id);
	return seen[slot].id;
}

static int id_of(uint64_t thread)
{
	unsigned int slot = (thread >> 12 ^ thread >> 6) % THREADS;

	if (likely(seen[slot].thread == thread && seen[slot].readable &&
		   *(const volatile int *)(thread + thread_id_offset()) ==
		   seen[slot].id))
		return seen[slot].id;
	return learn(slot, thread);
}

/* An exported function was called: its caller's address lies on the stack. */
static unsigned long place(const struct door *d)
{
	if (d->tier == TIER_SYMBOL)
		return *(const unsigned long *)d->sp;
	return d->regs->ret;
}

void who_of(const struct door *d, struct who *w)
{
	w->time = who_now();
	w->ip = place(d);
	w->tier = d->tier;
	w->thread = id_of(thread_pointer());
	w->stack = stacks_take(d, 0);
}

void who_of_unordered(const struct door *d, struct who *w)
{
	w->time = who_now();
	w->ip = place(d);
	w->tier = d->tier;
	w->thread = shadow.sealed ? 0 : (int)raw_sys0(SYS_gettid);
	w->stack = 0;
}
