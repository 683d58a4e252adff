/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A laboratory for the engine's operations: an address space in which pages
 * are counted from BASE, calls are one line each, and the result is read back
 * as text.
 *
 *	"0+4 rw ac | 4+4 r"	[BASE, +4 pages) rw, accounted; 4 pages r
 *
 * After the access come: s shared, ac account, nr noreserve, lo locked, lf on
 * fault, gd growsdown, dc dontcopy, dd dontdump, wf wipeonfork, mg mergeable,
 * sr rr sequential and random, hg nh huge pages, =N the policy, @N the name,
 * ?ac unsure. The state of anon_vma stands in braces where a test asks for it:
 * {N}, {F}, {K}, {NF}.
 *
 * The kernel of these tests is a list of boundaries: "two VMAs meet there".
 * Each ask is looked up in it and counted. Every commit is validated.
 */
#ifndef TESTS_UNIT_OPS_LAB_H
#define TESTS_UNIT_OPS_LAB_H

#include <errno.h>
#include <linux/mman.h>
#include <stdlib.h>

#include "engine/internal.h"

#include "engine_rules.h"
#include "tap.h"

#define BASE	0x7f0000000000UL
#define P(n)	(BASE + (unsigned long)(n) * PAGE_SIZE)
#define R	PROT_READ
#define W	PROT_WRITE
#define RW	(PROT_READ | PROT_WRITE)
#define NONE	0
#define ROOM	256

__attribute__((unused))
static const struct {
	const struct mm_rules *rules;
	const char *name;
} lab_kernels[] = {
	{ &rules_5_10, "5.10" },
	{ &rules_6_1, "6.1" },
	{ &rules_6_12, "6.12" },
	{ &rules_6_18, "6.18" },
};

#define each_kernel(k) \
	for (unsigned int k = 0; k < ARRAY_SIZE(lab_kernels); k++)

static struct mm_struct mm;
static struct vm_area_struct lab_pool[ROOM];
static unsigned long lab_boundary[8];
static unsigned int lab_boundaries, lab_asked;
static struct mm_op last;

__attribute__((unused))
static void lab_reset(const struct mm_rules *rules)
{
	memset(lab_pool, 0, sizeof(lab_pool));
	mm_init(&mm, rules);
	mm_pool_add(&mm, lab_pool, sizeof(lab_pool));
	lab_boundaries = lab_asked = 0;
}

/* The kernel has a boundary at page @n: what asks about it are told. */
__attribute__((unused))
static void kernel_boundary(int n)
{
	lab_boundary[lab_boundaries++] = P(n);
}

static int lab_answer(unsigned long addr)
{
	lab_asked++;
	for (unsigned int i = 0; i < lab_boundaries; i++)
		if (lab_boundary[i] == addr)
			return MM_BOUNDARY_YES;
	return MM_BOUNDARY_NO;
}

/* Prepare, answer as the kernel did (@ret), commit, validate. */
__attribute__((unused))
static void lab_run(struct mm_op *op, long ret)
{
	int err;

	if (mm_prepare(&mm, op))
		ok(false, "the pool holds enough VMAs");
	op->ret = ret;
	while (mm_commit(&mm, op) == MM_ASK)
		mm_answer(op, lab_answer(op->ask));
	last = *op;
	err = validate_mm(&mm);
	if (err)
		is_i64(err, 0, "the address space is valid after call %d",
		       op->call);
}

/* --- calls ---------------------------------------------------------------- */

__attribute__((unused))
static void map_flags(int at, int pages, int prot, unsigned long flags,
		      struct mm_file *file, unsigned long off)
{
	struct mm_op op = {
		.call = MM_MMAP, .addr = P(at),
		.len = (unsigned long)pages * PAGE_SIZE, .prot = prot,
		.flags = flags | MAP_FIXED, .file = file, .off = off,
		.anonymous = flags & MAP_ANONYMOUS, .pkey = -1,
	};

	lab_run(&op, (long)op.addr);
}

__attribute__((unused))
static void map(int at, int pages, int prot)
{
	map_flags(at, pages, prot, MAP_PRIVATE | MAP_ANONYMOUS, NULL, 0);
}

__attribute__((unused))
static void touch(int at, int pages)
{
	mm_touch(&mm, P(at), P(at + pages));
}

__attribute__((unused))
static void call_range(enum mm_call call, int at, int pages, int prot,
		       unsigned long flags, long ret)
{
	struct mm_op op = {
		.call = call, .addr = P(at),
		.len = (unsigned long)pages * PAGE_SIZE, .prot = prot,
		.flags = flags, .pkey = -1,
	};

	lab_run(&op, ret);
}

#define protect_ret(at, pages, prot, ret) \
	call_range(MM_MPROTECT, at, pages, prot, 0, ret)
