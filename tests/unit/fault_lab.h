/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A fault in the laboratory of ops_lab.h, and its verdict as one line:
 *
 *	"SEGV MAPERR 6 unmapped"	signal, si_code, what REG_ERR holds, why
 *	"resolved allowed"		no signal
 *	"needs the size"		undecided
 */
#ifndef TESTS_UNIT_FAULT_LAB_H
#define TESTS_UNIT_FAULT_LAB_H

#include <signal.h>

#include "engine/fault.h"
#include "ops_lab.h"

#define READ_ERR  X86_PF_USER
#define WRITE_ERR (X86_PF_USER | X86_PF_WRITE)
#define EXEC_ERR  (X86_PF_USER | X86_PF_INSTR)
#define THERE	  X86_PF_PROT

static struct fault_verdict verdict;

static const char *code_name(int signal, int code)
{
	static const struct { int signal, code; const char *name; } names[] = {
		{ SIGSEGV, 1, "SEGV MAPERR" }, { SIGSEGV, 2, "SEGV ACCERR" },
		{ SIGSEGV, 4, "SEGV PKUERR" }, { SIGSEGV, 10, "SEGV CPERR" },
		{ SIGSEGV, 128, "SEGV KERNEL" }, { SIGBUS, 1, "BUS ADRALN" },
		{ SIGBUS, 2, "BUS ADRERR" }, { SIGBUS, 4, "BUS MCEERR_AR" },
		{ SIGBUS, 128, "BUS KERNEL" }, { SIGILL, 2, "ILL ILLOPN" },
		{ SIGFPE, 1, "FPE INTDIV" }, { SIGTRAP, 128, "TRAP KERNEL" },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(names); i++)
		if (names[i].signal == signal && names[i].code == code)
			return names[i].name;
	return "?";
}

static const char *const reason_names[] = {
	[FAULT_WHY_ALLOWED] = "allowed", [FAULT_WHY_SENT] = "sent",
	[FAULT_WHY_FORCED] = "forced", [FAULT_WHY_UNMAPPED] = "unmapped",
	[FAULT_WHY_READ] = "read", [FAULT_WHY_WRITE] = "write",
	[FAULT_WHY_EXEC] = "exec", [FAULT_WHY_PKEY] = "pkey",
	[FAULT_WHY_SHSTK_WRITE] = "shadow stack written",
	[FAULT_WHY_NOT_SHSTK] = "no shadow stack", [FAULT_WHY_SGX] = "sgx",
	[FAULT_WHY_STACK_LIMIT] = "stack limit",
	[FAULT_WHY_STACK_GAP] = "stack gap", [FAULT_WHY_STACK_LOW] = "stack low",
	[FAULT_WHY_STACK_SPACE] = "stack space",
	[FAULT_WHY_KERNEL_ADDRESS] = "kernel address",
	[FAULT_WHY_VSYSCALL] = "vsyscall",
	[FAULT_WHY_VSYSCALL_BAD] = "bad vsyscall", [FAULT_WHY_GUARD] = "guard",
	[FAULT_WHY_POISON] = "poison", [FAULT_WHY_REFUSED] = "refused",
	[FAULT_WHY_EOF] = "eof", [FAULT_WHY_GP] = "gp", [FAULT_WHY_SS] = "ss",
	[FAULT_WHY_CP] = "cp", [FAULT_WHY_AC] = "ac", [FAULT_WHY_TRAP] = "trap",
	[FAULT_WHY_PGTABLE] = "page table",
	[FAULT_WHY_KERNEL_VMALLOC] = "kernel vmalloc",
	[FAULT_WHY_KERNEL_SPURIOUS] = "kernel spurious",
	[FAULT_WHY_KERNEL_KPROBE] = "kernel kprobe",
	[FAULT_WHY_KERNEL_EXEC] = "kernel exec",
	[FAULT_WHY_KERNEL_SMAP] = "kernel smap",
	[FAULT_WHY_KERNEL_USER] = "kernel user",
	[FAULT_WHY_KERNEL_BAD] = "kernel bad",
};

static const char *judged(const struct mm_fault *f)
{
	static const char *const needs[] = {
		"needs nothing", "needs the pkru", "needs the size",
		"needs the page", "needs the vsyscall page",
		"needs the page table",
	};
	static char text[128];
	const char *how = "";

	classify(&mm, f, &verdict);
	switch (verdict.outcome) {
	case FAULT_UNDECIDED:
		return needs[verdict.needs];
	case FAULT_SIGNAL:
		snprintf(text, sizeof(text), "%s %lx %s",
			 code_name(verdict.signal, verdict.si_code),
			 verdict.error_code, reason_names[verdict.reason]);
		return text;
	case FAULT_RESOLVED:
		how = "resolved";
		break;
	case FAULT_FIXED:
		how = "EFAULT";
		break;
	case FAULT_OOPS:
		how = "oops";
		break;
	case FAULT_NO_FAULT:
		how = "no fault";
		break;
	}
	snprintf(text, sizeof(text), "%s %s", how,
		 reason_names[verdict.reason]);
	return text;
}

/* A page fault of the program. What it needs to know beyond is not known. */
static struct mm_fault page_fault(unsigned long address, unsigned long error)
{
	return (struct mm_fault){
		.address = address, .error_code = error, .trap = X86_TRAP_PF,
		.si_code = 1, .file_size = FAULT_SIZE_UNKNOWN,
		.ip = 0x401000, .sp = P(4000),
	};
}

__attribute__((unused))
static const char *fault(unsigned long address, unsigned long error)
{
	struct mm_fault f = page_fault(address, error);

	return judged(&f);
}

#endif
