/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * madvise: the advice that changes vm_flags, and the two pieces of advice that
 * give a mapping its anon_vma. All other advice leaves no trace here.
 */
#include <linux/mman.h>

#include "engine/predict.h"

/* Newer than some headers. */
#define MADV_POPULATE_WRITE_	23
#define MADV_GUARD_INSTALL_	102

/* The flags that some advice determines. */
struct advice {
	uint64_t set, clear;
};

/* False: this advice changes no flag. */
static bool advice_flags(unsigned long advice, struct advice *f)
{
	*f = (struct advice){ 0, 0 };
	switch (advice) {
	case MADV_NORMAL:
		f->clear = VM_RAND_READ | VM_SEQ_READ;
		return true;
	case MADV_SEQUENTIAL:
		*f = (struct advice){ VM_SEQ_READ, VM_RAND_READ };
		return true;
	case MADV_RANDOM:
		*f = (struct advice){ VM_RAND_READ, VM_SEQ_READ };
		return true;
	case MADV_DONTFORK:
		f->set = VM_DONTCOPY;
		return true;
	case MADV_DOFORK:
		f->clear = VM_DONTCOPY;
		return true;
	case MADV_WIPEONFORK:
		f->set = VM_WIPEONFORK;
		return true;
	case MADV_KEEPONFORK:
		f->clear = VM_WIPEONFORK;
		return true;
	case MADV_DONTDUMP:
		f->set = VM_DONTDUMP;
		return true;
	case MADV_DODUMP:
		f->clear = VM_DONTDUMP;
		return true;
	case MADV_MERGEABLE:
		f->set = VM_MERGEABLE;
		return true;
	case MADV_UNMERGEABLE:
		f->clear = VM_MERGEABLE;
		return true;
	case MADV_HUGEPAGE:
		*f = (struct advice){ VM_HUGEPAGE, VM_NOHUGEPAGE };
		return true;
	case MADV_NOHUGEPAGE:
		*f = (struct advice){ VM_NOHUGEPAGE, VM_HUGEPAGE };
		return true;
	}
	return false;
}

/* A special mapping has none, to the kernel. */
static bool has_file(const struct vm_area_struct *vma)
{
	return vma->vm_file && !(vma->vm_file->flags & MM_FILE_SPECIAL);
}

/* Which mapping refuses it: the checks of madvise_vma_behavior(). */
static int refuses(unsigned long advice, const struct vm_area_struct *vma)
{
	switch (advice) {
	case MADV_DOFORK:
		return vma->vm_flags & VM_IO ? -EINVAL : 0;
	case MADV_WIPEONFORK:
		return has_file(vma) || (vma->vm_flags & VM_SHARED) ?
		       -EINVAL : 0;
	case MADV_KEEPONFORK:
		return vma->vm_flags & VM_DROPPABLE ? -EINVAL : 0;
	case MADV_DODUMP:
		return (!(vma->vm_flags & VM_HUGETLB) &&
			(vma->vm_flags & VM_SPECIAL)) ||
		       (vma->vm_flags & VM_DROPPABLE) ? -EINVAL : 0;
	}
	return 0;
}

/* Mirrors mm/madvise.c:madvise_vma_behavior(), mm/ksm.c:ksm_madvise(). */
static int madvise_update_vma(struct mm_struct *mm, struct mm_op *op,
			      const struct vm_area_struct *vma,
			      struct vma_attr *a)
{
	uint64_t bits;
	struct advice f;
	int err = seal_refuses(mm, vma, op->flags) ? -EPERM :
						     refuses(op->flags, vma);

	if (err)
		return err;
	if (op->flags == MADV_MERGEABLE && (vma->vm_flags & VM_KSM_NEVER))
		return 0;
	advice_flags(op->flags, &f);
	bits = f.set | f.clear;
	a->vm_flags = (a->vm_flags & ~f.clear) | f.set;
	a->vm_unsure &= ~(uint32_t)bits;
	return a->vm_flags != vma->vm_flags || a->vm_unsure != vma->vm_unsure;
}

/*
 * The kernel gives every mapping there an anon_vma: populate by writing; guards,
 * of anonymous memory only, so that fork copies them.
 */
static void prepare_all(struct mm_struct *mm, struct mm_op *op,
			const struct range *r)
{
	struct vm_area_struct *vma = find_vma(mm, r->start);

	for (; vma && vma->vm_start < r->end; vma = vma->vm_next)
		if (op->flags != MADV_GUARD_INSTALL_ || vma_is_anonymous(vma))
			anon_vma_prepare(mm, vma);
	op_touch(op, r->start, r->end);
}

/*
 * Holes do not stop it. What refused it, a mapping that takes no guards or want
 * of memory, may stand anywhere in the range.
 */
static void install_guards(struct mm_struct *mm, struct mm_op *op,
			   const struct range *r)
{
	struct vm_area_struct *vma = find_vma(mm, r->start);

	mm->guards = true;
	if (!op->ret || op->ret == -ENOMEM) {
		prepare_all(mm, op, r);
		return;
	}
	for (; vma && vma->vm_start < r->end; vma = vma->vm_next)
		if (vma_is_anonymous(vma) && !(vma->vm_flags & VM_MAYSHARE))
			vma->anon_state |= ANON_FAULTED;
}

/* A file's mapping that was read from the kernel may be special after all. */
bool madvise_doubtful(const struct mm_struct *mm, unsigned long start,
		      unsigned long end)
{
	const struct vm_area_struct *vma = vma_after(mm, start);

	for (; vma && vma->vm_start < end; vma = vma->vm_next)
		if (vma->vm_file && vma->vm_unsure)
			return true;
	return false;
}

/* Mirrors mm/madvise.c:do_madvise(). */
int commit_madvise(struct mm_struct *mm, struct mm_op *op)
{
	struct range r = {
		.start = op->addr,
		.end = op->addr + PAGE_ALIGN(op->len),
		.holes = HOLES_STEP,
		.change = madvise_update_vma,
		.ret = op->ret,
		.no_vma = -EAGAIN,
	};
	unsigned long stop;
	struct advice f;

	if ((r.start & ~PAGE_MASK) || r.end <= r.start)
		return MM_DONE;
	if (advice_flags(op->flags, &f)) {
		/* An EINVAL that no mapping caused: the kernel lacks it. */
		if (!op->phase && op->ret == -EINVAL &&
		    scan_range(mm, op, &r, &stop) != -EINVAL) {
			if (madvise_doubtful(mm, r.start, r.end))
				op_unknown(mm, op, r.start, r.end);
			return MM_DONE;
		}
		return apply_to_range(mm, op, &r);
	}
	if (op->flags == MADV_GUARD_INSTALL_)
		install_guards(mm, op, &r);
	if (op->flags == MADV_POPULATE_WRITE_ && !op->ret)
		prepare_all(mm, op, &r);
	return MM_DONE;
}

/* What the loop over a flag's advice will end with, for predict_madvise(). */
bool madvise_foretell(struct mm_struct *mm, struct mm_op *op, long *err)
{
	struct range r = {
		.start = op->addr,
		.end = op->addr + PAGE_ALIGN(op->len),
		.holes = HOLES_STEP,
		.change = madvise_update_vma,
	};
	unsigned long stop;
	struct advice f;

	if (!advice_flags(op->flags, &f))
		return false;
	*err = scan_range(mm, op, &r, &stop);
	return true;
}
