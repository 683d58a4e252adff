/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sigsys WAY: a program with a use for SIGSYS. What it prints is the same whether
 * or not somebody else needs that signal. Between its steps it makes raw calls.
 *
 *	table		dispositions, set and asked for, by libc and raw
 *	sent		kill and raise, with each flag of the handler
 *	blocked		sent while blocked: pending, then delivered
 *	wait		sigwaitinfo, signalfd
 *	ignored		SIG_IGN, and what an exec makes of it
 *	inherited	asked after such an exec
 *	filter		a seccomp filter that traps, and a handler that answers
 *	child		a filter, and children and threads after it
 *	default, trap-default, trap-blocked, trap-ignored	ends by SIGSYS
 */
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#include "rawcall.h"

#define SYS_BIT (1UL << (SIGSYS - 1))

struct kernel_action {
	uintptr_t handler;
	unsigned long flags;
	uintptr_t restorer;
	uint64_t mask;
};

static call_fn *the_call;
static stack_t alternate;
static int deep;

static void must(int good, const char *what)
{
	if (good)
		return;
	printf("%s failed: %d\n", what, errno);
	exit(1);
}

static const char *on_stack(const void *p)
{
	const char *at = p, *low = alternate.ss_sp;

	return low && at >= low && at < low + alternate.ss_size ? "alternate" :
	       "normal";
}

static void handler(int sig, siginfo_t *info, void *context)
{
	const ucontext_t *uc = context;
	uint64_t now;

	raw_call(SYS_rt_sigprocmask, SIG_BLOCK, 0, (long)&now, 8, 0, 0);
	must(!seven(the_call), "seven in the handler");
	printf("handler: %d code %d errno %d, frame on the %s stack, context %s,"
	       " mask %lx -> %lx\n", sig, info->si_code, info->si_errno,
	       on_stack(context), on_stack((void *)uc->uc_mcontext.gregs[REG_RSP]),
	       *(const uint64_t *)&uc->uc_sigmask & ~SYS_BIT, now & ~SYS_BIT);
	if (deep && deep--)
		raise(SIGSYS);
}

static void print_action(const char *what, const struct sigaction *a)
{
	printf("%s: %s flags %x mask %lx restorer %d\n", what,
	       a->sa_handler == SIG_DFL ? "default" :
	       a->sa_handler == SIG_IGN ? "ignore" :
	       a->sa_sigaction == handler ? "handler" : "another",
	       (unsigned int)a->sa_flags, *(const uint64_t *)&a->sa_mask,
	       a->sa_restorer != NULL);
}

static void set(int sig, int flags, uint64_t mask)
{
	struct sigaction a = { .sa_sigaction = handler,
			       .sa_flags = flags | SA_SIGINFO };

	*(uint64_t *)&a.sa_mask = mask;
	must(!sigaction(sig, &a, NULL), "sigaction");
}

static void ask(int sig)
{
	struct sigaction a;

	memset(&a, 0, sizeof(a));
	must(!sigaction(sig, NULL, &a), "sigaction");
	print_action(sig == SIGSYS ? "SIGSYS" : "SIGUSR1", &a);
}

static void raw_table(int sig)
{
	struct kernel_action a = { .handler = 0x1234, .flags = ~0UL,
				   .restorer = 0x5678, .mask = ~0UL }, b = { 0 };
	long ret = raw_call(SYS_rt_sigaction, sig, (long)&a, (long)&b, 8, 0, 0);

	printf("%d raw: %ld\n", sig, ret);
	ret = raw_call(SYS_rt_sigaction, sig, 8, 0, 8, 0, 0);
	printf("bad new: %ld\n", ret);
	ret = raw_call(SYS_rt_sigaction, sig, 0, 8, 8, 0, 0);
	printf("bad old: %ld\n", ret);
	ret = raw_call(SYS_rt_sigaction, sig, (long)&a, 0, 4, 0, 0);
	printf("bad size: %ld\n", ret);
	a.handler = 0;
	a.mask = SYS_BIT;
	a.flags = 0x0c000000;
	ret = raw_call(SYS_rt_sigaction, sig, (long)&a, (long)&b, 8, 0, 0);
	printf("was %lx %lx %lx %lx: %ld\n", b.handler, b.flags, b.restorer,
	       b.mask, ret);
	ret = raw_call(SYS_rt_sigaction, sig, 0, (long)&b, 8, 0, 0);
	printf("is %lx %lx %lx %lx: %ld\n", b.handler, b.flags, b.restorer,
	       b.mask, ret);
}

