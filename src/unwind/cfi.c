/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The call frame instructions; contract in cfi.h. */
#include "base/str.h"
#include "unwind/cfi.h"

enum {
	DW_CFA_nop		= 0x00,
	DW_CFA_set_loc		= 0x01,
	DW_CFA_advance_loc1	= 0x02,
	DW_CFA_advance_loc2	= 0x03,
	DW_CFA_advance_loc4	= 0x04,
	DW_CFA_offset_extended	= 0x05,
	DW_CFA_restore_extended	= 0x06,
	DW_CFA_undefined	= 0x07,
	DW_CFA_same_value	= 0x08,
	DW_CFA_register		= 0x09,
	DW_CFA_remember_state	= 0x0a,
	DW_CFA_restore_state	= 0x0b,
	DW_CFA_def_cfa		= 0x0c,
	DW_CFA_def_cfa_register	= 0x0d,
	DW_CFA_def_cfa_offset	= 0x0e,
	DW_CFA_def_cfa_expression = 0x0f,
	DW_CFA_expression	= 0x10,
	DW_CFA_offset_extended_sf = 0x11,
	DW_CFA_def_cfa_sf	= 0x12,
	DW_CFA_def_cfa_offset_sf = 0x13,
	DW_CFA_val_offset	= 0x14,
	DW_CFA_val_offset_sf	= 0x15,
	DW_CFA_val_expression	= 0x16,
	DW_CFA_GNU_args_size	= 0x2e,
	/* two high bits of the opcode; the operand is in the low six */
	DW_CFA_advance_loc	= 0x40,
	DW_CFA_offset		= 0x80,
	DW_CFA_restore		= 0xc0,
};

enum { DW_OP_deref = 0x06, DW_OP_breg6 = 0x76 };

enum { RBP = 6, RSP = 7, RA = 16 };

enum rule { SAME, UNDEFINED, AT_CFA, AT_RBP, OTHER };

/* What one row says; a stack of them is what remember_state asks for. */
struct state {
	uint8_t cfa_reg, rbp, ra;	/* rules: enum rule */
	bool deref;			/* the CFA is read from cfa_reg + off */
	int32_t cfa_off, rbp_off, ra_off;
};

#define REMEMBERED 6

struct machine {
	const struct eh_cie *cie;
	uintptr_t loc, pc;
	struct state now, initial, kept[REMEMBERED];
	unsigned int nr_kept;
	bool bad;
};

static void set_rule(struct machine *m, uint64_t column, enum rule rule,
		     int64_t off)
{
	if (column == RBP) {
		m->now.rbp = (uint8_t)rule;
		m->now.rbp_off = (int32_t)off;
	} else if (column == RA) {
		m->now.ra = (uint8_t)rule;
		m->now.ra_off = (int32_t)off;
	}
}

static void restore(struct machine *m, uint64_t column)
{
	if (column == RBP)
		set_rule(m, RBP, m->initial.rbp, m->initial.rbp_off);
	else if (column == RA)
		set_rule(m, RA, m->initial.ra, m->initial.ra_off);
}

static void set_cfa(struct machine *m, uint64_t reg, int64_t off)
{
	m->now.cfa_reg = reg == RBP || reg == RSP ? (uint8_t)reg : 0;
	m->now.cfa_off = (int32_t)off;
	m->now.deref = false;
}

/* A block of DWARF operations: which one of the two that compilers write? */
static struct dwarf_reader open_block(struct dwarf_reader *r)
{
	uint64_t len = dwarf_uleb(r);
	struct dwarf_reader block = { .at = r->at, .end = r->at + len };

	dwarf_skip(r, len);
	block.bad = r->bad;
	return block;
}

/* DW_OP_breg6 off; DW_OP_deref */
static void cfa_expression(struct machine *m, struct dwarf_reader *r)
{
	struct dwarf_reader block = open_block(r);
	uint64_t op = dwarf_bytes(&block, 1);
	int64_t off = dwarf_sleb(&block);

	if (op != DW_OP_breg6 || dwarf_bytes(&block, 1) != DW_OP_deref ||
	    block.bad || block.at != block.end) {
		m->now.cfa_reg = 0;
		return;
	}
	set_cfa(m, RBP, off);
	m->now.deref = true;
}

/* DW_OP_breg6 0: where rbp points now */
static void register_expression(struct machine *m, struct dwarf_reader *r)
{
	uint64_t column = dwarf_uleb(r);
	struct dwarf_reader block = open_block(r);
	bool at_rbp = dwarf_bytes(&block, 1) == DW_OP_breg6 &&
		      dwarf_sleb(&block) == 0 && !block.bad &&
		      block.at == block.end;

	set_rule(m, column, at_rbp ? AT_RBP : OTHER, 0);
}

static void remember(struct machine *m)
{
	if (m->nr_kept == REMEMBERED)
		m->bad = true;
	else
		m->kept[m->nr_kept++] = m->now;
}

static void recall(struct machine *m)
{
	if (!m->nr_kept)
		m->bad = true;
	else
		m->now = m->kept[--m->nr_kept];
}

