/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The way out: exec, _exit, and a filter that forbids what comes after. Each
 * gets a last check and a summary while that is still possible. All act only in
 * the process that the mirror belongs to: a vfork child borrows its parent's
 * memory, mirror and all, and must leave no trace.
 */
#include <errno.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/uio.h>
#include <time.h>

#include "base/compiler.h"
#include "base/raw_syscall.h"
#include "intercept/intercept.h"
#include "intercept/signals.h"
#include "intercept/trap.h"
#include "patch/entry.h"
#include "shadow/log.h"
#include "shadow/rare.h"
#include "shadow/shadow.h"
#include "shadow/trace.h"
#include "shadow/who.h"

static long final_errand(void *arg)
{
	static const char *const trigger[] = {
		[ENDED_EXIT] = "exit", [ENDED_EXEC] = "exec",
		[ENDED_SIGNAL] = "signal", [ENDED_SECCOMP] = "seccomp",
	};
	enum shadow_ended ended = *(enum shadow_ended *)arg;

	if (shadow.check_exit && shadow_check_hook &&
	    shadow.mode == SHADOW_LIVE)
		shadow_check_hook(trigger[ended]);
	log_reopen();		/* this end may not be the first one tried */
	shadow_say_summary(ended);
	log_close();
	trace_end(trigger[ended]);
	return 0;
}

/*
 * The lock is held by somebody who will not give it back in time, perhaps by
 * the very call that this exit interrupted. No check then, but the summary.
 */
static void final_words(enum shadow_ended ended)
{
	shadow_say_summary(ended);
	log_close();
	shadow_log_last();
}

/*
 * Threads that map without rest may keep the lock from us for a while, and one
 * that was not run for a while is late: nobody waits for it, but here. Only
 * what this thread itself holds will not be given back.
 */
#define FINAL_TRIES 40		/* of LOCK_WAIT_NS each, at the most */

static bool worth_a_wait(void)
{
	struct timespec pause = { 0, LOCK_WAIT_NS };

	if (lock_is_mine(&shadow.lock))
		return false;
	raw_sys2(SYS_nanosleep, &pause, NULL);
	return true;
}

void intercept_final(enum shadow_ended ended)
{
	bool busy;

	if (shadow_is_child())
		shadow_fork_child();
	if (shadow.mode == SHADOW_OFF || shadow.sealed || !shadow_is_process())
		return;
	busy = shadow_with_lock(final_errand, &ended) == -EBUSY;
	for (unsigned int i = 0; busy && i < FINAL_TRIES && worth_a_wait(); i++)
		busy = shadow_with_lock(final_errand, &ended) == -EBUSY;
	if (busy)
		final_words(ended);
	shadow_log_drain();
}

void vs_exit_entry(int status)
{
	intercept_final(ENDED_EXIT);
	for (;;)	/* as libc does: this cannot fail, but who knows */
		raw_sys1(SYS_exit_group, status);
}

/* The program's memory is read by the kernel: it may be gone by now. */
static const char *copy_path(unsigned long from)
{
	static char path[4096];
	size_t n = PAGE_SIZE - from % PAGE_SIZE;
	struct iovec local = { path, n < sizeof(path) ? n : sizeof(path) - 1 };
	struct iovec remote = { (void *)from, local.iov_len };
	long got = raw_sys6(SYS_process_vm_readv, shadow.pid, &local, 1,
			    &remote, 1, 0);

	path[raw_is_error(got) ? 0 : got] = '\0';
	return path;
}

static long failed_errand(void *arg)
{
	const struct door *d = arg;
	bool at = d->info->nr == SYS_execveat;

	log_reopen();
	shadow_say_exec_failed(copy_path((unsigned long)d->regs->arg[at]),
			       (int)-d->ret);
	return 0;
}

long intercept_exec(struct door *d)
{
	intercept_final(ENDED_EXEC);
	signals_before_exec(false);
	d->ret = shadow_raw(d);
	signals_before_exec(true);
	if (shadow.mode != SHADOW_OFF && !shadow.sealed &&
	    shadow_is_process()) {
		shadow_with_lock(failed_errand, d);
		shadow_log_flush();
		shadow_mark("/vmashadow:start");
	}
	return d->ret;
}

/* Does this call, if it succeeds, put the process under a seccomp filter? */
static bool seals(const struct door *d)
{
	const long *a = d->regs->arg;

	if (d->info->kind == CALL_SECCOMP)
		return a[0] == SECCOMP_SET_MODE_STRICT ||
		       a[0] == SECCOMP_SET_MODE_FILTER;
	return a[0] == PR_SET_SECCOMP;
}

long intercept_filter(struct door *d)
{
	if (d->info->kind == CALL_PRCTL && d->regs->arg[0] == PR_SET_TSC)
		who_forget_time();
	/* As a kernel answers that has none: there is one per thread, ours. */
	if (trap_armed && d->info->kind == CALL_PRCTL &&
	    d->regs->arg[0] == PR_SET_SYSCALL_USER_DISPATCH)
		return -EINVAL;
	if (d->info->kind == CALL_PRCTL && rare_concerns(d))
		return rare_door(d);
	if (!seals(d))
		return shadow_raw(d);
	trap_before_filter(d);
	if (shadow.sealed)
		return shadow_raw(d);
	intercept_final(ENDED_SECCOMP);
	shadow.sealed = true;
	shadow.lock.no_syscalls = true;
	signals_sealed();
	d->ret = shadow_raw(d);
	if (raw_is_error(d->ret)) {
		shadow.sealed = false;
		shadow.lock.no_syscalls = false;
		signals_sealed();
	} else {
		sink_restrict(&shadow.sink, 0);
	}
	trap_after_filter(shadow.sealed);
	return d->ret;
}
