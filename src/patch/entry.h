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

#define PATCH_ENTRIES		256	/* sites in all objects together */
#define PATCH_ENTRY_SIZE	32	/* bytes of code of each */
#define PATCH_ENTRY_SHIFT	6
#define PATCH_ENTRY_DATA	64	/* sizeof(struct patch_entry) */
#define PATCH_ENTRY_RAW		8
#define PATCH_SLOT_SIZE		128	/* bytes of written code of each */
#define PATCH_AREA_SIZE		(PATCH_ENTRIES * PATCH_SLOT_SIZE)
/*
 * regs->site of a call whose number was only known when it was made: this, plus
 * what patch_numbers[] has for the number.
 */
#define PATCH_BY_NUMBER		0x1000
#define PATCH_ENTRY_STACK	152	/* registers, alignment, the call */

#ifndef __ASSEMBLER__

#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/door_regs.h"

/* One entry's site; written by patch_apply() before the site itself is. */
struct patch_entry {
	uint64_t ret;		/* where the program goes on */
	uint64_t raw;		/* a slot's own syscall instruction */
	uint64_t site, code;	/* from where, to where the jump is */
	int32_t nr;
	uint32_t in_use;
	uint64_t unused[3];
};

_Static_assert(sizeof(struct patch_entry) == PATCH_ENTRY_DATA &&
	       PATCH_ENTRY_DATA == 1 << PATCH_ENTRY_SHIFT, "entry size");
_Static_assert(offsetof(struct patch_entry, raw) == PATCH_ENTRY_RAW, "raw");

extern VS_HIDDEN struct patch_entry patch_entries[PATCH_ENTRIES];

/* PATCH_ENTRIES pieces of code, PATCH_ENTRY_SIZE bytes apart. */
extern VS_HIDDEN const char patch_entry_code[];
/*
 * PATCH_ENTRIES slots of PATCH_SLOT_SIZE bytes, which patch_apply() writes; and
 * where a slot goes with a number that is our business.
 */
extern VS_HIDDEN const char patch_slots[], patch_by_number[];
/* The same for a function that keeps nothing below rsp. */
extern VS_HIDDEN const char patch_by_number_frame[];
/*
 * By the low 16 bits of a system call's number: 0, the kernel makes it, or what
 * regs->site shall tell. Filled before the first slot is used.
 */
extern VS_HIDDEN uint8_t patch_numbers[1 << 16];
/* What all of them jump to; the head of this file says with what. */
extern VS_HIDDEN const char patch_entry_common[];
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