/* Those that change the CFA's rule. */
static bool run_cfa(struct machine *m, struct dwarf_reader *r, uint8_t op)
{
	int64_t align = m->cie->data_align;
	uint64_t reg;

	switch (op) {
	case DW_CFA_def_cfa:
		reg = dwarf_uleb(r);
		set_cfa(m, reg, (int64_t)dwarf_uleb(r));
		return true;
	case DW_CFA_def_cfa_sf:
		reg = dwarf_uleb(r);
		set_cfa(m, reg, dwarf_sleb(r) * align);
		return true;
	case DW_CFA_def_cfa_register:
		set_cfa(m, dwarf_uleb(r), m->now.cfa_off);
		return true;
	case DW_CFA_def_cfa_offset:
		m->now.cfa_off = (int32_t)dwarf_uleb(r);
		return true;
	case DW_CFA_def_cfa_offset_sf:
		m->now.cfa_off = (int32_t)(dwarf_sleb(r) * align);
		return true;
	case DW_CFA_def_cfa_expression:
		cfa_expression(m, r);
		return true;
	}
	return false;
}

/* Those that change a register's. */
static bool run_register(struct machine *m, struct dwarf_reader *r, uint8_t op)
{
	int64_t align = m->cie->data_align;
	uint64_t reg;

	switch (op) {
	case DW_CFA_offset_extended:
		reg = dwarf_uleb(r);
		set_rule(m, reg, AT_CFA, (int64_t)dwarf_uleb(r) * align);
		return true;
	case DW_CFA_offset_extended_sf:
		reg = dwarf_uleb(r);
		set_rule(m, reg, AT_CFA, dwarf_sleb(r) * align);
		return true;
	case DW_CFA_restore_extended:
		restore(m, dwarf_uleb(r));
		return true;
	case DW_CFA_undefined:
		set_rule(m, dwarf_uleb(r), UNDEFINED, 0);
		return true;
	case DW_CFA_same_value:
		set_rule(m, dwarf_uleb(r), SAME, 0);
		return true;
	case DW_CFA_register:
	case DW_CFA_val_offset:
	case DW_CFA_val_offset_sf:
		set_rule(m, dwarf_uleb(r), OTHER, 0);
		dwarf_uleb(r);
		return true;
	case DW_CFA_expression:
		register_expression(m, r);
		return true;
	case DW_CFA_val_expression:
		set_rule(m, dwarf_uleb(r), OTHER, 0);
		open_block(r);
		return true;
	}
	return false;
}

static bool run_other(struct machine *m, struct dwarf_reader *r, uint8_t op)
{
	uint64_t unit = m->cie->code_align;

	switch (op) {
	case DW_CFA_nop:
		return true;
	case DW_CFA_set_loc:
		m->loc = dwarf_encoded(r, m->cie->encoding);
		return true;
	case DW_CFA_advance_loc1:
		m->loc += dwarf_bytes(r, 1) * unit;
		return true;
	case DW_CFA_advance_loc2:
		m->loc += dwarf_bytes(r, 2) * unit;
		return true;
	case DW_CFA_advance_loc4:
		m->loc += dwarf_bytes(r, 4) * unit;
		return true;
	case DW_CFA_remember_state:
		remember(m);
		return true;
	case DW_CFA_restore_state:
		recall(m);
		return true;
	case DW_CFA_GNU_args_size:
		dwarf_uleb(r);
		return true;
	}
	return false;
}

static void run_one(struct machine *m, struct dwarf_reader *r)
{
	uint8_t op = (uint8_t)dwarf_bytes(r, 1);
	uint8_t low = op & 0x3f;

	switch (op & 0xc0) {
	case DW_CFA_advance_loc:
		m->loc += low * m->cie->code_align;
		return;
	case DW_CFA_offset:
		set_rule(m, low, AT_CFA,
			 (int64_t)dwarf_uleb(r) * m->cie->data_align);
		return;
	case DW_CFA_restore:
		restore(m, low);
		return;
	}
	if (!run_cfa(m, r, op) && !run_register(m, r, op) &&
	    !run_other(m, r, op))
		m->bad = true;
}

/* Until the row that holds pc is complete: the next one would lie behind it. */
static void run(struct machine *m, struct dwarf_reader r)
{
	while (r.at < r.end && !r.bad && !m->bad) {
		run_one(m, &r);
		if (m->loc > m->pc)
			return;
	}
	m->bad |= r.bad;
}

static enum unwind_kind kind_of(const struct state *s)
{
	if (s->ra == UNDEFINED)
		return UNWIND_LAST;
	if (s->ra != AT_CFA || s->ra_off != -8 || !s->cfa_reg)
		return UNWIND_UNKNOWN;
	if (s->deref)
		return s->rbp == AT_RBP ? UNWIND_REALIGNED : UNWIND_UNKNOWN;
	if (s->rbp != SAME && s->rbp != AT_CFA && s->rbp != UNDEFINED)
		return UNWIND_UNKNOWN;
	return s->cfa_reg == RSP ? UNWIND_RSP : UNWIND_RBP;
}

void unwind_row_at(const struct eh_fde *fde, uintptr_t pc,
		   struct unwind_row *row)
{
	struct machine m = {
		.cie = &fde->cie, .loc = fde->start, .pc = pc,
	};

	*row = (struct unwind_row){ .kind = UNWIND_UNKNOWN };
	if (fde->cie.signal_frame) {
		row->kind = UNWIND_SIGNAL;
		return;
	}
	run(&m, fde->cie.insns);
	m.initial = m.now;
	run(&m, fde->insns);
	if (m.bad)
		return;
	row->kind = kind_of(&m.now);
	row->cfa_off = m.now.cfa_off;
	row->rbp_off = m.now.rbp == AT_CFA ? m.now.rbp_off : 0;
}
