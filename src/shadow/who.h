/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who makes a call, and when: for the history. A call that waits to be settled
 * carries its own answer along, since another thread will record it.
 */
#ifndef VS_SHADOW_WHO_H
#define VS_SHADOW_WHO_H

#include "shadow/shadow.h"

struct who {
	uint64_t time;		/* ticks, see who_ns(); 0: not known */
	unsigned long ip;	/* where the program goes on: of an exported
				 * function its caller, else the site's object */
	int thread;		/* 0: not known */
	enum shadow_tier tier;
	uint32_t stack;		/* see stacks.h; 0: none was taken */
};

void who_start(void);

/* [lock] The same without a system call, in all but a thread's first calls. */
void who_of(const struct door *d, struct who *w);
/* Without the lock. */
void who_of_unordered(const struct door *d, struct who *w);

/* who_now() - the time, in ticks; 0: no clock may be read. */
uint64_t who_now(void);
/* who_ns() - nanoseconds that so many ticks are; may make a system call. */
uint64_t who_ns(uint64_t ticks);
/* The program is about to forbid the clock that is used here. */
void who_forget_time(void);

#endif
