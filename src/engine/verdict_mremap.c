/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The verdict over mremap: the call with the most ways to be refused
 * (kernel-facts, mremap). Since 6.17 all that can be checked is checked first;
 * before, it is looked for the source, then the target is checked and emptied,
 * and only then it is seen whether the source is fit.
 */
#include "engine/predict.h"

#define MAYMOVE		1UL
#define FIXED		2UL
#define DONTUNMAP	4UL

/* The arguments, lengths rounded up. */
struct remap {
	unsigned long addr, old_len, new_addr, new_len, flags;
	bool to;		/* an address is given or implied */
};

static bool overlaps(const struct remap *r)
{
	return r->addr + r->old_len > r->new_addr &&
	       r->new_addr + r->new_len > r->addr;
}

/* What the arguments alone decide, in every kernel before all else. */
static int check_params(const struct mm_struct *mm, const struct mm_op *op,
			const struct remap *r)
{
	bool checks_first = mm->rules.fixed_move_checks_first;

	if (r->flags & ~(MAYMOVE | FIXED | DONTUNMAP) ||
	    r->addr & ~PAGE_MASK || !r->new_len)
		return -EINVAL;
	if (checks_first && r->new_len > mm->task_size)
		return -EINVAL;
	if (r->to && !(r->flags & MAYMOVE))
		return -EINVAL;
	/* Older kernels have not rounded them yet. */
	return !checks_first && r->flags & DONTUNMAP && op->len != op->new_len ?
		       -EINVAL : 0;
}

/* Mirrors the rest of check_mremap_params(), once mremap_to(). */
static int check_target(const struct mm_struct *mm, const struct remap *r)
{
	if (!r->to)
		return 0;
	if (r->new_len > mm->task_size ||
	    r->new_addr > mm->task_size - r->new_len ||
	    r->new_addr & ~PAGE_MASK)
		return -EINVAL;
	if ((r->flags & DONTUNMAP && r->old_len != r->new_len) || overlaps(r))
		return -EINVAL;
	return mm->map_count + 2 >= mm->max_map_count - 3 ? -ENOMEM : 0;
}

static bool huge_aligned(const struct remap *r)
{
	unsigned long at = r->to ? r->addr | r->new_addr : r->addr;

	return !(at & (HUGE_SIZE - 1)) && r->new_len <= r->old_len;
}

/* What no kernel looks further at. */
static int unmovable(const struct remap *r, const struct vm_area_struct *vma)
{
	if (vma->vm_flags & VM_SEALED)
		return -EPERM;
	return vma->vm_flags & VM_HUGETLB && !huge_aligned(r) ? -EINVAL : 0;
}

/* From 5.17 to 6.16: is there a source, and may it be moved at all? */
static bool source_first(const struct mm_struct *mm)
{
	return mm->rules.shrink_checks_source &&
	       !mm->rules.fixed_move_checks_first;
}

/* Where that ends which is unmapped for the copy. */
static unsigned long target_end(const struct remap *r)
{
	return r->flags & FIXED ? r->new_addr + r->new_len : r->new_addr;
}

/* Mirrors check_prep_vma(), once vma_to_resize(). */
static int check_vma(const struct mm_struct *mm, const struct remap *r,
		     const struct vm_area_struct *vma)
{
	unsigned long delta = r->new_len - r->old_len;

	if (!source_first(mm) && unmovable(r, vma))
		return unmovable(r, vma);
	if (!r->to && r->new_len <= r->old_len)
		return 0;
	/* What shrinks loses its tail first, wherever that reaches. */
	if (r->new_len < r->old_len)
		return r->new_len > vma->vm_end - r->addr ? -EFAULT : 0;
	if (!r->old_len && !(vma->vm_flags & (VM_SHARED | VM_MAYSHARE)))
		return -EINVAL;
	if (r->flags & DONTUNMAP &&
	    vma->vm_flags & (VM_DONTEXPAND | VM_PFNMAP))
		return -EINVAL;
	if (r->old_len > vma->vm_end - r->addr)
		return -EFAULT;
	if (r->new_len == r->old_len)
		return 0;
	if (vma->vm_flags & (VM_DONTEXPAND | VM_PFNMAP))
		return -EFAULT;
	return may_grow(mm, vma->vm_flags, delta, r->new_addr,
			mm->rules.fixed_move_checks_first ? r->new_addr :
							    target_end(r));
}

