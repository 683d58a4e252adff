/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Verdicts over the calls that make and unmake mappings: mmap, munmap, brk,
 * shmat, shmdt, remap_file_pages.
 */
#include "engine/predict.h"

/*
 * Flags that MAP_SHARED_VALIDATE takes: LEGACY_MAP_MASK and MAP_SYNC, which a
 * file may take.
 */
#define VALIDATED	(0x040ff9f3UL | 21UL << 26 | 30UL << 26)
/* The end of what ext4 can map; other file systems end later. */
#define LARGE_FILE	(1UL << 43)

/* Mirrors mm/mmap.c:round_hint_to_min() */
static unsigned long round_hint_to_min(const struct mm_struct *mm,
				       unsigned long hint)
{
	hint &= PAGE_MASK;
	if (hint && hint < mm->rules.mmap_min_addr)
		return PAGE_ALIGN(mm->rules.mmap_min_addr);
	return hint;
}

/* Before a place is looked for: 0 or -errno. */
static int mmap_args(const struct mm_struct *mm, const struct mm_op *op)
{
	if (op->off & ~PAGE_MASK || !op->len)
		return -EINVAL;
	if (!op->anonymous && op->flags & MAP_HUGETLB_)
		return -EINVAL;
	if (!PAGE_ALIGN(op->len))
		return -ENOMEM;
	return mm->map_count > mm->max_map_count ? -ENOMEM : 0;
}

/* The switch over MAP_TYPE of do_mmap() for anonymous memory. */
static int anonymous_type(const struct mm_op *op)
{
	bool grows = op->flags & MAP_GROWSDOWN_;

	switch (op->flags & MAP_TYPE_) {
	case MAP_SHARED_:
		return grows ? -EINVAL : 0;
	case MAP_DROPPABLE_:
		return grows || op->flags & (MAP_LOCKED_ | MAP_HUGETLB_) ?
			       -EINVAL : 0;
	case MAP_PRIVATE_:
		return 0;
	}
	return -EINVAL;
}

/* And for a file; what only the file knows is left out. */
static int file_type(const struct mm_op *op)
{
	unsigned long end = op->off + PAGE_ALIGN(op->len);

	if (end < op->off || end >> 63)
		return -EOVERFLOW;
	switch (op->flags & MAP_TYPE_) {
	case MAP_SHARED_VALIDATE_:
		if (op->flags & ~VALIDATED)
			return -EOPNOTSUPP;
		/* fall through */
	case MAP_SHARED_:
		if (op->file_unwritable && op->prot & 0x2)
			return -EACCES;
		break;
	case MAP_PRIVATE_:
		break;
	default:
		return -EINVAL;
	}
	return op->flags & MAP_GROWSDOWN_ ? -EINVAL : 0;
}

/*
 * Can what lies where the mapping is to be go away? Older kernels do not say
 * why it cannot, unless it is sealed.
 */
static int may_replace(const struct mm_struct *mm, unsigned long start,
		       unsigned long end)
{
	int err = may_cut(mm, start, end);

	return err && err != -EPERM && mm->rules.map_fixed_enomem ? -ENOMEM :
								    err;
}

/* After a place is found: locks, the kind of mapping. Nothing is done yet. */
static int mmap_early(const struct mm_struct *mm, const struct mm_op *op,
		      unsigned long addr, unsigned long len)
{
	if (op->flags & MAP_FIXED_NOREPLACE_ &&
	    count_vma_pages_range(mm, addr, addr + len))
		return -EEXIST;
	if (op->flags & MAP_LOCKED_ && !can_do_mlock(mm))
		return -EPERM;
	/* def_flags as they are: mmap_vm_flags() has thought of the type. */
	if (op->flags & MAP_LOCKED_ || mm->def_flags & VM_LOCKED)
		if (!mlock_future_check(mm, VM_LOCKED, len))
			return -EAGAIN;
	return op->anonymous ? anonymous_type(op) : file_type(op);
}

/*
 * Limits are looked at before what is there is cut out, or since 6.12 after
 * that, which is when the error for it changed.
 */
static int mmap_late(const struct mm_struct *mm, const struct mm_op *op,
		     unsigned long addr, unsigned long len, bool *cuts)
{
	long pages = (long)(len >> PAGE_SHIFT) -
		     (long)count_vma_pages_range(mm, addr, addr + len);
	bool full = !may_expand_vm(mm, mmap_vm_flags(mm, op), pages);
	int err;

	*cuts = false;
	if (full && mm->rules.map_fixed_enomem)
		return -ENOMEM;
	*cuts = true;
	err = may_replace(mm, addr, addr + len);
	return !err && full ? -ENOMEM : err;
}

