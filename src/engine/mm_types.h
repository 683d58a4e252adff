/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * struct mm_struct and struct vm_area_struct: the kernel's own two, as they
 * stood when the VMAs hung in a red-black tree (up to v6.0), with what decides
 * a merge today. Names are the kernel's; what is ours says so.
 *
 * Law of the room: pure. No libc, no system call, no clock, no global; memory
 * is handed in.
 */
#ifndef VS_ENGINE_MM_TYPES_H
#define VS_ENGINE_MM_TYPES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/vmflags.h"
#include "engine/rbtree.h"

/*
 * What userspace cannot see and what decides merges: vma->anon_vma. The set of
 * states that a VMA may be in; several bits mean that we do not know.
 */
#define ANON_NONE	0x1	/* NULL: no page of it was ever written */
#define ANON_FAULTED	0x2	/* one, its chain has a single entry */
#define ANON_FORKED	0x4	/* one, chain of two or more: came by fork */

/* A struct file as far as maps shows it; one for each open file description. */
struct mm_file {
	uint64_t inode;
	uint32_t dev_major, dev_minor;
	const char *name;	/* as maps prints it; interned by the owner */
	uint32_t name_len;
	uint32_t ofd;		/* identity of the open file description: equal
				 * means the same one, see MM_FILE_UNIQUE */
	uint32_t flags;		/* MM_FILE_* */
	uint32_t mapcount;	/* VMAs that refer to it */
	unsigned long size;	/* bytes of a SysV segment; 0: not known */
	unsigned long mapped_size;	/* bytes of the file when it was mapped;
				 * 0: not known. Decides nothing */
	struct rb_root_cached i_mmap;	/* interval tree of those VMAs, by pgoff */
};

#define MM_FILE_UNIQUE	0x1	/* surely no other mm_file's struct file:
				 * shared anonymous memory, each shmat() */
#define MM_FILE_SPECIAL	0x2	/* not a file in the kernel: name of vm_ops
				 * ([vdso], [vvar]); offset and inode print 0 */
#define MM_FILE_ZERO	0x4	/* /dev/zero privately: anonymous semantics */
#define MM_FILE_ANON_SHM 0x8	/* MAP_SHARED|MAP_ANONYMOUS, memfd, SysV */
#define MM_FILE_THP_ALIGN 0x40	/* its file system aligns for huge pages */
#define MM_FILE_CLOSE	0x10	/* its vm_ops have a close hook: SysV shm */
#define MM_FILE_NOEXEC	0x20	/* on a noexec mount */
#define MM_FILE_OWN	0x80	/* memory of the library itself */

struct vm_area_struct {
	unsigned long vm_start;
	unsigned long vm_end;
	struct vm_area_struct *vm_next, *vm_prev;
	struct rb_node vm_rb;
	unsigned long rb_subtree_gap;

	uint64_t vm_flags;
	unsigned long vm_pgoff;		/* pages; anonymous: address at birth */
	struct mm_file *vm_file;

	/*
	 * Identity of its anon_vma; 0: unknown which, or none. Two that are not
	 * 0 and differ are surely not the same object. Where several states are
	 * possible it names the ANON_FORKED one if that is among them.
	 */
	uint32_t anon_vma;
	uint32_t vm_unsure;		/* low vm_flags whose value is unknown */
	uint32_t vm_policy;		/* mempolicy, interned; 0: none */
	uint32_t anon_name;		/* anon_vma_name, interned; 0: none */
	uint16_t uffd;			/* userfaultfd context, interned; 0: none */
	uint8_t anon_state;		/* ANON_*: what it may be */
	uint8_t bits;			/* VMA_* */
	uint32_t guard_pages;		/* kept free below vm_start; by flags */

	struct {			/* in vm_file->i_mmap */
		struct rb_node rb;
		unsigned long rb_subtree_last;
	} shared;

	uint32_t born;			/* event that made it, that last changed */
	uint32_t changed;		/* it; see shadow's event counter */
};

#define VMA_OWN		  0x1	/* the library's own memory */
#define VMA_PGOFF_UNSURE  0x2	/* anonymous, vm_pgoff may be another */
#define VMA_SYSFAULT	  0x4	/* named by vm_ops: a special mapping */
#define VMA_ANON_DIFFERS  0x8	/* it and vm_prev have an anon_vma each, and not
				 * the same one: learnt from a merge refused */
#define VMA_ANON_SAME	  0x40	/* ... and the same one: they were one VMA */
#define VMA_ANON_MEMO	  (VMA_ANON_DIFFERS | VMA_ANON_SAME)
#define VMA_EXTENT_UNSURE 0x10	/* nobody could be asked whether it merged */
#define VMA_LEAVING	  0x20	/* mremap takes it away from the boundary where
				 * its copy goes: nothing merges with it now */

/*
 * The policy of the running kernel: what merges, what a flag means, where a
 * hole is looked for. Calibrated at start or set by hand; documented field by
 * field in rules.h.
 */