static bool expands_in_place(const struct mm_struct *mm, const struct remap *r,
			     const struct vm_area_struct *vma)
{
	unsigned long end = r->addr + r->new_len;

	if (r->addr + r->old_len != vma->vm_end || end < vma->vm_end ||
	    end > mm->task_size)
		return false;
	return !vma->vm_next || vma->vm_next->vm_start >= end;
}

/* What move_vma() refuses before it moves. */
static int check_move(const struct mm_struct *mm, const struct remap *r,
		      const struct vm_area_struct *vma)
{
	/* What shrinks has lost its tail by then. */
	unsigned long len = r->old_len < r->new_len ? r->old_len : r->new_len;
	int err = 0;

	if (mm->map_count >= mm->max_map_count - 3)
		return -ENOMEM;
	if (r->addr != vma->vm_start)
		err = may_split(mm, vma, r->addr);
	if (!err && len && r->addr + len != vma->vm_end)
		err = may_split(mm, vma, r->addr + len);
	return err;
}

/* Rings and devices have a say in whether they are moved. */
static bool has_own_way(const struct vm_area_struct *vma)
{
	return vma->vm_flags & VM_DONTEXPAND && vma->vm_file &&
	       !(vma->vm_file->flags & MM_FILE_SPECIAL);
}

/* Growth that memory outside the mm may refuse. */
static bool much_memory(const struct mm_struct *mm, const struct remap *r,
			const struct vm_area_struct *vma)
{
	return vma->vm_flags & VM_ACCOUNT && r->new_len > r->old_len &&
	       (mm->rules.overcommit_never ||
		r->new_len - r->old_len > MUCH_MEMORY);
}

static void move(struct mm_struct *mm, struct mm_op *op, const struct remap *r,
		 const struct vm_area_struct *vma)
{
	struct place p = {
		.addr = r->to ? r->new_addr : 0,
		.len = r->new_len,
		.off = ((r->addr - vma->vm_start) >> PAGE_SHIFT) +
		       vma->vm_pgoff,
		.flags = r->flags & FIXED ? MAP_FIXED_ : 0,
		.file = vma->vm_file,
		.anonymous = !vma->vm_file ||
			     vma->vm_file->flags & MM_FILE_SPECIAL,
	};
	unsigned long addr;
	int err = check_move(mm, r, vma);

	if (err) {
		foretell(op, err, true);
		return;
	}
	p.off <<= PAGE_SHIFT;
	if (vma->vm_flags & VM_MAYSHARE)
		p.flags |= MAP_SHARED_;
	addr = place_mapping(mm, &p);
	foretell(op, addr, is_error(addr) ? !p.unpredictable :
			   !much_memory(mm, r, vma) && !has_own_way(vma));
	op->place_known = !p.unpredictable;
}

/*
 * Mirrors vma_multi_allowed(): files that choose places by themselves are not
 * moved together with others; SysV segments and /dev/zero do. Nor is what a
 * userfaultfd watches.
 */
static bool multi_allowed(const struct vm_area_struct *vma)
{
	if (vma->uffd)
		return false;
	return !vma->vm_file ||
	       !(vma->vm_file->flags & (MM_FILE_CLOSE | MM_FILE_ZERO));
}

/*
 * What MREMAP_DONTUNMAP leaves behind makes all grow. Those before @piece have
 * grown by @stop's counts, and their targets are gone.
 */
static int grows_again(const struct mm_struct *mm, const struct remap *piece,
		       const struct vm_area_struct *vma,
		       struct remap_stop *stop)
{
	unsigned long pages = piece->old_len >> PAGE_SHIFT;
	bool data = is_data_mapping(vma->vm_flags);

