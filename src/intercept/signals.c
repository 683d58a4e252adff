/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the program set for its signals, and what stands instead; signals.h. */
#include <errno.h>
#include <sys/uio.h>

#include "base/compiler.h"
#include "base/raw_syscall.h"
#include "base/str.h"
#include "intercept/altstack.h"
#include "intercept/intercept.h"
#include "intercept/signals.h"
#include "intercept/sysmask.h"

/* All that a kernel with SUD keeps of sa_flags (UAPI_SA_FLAGS). */
#define KNOWN_FLAGS (SA_NOCLDSTOP | SA_NOCLDWAIT | SA_SIGINFO | SA_ONSTACK | \
		     SA_RESTART | SA_NODEFER | SA_RESETHAND | 0x800UL | \
		     KERNEL_SA_RESTORER)

/*
 * By signal, as the program set it. Written with all signals blocked by the one
 * who holds busy; what the kernel has is derived from it.
 */
static struct kernel_sigaction program[SIGNALS + 1];
static uint32_t busy;
static bool started;
static void (*sys_handler)(int, siginfo_t *, void *);	/* NULL: SIGSYS is
							 * the program's */

bool program_read(void *here, unsigned long there, size_t bytes)
{
	struct iovec local = { here, bytes };
	struct iovec remote = { (void *)there, bytes };

	if (shadow.sealed) {
		memcpy(here, remote.iov_base, bytes);
		return true;
	}
	return raw_sys6(SYS_process_vm_readv, raw_sys0(SYS_getpid), &local, 1,
			&remote, 1, 0) == (long)bytes;
}

bool program_write(unsigned long there, const void *here, size_t bytes)
{
	struct iovec local = { (void *)here, bytes };
	struct iovec remote = { (void *)there, bytes };

	if (shadow.sealed) {
		memcpy(remote.iov_base, here, bytes);
		return true;
	}
	return raw_sys6(SYS_process_vm_writev, raw_sys0(SYS_getpid), &local, 1,
			&remote, 1, 0) == (long)bytes;
}

/* --- the table ---------------------------------------------------------------- */

#define SPINS 10000000u

/* A vfork child may have been killed in here: nobody waits without bound. */
static uint64_t table_lock(void)
{
	uint64_t all = ~0UL, old = 0;
	uint32_t free = 0;

	if (!shadow.sealed)
		raw_sys4(SYS_rt_sigprocmask, SIG_SETMASK, &all, &old,
			 SIGSET_BYTES);
	for (unsigned int i = 0; i < SPINS; i++) {
		free = 0;
		if (__atomic_compare_exchange_n(&busy, &free, 1, false,
						__ATOMIC_ACQUIRE,
						__ATOMIC_RELAXED))
			break;
		__builtin_ia32_pause();
	}
	return old;
}

static void table_unlock(uint64_t mask)
{
	__atomic_store_n(&busy, 0, __ATOMIC_RELEASE);
	if (!shadow.sealed)
		raw_sys4(SYS_rt_sigprocmask, SIG_SETMASK, &mask, NULL,
			 SIGSET_BYTES);
}

struct kernel_sigaction signals_program(int sig)
{
	uint64_t mask = table_lock();
	struct kernel_sigaction act = program[sig];

	table_unlock(mask);
	return act;
}

static void set_program(int sig, const struct kernel_sigaction *act)
{
	uint64_t mask = table_lock();

	program[sig] = *act;
	table_unlock(mask);
}

/*
 * A handler of ours for one of the program's. SA_RESTART is the kernel's business
 * before any handler runs. Under a filter the mask is the program's already: it
 * cannot be set later.
 */
static struct kernel_sigaction kept_action(uintptr_t handler,
					   const struct kernel_sigaction *by)
{
	struct kernel_sigaction act = {
		.handler = handler,
		.flags = SA_SIGINFO | SA_ONSTACK | KERNEL_SA_RESTORER,
		.restorer = (uintptr_t)signals_restorer,
		.mask = ~0UL,
	};

	act.flags |= by->handler == (uintptr_t)SIG_IGN ? SA_RESTART :
		     by->flags & SA_RESTART;
	if (shadow.sealed) {
		act.flags |= SA_NODEFER;
		act.mask = by->mask & ~SIG_BIT(SIGSYS);
	}
	return act;
}

