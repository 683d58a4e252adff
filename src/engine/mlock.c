/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mlock, mlock2, munlock, mlockall, munlockall.
 *
 * Each first sets flags over the range, VMA by VMA, and afterwards, without its
 * lock, reads or writes every page. The second part may fail with all flags
 * set.
 */
#include <linux/mman.h>

#include "base/str.h"
#include "engine/internal.h"

static bool is_secretmem(const struct vm_area_struct *vma)
{
	static const char name[] = "/secretmem (deleted)";
	const struct mm_file *file = vma->vm_file;

	return file && file->name && file->name_len == sizeof(name) - 1 &&
	       !memcmp(file->name, name, sizeof(name) - 1);
}

/* The flags that a call leaves on what it locks. */
static uint64_t lock_flags(const struct mm_op *op)
{
	uint64_t flags = VM_LOCKED;

	switch (op->call) {
	case MM_MLOCK:
		if (op->flags & MLOCK_ONFAULT)
			flags |= VM_LOCKONFAULT;
		return flags;
	case MM_MLOCKALL:
		if (!(op->flags & MCL_CURRENT))
			return 0;
		if (op->flags & MCL_ONFAULT)
			flags |= VM_LOCKONFAULT;
		return flags;
	default:
		return 0;
	}
}

/* Mirrors mm/mlock.c:mlock_fixup(): who ignores it, without an error. */
static int mlock_fixup(struct mm_struct *mm, struct mm_op *op,
		       const struct vm_area_struct *vma, struct vma_attr *a)
{
	(void)mm;
	if ((vma->vm_flags & (VM_SPECIAL | VM_HUGETLB | VM_DROPPABLE)) ||
	    is_secretmem(vma))
		return 0;
	a->vm_flags = (a->vm_flags & ~VM_LOCKED_MASK) | lock_flags(op);
	a->vm_unsure &= ~(uint32_t)VM_LOCKED_MASK;
	return a->vm_flags != vma->vm_flags || a->vm_unsure != vma->vm_unsure;
}

static unsigned long count_locked(struct mm_struct *mm, const struct range *r)
{
	struct vm_area_struct *vma = find_vma(mm, r->start);
	unsigned long start, end, pages = 0;

	for (; vma && vma->vm_start < r->end; vma = vma->vm_next) {
		start = vma->vm_start > r->start ? vma->vm_start : r->start;
		end = vma->vm_end < r->end ? vma->vm_end : r->end;
		if (vma->vm_flags & VM_LOCKED)
			pages += (end - start) >> PAGE_SHIFT;
	}
	return pages;
}

/* The limit that do_mlock() tests before it does anything. */
static bool over_limit(struct mm_struct *mm, const struct range *r)
{
	unsigned long limit = mm->rlim.memlock >> PAGE_SHIFT;
	unsigned long pages = (r->end - r->start) >> PAGE_SHIFT;

	if (mm->rlim.ipc_lock || pages + mm_locked(mm) <= limit)
		return false;
	return pages + mm_locked(mm) - count_locked(mm, r) > limit;
}

/*
 * mlock_ended() - what the loop over the flags returned, by what mlock did.
 * ENOMEM is the limit (nothing done), a hole, want of VMAs, or the populating
 * that failed; EAGAIN only ever the last. False: nothing was done.
 */
static bool mlock_ended(struct mm_struct *mm, struct mm_op *op, struct range *r)
{
	unsigned long stop;

	r->ret = op->ret;
	if (op->ret == -EAGAIN)
		r->ret = 0;
	if (op->ret != -ENOMEM)
		return r->ret == 0;
	if (over_limit(mm, r))
		return false;
	if (mm->map_count + 2 <= mm->max_map_count)
		r->ret = scan_range(mm, op, r, &stop);
	return true;
}

static void mlock_range(const struct mm_op *op, struct range *r)
{
	*r = (struct range){
		.start = op->addr & PAGE_MASK,
		.end = PAGE_ALIGN(op->addr + op->len),
		.holes = HOLES_STOP,
		.change = mlock_fixup,
		.ret = op->ret,
		.no_vma = -ENOMEM,
	};
}

/* Mirrors mm/mlock.c:do_mlock(). */
int commit_mlock(struct mm_struct *mm, struct mm_op *op)
{
	struct range r;

	mlock_range(op, &r);
	if (r.end <= r.start)
		return MM_DONE;
	if (!op->phase && !mlock_ended(mm, op, &r))
		return MM_DONE;
	if (apply_to_range(mm, op, &r) == MM_ASK)
		return MM_ASK;
	if (!op->ret)
		mm_populate(mm, r.start, r.end);
	return MM_DONE;
}

int commit_munlock(struct mm_struct *mm, struct mm_op *op)
{
	struct range r;

	mlock_range(op, &r);
	if (r.end <= r.start || op->ret == -EINVAL)
		return MM_DONE;
	return apply_to_range(mm, op, &r);
}

static int lock_everything(struct mm_struct *mm, struct mm_op *op)
{
	struct range r = {
		.start = 0,
		.end = PAGE_MASK,	/* the last page's start */
		.holes = HOLES_FINE,
		.change = mlock_fixup,
		.ret = 0,
		.no_vma = -ENOMEM,
	};

	return apply_to_range(mm, op, &r);
}

/*
 * Mirrors mm/mlock.c:apply_mlockall_flags(). MCL_FUTURE alone leaves what is
 * mapped as it is; nothing that goes wrong with one VMA is reported.
 */
int commit_mlockall(struct mm_struct *mm, struct mm_op *op)
{
	if (is_error(op->ret))
		return MM_DONE;
	mm->def_flags &= ~VM_LOCKED_MASK;
	if (op->flags & MCL_FUTURE) {
		mm->def_flags |= VM_LOCKED;
		if (op->flags & MCL_ONFAULT)
			mm->def_flags |= VM_LOCKONFAULT;
	}
	if (!(op->flags & MCL_CURRENT))
		return MM_DONE;
	if (lock_everything(mm, op) == MM_ASK)
		return MM_ASK;
	mm_populate(mm, 0, PAGE_MASK);
	return MM_DONE;
}

int commit_munlockall(struct mm_struct *mm, struct mm_op *op)
{
	if (is_error(op->ret))
		return MM_DONE;
	mm->def_flags &= ~VM_LOCKED_MASK;
	return lock_everything(mm, op);
}
