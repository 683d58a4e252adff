/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * System calls that no symbol and no patched site sees: an instruction of the
 * program's own, its number in a register, and one in generated code.
 */
#ifndef TESTS_PROGS_RAWCALL_H
#define TESTS_PROGS_RAWCALL_H

#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#define PAGE 4096L
#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)
#define RW   (PROT_READ | PROT_WRITE)

__attribute__((unused, always_inline))
static inline long raw_call(long nr, long a, long b, long c, long d, long e,
			    long f)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;
	volatile long number = nr;	/* never "mov $9,%eax" */
	long ret;

	__asm__ volatile("syscall"
			 : "=a"(ret)
			 : "0"(number), "D"(a), "S"(b), "d"(c), "r"(r10),
			   "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return ret;
}

typedef long call_fn(long nr, long a, long b, long c, long d, long e, long f);

__attribute__((unused))
static long inline_call(long nr, long a, long b, long c, long d, long e, long f)
{
	return raw_call(nr, a, b, c, d, e, f);
}

/* The same as a function in fresh memory; NULL if that cannot be had. */
__attribute__((unused))
static call_fn *generate_call(void)
{
	static const unsigned char code[] = {
		0x48, 0x89, 0xf8,		/* mov %rdi, %rax */
		0x48, 0x89, 0xf7,		/* mov %rsi, %rdi */
		0x48, 0x89, 0xd6,		/* mov %rdx, %rsi */
		0x48, 0x89, 0xca,		/* mov %rcx, %rdx */
		0x4d, 0x89, 0xc2,		/* mov %r8, %r10 */
		0x4d, 0x89, 0xc8,		/* mov %r9, %r8 */
		0x4c, 0x8b, 0x4c, 0x24, 0x08,	/* mov 8(%rsp), %r9 */
		0x0f, 0x05,			/* syscall */
		0xc3,				/* ret */
	};
	char *p = (char *)raw_call(SYS_mmap, 0, PAGE, RW, ANON, -1, 0);

	if ((unsigned long)p > -4096UL)
		return NULL;
	memcpy(p, code, sizeof(code));
	if (raw_call(SYS_mprotect, (long)p, PAGE, PROT_READ | PROT_EXEC, 0, 0,
		     0))
		return NULL;
	return (call_fn *)p;
}

/* Where its call ends. */
#define GENERATED_AFTER 25

/* Seven calls that change the address space; 0 if all did what they should. */
__attribute__((unused))
static int seven(call_fn *call)
{
	long p = call(SYS_mmap, 0, 4 * PAGE, RW, ANON, -1, 0), q, top;

	if ((unsigned long)p > -4096UL)
		return 1;
	*(volatile char *)(p + PAGE) = 1;
	q = call(SYS_mremap, p, 4 * PAGE, 6 * PAGE, MREMAP_MAYMOVE, 0, 0);
	top = call(SYS_brk, 0, 0, 0, 0, 0, 0);
	return (unsigned long)q > -4096UL || *(volatile char *)(q + PAGE) != 1 ||
	       call(SYS_mprotect, q, PAGE, PROT_READ, 0, 0, 0) ||
	       call(SYS_madvise, q + PAGE, PAGE, MADV_DONTNEED, 0, 0, 0) ||
	       call(SYS_munmap, q + PAGE, 5 * PAGE, 0, 0, 0, 0) ||
	       call(SYS_munmap, q, PAGE, 0, 0, 0, 0) || top <= 0;
}
#define SEVEN 7

#endif
