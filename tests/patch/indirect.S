/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A jump table in the function may lead anywhere in it: refused. A jump through
 * the GOT is a tail call and leads out of it: proven. (The slot is written out:
 * linkers turn a jump by @GOTPCREL into a direct one.)
 */
#include "pattern.h"

	FUNCTION by_table
	lea	1f(%rip), %rdx
	movslq	(%rdx, %rdi, 4), %rax
	add	%rdx, %rax
	jmp	*%rax
by_table_site:
	mov	$NR, %eax
2:	syscall
	ret
	END	by_table
	.section .rodata
1:	.long	2b - 1b

	FUNCTION by_got
by_got_site:
	mov	$NR, %eax
	syscall
	jmp	*3f(%rip)
	END	by_got
	.section .data.rel.ro, "aw", @progbits
3:	.quad	plain

	EXPECT	by_table_site, 0, "indirect jump in the function"
	EXPECT	by_got_site, 0, ""
