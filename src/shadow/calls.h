/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The system calls that the door knows, and what each is to the mirror.
 */
#ifndef VS_SHADOW_CALLS_H
#define VS_SHADOW_CALLS_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/engine.h"

enum call_kind {
	CALL_MEMORY,	/* goes through the mirror */
	CALL_RARE,	/* may change mappings: rare_concerns() knows when */
	CALL_PRCTL,	/* may turn on a filter; some options change mappings */
	CALL_SECCOMP,
	CALL_EXEC,
	CALL_SIGACTION,	/* intercept/signals.c */
	CALL_SIGMASK,	/* intercept/sysmask.c, as the next */
	CALL_WAIT,	/* has a mask of its own for as long as it waits */
	CALL_EXIT,
	CALL_ALTSTACK,	/* intercept/altstack.c, as the next */
	CALL_THREAD,	/* a thread of libc's begins or ends */
};

struct call_info {
	const char *name;
	uint16_t nr;
	uint8_t kind;		/* enum call_kind */
	uint8_t op;		/* enum mm_call */
};

/* The index into calls[] is also the index of the exported entry (tier 1). */
enum call_index {
	CALL_mmap, CALL_munmap, CALL_brk, CALL_mremap, CALL_mprotect,
	CALL_pkey_mprotect, CALL_madvise, CALL_mlock, CALL_mlock2, CALL_munlock,
	CALL_mlockall, CALL_munlockall, CALL_shmat, CALL_shmdt,
	CALL_remap_file_pages, CALL_mbind,
	CALL_mseal, CALL_set_mempolicy_home_node, CALL_process_madvise,
	CALL_map_shadow_stack, CALL_io_setup, CALL_io_destroy,
	CALL_personality, CALL_arch_prctl, CALL_ioctl, CALL_close,
	CALL_prctl, CALL_seccomp, CALL_execve, CALL_execveat, CALL_rt_sigaction,
	CALL_rt_sigprocmask, CALL_rt_sigsuspend, CALL_ppoll, CALL_pselect6,
	CALL_epoll_pwait, CALL_epoll_pwait2, CALL_io_pgetevents,
	CALL_io_uring_enter, CALL_exit_group, CALL_sigaltstack,
	CALL_set_robust_list, CALL_exit,
	CALLS,
};

/*
 * Those before this one are counted one by one in the summary: memory calls all
 * of them, of the others those that concern the mirror.
 */
#define CALLS_COUNTED CALL_seccomp

extern const struct call_info calls[CALLS];

/* By system call number: 0, or 1 + enum call_index. wrappers.S reads it. */
#define CALLS_NUMBERS 463
extern const unsigned char calls_index[CALLS_NUMBERS];

/* calls_find() - the entry for a system call number, NULL if it is no business
 * of ours. Async-signal-safe. */
const struct call_info *calls_find(long nr);

/*
 * calls_slow() - does the kernel go on working after it dropped its own lock
 * (MAP_POPULATE, mlock*, MADV_POPULATE_*)? Such a call is made unordered.
 */
bool calls_slow(const struct call_info *c, const long *arg);

/*
 * calls_fill() - translate a system call's arguments into the engine's terms.
 * What only the kernel knows about a file is added after the call.
 */
void calls_fill(const struct call_info *c, const long *arg, struct mm_op *op);

/*
 * calls_range() - which addresses a finished call may have changed, seen from
 * its arguments and its answer alone. False: anything.
 */
bool calls_range(const struct call_info *c, const long *arg, long ret,
		 unsigned long *start, unsigned long *end);

/*
 * calls_doubt() - the vm_flags that maps does not show and that this call may
 * have changed where nobody knows what it did: for mm_doubt().
 */
uint32_t calls_doubt(const struct call_info *c, const long *arg);
/* The same of an advice, MADV_*. */
uint32_t calls_advice_doubt(long advice);

/* calls_touch_stack() - may this call take away the stack at @sp, or the pages
 * right below it that the door would use? */
bool calls_touch_stack(const struct call_info *c, const long *arg,
		       unsigned long sp);

#endif
