/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The system calls that the door knows; contracts in calls.h. */
#include <linux/mman.h>
#include <stddef.h>
#include <sys/mman.h>

#include "base/compiler.h"
#include "base/raw_syscall.h"
#include "shadow/calls.h"

/* Newer than some headers. */
#ifndef SYS_process_madvise
#define SYS_process_madvise 440
#endif
#ifndef SYS_set_mempolicy_home_node
#define SYS_set_mempolicy_home_node 450
#endif
#ifndef SYS_map_shadow_stack
#define SYS_map_shadow_stack 453
#endif
#ifndef SYS_epoll_pwait2
#define SYS_epoll_pwait2 441
#endif
#ifndef SYS_mseal
#define SYS_mseal 462
#endif

#define MEMORY(name, op) [CALL_##name] = { #name, SYS_##name, CALL_MEMORY, op }
#define OTHER(name, kind) [CALL_##name] = { #name, SYS_##name, kind, MM_NONE }
#define RARE(name) OTHER(name, CALL_RARE)

const struct call_info calls[CALLS] = {
	MEMORY(mmap, MM_MMAP),
	MEMORY(munmap, MM_MUNMAP),
	MEMORY(brk, MM_BRK),
	MEMORY(mremap, MM_MREMAP),
	MEMORY(mprotect, MM_MPROTECT),
	MEMORY(pkey_mprotect, MM_MPROTECT),
	MEMORY(madvise, MM_MADVISE),
	MEMORY(mlock, MM_MLOCK),
	MEMORY(mlock2, MM_MLOCK),
	MEMORY(munlock, MM_MUNLOCK),
	MEMORY(mlockall, MM_MLOCKALL),
	MEMORY(munlockall, MM_MUNLOCKALL),
	MEMORY(shmat, MM_SHMAT),
	MEMORY(shmdt, MM_SHMDT),
	MEMORY(remap_file_pages, MM_REMAP_FILE_PAGES),
	MEMORY(mbind, MM_MBIND),
	MEMORY(mseal, MM_MSEAL),
	MEMORY(set_mempolicy_home_node, MM_HOME_NODE),
	RARE(process_madvise),
	RARE(map_shadow_stack),
	RARE(io_setup),
	RARE(io_destroy),
	RARE(personality),
	RARE(arch_prctl),
	RARE(ioctl),
	RARE(close),
	OTHER(prctl, CALL_PRCTL),
	OTHER(seccomp, CALL_SECCOMP),
	OTHER(execve, CALL_EXEC),
	OTHER(execveat, CALL_EXEC),
	OTHER(rt_sigaction, CALL_SIGACTION),
	OTHER(rt_sigprocmask, CALL_SIGMASK),
	OTHER(rt_sigsuspend, CALL_WAIT),
	OTHER(ppoll, CALL_WAIT),
	OTHER(pselect6, CALL_WAIT),
	OTHER(epoll_pwait, CALL_WAIT),
	OTHER(epoll_pwait2, CALL_WAIT),
	OTHER(io_pgetevents, CALL_WAIT),
	OTHER(io_uring_enter, CALL_WAIT),
	OTHER(exit_group, CALL_EXIT),
	OTHER(sigaltstack, CALL_ALTSTACK),
	OTHER(set_robust_list, CALL_THREAD),
	OTHER(exit, CALL_THREAD),
};

#define INDEX(name) [SYS_##name] = CALL_##name + 1

const unsigned char calls_index[CALLS_NUMBERS] = {
	INDEX(mmap), INDEX(munmap), INDEX(brk), INDEX(mremap), INDEX(mprotect),
	INDEX(pkey_mprotect), INDEX(madvise), INDEX(mlock), INDEX(mlock2),
	INDEX(munlock), INDEX(mlockall), INDEX(munlockall), INDEX(shmat),
	INDEX(shmdt), INDEX(remap_file_pages), INDEX(mbind), INDEX(mseal),
	INDEX(set_mempolicy_home_node), INDEX(process_madvise),
	INDEX(map_shadow_stack), INDEX(io_setup), INDEX(io_destroy),
	INDEX(personality), INDEX(arch_prctl), INDEX(ioctl), INDEX(close),
	INDEX(prctl), INDEX(seccomp), INDEX(execve), INDEX(execveat),
	INDEX(rt_sigaction), INDEX(rt_sigprocmask), INDEX(rt_sigsuspend),
	INDEX(ppoll), INDEX(pselect6), INDEX(epoll_pwait), INDEX(epoll_pwait2),
	INDEX(io_pgetevents), INDEX(io_uring_enter), INDEX(exit_group),
	INDEX(sigaltstack), INDEX(set_robust_list), INDEX(exit),
};

const struct call_info *calls_find(long nr)
{
	if (nr < 0 || nr >= CALLS_NUMBERS || !calls_index[nr])
		return NULL;
	return &calls[calls_index[nr] - 1];
}

bool calls_slow(const struct call_info *c, const long *arg)
{
	switch (c->op) {
	case MM_MMAP:
		return (arg[3] & MAP_POPULATE) && !(arg[3] & MAP_NONBLOCK);
	case MM_MLOCK:
	case MM_MLOCKALL:
		return true;
	case MM_MADVISE:
		return arg[2] == MADV_POPULATE_READ ||
		       arg[2] == MADV_POPULATE_WRITE;
	default:
		return false;
	}
}