static int mmap_at(const struct mm_struct *mm, const struct mm_op *op,
		   unsigned long addr, unsigned long len)
{
	int err = mmap_early(mm, op, addr, len);
	bool cuts;

	return err ? err : mmap_late(mm, op, addr, len, &cuts);
}

bool mmap_cuts(const struct mm_struct *mm, const struct mm_op *op,
	       unsigned long len)
{
	bool cuts;

	return !mmap_args(mm, op) && len <= mm->task_size &&
	       !mmap_early(mm, op, op->addr, len) &&
	       mmap_late(mm, op, op->addr, len, &cuts) && cuts;
}

/*
 * May something outside refuse? Huge pages and much memory do; a file that was
 * mapped before has proved that it can be read.
 */
static bool mmap_outside(const struct mm_struct *mm, const struct mm_op *op,
			 unsigned long addr, unsigned long len)
{
	bool writable = (op->prot & 0x2) && op->flags & MAP_PRIVATE_;

	if (op->flags & (MAP_HUGETLB_ | MAP_DROPPABLE_))
		return true;
	if (addr < mm->rules.mmap_min_addr)
		return true;
	if (len > MUCH_MEMORY && (writable || op->anonymous))
		return true;
	if (mm->rules.overcommit_never && (writable || op->anonymous))
		return true;
	if (op->anonymous)
		return false;
	return !op->file || op->prot & 0x4 || op->off + len > LARGE_FILE ||
	       op->flags & MAP_SYNC_ ||
	       (op->flags & MAP_TYPE_) != MAP_PRIVATE_;
}

/* Mirrors mm/mmap.c:do_mmap() and mmap_region(). */
void predict_mmap(struct mm_struct *mm, struct mm_op *op)
{
	struct place p = {
		.len = PAGE_ALIGN(op->len),
		.off = op->off,
		.flags = op->flags,
		.file = op->file,
		.anonymous = op->anonymous,
	};
	/* A descriptor may be no good; then that is what the kernel says. */
	bool sure = op->anonymous ? !(op->flags & MAP_HUGETLB_) : !!op->file;
	unsigned long addr;
	long err = mmap_args(mm, op);

	if (err) {
		foretell(op, err, sure || op->off & ~PAGE_MASK);
		return;
	}
	if (p.flags & MAP_FIXED_NOREPLACE_)
		p.flags |= MAP_FIXED_;
	p.addr = p.flags & MAP_FIXED_ ? op->addr :
					round_hint_to_min(mm, op->addr);
	addr = place_mapping(mm, &p);
	err = is_error(addr) ? (long)addr : mmap_at(mm, op, addr, p.len);
	if (err) {
		foretell(op, err, sure && !p.unpredictable);
		return;
	}
	foretell(op, addr, !mmap_outside(mm, op, addr, p.len));
	op->place_known = !p.unpredictable && !(op->flags & MAP_HUGETLB_);
}

void predict_munmap(struct mm_struct *mm, struct mm_op *op)
{
	foretell(op, may_unmap(mm, op->addr, op->len), true);
}

/* The shrinking half of brk: does it fail? */
static bool brk_shrinks(const struct mm_struct *mm, unsigned long newbrk,
			unsigned long oldbrk)
{
	const struct vm_area_struct *vma = vma_after(mm, newbrk);

	if (mm->rules.brk_shrink_checks && (!vma || vma->vm_start >= oldbrk))
		return false;
	return !may_cut(mm, newbrk, oldbrk);
}

/* The growing half, mirrors check_brk_limits() and do_brk_flags(). */
static bool brk_grows(const struct mm_struct *mm, unsigned long newbrk,
		      unsigned long oldbrk)
{
	const struct vm_area_struct *next = vma_after(mm, oldbrk);
	unsigned long len = newbrk - oldbrk;

	if (newbrk > mm->task_size)
		return false;
	if (!mlock_future_check(mm, mm->def_flags, len))
		return false;
	if (next && newbrk + PAGE_SIZE > vm_start_gap(mm, next))
		return false;
	return may_expand_vm(mm, VM_READ | VM_WRITE, len >> PAGE_SHIFT) &&
	       mm->map_count <= mm->max_map_count;
}

static bool brk_within_data(const struct mm_struct *mm, unsigned long brk)
{
	return mm->rlim.data == ~0UL ||
	       brk - mm->start_brk + (mm->end_data - mm->start_data) <=
		       mm->rlim.data;
}

