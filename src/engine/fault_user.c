/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Faults on addresses of the program's half: mirrors do_user_addr_fault(),
 * access_error(), bad_area*() and do_sigbus() of arch/x86/mm/fault.c, and as
 * much of handle_mm_fault() as decides whether a signal comes.
 */
#include <signal.h>

#include "engine/fault_internal.h"

/* --- bad areas ------------------------------------------------------------- */

static void segv(const struct mm_fault *f, struct fault_verdict *v, int si_code,
		 enum fault_reason reason)
{
	if (f->kernel_mode) {
		fault_no_context(f, v, reason);
	} else if (!(f->error_code & X86_PF_USER)) {
		/* descriptor tables read by the processor itself */
		fault_ends(v, FAULT_OOPS, reason);
	} else {
		fault_signal(v, SIGSEGV, si_code, reason);
	}
}

void bad_area_nosemaphore(const struct mm_fault *f, struct fault_verdict *v,
			  enum fault_reason reason)
{
	segv(f, v, SEGV_MAPERR, reason);
}

/* Mirrors do_sigbus(). */
static void sigbus(const struct mm_fault *f, struct fault_verdict *v,
		   enum fault_reason reason)
{
	if (f->kernel_mode) {
		fault_no_context(f, v, reason);
		return;
	}
	fault_signal(v, SIGBUS, reason == FAULT_WHY_POISON ? BUS_MCEERR_AR :
		     BUS_ADRERR, reason);
}

/* --- rights ------------------------------------------------------------------ */

static unsigned int vma_pkey(const struct vm_area_struct *vma)
{
	return (vma->vm_flags & VM_PKEY_MASK) >> VM_PKEY_SHIFT;
}

/* Mirrors __pkru_allows_pkey(); fetching instructions is never denied. */
static bool pkru_allows(uint32_t pkru, unsigned int key, unsigned long error)
{
	uint32_t bits = pkru >> 2 * key & 3;

	if (error & X86_PF_INSTR)
		return true;
	return !(bits & 1) && !(bits & 2 && error & X86_PF_WRITE);
}

static enum fault_reason denied(const struct mm_fault *f)
{
	return f->error_code & X86_PF_INSTR ? FAULT_WHY_EXEC :
	       f->error_code & X86_PF_WRITE ? FAULT_WHY_WRITE : FAULT_WHY_READ;
}

/* The part of access_error() behind keys: ALLOWED, or why not. */
static enum fault_reason rights_error(const struct mm_fault *f,
				      const struct vm_area_struct *vma)
{
	uint64_t flags = vma->vm_flags;

	if (f->error_code & X86_PF_SHSTK) {
		if (!(flags & VM_SHADOW_STACK))
			return FAULT_WHY_NOT_SHSTK;
		return flags & VM_WRITE ? FAULT_WHY_ALLOWED : FAULT_WHY_WRITE;
	}
	if (f->error_code & X86_PF_WRITE) {
		if (flags & VM_SHADOW_STACK)
			return FAULT_WHY_SHSTK_WRITE;
		return flags & VM_WRITE ? FAULT_WHY_ALLOWED : FAULT_WHY_WRITE;
	}
	if (f->error_code & X86_PF_PROT || !(flags & VM_ACCESS_FLAGS))
		return denied(f);
	return FAULT_WHY_ALLOWED;
}

/*
 * Mirrors access_error(): keys come first. A page that is not there yet leaves
 * no PK bit: then the key and the register decide. Returns false where that
 * register is not known.
 */
static bool access_error(const struct mm_fault *f,
			 const struct vm_area_struct *vma,
			 enum fault_reason *reason)
{
	unsigned int key = vma_pkey(vma);

	*reason = FAULT_WHY_PKEY;
	if (f->error_code & X86_PF_PK)
		return true;
	if (f->error_code & X86_PF_SGX) {
		*reason = FAULT_WHY_SGX;
		return true;
	}
	if (key && !f->pkru_known && !(f->error_code & X86_PF_INSTR))
		return false;
	if (!key || pkru_allows(f->pkru, key, f->error_code))
		*reason = rights_error(f, vma);
	return true;
}

/* Mirrors bad_area_access_error(). */
static void bad_area_access_error(const struct mm_fault *f,
				  const struct vm_area_struct *vma,
				  enum fault_reason reason,
				  struct fault_verdict *v)
{
	v->pkey = reason == FAULT_WHY_PKEY ? vma_pkey(vma) : 0;
	segv(f, v, reason == FAULT_WHY_PKEY ? SEGV_PKUERR : SEGV_ACCERR,
	     reason);
}

/* --- the page itself --------------------------------------------------------- */

