/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The engine's public face: one address space, kept as mm/mmap.c keeps it.
 *
 * A call passes in two phases:
 *
 *	mm_prepare(mm, op)	before the system call: memory is reserved, the
 *				result is predicted. May fail; nothing changed.
 *	... the system call ...
 *	mm_commit(mm, op)	with the kernel's answer in op->ret. Cannot fail.
 *				Returns MM_ASK when the next boundary's fate
 *				depends on what userspace cannot know: the
 *				caller asks the kernel about op->ask, hands the
 *				answer to mm_answer() and commits again; it goes
 *				on where it stood.
 *
 * The engine never asks by itself, and an answer is taken only where it said
 * "undecided". No function here locks, allocates, sleeps or calls out: the
 * caller holds the mirror's lock. All are async-signal-safe under that lock.
 */
#ifndef VS_ENGINE_ENGINE_H
#define VS_ENGINE_ENGINE_H

#include "base/view.h"
#include "engine/mm_types.h"

enum mm_call {
	MM_NONE,
	MM_MMAP,	/* addr len prot flags off, file */
	MM_MUNMAP,	/* addr len */
	MM_BRK,		/* addr: the new break */
	MM_MREMAP,	/* addr len(old) new_len flags new_addr */
	MM_MPROTECT,	/* addr len prot, pkey or -1 */
	MM_MADVISE,	/* addr len, flags: the advice */
	MM_MLOCK,	/* addr len, flags: MLOCK_ONFAULT */
	MM_MUNLOCK,	/* addr len */
	MM_MLOCKALL,	/* flags: MCL_* */
	MM_MUNLOCKALL,
	MM_MBIND,	/* addr len, policy: interned id, 0 is default */
	MM_SHMAT,	/* addr, flags: SHM_*; len and file from the kernel */
	MM_SHMDT,	/* addr */
	MM_REMAP_FILE_PAGES,	/* addr len prot off(pgoff) flags */
	MM_SET_ANON_NAME,	/* addr len, name: interned id */
	MM_MSEAL,	/* addr len, flags: 0 */
	MM_HOME_NODE,	/* addr len, flags: the node */
	MM_MEMORY_MERGE,	/* flags: on or off */
	MM_UFFD_REGISTER,	/* addr len, uffd, flags: VM_UFFD_* */
	MM_UFFD_UNREGISTER,	/* addr len */
	MM_UFFD_RELEASE,	/* uffd: its last descriptor was closed */
};

#define MM_RESERVE	16	/* VMAs that one call may need at the most */
#define MM_ASKED	4	/* boundaries of one step, at the most */

struct mm_op {
	enum mm_call call;
	unsigned long addr, len;		/* bytes, as the program gave them */
	unsigned long new_len, new_addr, off;	/* bytes */
	unsigned long flags;
	int prot, pkey;
	bool anonymous;			/* MM_MMAP without a file */
	bool own;			/* the library's own call */
	uint32_t policy, name;
	uint16_t uffd;			/* userfaultfd, interned; 0: none */

	/*
	 * What the recorder found out about the file, after a successful call:
	 * from the kernel's own line. NULL for anonymous memory. May already be
	 * known before (mapped again), else prepare predicts without it.
	 */
	struct mm_file *file;
	uint64_t file_flags;		/* vm_flags that the file's mmap hook
					 * added (VM_DONTEXPAND, VM_IO, ...) */
	bool file_unwritable;		/* MAP_SHARED of a descriptor without
					 * write access: no VM_SHARED */

	/* What prepare predicted. */
	long predicted;			/* result or -errno */
	bool verdict_known;		/* success or which errno was predicted */
	bool place_known;		/* predicted is the very address */

	long ret;			/* the kernel's answer */

	/* Asking. */
	unsigned long ask;		/* the undecided boundary */
	struct {
		unsigned long addr;
		signed char boundary;	/* MM_BOUNDARY_* */
	} asked[MM_ASKED];
	unsigned int nr_asked;

	/* vm_flags of what is mapped that the engine does not know; its own. */
	uint32_t unsure;

	/* Where a commit that had to ask goes on; the engine's own. */
	unsigned long cursor, cursor_end;
	unsigned int phase;

	/*
	 * The range that the kernel's answer leaves unknown: an error that may
	 * have changed a part, an answer that contradicts the mirror. Empty if
	 * everything is known. The caller reads these lines from the kernel and
	 * calls mm_adopt().
	 */
	unsigned long unknown_start, unknown_end;
	/* The range within which the call changed anything, for check=each. */
	unsigned long touched_start, touched_end;
};

#define MM_DONE	0
#define MM_ASK	1

#define MM_BOUNDARY_NO	    0	/* one VMA spans the address */
#define MM_BOUNDARY_YES	    1	/* two VMAs meet there */
#define MM_BOUNDARY_UNKNOWN 2	/* nobody could be asked: the engine keeps the
				 * boundary and marks both sides unsure */

/* mm_init() - an empty address space; no memory but @mm itself is used. */
void mm_init(struct mm_struct *mm, const struct mm_rules *rules);

