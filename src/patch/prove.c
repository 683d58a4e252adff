/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One pass over the instructions of a function. Minimal decoding gives length,
 * mnemonic and raw fields, which is all that is asked here, at a fraction of
 * the cost of operands.
 */
#include <sys/syscall.h>

#include "patch/prove.h"

#define REG_SP 4	/* as modrm.reg, modrm.rm and sib.base */
#define REG_BP 5

struct walk {
	struct fn_facts *facts;
	const struct patch_window *win;
	uint32_t eax;		/* constant that the instruction before set */
	bool eax_known;
	bool rsp_copied;	/* another register may hold rsp */
	bool below_rbp;		/* something below rbp is used */
};

bool prove_init(ZydisDecoder *decoder)
{
	return ZYAN_SUCCESS(ZydisDecoderInit(decoder,
					     ZYDIS_MACHINE_MODE_LONG_64,
					     ZYDIS_STACK_WIDTH_64)) &&
	       ZYAN_SUCCESS(ZydisDecoderEnableMode(decoder,
						   ZYDIS_DECODER_MODE_MINIMAL,
						   ZYAN_TRUE));
}

static bool is_direct(const ZydisDecodedInstruction *insn, uintptr_t at,
		      uintptr_t *target)
{
	if (!insn->raw.imm[0].is_relative)
		return false;
	*target = at + insn->length + insn->raw.imm[0].value.s;
	return true;
}

/* jmp *name@GOTPCREL(%rip): the slot holds a function, so it is a tail call. */
static bool is_got_jump(const ZydisDecodedInstruction *insn)
{
	return insn->raw.modrm.mod == 0 && insn->raw.modrm.rm == REG_BP;
}

static void see_branch(struct walk *w, const ZydisDecodedInstruction *insn,
		       uintptr_t at)
{
	uintptr_t target;

	if (is_direct(insn, at, &target)) {
		if (target >= w->win->start && target < w->win->end)
			w->facts->jumped = true;
	} else if (insn->mnemonic == ZYDIS_MNEMONIC_JMP && !is_got_jump(insn)) {
		w->facts->indirect = true;
	}
}

static bool makes_a_task(uint32_t nr)
{
	return nr == SYS_fork || nr == SYS_vfork || nr == SYS_clone ||
	       nr == SYS_clone3;
}

static void see_number(struct walk *w, const ZydisDecodedInstruction *insn)
{
	if (insn->mnemonic == ZYDIS_MNEMONIC_SYSCALL && w->eax_known &&
	    makes_a_task(w->eax))
		w->facts->clones = true;
	w->eax_known = insn->opcode_map == ZYDIS_OPCODE_MAP_DEFAULT &&
		       insn->opcode == 0xb8 && insn->length == 5;
	w->eax = insn->raw.imm[0].value.u;
}

/*
 * Red zone users have a negative displacement from rsp, or from a copy of it
 * that was taken before any room was made: a leaf with a frame pointer, say. A
 * frame that did make room looks the same here and counts as well; r12 and r13
 * look like rsp and rbp. All of that only errs towards "uses".
 */
static void see_memory(struct walk *w, const ZydisDecodedInstruction *insn)
{
	unsigned int mod = insn->raw.modrm.mod, rm = insn->raw.modrm.rm;
	unsigned int base = rm == REG_SP ? insn->raw.sib.base : rm;

	if (!insn->raw.modrm.offset)
		return;
	if (mod == 3) {
		if (insn->mnemonic == ZYDIS_MNEMONIC_MOV &&
		    (insn->opcode == 0x89 ? insn->raw.modrm.reg : rm) == REG_SP)
			w->rsp_copied = true;
		return;
	}
	if (base == REG_SP && insn->mnemonic == ZYDIS_MNEMONIC_LEA)
		w->rsp_copied = true;
	if (mod == 0 || insn->raw.disp.value >= 0)
		return;
	if (base == REG_SP)
		w->facts->red_zone = true;
	else if (base == REG_BP)
		w->below_rbp = true;
}

#define INSN_MAX  15	/* bytes of the longest instruction */
#define CODE_STEP 1024	/* bytes asked for at once */

static size_t at_most(size_t n, size_t most)
{
	return n < most ? n : most;
}

static const unsigned char *code_at(struct code *c, uintptr_t at)
{
	size_t want = at_most(c->limit - at, INSN_MAX);

	if (at < c->start || at >= c->end || c->end - at < want) {
		want = at_most(c->limit - at, CODE_STEP);
		c->mem = object_bytes(c->obj, at, want);
		c->start = at;
		c->end = c->mem ? at + want : at;
	}
	return c->mem ? c->mem + (at - c->start) : NULL;
}

bool code_decode(struct code *c, const ZydisDecoder *decoder, uintptr_t at,
		 ZydisDecodedInstruction *insn, ZydisDecodedOperand *operands)
{
	const unsigned char *mem = at < c->limit ? code_at(c, at) : NULL;

	if (!mem)
		return false;
	if (operands)
		return ZYAN_SUCCESS(ZydisDecoderDecodeFull(decoder, mem,
				c->end - at, insn, operands));
	return ZYAN_SUCCESS(ZydisDecoderDecodeInstruction(decoder, NULL, mem,
							  c->end - at, insn));
}

void prove_function(const ZydisDecoder *decoder, const struct patch_object *obj,
		    const struct patch_fn *fn, uintptr_t site,
		    const struct patch_window *win, struct fn_facts *facts)
{
	struct walk w = { .facts = facts, .win = win };
	struct code code = { .obj = obj, .limit = fn->end };
	bool own = site >= fn->start && site < fn->end;
	ZydisDecodedInstruction insn;

	*facts = (struct fn_facts){ 0 };
	for (uintptr_t at = fn->start; at < fn->end; at += insn.length) {
		if (!code_decode(&code, decoder, at, &insn, NULL))
			return;
		if (at == site)
			facts->boundary = true;
		see_branch(&w, &insn, at);
		see_number(&w, &insn);
		see_memory(&w, &insn);
		if ((facts->indirect || facts->clones) && own)
			return;
	}
	facts->decodes = true;
	if (w.rsp_copied && w.below_rbp)
		facts->red_zone = true;
}
