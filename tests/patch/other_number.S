/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A call that nobody asked for (write), and a mov that no syscall follows. Not
 * found at all.
 */
#include "pattern.h"

	FUNCTION other_number
	mov	$1, %eax
	syscall
	mov	$NR, %eax
	ret
	END	other_number
