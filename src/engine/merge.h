/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Between mergeable.c, the rules for two neighbours, and merge.c, which applies
 * them to a range and both its neighbours at once.
 */
#ifndef VS_ENGINE_MERGE_H
#define VS_ENGINE_MERGE_H

#include "engine/internal.h"

/* enum may as a set of the two answers that are possible. */
#define CAN_NO	1
#define CAN_YES	2
#define CAN_BOTH (CAN_NO | CAN_YES)

/*
 * anon_compatible() - may a range in state @range join a neighbour in state
 * @at? @same: their objects are one. @grows: see struct vma_attr.
 */
bool anon_compatible(const struct mm_rules *rules, unsigned int range,
		     unsigned int at, bool same, bool grows);

/* The identity of a VMA's object if its state is @state; 0: any. */
static inline uint32_t anon_identity(unsigned int states, uint32_t id,
				     unsigned int state)
{
	if (state == ANON_FAULTED && (states & ANON_FORKED))
		return 0;
	return id;
}

/*
 * can_be_same() - CAN_*: may these two have one object, when the first is in
 * state @state_a out of @states_a? Both states are other than ANON_NONE.
 */
unsigned int can_be_same(unsigned int states_a, uint32_t id_a,
			 unsigned int state_a, unsigned int states_b,
			 uint32_t id_b, unsigned int state_b);

/* The parts of a comparison, one rule each; explain.c names them. */
enum may flags_agree(const struct vm_area_struct *vma,
		     const struct vma_attr *a);
/* Does what begins at page @start of its file follow what ends at @end? */
enum may pgoff_follows(unsigned long end, unsigned long start, bool unsure);

/* Everything but anon_vma: may @prev go on as the range, the range as @next? */
enum may attr_after(const struct mm_struct *mm,
		    const struct vm_area_struct *prev,
		    const struct vma_attr *a, unsigned long start);
enum may attr_before(const struct mm_struct *mm,
		     const struct vm_area_struct *next,
		     const struct vma_attr *a, unsigned long pages);

bool has_close(const struct mm_file *file);

/* explain_flags.c: the first that differs of @among, with both values. */
void explain_flags(struct fmt *f, uint64_t left, uint64_t right,
		   uint64_t among);
/* What may differ in the flags @unseen. */
void explain_unseen_flags(struct fmt *f, uint64_t unseen);

#endif
