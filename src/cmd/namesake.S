/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * All of the 32-bit library that is loaded where the real one cannot be. As an
 * LD_AUDIT module it says that it is none, and is unloaded without a word.
 */
	.text
	.globl	la_version
	.type	la_version, @function
la_version:
	xorl	%eax, %eax
	ret
	.size	la_version, . - la_version
	.section .note.GNU-stack, "", @progbits
