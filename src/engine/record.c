/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Calls and mappings as bytes; contracts in record.h. */
#include <errno.h>

#include "engine/internal.h"
#include "engine/record.h"

/* --- one call -------------------------------------------------------------- */

/*
 * Most of a call's fields are 0. A bit for each that is not, then those, in the
 * order of the bits; signed ones are marked.
 */
#define OP_FIELDS(U, S)							\
	U(0, addr) U(1, len) U(2, new_len) U(3, new_addr) U(4, off)	\
	U(5, flags) S(6, prot) S(7, pkey) U(8, anonymous) U(9, own)	\
	U(10, policy) U(11, name) U(12, uffd) U(13, file_flags)	\
	U(14, file_unwritable) S(15, ret)

/* The usual key is none, which is -1: stored as 0. */
#define STORED(op, field)	((op)->field + PLUS_##field)
#define PLUS_pkey		1
#define PLUS_addr		0
#define PLUS_len		0
#define PLUS_new_len		0
#define PLUS_new_addr		0
#define PLUS_off		0
#define PLUS_flags		0
#define PLUS_prot		0
#define PLUS_anonymous		0
#define PLUS_own		0
#define PLUS_policy		0
#define PLUS_name		0
#define PLUS_uffd		0
#define PLUS_file_flags		0
#define PLUS_file_unwritable	0
#define PLUS_ret		0

void record_op(struct pack *p, const struct mm_op *op)
{
	uint64_t set = 0;

#define IS_SET(bit, field) set |= (uint64_t)(STORED(op, field) != 0) << (bit);
	OP_FIELDS(IS_SET, IS_SET)
#undef IS_SET
	pack_u64(p, op->call);
	pack_u64(p, set);
#define PUT_U(bit, field)						\
	if (set >> (bit) & 1)						\
		pack_u64(p, (uint64_t)STORED(op, field));
#define PUT_S(bit, field)						\
	if (set >> (bit) & 1)						\
		pack_s64(p, (int64_t)STORED(op, field));
	OP_FIELDS(PUT_U, PUT_S)
#undef PUT_U
#undef PUT_S
}

int replay_op(struct unpack *u, struct mm_op *op)
{
	uint64_t call = unpack_u64(u), set = unpack_u64(u);

	*op = (struct mm_op){ .call = (enum mm_call)call, .pkey = -1 };
#define GET_U(bit, field)						\
	if (set >> (bit) & 1)						\
		op->field = (__typeof__(op->field))			\
			    (unpack_u64(u) - PLUS_##field);
#define GET_S(bit, field)						\
	if (set >> (bit) & 1)						\
		op->field = (__typeof__(op->field))			\
			    (unpack_s64(u) - PLUS_##field);
	OP_FIELDS(GET_U, GET_S)
#undef GET_U
#undef GET_S
	return u->bad || set >> 16 || !call || call > MM_UFFD_RELEASE
		? -EINVAL : 0;
}

/* --- a state --------------------------------------------------------------- */

#define MM_FIELDS(X)							\
	X(event) X(next_anon_vma) X(next_ofd) X(start_code)		\
	X(end_code) X(start_data) X(end_data) X(start_brk) X(brk)	\
	X(start_stack) X(mmap_base) X(task_size) X(locked_lost)		\
	X(def_flags) X(legacy_layout) X(personality) X(guards)		\
	X(max_map_count) X(rlim.as) X(rlim.data) X(rlim.stack)		\
	X(rlim.memlock) X(rlim.ipc_lock)

void record_mm(struct pack *p, const struct mm_struct *mm)
{
#define PUT(field) pack_u64(p, (uint64_t)mm->field);
	MM_FIELDS(PUT)
#undef PUT
}

int replay_mm(struct unpack *u, struct mm_struct *mm)
{
#define GET(field) mm->field = (__typeof__(mm->field))unpack_u64(u);
	MM_FIELDS(GET)
#undef GET
	return u->bad ? -EINVAL : 0;
}

void record_vma(struct pack *p, const struct vm_area_struct *vma,
		uint64_t file)
{
	pack_u64(p, vma->vm_start >> PAGE_SHIFT);
	pack_u64(p, vma_pages(vma));
	pack_u64(p, vma->vm_flags);
	pack_u64(p, vma->vm_unsure);
	pack_u64(p, vma->vm_pgoff);
	pack_u64(p, file);
	pack_u64(p, vma->anon_vma);
	pack_u64(p, vma->anon_state);
	pack_u64(p, vma->bits);
	pack_u64(p, vma->vm_policy);
	pack_u64(p, vma->anon_name);
	pack_u64(p, vma->uffd);
	pack_u64(p, vma->born);
	pack_u64(p, vma->changed);
}

int replay_vma(struct unpack *u, struct vm_area_struct *vma, uint64_t *file)
{
	uint64_t start = unpack_u64(u), pages = unpack_u64(u);

	*vma = (struct vm_area_struct){ .vm_start = start << PAGE_SHIFT };
	vma->vm_end = (start + pages) << PAGE_SHIFT;
	vma->vm_flags = unpack_u64(u);
	vma->vm_unsure = (uint32_t)unpack_u64(u);
	vma->vm_pgoff = unpack_u64(u);
	*file = unpack_u64(u);
	vma->anon_vma = (uint32_t)unpack_u64(u);
	vma->anon_state = (uint8_t)unpack_u64(u);
	vma->bits = (uint8_t)unpack_u64(u);
	vma->vm_policy = (uint32_t)unpack_u64(u);
	vma->anon_name = (uint32_t)unpack_u64(u);
	vma->uffd = (uint16_t)unpack_u64(u);
	vma->born = (uint32_t)unpack_u64(u);
	vma->changed = (uint32_t)unpack_u64(u);
	if (u->bad || !pages || start >> 36 || pages >> 36 ||
	    start + pages > 1UL << 35)
		return -EINVAL;
	return 0;
}

/* --- putting it back ------------------------------------------------------- */

void mm_restore_begin(struct mm_struct *mm, unsigned long start,
		      unsigned long end)
{
	struct vm_area_struct *vma;

	while ((vma = find_vma_intersection(mm, start, end)) != NULL)
		do_munmap(mm, vma->vm_start, vma->vm_end);
}

/* Linking opens what may happen to pages from now on; the record knew better. */
int mm_restore(struct mm_struct *mm, const struct vm_area_struct *from,
	       struct mm_file *file)
{
	struct vm_area_struct *vma;

	if (find_vma_intersection(mm, from->vm_start, from->vm_end))
		return -EINVAL;
	vma = vma_alloc(mm);
	if (!vma)
		return -ENOMEM;
	*vma = *from;
	vma->vm_file = file;
	vma_link(mm, vma);
	vma->anon_state = from->anon_state;
	vma->anon_vma = from->anon_vma;
	vma->vm_unsure = from->vm_unsure;
	vma->bits = from->bits;
	return 0;
}
