/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Leaf functions that keep data below rsp: by rsp itself, and by a frame
 * pointer that no room was made for. Both are proven, and both are found to
 * use the red zone. The last one makes room first, by rsp alone, and uses none:
 * rbp is no copy of rsp there.
 */
#include "pattern.h"

	FUNCTION red_rsp
	mov	%rdi, -8(%rsp)
red_rsp_site:
	mov	$NR, %eax
	syscall
	mov	-8(%rsp), %rdi
	ret
	END	red_rsp

	FUNCTION red_rbp
	push	%rbp
	mov	%rsp, %rbp
	mov	%edi, -20(%rbp)
red_rbp_site:
	mov	$NR, %eax
	syscall
	mov	-20(%rbp), %edi
	pop	%rbp
	ret
	END	red_rbp

	FUNCTION red_none
	sub	$24, %rsp
	mov	%rdi, 8(%rsp)
	mov	-8(%rbp), %rdi
red_none_site:
	mov	$NR, %eax
	syscall
	mov	8(%rsp), %rdi
	add	$24, %rsp
	ret
	END	red_none

	EXPECT	red_rsp_site, 1, ""
	EXPECT	red_rbp_site, 1, ""
	EXPECT	red_none_site, 0, ""
