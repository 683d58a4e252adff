/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Alignment checks. A signal handler inherits EFLAGS.AC from the code that was
 * interrupted; what does not know of it would fault at its first unaligned word.
 */
#ifndef VS_BASE_FLAGS_H
#define VS_BASE_FLAGS_H

#include <stdint.h>

#define FLAGS_AC 0x40000UL

/* The flags register, by way of the stack below the red zone. */
static inline uint64_t flags_get(void)
{
	uint64_t flags;

	__asm__ volatile("lea	-128(%%rsp), %%rsp\n\t"
			 "pushfq\n\t"
			 "popq	%0\n\t"
			 "lea	128(%%rsp), %%rsp" : "=r"(flags) : : "memory");
	return flags;
}

static inline void flags_set(uint64_t flags)
{
	__asm__ volatile("lea	-128(%%rsp), %%rsp\n\t"
			 "pushq	%0\n\t"
			 "popfq\n\t"
			 "lea	128(%%rsp), %%rsp"
			 : : "r"(flags) : "memory", "cc");
}

/* No alignment is checked from here on. Returns the flags as they were. */
static inline uint64_t flags_unchecked(void)
{
	uint64_t flags = flags_get();

	if (flags & FLAGS_AC)
		flags_set(flags & ~FLAGS_AC);
	return flags;
}

#endif
