/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Verdicts over the calls that change what is mapped: mprotect, madvise, mlock
 * and its kin. They go from VMA to VMA and stop at what refuses; the verdict is
 * that of the first that does.
 */
#include "engine/predict.h"

#define PROT_KNOWN	0xfUL		/* READ WRITE EXEC SEM */
#define PROT_GROWSDOWN_	0x01000000UL
#define PROT_GROWSUP_	0x02000000UL

/* A special mapping is none to the kernel. */
static bool vma_has_file(const struct vm_area_struct *vma)
{
	return vma->vm_file && !(vma->vm_file->flags & MM_FILE_SPECIAL);
}

static unsigned long min_end(const struct vm_area_struct *vma,
			     unsigned long end)
{
	return vma->vm_end < end ? vma->vm_end : end;
}

/*
 * How many VMAs setting other flags on a piece of @vma may add. An end that
 * lies on the VMA's own end may merge instead.
 */
static unsigned int splits(const struct vm_area_struct *vma,
			   unsigned long start, unsigned long end)
{
	return (start > vma->vm_start) + (end < vma->vm_end);
}

/*
 * Would changing a piece fail for the number of mappings or what it maps? Where
 * a piece may merge with a neighbour the limit is not surely met: *@sure.
 */
static int check_splits(const struct mm_struct *mm,
			const struct vm_area_struct *vma, unsigned long start,
			unsigned long end, bool *sure)
{
	unsigned int n = splits(vma, start, end);
	int err = 0;

	if (start > vma->vm_start)
		err = may_split(mm, vma, start);
	if (!err && end < vma->vm_end)
		err = may_split(mm, vma, end);
	if (err || !n || mm->map_count + n + 2 <= mm->max_map_count)
		return err;
	/* Or a piece before this one may have taken what was left. */
	if (n < 2 || mm->map_count + n <= mm->max_map_count)
		*sure = false;
	return mm->map_count + n <= mm->max_map_count ? 0 : -ENOMEM;
}

/* mprotect ---------------------------------------------------------------- */

struct protect {
	unsigned long start, end;
	int prot, pkey;
	long grown;		/* pages that pieces before made data */
	bool sure;
};

/* Arguments, before any VMA is looked at. 1: nothing to do. */
static int mprotect_args(const struct mm_op *op, struct protect *p)
{
	unsigned long grows = op->prot & (PROT_GROWSDOWN_ | PROT_GROWSUP_);

	p->prot = op->prot & ~(PROT_GROWSDOWN_ | PROT_GROWSUP_);
	p->start = op->addr;
	p->end = op->addr + PAGE_ALIGN(op->len);
	if (grows == (PROT_GROWSDOWN_ | PROT_GROWSUP_) ||
	    op->addr & ~PAGE_MASK)
		return -EINVAL;
	if (!op->len)
		return 1;
	if (p->end <= p->start)
		return -ENOMEM;
	if (p->prot & ~PROT_KNOWN || p->pkey < -1 || p->pkey > 15)
		return -EINVAL;
	/* Which keys are allocated is the process's, not the mm's here. */
	p->sure = p->pkey < 0;
	return 0;
}

/* Mirrors mm/mprotect.c:mprotect_fixup() and the checks before it. */
static int mprotect_vma(const struct mm_struct *mm,
			const struct vm_area_struct *vma, struct protect *p,
			unsigned long start, unsigned long end)
{
	const uint64_t access = VM_ACCESS_FLAGS;
	uint64_t new = calc_vm_prot_bits(p->prot, p->pkey) & access;
	long pages = (end - start) >> PAGE_SHIFT;

	if (new & VM_READ && mm->personality & 0x0400000 &&
	    vma->vm_flags & VM_MAYEXEC)
		new |= VM_EXEC;
	p->sure &= !(vma->vm_unsure & (access | access << 4));
	if (new & ~(vma->vm_flags >> 4))
		return -EACCES;
	if (vma->vm_flags & VM_SEALED)
		return -EPERM;
	if (new == (vma->vm_flags & access))
		return 0;
	new |= vma->vm_flags & ~access;
	if (!may_become_data(mm, vma->vm_flags, new, pages, p->grown))
		return -ENOMEM;
	p->grown += pages * (is_data_mapping(new) -
			     is_data_mapping(vma->vm_flags));
	return check_splits(mm, vma, start, end, &p->sure);
}

