/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One row of the unwind table: how, at one instruction, the caller's registers
 * are found. Only what a chain of return addresses needs is kept: rsp (the
 * CFA), rbp, rip.
 *
 * Format: DWARF 5, section 6.4; psABI x86-64, section 3.6 (columns: 6 is rbp,
 * 7 rsp, 16 the return address).
 */
#ifndef VS_UNWIND_CFI_H
#define VS_UNWIND_CFI_H

#include "base/ehframe.h"

enum unwind_kind {
	UNWIND_UNKNOWN,	/* no row, or one that is not understood */
	UNWIND_RSP,	/* CFA is rsp + cfa_off */
	UNWIND_RBP,	/* CFA is rbp + cfa_off */
	UNWIND_REALIGNED,	/* CFA is what lies at rbp + cfa_off, the caller's
				 * rbp what lies at rbp: a realigned stack */
	UNWIND_SIGNAL,	/* a handler's return: the registers are in the
			 * ucontext at rsp */
	UNWIND_LAST,	/* has no caller */
};

struct unwind_row {
	enum unwind_kind kind;
	int32_t cfa_off;	/* bytes */
	int32_t rbp_off;	/* the caller's rbp lies at CFA + this; 0: rbp has
				 * not changed */
};

/*
 * unwind_row_at() - the row for @pc, of the function @fde. Anything that is not
 * understood makes it UNWIND_UNKNOWN. Async-signal-safe; some 300 bytes of
 * stack.
 */
void unwind_row_at(const struct eh_fde *fde, uintptr_t pc,
		   struct unwind_row *row);

#endif
