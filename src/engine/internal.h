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
	bool grows;		/* mremap growth in place (vma_merge_extend): the
				 * range has @prev's very anon_vma, and that it
				 * came by fork does not count */
};

/* Three answers to "do these two merge?". */
enum may { MAY_NO, MAY_YES, MAY_UNDECIDED };

#define ANON_ANY (ANON_NONE | ANON_FAULTED | ANON_FORKED)

/* KSM takes none of these; mirrors mm/ksm.c:ksm_compatible(). */
#define VM_KSM_NEVER	(VM_SHARED | VM_MAYSHARE | VM_PFNMAP | VM_IO | \
			 VM_DONTEXPAND | VM_HUGETLB | VM_MIXEDMAP | VM_DROPPABLE)

/* merge.c: may two neighbours be one? */
void vma_attr_of(const struct vm_area_struct *vma, struct vma_attr *a);
/* and: no if one is no, else undecided if one is. */
enum may may_and(enum may a, enum may b);
bool mpol_equal(uint32_t a, uint32_t b);
/* Is it the same struct file? NULL, twice, is. */
enum may same_file(const struct mm_file *a, const struct mm_file *b);
enum may is_mergeable_vma(const struct mm_struct *mm,
			  const struct vm_area_struct *vma,
			  const struct vma_attr *a);
enum may is_mergeable_anon_vma(const struct mm_struct *mm,
			       const struct vma_attr *range,
			       const struct vm_area_struct *neighbour);
enum may can_vma_merge_before(const struct mm_struct *mm,
			      const struct vm_area_struct *next,
			      const struct vma_attr *a, unsigned long start,
			      unsigned long end);
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

/*
 * vma_expand_prev() - vma_merge() for a new range that may join @prev only
 * (brk since 6.1, "just_expand").
 */
int vma_expand_prev(struct mm_struct *mm, struct mm_op *op,
		    struct vm_area_struct *prev, unsigned long start,
		    unsigned long end, const struct vma_attr *a,
		    struct vm_area_struct **out);

/* anon_vma.c: the hidden state. */
/*
 * vma_open_faults() - what the program may do from now on: a private VMA that
 * is writable (or that a huge page read fault may populate) and may be
 * untouched may be touched any time. Called by vma_link(), vma_set_flags() and
 * __vma_adjust().
 */
void vma_open_faults(const struct mm_struct *mm, struct vm_area_struct *vma);
/*
 * anon_vma_prepare() - a page of @vma was surely written: it is FAULTED, unless
 * it was FORKED. Finds out which anon_vma it may have got from its neighbours.
 * No effect on shared mappings.
 */
void anon_vma_prepare(struct mm_struct *mm, struct vm_area_struct *vma);
/* Keep only the states in @keep; an identity that no longer applies goes. */
void anon_vma_narrow(uint8_t *state, uint32_t *id, uint8_t keep);

/*
 * vma.c: the tree, the list, splitting. All accounting (total_vm, data_vm,
 * exec_vm, stack_vm and locked_vm, which counts the pages of VM_LOCKED VMAs)
 * is done here, by linking, unlinking, adjusting and vma_set_flags(): nobody
 * else touches these numbers.
 */
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
/* insert_vm_struct() - vma_link() where nothing is mapped yet, else -ENOMEM. */
int insert_vm_struct(struct mm_struct *mm, struct vm_area_struct *vma);
/* A VMA off the pool with attributes @a, not linked; NULL: pool empty. */
struct vm_area_struct *vma_from_attr(struct mm_struct *mm, unsigned long start,
				     unsigned long end,
				     const struct vma_attr *a);
/* Give a linked VMA the attributes @a, its extent, pgoff and file excepted. */
void vma_set_attr(struct mm_struct *mm, struct vm_area_struct *vma,
		  const struct vma_attr *a);
