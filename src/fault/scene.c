/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Registers, trap and instruction. What the program's memory holds is read by
 * the kernel: the instruction itself may lie in a hole.
 */
#include <asm/prctl.h>
#include <sys/uio.h>

#include "base/compiler.h"
#include "base/str.h"
#include "fault/scene.h"

/* ucontext's order of the registers, by enum insn_reg. */
static const unsigned char gregs[INSN_GPRS] = {
	REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
	REG_R8, REG_R9, REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15,
};

/* ... and by report_register_names. */
static const unsigned char printed[REPORT_REGISTERS] = {
	REG_RAX, REG_RBX, REG_RCX, REG_RDX, REG_RSI, REG_RDI, REG_RBP, REG_RSP,
	REG_R8, REG_R9, REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15,
	REG_RIP, REG_EFL,
};

static unsigned long greg(const struct scene *s, int reg)
{
	return (unsigned long)s->uc->uc_mcontext.gregs[reg];
}

static void read_registers(struct scene *s)
{
	for (unsigned int i = 0; i < INSN_GPRS; i++)
		s->regs.gpr[i] = greg(s, gregs[i]);
	for (unsigned int i = 0; i < REPORT_REGISTERS; i++)
		s->registers[i] = greg(s, printed[i]);
	s->regs.rip = greg(s, REG_RIP);
	raw_sys2(SYS_arch_prctl, ARCH_GET_FS, &s->regs.fs_base);
	raw_sys2(SYS_arch_prctl, ARCH_GET_GS, &s->regs.gs_base);
}

/* Up to @n bytes; how many could be read. */
static size_t peek(unsigned long from, void *to, size_t n)
{
	size_t first = PAGE_SIZE - from % PAGE_SIZE;
	struct iovec local = { to, n };
	struct iovec remote[2] = {
		{ (void *)from, n < first ? n : first },
		{ (void *)(from + first), n < first ? 0 : n - first },
	};
	long got = raw_sys6(SYS_process_vm_readv, shadow.pid, &local, 1, remote,
			    2, 0);

	return raw_is_error(got) ? 0 : (size_t)got;
}

static void read_instruction(struct scene *s)
{
	unsigned char code[INSN_MAX_LENGTH];
	size_t n = peek(s->regs.rip, code, sizeof(code));

	s->decoded = n && !insn_decode(code, n, &s->regs, &s->insn,
				       s->instruction, sizeof(s->instruction));
}

/* The address: the kernel's, or for a trap without one the instruction's. */
static void find_address(struct scene *s)
{
	unsigned int bits = shadow.mm.task_size >> 48 ? 57 : 48;

	if (scene_is_page_fault(s)) {
		s->addr = s->fault.address;
		s->addr_known = true;
		if (s->decoded && !(s->fault.error_code & X86_PF_INSTR))
			s->access = insn_find(&s->insn, s->addr);
		return;
	}
	if (!s->decoded || s->info->si_code <= 0)
		return;
	s->access = insn_not_canonical(&s->insn, bits);
	if (!s->access && !s->insn.privileged)
		s->access = insn_unaligned(&s->insn);
	if (s->access) {
		s->addr = s->access->addr;
		s->addr_known = true;
	}
}

void scene_read(struct scene *s)
{
	read_registers(s);
	s->fault = (struct mm_fault){
		.address = greg(s, REG_CR2),
		.error_code = greg(s, REG_ERR),
		.ip = greg(s, REG_RIP), .sp = greg(s, REG_RSP),
		.trap = (unsigned int)greg(s, REG_TRAPNO),
		.si_code = s->info->si_code,
		.file_size = FAULT_SIZE_UNKNOWN,
	};
	if (scene_is_page_fault(s))
		s->fault.address = (unsigned long)s->info->si_addr;
	read_instruction(s);
	find_address(s);
}

/* --- words ------------------------------------------------------------------- */

const char *scene_signal_name(int signal)
{
	switch (signal) {
	case SIGSEGV: return "SIGSEGV";
	case SIGBUS: return "SIGBUS";
	case SIGILL: return "SIGILL";
	case SIGFPE: return "SIGFPE";
	case SIGTRAP: return "SIGTRAP";
	default: return "?";
	}
}

const char *scene_code_name(int signal, int code)
{
	static const struct { int signal, code; const char *name; } names[] = {
		{ SIGSEGV, SEGV_MAPERR, "SEGV_MAPERR" },
		{ SIGSEGV, SEGV_ACCERR, "SEGV_ACCERR" },
		{ SIGSEGV, SEGV_PKUERR, "SEGV_PKUERR" },
		{ SIGSEGV, FAULT_SEGV_CPERR, "SEGV_CPERR" },
		{ SIGBUS, BUS_ADRALN, "BUS_ADRALN" },
		{ SIGBUS, BUS_ADRERR, "BUS_ADRERR" },
		{ SIGBUS, BUS_MCEERR_AR, "BUS_MCEERR_AR" },
		{ SIGBUS, BUS_MCEERR_AO, "BUS_MCEERR_AO" },
		{ 0, SI_USER, "SI_USER" }, { 0, SI_QUEUE, "SI_QUEUE" },
		{ 0, SI_TKILL, "SI_TKILL" }, { 0, FAULT_SI_KERNEL, "SI_KERNEL" },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(names); i++)
		if (names[i].code == code &&
		    (!names[i].signal || names[i].signal == signal))
			return names[i].name;
	return "?";
}