static bool has_size(const struct vm_area_struct *vma)
{
	const struct mm_file *file = vma->vm_file;

	return file && !(file->flags & (MM_FILE_SPECIAL | MM_FILE_ZERO));
}

/*
 * Mirrors filemap_fault(), shmem_fault(), hugetlb_no_page(): the last page of a
 * file is there to its end, the one behind it is not.
 */
static bool beyond_eof(const struct mm_fault *f,
		       const struct vm_area_struct *vma)
{
	unsigned long page = vma->vm_flags & VM_HUGETLB ? 1UL << 21 : PAGE_SIZE;
	unsigned long at = (f->address - vma->vm_start) +
			   (vma->vm_pgoff << PAGE_SHIFT);

	return (at & ~(page - 1)) >= f->file_size;
}

/*
 * Rights are there. What handle_mm_fault() may still refuse: a guard region
 * comes out as SIGSEGV, all else as SIGBUS.
 */
static void page_state(const struct mm_struct *mm, const struct mm_fault *f,
		       const struct vm_area_struct *vma,
		       struct fault_verdict *v)
{
	bool sized = has_size(vma);

	if (f->page == FAULT_PAGE_GUARD)
		bad_area_nosemaphore(f, v, FAULT_WHY_GUARD);
	else if (f->page == FAULT_PAGE_POISON)
		sigbus(f, v, FAULT_WHY_POISON);
	else if (mm->guards && f->page == FAULT_PAGE_UNKNOWN)
		fault_lacks(v, FAULT_NEEDS_PAGE);
	else if (sized && f->file_size != FAULT_SIZE_UNKNOWN &&
		 beyond_eof(f, vma))
		sigbus(f, v, FAULT_WHY_EOF);
	else if (sized && f->file_size == FAULT_SIZE_UNKNOWN &&
		 f->page == FAULT_PAGE_UNKNOWN)
		fault_lacks(v, FAULT_NEEDS_SIZE);
	else if (f->page == FAULT_PAGE_REFUSED)
		sigbus(f, v, FAULT_WHY_REFUSED);
	else if (f->page == FAULT_PAGE_UNKNOWN && !f->kernel_mode)
		fault_lacks(v, FAULT_NEEDS_PAGE);
	else
		fault_ends(v, FAULT_RESOLVED, FAULT_WHY_ALLOWED);
}

static void good_area(struct mm_struct *mm, const struct mm_fault *f,
		      const struct vm_area_struct *vma,
		      struct fault_verdict *v)
{
	enum fault_reason reason;

	if (!access_error(f, vma, &reason))
		fault_lacks(v, FAULT_NEEDS_PKRU);
	else if (reason != FAULT_WHY_ALLOWED)
		bad_area_access_error(f, vma, reason, v);
	else
		page_state(mm, f, vma, v);
}

/* --- the way in --------------------------------------------------------------- */

/* What no look at the mappings can help; true: it is over. */
static bool hopeless(const struct mm_fault *f, struct fault_verdict *v)
{
	bool user = f->error_code & X86_PF_USER;

	if (!user && f->error_code & X86_PF_INSTR) {
		fault_ends(v, FAULT_OOPS, FAULT_WHY_KERNEL_EXEC);
		return true;
	}
	if (f->kprobe) {
		fault_ends(v, FAULT_RESOLVED, FAULT_WHY_KERNEL_KPROBE);
		return true;
	}
	if (f->error_code & X86_PF_RSVD) {
		fault_ends(v, FAULT_OOPS, FAULT_WHY_PGTABLE);
		return true;
	}
	if (!user && f->smap) {
		fault_ends(v, FAULT_OOPS, FAULT_WHY_KERNEL_SMAP);
		return true;
	}
	return false;
}

static enum fault_reason unless_kernel(const struct mm_fault *f,
				       enum fault_reason reason)
{
	return f->kernel_mode ? FAULT_WHY_KERNEL_USER : reason;
}

void do_user_addr_fault(struct mm_struct *mm, const struct mm_fault *f,
			struct fault_verdict *v)
{
	const struct vm_area_struct *vma;
	enum fault_reason reason;

	if (hopeless(f, v))
		return;
	vma = find_vma(mm, f->address);
	if (!vma || (vma->vm_start > f->address &&
		     !(vma->vm_flags & VM_GROWSDOWN))) {
		bad_area_nosemaphore(f, v,
				     unless_kernel(f, FAULT_WHY_UNMAPPED));
		return;
	}
	if (vma->vm_start > f->address) {
		reason = mm_stack_refused(mm, vma, f->address);
		if (reason != FAULT_WHY_ALLOWED) {
			bad_area_nosemaphore(f, v, unless_kernel(f, reason));
			return;
		}
	}
	good_area(mm, f, vma, v);
}