static void table(void)
{
	static const int signals[] = { SIGSYS, SIGUSR1 };

	for (int i = 0; i < 2; i++) {
		ask(signals[i]);
		set(signals[i], SA_NODEFER | SA_RESTART, SYS_BIT | 5);
		ask(signals[i]);
		signal(signals[i], SIG_IGN);
		ask(signals[i]);
		signal(signals[i], SIG_DFL);
		ask(signals[i]);
		raw_table(signals[i]);
	}
	set(SIGUSR1, SA_RESETHAND, ~0UL);
	raise(SIGUSR1);
	ask(SIGUSR1);
	raw_table(SIGKILL);
	raw_table(0);
	raw_table(65);
}

static void sent(void)
{
	static const int flags[] = { 0, SA_NODEFER, SA_RESTART, SA_ONSTACK,
				     SA_ONSTACK | SA_NODEFER };

	alternate.ss_size = 65536;
	for (int i = 0; i < 10; i++) {
		if (i == 5) {
			alternate.ss_sp = malloc(alternate.ss_size);
			sigaltstack(&alternate, NULL);
		}
		set(SIGSYS, flags[i % 5], 1UL << (SIGUSR2 - 1));
		raise(SIGSYS);
		kill(getpid(), SIGSYS);
		must(!seven(the_call), "seven");
		deep = flags[i % 5] & SA_NODEFER ? 2 : 0;
		raise(SIGSYS);
	}
	set(SIGSYS, SA_RESETHAND, 0);
	raise(SIGSYS);
	ask(SIGSYS);
}

static void print_pending(const char *what)
{
	sigset_t now, pending;

	sigprocmask(SIG_BLOCK, NULL, &now);
	sigpending(&pending);
	printf("%s: blocked %d pending %d\n", what, sigismember(&now, SIGSYS),
	       sigismember(&pending, SIGSYS));
}

static void block(int how)
{
	sigset_t s;

	sigemptyset(&s);
	sigaddset(&s, SIGSYS);
	must(!sigprocmask(how, &s, NULL), "sigprocmask");
	print_pending(how == SIG_BLOCK ? "blocked" : "unblocked");
}

static void blocked(void)
{
	set(SIGSYS, 0, 0);
	print_pending("first");
	for (int i = 0; i < 2; i++) {
		block(SIG_BLOCK);
		must(!seven(the_call), "seven while blocked");
		if (i)
			raise(SIGSYS);
		else
			kill(getpid(), SIGSYS);
		print_pending("sent");
		block(SIG_UNBLOCK);
		must(!seven(the_call), "seven");
	}
	printf("%ld %ld %ld\n",
	       raw_call(SYS_rt_sigprocmask, SIG_BLOCK, 8, 0, 8, 0, 0),
	       raw_call(SYS_rt_sigprocmask, SIG_BLOCK, 0, 8, 8, 0, 0),
	       raw_call(SYS_rt_sigprocmask, 7, (long)&alternate, 0, 8, 0, 0));
}

static void waits(void)
{
	struct signalfd_siginfo si;
	siginfo_t info;
	sigset_t s;
	int fd;

	sigemptyset(&s);
	sigaddset(&s, SIGSYS);
	block(SIG_BLOCK);
	raise(SIGSYS);
	printf("%d", sigwaitinfo(&s, &info));
	printf(" code %d\n", info.si_code);
	fd = signalfd(-1, &s, 0);
	kill(getpid(), SIGSYS);
	print_pending("for the descriptor");
	must(read(fd, &si, sizeof(si)) == sizeof(si), "read");
	printf("%u code %d\n", si.ssi_signo, si.ssi_code);
	block(SIG_UNBLOCK);
	must(!seven(the_call), "seven");
}

static void ignored(char **argv)
{
	char *args[] = { argv[0], (char *)"inherited", NULL };

	signal(SIGSYS, SIG_IGN);
	raise(SIGSYS);
	kill(getpid(), SIGSYS);
	must(!seven(the_call), "seven");
	ask(SIGSYS);
	block(SIG_BLOCK);
	fflush(stdout);
	execv("/nonexistent", args);
	must(!seven(the_call), "seven after exec");
	raw_call(SYS_execve, (long)argv[0], (long)args, (long)environ, 0, 0, 0);
}

