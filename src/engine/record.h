/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Calls and mappings as bytes, so that an address space can be made again from
 * a record: by the same calls with the same answers, or as it stood. Files are
 * named by numbers that the recorder gives; whoever reads turns them back.
 *
 * Pure. What is read may be anybody's: a record that makes no sense is refused
 * and nothing changes.
 */
#ifndef VS_ENGINE_RECORD_H
#define VS_ENGINE_RECORD_H

#include "base/pack.h"
#include "engine/engine.h"

/* record_op() - the call and the kernel's answer, without op->file. */
void record_op(struct pack *p, const struct mm_op *op);
/* Returns 0, or -EINVAL. */
int replay_op(struct unpack *u, struct mm_op *op);

/* What stands outside the mappings, before those of a state. */
void record_mm(struct pack *p, const struct mm_struct *mm);
int replay_mm(struct unpack *u, struct mm_struct *mm);

/* One mapping with all that is known of it; @file: 0, or its file's number. */
void record_vma(struct pack *p, const struct vm_area_struct *vma,
		uint64_t file);
/*
 * The same read back, not linked yet: *file is the number of its file. Returns
 * 0, or -EINVAL.
 */
int replay_vma(struct unpack *u, struct vm_area_struct *vma, uint64_t *file);

/*
 * mm_restore_begin() - take away whatever touches [start, end), to its ends.
 * mm_restore() - put a copy of @vma, read by replay_vma(), with its file, where
 * nothing is. Returns 0, -ENOMEM (no VMA in the pool) or -EINVAL (something is
 * there).
 */
void mm_restore_begin(struct mm_struct *mm, unsigned long start,
		      unsigned long end);
int mm_restore(struct mm_struct *mm, const struct vm_area_struct *vma,
	       struct mm_file *file);

#endif
