/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the storms share: one arena whose ranges all threads fight for, and the
 * bound that each storm keeps, a number of rounds or of seconds.
 */
#ifndef TESTS_PROGS_STORMS_H
#define TESTS_PROGS_STORMS_H

#include <stdbool.h>
#include <sys/mman.h>

#define PAGE  4096UL
#define ARENA 64		/* pages */
#define ANON  (MAP_PRIVATE | MAP_ANONYMOUS)
#define RW    (PROT_READ | PROT_WRITE)

extern char *arena;
extern const char *operand;	/* the storm's own argument, or NULL */

/* One round is due: false when the rounds or the seconds are over. */
bool more(void);
/* Not every round: true until the storm is over. */
bool going(void);

/* Something that must not happen did: said, and the storm fails. */
void fail(const char *what);

/* One change somewhere in the arena: mapped, unmapped, protected, moved. */
void change(unsigned int *seed);
/* Maps, touches and unmaps two pages of its own. For handlers, too. */
void maps(void);

/* @n threads in @fn until it returns; its argument is the thread's number. */
void crowd(int n, void *(*fn)(void *));

/* A signal handler without SA_RESTART and with it. */
void handle(int sig, void (*fn)(int), int flags);
/* SIGALRM, a thousand times a second; 0: no more. */
void tick(long usec);

struct storm {
	const char *name;
	void (*blow)(void);
};

extern const struct storm process_storms[];

#endif
