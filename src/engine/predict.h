/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What placement.c and the verdict files share: the kernel's answer, foretold.
 * Only they include this.
 *
 * All functions are pure: they read the mm and write at most op->predicted,
 * op->verdict_known and op->place_known. Lengths and addresses are in bytes.
 */
#ifndef VS_ENGINE_PREDICT_H
#define VS_ENGINE_PREDICT_H

#include "engine/internal.h"

/* Beyond this a private writable mapping may fail for want of memory. */
#define MUCH_MEMORY	(1UL << 30)
#define HUGE_SIZE	(1UL << 21)	/* what transparent huge pages span */
#define DEFAULT_MAP_WINDOW ((1UL << 47) - PAGE_SIZE)

/* Arguments whose values userspace headers may lack. */
#define MAP_SHARED_VALIDATE_	0x03UL
#define MAP_DROPPABLE_		0x08UL
#define MAP_TYPE_		0x0fUL
#define MAP_FIXED_		0x10UL
#define MAP_ANONYMOUS_		0x20UL
#define MAP_32BIT_		0x40UL
#define MAP_ABOVE4G_		0x80UL
#define MAP_GROWSDOWN_		0x0100UL
#define MAP_LOCKED_		0x2000UL
#define MAP_HUGETLB_		0x40000UL
#define MAP_SYNC_		0x80000UL
#define MAP_FIXED_NOREPLACE_	0x100000UL
#define MAP_SHARED_		0x01UL
#define MAP_PRIVATE_		0x02UL

/* A mapping that looks for its place. */
struct place {
	unsigned long addr;		/* page aligned hint, or the place */
	unsigned long len;		/* page aligned, not 0 */
	unsigned long off;		/* into the file */
	unsigned long flags;		/* MAP_* */
	const struct mm_file *file;	/* NULL: anonymous or not known */
	bool anonymous;			/* surely no file */
	bool unpredictable;		/* out: the kernel may go elsewhere */
};

/* An address, or -errno as the kernel returns it in the same word. */
unsigned long place_mapping(const struct mm_struct *mm, struct place *p);

/* vm_unmapped_area()'s argument. */
struct vm_unmapped_area_info {
	bool topdown;
	unsigned long length, low_limit, high_limit;
	unsigned long align_mask, align_offset;
};
unsigned long vm_unmapped_area(const struct mm_struct *mm,
			       const struct vm_unmapped_area_info *info);

/* limits.c: accounting limits; each mirrors the kernel function so named. */
bool can_do_mlock(const struct mm_struct *mm);
/*
 * What the limits say to @bytes more of a mapping with @flags, once what is in
 * [@start, @end) is unmapped: 0, -EAGAIN for locked memory, -ENOMEM.
 */
int may_grow(const struct mm_struct *mm, uint64_t flags, unsigned long bytes,
	     unsigned long start, unsigned long end);
/* Add the pages that are mapped in a range, and those that count as data. */
void count_mapped(const struct mm_struct *mm, unsigned long start,
		  unsigned long end, unsigned long *total, unsigned long *data);
/* Do the limits allow so many pages more, and, if it @counts, so much data? */
bool may_gain(const struct mm_struct *mm, long total, bool counts, long data);
/* Would unmapping or cutting [start, end) fail? 0 or -errno. */
int may_cut(const struct mm_struct *mm, unsigned long start, unsigned long end);
/* Pages of [start, end) that VMAs cover. */
unsigned long count_vma_pages_range(const struct mm_struct *mm,
				    unsigned long start, unsigned long end);
/* find_vma() for those who only look: leaves the vmacache alone. */
struct vm_area_struct *vma_after(const struct mm_struct *mm,
				 unsigned long addr);
/* The VMA that holds @addr, or NULL: the kernel's vma_lookup(). */
struct vm_area_struct *vma_holding(const struct mm_struct *mm,
				   unsigned long addr);

/* Where a move of several VMAs ends before all are moved. */
struct remap_stop {
	unsigned long addr;	/* the piece of the source that refuses */
	bool target_cut;	/* its target could not be unmapped */
	bool target_gone;	/* its target was unmapped before that */
	bool has_own_way;	/* one of the pieces may refuse for itself */
	/* In pages: what those before it left behind, and what gave way. */
	unsigned long grown, grown_data, gone, gone_data;
};
/* verdict_mremap.c: does a move of several end before all are moved? Where? */
bool mremap_stops(struct mm_struct *mm, const struct mm_op *op,
		  struct remap_stop *stop);
/* madvise.c: false, or what advice that sets flags will end with. */
bool madvise_foretell(struct mm_struct *mm, struct mm_op *op, long *err);
bool madvise_doubtful(const struct mm_struct *mm, unsigned long start,
		      unsigned long end);

/* seal.c: is @vma sealed against this advice? EPERM then. */
bool seal_refuses(const struct mm_struct *mm, const struct vm_area_struct *vma,
		  unsigned long advice);

/* How a verdict ends. */
static inline void foretell(struct mm_op *op, long result, bool known)
{
	op->predicted = result;
	op->verdict_known = known;
	op->place_known = known;
}

/* verdict_mmap.c, verdict_range.c, verdict_mremap.c: one for each call. */
void predict_mmap(struct mm_struct *mm, struct mm_op *op);
void predict_munmap(struct mm_struct *mm, struct mm_op *op);
void predict_brk(struct mm_struct *mm, struct mm_op *op);
void predict_shmat(struct mm_struct *mm, struct mm_op *op);
void predict_shmdt(struct mm_struct *mm, struct mm_op *op);
void predict_remap_file_pages(struct mm_struct *mm, struct mm_op *op);
void predict_mremap(struct mm_struct *mm, struct mm_op *op);
void predict_mprotect(struct mm_struct *mm, struct mm_op *op);
void predict_madvise(struct mm_struct *mm, struct mm_op *op);
void predict_mlock(struct mm_struct *mm, struct mm_op *op);
void predict_munlock(struct mm_struct *mm, struct mm_op *op);
void predict_mseal(struct mm_struct *mm, struct mm_op *op);
void predict_mlockall(struct mm_struct *mm, struct mm_op *op);

#endif
