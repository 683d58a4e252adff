/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Mappings come and go: mmap, munmap and remap_file_pages, and the two range
 * functions on which the other calls stand.
 */
#include <linux/mman.h>
#include <linux/personality.h>

#include "engine/internal.h"

#ifndef MAP_DROPPABLE
#define MAP_DROPPABLE 0x08
#endif
#define MAP_TYPES 0x0f		/* MAP_TYPE of kernels with MAP_DROPPABLE */
#define HUGE_PAGE_SHIFT 21	/* the default huge page */
#define SHARES (MAP_SHARED & MAP_SHARED_VALIDATE)

/* --- flags ----------------------------------------------------------------- */

uint64_t calc_vm_prot_bits(int prot, int pkey)
{
	uint64_t flags = (uint64_t)(prot & (PROT_READ | PROT_WRITE | PROT_EXEC));

	if (pkey > 0)
		flags |= (uint64_t)pkey << VM_PKEY_SHIFT & VM_PKEY_MASK;
	return flags;
}

/* Mirrors calc_vm_flag_bits() and arch_calc_vm_flag_bits(). */
static uint64_t calc_vm_flag_bits(const struct mm_struct *mm,
				  unsigned long flags)
{
	uint64_t bits = 0;

	if (flags & MAP_GROWSDOWN)
		bits |= VM_GROWSDOWN;
	if (flags & MAP_LOCKED)
		bits |= VM_LOCKED;
	if (flags & MAP_SYNC)
		bits |= VM_SYNC;
	if ((flags & MAP_STACK) && mm->rules.map_stack_nohuge)
		bits |= VM_NOHUGEPAGE;
	return bits;
}

/* What MAP_SHARED, MAP_PRIVATE and MAP_DROPPABLE make of it. */
static uint64_t type_flags(const struct mm_op *op, uint64_t flags)
{
	switch (op->flags & MAP_TYPES) {
	case MAP_SHARED:
	case MAP_SHARED_VALIDATE:
		flags |= VM_SHARED | VM_MAYSHARE;
		if (op->file_unwritable)
			flags &= ~(VM_SHARED | VM_MAYWRITE);
		break;
	case MAP_DROPPABLE:
		flags |= VM_DROPPABLE | VM_NORESERVE | VM_WIPEONFORK |
			 VM_DONTDUMP;
		break;
	}
	return flags;
}

static bool is_hugetlb(const struct mm_op *op)
{
	return (op->file_flags & VM_HUGETLB) ||
	       (op->anonymous && (op->flags & MAP_HUGETLB));
}

/* Mirrors accountable_mapping(): is what may become private paid for? */
static bool accountable_mapping(bool huge, uint64_t flags)
{
	return !huge &&
	       (flags & (VM_NORESERVE | VM_SHARED | VM_WRITE)) == VM_WRITE;
}

/* What becomes of MAP_NORESERVE, and of the account after it. */
static uint64_t reserve_flags(const struct mm_struct *mm,
			      const struct mm_op *op, uint64_t flags)
{
	bool huge = is_hugetlb(op);

	if ((op->flags & MAP_NORESERVE) &&
	    (huge || !mm->rules.overcommit_never))
		flags |= VM_NORESERVE;
	if (accountable_mapping(huge, flags))
		flags |= VM_ACCOUNT;
	return flags;
}

/* What never stays locked: mmap_region() takes the flag off again. */
static uint64_t lock_flags(uint64_t flags)
{
	if (flags & (VM_SPECIAL | VM_HUGETLB | VM_DROPPABLE))
		flags &= ~VM_LOCKED_MASK;
	return flags;
}

/*
 * Mirrors ksm_vma_flags(): PR_SET_MEMORY_MERGE stands as VM_MERGEABLE in
 * def_flags here, and not every mapping takes it.
 */
static uint64_t ksm_flags(uint64_t flags)
{
	if (flags & (VM_SHARED | VM_MAYSHARE | VM_SPECIAL | VM_HUGETLB |
		     VM_DROPPABLE))
		flags &= ~VM_MERGEABLE;
	return flags;
}