/* mm_pool_add() - hand in memory for VMAs: aligned to 8, stays ours for ever. */
void mm_pool_add(struct mm_struct *mm, void *mem, unsigned long bytes);

/*
 * mm_prepare() - predict; reserve MM_RESERVE VMAs. Returns 0, or -ENOMEM when
 * the pool holds fewer: hand in more and call again.
 */
int mm_prepare(struct mm_struct *mm, struct mm_op *op);
int mm_commit(struct mm_struct *mm, struct mm_op *op);
void mm_answer(struct mm_op *op, int boundary);

/*
 * mm_seed() - append one mapping read from the kernel; views must come in
 * order. @vm_flags: from VmFlags of smaps where @flags_known, else derived from
 * the view and marked unsure. @faulted: smaps shows anonymous pages in it.
 * Returns the VMA or NULL (pool empty, out of order).
 */
struct vm_area_struct *mm_seed(struct mm_struct *mm, const struct vma_view *v,
			       struct mm_file *file, uint64_t vm_flags,
			       bool flags_known, bool faulted);

/*
 * mm_adopt() - the kernel's truth for [start, end): whatever the mirror has
 * there is replaced by @v. @start and @end must be boundaries of the views or
 * lie in holes; mirror VMAs that reach over either end are cut there. What was
 * known of a VMA that is found unchanged is kept; a VMA whose extent differs
 * keeps its flags where protection and file agree, the rest becomes unsure.
 * files[i] belongs to v[i] (NULL: anonymous). Needs n + 2 VMAs in the pool:
 * returns -ENOMEM, with nothing changed, if they are not there.
 */
int mm_adopt(struct mm_struct *mm, unsigned long start, unsigned long end,
	     const struct vma_view *v, struct mm_file *const *files,
	     unsigned int n);

/*
 * mm_doubt() - something happened in [start, end) and nobody knows what: those
 * of @flags that maps does not show, and whether pages were written, become
 * unsure there; with MM_DOUBT_ALL also the identity of what is mapped. VMAs are
 * cut at the ends; mm_adopt() of a wider range must follow, which puts together
 * what the kernel has as one. Needs 2 VMAs in the pool; changes nothing without.
 */
#define MM_DOUBT_ALL   0xffffffffu
#define MM_DOUBT_FLAGS 0xfffffffeu	/* all flags, not the identity */
void mm_doubt(struct mm_struct *mm, unsigned long start, unsigned long end,
	      uint32_t flags);

/*
 * mm_learn() - the kernel shows exactly @vm_flags for its mapping [start, end).
 * @uffd: the context that those of VM_UFFD belong to. False, and nothing
 * changed: the mirror has no such mapping.
 */
bool mm_learn(struct mm_struct *mm, unsigned long start, unsigned long end,
	      uint64_t vm_flags, uint16_t uffd);

/* mm_touch() - pages in [start, end) were surely written (by the library). */
void mm_touch(struct mm_struct *mm, unsigned long start, unsigned long end);

/*
 * expand_stack() - the kernel grew the VM_GROWSDOWN mapping above @addr so
 * that it now starts at @addr (page aligned). Returns 0, or -EINVAL when the
 * rules forbid that growth (acct_stack_growth, guard gap). Mirrors
 * expand_downwards().
 */
int expand_stack(struct mm_struct *mm, unsigned long addr);

/* dup_mmap() - this mm is now a fork child's: what the kernel's changes. */
void dup_mmap(struct mm_struct *mm);

/* Lookup, as mm/mmap.c names it. find_vma(): first VMA with addr < vm_end. */
struct vm_area_struct *find_vma(struct mm_struct *mm, unsigned long addr);
struct vm_area_struct *find_vma_prev(struct mm_struct *mm, unsigned long addr,
				     struct vm_area_struct **pprev);
struct vm_area_struct *find_vma_intersection(struct mm_struct *mm,
					     unsigned long start,
					     unsigned long end);

/* mm_view() - the line that maps prints for @vma, labels included. */
void mm_view(const struct mm_struct *mm, const struct vm_area_struct *vma,
	     struct vma_view *out);

/* mm_file_flags() - MM_FILE_*: what a line says of the struct file behind it. */
uint32_t mm_file_flags(const struct vma_view *v);

/*
 * mm_explain() - why the two mappings that meet at @addr are two: appends to @f
 * the first rule, in the kernel's order, that keeps them apart, in words and
 * with the values of both; "unknown: either ..." where that depends on what
 * cannot be seen; "nothing: ..." where they would merge if a call touched the
 * boundary now. At most MM_EXPLAIN_SIZE bytes, NUL included. Returns 0, or
 * -EINVAL with nothing appended: no two mappings meet there. Pure; the caller
 * holds the lock.
 */
#define MM_EXPLAIN_SIZE 512
int mm_explain(const struct mm_struct *mm, unsigned long addr, struct fmt *f);

/*
 * validate_mm() - order, list, colours, black height, gaps, counts, interval
 * trees. Returns 0, or a negative number that says which law is broken
 * (enum in validate.c).
 */
int validate_mm(const struct mm_struct *mm);

#endif
