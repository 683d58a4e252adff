/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Maps with a syscall instruction of its own, of a shape that no site has. */
#include <stdio.h>
#include <sys/mman.h>
#include <sys/syscall.h>

int main(void)
{
	register long r10 __asm__("r10") = MAP_PRIVATE | MAP_ANONYMOUS;
	register long r8 __asm__("r8") = -1;
	register long r9 __asm__("r9") = 0;
	volatile long nr = SYS_mmap;	/* never "mov $9,%eax" */
	long ret;

	__asm__ volatile("syscall"
			 : "=a"(ret)
			 : "0"(nr), "D"(0L), "S"(3 * 4096L),
			   "d"((long)PROT_READ), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	puts(ret < 0 ? "failed" : "mapped");
	return ret < 0;
}
