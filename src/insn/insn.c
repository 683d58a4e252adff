/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The one file of this room that speaks to Zydis; contracts in insn.h. */
#include <errno.h>

#include <Zydis/Zydis.h>

#include "base/compiler.h"
#include "insn/insn.h"

static uint64_t reg_value(const struct insn_regs *r, ZydisRegister reg,
			  uint64_t next)
{
	ZydisRegister wide = ZydisRegisterGetLargestEnclosing(
		ZYDIS_MACHINE_MODE_LONG_64, reg);

	if (reg == ZYDIS_REGISTER_NONE)
		return 0;
	if (reg == ZYDIS_REGISTER_RIP || reg == ZYDIS_REGISTER_EIP)
		return next;
	if (wide < ZYDIS_REGISTER_RAX || wide > ZYDIS_REGISTER_R15)
		return 0;
	return r->gpr[wide - ZYDIS_REGISTER_RAX];
}

static uint64_t segment_base(const struct insn_regs *r, ZydisRegister segment)
{
	return segment == ZYDIS_REGISTER_FS ? r->fs_base :
	       segment == ZYDIS_REGISTER_GS ? r->gs_base : 0;
}

static bool is_stack_reg(ZydisRegister reg)
{
	return reg == ZYDIS_REGISTER_RSP || reg == ZYDIS_REGISTER_RBP;
}

static bool is_push(const ZydisDecodedInstruction *i)
{
	return i->meta.category == ZYDIS_CATEGORY_PUSH ||
	       i->meta.category == ZYDIS_CATEGORY_CALL ||
	       i->mnemonic == ZYDIS_MNEMONIC_ENTER;
}

static uint8_t way_of(const ZydisDecodedOperand *op)
{
	uint8_t way = 0;

	if (op->actions & ZYDIS_OPERAND_ACTION_MASK_READ)
		way |= INSN_READ;
	if (op->actions & ZYDIS_OPERAND_ACTION_MASK_WRITE)
		way |= INSN_WRITE;
	return way;
}

/*
 * push and call write below the stack pointer; pop takes its operand's address
 * with the stack pointer as it is afterwards.
 */
static uint64_t stack_shift(const ZydisDecodedInstruction *i,
			    const ZydisDecodedOperand *op)
{
	if (op->mem.base != ZYDIS_REGISTER_RSP)
		return 0;
	if (op->visibility == ZYDIS_OPERAND_VISIBILITY_HIDDEN)
		return is_push(i) ? -(uint64_t)(op->size / 8) : 0;
	return i->mnemonic == ZYDIS_MNEMONIC_POP ? op->size / 8 : 0;
}

static void add_access(const ZydisDecodedInstruction *i,
		       const ZydisDecodedOperand *op,
		       const struct insn_regs *regs, struct insn *out)
{
	uint64_t next = regs->rip + i->length, addr;

	if (op->type != ZYDIS_OPERAND_TYPE_MEMORY ||
	    op->mem.type == ZYDIS_MEMOP_TYPE_AGEN)
		return;
	if (op->mem.type == ZYDIS_MEMOP_TYPE_VSIB) {
		out->scattered = true;
		return;
	}
	if (out->nr == INSN_ACCESSES)
		return;
	addr = reg_value(regs, op->mem.base, next) +
	       reg_value(regs, op->mem.index, next) * op->mem.scale +
	       (uint64_t)op->mem.disp.value;
	if (i->address_width == 32)
		addr = (uint32_t)addr;
	addr += segment_base(regs, op->mem.segment) + stack_shift(i, op);
	out->access[out->nr++] = (struct insn_access){
		.addr = addr, .size = op->size / 8, .way = way_of(op),
		.stack = is_stack_reg(op->mem.base),
	};
}

static bool is_privileged(const ZydisDecodedInstruction *i)
{
	return i->attributes & ZYDIS_ATTRIB_IS_PRIVILEGED ||
	       i->meta.category == ZYDIS_CATEGORY_IO ||
	       i->meta.category == ZYDIS_CATEGORY_IOSTRINGOP ||
	       i->meta.category == ZYDIS_CATEGORY_INTERRUPT ||
	       i->mnemonic == ZYDIS_MNEMONIC_CLI ||
	       i->mnemonic == ZYDIS_MNEMONIC_STI;
}

static void print(const ZydisDecodedInstruction *i,
		  const ZydisDecodedOperand *ops, uint64_t rip, char *text,
		  size_t size)
{
	ZydisFormatter f;

	text[0] = '\0';
	if (!ZYAN_SUCCESS(ZydisFormatterInit(&f, ZYDIS_FORMATTER_STYLE_ATT)) ||
	    !ZYAN_SUCCESS(ZydisFormatterFormatInstruction(&f, i, ops,
			i->operand_count_visible, text, size, rip, NULL)))
		text[0] = '\0';
}

int insn_decode(const void *code, size_t n, const struct insn_regs *regs,
		struct insn *out, char *text, size_t size)
{
	ZydisDecodedOperand ops[ZYDIS_MAX_OPERAND_COUNT];
	ZydisDecodedInstruction i;
	ZydisDecoder decoder;

	*out = (struct insn){ .length = 0 };
	if (!ZYAN_SUCCESS(ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64,
					   ZYDIS_STACK_WIDTH_64)) ||
	    !ZYAN_SUCCESS(ZydisDecoderDecodeFull(&decoder, code, n, &i, ops)))
		return -EINVAL;
	out->length = i.length;
	out->privileged = is_privileged(&i);
	for (unsigned int k = 0; k < i.operand_count; k++)
		add_access(&i, &ops[k], regs, out);
	if (text)
		print(&i, ops, regs->rip, text, size);
	return 0;
}

const struct insn_access *insn_find(const struct insn *insn, uint64_t addr)
{
	for (unsigned int k = 0; k < insn->nr; k++) {
		const struct insn_access *a = &insn->access[k];

		if (addr - a->addr < (a->size ? a->size : 1))
			return a;
	}
	return NULL;
}

const struct insn_access *insn_not_canonical(const struct insn *insn,
					     unsigned int bits)
{
	unsigned int spare = 64 - bits;

	for (unsigned int k = 0; k < insn->nr; k++) {
		uint64_t addr = insn->access[k].addr;

		if ((uint64_t)((int64_t)(addr << spare) >> spare) != addr)
			return &insn->access[k];
	}
	return NULL;
}

const struct insn_access *insn_unaligned(const struct insn *insn)
{
	for (unsigned int k = 0; k < insn->nr; k++) {
		const struct insn_access *a = &insn->access[k];
		uint64_t unit = a->size < 32 ? 16 : a->size < 64 ? 32 : 64;

		if (a->size >= 16 && a->addr & (unit - 1))
			return a;
	}
	return NULL;
}