static int mprotect_grows(const struct vm_area_struct *vma,
			  const struct mm_op *op, struct protect *p)
{
	if (op->prot & PROT_GROWSUP_)
		return vma->vm_start > p->start ? -ENOMEM : -EINVAL;
	if (op->prot & PROT_GROWSDOWN_) {
		if (vma->vm_start >= p->end)
			return -ENOMEM;
		p->start = vma->vm_start;
		return vma->vm_flags & VM_GROWSDOWN ? 0 : -EINVAL;
	}
	return vma->vm_start > p->start ? -ENOMEM : 0;
}

/* Mirrors mm/mprotect.c:do_mprotect_pkey() */
void predict_mprotect(struct mm_struct *mm, struct mm_op *op)
{
	struct protect p = { .pkey = op->pkey, .sure = true };
	const struct vm_area_struct *vma;
	unsigned long at, end;
	int err = mprotect_args(op, &p);

	if (err) {
		foretell(op, err < 0 ? err : 0, true);
		return;
	}
	vma = vma_after(mm, p.start);
	err = vma ? mprotect_grows(vma, op, &p) : -ENOMEM;
	for (at = p.start; !err && at < p.end; at = end) {
		if (!vma || vma->vm_start > at) {
			err = -ENOMEM;
			break;
		}
		end = min_end(vma, p.end);
		err = mprotect_vma(mm, vma, &p, at, end);
		vma = vma->vm_next;
	}
	foretell(op, err, p.sure);
}

/* madvise ----------------------------------------------------------------- */

enum advice {
	NORMAL, RANDOM, SEQUENTIAL, WILLNEED, DONTNEED,
	FREE = 8, REMOVE, DONTFORK, DOFORK, MERGEABLE, UNMERGEABLE, HUGEPAGE,
	NOHUGEPAGE, DONTDUMP, DODUMP, WIPEONFORK, KEEPONFORK, COLD, PAGEOUT,
	POPULATE_READ, POPULATE_WRITE, DONTNEED_LOCKED, COLLAPSE,
	HWPOISON = 100, SOFT_OFFLINE, GUARD_INSTALL, GUARD_REMOVE,
};

static bool advice_exists(unsigned long advice)
{
	return advice <= DONTNEED || (advice >= FREE && advice <= COLLAPSE) ||
	       (advice >= HWPOISON && advice <= GUARD_REMOVE);
}

/*
 * Does every kernel since 5.10 know it, however configured? Merging, huge pages
 * and poison may be left out; the rest came later.
 */
static bool advice_certain(unsigned long advice)
{
	return advice <= PAGEOUT &&
	       (advice < MERGEABLE || advice > NOHUGEPAGE);
}

/* Mirrors can_madv_lru_vma(), madvise_dontneed_free_valid_vma(). */
static int madvise_pages(const struct vm_area_struct *vma, unsigned long advice)
{
	uint64_t forbidden = VM_PFNMAP | VM_LOCKED;

	if (advice == DONTNEED_LOCKED)
		forbidden = VM_PFNMAP;
	if ((advice == COLD || advice == PAGEOUT) &&
	    vma->vm_flags & VM_HUGETLB)
		return -EINVAL;
	if (vma->vm_flags & forbidden)
		return -EINVAL;
	return advice == FREE && !vma_is_anonymous(vma) ? -EINVAL : 0;
}

/* What a VMA says to an advice that changes no flag. *@sure: nothing else. */
static int madvise_behavior(const struct vm_area_struct *vma,
			    unsigned long advice, bool *sure)
{
	switch (advice) {
	case DONTNEED:
	case DONTNEED_LOCKED:
	case FREE:
	case COLD:
	case PAGEOUT:
		return madvise_pages(vma, advice);
	case REMOVE:
		if (vma->vm_flags & VM_LOCKED || !vma_has_file(vma))
			return -EINVAL;
		if (!(vma->vm_flags & VM_SHARED))
			return -EACCES;
		*sure = false;
		return 0;
	}
	*sure = false;
	return 0;
}