struct mm_rules {
	bool faulted_merges_untouched;	/* F range joins N neighbour (6.16) */
	bool gap_fill_next_first;	/* new mmap tries next before prev (6.1-6.11) */
	bool account_cleared;		/* rw->ro clears ac where N (6.7) */
	bool map_stack_nohuge;		/* MAP_STACK sets nh (6.7, THP) */
	bool grow_merges_next;		/* mremap growth joins next (6.0) */
	bool shrink_checks_source;	/* mremap of a hole: EFAULT (6.1) */
	bool brk_extends_only;		/* brk grows only the VMA at oldbrk (6.1) */
	bool brk_shrink_checks;		/* shrink over a hole fails (6.1) */
	bool thp_aligned_anon;		/* 2 MiB multiples are aligned (6.8) */
	bool thp_aligned_file;		/* files with the THP hook, too (6.1) */
	bool fixed_move_checks_first;	/* mremap FIXED: source before target (6.17) */
	bool multi_move;		/* mremap moves several VMAs (6.17) */
	bool dontunmap_fixed;		/* partial lock clear, pgoff reset (fixed trees) */
	bool heap_inclusive;		/* [heap] label touches ends (<= 6.6) */
	bool special_splits;		/* vdso may be split (5.10) */
	bool close_blocks_merge;	/* any vm_ops->close: no merge (<= 6.4) */
	bool anon_names;		/* PR_SET_VMA works (5.17, config) */
	bool ksm_flag_after_merge;	/* PR_SET_MEMORY_MERGE (<= 6.12) */
	bool guard_skips;		/* top-down search passes a guard whole (6.1) */
	bool low_limit_min_addr;	/* search ends at mmap_min_addr, and
					 * MAP_ABOVE4G is known (6.6) */
	bool map_fixed_enomem;		/* ENOMEM if what is there stays (<= 6.11) */
	bool thp_read_faults;		/* THP=always: a read may fault (config) */
	bool overcommit_never;		/* vm.overcommit_memory == 2 */
	unsigned long stack_guard_gap;	/* bytes; 256 pages */
	unsigned long mmap_min_addr;	/* bytes */
};

struct mm_limits {			/* bytes; ~0UL: none */
	unsigned long as, data, stack, memlock;
	bool ipc_lock;			/* CAP_IPC_LOCK */
};

#define VMACACHE_SIZE 4

struct mm_struct {
	struct vm_area_struct *mmap;	/* the list, by address */
	struct rb_root mm_rb;
	unsigned int map_count;		/* VMAs, as max_map_count counts */
	unsigned int map_count_peak;

	struct vm_area_struct *vmacache[VMACACHE_SIZE];	/* emptied whenever a
							 * VMA goes away */

	unsigned long total_vm, locked_vm, data_vm, exec_vm, stack_vm; /* pages */
	unsigned long start_code, end_code, start_data, end_data;
	unsigned long start_brk, brk, start_stack;
	unsigned long mmap_base, task_size, highest_vm_end;
	/*
	 * Pages that the kernel's locked_vm still counts though nothing has
	 * them locked: MREMAP_DONTUNMAP unlocks its source without taking it
	 * off. Limits are tested against the sum.
	 */
	unsigned long locked_lost;
	uint64_t def_flags;		/* VM_LOCKED by MCL_FUTURE, ... */
	bool legacy_layout;		/* bottom-up */
	unsigned long personality;	/* READ_IMPLIES_EXEC */
	bool guards;			/* MADV_GUARD_INSTALL was used */

	unsigned int max_map_count;
	struct mm_limits rlim;
	struct mm_rules rules;

	uint32_t event;			/* id of the call being applied */
	uint32_t next_anon_vma;		/* ids are never used twice */
	uint32_t next_ofd;
	struct vm_area_struct *pool;	/* free VMAs, linked by vm_next */
	unsigned int pool_free;
	/*
	 * Called when the last VMA of a file is gone; may be NULL. Not called
	 * for a file that the running call brought (op->file, mm_adopt's
	 * files): its mapcount is 0 afterwards if no VMA took it.
	 */
	void (*file_release)(struct mm_struct *mm, struct mm_file *file);
	/*
	 * Names of anonymous memory, interned by the owner; both may be NULL.
	 * anon_label: what maps prints for vma->anon_name ("[anon:x]", or
	 * "[anon_shmem:x]"). anon_name_id: the id of a label that maps printed.
	 */
	const char *(*anon_label)(const struct mm_struct *mm,
				  const struct vm_area_struct *vma,
				  uint32_t *len);
	uint32_t (*anon_name_id)(struct mm_struct *mm, const char *label,
				 uint32_t len);
	/*
	 * The id of policy @id with home node @node; 0 where such a policy has
	 * none (it must be MPOL_BIND or MPOL_PREFERRED_MANY). May be NULL.
	 */
	uint32_t (*policy_home)(struct mm_struct *mm, uint32_t id,
				unsigned long node);
	void *owner;			/* for these functions */
};

#endif
