/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is no page fault of the program's: other traps, signals that somebody
 * sent, the vsyscall page, faults of the kernel's own instructions.
 */
#include "fault_lab.h"

#define VSYS VSYSCALL_ADDR
#define KERN 0xffffffff81000000UL

static void reset(void)
{
	lab_reset(&rules_6_18);
	mm.task_size = (1UL << 47) - PAGE_SIZE;
	map(4, 4, RW);
}

static const char *trap(unsigned int number, int si_code)
{
	struct mm_fault f = page_fault(P(8), WRITE_ERR);	/* left over */

	f.trap = number;
	f.si_code = si_code;
	return judged(&f);
}

static void test_traps(void)
{
	reset();
	is_str(trap(X86_TRAP_GP, 128), "SEGV KERNEL 6 gp",
	       "a non-canonical address, an unaligned movaps");
	is_u64(verdict.address, 0, "no address");
	ok(!verdict.vma && !verdict.before, "and no mapping to look at");
	is_str(trap(X86_TRAP_SS, 128), "BUS KERNEL 6 ss", "by the stack");
	is_str(trap(X86_TRAP_CP, 10), "SEGV CPERR 6 cp", "control protection");
	is_str(trap(X86_TRAP_AC, 1), "BUS ADRALN 6 ac", "alignment");
	is_str(trap(X86_TRAP_NP, 128), "BUS KERNEL 6 trap", "no segment");
	is_str(trap(X86_TRAP_OF, 128), "SEGV KERNEL 6 trap", "overflow");
	is_str(trap(X86_TRAP_BR, 128), "SEGV KERNEL 6 trap", "bound range");
	is_str(trap(X86_TRAP_UD, 2), "ILL ILLOPN 6 trap", "no instruction");
	is_str(trap(X86_TRAP_DE, 1), "FPE INTDIV 6 trap", "division");
	is_str(trap(X86_TRAP_BP, 128), "TRAP KERNEL 6 trap", "int3");
	is_str(trap(77, 1), "no fault forced", "nothing that we know");
}

static void test_signals_that_were_sent(void)
{
	reset();
	is_str(trap(X86_TRAP_PF, 0), "no fault sent",
	       "kill: trap, error code and address are stale");
	is_str(trap(X86_TRAP_PF, -6), "no fault sent", "tgkill");
	is_str(trap(X86_TRAP_PF, -1), "no fault sent", "sigqueue");
	is_str(trap(X86_TRAP_GP, 0), "no fault sent", "whatever came before");
	is_str(trap(X86_TRAP_PF, 128), "no fault forced",
	       "the kernel's own: a signal frame that could not be written");
}

static const char *vsyscall(unsigned long address, unsigned long error,
			    enum fault_know there)
{
	struct mm_fault f = page_fault(address, error);

	f.vsyscall = there;
	return judged(&f);
}

static void test_vsyscalls(void)
{
	struct mm_fault f = page_fault(0x1234, READ_ERR);

	reset();
	is_str(vsyscall(VSYS, READ_ERR, FAULT_YES), "SEGV MAPERR 5 vsyscall",
	       "it cannot be read");
	is_str(vsyscall(VSYS + 8, WRITE_ERR, FAULT_UNASKED),
	       "SEGV MAPERR 7 vsyscall", "nor written");
	is_str(vsyscall(VSYS + 1024, EXEC_ERR, FAULT_YES), "resolved vsyscall",
	       "an entry is emulated");
	is_str(vsyscall(VSYS + 2048, EXEC_ERR, FAULT_NO),
	       "SEGV MAPERR 15 vsyscall", "vsyscall=none");
	is_str(vsyscall(VSYS, EXEC_ERR, FAULT_UNASKED),
	       "needs the vsyscall page", "which of the two?");
	is_str(vsyscall(VSYS + 1, EXEC_ERR, FAULT_YES),
	       "SEGV KERNEL 15 bad vsyscall", "beside an entry");
	is_u64(verdict.address, 0, "which is not told");
	is_str(vsyscall(VSYS + 3072, EXEC_ERR, FAULT_YES),
	       "SEGV KERNEL 15 bad vsyscall", "there are three");
	f.ip = VSYS + 1;
	f.si_code = 128;
	f.vsyscall = FAULT_YES;
	is_str(judged(&f), "SEGV KERNEL 4 bad vsyscall",
	       "as a handler sees it: only the ip tells");
	is_str(vsyscall(VSYS + 4096, READ_ERR, FAULT_YES),
	       "SEGV MAPERR 5 kernel address", "the page behind is no vsyscall");
}