static bool near_limit(const struct mm_struct *mm)
{
	return mm->map_count + 2 > mm->max_map_count;
}

static int madvise_args(const struct mm_op *op)
{
	unsigned long len = PAGE_ALIGN(op->len);

	if (!advice_exists(op->flags) || op->addr & ~PAGE_MASK ||
	    (op->len && !len) || op->addr + len < op->addr)
		return -EINVAL;
	return 0;
}

/* Populating stops at the first hole and is refused by what lacks the right. */
static int madvise_populate(const struct mm_struct *mm, const struct mm_op *op)
{
	uint64_t need = op->flags == POPULATE_WRITE ? VM_WRITE : VM_READ;
	unsigned long at = op->addr, end = op->addr + PAGE_ALIGN(op->len);
	const struct vm_area_struct *vma = vma_after(mm, at);

	for (; at < end; at = vma->vm_end, vma = vma->vm_next) {
		if (!vma || vma->vm_start > at)
			return -ENOMEM;
		if (!(vma->vm_flags & need) ||
		    vma->vm_flags & (VM_IO | VM_PFNMAP))
			return -EINVAL;
		if (!vma->vm_next)
			return vma->vm_end < end ? -ENOMEM : 0;
	}
	return 0;
}

/* Advice that acts on pages: mirrors mm/madvise.c:madvise_walk_vmas(). */
static int madvise_walk(const struct mm_struct *mm, const struct mm_op *op,
			bool *sure)
{
	unsigned long at = op->addr, end = at + PAGE_ALIGN(op->len);
	const struct vm_area_struct *vma = vma_after(mm, at);
	int err, hole = 0;

	for (; at < end; at = min_end(vma, end), vma = vma->vm_next) {
		if (!vma || vma->vm_start > at)
			hole = -ENOMEM;
		if (!vma || vma->vm_start >= end)
			break;
		if (vma->vm_unsure & (VM_LOCKED | VM_SHARED))
			*sure = false;
		err = seal_refuses(mm, vma, op->flags) ? -EPERM :
			madvise_behavior(vma, op->flags, sure);
		if (err)
			return err;
	}
	return hole;
}

/* Mirrors mm/madvise.c:do_madvise() */
void predict_madvise(struct mm_struct *mm, struct mm_op *op)
{
	bool sure = advice_certain(op->flags);
	long err = madvise_args(op);

	if (err || !PAGE_ALIGN(op->len)) {
		foretell(op, err, err || sure);
		return;
	}
	if (op->flags == POPULATE_READ || op->flags == POPULATE_WRITE) {
		err = madvise_populate(mm, op);
		sure = false;
	} else if (madvise_foretell(mm, op, &err)) {
		/* Whether a piece merges or needs a VMA is not asked here. */
		sure &= !near_limit(mm) &&
			!madvise_doubtful(mm, op->addr,
					  op->addr + PAGE_ALIGN(op->len));
	} else {
		err = madvise_walk(mm, op, &sure);
	}
	foretell(op, err, sure);
}

/* mlock ------------------------------------------------------------------- */

/* Populating what nobody may access fails, and mlock says so at its end. */
static int mlock_populate(const struct vm_area_struct *vma, bool on_fault,
			  bool guards, bool *sure)
{
	if (vma->vm_flags & (VM_IO | VM_PFNMAP) || on_fault)
		return 0;
	if (!(vma->vm_flags & VM_ACCESS_FLAGS))
		return -ENOMEM;
	/*
	 * Beyond the end of a file, or at a guard, there is nothing to lock; and
	 * who waits for a userfaultfd may be refused.
	 */
	if (guards || !vma_is_anonymous(vma) || vma->uffd)
		*sure = false;
	return 0;
}

/* Mirrors mlock_fixup(): not everything is locked, though it succeeds. */
static bool lock_ignored(const struct vm_area_struct *vma)
{
	return vma->vm_flags & (VM_SPECIAL | VM_HUGETLB | VM_DROPPABLE);
}

