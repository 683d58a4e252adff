/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The last calls that made, changed or took away mappings: history=N of them.
 * All [lock].
 */
#ifndef VS_SHADOW_HISTORY_H
#define VS_SHADOW_HISTORY_H

#include "shadow/who.h"

enum history_deed {
	HISTORY_MADE,		/* mmap, shmat, growth of brk and mremap */
	HISTORY_GONE,		/* munmap, shmdt, what mremap leaves */
	HISTORY_CHANGED,	/* mprotect, madvise, mlock, ... */
};

struct history_entry {
	uint32_t event;
	int32_t thread;		/* 0: not known */
	uint64_t time;		/* ticks; 0: not known */
	unsigned long start, end;	/* what it did this to */
	unsigned long ip;	/* see struct who */
	uint32_t stack;		/* see stacks.h */
	uint8_t call;		/* enum call_index */
	uint8_t detail;		/* made, mprotect: PROT_*; madvise: the advice */
	uint16_t deed : 4;	/* enum history_deed */
	uint16_t error : 12;	/* errno: it may have changed a part */
};

/* history_reserve() - room for the entries of one call; before it is made. */
void history_reserve(void);
/* The calls recorded from now on are @w's. */
void history_by(const struct who *w);
/* Whose they are. */
const struct who *history_caller(void);
/* The call of @op was applied as event shadow.mm.event. */
void history_add(const struct call_info *c, const struct mm_op *op);
/* A call of which only this is known: it may have changed [start, end). */
void history_add_unknown(const struct call_info *c, unsigned long start,
			 unsigned long end);
/* The last call that touched [start, end), or an edge of it. */
bool history_last(unsigned long start, unsigned long end,
		  struct report_last *out);

/*
 * history_find() - the entry @back steps from the newest (0) or older whose range
 * holds @addr, and its number of steps in *@back; NULL: none. Pass *@back + 1 for
 * the next older one.
 */
const struct history_entry *history_find(unsigned long addr, uint32_t *back);
/* The entry that @event left, the newest of several; NULL: forgotten. */
const struct history_entry *history_event(uint32_t event);

#endif