/* --- kernel mode ------------------------------------------------------------- */

static struct mm_fault kernel(unsigned long address, unsigned long error)
{
	struct mm_fault f = page_fault(address, error);

	f.kernel_mode = true;
	f.si_code = 0;
	return f;
}

static void test_the_kernel_copies(void)
{
	struct mm_fault f = kernel(P(8), X86_PF_WRITE);

	reset();
	f.has_fixup = true;
	is_str(judged(&f), "EFAULT kernel user", "read(2) into a hole");
	f.has_fixup = false;
	is_str(judged(&f), "oops kernel user", "where nobody expected it");
	f = kernel(P(4), X86_PF_WRITE);
	is_str(judged(&f), "resolved allowed", "into the buffer");
	protect(4, 1, R);
	f.has_fixup = true;
	is_str(judged(&f), "EFAULT write", "into what is read-only");
	f.page = FAULT_PAGE_GUARD;
	f.error_code = 0;
	is_str(judged(&f), "EFAULT guard", "a guard region");
	f.page = FAULT_PAGE_POISON;
	is_str(judged(&f), "EFAULT poison", "broken memory");
}

static void test_the_kernel_errs(void)
{
	struct mm_fault f = kernel(P(4), X86_PF_INSTR);

	reset();
	is_str(judged(&f), "oops kernel exec", "it jumps to user memory");
	f = kernel(P(4), 0);
	f.smap = true;
	is_str(judged(&f), "oops kernel smap", "it reads it without leave");
	f = page_fault(P(4), READ_ERR | X86_PF_RSVD | THERE);
	is_str(judged(&f), "oops page table", "reserved bits, by the program");
	f = page_fault(P(8), 0);
	is_str(judged(&f), "oops unmapped",
	       "not in user mode, but by an instruction of the program's");
	f = page_fault(P(4), 0);
	f.page = FAULT_PAGE_POISON;
	is_str(judged(&f), "BUS MCEERR_AR 4 poison",
	       "a handler is always told USER");
}

static void test_addresses_of_the_kernel(void)
{
	struct mm_fault f = kernel(KERN, X86_PF_WRITE | THERE);

	reset();
	is_str(judged(&f), "needs the page table", "a stale TLB entry?");
	f.stale_tlb = FAULT_YES;
	is_str(judged(&f), "resolved kernel spurious", "yes");
	f.error_code = X86_PF_INSTR | THERE;
	is_str(judged(&f), "resolved kernel spurious", "for execution, too");
	f.stale_tlb = FAULT_NO;
	is_str(judged(&f), "oops kernel bad", "no");
	f.kprobe = true;
	is_str(judged(&f), "resolved kernel kprobe", "a probe's");
	f = kernel(KERN, THERE);
	f.stale_tlb = FAULT_YES;
	is_str(judged(&f), "oops kernel bad", "reading is never spurious");
	f = kernel(KERN, 0);
	is_str(judged(&f), "oops kernel vmalloc",
	       "an area not in these page tables: fatal since 5.8");
	f.has_fixup = true;
	is_str(judged(&f), "EFAULT kernel vmalloc", "copy_from_kernel_nofault");
	f = page_fault(KERN, WRITE_ERR | THERE);
	f.stale_tlb = FAULT_YES;
	is_str(judged(&f), "SEGV MAPERR 7 kernel address",
	       "the program's own is never spurious");
	f = page_fault(P(4), READ_ERR);
	f.kprobe = true;
	is_str(judged(&f), "resolved kernel kprobe", "a probe on user memory");
}

int main(void)
{
	test_traps();
	test_signals_that_were_sent();
	test_vsyscalls();
	test_the_kernel_copies();
	test_the_kernel_errs();
	test_addresses_of_the_kernel();
	return done_testing();
}
