/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * System calls without libc: no errno, no cancellation point, no interposable
 * symbol. Every system call that the library itself makes goes through here.
 *
 * All return what the kernel leaves in rax: a result, or -errno in
 * [-4095, -1]. Async-signal-safe; no stack beyond a register spill.
 */
#ifndef VS_BASE_RAW_SYSCALL_H
#define VS_BASE_RAW_SYSCALL_H

#include <stdbool.h>
#include <sys/syscall.h>

static inline long raw_syscall(long nr, long a, long b, long c, long d, long e,
			       long f)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;
	long ret;

	__asm__ volatile("syscall"
			 : "=a"(ret)
			 : "0"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8),
			   "r"(r9)
			 : "rcx", "r11", "memory");
	return ret;
}

static inline long raw_syscall3(long nr, long a, long b, long c)
{
	long ret;

	__asm__ volatile("syscall"
			 : "=a"(ret)
			 : "0"(nr), "D"(a), "S"(b), "d"(c)
			 : "rcx", "r11", "memory");
	return ret;
}

/* Is @ret an -errno? The kernel's IS_ERR_VALUE(), MAX_ERRNO = 4095. */
static inline bool raw_is_error(long ret)
{
	return (unsigned long)ret >= -4095UL;
}

#define raw_sys0(nr)		   raw_syscall3(nr, 0, 0, 0)
#define raw_sys1(nr, a)		   raw_syscall3(nr, (long)(a), 0, 0)
#define raw_sys2(nr, a, b)	   raw_syscall3(nr, (long)(a), (long)(b), 0)
#define raw_sys3(nr, a, b, c)	   raw_syscall3(nr, (long)(a), (long)(b), (long)(c))
#define raw_sys4(nr, a, b, c, d) \
	raw_syscall(nr, (long)(a), (long)(b), (long)(c), (long)(d), 0, 0)
#define raw_sys6(nr, a, b, c, d, e, f) \
	raw_syscall(nr, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), \
		    (long)(f))

#endif
