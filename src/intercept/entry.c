/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From the machine code into C. Each entry, patched site or exported function,
 * comes here with the program's registers; here it is decided whose call it is.
 *
 * This runs on the program's stack, which may be small: frames are kept short.
 */
#include <sys/mman.h>

#include "base/compiler.h"
#include "intercept/altstack.h"
#include "intercept/intercept.h"
#include "intercept/scout.h"
#include "intercept/trap.h"
#include "patch/entry.h"
#include "shadow/rare.h"

static const struct call_info *find_call(const struct door_regs *regs,
					 enum shadow_tier *tier)
{
	if (regs->site < PATCH_ENTRIES) {
		*tier = TIER_PATCH;
		return calls_find(patch_entries[regs->site].nr);
	}
	if (regs->site > PATCH_BY_NUMBER) {
		*tier = TIER_PATCH;
		return &calls[regs->site - PATCH_BY_NUMBER - 1];
	}
	if (regs->site < TRAP_SITES) {
		*tier = TIER_SYMBOL;
		return &calls[regs->site - PATCH_ENTRIES];
	}
	*tier = TIER_TRAP;
	return &calls[regs->site - TRAP_SITES];
}

/* Patched only because a trap is dearer: object.c. */
static long unlisted(const struct door_regs *regs)
{
	const long *a = regs->arg;

	return raw_syscall(patch_entries[regs->site].nr, a[0], a[1], a[2], a[3],
			   a[4], a[5]);
}

long vs_door_entry(struct door_regs *regs)
{
	struct door d = { .regs = regs, .sp = regs->rsp };

	d.info = find_call(regs, &d.tier);
	if (unlikely(!d.info))
		return unlisted(regs);
	if (unlikely(scout_out))
		return scout_call(&d);
	if (likely(d.info->kind == CALL_MEMORY)) {
		long ret;

		trap_before(&d);
		ret = shadow_door(&d);
		if (unlikely(d.regs->arg[2] & PROT_EXEC))
			intercept_late(&d);
		return ret;
	}
	if (d.info->kind == CALL_RARE)
		return rare_concerns(&d) ? rare_door(&d) : shadow_raw(&d);
	switch (d.info->kind) {
	case CALL_EXEC:
		return intercept_exec(&d);
	case CALL_SIGACTION:
		return intercept_sigaction(&d);
	case CALL_SIGMASK:
		return intercept_sigprocmask(&d);
	case CALL_WAIT:
		return intercept_wait(&d);
	case CALL_ALTSTACK:
		return intercept_altstack(&d);
	case CALL_THREAD:
		return intercept_thread(&d);
	case CALL_EXIT:
		vs_exit_entry((int)regs->arg[0]);
	default:
		return intercept_filter(&d);
	}
}
