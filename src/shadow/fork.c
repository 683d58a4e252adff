/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A fork child is found for free: one word lies in a page that the kernel
 * empties in the child (MADV_WIPEONFORK). The first call that passes the door
 * there makes the child's mirror: the parent's as it stood at the fork, with
 * what dup_mmap() changes, if no other thread was inside then; else a new one
 * read from the kernel.
 *
 * A vfork child and any other that shares memory (CLONE_VM) finds the word as
 * it was: its calls belong to the same mirror.
 */
#include <errno.h>
#include <signal.h>

#include "base/compiler.h"
#include "base/raw_syscall.h"
#include "base/str.h"
#include "shadow/door.h"
#include "shadow/log.h"
#include "shadow/trace.h"
#include "shadow/uffd.h"

#define FORK_CHILD 0
#define FORK_BUSY  1
#define FORK_READY 2

#define FORK_SPINS 50000000u	/* some hundred ms of pauses */

bool shadow_is_child(void)
{
	return memory_fork_word &&
	       __atomic_load_n(memory_fork_word, __ATOMIC_ACQUIRE) !=
	       FORK_READY;
}

bool shadow_is_process(void)
{
	return raw_sys0(SYS_getpid) == shadow.pid;
}

static void reset_counters(void)
{
	memset(&shadow.count, 0, sizeof(shadow.count));
	shadow.mm.map_count_peak = shadow.mm.map_count;
	shadow.until_check = shadow.check_every;
	shadow.abort_wanted = false;
	shadow.limit_said = false;
	unordered_forget();
}

static long make_child(void *arg)
{
	bool torn = *(bool *)arg;

	shadow.pid = (int)raw_sys0(SYS_getpid);
	procmaps_reopen(&shadow.maps);
	shadow_log_child();
	if (torn) {
		shadow.mode = SHADOW_OFF;	/* not counted as the child's */
		shadow.mode = shadow_rebuild() ? SHADOW_PASSIVE : SHADOW_LIVE;
	} else {
		dup_mmap(&shadow.mm);
	}
	trace_fork();
	reset_counters();
	shadow_say_fork();
	return 0;
}

/* Whoever comes second (a thread that the child already has) waits, but not for
 * ever: a handler may have interrupted the first. */
static void wait_ready(void)
{
	for (unsigned int i = 0; i < FORK_SPINS && shadow_is_child(); i++)
		__builtin_ia32_pause();
}

void shadow_fork_child(void)
{
	uint32_t want = FORK_CHILD;
	bool torn;

	if (!__atomic_compare_exchange_n(memory_fork_word, &want, FORK_BUSY,
					 false, __ATOMIC_ACQ_REL,
					 __ATOMIC_ACQUIRE)) {
		wait_ready();
		return;
	}
	/* which userfaultfd comes along, the parent's mirror does not know */
	torn = lock_is_held(&shadow.lock) || shadow.engaged ||
	       unordered_in_flight() || uffd_live();
	lock_reset(&shadow.lock);
	unordered_forget();
	if (shadow.sealed)		/* nothing may be asked or written */
		shadow.mode = SHADOW_PASSIVE;
	if (!shadow.options.follow) {
		shadow.mode = SHADOW_OFF;
		shadow_log_forget();
	}
	if (shadow.mode == SHADOW_LIVE)
		shadow_with_lock(make_child, &torn);
	__atomic_store_n(memory_fork_word, FORK_READY, __ATOMIC_RELEASE);
	shadow_log_flush();
	shadow_mark("/vmashadow:start");
}
