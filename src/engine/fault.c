/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From the trap to the branch that decides: traps other than page faults
 * (arch/x86/kernel/traps.c), faults on kernel addresses, faults in kernel mode.
 * fault_user.c goes on with what concerns the program's own mappings.
 */
#include <signal.h>

#include "engine/fault_internal.h"

void fault_signal(struct fault_verdict *v, int signal, int si_code,
		  enum fault_reason reason)
{
	v->outcome = FAULT_SIGNAL;
	v->signal = signal;
	v->si_code = si_code;
	v->reason = reason;
}

void fault_ends(struct fault_verdict *v, enum fault_outcome outcome,
		enum fault_reason reason)
{
	v->outcome = outcome;
	v->reason = reason;
}

void fault_lacks(struct fault_verdict *v, enum fault_needs needs)
{
	v->outcome = FAULT_UNDECIDED;
	v->needs = needs;
}

/* --- traps without an address ---------------------------------------------- */

/* The signal of each; mirrors the calls of do_error_trap() and its kin. */
static const struct trap_signal {
	uint8_t trap, signal, si_code, reason;
} trap_signals[] = {
	{ X86_TRAP_OF, SIGSEGV, FAULT_SI_KERNEL, FAULT_WHY_TRAP },
	{ X86_TRAP_BR, SIGSEGV, FAULT_SI_KERNEL, FAULT_WHY_TRAP },
	{ X86_TRAP_NP, SIGBUS, FAULT_SI_KERNEL, FAULT_WHY_TRAP },
	{ X86_TRAP_SS, SIGBUS, FAULT_SI_KERNEL, FAULT_WHY_SS },
	{ X86_TRAP_GP, SIGSEGV, FAULT_SI_KERNEL, FAULT_WHY_GP },
	{ X86_TRAP_AC, SIGBUS, BUS_ADRALN, FAULT_WHY_AC },
	{ X86_TRAP_CP, SIGSEGV, FAULT_SEGV_CPERR, FAULT_WHY_CP },
	{ X86_TRAP_UD, SIGILL, ILL_ILLOPN, FAULT_WHY_TRAP },
	{ X86_TRAP_DE, SIGFPE, FPE_INTDIV, FAULT_WHY_TRAP },
	{ X86_TRAP_BP, SIGTRAP, FAULT_SI_KERNEL, FAULT_WHY_TRAP },
};

static bool is_vsyscall_vaddr(unsigned long address)
{
	return (address & PAGE_MASK) == VSYSCALL_ADDR;
}

/*
 * SI_KERNEL without a trap of its own: a signal frame that could not be written
 * or read back, the emulation of vsyscalls. What the registers say of trap and
 * address is left over from before.
 */
static bool forced(const struct mm_fault *f)
{
	return f->si_code == FAULT_SI_KERNEL && f->trap != X86_TRAP_GP &&
	       f->trap != X86_TRAP_SS && f->trap != X86_TRAP_NP &&
	       f->trap != X86_TRAP_OF && f->trap != X86_TRAP_BR &&
	       f->trap != X86_TRAP_BP;
}

static void other_trap(const struct mm_fault *f, struct fault_verdict *v)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(trap_signals); i++)
		if (trap_signals[i].trap == f->trap) {
			fault_signal(v, trap_signals[i].signal,
				     trap_signals[i].si_code,
				     trap_signals[i].reason);
			return;
		}
	fault_ends(v, FAULT_NO_FAULT, FAULT_WHY_FORCED);
}

/* --- the kernel's own instructions ----------------------------------------- */

/* Mirrors kernelmode_fixup_or_oops(): a call that copies says EFAULT. */
void fault_no_context(const struct mm_fault *f, struct fault_verdict *v,
		      enum fault_reason reason)
{
	fault_ends(v, f->has_fixup ? FAULT_FIXED : FAULT_OOPS, reason);
}

/* Only a right that was added since can be missing in a stale TLB entry. */
static bool may_be_spurious(unsigned long error_code)
{
	return error_code == (X86_PF_WRITE | X86_PF_PROT) ||
	       error_code == (X86_PF_INSTR | X86_PF_PROT);
}

/* Mirrors do_kern_addr_fault(). */
static void kern_addr_fault(const struct mm_fault *f, struct fault_verdict *v)
{
	bool bare = !(f->error_code & (X86_PF_RSVD | X86_PF_USER |
				       X86_PF_PROT));

	if (may_be_spurious(f->error_code)) {
		if (f->stale_tlb == FAULT_UNASKED) {
			fault_lacks(v, FAULT_NEEDS_PGTABLE);
			return;
		}
		if (f->stale_tlb == FAULT_YES) {
			fault_ends(v, FAULT_RESOLVED,
				   FAULT_WHY_KERNEL_SPURIOUS);
			return;
		}
	}
	if (f->kprobe)
		fault_ends(v, FAULT_RESOLVED, FAULT_WHY_KERNEL_KPROBE);
	else
		bad_area_nosemaphore(f, v, f->kernel_mode ? bare ?
				     FAULT_WHY_KERNEL_VMALLOC :
				     FAULT_WHY_KERNEL_BAD :
				     FAULT_WHY_KERNEL_ADDRESS);
}

