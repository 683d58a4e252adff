/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the kernel does about a trap: the logic of arch/x86/mm/fault.c and of
 * the other traps that end in SIGSEGV or SIGBUS, over what the hardware said and
 * what the mirror knows. Pure: nothing is changed, nobody is asked.
 *
 * classify() predicts; whether the kernel sent the same is for the caller to
 * see. Where the answer hangs on something that userspace does not know (the
 * size of a file, the state of a page), the verdict says which fact is missing
 * in @needs: the caller finds it out, if it can, and asks again.
 */
#ifndef VS_ENGINE_FAULT_H
#define VS_ENGINE_FAULT_H

#include "engine/engine.h"

/* The error code of a page fault (asm/trap_pf.h). */
#define X86_PF_PROT	(1U << 0)	/* the page is there, the right is not */
#define X86_PF_WRITE	(1U << 1)
#define X86_PF_USER	(1U << 2)
#define X86_PF_RSVD	(1U << 3)
#define X86_PF_INSTR	(1U << 4)
#define X86_PF_PK	(1U << 5)
#define X86_PF_SHSTK	(1U << 6)
#define X86_PF_SGX	(1U << 15)
#define X86_PF_RMP	(1U << 31)

/* Traps by number (asm/trapnr.h). */
enum x86_trap {
	X86_TRAP_DE = 0, X86_TRAP_DB = 1, X86_TRAP_BP = 3, X86_TRAP_OF = 4,
	X86_TRAP_BR = 5, X86_TRAP_UD = 6, X86_TRAP_NP = 11, X86_TRAP_SS = 12,
	X86_TRAP_GP = 13, X86_TRAP_PF = 14, X86_TRAP_MF = 16, X86_TRAP_AC = 17,
	X86_TRAP_XF = 19, X86_TRAP_CP = 21,
};

/* si_code of SIGSEGV by a shadow stack; newer than some headers. */
#define FAULT_SEGV_CPERR 10
#define FAULT_SI_KERNEL	 128

#define VSYSCALL_ADDR	 0xffffffffff600000UL

enum fault_page {		/* the page at the address, beyond its VMA */
	FAULT_PAGE_UNKNOWN,
	FAULT_PAGE_FINE,	/* the kernel would give it */
	FAULT_PAGE_GUARD,	/* MADV_GUARD_INSTALL */
	FAULT_PAGE_POISON,	/* broken memory: SIGBUS with BUS_MCEERR_AR */
	FAULT_PAGE_REFUSED,	/* SIGBUS: no huge page, input error, full disk,
				 * a userfaultfd that wants signals */
};

enum fault_know { FAULT_UNASKED, FAULT_NO, FAULT_YES };

#define FAULT_SIZE_UNKNOWN (~0UL)

struct mm_fault {
	unsigned long address;		/* CR2 */
	unsigned long error_code;	/* X86_PF_*, or what the trap pushed */
	unsigned long ip, sp;
	unsigned int trap;		/* enum x86_trap */
	int si_code;			/* of the signal that came; <= 0: sent by
					 * somebody, all else here is stale */
	bool kernel_mode;		/* the instruction was the kernel's */
	/* Facts that are not the mirror's. */
	unsigned long file_size;	/* bytes, or FAULT_SIZE_UNKNOWN */
	enum fault_page page;
	enum fault_know vsyscall;	/* is there a vsyscall page? */
	uint32_t pkru;			/* rights by key, two bits each */
	bool pkru_known;
	/* Of kernel mode only. */
	enum fault_know stale_tlb;	/* do the page tables allow it by now? */
	bool kprobe;			/* a probe takes this one */
	bool has_fixup;			/* the exception table knows the ip */
	bool smap;			/* and EFLAGS.AC is clear */
};

enum fault_outcome {
	FAULT_SIGNAL,		/* signal, si_code are what the kernel sends */
	FAULT_RESOLVED,		/* no signal: the access is allowed */
	FAULT_FIXED,		/* kernel mode: the system call says EFAULT */
	FAULT_OOPS,		/* kernel mode: a bug of the kernel */
	FAULT_NO_FAULT,		/* sent by kill() and the like, or forced by the
				 * kernel for a reason of its own */
	FAULT_UNDECIDED,	/* see needs */
};

