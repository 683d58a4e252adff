/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What one instruction does to memory: where, how much, and which way. For a
 * general protection fault the hardware tells no address; it follows from the
 * instruction and the registers.
 *
 * Law of the room: pure over bytes and registers; Zydis (decoder and formatter)
 * allocates nothing. Async-signal-safe; wants some 4 kB of stack.
 */
#ifndef VS_INSN_INSN_H
#define VS_INSN_INSN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum insn_reg {			/* as x86 numbers them */
	INSN_RAX, INSN_RCX, INSN_RDX, INSN_RBX, INSN_RSP, INSN_RBP, INSN_RSI,
	INSN_RDI, INSN_R8, INSN_R9, INSN_R10, INSN_R11, INSN_R12, INSN_R13,
	INSN_R14, INSN_R15, INSN_GPRS,
};

struct insn_regs {
	uint64_t gpr[INSN_GPRS];	/* before the instruction */
	uint64_t rip;
	uint64_t fs_base, gs_base;
};

#define INSN_READ  0x1
#define INSN_WRITE 0x2

struct insn_access {
	uint64_t addr;
	uint32_t size;		/* bytes; 0: not said */
	uint8_t way;		/* INSN_READ | INSN_WRITE */
	bool stack;		/* by rsp or rbp: SS, not GP, if not canonical */
};

#define INSN_MAX_LENGTH	15
#define INSN_ACCESSES	4

struct insn {
	unsigned int length;
	bool privileged;	/* or of input, output, interrupts: not for us */
	bool scattered;		/* gathers: addresses from vector registers,
				 * which are not among the accesses */
	unsigned int nr;
	struct insn_access access[INSN_ACCESSES];
};

/*
 * insn_decode() - the instruction at @code (up to INSN_MAX_LENGTH of @n bytes),
 * which stands at regs->rip. @text, if not NULL, becomes its AT&T form. Returns
 * 0, or -EINVAL: no instruction.
 */
int insn_decode(const void *code, size_t n, const struct insn_regs *regs,
		struct insn *out, char *text, size_t size);

/* insn_find() - the access that touches @addr, else NULL. */
const struct insn_access *insn_find(const struct insn *insn, uint64_t addr);

/* insn_not_canonical() - the first access at an address that has more than @bits
 * bits (48 or 57), else NULL. */
const struct insn_access *insn_not_canonical(const struct insn *insn,
					     unsigned int bits);

/* insn_unaligned() - the first of 16 bytes or more that is not aligned to them,
 * else NULL. */
const struct insn_access *insn_unaligned(const struct insn *insn);

#endif