	count_mapped(mm, piece->new_addr, piece->new_addr + piece->new_len,
		     &stop->gone, &stop->gone_data);
	stop->grown += pages;
	stop->grown_data += data ? pages : 0;
	return may_gain(mm, (long)(stop->grown - stop->gone), data,
			(long)(stop->grown_data - stop->gone_data)) ?
		       0 : -ENOMEM;
}

/* One of several: what refuses it, in the order in which it is moved. */
static int check_piece(const struct mm_struct *mm, const struct remap *piece,
		       const struct vm_area_struct *vma,
		       struct remap_stop *stop)
{
	int err = check_vma(mm, piece, vma);

	stop->has_own_way |= has_own_way(vma);
	if (err)
		return err;
	err = may_cut(mm, piece->new_addr, piece->new_addr + piece->new_len);
	stop->target_cut = err;
	if (err)
		return err;
	if (piece->flags & DONTUNMAP)
		err = grows_again(mm, piece, vma, stop);
	if (!err)
		err = check_move(mm, piece, vma);
	stop->target_gone = err;
	return err;
}

/* Is each VMA in the source fit to be moved with the others? */
static int check_each(const struct mm_struct *mm, const struct remap *r,
		      const struct vm_area_struct *vma,
		      struct remap_stop *stop)
{
	unsigned long end = r->addr + r->old_len;
	int err = 0;

	for (; vma && vma->vm_start < end && !err; vma = vma->vm_next) {
		struct remap piece = *r;

		piece.addr = vma->vm_start > r->addr ? vma->vm_start : r->addr;
		piece.old_len = (vma->vm_end < end ? vma->vm_end : end) -
				piece.addr;
		piece.new_len = piece.old_len;
		stop->addr = piece.addr;
		if (!multi_allowed(vma) &&
		    (piece.addr != r->addr || vma->vm_end < end))
			return -EFAULT;
		piece.new_addr = r->new_addr + (piece.addr - r->addr);
		err = check_piece(mm, &piece, vma, stop);
	}
	return err;
}

static bool moves_several(const struct mm_struct *mm, const struct remap *r)
{
	return mm->rules.multi_move && r->flags & FIXED &&
	       r->new_len == r->old_len;
}

/*
 * mremap_to(): the source is checked, the target is emptied, the tail of what
 * shrinks goes, the source is checked by older kernels; then the move. *@stage:
 * how far it comes.
 */
static int remap_to_check(const struct mm_struct *mm, const struct remap *r,
			  const struct vm_area_struct *vma,
			  enum remap_stage *stage)
{
	bool checks_first = mm->rules.fixed_move_checks_first;
	int err = 0;

	*stage = REMAP_EARLY;
	if (checks_first)
		err = check_vma(mm, r, vma);
	if (err)
		return err;
	*stage = REMAP_TARGET;
	if (r->flags & FIXED)
		err = may_cut(mm, r->new_addr, r->new_addr + r->new_len);
	if (err)
		return err;
	*stage = REMAP_TAIL;
	/* The target may have been the source of nothing. */
	if (r->flags & FIXED && !r->old_len &&
	    r->addr - r->new_addr < r->new_len)
		err = -EFAULT;
	if (!err && r->new_len < r->old_len)
		err = may_unmap(mm, r->addr + r->new_len,
				r->old_len - r->new_len);
	if (err)
		return err;
	*stage = REMAP_LATE;
	if (!checks_first)
		err = check_vma(mm, r, vma);
	if (!err && r->flags & DONTUNMAP)
		err = may_grow(mm, vma->vm_flags & ~VM_LOCKED, r->old_len,
			       r->new_addr, target_end(r));
	return err;
}