enum fault_reason {
	FAULT_WHY_ALLOWED,
	FAULT_WHY_SENT,
	FAULT_WHY_FORCED,	/* SI_KERNEL without a trap of its own */
	FAULT_WHY_UNMAPPED,
	FAULT_WHY_READ, FAULT_WHY_WRITE, FAULT_WHY_EXEC,	/* no right */
	FAULT_WHY_PKEY,
	FAULT_WHY_SHSTK_WRITE,	/* ordinary write to a shadow stack */
	FAULT_WHY_NOT_SHSTK,	/* shadow stack access to other memory */
	FAULT_WHY_SGX,
	FAULT_WHY_STACK_LIMIT,	/* the stack would grow: RLIMIT_STACK */
	FAULT_WHY_STACK_GAP,	/* ... too near to what lies below */
	FAULT_WHY_STACK_LOW,	/* ... below mmap_min_addr */
	FAULT_WHY_STACK_SPACE,	/* ... RLIMIT_AS, RLIMIT_DATA, RLIMIT_MEMLOCK */
	FAULT_WHY_KERNEL_ADDRESS,
	FAULT_WHY_VSYSCALL,	/* read, written, or there is none */
	FAULT_WHY_VSYSCALL_BAD,	/* executed, but not at an entry */
	FAULT_WHY_GUARD, FAULT_WHY_POISON, FAULT_WHY_REFUSED,
	FAULT_WHY_EOF,		/* the page lies beyond the end of the file */
	FAULT_WHY_GP, FAULT_WHY_SS, FAULT_WHY_CP, FAULT_WHY_AC,
	FAULT_WHY_TRAP,		/* any other trap: see the number */
	FAULT_WHY_PGTABLE,	/* reserved bits: the page tables are broken */
	FAULT_WHY_KERNEL_VMALLOC, FAULT_WHY_KERNEL_SPURIOUS,
	FAULT_WHY_KERNEL_KPROBE, FAULT_WHY_KERNEL_EXEC, FAULT_WHY_KERNEL_SMAP,
	FAULT_WHY_KERNEL_USER,	/* the kernel read user memory for a call */
	FAULT_WHY_KERNEL_BAD,
};

/* Which fact is missing. */
enum fault_needs {
	FAULT_NEEDS_NOTHING,
	FAULT_NEEDS_PKRU,
	FAULT_NEEDS_SIZE,
	FAULT_NEEDS_PAGE,
	FAULT_NEEDS_VSYSCALL,
	FAULT_NEEDS_PGTABLE,	/* the kernel's own; no caller can know */
};

struct fault_verdict {
	enum fault_outcome outcome;
	enum fault_reason reason;
	enum fault_needs needs;
	int signal, si_code;		/* of FAULT_SIGNAL */
	unsigned long address;		/* as the kernel would report it */
	unsigned long error_code;	/* as a handler sees it */
	unsigned int pkey;		/* of FAULT_WHY_PKEY */
	const struct vm_area_struct *vma;	/* holds the address, or NULL */
	const struct vm_area_struct *before, *after; /* the neighbours in any
						      * case */
	unsigned long past;		/* bytes from the end of before */
	unsigned long ahead;		/* bytes to the start of after */
};

/* classify() - the kernel's answer to @f. Needs the mirror's lock, if shared. */
void classify(struct mm_struct *mm, const struct mm_fault *f,
	      struct fault_verdict *v);

/*
 * mm_stack_refused() - may the VM_GROWSDOWN mapping @vma grow down to hold
 * @addr? FAULT_WHY_ALLOWED or FAULT_WHY_STACK_*. Mirrors expand_downwards() and
 * acct_stack_growth().
 */
enum fault_reason mm_stack_refused(const struct mm_struct *mm,
				   const struct vm_area_struct *vma,
				   unsigned long addr);

#endif
