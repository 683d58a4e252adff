/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A chain of return addresses, by rows that are learned once.
 *
 * A row is learned from .eh_frame the first time that an address is met, and
 * kept in a table keyed by the address; each later walk takes one load a frame.
 * The table is a cache: an entry is one word, so that readers need no lock and
 * a signal may come at any moment.
 *
 * Nothing here allocates, locks, makes a system call or calls the loader. Why
 * libunwind does not do this stands in doc/ARCHITECTURE.md.
 */
#ifndef VS_UNWIND_WALK_H
#define VS_UNWIND_WALK_H

#include "unwind/cfi.h"

struct unwind_regs {
	uintptr_t ip, sp, bp;
};

/* What the walk must be told of the address space; both async-signal-safe. */
struct unwind_space {
	/*
	 * The row for the code at @pc. Returns UNWIND_KEEP; UNWIND_ONCE: the
	 * code may change (it comes from no file), keep nothing; or
	 * UNWIND_NO_CODE: nothing can run there.
	 */
	int (*row)(uintptr_t pc, struct unwind_row *row);
	/* The end of the readable memory that @sp lies in; 0: none. */
	uintptr_t (*stack_end)(uintptr_t sp);
};

#define UNWIND_KEEP	0
#define UNWIND_ONCE	1
#define UNWIND_NO_CODE	2

/*
 * unwind_walk() - the return addresses from @regs outwards, innermost first:
 * regs->ip itself is the first. Memory is read from [regs->sp, end) only.
 * Without @space only rows in the table are used, and the walk ends at the first
 * that is not there. Where there is no row the chain of frame pointers is tried.
 * Returns how many were found, at most @max; *cut tells whether it ended before
 * a frame that is known to be the last.
 */
unsigned int unwind_walk(struct unwind_regs regs, uintptr_t end,
			 const struct unwind_space *space, uintptr_t *frames,
			 unsigned int max, bool *cut);

/* Forget all rows: code was unmapped, other code may come in its place. */
void unwind_forget(void);

#endif
