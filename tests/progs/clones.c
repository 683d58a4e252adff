/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Processes made by the bare system calls: clone and clone3, with memory shared
 * and not, each child mapping; and what they leave is looked at by the parent.
 */
#include <errno.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096UL
#define RW   (PROT_READ | PROT_WRITE)
#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)

static char *left;		/* what a child that shares memory mapped last */

static int maps(void *arg)
{
	(void)arg;
	for (int i = 0; i < 50; i++) {
		char *p = mmap(NULL, 4 * PAGE, RW, ANON, -1, 0);

		if (p == MAP_FAILED)
			return 1;
		p[0] = 7;
		if (mprotect(p + PAGE, PAGE, PROT_NONE) ||
		    munmap(p + 2 * PAGE, PAGE))
			return 2;
		left = p;
	}
	return 0;
}

static void report(const char *how, pid_t child)
{
	int status = -1;

	if (child < 0 && errno == ENOSYS)
		printf("%s: not here\n", how);
	else if (child < 0 || waitpid(child, &status, __WALL) < 0)
		printf("%s: %s\n", how, strerror(errno));
	else
		printf("%s: status %x\n", how, (unsigned int)status);
	fflush(stdout);
}

static char *stack_of(size_t size)
{
	char *p = mmap(NULL, size, RW, ANON | MAP_STACK, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

/* The raw call; a child with a stack of its own goes on in @fn and ends there. */
static pid_t clone3_into(struct clone_args *a, int (*fn)(void *))
{
	long ret;

	__asm__ volatile("syscall\n\t"
			 "test %%rax, %%rax\n\t"
			 "jnz 1f\n\t"
			 "lea -128(%%rsp), %%rsp\n\t"
			 "and $-16, %%rsp\n\t"
			 "xor %%ebp, %%ebp\n\t"
			 "xor %%edi, %%edi\n\t"
			 "call *%[fn]\n\t"
			 "mov %%eax, %%edi\n\t"
			 "mov %[end], %%eax\n\t"
			 "syscall\n"
			 "1:"
			 : "=a"(ret)
			 : "0"((long)SYS_clone3), "D"(a), "S"(sizeof(*a)),
			   [fn] "r"(fn), [end] "i"(SYS_exit)
			 : "rcx", "r11", "memory");
	if (ret >= 0)
		return (pid_t)ret;
	errno = (int)-ret;
	return -1;
}

static void by_clone3(const char *how, uint64_t flags)
{
	struct clone_args a = { .flags = flags, .exit_signal = SIGCHLD };

	if (flags & CLONE_VM) {
		a.stack_size = 16 * PAGE;
		a.stack = (uint64_t)(uintptr_t)stack_of(a.stack_size);
	}
	report(how, clone3_into(&a, maps));
}

static void by_clone(const char *how, int flags)
{
	char *stack = stack_of(16 * PAGE);

	report(how, clone(maps, stack + 16 * PAGE, flags | SIGCHLD, NULL));
	munmap(stack, 16 * PAGE);
}

int main(void)
{
	by_clone("clone", 0);
	by_clone("clone, memory shared", CLONE_VM);
	printf("it left a %d\n", left[0]);
	by_clone("clone, as vfork", CLONE_VM | CLONE_VFORK);
	printf("it left a %d\n", left[0]);
	by_clone("clone, files shared", CLONE_FILES | CLONE_FS);
	left = NULL;
	by_clone3("clone3", 0);
	printf("it left %s\n", left ? "something" : "nothing");
	by_clone3("clone3, memory shared", CLONE_VM);
	printf("it left a %d\n", left[0]);
	by_clone3("clone3, as vfork", CLONE_VM | CLONE_VFORK);
	by_clone3("clone3, handlers cleared", CLONE_CLEAR_SIGHAND);
	return maps(NULL);
}
