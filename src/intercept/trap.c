/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Arming, and where each trapped call is sent; the whole picture in trap.h. */
#include <errno.h>
#include <link.h>
#include <linux/audit.h>
#include <sys/prctl.h>

#include "base/compiler.h"
#include "base/flags.h"
#include "base/raw_syscall.h"
#include "intercept/altstack.h"
#include "intercept/filter.h"
#include "intercept/intercept.h"
#include "intercept/signals.h"
#include "intercept/sysmask.h"
#include "intercept/trap.h"
#include "patch/entry.h"

#define DISPATCH_OFF 0
#define DISPATCH_ON  1

/* si_code of SIGSYS. */
#define BY_SECCOMP  1
#define BY_DISPATCH 2

bool trap_armed;
uint64_t trap_forks[TRAP_FORKS];
static bool children_may;	/* the filter lets a child arm itself */

static uintptr_t text_start, text_bytes;	/* the library's own */

/* The linker's. */
extern const ElfW(Ehdr) __ehdr_start VS_HIDDEN;
extern const char __start_vs_bare[] VS_HIDDEN;

/* The text segment up to vs_bare, which the linker puts behind .text. */
static void find_text(void)
{
	uintptr_t base = (uintptr_t)&__ehdr_start;
	const ElfW(Phdr) *ph = (const ElfW(Phdr) *)(base + __ehdr_start.e_phoff);

	for (unsigned int i = 0; i < __ehdr_start.e_phnum; i++) {
		if (ph[i].p_type != PT_LOAD || !(ph[i].p_flags & PF_X))
			continue;
		text_start = base + ph[i].p_vaddr;
		text_bytes = (uintptr_t)__start_vs_bare - text_start;
	}
}

long trap_arm(void)
{
	return raw_syscall(SYS_prctl, PR_SET_SYSCALL_USER_DISPATCH, DISPATCH_ON,
			   (long)text_start, (long)text_bytes, 0, 0);
}

long trap_disarm(void)
{
	return raw_syscall(SYS_prctl, PR_SET_SYSCALL_USER_DISPATCH, DISPATCH_OFF,
			   0, 0, 0, 0);
}

/* --- where a call goes -------------------------------------------------------- */

static void to_relay(greg_t *r, const char *code)
{
	uint64_t *sp = (uint64_t *)(r[REG_RSP] - TRAP_FRAME);

	*sp = (uint64_t)r[REG_RIP];
	r[REG_RSP] = (greg_t)sp;
	r[REG_RIP] = (greg_t)code;
}

static void to_door(greg_t *r, const struct call_info *c)
{
	r[REG_RCX] = r[REG_RIP];
	r[REG_R11] = TRAP_SITES + (c - calls);
	r[REG_RIP] = (greg_t)patch_entry_common;
}

static int fork_entry(uint64_t after)
{
	for (int i = 0; i < TRAP_FORKS; i++) {
		uint64_t is = __atomic_load_n(&trap_forks[i], __ATOMIC_RELAXED);

		if (is != after &&
		    (is || (!__atomic_compare_exchange_n(&trap_forks[i], &is,
							 after, false,
							 __ATOMIC_RELAXED,
							 __ATOMIC_RELAXED) &&
			    is != after)))
			continue;
		return i;
	}
	return -1;
}

/* With no entry left the call is made where it stands, and this thread and the
 * new one go on untrapped. */
static void to_fork(greg_t *r)
{
	int i = fork_entry((uint64_t)r[REG_RIP]);

	if (i < 0) {
		trap_disarm();
		r[REG_RIP] -= 2;
		return;
	}
	r[REG_RIP] = (greg_t)(trap_fork_code + i * TRAP_FORK_SIZE +
			      (sysmask_get() ? TRAP_FORK_SIZE / 2 : 0));
}

/* The frame that is returned from lies at rsp; its mask may have SIGSYS in it. */
static void to_return(greg_t *r)
{
	ucontext_t *uc = (ucontext_t *)r[REG_RSP];

	if (*(uint64_t *)&uc->uc_sigmask & SIG_BIT(SIGSYS))
		signals_returns(uc);
	r[REG_RIP] = (greg_t)trap_return;
}

static void trapped(const siginfo_t *info, greg_t *r)
{
	const struct call_info *c = calls_find(info->si_syscall);

	if (info->si_arch != AUDIT_ARCH_X86_64)
		to_relay(r, trap_relay32);
	else if (c)
		to_door(r, c);
	else if (info->si_syscall == SYS_clone ||
		 info->si_syscall == SYS_clone3 ||
		 info->si_syscall == SYS_fork || info->si_syscall == SYS_vfork)
		to_fork(r);
	else if (info->si_syscall == SYS_rt_sigreturn)
		to_return(r);
	else
		to_relay(r, trap_relay);
}

