/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fast searches over the bytes of a text segment. They know nothing of
 * instructions: whatever they find is only a suspicion.
 */
#ifndef VS_PATCH_FIND_H
#define VS_PATCH_FIND_H

#include "patch/prove.h"

/*
 * find_call() - the next place in [at, end) with the seven bytes of a site, any
 * number; *nr is that number. Returns 0 if there is no more.
 */
VS_HIDDEN uintptr_t find_call(uintptr_t at, uintptr_t end, uint32_t *nr);

/* Which addresses may lie in some window: no false "no", few false "maybe". */
struct window_filter {
	uint64_t bits[64];
};

VS_HIDDEN void filter_add(struct window_filter *f,
			  const struct patch_window *win);

/* A possible branch: its first byte and where it would go. */
struct find_hit {
	uintptr_t at, target;
};

/*
 * find_far_branch() - the next place in [at, end) with the bytes of a call, jmp
 * or jcc of 32 bits whose target passes @f. False if there is no more.
 */
VS_HIDDEN bool find_far_branch(uintptr_t at, uintptr_t end,
			       const struct window_filter *f,
			       struct find_hit *hit);

/*
 * find_near_branch() - the same for branches of 8 bits (jmp, jcc, loop, jrcxz)
 * into @win; [at, end) need not be more than find_near_reach() says.
 */
VS_HIDDEN bool find_near_branch(uintptr_t at, uintptr_t end,
				const struct patch_window *win,
				struct find_hit *hit);

/* Where an 8-bit branch into a window can begin, cut to [start, end). */
VS_HIDDEN struct patch_window find_near_reach(const struct patch_window *win,
					      uintptr_t start, uintptr_t end);

#endif
