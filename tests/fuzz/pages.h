/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel as a flat array: one entry a page, which says all that the mapping
 * it belongs to has, and whether a mapping begins there. No tree, no list, no
 * unknown: this model sees what userspace cannot (which pages were written,
 * which anon_vma a mapping has), so it can answer what the engine asks, and
 * tell whether what the engine believes is true.
 *
 * It is written from kernel-facts alone and shares no code with the engine but
 * the names of flags and struct mm_rules.
 *
 * Pages count from BASE; outside [0, NR) there are two walls that merge with
 * nothing. Functions return what the system call would: 0 or an address in
 * bytes, or -errno.
 */
#ifndef TESTS_FUZZ_PAGES_H
#define TESTS_FUZZ_PAGES_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/mm_types.h"

#define NR	80
#define BASE	0x7f0000000000UL
#define P(n)	(BASE + ((unsigned long)(n) << 12))
#define HEAP	40		/* start_brk */

struct page {
	bool mapped, first;	/* first: of its mapping */
	bool forked;		/* anon_vma came by fork */
	uint32_t anon;		/* its anon_vma; 0: none */
	uint32_t policy, name;
	uint64_t flags;		/* vm_flags, PAGE_FLAGS of them */
	struct mm_file *file;
	long pgoff;
};

#define PAGE_FLAGS (VM_ACCESS_FLAGS | VM_MAYSHARE | VM_GROWSDOWN |	\
		    VM_LOCKED_MASK | VM_SEQ_READ | VM_RAND_READ |	\
		    VM_DONTCOPY | VM_ACCOUNT | VM_NORESERVE |		\
		    VM_WIPEONFORK | VM_DONTDUMP | VM_HUGEPAGE |		\
		    VM_NOHUGEPAGE | VM_MERGEABLE)

struct kernel {
	struct page page[NR + 1];	/* the last is never mapped */
	const struct mm_rules *rules;
	uint64_t def_flags;
	int brk;			/* a page */
	uint32_t last_anon;
};

/* The range [s, e) of pages is never empty and lies in [0, NR). */
int vma_first(const struct kernel *k, int i);
int vma_end(const struct kernel *k, int i);	/* the page behind it */
/* Do two mappings, or a mapping and a hole, or two holes meet before page i? */
bool boundary(const struct kernel *k, int i);

/* A write to page i, which must be mapped: gives its mapping an anon_vma. */
void touch(struct kernel *k, int i);
void populate(struct kernel *k, int s, int e);
void unmap(struct kernel *k, int s, int e);

enum merging { NEW, NEW_NEXT_FIRST, NEW_PREV_ONLY, NEW_ALONE, CHANGE };
/*
 * Pages [s, e) become as @a (whose pgoff is that of page s), merged with their
 * neighbours as far as they may. CHANGE: they are part of one mapping.
 */
void put(struct kernel *k, int s, int e, const struct page *a,
	 enum merging how, bool grows);

/* System calls. */
long k_mmap(struct kernel *k, int hint, int len, int prot, unsigned long flags,
	    struct mm_file *file, long pgoff);
long k_munmap(struct kernel *k, int s, int e);
long k_brk(struct kernel *k, int to);
long k_mprotect(struct kernel *k, int s, int e, int prot);
long k_madvise(struct kernel *k, int s, int e, int advice);
long k_mlock(struct kernel *k, int s, int e, bool on_fault);
long k_munlock(struct kernel *k, int s, int e);
long k_mlockall(struct kernel *k, int flags);
long k_munlockall(struct kernel *k);
long k_mbind(struct kernel *k, int s, int e, uint32_t policy);
long k_name(struct kernel *k, int s, int e, uint32_t name);
long k_mremap(struct kernel *k, int s, int old_len, int new_len,
	      unsigned long flags, int to);
void k_fork(struct kernel *k);
/* A touch of page i below a stack: did it grow? */
bool k_expand(struct kernel *k, int i);
/* Where len pages would go: a page or -1. */
int k_place(const struct kernel *k, int len);

#endif