/* --- SIGSYS that is the program's ----------------------------------------------- */

/* A filter's signal from within the relay: the program shall find its own call. */
static void out_of_relay(siginfo_t *info, greg_t *r)
{
	const uint64_t *sp = (const uint64_t *)r[REG_RSP];

	if (r[REG_RIP] != (greg_t)trap_relay_done)
		return;
	r[REG_RIP] = r[REG_RCX] = (greg_t)*sp;
	r[REG_RSP] += TRAP_FRAME;
	info->si_call_addr = (void *)r[REG_RIP];
}

/* Blocked in the program's eyes: now in the kernel's, and pending there. */
static void hold(const siginfo_t *info, ucontext_t *uc)
{
	long pid = raw_sys0(SYS_getpid);

	*(uint64_t *)&uc->uc_sigmask |= SIG_BIT(SIGSYS);
	sysmask_set(SYSMASK_HELD);
	trap_disarm();
	if (info->si_code == SI_TKILL)
		raw_sys4(SYS_rt_tgsigqueueinfo, pid, raw_sys0(SYS_gettid),
			 SIGSYS, info);
	else
		raw_sys3(SYS_rt_sigqueueinfo, pid, SIGSYS, info);
}

static void program_signal(siginfo_t *info, ucontext_t *uc)
{
	struct kernel_sigaction by = signals_program(SIGSYS);
	bool forced = info->si_code == BY_SECCOMP;
	bool blocked = sysmask_get() == SYSMASK_BLOCKED;

	if (sysmask_get() == SYSMASK_HELD) {	/* no longer, or not here */
		sysmask_set(SYSMASK_OPEN);
		trap_arm();
	}
	if (blocked && !forced) {
		hold(info, uc);
	} else if (!blocked && is_handler(&by)) {
		out_of_relay(info, uc->uc_mcontext.gregs);
		signals_deliver(info, uc);
	} else if (forced || by.handler == (uintptr_t)SIG_DFL) {
		intercept_final(ENDED_SIGNAL);
		trap_disarm();
		signals_die(info, false);
	}
}

static void sigsys(int sig, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;

	(void)sig;
	flags_unchecked();
	if (info->si_code == BY_DISPATCH)
		trapped(info, uc->uc_mcontext.gregs);
	else
		program_signal(info, uc);
}

/* --- start, children, filters ---------------------------------------------------- */

/* SIGSYS may be blocked by whoever started us. */
static void learn_mask(void)
{
	uint64_t bit = SIG_BIT(SIGSYS), old = 0;

	raw_sys4(SYS_rt_sigprocmask, SIG_UNBLOCK, &bit, &old, SIGSET_BYTES);
	if (old & bit)
		sysmask_set(SYSMASK_BLOCKED);
}

int trap_start(void)
{
	long err = trap_disarm();	/* does the kernel know it at all? */

	if (!err)
		err = signals_keep_sys(sigsys);
	if (err)
		return (int)err;
	find_text();
	learn_mask();
	trap_armed = true;
	return (int)trap_arm();
}

void trap_child(long blocked)
{
	if (shadow.sealed) {
		if (children_may)
			trap_arm();
		return;
	}
	sysmask_set(blocked ? SYSMASK_BLOCKED : SYSMASK_OPEN);
	signals_renew_sys();
	if (shadow_is_process())
		altstack_begin();
	trap_arm();
}

static bool is_strict(const struct door *d)
{
	return d->info->kind == CALL_SECCOMP
		? d->regs->arg[0] == SECCOMP_SET_MODE_STRICT
		: d->regs->arg[1] == SECCOMP_MODE_STRICT;
}

/*
 * What tier 3 needs of the kernel: to return from its handler, and to arm a
 * child. A second filter is not looked at: reading it may be forbidden by now.
 */
void trap_before_filter(const struct door *d)
{
	unsigned long prog = (unsigned long)d->regs->arg[2];
	struct seccomp_data call = {
		.nr = SYS_rt_sigreturn, .arch = AUDIT_ARCH_X86_64,
		.instruction_pointer = text_start,
	};
	bool opaque = is_strict(d) || shadow.sealed;

	if (!trap_armed)
		return;
	if (opaque || !filter_allows(prog, &call))
		trap_disarm();
	call.nr = SYS_gettid;
	sysmask_closed = opaque || !filter_allows(prog, &call);
	call = (struct seccomp_data){
		.nr = SYS_prctl, .arch = AUDIT_ARCH_X86_64,
		.instruction_pointer = text_start,
		.args = { PR_SET_SYSCALL_USER_DISPATCH, DISPATCH_ON, text_start,
			  text_bytes },
	};
	children_may = !opaque && filter_allows(prog, &call);
}

void trap_after_filter(bool is_on)
{
	if (!trap_armed || is_on)
		return;
	sysmask_closed = false;
	trap_arm();
}