static void inherited(void)
{
	ask(SIGSYS);
	print_pending("after exec");
	must(!seven(the_call), "seven");
	signal(SIGSYS, SIG_DFL);
	block(SIG_UNBLOCK);
}

/* --- filters -------------------------------------------------------------------- */

static void filter(void)
{
	static struct sock_filter rules[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getpgid, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP | 42),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog prog = { sizeof(rules) / sizeof(rules[0]), rules };

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	must(!prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog, 0, 0),
	     "the filter");
}

static const char *after_getpgid;

/* Answers the call, as sandboxes do. */
static void answer(int sig, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;
	greg_t *r = uc->uc_mcontext.gregs;

	printf("%d: code %d errno %d syscall %d arch %x, at %s, from %s, rcx %s, "
	       "arguments %lld %lld\n", sig, info->si_code, info->si_errno,
	       info->si_syscall, info->si_arch,
	       info->si_call_addr == after_getpgid ? "the call" : "another",
	       r[REG_RIP] == (greg_t)after_getpgid ? "the call" : "another",
	       r[REG_RCX] == (greg_t)after_getpgid ? "behind" : "other",
	       r[REG_RDI], r[REG_RSI]);
	r[REG_RAX] = 4711;
}

static long getpgid_at(void)
{
	return the_call(SYS_getpgid, 17, 18, 0, 0, 0, 0);
}

static void answers(int flags)
{
	struct sigaction a = { .sa_sigaction = answer,
			       .sa_flags = SA_SIGINFO | flags };

	must(!sigaction(SIGSYS, &a, NULL), "sigaction");
	printf("%ld\n", getpgid_at());
	must(!seven(the_call), "seven under the filter");
}

static void filtered(void)
{
	answers(0);
	filter();
	answers(0);
	answers(SA_ONSTACK);
	alternate.ss_size = 65536;
	alternate.ss_sp = malloc(alternate.ss_size);
	sigaltstack(&alternate, NULL);
	answers(0);
	answers(SA_ONSTACK);
}

static void *thread(void *arg)
{
	(void)arg;
	return seven(the_call) ? "" : NULL;
}

static void children(void)
{
	pthread_t id;
	void *bad = "";
	long pid;
	int status = -1;

	filter();
	must(!pthread_create(&id, NULL, thread, NULL), "pthread_create");
	pthread_join(id, &bad);
	pid = raw_call(SYS_fork, 0, 0, 0, 0, 0, 0);
	if (!pid)
		raw_call(SYS_exit_group, seven(the_call), 0, 0, 0, 0, 0);
	waitpid((pid_t)pid, &status, 0);
	printf("thread %s, child %x\n", bad ? "failed" : "fine",
	       (unsigned int)status);
}

static void ends(const char *way)
{
	if (!strcmp(way, "default"))
		raise(SIGSYS);
	filter();
	set(SIGSYS, 0, 0);
	if (!strcmp(way, "trap-default"))
		signal(SIGSYS, SIG_DFL);
	else if (!strcmp(way, "trap-ignored"))
		signal(SIGSYS, SIG_IGN);
	else
		block(SIG_BLOCK);
	fflush(stdout);
	getpgid_at();
}

int main(int argc, char **argv)
{
	const char *way = argc > 1 ? argv[1] : "table";

	the_call = generate_call();
	must(the_call != NULL, "generated code");
	after_getpgid = (const char *)the_call + GENERATED_AFTER;
	setvbuf(stdout, NULL, _IOFBF, 1 << 16);
	if (!strcmp(way, "table"))
		table();
	else if (!strcmp(way, "sent"))
		sent();
	else if (!strcmp(way, "blocked"))
		blocked();
	else if (!strcmp(way, "wait"))
		waits();
	else if (!strcmp(way, "ignored"))
		ignored(argv);
	else if (!strcmp(way, "inherited"))
		inherited();
	else if (!strcmp(way, "filter"))
		filtered();
	else if (!strcmp(way, "child"))
		children();
	else
		ends(way);
	puts("done");
	return 0;
}