#define protect(at, pages, prot)	protect_ret(at, pages, prot, 0)
#define advise_ret(at, pages, advice, ret) \
	call_range(MM_MADVISE, at, pages, 0, advice, ret)
#define advise(at, pages, advice)	advise_ret(at, pages, advice, 0)
#define lock_ret(at, pages, flags, ret) \
	call_range(MM_MLOCK, at, pages, 0, flags, ret)
#define unlock(at, pages)	call_range(MM_MUNLOCK, at, pages, 0, 0, 0)
#define lock_all(flags)		call_range(MM_MLOCKALL, 0, 0, 0, flags, 0)
#define unlock_all()		call_range(MM_MUNLOCKALL, 0, 0, 0, 0, 0)
#define unmap(at, pages)	call_range(MM_MUNMAP, at, pages, 0, 0, 0)

/* @ret: a page, or -errno. */
__attribute__((unused))
static void remap(int at, int old, int new, unsigned long flags, int to,
		  long ret)
{
	struct mm_op op = {
		.call = MM_MREMAP, .addr = P(at),
		.len = (unsigned long)old * PAGE_SIZE,
		.new_len = (unsigned long)new * PAGE_SIZE,
		.flags = flags, .new_addr = P(to),
	};

	lab_run(&op, ret < 0 ? ret : (long)P(ret));
}

/*
 * Memory that was written and is read-only now, and such that never was; no
 * account confuses either.
 */
__attribute__((unused))
static void map_written(int at_page, int pages)
{
	map_flags(at_page, pages, RW,
		  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, NULL, 0);
	touch(at_page, pages);
	protect(at_page, pages, R);
}

__attribute__((unused))
static void map_untouched(int at_page, int pages)
{
	map_flags(at_page, pages, R,
		  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, NULL, 0);
}

/* --- reading back --------------------------------------------------------- */

static char lab_text[2048];

static void put(const char *s)
{
	strncat(lab_text, s, sizeof(lab_text) - strlen(lab_text) - 1);
}

static void put_flags(uint64_t flags)
{
	static const struct { uint64_t bit; const char *name; } names[] = {
		{ VM_MAYSHARE, " s" }, { VM_ACCOUNT, " ac" },
		{ VM_NORESERVE, " nr" }, { VM_LOCKED, " lo" },
		{ VM_LOCKONFAULT, " lf" }, { VM_GROWSDOWN, " gd" },
		{ VM_DONTCOPY, " dc" }, { VM_DONTDUMP, " dd" },
		{ VM_WIPEONFORK, " wf" }, { VM_MERGEABLE, " mg" },
		{ VM_SEQ_READ, " sr" }, { VM_RAND_READ, " rr" },
		{ VM_HUGEPAGE, " hg" }, { VM_NOHUGEPAGE, " nh" },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(names); i++)
		if (flags & names[i].bit)
			put(names[i].name);
}

static void put_vma(const struct vm_area_struct *vma, bool state)
{
	char s[64];

	snprintf(s, sizeof(s), "%s%ld+%lu ", *lab_text ? " | " : "",
		 ((long)vma->vm_start - (long)BASE) / (long)PAGE_SIZE,
		 vma_pages(vma));
	put(s);
	put(vma->vm_flags & VM_ACCESS_FLAGS ? "" : "-");
	put(vma->vm_flags & VM_READ ? "r" : "");
	put(vma->vm_flags & VM_WRITE ? "w" : "");
	put(vma->vm_flags & VM_EXEC ? "x" : "");
	put_flags(vma->vm_flags & ~(uint64_t)vma->vm_unsure);
	put(vma->vm_unsure & VM_ACCOUNT ? " ?ac" : "");
	if (vma->vm_policy) {
		snprintf(s, sizeof(s), " =%u", vma->vm_policy);
		put(s);
	}
	if (vma->anon_name) {
		snprintf(s, sizeof(s), " @%u", vma->anon_name);
		put(s);
	}
	if (!state)
		return;
	put(" {");
	put(vma->anon_state & ANON_NONE ? "N" : "");
	put(vma->anon_state & ANON_FAULTED ? "F" : "");
	put(vma->anon_state & ANON_FORKED ? "K" : "");
	put("}");
}

__attribute__((unused))
static const char *lab_read(bool state)
{
	lab_text[0] = '\0';
	for (struct vm_area_struct *v = mm.mmap; v; v = v->vm_next)
		put_vma(v, state);
	return lab_text;
}

/* The whole address space. */
#define lay()	lab_read(false)
/* ... with the states of anon_vma. */
#define lays()	lab_read(true)

/* The VMA at page @n. */
__attribute__((unused))
static struct vm_area_struct *at(int n)
{
	return find_vma(&mm, P(n));
}

#endif
