/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Why touching mappings are two, by kinds, and what could be done about it. */
#ifndef VS_CMD_BOUNDARY_H
#define VS_CMD_BOUNDARY_H

#include "engine/engine.h"

struct boundary_kind {
	const char *title;		/* "MAP_NORESERVE differs" */
	const char *advice;		/* NULL: nothing is to be done */
	bool undecided;			/* nobody saw what decides */
};

/*
 * boundary_kind() - of the two mappings that meet at right->vm_start; @why gets
 * mm_explain()'s words, MM_EXPLAIN_SIZE bytes. A kind is one object for ever.
 * NULL: nothing meets there, or both are the library's own.
 */
const struct boundary_kind *boundary_kind(const struct mm_struct *mm,
					  const struct vm_area_struct *right,
					  char *why);

/*
 * boundary_event() - the event that made the two of it: the birth of the
 * younger one, or what was done to a part of one mapping.
 */
uint32_t boundary_event(const struct vm_area_struct *right);

#endif