static bool lock_changes(const struct vm_area_struct *vma, uint64_t lock)
{
	return !lock_ignored(vma) &&
	       (vma->vm_flags & VM_LOCKED_MASK) != lock;
}

/* Mirrors mm/mlock.c:apply_vma_lock_flags() and, for locks, populating. */
static int apply_lock(const struct mm_struct *mm, unsigned long start,
		      unsigned long end, uint64_t lock, bool *sure)
{
	const struct vm_area_struct *vma = vma_after(mm, start);
	unsigned long at, to;
	int err = 0, late = 0;

	if (end < start)
		return -EINVAL;
	for (at = start; at < end && !err; at = to, vma = vma->vm_next) {
		if (!vma || vma->vm_start > at)
			return -ENOMEM;
		to = min_end(vma, end);
		if (lock_changes(vma, lock))
			err = check_splits(mm, vma, at, to, sure);
		if (!err && lock && !late)
			late = mlock_populate(vma, lock & VM_LOCKONFAULT &&
						   !lock_ignored(vma),
					      mm->guards, sure);
		if (!vma->vm_next && to < end)
			return -ENOMEM;
	}
	return err ? err : late;
}

/* Mirrors count_mm_mlocked_page_nr() */
static unsigned long locked_pages(const struct mm_struct *mm,
				  unsigned long start, unsigned long end)
{
	const struct vm_area_struct *vma = vma_after(mm, start);
	unsigned long pages = 0, from;

	for (; vma && vma->vm_start < end; vma = vma->vm_next) {
		from = vma->vm_start > start ? vma->vm_start : start;
		if (vma->vm_flags & VM_LOCKED)
			pages += (min_end(vma, end) - from) >> PAGE_SHIFT;
	}
	return pages;
}

static bool may_lock(const struct mm_struct *mm, unsigned long start,
		     unsigned long len)
{
	unsigned long limit = mm->rlim.memlock >> PAGE_SHIFT;
	unsigned long locked = (len >> PAGE_SHIFT) + mm_locked(mm);

	if (mm->rlim.ipc_lock || mm->rlim.memlock == ~0UL || locked <= limit)
		return true;
	return locked - locked_pages(mm, start, start + len) <= limit;
}

/* Mirrors mm/mlock.c:do_mlock() */
void predict_mlock(struct mm_struct *mm, struct mm_op *op)
{
	unsigned long start = op->addr & PAGE_MASK;
	unsigned long len = PAGE_ALIGN(op->len + (op->addr & ~PAGE_MASK));
	uint64_t lock = op->flags & 1 ? VM_LOCKED_MASK : VM_LOCKED;
	bool sure = true;
	int err;

	if (op->flags & ~1UL)
		err = -EINVAL;
	else if (!can_do_mlock(mm))
		err = -EPERM;
	else if (!may_lock(mm, start, len))
		err = -ENOMEM;
	else
		err = apply_lock(mm, start, start + len, lock, &sure);
	foretell(op, err, sure);
}

void predict_munlock(struct mm_struct *mm, struct mm_op *op)
{
	unsigned long start = op->addr & PAGE_MASK;
	unsigned long len = PAGE_ALIGN(op->len + (op->addr & ~PAGE_MASK));
	bool sure = true;
	int err = apply_lock(mm, start, start + len, 0, &sure);

	foretell(op, err, sure);
}

/* Mirrors mm/mlock.c:mlockall() */
void predict_mlockall(struct mm_struct *mm, struct mm_op *op)
{
	const unsigned long current = 1, future = 2, on_fault = 4;
	int err = 0;

	if (!op->flags || op->flags == on_fault ||
	    op->flags & ~(current | future | on_fault))
		err = -EINVAL;
	else if (!can_do_mlock(mm))
		err = -EPERM;
	else if (op->flags & current && !mm->rlim.ipc_lock &&
		 mm->total_vm > mm->rlim.memlock >> PAGE_SHIFT)
		err = -ENOMEM;
	foretell(op, err, true);
}