static void fill_mmap(const long *arg, struct mm_op *op)
{
	op->prot = (int)arg[2];
	op->flags = (unsigned long)arg[3];
	op->off = (unsigned long)arg[5];
	op->anonymous = arg[3] & MAP_ANONYMOUS;
}

void calls_fill(const struct call_info *c, const long *arg, struct mm_op *op)
{
	*op = (struct mm_op){
		.call = c->op,
		.addr = (unsigned long)arg[0],
		.len = (unsigned long)arg[1],
		.pkey = -1,
	};
	switch ((enum call_index)(c - calls)) {
	case CALL_mmap:
		fill_mmap(arg, op);
		break;
	case CALL_mremap:
		op->new_len = (unsigned long)arg[2];
		op->flags = (unsigned long)arg[3];
		op->new_addr = (unsigned long)arg[4];
		break;
	case CALL_pkey_mprotect:
		op->pkey = (int)arg[3];
		op->prot = (int)arg[2];
		break;
	case CALL_mprotect:
		op->prot = (int)arg[2];
		break;
	case CALL_madvise:
	case CALL_mlock2:
	case CALL_set_mempolicy_home_node:
		op->flags = (unsigned long)(int)arg[2];
		break;
	case CALL_mseal:
		op->flags = (unsigned long)arg[2];
		break;
	case CALL_mlockall:
		op->addr = op->len = 0;
		op->flags = (unsigned long)(int)arg[0];
		break;
	case CALL_shmat:		/* (id, addr, flags) */
		op->addr = (unsigned long)arg[1];
		op->len = 0;
		op->flags = (unsigned long)arg[2];
		break;
	case CALL_remap_file_pages:	/* off: in pages */
		op->prot = (int)arg[2];
		op->off = (unsigned long)arg[3];
		op->flags = (unsigned long)arg[4];
		break;
	default:
		break;
	}
}

static bool range(unsigned long from, unsigned long bytes, unsigned long *start,
		  unsigned long *end)
{
	*start = from & PAGE_MASK;
	*end = PAGE_ALIGN(from + bytes);
	return *end > *start;
}

bool calls_range(const struct call_info *c, const long *arg, long ret,
		 unsigned long *start, unsigned long *end)
{
	unsigned long a0 = (unsigned long)arg[0], a1 = (unsigned long)arg[1];

	switch (c->op) {
	case MM_MMAP:
		if (!raw_is_error(ret))
			a0 = (unsigned long)ret;
		else if (!(arg[3] & MAP_FIXED))
			a1 = 0;
		return range(a0, a1, start, end);
	case MM_MUNMAP:
	case MM_MPROTECT:
	case MM_MADVISE:
	case MM_MLOCK:
	case MM_MUNLOCK:
	case MM_MBIND:
	case MM_MSEAL:
	case MM_HOME_NODE:
	case MM_REMAP_FILE_PAGES:
		return range(a0, a1, start, end);
	default:	/* two ranges, or an extent that only the kernel knows */
		return false;
	}
}

uint32_t calls_advice_doubt(long advice)
{
	switch (advice) {
	case MADV_NORMAL:
	case MADV_SEQUENTIAL:
	case MADV_RANDOM:
		return VM_SEQ_READ | VM_RAND_READ;
	case MADV_DONTFORK:
	case MADV_DOFORK:
		return VM_DONTCOPY;
	case MADV_DONTDUMP:
	case MADV_DODUMP:
		return VM_DONTDUMP;
	case MADV_WIPEONFORK:
	case MADV_KEEPONFORK:
		return VM_WIPEONFORK;
	case MADV_MERGEABLE:
	case MADV_UNMERGEABLE:
		return VM_MERGEABLE;
	case MADV_HUGEPAGE:
	case MADV_NOHUGEPAGE:
		return VM_HUGEPAGE | VM_NOHUGEPAGE;
	default:
		return 0;
	}
}

uint32_t calls_doubt(const struct call_info *c, const long *arg)
{
	switch (c->op) {
	case MM_MADVISE:
		return calls_advice_doubt(arg[2]);
	case MM_MLOCK:
	case MM_MUNLOCK:
		return VM_LOCKED_MASK;
	case MM_MPROTECT:
		return VM_ACCOUNT;
	case MM_MBIND:
	case MM_HOME_NODE:
	case MM_MSEAL:		/* shown in smaps, and read there */
		return 0;
	default:
		return MM_DOUBT_ALL;
	}
}

/* What the door uses below the red zone, with room for a signal frame. */
#define BELOW_STACK (4 * PAGE_SIZE)

bool calls_touch_stack(const struct call_info *c, const long *arg,
		       unsigned long sp)
{
	unsigned long start, end;

	switch (c->op) {
	case MM_MMAP:
		if (!(arg[3] & MAP_FIXED))
			return false;
		break;
	case MM_MADVISE:
		if (arg[2] != MADV_DONTNEED && arg[2] != MADV_REMOVE &&
		    arg[2] != MADV_FREE)
			return false;
		break;
	case MM_MUNMAP:
	case MM_MREMAP:
	case MM_MPROTECT:
	case MM_REMAP_FILE_PAGES:
		break;
	default:
		return false;
	}
	if (range((unsigned long)arg[0], (unsigned long)arg[1], &start, &end) &&
	    start <= sp && end > sp - BELOW_STACK)
		return true;
	return c->op == MM_MREMAP && (arg[3] & MREMAP_FIXED) &&
	       range((unsigned long)arg[4], (unsigned long)arg[2], &start,
		     &end) &&
	       start <= sp && end > sp - BELOW_STACK;
}
