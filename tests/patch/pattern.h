/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Golden pieces of machine code, one idea a file, linked into test_patch_scan.
 * Each says in words what it is and, by EXPECT, what patch_scan() must say of
 * it. Nothing here is ever executed.
 */
#ifndef TESTS_PATCH_PATTERN_H
#define TESTS_PATCH_PATTERN_H

#ifdef __ASSEMBLER__

#define NR 9	/* the number that all patterns use: mmap */

	.macro	PATTERNS
	.section patch_text, "ax", @progbits
	.endm

	.macro	FUNCTION name
	PATTERNS
	.type	\name, @function
	.p2align 8
\name:
	.cfi_startproc
	.endm

	.macro	END name
	.cfi_endproc
	.size	\name, . - \name
	.endm

	/* red: 1 if the function uses the red zone; why: "" if proven */
	.macro	EXPECT site, red, why
	.pushsection .rodata.str1.1, "aMS", @progbits, 1
.Lwhy\@:
	.asciz	"\why"
.Lname\@:
	.asciz	"\site"
	.popsection
	.pushsection patch_expect, "aw", @progbits
	.quad	\site, .Lname\@, .Lwhy\@, \red
	.popsection
	.endm

	.section .note.GNU-stack, "", @progbits

#else

#include <stdint.h>

struct pattern {
	uintptr_t site;
	const char *name;
	const char *why;	/* "" if proven */
	uint64_t red_zone;
};

extern const struct pattern __start_patch_expect[], __stop_patch_expect[];
extern const char __start_patch_text[], __stop_patch_text[];

#endif /* __ASSEMBLER__ */
#endif