static void remap_to(struct mm_struct *mm, struct mm_op *op,
		     const struct remap *r, const struct vm_area_struct *vma)
{
	bool several = moves_several(mm, r);
	struct remap_stop stop = { .addr = r->addr };
	enum remap_stage stage;
	int err;

	if (several)
		err = check_each(mm, r, vma, &stop);
	else
		err = remap_to_check(mm, r, vma, &stage);
	/* Who has a say says EINVAL: then nobody knows which of them did. */
	if (err)
		foretell(op, err, err != -EINVAL || !stop.has_own_way);
	else if (several)
		foretell(op, r->new_addr, !stop.has_own_way);
	else
		move(mm, op, r, vma);
}

static void remap_of(const struct mm_op *op, struct remap *r)
{
	*r = (struct remap){
		.addr = op->addr,
		.old_len = PAGE_ALIGN(op->len),
		.new_addr = op->new_addr,
		.new_len = PAGE_ALIGN(op->new_len),
		.flags = op->flags,
		.to = op->flags & (FIXED | DONTUNMAP),
	};
}

/* What is refused before a mapping is looked at, or because there is none. */
static int check_early(const struct mm_struct *mm, const struct mm_op *op,
		       const struct remap *r, const struct vm_area_struct *vma)
{
	int err = check_params(mm, op, r);

	if (!err && source_first(mm))
		err = vma ? unmovable(r, vma) : -EFAULT;
	if (!err)
		err = check_target(mm, r);
	if (!err && !vma && (mm->rules.shrink_checks_source || r->to ||
			     r->new_len > r->old_len))
		err = -EFAULT;
	return err;
}

bool mremap_stops(struct mm_struct *mm, const struct mm_op *op,
		  struct remap_stop *stop)
{
	const struct vm_area_struct *vma = vma_holding(mm, op->addr);
	struct remap r;

	remap_of(op, &r);
	*stop = (struct remap_stop){ .addr = op->addr };
	return !check_early(mm, op, &r, vma) && check_each(mm, &r, vma, stop);
}

/* mremap_at(): in place, or wherever there is room. */
static void remap_at(struct mm_struct *mm, struct mm_op *op,
		     const struct remap *r, const struct vm_area_struct *vma)
{
	int err;

	if (r->new_len == r->old_len) {
		foretell(op, r->addr, true);
		return;
	}
	if (r->new_len < r->old_len) {
		err = may_unmap(mm, r->addr + r->new_len,
				r->old_len - r->new_len);
		foretell(op, err ? err : (long)r->addr, true);
		return;
	}
	if (r->old_len && expands_in_place(mm, r, vma))
		foretell(op, r->addr, !much_memory(mm, r, vma));
	else if (r->flags & MAYMOVE)
		move(mm, op, r, vma);
	else
		foretell(op, -ENOMEM, true);
}

void predict_mremap(struct mm_struct *mm, struct mm_op *op)
{
	const struct vm_area_struct *vma = vma_holding(mm, op->addr);
	struct remap r;
	int err;

	remap_of(op, &r);
	err = check_early(mm, op, &r, vma);
	if (err || !vma) {
		foretell(op, err ? err : (long)r.addr, true);
		return;
	}
	if (r.to) {
		remap_to(mm, op, &r, vma);
		return;
	}
	err = check_vma(mm, &r, vma);
	if (err)
		foretell(op, err, true);
	else
		remap_at(mm, op, &r, vma);
}

enum remap_stage mremap_stage(struct mm_struct *mm, const struct mm_op *op)
{
	const struct vm_area_struct *vma = vma_holding(mm, op->addr);
	enum remap_stage stage;
	struct remap r;

	remap_of(op, &r);
	if (check_early(mm, op, &r, vma))
		/* Before 5.16 the target went before the source was seen. */
		return vma || source_first(mm) ||
				       mm->rules.fixed_move_checks_first ||
				       check_params(mm, op, &r) ||
				       check_target(mm, &r) ?
			       REMAP_EARLY : REMAP_LATE;
	if (r.to && vma) {
		remap_to_check(mm, &r, vma, &stage);
		return stage;
	}
	return r.new_len < r.old_len && vma && !check_vma(mm, &r, vma) ?
		       REMAP_TAIL : REMAP_EARLY;
}
