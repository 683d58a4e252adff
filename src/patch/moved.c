/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sites that take their neighbours along; contracts in moved.h. */
#include "base/str.h"
#include "patch/moved.h"

#define JMP_LEN	    5		/* what has to find room */
#define SYSCALL_LEN 2
#define BEFORE	    8		/* instructions remembered, a power of two */

struct moved {
	const struct patch_object *obj;
	const struct patch_fn *fn;
	uintptr_t at;
	ZydisDecoder minimal, full;
	struct code code;
	uintptr_t before[BEFORE];	/* ring: where the last ones began */
	unsigned int n;
};

/* The address of the instruction that is @back before the syscall, or 0. */
static uintptr_t earlier(const struct moved *m, unsigned int back)
{
	return back > BEFORE || back > m->n ?
	       0 : m->before[(m->n - back) % BEFORE];
}

/* Decode up to the suspicion. */
static bool is_syscall(struct moved *m)
{
	ZydisDecodedInstruction insn;
	uintptr_t at = m->fn->start;

	for (; at < m->at; at += insn.length) {
		if (!code_decode(&m->code, &m->minimal, at, &insn, NULL))
			return false;
		m->before[m->n++ % BEFORE] = at;
	}
	return at == m->at &&
	       code_decode(&m->code, &m->minimal, at, &insn, NULL) &&
	       insn.mnemonic == ZYDIS_MNEMONIC_SYSCALL &&
	       insn.length == SYSCALL_LEN;
}

static bool transfers(const ZydisDecodedInstruction *insn)
{
	switch (insn->meta.category) {
	case ZYDIS_CATEGORY_CALL:
	case ZYDIS_CATEGORY_RET:
	case ZYDIS_CATEGORY_COND_BR:
	case ZYDIS_CATEGORY_UNCOND_BR:
	case ZYDIS_CATEGORY_INTERRUPT:
	case ZYDIS_CATEGORY_SYSCALL:
	case ZYDIS_CATEGORY_SYSRET:
	case ZYDIS_CATEGORY_SYSTEM:
	case ZYDIS_CATEGORY_CET:
		return true;
	default:
		return false;
	}
}

/* Does it do the same wherever it stands? */
static bool may_move(const ZydisDecodedInstruction *insn)
{
	return !transfers(insn) &&
	       !(insn->attributes & ZYDIS_ATTRIB_IS_RELATIVE);
}

static bool writes_rax(const ZydisDecodedInstruction *insn,
		       const ZydisDecodedOperand *op)
{
	for (unsigned int i = 0; i < insn->operand_count; i++)
		if (op[i].type == ZYDIS_OPERAND_TYPE_REGISTER &&
		    op[i].actions & ZYDIS_OPERAND_ACTION_MASK_WRITE &&
		    ZydisRegisterGetLargestEnclosing(ZYDIS_MACHINE_MODE_LONG_64,
				op[i].reg.value) == ZYDIS_REGISTER_RAX)
			return true;
	return false;
}

/* The constant that an instruction that writes rax puts there, or -1. */
static int constant(const ZydisDecodedInstruction *insn,
		    const ZydisDecodedOperand *op)
{
	if (op[0].type != ZYDIS_OPERAND_TYPE_REGISTER ||
	    (op[0].reg.value != ZYDIS_REGISTER_EAX &&
	     op[0].reg.value != ZYDIS_REGISTER_RAX))
		return -1;
	if (insn->mnemonic == ZYDIS_MNEMONIC_XOR &&
	    op[1].type == ZYDIS_OPERAND_TYPE_REGISTER &&
	    op[1].reg.value == op[0].reg.value)
		return 0;
	if (insn->mnemonic == ZYDIS_MNEMONIC_MOV &&
	    op[1].type == ZYDIS_OPERAND_TYPE_IMMEDIATE &&
	    op[1].imm.value.u < 0x7fffffff)
		return (int)op[1].imm.value.u;
	return -1;
}

static bool lands_in(const struct moved *m, uintptr_t start, uintptr_t end)
{
	struct patch_window win = { start, end };
	struct fn_facts facts;

	prove_function(&m->minimal, m->obj, m->fn, m->at, &win, &facts);
	return !facts.decodes || facts.jumped;
}