static struct kernel_sigaction sys_action(const struct kernel_sigaction *by)
{
	return kept_action((uintptr_t)sys_handler, by);
}

/*
 * A restorer that does nothing but rt_sigreturn is as good as ours, which does
 * not trap: a trap at the end of a handler takes room for a second frame.
 */
static bool is_plain_restorer(uintptr_t at)
{
	static const unsigned char wide[] = {
		0x48, 0xc7, 0xc0, 0x0f, 0, 0, 0, 0x0f, 0x05,
	};
	static const unsigned char narrow[] = { 0xb8, 0x0f, 0, 0, 0, 0x0f, 0x05 };
	unsigned char code[sizeof(wide)];

	return program_read(code, at, sizeof(code)) &&
	       (!memcmp(code, wide, sizeof(wide)) ||
		!memcmp(code, narrow, sizeof(narrow)));
}

/* What the kernel shall have where the program, or its vfork child, wants @by. */
static struct kernel_sigaction in_kernel(int sig, bool is_process,
					 const struct kernel_sigaction *by)
{
	struct kernel_sigaction act = *by;

	if (sig == SIGSYS && sys_handler)
		return sys_action(by);
	if (is_process && fatal_keeps(sig, by))
		return is_handler(by) ? kept_action(fatal_action.handler, by) :
		       fatal_action;
	if (is_process && altstack_on && is_handler(by) &&
	    by->flags & SA_ONSTACK)
		act.handler = (uintptr_t)altstack_handler;
	if (!sys_handler)
		return act;
	act.mask &= ~SIG_BIT(SIGSYS);
	if (is_handler(by) && by->flags & KERNEL_SA_RESTORER &&
	    is_plain_restorer(by->restorer))
		act.restorer = (uintptr_t)signals_restorer;
	return act;
}

/* The program's words for what was found in the kernel. */
static struct kernel_sigaction in_words(const struct kernel_sigaction *kernel,
					const struct kernel_sigaction *by)
{
	struct kernel_sigaction act = *kernel;

	if (kernel->handler == fatal_action.handler ||
	    (sys_handler && kernel->handler == (uintptr_t)sys_handler))
		return *by;
	if (kernel->handler == (uintptr_t)altstack_handler)
		act.handler = by->handler;
	if (!sys_handler)
		return act;
	act.mask |= by->mask & SIG_BIT(SIGSYS);
	if (act.restorer == (uintptr_t)signals_restorer)
		act.restorer = by->restorer;
	return act;
}

static long set_action(struct door *d, int sig)
{
	unsigned long act = (unsigned long)d->regs->arg[1];
	unsigned long oact = (unsigned long)d->regs->arg[2];
	struct kernel_sigaction new, old, kernel, by;
	bool is_process = shadow_is_process();
	uint64_t mask;
	long ret;

	if (act) {
		if (!program_read(&new, act, sizeof(new)))
			return -EFAULT;
		new.mask &= ~(SIG_BIT(SIGKILL) | SIG_BIT(SIGSTOP));
		if ((sig == SIGSYS && sys_handler) || fatal_keeps(sig, &new))
			new.flags &= KNOWN_FLAGS;
		kernel = in_kernel(sig, is_process, &new);
	}
	mask = table_lock();
	by = program[sig];
	if (act && is_process)
		program[sig] = new;
	ret = signals_kernel(sig, act ? &kernel : NULL, &old);
	table_unlock(mask);
	if (ret)
		return ret;
	old = in_words(&old, &by);
	if (oact && !program_write(oact, &old, sizeof(old)))
		return -EFAULT;
	return 0;
}