static bool implies_exec(const struct mm_struct *mm, const struct mm_op *op)
{
	return (op->prot & PROT_READ) &&
	       (mm->personality & READ_IMPLIES_EXEC) &&
	       !(op->file && (op->file->flags & MM_FILE_NOEXEC));
}

/* Mirrors do_mmap(), and what the file's mmap hook adds. */
uint64_t mmap_vm_flags(const struct mm_struct *mm, const struct mm_op *op)
{
	uint64_t flags = calc_vm_prot_bits(op->prot, -1);

	if (implies_exec(mm, op))
		flags |= VM_EXEC;
	flags |= calc_vm_flag_bits(mm, op->flags) | mm->def_flags |
		 VM_MAYREAD | VM_MAYWRITE | VM_MAYEXEC;
	if (op->file && (op->file->flags & MM_FILE_NOEXEC))
		flags &= ~VM_MAYEXEC;
	flags = reserve_flags(mm, op, type_flags(op, flags));
	if (is_hugetlb(op))
		flags |= VM_HUGETLB | VM_DONTEXPAND;
	return lock_flags(ksm_flags(flags | op->file_flags));
}

/* --- ranges ---------------------------------------------------------------- */

/* What of @vma lies outside [start, end) stays. */
static struct vm_area_struct *unmap_one(struct mm_struct *mm,
					struct vm_area_struct *vma,
					unsigned long start, unsigned long end)
{
	struct vm_area_struct *next = vma->vm_next;
	unsigned long pages = (end - vma->vm_start) >> PAGE_SHIFT;

	if (vma->vm_start < start && vma->vm_end > end) {
		if (!__split_vma(mm, vma, end, false))
			return NULL;
		pages = 0;
	}
	if (vma->vm_start < start) {
		__vma_adjust(mm, vma, vma->vm_start, start, vma->vm_pgoff,
			     NULL);
	} else if (vma->vm_end > end) {
		__vma_adjust(mm, vma, end, vma->vm_end, vma->vm_pgoff + pages,
			     NULL);
	} else {
		__vma_unlink(mm, vma);
		vma_free(mm, vma);
	}
	return next;
}

/*
 *	start            end
 *	  |---------------|
 *	AAAAAAAA BBBB CCCCCCCC		before
 *	AA                CCCC		after
 *
 * Mirrors do_munmap(); ends are cut by moving them, a VMA of the pool is needed
 * only for a hole in the middle of one.
 */
void do_munmap(struct mm_struct *mm, unsigned long start, unsigned long end)
{
	struct vm_area_struct *vma = find_vma(mm, start);

	while (vma && vma->vm_start < end)
		vma = unmap_one(mm, vma, start, end);
}

int map_range(struct mm_struct *mm, struct mm_op *op, unsigned long start,
	      unsigned long end, const struct vma_attr *a,
	      struct vm_area_struct **out)
{
	struct vm_area_struct *prev, *vma;

	find_vma_prev(mm, start, &prev);
	if (vma_merge(mm, op, prev, start, end, a, true, out) == MM_ASK)
		return MM_ASK;
	op_touch(op, start, end);
	if (*out)
		return MM_DONE;
	vma = vma_from_attr(mm, start, end, a);
	if (vma)
		vma_link(mm, vma);
	else
		op_unknown(mm, op, start, end);
	*out = vma;
	return MM_DONE;
}

/* --- mmap ------------------------------------------------------------------ */

static unsigned long huge_shift(const struct mm_op *op)
{
	unsigned long shift = op->flags >> MAP_HUGE_SHIFT & MAP_HUGE_MASK;

	return shift && (op->flags & MAP_HUGETLB) ? shift : HUGE_PAGE_SHIFT;
}

static unsigned long mapped_len(const struct mm_op *op)
{
	unsigned long huge = 1UL << huge_shift(op);

	return is_hugetlb(op) ? (op->len + huge - 1) & ~(huge - 1)
			      : PAGE_ALIGN(op->len);
}

