/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The machine code between a patched site and the door.
 *
 * The law: at the site the program must find all as after a real syscall
 * instruction. rax has the result, rcx the address after the site, r11 the
 * flags; every other register, the flags, the red zone and all vector registers
 * are as before. Below the program's rsp the 128 bytes of red zone are stepped
 * over, where there may be one, then up to PATCH_ENTRY_STACK bytes used.
 *
 * Each row of the unwind table tells the truth: the CFA is the program's rsp at
 * the site, the return address is the site + 7, so that unwinders find the
 * function with the site as the caller. Only at the very first instruction of
 * an entry is the return address nowhere yet, and said to be undefined. (The
 * flags have no description: libunwind takes no column above 16.)
 */
#include "base/door_regs.h"
#include "patch/entry.h"

#define FLAG_AC	    0x40000	/* alignment check */
#define FLAGS_PLAIN 0x202	/* what is always set */

	.text

	.globl	patch_entry_code
	.hidden	patch_entry_code
	.hidden	patch_entries
	.type	patch_entry_code, @function
	.p2align 5
patch_entry_code:
	.set	index, 0
	.rept	PATCH_ENTRIES
	.p2align 5
	.cfi_startproc simple
	.cfi_def_cfa rsp, 0
	.cfi_undefined rip
	mov	patch_entries + PATCH_ENTRY_DATA * index(%rip), %rcx
	.cfi_register rip, rcx
	mov	$index, %r11d
	jmp	patch_entry_common
	.cfi_endproc
	.set	index, index + 1
	.endr
	.size	patch_entry_code, . - patch_entry_code

/*
 * Written code for sites that are too far away for the above, or have another
 * shape: slot.c. It runs no C and pushes nothing, so it needs no unwind rows but
 * for the moment, which it has none for. Section vs_bare: system calls made here
 * are the program's own, which tier 3 sees (intercept/trap.h).
 */
	.section vs_bare, "ax", @progbits
	.globl	patch_slots
	.hidden	patch_slots
	.type	patch_slots, @object
	.p2align 12
patch_slots:
	.fill	PATCH_ENTRIES * PATCH_SLOT_SIZE, 1, 0xcc
	.size	patch_slots, . - patch_slots
	.text

/*
 * r11: the entry, rcx: what patch_numbers[] has for the low bits of rax. If the
 * rest of rax says that it is another number the slot's own syscall follows.
 * @skip: bytes below rsp that are the program's.
 */
	.macro	BY_NUMBER name, common, skip
	.globl	\name
	.hidden	\name
	.type	\name, @function
	.p2align 5
\name:
	.cfi_startproc simple
	.cfi_def_cfa rsp, 0
	.cfi_undefined rip
	lea	-\skip(%rsp), %rsp
	.cfi_adjust_cfa_offset \skip
	pushfq
	.cfi_adjust_cfa_offset 8
	push	%rcx
	.cfi_adjust_cfa_offset 8
	shl	$PATCH_ENTRY_SHIFT, %r11
	lea	patch_entries(%rip), %rcx
	add	%rcx, %r11
	cmp	$0xffff, %rax
	ja	1f
	mov	(%r11), %rcx
	.cfi_register rip, rcx
	pop	%r11
	.cfi_adjust_cfa_offset -8
	add	$PATCH_BY_NUMBER, %r11
	popfq
	.cfi_adjust_cfa_offset -8
	lea	\skip(%rsp), %rsp
	.cfi_adjust_cfa_offset -\skip
	jmp	\common
1:	.cfi_adjust_cfa_offset \skip + 16
	.cfi_undefined rip
	mov	PATCH_ENTRY_RAW(%r11), %r11
	pop	%rcx
	.cfi_adjust_cfa_offset -8
	popfq
	.cfi_adjust_cfa_offset -8
	lea	\skip(%rsp), %rsp
	.cfi_adjust_cfa_offset -\skip
	jmp	*%r11
	.cfi_endproc
	.size	\name, . - \name
	.endm

	BY_NUMBER patch_by_number, patch_entry_common, DOOR_RED_ZONE
	BY_NUMBER patch_by_number_frame, patch_entry_frame, 0

	.macro	SAVE reg
	push	%\reg
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset \reg, 0
	.endm

/*
 * rcx: where to go on, r11: regs->site (entry.h). The pushes build a struct
 * door_regs from its end to its beginning. rbp then is the base of everything,
 * because the program's rsp has any alignment and the call needs one of 16. The
 * second form is for functions that are proven to keep nothing below rsp: stacks
 * of goroutines have little to spare.
 */
	.macro	ENTRY name, skip
	.globl	\name
	.hidden	\name
	.type	\name, @function
	.p2align 5
\name:
	.cfi_startproc simple
	.cfi_def_cfa rsp, 0
	.cfi_register rip, rcx
	lea	-\skip(%rsp), %rsp
	.cfi_adjust_cfa_offset \skip
	push	%rcx
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset rip, 0
	pushfq
	.cfi_adjust_cfa_offset 8
	cld
	/* The kernel drops the alignment check as well: C code may not align. */
	testl	$FLAG_AC, (%rsp)
	jz	3f
	push	$FLAGS_PLAIN
	.cfi_adjust_cfa_offset 8
	popfq
	.cfi_adjust_cfa_offset -8
