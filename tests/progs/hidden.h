/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A system call that nothing but a trap intercepts: a jump goes to the syscall
 * instruction and another one right behind it, so that there is no room for a
 * third.
 */
#ifndef TESTS_PROGS_HIDDEN_H
#define TESTS_PROGS_HIDDEN_H

/* What the kernel answers: a result or -errno. */
__attribute__((unused, noinline))
static long hidden_call(long number, long a, long b, long c, long d, long e,
			long f)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;
	long ret;

	__asm__ volatile("cmp $-1, %%rax\n\t"
			 "je 2f\n\t"
			 "jmp 1f\n"
			 "1:\tsyscall\n"
			 "2:"
			 : "=a"(ret)
			 : "0"(number), "D"(a), "S"(b), "d"(c), "r"(r10),
			   "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory", "cc");
	return ret;
}

#endif