static bool is_shared(const struct mm_op *op)
{
	return (op->flags & MAP_TYPES) == MAP_SHARED ||
	       (op->flags & MAP_TYPES) == MAP_SHARED_VALIDATE;
}

/* A private anonymous range is its own file: its offset is its address. */
static unsigned long mapped_pgoff(const struct mm_op *op, unsigned long start)
{
	if (!op->anonymous)
		return op->off >> PAGE_SHIFT;
	return op->file || is_shared(op) ? 0 : start >> PAGE_SHIFT;
}

/*
 * Some kernels set the flag when the merge was already tried; others do so only
 * for a file whose mmap hook might still have its say. That /dev/zero has such a
 * hook is known, that anonymous and shared memory have none, too. Mirrors
 * mm/vma.c:can_set_ksm_flags_early(). What merged before keeps the flags of what
 * it joined.
 */
static void ksm_attr(const struct mm_struct *mm, const struct mm_op *op,
		     struct vma_attr *a)
{
	const uint32_t early = MM_FILE_ANON_SHM | MM_FILE_UNIQUE |
			       MM_FILE_THP_ALIGN;
	uint64_t flag = mm->def_flags & VM_MERGEABLE & a->vm_flags;

	if (!flag)
		return;
	if (mm->rules.ksm_flag_after_merge ||
	    (op->file && op->file->flags & MM_FILE_ZERO))
		a->vm_flags &= ~flag;
	else if (op->file && !(op->file->flags & early))
		a->vm_unsure |= (uint32_t)flag;
}

static void mmap_attr(const struct mm_struct *mm, const struct mm_op *op,
		      unsigned long start, struct vma_attr *a)
{
	a->vm_flags = mmap_vm_flags(mm, op);
	a->vm_unsure = op->unsure;
	a->file = op->file;
	a->pgoff = mapped_pgoff(op, start);
	a->pgoff_unsure = false;
	a->anon_vma = 0;
	a->anon_state = ANON_NONE;
	a->policy = a->anon_name = a->uffd = 0;
	a->bits = op->own ? VMA_OWN : 0;
	a->grows = false;
	ksm_attr(mm, op, a);
}

/* Mirrors vm_mmap_pgoff(): a populated private writable range is written. */
static bool populates(const struct mm_op *op, const struct vm_area_struct *vma)
{
	if ((vma->vm_flags & (VM_WRITE | VM_SHARED)) != VM_WRITE ||
	    (vma->vm_flags & (VM_LOCKONFAULT | VM_IO | VM_PFNMAP)))
		return false;
	return (vma->vm_flags & VM_LOCKED) ||
	       (op->flags & (MAP_POPULATE | MAP_NONBLOCK)) == MAP_POPULATE;
}

static bool is_range(const struct vm_area_struct *vma, unsigned long start,
		     unsigned long end)
{
	return vma->vm_start == start && vma->vm_end == end;
}

/* Mirrors mmap_region() from the merge on; the range is empty. */
static int mmap_region(struct mm_struct *mm, struct mm_op *op,
		       unsigned long start, unsigned long end)
{
	struct vm_area_struct *vma;
	struct vma_attr a;

	mmap_attr(mm, op, start, &a);
	if (map_range(mm, op, start, end, &a, &vma) == MM_ASK)
		return MM_ASK;
	if (!vma)
		return MM_DONE;
	if (mm->def_flags & VM_MERGEABLE && is_range(vma, start, end)) {
		vma->vm_unsure &= ~(uint32_t)VM_MERGEABLE;
		vma_set_flags(mm, vma, mmap_vm_flags(mm, op));
	}
	if (!populates(op, vma))
		return MM_DONE;
	/* Whoever wrote first: a VMA of its own was untouched until then. */
	if (is_range(vma, start, end))
		vma->anon_state = ANON_NONE;
	anon_vma_prepare(mm, vma);
	return MM_DONE;
}

/*
 * kernel-facts 1.5: when the file's own mmap hook fails, or a cut ran out of
 * VMAs, what was under MAP_FIXED may be gone. These two come before.
 */
