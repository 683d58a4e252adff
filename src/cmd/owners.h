/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whose every byte of an address space is: a map of ranges, each the part that
 * is left of one mapping that one call made. Mappings here are calls that
 * mapped, not the kernel's VMAs, which merge and split.
 */
#ifndef VS_CMD_OWNERS_H
#define VS_CMD_OWNERS_H

#include "engine/engine.h"

/* Who mapped; a stack of the trace is OWNER_STACK + its number. */
enum {
	OWNER_BEFORE,		/* there when the trace began, or the kernel */
	OWNER_UNKNOWN,		/* found, without a recorded call */
	OWNER_LIBRARY,
	OWNER_STACK,
};

struct mapping {
	uint32_t owner, event;
	uint64_t made, alive;		/* bytes */
};

struct owners {
	struct mapping *mappings;
	uint32_t nr, room;
	struct rb_root pieces;
	struct piece *free;
};

/* owners_new() - the number of a new mapping, which has no range yet. */
uint32_t owners_new(struct owners *o, uint32_t owner, uint32_t event);

/* Ranges are page aligned. owners_map() replaces whatever was there. */
void owners_map(struct owners *o, uint64_t start, uint64_t end,
		uint32_t mapping);
void owners_unmap(struct owners *o, uint64_t start, uint64_t end);

/*
 * owners_move() - what mremap does: the pieces of [from, from + len) are at @to
 * now, and also still there if @keep; what is more than @len is @mapping's.
 */
void owners_move(struct owners *o, uint64_t from, uint64_t len, uint64_t to,
		 uint64_t new_len, bool keep, uint32_t mapping);

/*
 * owners_sync() - make the map hold what @mm has in [start, end). @owner says
 * which mapping a part of @vma belongs to that nobody is known to have mapped.
 * Returns how many bytes had to be changed.
 */
uint64_t owners_sync(struct owners *o, const struct mm_struct *mm,
		     uint64_t start, uint64_t end,
		     uint32_t (*owner)(void *ctx,
				       const struct vm_area_struct *vma),
		     void *ctx);

#endif