/* Anonymous to the kernel (no vm_ops): no file, or /dev/zero privately. */
bool vma_is_anonymous(const struct vm_area_struct *vma);
/* locked_vm as the kernel counts it. */
static inline unsigned long mm_locked(const struct mm_struct *mm)
{
	return mm->locked_vm + mm->locked_lost;
}
static inline unsigned long vma_pages(const struct vm_area_struct *vma)
{
	return (vma->vm_end - vma->vm_start) >> PAGE_SHIFT;
}

/* interval_tree.c: which VMAs map these pages of a file. */
void __vma_link_file(struct vm_area_struct *vma);
void __vma_unlink_file(struct vm_area_struct *vma);
/* First VMA that maps any of the pages [first, last], and the next after it. */
struct vm_area_struct *vma_interval_tree_iter_first(const struct mm_file *file,
						    unsigned long first,
						    unsigned long last);
struct vm_area_struct *vma_interval_tree_iter_next(struct vm_area_struct *vma,
						   unsigned long first,
						   unsigned long last);

/* mmap.c */
/* Take [start, end) out, addresses both; splits at its ends. Cannot fail. */
void do_munmap(struct mm_struct *mm, unsigned long start, unsigned long end);
/* A new VMA over an empty range, merged where it may: mmap_region()'s core. */
int map_range(struct mm_struct *mm, struct mm_op *op, unsigned long start,
	      unsigned long end, const struct vma_attr *a,
	      struct vm_area_struct **out);
/* PROT_* and a protection key (-1: none given) as vm_flags. */
uint64_t calc_vm_prot_bits(int prot, int pkey);
/* The vm_flags that this MM_MMAP gives; op->file and file_flags as far as set. */
uint64_t mmap_vm_flags(const struct mm_struct *mm, const struct mm_op *op);

/* apply.c */
enum holes {
	HOLES_STOP,	/* the loop ends at the first one, with ENOMEM */
	HOLES_STEP,	/* gone over, but ENOMEM in the end */
	HOLES_FINE,	/* no error at all */
};

/* What a loop over the VMAs of [start, end) does, and what came of it. */
struct range {
	unsigned long start, end;	/* page aligned */
	enum holes holes;
	/*
	 * @a holds @vma's attributes; make of them what the call would. Returns
	 * 1, 0: @vma stays as it is, or -errno: the loop ends before it. Pure.
	 * An attribute whose value was unsure and now is known leaves vm_unsure.
	 */
	int (*change)(struct mm_struct *mm, struct mm_op *op,
		      const struct vm_area_struct *vma, struct vma_attr *a);
	long ret;	/* how the kernel's loop ended, as far as that is known */
	int no_vma;	/* what it says when VMAs run out: -ENOMEM, -EAGAIN */
};

/*
 * scan_range() - how such a loop ends by the mirror: 0 or -errno, and where it
 * stops. Changes nothing.
 */
long scan_range(struct mm_struct *mm, struct mm_op *op, const struct range *r,
		unsigned long *stop);
/*
 * apply_to_range() - the loop of mprotect, madvise, mlock and mbind: for each
 * VMA piece compute its new attributes, try vma_merge(), else split at the
 * piece's ends and set them. Ends where the kernel's did; where r->ret is not
 * what the mirror says, the range becomes op->unknown. Goes on at op->cursor
 * after an ask: op->phase is 0 at first and the engine's own afterwards.
 * Returns MM_DONE, MM_ASK.
 */
int apply_to_range(struct mm_struct *mm, struct mm_op *op,
		   const struct range *r);
/* partial.c: what a refused call did before it was refused. */
/*
 * cut_in_part() - [start, end) was to be unmapped or replaced, and was cut out
 * at its ends, or at its start only where a mapping in it refused.
 */
void cut_in_part(struct mm_struct *mm, struct mm_op *op, unsigned long start,
		 unsigned long end);
/* Did the kernel say what the mirror knew that it would say? */
bool was_foretold(const struct mm_op *op);

/*
 * mm_populate() - the kernel wrote to every page of the
 * private writable VMAs in [start, end), those on fault left out.
 */