bool brk_cuts(const struct mm_struct *mm, unsigned long brk)
{
	unsigned long newbrk = PAGE_ALIGN(brk), oldbrk = PAGE_ALIGN(mm->brk);

	return brk >= mm->start_brk && brk_within_data(mm, brk) &&
	       newbrk < oldbrk && may_cut(mm, newbrk, oldbrk);
}

/* Mirrors mm/mmap.c:brk(): what it answers is the break as it then is. */
void predict_brk(struct mm_struct *mm, struct mm_op *op)
{
	unsigned long brk = op->addr;
	unsigned long newbrk = PAGE_ALIGN(brk), oldbrk = PAGE_ALIGN(mm->brk);
	bool grows = false, done;

	if (brk < mm->start_brk || !brk_within_data(mm, brk)) {
		done = false;
	} else if (newbrk == oldbrk) {
		done = true;
	} else if (brk <= mm->brk) {
		done = brk_shrinks(mm, newbrk, oldbrk);
	} else {
		grows = true;
		done = newbrk > brk - 1 && brk_grows(mm, newbrk, oldbrk);
	}
	foretell(op, done ? brk : mm->brk,
		 !(grows && done && newbrk - oldbrk > MUCH_MEMORY));
}

/* A segment's size and rights are not the mm's. */
void predict_shmat(struct mm_struct *mm, struct mm_op *op)
{
	(void)mm;
	foretell(op, op->addr & PAGE_MASK, false);
}

static bool is_shm(const struct vm_area_struct *vma)
{
	return vma->vm_file && vma->vm_file->flags & MM_FILE_CLOSE;
}

/* Mirrors ipc/shm.c:ksys_shmdt(): a segment whose first page would be @addr. */
void predict_shmdt(struct mm_struct *mm, struct mm_op *op)
{
	const struct vm_area_struct *vma = vma_after(mm, op->addr);

	if (op->addr & ~PAGE_MASK) {
		foretell(op, -EINVAL, true);
		return;
	}
	for (; vma; vma = vma->vm_next)
		if (is_shm(vma) && vma->vm_start - op->addr ==
					   vma->vm_pgoff << PAGE_SHIFT)
			break;
	foretell(op, vma ? 0 : -EINVAL, true);
}

/*
 * Mirrors mm/mmap.c:remap_file_pages(): a shared mapping, or several that touch
 * and differ in nothing, is mapped anew with another offset.
 */
static bool remappable(const struct mm_struct *mm, unsigned long start,
		       unsigned long end)
{
	const struct vm_area_struct *vma = vma_holding(mm, start), *next;

	if (!vma || !(vma->vm_flags & VM_SHARED))
		return false;
	for (; vma->vm_end < end; vma = next) {
		next = vma->vm_next;
		if (!next || next->vm_start != vma->vm_end ||
		    next->vm_file != vma->vm_file ||
		    next->vm_flags != vma->vm_flags)
			return false;
	}
	return true;
}

/* It is an mmap with MAP_LOCKED where the old mapping was locked. */
static int remap_limits(const struct mm_struct *mm,
			const struct vm_area_struct *vma, unsigned long len)
{
	uint64_t locked = (vma->vm_flags | mm->def_flags) & VM_LOCKED;

	if (vma->vm_flags & VM_LOCKED && !can_do_mlock(mm))
		return -EPERM;
	return mlock_future_check(mm, locked, len) ? 0 : -EAGAIN;
}

/* *@cuts: it was refused by what is there, which may have been cut. */
static int remap_check(const struct mm_struct *mm, const struct mm_op *op,
		       bool *cuts)
{
	unsigned long start = op->addr & PAGE_MASK;
	unsigned long end = start + (op->len & PAGE_MASK);
	int err;

	*cuts = false;
	if (op->prot || end <= start ||
	    op->off + (op->len >> PAGE_SHIFT) < op->off ||
	    !remappable(mm, start, end))
		return -EINVAL;
	if (mm->map_count > mm->max_map_count)
		return -ENOMEM;
	err = remap_limits(mm, vma_holding(mm, start), end - start);
	if (err)
		return err;
	err = may_replace(mm, start, end);
	*cuts = err;
	return err;
}

void predict_remap_file_pages(struct mm_struct *mm, struct mm_op *op)
{
	unsigned long pages = op->len >> PAGE_SHIFT;
	bool cuts;
	int err = remap_check(mm, op, &cuts);

	foretell(op, err, err || op->off + pages < LARGE_FILE >> PAGE_SHIFT);
}

bool remap_file_pages_cuts(const struct mm_struct *mm, const struct mm_op *op)
{
	bool cuts;

	return was_foretold(op) && remap_check(mm, op, &cuts) && cuts;
}
