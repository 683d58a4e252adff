/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The door of the patch tests. What runs between the program and its call is
 * built without vector registers, as the library's own door is.
 */
#include <link.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <unwind.h>

#include "base/raw_syscall.h"
#include "base/switch.h"
#include "door.h"

volatile enum door_mode door_mode;
volatile long door_calls[512];
volatile long door_stack_most;
volatile bool door_misaligned;
volatile bool door_backwards;
volatile struct frames door_frames;
volatile int door_exit_offset;
main_fn *program_main;
void (*probe_fn)(void);
char other_stack[65536] __attribute__((aligned(4096)));

static _Unwind_Reason_Code one_frame(struct _Unwind_Context *ctx, void *arg)
{
	struct frames *f = arg;
	void *fn = _Unwind_FindEnclosingFunction((void *)_Unwind_GetIP(ctx));

	f->n++;
	f->main |= fn == (void *)program_main;
	f->probe |= fn == (void *)probe_fn;
	return f->n < 64 ? _URC_NO_REASON : _URC_END_OF_STACK;
}

struct frames unwind_here(void)
{
	struct frames f = { 0 };

	_Unwind_Backtrace(one_frame, &f);
	return f;
}

#define REGS_ONLY __attribute__((target("general-regs-only")))

/* A call leaves its arguments in their registers; a real door would not. */
REGS_ONLY static void spoil_registers(void)
{
	__asm__ volatile("mov $-1, %%rdi; mov $-2, %%rsi; mov $-3, %%rdx;"
			 "mov $-4, %%r10; mov $-5, %%r8; mov $-6, %%r9;"
			 "mov $-7, %%rcx; mov $-8, %%r11"
			 : : : "rdi", "rsi", "rdx", "r10", "r8", "r9", "rcx",
			       "r11");
}

/* Slots say it by patch_numbers[], whose only number in these tests is this. */
REGS_ONLY static int number_of(const struct door_regs *r)
{
	return r->site > PATCH_BY_NUMBER ? SYS_getpid :
					   patch_entries[r->site].nr;
}

REGS_ONLY static long real_call(const struct door_regs *r)
{
	long ret = raw_syscall(number_of(r), r->arg[0], r->arg[1], r->arg[2],
			       r->arg[3], r->arg[4], r->arg[5]);

	spoil_registers();
	return ret;
}

REGS_ONLY static long leave_from_here(void *arg)
{
	struct door_regs copy = *(struct door_regs *)arg;

	vs_door_leave(&copy, real_call(&copy));
}

REGS_ONLY __attribute__((noinline))
long vs_door_entry(struct door_regs *r)
{
	uintptr_t cfa = (uintptr_t)__builtin_frame_address(0) + 16;
	long used = (long)(r->rsp - DOOR_RED_ZONE - (cfa - 8));

	if (used > door_stack_most)
		door_stack_most = used;
	door_misaligned |= cfa % 16 != 0;
	door_backwards |= (__builtin_ia32_readeflags_u64() & 0x400) != 0;
	__atomic_fetch_add(&door_calls[number_of(r)], 1,
			   __ATOMIC_RELAXED);
	if (door_mode == DOOR_UNWIND)
		door_frames = unwind_here();
	if (door_mode == DOOR_LEAVE)
		vs_call_on_stack(leave_from_here, r,
				 other_stack + sizeof(other_stack));
	return real_call(r);
}

void vs_exit_entry(int status)
{
	for (;;)
		raw_sys1(SYS_exit_group, status + door_exit_offset);
}

struct lookup {
	const char *end_of_name;
	struct patch_object *obj;
};

static int take_object(struct dl_phdr_info *info, size_t size, void *arg)
{
	struct lookup *l = arg;
	size_t want = strlen(l->end_of_name), len = strlen(info->dlpi_name);

	(void)size;
	if (len < want || strcmp(info->dlpi_name + len - want, l->end_of_name))
			return 0;
	*l->obj = (struct patch_object){
		.name = info->dlpi_name, .base = info->dlpi_addr,
		.phdr = info->dlpi_phdr, .phnum = info->dlpi_phnum,
	};
	return 1;
}

struct patch_object find_object(const char *end_of_name)
{
	struct patch_object obj = { 0 };
	struct lookup l = { end_of_name, &obj };

	dl_iterate_phdr(take_object, &l);
	return obj;
}

struct patch_site site_here(const void *addr, int nr)
{
	struct patch_site s = { .addr = (uintptr_t)addr, .nr = nr,
				.state = PATCH_PROVEN };

	memcpy(s.old, addr, patch_site_len(&s));
	return s;
}

int in_child(int (*fn)(void))
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid)
		raw_sys1(SYS_exit_group, fn());
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) :
				   1000 + WTERMSIG(status);
}