void mm_populate(struct mm_struct *mm, unsigned long start,
		    unsigned long end);

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
int commit_home_node(struct mm_struct *mm, struct mm_op *op);
int commit_set_anon_name(struct mm_struct *mm, struct mm_op *op);
int commit_mseal(struct mm_struct *mm, struct mm_op *op);
int commit_memory_merge(struct mm_struct *mm, struct mm_op *op);
int commit_uffd_register(struct mm_struct *mm, struct mm_op *op);
int commit_uffd_unregister(struct mm_struct *mm, struct mm_op *op);
int commit_uffd_release(struct mm_struct *mm, struct mm_op *op);
int commit_mremap(struct mm_struct *mm, struct mm_op *op);

/* mremap.c: VMAs that this MM_MREMAP may need beyond MM_RESERVE. */
unsigned int mremap_reserve(struct mm_struct *mm, const struct mm_op *op);

/* ask.c: the one place where "undecided" becomes a question. */
/*
 * ask_boundary() - is there an answer for @addr in @op? Returns MM_BOUNDARY_*,
 * or -1 after it set op->ask: the caller returns MM_ASK up to the face.
 */
int ask_boundary(struct mm_op *op, unsigned long addr);
/* Widen op->touched to [start, end). */
void op_touch(struct mm_op *op, unsigned long start, unsigned long end);
/* Widen op->unknown to [start, end) and the whole VMAs that it touches. */
void op_unknown(struct mm_struct *mm, struct mm_op *op, unsigned long start,
		unsigned long end);
static inline bool is_error(long ret)
{
	return (unsigned long)ret >= -4095UL;
}

/* limits.c: what refuses. */
bool may_expand_vm(const struct mm_struct *mm, uint64_t flags, long pages);
/* Mirrors mm/internal.h:is_data_mapping() without VM_STACK's exception. */
static inline bool is_data_mapping(uint64_t flags)
{
	return (flags & (VM_WRITE | VM_SHARED | VM_GROWSDOWN)) == VM_WRITE;
}
/*
 * May mprotect give @pages that had flags @old the flags @new, once the same
 * call made @grown pages more data? What counts as data is limited; a limit
 * that is exceeded anyway, or another limit, does not refuse it.
 */
bool may_become_data(const struct mm_struct *mm, uint64_t old, uint64_t new,
		     long pages, long grown);
bool mlock_future_check(const struct mm_struct *mm, uint64_t flags,
		     unsigned long bytes);
/* Would a split of @vma at @addr be refused by what it maps? 0, -EINVAL. */
int may_split(const struct mm_struct *mm, const struct vm_area_struct *vma,
	      unsigned long addr);
/* What munmap(@addr, @len) says: 0 or -errno. */
int may_unmap(const struct mm_struct *mm, unsigned long addr,
	      unsigned long len);

/* placement.c: where would the kernel put it? -errno or an address. */
unsigned long get_unmapped_area(const struct mm_struct *mm,
				const struct mm_op *op, unsigned long addr,
				unsigned long len, unsigned long off,
				unsigned long flags);
/*
 * verdict_mmap.c: was this mmap refused only after what is mapped at its place,
 * [op->addr, + @len), had been cut out? @len is page aligned.
 */
bool mmap_cuts(const struct mm_struct *mm, const struct mm_op *op,
	       unsigned long len);
/* The same of a remap_file_pages. */
bool remap_file_pages_cuts(const struct mm_struct *mm, const struct mm_op *op);
/* What of a refused mremap was done before. */
enum remap_stage {
	REMAP_EARLY,		/* nothing */
	REMAP_TARGET,		/* the target was cut, but stayed */
	REMAP_TAIL,		/* the target is gone, the tail was cut */
	REMAP_LATE,		/* target and tail are gone */
};
/* verdict_mremap.c */
enum remap_stage mremap_stage(struct mm_struct *mm, const struct mm_op *op);
/* verdict_mmap.c: does what lies in the heap refuse to shrink it? */
bool brk_cuts(const struct mm_struct *mm, unsigned long brk);
/* verdict.c: fills op->predicted, verdict_known, place_known. */
void predict(struct mm_struct *mm, struct mm_op *op);

#endif
