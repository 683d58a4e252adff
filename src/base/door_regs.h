/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * struct door_regs: the program's registers at a call that came through machine
 * code of ours. The entry code (patch/entry.S) lays it on the program's stack,
 * the door reads it. Both see the layout here; C checks it below.
 *
 *	program's rsp ->  +------------------+  the CFA of the entry
 *			  | red zone, 128 B  |  never touched
 *			  +------------------+
 *			  | struct door_regs |  DOOR_REGS_SIZE bytes, ret on top
 *	struct, rbp ->	  +------------------+
 *			  | alignment, C ... |
 */
#ifndef VS_BASE_DOOR_REGS_H
#define VS_BASE_DOOR_REGS_H

#define DOOR_RED_ZONE	128	/* psABI 3.2.2: below rsp, ours to leave alone */

#define DOOR_R15	0
#define DOOR_R14	8
#define DOOR_R13	16
#define DOOR_R12	24
#define DOOR_RBP	32
#define DOOR_RBX	40
#define DOOR_RDI	48
#define DOOR_RSI	56
#define DOOR_RDX	64
#define DOOR_R10	72
#define DOOR_R8		80
#define DOOR_R9		88
#define DOOR_SITE	96
#define DOOR_RSP	104
#define DOOR_FLAGS	112
#define DOOR_RET	120
#define DOOR_REGS_SIZE	128

#ifndef __ASSEMBLER__

#include <stddef.h>
#include <stdint.h>

struct door_regs {
	uint64_t r15, r14, r13, r12, rbp, rbx;
	long arg[6];		/* rdi rsi rdx r10 r8 r9: the call's arguments */
	uint64_t site;		/* which entry: index into patch_entries[] */
	uint64_t rsp;		/* the program's, at the site */
	uint64_t flags;		/* rflags at the site; r11 after the call */
	uint64_t ret;		/* where the program goes on; rcx after it */
};

_Static_assert(offsetof(struct door_regs, r15) == DOOR_R15, "r15");
_Static_assert(offsetof(struct door_regs, r14) == DOOR_R14, "r14");
_Static_assert(offsetof(struct door_regs, r13) == DOOR_R13, "r13");
_Static_assert(offsetof(struct door_regs, r12) == DOOR_R12, "r12");
_Static_assert(offsetof(struct door_regs, rbp) == DOOR_RBP, "rbp");
_Static_assert(offsetof(struct door_regs, rbx) == DOOR_RBX, "rbx");
_Static_assert(offsetof(struct door_regs, arg) == DOOR_RDI, "arg");
_Static_assert(offsetof(struct door_regs, arg[5]) == DOOR_R9, "arg[5]");
_Static_assert(offsetof(struct door_regs, site) == DOOR_SITE, "site");
_Static_assert(offsetof(struct door_regs, rsp) == DOOR_RSP, "rsp");
_Static_assert(offsetof(struct door_regs, flags) == DOOR_FLAGS, "flags");
_Static_assert(offsetof(struct door_regs, ret) == DOOR_RET, "ret");
_Static_assert(sizeof(struct door_regs) == DOOR_REGS_SIZE, "size");

#endif /* __ASSEMBLER__ */
#endif