/* Mirrors fault_in_kernel_space(): the vsyscall page counts as the program's. */
static bool fault_in_kernel_space(const struct mm_struct *mm,
				  unsigned long address)
{
	if (is_vsyscall_vaddr(address))
		return false;
	return address >= mm->task_size;
}

/* --- the vsyscall page ------------------------------------------------------- */

#define VSYSCALL_ENTRIES 3
#define VSYSCALL_STEP	 1024

static bool is_vsyscall_entry(unsigned long address)
{
	return !(address % VSYSCALL_STEP) &&
	       address - VSYSCALL_ADDR < VSYSCALL_ENTRIES * VSYSCALL_STEP;
}

/*
 * Mirrors emulate_vsyscall(): only execution is emulated; anything else finds no
 * VMA there. A jump beside the entries is answered without an address.
 */
static void vsyscall_fault(const struct mm_fault *f, struct fault_verdict *v)
{
	if (!(f->error_code & X86_PF_INSTR) || f->vsyscall == FAULT_NO) {
		bad_area_nosemaphore(f, v, FAULT_WHY_VSYSCALL);
	} else if (f->vsyscall == FAULT_UNASKED) {
		fault_lacks(v, FAULT_NEEDS_VSYSCALL);
	} else if (is_vsyscall_entry(f->address)) {
		fault_ends(v, FAULT_RESOLVED, FAULT_WHY_VSYSCALL);
	} else {
		v->address = 0;
		fault_signal(v, SIGSEGV, FAULT_SI_KERNEL,
			     FAULT_WHY_VSYSCALL_BAD);
	}
}

/*
 * The emulation's signal leaves no trace of the fault in the registers: what
 * shows it is that the program stands in the page.
 */
static void forced_signal(const struct mm_fault *f, struct fault_verdict *v)
{
	struct mm_fault jump = *f;

	if (!is_vsyscall_vaddr(f->ip)) {
		fault_ends(v, FAULT_NO_FAULT, FAULT_WHY_FORCED);
		return;
	}
	jump.address = v->address = f->ip;
	jump.error_code = X86_PF_INSTR | X86_PF_USER | X86_PF_PROT;
	vsyscall_fault(&jump, v);
}

/* --- the way in -------------------------------------------------------------- */

/* Mirrors handle_page_fault(). */
static void page_fault(struct mm_struct *mm, const struct mm_fault *f,
		       struct fault_verdict *v)
{
	v->address = f->address;
	if (fault_in_kernel_space(mm, f->address))
		kern_addr_fault(f, v);
	else if (is_vsyscall_vaddr(f->address) && !f->kernel_mode)
		vsyscall_fault(f, v);
	else
		do_user_addr_fault(mm, f, v);
}

/* Who lies there and who lies around, whatever becomes of the fault. */
static void look_around(struct mm_struct *mm, unsigned long address,
			struct fault_verdict *v)
{
	struct vm_area_struct *vma, *prev;

	vma = find_vma_prev(mm, address, &prev);
	v->before = prev;
	v->after = vma;
	if (vma && vma->vm_start <= address) {
		v->vma = vma;
		v->after = vma->vm_next;
	}
	if (v->before)
		v->past = address - v->before->vm_end;
	if (v->after)
		v->ahead = v->after->vm_start - address;
}

/*
 * Mirrors set_signal_archinfo() and sanitize_error_code(): a handler cannot
 * tell which kernel addresses are mapped.
 */
static void sanitize_error_code(const struct mm_struct *mm,
				const struct mm_fault *f,
				struct fault_verdict *v)
{
	if (v->outcome != FAULT_SIGNAL || f->trap != X86_TRAP_PF)
		return;
	v->error_code |= X86_PF_USER;
	if (f->address >= mm->task_size)
		v->error_code |= X86_PF_PROT;
}

void classify(struct mm_struct *mm, const struct mm_fault *f,
	      struct fault_verdict *v)
{
	*v = (struct fault_verdict){ .error_code = f->error_code };
	if (!f->kernel_mode && f->si_code <= 0)
		fault_ends(v, FAULT_NO_FAULT, FAULT_WHY_SENT);
	else if (!f->kernel_mode && forced(f))
		forced_signal(f, v);
	else if (f->trap == X86_TRAP_PF)
		page_fault(mm, f, v);
	else
		other_trap(f, v);
	sanitize_error_code(mm, f, v);
	if (f->trap == X86_TRAP_PF && v->outcome != FAULT_NO_FAULT)
		look_around(mm, v->address ? v->address : f->address, v);
}