/* By default only the fatal ones are touched. */
static bool is_virtual(long sig)
{
	if (sig < 1 || sig > SIGNALS || sig == SIGKILL || sig == SIGSTOP)
		return false;
	return sys_handler || altstack_on || fatal_keeps((int)sig, NULL);
}

long intercept_sigaction(struct door *d)
{
	if (!started || d->regs->arg[3] != SIGSET_BYTES ||
	    !is_virtual(d->regs->arg[0]))
		return shadow_raw(d);
	return set_action(d, (int)d->regs->arg[0]);
}

void signals_start(void)
{
	started = true;
	for (int sig = 1; sig <= SIGNALS; sig++) {
		struct kernel_sigaction old;

		if (!fatal_keeps(sig, NULL) || signals_kernel(sig, NULL, &old) ||
		    !fatal_keeps(sig, &old))
			continue;
		program[sig] = old;
		signals_kernel(sig, &fatal_action, NULL);
	}
}

/* --- SIGSYS ------------------------------------------------------------------- */

int signals_keep_sys(void (*handler)(int, siginfo_t *, void *))
{
	struct kernel_sigaction old, ours;
	long ret = signals_kernel(SIGSYS, NULL, &old);

	if (ret)
		return (int)ret;
	if (old.handler != fatal_action.handler)
		program[SIGSYS] = old;
	sys_handler = handler;
	ours = sys_action(&program[SIGSYS]);
	ret = signals_kernel(SIGSYS, &ours, NULL);
	if (ret)
		sys_handler = NULL;
	started = started || !ret;
	return (int)ret;
}

void signals_renew_sys(void)
{
	static const struct kernel_sigaction by_default;
	struct kernel_sigaction now, ours;

	if (signals_kernel(SIGSYS, NULL, &now) ||
	    now.handler == (uintptr_t)sys_handler)
		return;
	if (shadow_is_child() && now.handler == (uintptr_t)SIG_DFL)
		set_program(SIGSYS, &by_default);
	ours = sys_action(&program[SIGSYS]);
	signals_kernel(SIGSYS, &ours, NULL);
}

void signals_returns(ucontext_t *uc)
{
	if (!sys_handler || sysmask_get() == SYSMASK_HELD)
		return;
	*(uint64_t *)&uc->uc_sigmask &= ~SIG_BIT(SIGSYS);
	sysmask_set(SYSMASK_BLOCKED);
}

void signals_sealed(void)
{
	struct kernel_sigaction ours = sys_action(&program[SIGSYS]);

	if (sys_handler)
		signals_kernel(SIGSYS, &ours, NULL);
}

/* A handler becomes SIG_DFL by exec; SIG_IGN and the mask go along. */
void signals_before_exec(bool back)
{
	struct kernel_sigaction act;
	uint64_t bit = SIG_BIT(SIGSYS);

	if (!sys_handler || shadow.sealed)
		return;
	if (sysmask_get() == SYSMASK_BLOCKED)
		raw_sys4(SYS_rt_sigprocmask, back ? SIG_UNBLOCK : SIG_BLOCK,
			 &bit, NULL, SIGSET_BYTES);
	act = signals_program(SIGSYS);
	if (act.handler != (uintptr_t)SIG_IGN)
		return;
	if (back)
		act = sys_action(&act);
	signals_kernel(SIGSYS, &act, NULL);
}

/* --- on to the program ---------------------------------------------------------- */

void signals_die(siginfo_t *info, bool comes_again)
{
	struct kernel_sigaction by = signals_program(info->si_signo);

	by.handler = (uintptr_t)SIG_DFL;
	signals_kernel(info->si_signo, &by, NULL);
	if (!comes_again)	/* pending until the handler returns */
		raw_sys4(SYS_rt_tgsigqueueinfo, raw_sys0(SYS_getpid),
			 raw_sys0(SYS_gettid), info->si_signo, info);
}

/*
 * The frame that the kernel made for us, as arch/x86 lays it: the return address
 * before @uc, the siginfo behind it, the vector registers above.
 */
