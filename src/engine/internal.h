/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The seam inside the engine: what mmap.c, mprotect.c, mremap.c and the others
 * may use of each other. Nobody outside src/engine includes this.
 */
#ifndef VS_ENGINE_INTERNAL_H
#define VS_ENGINE_INTERNAL_H

#include <errno.h>

#include "base/bug.h"
#include "base/compiler.h"
#include "engine/engine.h"

/*
 * What a range has, or would have after the call: the arguments that
 * vma_merge() takes one by one in the kernel.
 */
struct vma_attr {
	uint64_t vm_flags;
	uint32_t vm_unsure;	/* flags whose value is unknown */
	struct mm_file *file;
	unsigned long pgoff;
	bool pgoff_unsure;
	uint32_t anon_vma;	/* identity, 0: unknown or none */
	uint8_t anon_state;	/* ANON_* that are possible */
	uint32_t policy, anon_name;
	uint16_t uffd;
	uint8_t bits;		/* VMA_OWN */
};

/* Three answers to "do these two merge?". */
enum may { MAY_NO, MAY_YES, MAY_UNDECIDED };

/* merge.c: may two neighbours be one? */
void vma_attr_of(const struct vm_area_struct *vma, struct vma_attr *a);
enum may is_mergeable_vma(const struct mm_struct *mm,
			  const struct vm_area_struct *vma,
			  const struct vma_attr *a);
enum may is_mergeable_anon_vma(const struct mm_struct *mm,
			       const struct vma_attr *range,
			       const struct vm_area_struct *neighbour);
enum may can_vma_merge_before(const struct mm_struct *mm,
			      const struct vm_area_struct *next,
			      const struct vma_attr *a, unsigned long end);
enum may can_vma_merge_after(const struct mm_struct *mm,
			     const struct vm_area_struct *prev,
			     const struct vma_attr *a, unsigned long start);

/*
 * vma_merge() - try to make [start, end) with attributes @a part of its
 * neighbours. @new: the range holds no VMA yet (mmap, brk, the target of a
 * move); else it is part of exactly one existing VMA that gets attributes @a.
 * @prev: the VMA before @start, or the one that holds it where start lies
 * inside (as the kernel passes it).
 *
 * Returns MM_DONE with *@out the VMA that now holds the range, or NULL where
 * nothing merged and nothing changed; MM_ASK with op->ask set, nothing changed.
 * Uses no memory of the pool.
 */
int vma_merge(struct mm_struct *mm, struct mm_op *op,
	      struct vm_area_struct *prev, unsigned long start,
	      unsigned long end, const struct vma_attr *a, bool new,
	      struct vm_area_struct **out);

/* vma.c: the tree, the list, splitting. */
struct vm_area_struct *vma_alloc(struct mm_struct *mm);	/* NULL: pool empty */
void vma_free(struct mm_struct *mm, struct vm_area_struct *vma);
bool find_vma_links(struct mm_struct *mm, unsigned long start,
		    unsigned long end, struct vm_area_struct **pprev,
		    struct rb_node ***link, struct rb_node **parent);
void vma_link(struct mm_struct *mm, struct vm_area_struct *vma);
void __vma_unlink(struct mm_struct *mm, struct vm_area_struct *vma);
/*
 * __vma_adjust() - move vma's ends and pgoff, keep tree, gaps, interval tree
 * and list right; @remove (may be NULL) is taken out on the way.
 */
void __vma_adjust(struct mm_struct *mm, struct vm_area_struct *vma,
		  unsigned long start, unsigned long end, unsigned long pgoff,
		  struct vm_area_struct *remove);
/* __split_vma() - cut at @addr; new_below as in the kernel. From the pool. */
struct vm_area_struct *__split_vma(struct mm_struct *mm,
				   struct vm_area_struct *vma,
				   unsigned long addr, bool new_below);
void vma_set_flags(struct mm_struct *mm, struct vm_area_struct *vma,
		   uint64_t flags);	/* accounts (vm_stat_account) as well */
void vm_stat_account(struct mm_struct *mm, uint64_t flags, long pages);
unsigned long vm_start_gap(const struct mm_struct *mm,
			   const struct vm_area_struct *vma);
unsigned long vm_end_gap(const struct vm_area_struct *vma);

/* interval_tree.c: which VMAs map these pages of a file. */
void __vma_link_file(struct vm_area_struct *vma);
void __vma_unlink_file(struct vm_area_struct *vma);

/* mmap.c */
/* Take [start, end) out; splits at both ends. Cannot fail. */
void unmap_range(struct mm_struct *mm, unsigned long start, unsigned long end);
/* A new VMA over an empty range, merged where it may: mmap_region()'s core. */
int map_range(struct mm_struct *mm, struct mm_op *op, unsigned long start,
	      unsigned long end, const struct vma_attr *a,
	      struct vm_area_struct **out);
uint64_t calc_vm_prot_bits(int prot, int pkey);
uint64_t mmap_vm_flags(const struct mm_struct *mm, const struct mm_op *op);

/*
 * apply_to_range() - the loop of mprotect, madvise, mlock and mbind: for each
 * VMA piece in [start, end) compute its new attributes with @change (false:
 * leave it as it is), try vma_merge(), else split at the piece's ends and set.
 * Resumes at op->cursor after an ask. @holes: go on over holes, or stop at the
 * first. Returns MM_DONE, MM_ASK.
 */
int apply_to_range(struct mm_struct *mm, struct mm_op *op, unsigned long start,
		   unsigned long end, bool holes,
		   bool (*change)(struct mm_struct *mm, struct mm_op *op,
				  const struct vm_area_struct *vma,
				  struct vma_attr *a));

/* One commit function for each call; each returns MM_DONE or MM_ASK. */
int commit_mmap(struct mm_struct *mm, struct mm_op *op);
int commit_munmap(struct mm_struct *mm, struct mm_op *op);
int commit_brk(struct mm_struct *mm, struct mm_op *op);
int commit_shmat(struct mm_struct *mm, struct mm_op *op);
int commit_shmdt(struct mm_struct *mm, struct mm_op *op);
int commit_remap_file_pages(struct mm_struct *mm, struct mm_op *op);
int commit_mprotect(struct mm_struct *mm, struct mm_op *op);
int commit_madvise(struct mm_struct *mm, struct mm_op *op);
int commit_mlock(struct mm_struct *mm, struct mm_op *op);
int commit_munlock(struct mm_struct *mm, struct mm_op *op);
int commit_mlockall(struct mm_struct *mm, struct mm_op *op);
int commit_munlockall(struct mm_struct *mm, struct mm_op *op);
int commit_mbind(struct mm_struct *mm, struct mm_op *op);
int commit_set_anon_name(struct mm_struct *mm, struct mm_op *op);
int commit_mremap(struct mm_struct *mm, struct mm_op *op);

/* ask.c: the one place where "undecided" becomes a question. */
/*
 * ask_boundary() - is there an answer for @addr in @op? Returns MM_BOUNDARY_*,
 * or -1 after it set op->ask: the caller returns MM_ASK up to the face.
 */
int ask_boundary(struct mm_op *op, unsigned long addr);

/* placement.c: where would the kernel put it? -errno or an address. */
unsigned long get_unmapped_area(const struct mm_struct *mm,
				const struct mm_op *op, unsigned long addr,
				unsigned long len, unsigned long off,
				unsigned long flags);
/* verdict.c: fills op->predicted, verdict_known, place_known. */
void predict(struct mm_struct *mm, struct mm_op *op);

#endif
