/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fast searches over the bytes of a text segment. They know nothing of
 * instructions: whatever they find is only a suspicion.
 */
#ifndef VS_PATCH_FIND_H
#define VS_PATCH_FIND_H

#include "patch/prove.h"

/*
 * A piece of text: where its bytes are at hand, and how much further on the
 * address is that they have, or will have, in the program.
 */
struct find_text {
	uintptr_t at, end;	/* of the bytes */
	intptr_t shift;
};

/*
 * find_syscall() - the next place in @text with the two bytes of a syscall
 * instruction, as an address of the program; @text goes on behind it. Returns 0
 * if there is no more.
 */
VS_HIDDEN uintptr_t find_syscall(struct find_text *text);

/* Which addresses may lie in some window: no false "no", few false "maybe". */
#define FIND_FILTER_MASK 255
struct window_filter {
	uint64_t bits[FIND_FILTER_MASK + 1];
	uintptr_t start, end;		/* all windows lie in here */
};

VS_HIDDEN void filter_add(struct window_filter *f,
			  const struct patch_window *win);

/* A possible branch: its first byte and where it would go, in the program. */
struct find_hit {
	uintptr_t at, target;
};

/*
 * find_far_branch() - the next place in @text with the bytes of a call, jmp or
 * jcc of 32 bits whose target passes @f; @text goes on behind it. False if there
 * is no more.
 */
VS_HIDDEN bool find_far_branch(struct find_text *text,
			       const struct window_filter *f,
			       struct find_hit *hit);
#define FIND_FAR_MAX 6		/* bytes of the longest of them */

/*
 * find_near_branch() - the same for branches of 8 bits (jmp, jcc, loop, jrcxz)
 * into @win; @text need not be more than find_near_reach() says.
 */
VS_HIDDEN bool find_near_branch(struct find_text *text,
				const struct patch_window *win,
				struct find_hit *hit);

/* Where an 8-bit branch into a window can begin, cut to [start, end). */
VS_HIDDEN struct patch_window find_near_reach(const struct patch_window *win,
					      uintptr_t start, uintptr_t end);

#endif