/*
 * The number, if it can be no other: set by an instruction before, and nothing
 * comes in between. -1 if it is only known when it runs.
 */
static int number(struct moved *m)
{
	ZydisDecodedOperand op[ZYDIS_MAX_OPERAND_COUNT];
	ZydisDecodedInstruction insn;
	uintptr_t at;

	for (unsigned int back = 1; (at = earlier(m, back)); back++) {
		if (!code_decode(&m->code, &m->full, at, &insn, op) ||
		    transfers(&insn))
			return -1;
		if (!writes_rax(&insn, op))
			continue;
		if (constant(&insn, op) < 0 || lands_in(m, at + 1, m->at + 1))
			return -1;
		return constant(&insn, op);
	}
	return -1;
}

static bool movable(struct moved *m, uintptr_t at,
		    ZydisDecodedInstruction *insn)
{
	ZydisDecodedOperand op[ZYDIS_MAX_OPERAND_COUNT];

	return code_decode(&m->code, &m->full, at, insn, op) && may_move(insn);
}

/* As few as make room. False: too few can be moved. */
static bool room_before(struct moved *m, struct patch_site *s)
{
	ZydisDecodedInstruction insn;
	uintptr_t at;

	for (unsigned int back = 1; (at = earlier(m, back)); back++) {
		if (!movable(m, at, &insn))
			return false;
		if (m->at + SYSCALL_LEN - at < JMP_LEN)
			continue;
		s->addr = at;
		s->at = (unsigned char)(m->at - at);
		s->len = (unsigned char)(s->at + SYSCALL_LEN);
		return true;
	}
	return false;
}

static bool room_behind(struct moved *m, struct patch_site *s)
{
	uintptr_t at = m->at + SYSCALL_LEN;
	ZydisDecodedInstruction insn;

	for (; at < m->at + JMP_LEN; at += insn.length)
		if (!movable(m, at, &insn))
			return false;
	s->addr = m->at;
	s->at = 0;
	s->len = (unsigned char)(at - m->at);
	return true;
}

/* What refuses both windows refuses the site. */
static const char *judge(struct moved *m, struct patch_site *s)
{
	struct patch_window win;
	struct fn_facts facts;
	const char *why = PATCH_WHY_NEIGHBOURS;

	for (unsigned int i = 0; i < 2; i++) {
		if (!(i ? room_behind(m, s) : room_before(m, s)))
			continue;
		win = (struct patch_window){ s->addr + 1, s->addr + s->len };
		prove_function(&m->minimal, m->obj, m->fn, s->addr, &win,
			       &facts);
		s->uses_red_zone = !facts.decodes || facts.red_zone;
		if (facts.indirect)
			return PATCH_WHY_INDIRECT;
		if (facts.clones)
			return PATCH_WHY_CLONES;
		if (!facts.decodes)
			return PATCH_WHY_UNDECODABLE;
		if (!facts.jumped)
			return NULL;
		why = PATCH_WHY_JUMP;
	}
	return why;
}

bool moved_find(const struct patch_object *obj, const struct patch_fn *fn,
		const struct patch_nrset *nrs, uintptr_t at,
		struct patch_site *s)
{
	struct moved m = { .obj = obj, .fn = fn, .at = at,
			   .code = { .obj = obj, .limit = fn->end } };
	const unsigned char *old;

	if (!prove_init(&m.minimal) ||
	    ZYAN_FAILED(ZydisDecoderInit(&m.full, ZYDIS_MACHINE_MODE_LONG_64,
					 ZYDIS_STACK_WIDTH_64)) ||
	    !is_syscall(&m))
		return false;
	*s = (struct patch_site){ .addr = at, .nr = number(&m), .len = 2,
				  .kind = PATCH_SITE_MOVED,
				  .state = PATCH_PROVEN };
	if (s->nr >= 0 && !patch_nrset_has(nrs, (unsigned int)s->nr))
		return false;
	s->why = judge(&m, s);
	old = object_bytes(obj, s->addr, s->len);
	if (s->why || !old) {
		s->state = PATCH_REFUSED;
		s->why = s->why ? s->why : PATCH_WHY_CHANGED;
		return true;
	}
	memcpy(s->old, old, s->len);
	return true;
}
