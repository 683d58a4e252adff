/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the entry code (entry.S) and C agree on.
 *
 * patch_entry_common is for machine code only, and not for sites alone: it is
 * jumped to with the arguments where the kernel wants them, rcx the address to
 * go on at, r11 what regs->site shall be (other users take numbers from
 * PATCH_ENTRIES on), and goes on there as the kernel would after a syscall
 * instruction, rsp as it was.
 *
 * The machine code calls two functions that this room does not have; whoever
 * links it provides them:
 *
 *	long vs_door_entry(struct door_regs *regs);
 *		one system call of the program, regs->site its entry; what it
 *		returns is the program's rax. Built without vector registers,
 *		stack protector and TLS assumptions; runs on the program's
 *		stack, of which entry.S itself takes up to PATCH_ENTRY_STACK
 *		bytes below the red zone.
 *	void vs_exit_entry(int status);
 *		in place of exit_symbol(status); never returns.
 */
#ifndef VS_PATCH_ENTRY_H
#define VS_PATCH_ENTRY_H

#define PATCH_ENTRIES		96	/* sites in all objects together */
#define PATCH_ENTRY_SIZE	32	/* bytes of code of each */
#define PATCH_SLOT_SIZE		16	/* sizeof(struct patch_entry) */
#define PATCH_ENTRY_STACK	152	/* registers, alignment, the call */

#ifndef __ASSEMBLER__

#include <stdint.h>

#include "base/compiler.h"
#include "base/door_regs.h"

/* One entry's site; written by patch_apply() before the site itself is. */
struct patch_entry {
	uint64_t ret;		/* where the program goes on: site + 7 */
	int32_t nr;
	uint32_t in_use;
};

_Static_assert(sizeof(struct patch_entry) == PATCH_SLOT_SIZE, "slot size");

extern VS_HIDDEN struct patch_entry patch_entries[PATCH_ENTRIES];

/* PATCH_ENTRIES pieces of code, PATCH_ENTRY_SIZE bytes apart. */
extern VS_HIDDEN const char patch_entry_code[];
/* Where a detoured exit function goes. */
extern VS_HIDDEN const char patch_exit_code[];

VS_HIDDEN long vs_door_entry(struct door_regs *regs);
VS_HIDDEN _Noreturn void vs_exit_entry(int status);

/*
 * vs_door_leave() - resume the program from @copy as if its system call had
 * returned @result, without touching the program's stack: for a call that
 * unmapped it. @copy is a copy of the door_regs, made before the call, that
 * lies on the stack this runs on.
 */
VS_HIDDEN _Noreturn void vs_door_leave(const struct door_regs *copy,
				       long result);

#endif /* __ASSEMBLER__ */
#endif