static int mmap_failed(struct mm_struct *mm, struct mm_op *op)
{
	bool fixed = (op->flags & MAP_FIXED) &&
		     !(op->flags & MAP_FIXED_NOREPLACE);
	unsigned long len = mapped_len(op), end = op->addr + len;

	if (!fixed || op->ret == -EBADF || op->ret == -EOVERFLOW ||
	    (op->addr & ~PAGE_MASK) || op->addr >= mm->task_size ||
	    len > mm->task_size - op->addr)
		return MM_DONE;
	if (!was_foretold(op)) {
		if (find_vma_intersection(mm, op->addr, end))
			op_unknown(mm, op, op->addr, end);
	} else if (mmap_cuts(mm, op, len)) {
		cut_in_part(mm, op, op->addr, end);
	}
	return MM_DONE;
}

enum { MMAP_START, MMAP_MAPPING };

/* The kernel mapped [start, end): what the mirror has there is no more. */
static int do_mmap(struct mm_struct *mm, struct mm_op *op,
		   unsigned long start, unsigned long end, bool fixed)
{
	if (op->phase == MMAP_START) {
		if (!fixed && find_vma_intersection(mm, start, end))
			op_unknown(mm, op, start, end);
		do_munmap(mm, start, end);
		op->phase = MMAP_MAPPING;
	}
	return mmap_region(mm, op, start, end);
}

int commit_mmap(struct mm_struct *mm, struct mm_op *op)
{
	unsigned long start = (unsigned long)op->ret;

	if (is_error(op->ret))
		return mmap_failed(mm, op);
	return do_mmap(mm, op, start, start + mapped_len(op),
			op->flags & MAP_FIXED);
}

/* --- munmap ---------------------------------------------------------------- */

int commit_munmap(struct mm_struct *mm, struct mm_op *op)
{
	unsigned long start = op->addr, end = start + PAGE_ALIGN(op->len);

	if (op->ret == 0) {
		do_munmap(mm, start, end);
		op_touch(op, start, end);
	} else if (was_foretold(op)) {
		if (!(start & ~PAGE_MASK) && end > start)
			cut_in_part(mm, op, start, end);
	} else if (op->ret != -EINVAL || find_vma_intersection(mm, start, end)) {
		/* A cut may have been made before the call gave up. */
		op_unknown(mm, op, start, end);
	}
	return MM_DONE;
}

/* --- remap_file_pages ------------------------------------------------------ */

/*
 * Mirrors SYSCALL_DEFINE5(remap_file_pages): an mmap of other pages of the file
 * that is mapped there. @op becomes that mmap.
 */
static void as_mmap(struct mm_op *op, const struct vm_area_struct *vma)
{
	op->file = vma->vm_file;
	op->prot = (int)(vma->vm_flags & VM_ACCESS_FLAGS);
	op->off <<= PAGE_SHIFT;
	op->flags = MAP_SHARED | MAP_FIXED | MAP_POPULATE |
		    (op->flags & MAP_NONBLOCK);
	if (vma->vm_flags & VM_LOCKED)
		op->flags |= MAP_LOCKED;
	op->unsure = vma->vm_unsure & (uint32_t)VM_LOCKED;
}

int commit_remap_file_pages(struct mm_struct *mm, struct mm_op *op)
{
	unsigned long start = op->addr & PAGE_MASK;
	unsigned long end = start + (op->len & PAGE_MASK);
	struct vm_area_struct *vma = find_vma(mm, start);
	struct mm_file *file;
	int result;

	if (op->ret < 0) {
		if (remap_file_pages_cuts(mm, op))
			cut_in_part(mm, op, start, end);
		return MM_DONE;
	}
	if (op->phase == MMAP_START) {
		if (!vma || vma->vm_start > start || !vma->vm_file) {
			op_unknown(mm, op, start, end);
			return MM_DONE;
		}
		as_mmap(op, vma);
	}
	/* Here the call itself finds the file: mm_commit() did not hold it. */
	file = op->file;
	file->mapcount++;
	result = do_mmap(mm, op, start, end, true);
	file->mapcount--;
	return result;
}