3:	lea	\skip + 16(%rsp), %rcx
	push	%rcx
	.cfi_adjust_cfa_offset 8
	push	%r11
	.cfi_adjust_cfa_offset 8
	SAVE	r9
	SAVE	r8
	SAVE	r10
	SAVE	rdx
	SAVE	rsi
	SAVE	rdi
	SAVE	rbx
	SAVE	rbp
	SAVE	r12
	SAVE	r13
	SAVE	r14
	SAVE	r15
	mov	%rsp, %rbp
	.cfi_def_cfa_register rbp
	mov	%rsp, %rdi
	and	$-16, %rsp
	call	vs_door_entry
	mov	DOOR_FLAGS(%rbp), %r11
	push	%r11
	popfq
	/* From here on nothing may change the flags. */
	mov	DOOR_RDI(%rbp), %rdi
	.cfi_restore rdi
	mov	DOOR_RSI(%rbp), %rsi
	.cfi_restore rsi
	mov	DOOR_RDX(%rbp), %rdx
	.cfi_restore rdx
	mov	DOOR_R10(%rbp), %r10
	.cfi_restore r10
	mov	DOOR_R8(%rbp), %r8
	.cfi_restore r8
	mov	DOOR_R9(%rbp), %r9
	.cfi_restore r9
	/* C kept rbx and r12 to r15; their copies are for vs_door_leave(). */
	.cfi_restore rbx
	.cfi_restore r12
	.cfi_restore r13
	.cfi_restore r14
	.cfi_restore r15
	mov	DOOR_RET(%rbp), %rcx
	.cfi_register rip, rcx
	mov	%rbp, %rsp
	.cfi_def_cfa_register rsp
	mov	DOOR_RBP(%rsp), %rbp
	.cfi_restore rbp
	lea	DOOR_REGS_SIZE + \skip(%rsp), %rsp
	.cfi_def_cfa_offset 0
	jmp	*%rcx
	.cfi_endproc
	.size	\name, . - \name
	.endm

	ENTRY	patch_entry_common, DOOR_RED_ZONE
	ENTRY	patch_entry_frame, 0

/*
 * A register that is found at r11 + offset, and a CFA that is the value found
 * there: DW_CFA_expression and DW_CFA_def_cfa_expression over DW_OP_breg11. The
 * assembler has no words for them; offsets below 64 are one byte of SLEB128,
 * those up to 8191 two.
 */
#define SLEB(off)	((off) & 0x7f) | 0x80, (off) >> 7
	.macro	FOUND column offset
	.cfi_escape 0x10, \column, 3, 0x7b, SLEB(\offset)
	.endm

/*
 * rdi: a struct door_regs on this stack, rsi: the result. The program's stack
 * may be gone: it is not touched, not even with rsp set to it.
 */
	.globl	vs_door_leave
	.hidden	vs_door_leave
	.type	vs_door_leave, @function
	.p2align 5
vs_door_leave:
	.cfi_startproc
	mov	%rdi, %r11
	.cfi_escape 0x0f, 4, 0x7b, SLEB(DOOR_RSP), 0x06
	FOUND	16, DOOR_RET
	FOUND	3, DOOR_RBX
	FOUND	6, DOOR_RBP
	FOUND	12, DOOR_R12
	FOUND	13, DOOR_R13
	FOUND	14, DOOR_R14
	FOUND	15, DOOR_R15
	mov	%rsi, %rax
	push	DOOR_FLAGS(%r11)
	popfq
	/* From here on nothing may change the flags. */
	mov	DOOR_R15(%r11), %r15
	mov	DOOR_R14(%r11), %r14
	mov	DOOR_R13(%r11), %r13
	mov	DOOR_R12(%r11), %r12
	mov	DOOR_RBP(%r11), %rbp
	mov	DOOR_RBX(%r11), %rbx
	mov	DOOR_RDI(%r11), %rdi
	mov	DOOR_RSI(%r11), %rsi
	mov	DOOR_RDX(%r11), %rdx
	mov	DOOR_R10(%r11), %r10
	mov	DOOR_R8(%r11), %r8
	mov	DOOR_R9(%r11), %r9
	mov	DOOR_RET(%r11), %rcx
	mov	DOOR_RSP(%r11), %rsp
	.cfi_def_cfa rsp, 0
	.cfi_register rip, rcx
	.cfi_same_value rbx
	.cfi_same_value rbp
	.cfi_same_value r12
	.cfi_same_value r13
	.cfi_same_value r14
	.cfi_same_value r15
	mov	DOOR_FLAGS(%r11), %r11
	jmp	*%rcx
	.cfi_endproc
	.size	vs_door_leave, . - vs_door_leave

/*
 * A detoured exit function: entered as that function was, status in edi. It
 * never goes back, so nothing is kept.
 */
	.globl	patch_exit_code
	.hidden	patch_exit_code
	.type	patch_exit_code, @function
	.p2align 5
patch_exit_code:
	.cfi_startproc
	push	%rbp
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset rbp, 0
	mov	%rsp, %rbp
	.cfi_def_cfa_register rbp
	and	$-16, %rsp
	cld
	call	vs_exit_entry
	ud2
	.cfi_endproc
	.size	patch_exit_code, . - patch_exit_code

	.section .note.GNU-stack, "", @progbits