struct frame {
	uintptr_t start;	/* of the return address: rsp in a handler */
	size_t bytes;		/* up to the end of the siginfo */
	uintptr_t fp;		/* 0: none */
	size_t fp_bytes;
};

#define FP_BYTES	  512		/* fxsave */
#define FP_MAGIC1	  0x46505853U	/* sw_reserved: there is more */
#define FP_MAGIC1_AT	  464
#define FP_EXTENDED_AT	  468

static struct frame frame_of(const siginfo_t *info, const ucontext_t *uc)
{
	const char *fp = (const char *)uc->uc_mcontext.fpregs;
	struct frame f = {
		.start = (uintptr_t)uc - sizeof(uintptr_t),
		.bytes = (uintptr_t)(info + 1) -
			 ((uintptr_t)uc - sizeof(uintptr_t)),
		.fp = (uintptr_t)fp,
		.fp_bytes = FP_BYTES,
	};

	if (fp && *(const uint32_t *)(fp + FP_MAGIC1_AT) == FP_MAGIC1)
		f.fp_bytes = *(const uint32_t *)(fp + FP_EXTENDED_AT);
	return f;
}

static bool is_on(const stack_t *s, uintptr_t sp)
{
	return sp > (uintptr_t)s->ss_sp &&
	       sp - (uintptr_t)s->ss_sp <= s->ss_size;
}

/*
 * Ours runs on the alternate stack if there is one. A handler that did not ask
 * for it runs on the stack that was interrupted: there the frame is laid again.
 */
static uintptr_t lay_frame(siginfo_t **info, ucontext_t **uc)
{
	uintptr_t sp = (uintptr_t)(*uc)->uc_mcontext.gregs[REG_RSP];
	struct frame f = frame_of(*info, *uc);
	uintptr_t at = sp - DOOR_RED_ZONE, fp = 0;

	if (f.fp) {
		at = fp = (at - f.fp_bytes) & ~63UL;
		memcpy((void *)fp, (const void *)f.fp, f.fp_bytes);
	}
	at = ((at - f.bytes) & ~15UL) - 8;
	memcpy((void *)at, (const void *)f.start, f.bytes);
	*uc = (ucontext_t *)(at + sizeof(uintptr_t));
	*info = (siginfo_t *)(at + f.bytes) - 1;
	(*uc)->uc_mcontext.fpregs = (fpregset_t)fp;
	return at;
}

_Noreturn void signals_deliver(siginfo_t *info, ucontext_t *uc)
{
	int sig = info->si_signo;
	struct kernel_sigaction by = signals_program(sig);
	uintptr_t sp = (uintptr_t)uc->uc_mcontext.gregs[REG_RSP];
	uintptr_t at = (uintptr_t)uc - sizeof(uintptr_t);
	uint64_t mask = by.mask | *(const uint64_t *)&uc->uc_sigmask;
	uintptr_t handler = by.handler;

	if (by.flags & SA_RESETHAND && shadow_is_process()) {
		by.handler = (uintptr_t)SIG_DFL;
		set_program(sig, &by);
	}
	if (!(by.flags & SA_NODEFER))
		mask |= SIG_BIT(sig);
	if (sys_handler)
		mask &= ~SIG_BIT(SIGSYS);
	if (altstack_is_ours(at) ||
	    (!(by.flags & SA_ONSTACK) && !is_on(&uc->uc_stack, sp) &&
	     is_on(&uc->uc_stack, at)))
		at = lay_frame(&info, &uc);
	if (!shadow.sealed)
		raw_sys4(SYS_rt_sigprocmask, SIG_SETMASK, &mask, NULL,
			 SIGSET_BYTES);
	signals_enter(at, handler, sig, info, uc);
}

_Noreturn void signals_go_on(int sig, siginfo_t *info, ucontext_t *uc)
{
	uintptr_t at = (uintptr_t)uc - sizeof(uintptr_t);

	if (altstack_is_ours(at))
		at = lay_frame(&info, &uc);
	signals_enter(at, program[sig].handler, sig, info, uc);
}
