/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * chain WAY: a program that lives on faults. Everything that it can see of its
 * handlers is printed, and must be the same whoever else listens.
 *
 *	flags		each flag of a handler, each source of a signal, each stack
 *	nested		faults within handlers
 *	jumps		out of the handler, 2,000 times
 *	stacks		sigaltstack: answers, refusals, and one in each thread
 *	libraries	two handlers that each call the one that they found
 *	raw		a handler set and asked for by number
 *	waits		SIGSEGV blocked: waited for, read from a descriptor
 *	restart		a call that a signal interrupts
 *	children	fork and vfork, and what they set
 *	ends		each way to die of a fault
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#define PAGE 4096UL
#define ROOM 65536

static char *nowhere;		/* a page that nobody may touch */
static char *behind;		/* a page behind the end of its file */
static __thread stack_t own;	/* this thread's alternate stack */

static uint64_t word(const sigset_t *s)
{
	return *(const uint64_t *)s;
}

static uint64_t mask_now(void)
{
	sigset_t s;

	pthread_sigmask(SIG_BLOCK, NULL, &s);
	return word(&s);
}

static const char *where(const void *p)
{
	const char *at = p, *low = own.ss_sp;
	char here;

	if (low && at >= low && at < low + own.ss_size)
		return "alternate";
	return labs(at - &here) < (long)ROOM * 64 ? "this" : "another";
}

static const char *what(const void *p)
{
	const char *at = p;

	return at >= nowhere && at < nowhere + PAGE ? "nowhere" :
	       at >= behind && at < behind + PAGE ? "behind" :
	       !at ? "null" : "other";
}

/* One byte written; whoever handles it may go on behind. */
extern const char write_after[];
__attribute__((noinline, noclone)) static void write_to(volatile char *p)
{
	__asm__ volatile("movb $1, (%0)\n"
			 ".globl write_after\n"
			 "write_after:" : : "r"(p) : "memory");
}

/* --- flags ---------------------------------------------------------------------- */

static volatile int depth, deeper;

static void tell(int sig, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;
	greg_t *r = uc->uc_mcontext.gregs;

	printf("%*s%d", depth, "", sig);
	if (info)
		printf(" code %d at %s", info->si_code,
		       info->si_code > 0 ? what(info->si_addr) : "-");
	printf(" trap %lld error %llx; frame on %s stack, rsp on %s, at the "
	       "write %d; mask %lx -> %lx, errno %d\n",
	       info && info->si_code > 0 ? r[REG_TRAPNO] : 0,
	       info && info->si_code > 0 ? r[REG_ERR] : 0, where(context),
	       where((void *)r[REG_RSP]),
	       r[REG_RIP] < (greg_t)write_after &&
	       r[REG_RIP] > (greg_t)write_after - 8,
	       word(&uc->uc_sigmask), mask_now(), errno);
	if (deeper && depth < 3) {
		depth++;
		write_to(nowhere);
		depth--;
	}
	if (r[REG_RIP] < (greg_t)write_after &&
	    r[REG_RIP] > (greg_t)write_after - 8)
		r[REG_RIP] = (greg_t)write_after;
}

static ucontext_t *no_context(void *frame)
{
	return frame;
}

/* Without SA_SIGINFO the kernel passes the context all the same. */
static void plain(int sig, siginfo_t *info, void *context)
{
	(void)info;
	tell(sig, NULL, no_context(context));
}

static void set(int sig, int flags)
{
	struct sigaction a = { .sa_flags = flags };

	a.sa_sigaction = flags & SA_SIGINFO ? tell : plain;
	sigaddset(&a.sa_mask, SIGUSR2);
	if (sigaction(sig, &a, NULL))
		printf("sigaction: %d\n", errno);
}

static void ask(int sig)
{
	struct sigaction a;

	memset(&a, 0, sizeof(a));
	sigaction(sig, NULL, &a);
	printf("%d: %s flags %x mask %lx\n", sig,
	       a.sa_handler == SIG_DFL ? "default" :
	       a.sa_handler == SIG_IGN ? "ignored" :
	       a.sa_sigaction == tell ? "tell" :
	       a.sa_sigaction == plain ? "plain" : "another",
	       (unsigned int)a.sa_flags & ~0x04000000u, word(&a.sa_mask));
}

static void sources(int flags)
{
	static const int signals[] = { SIGSEGV, SIGBUS, SIGUSR1, SIGFPE };

	for (int i = 0; i < 4; i++) {
		errno = 17;
		set(signals[i], flags);
		raise(signals[i]);
		ask(signals[i]);
		set(signals[i], flags);
		kill(getpid(), signals[i]);
		set(signals[i], flags);
		if (signals[i] == SIGSEGV)
			write_to(nowhere);
		if (signals[i] == SIGBUS)
			write_to(behind);
		ask(signals[i]);
	}
}

static void alternate(int on)
{
	own = (stack_t){ .ss_flags = SS_DISABLE };
	if (on)
		own = (stack_t){ .ss_sp = malloc(ROOM), .ss_size = ROOM };
	if (sigaltstack(&own, NULL))
		printf("sigaltstack: %d\n", errno);
}

static void flags(void)
{
	static const int each[] = { SA_NODEFER, SA_RESETHAND, SA_ONSTACK,
				    SA_RESTART, SA_SIGINFO };
	sigset_t some;

	sigemptyset(&some);
	sigaddset(&some, SIGCHLD);
	for (int on = 0; on < 2; on++) {
		alternate(on);
		for (int bits = 0; bits < 32; bits++) {
			int f = 0;

			for (int i = 0; i < 5; i++)
				f |= bits & 1 << i ? each[i] : 0;
			printf("flags %x, stack %d\n", (unsigned int)f, on);
			sources(f);
			sigprocmask(SIG_BLOCK, &some, NULL);
			sources(f);
			sigprocmask(SIG_UNBLOCK, &some, NULL);
		}
	}
}

static void nested(void)
{
	deeper = 1;
	for (int on = 0; on < 2; on++) {
		alternate(on);
		set(SIGSEGV, SA_SIGINFO | SA_NODEFER);
		write_to(nowhere);
		set(SIGSEGV, SA_SIGINFO | SA_NODEFER | SA_ONSTACK);
		write_to(nowhere);
	}
}

/* --- jumps ---------------------------------------------------------------------- */

static sigjmp_buf out;

static void jump(int sig)
{
	siglongjmp(out, sig);
}

static void jumps(void)
{
	volatile int count = 0;

	for (volatile int on = 0; on < 2; on++) {
		struct sigaction a = { .sa_handler = jump,
				       .sa_flags = on ? SA_ONSTACK : 0 };

		alternate(on);
		sigaction(SIGSEGV, &a, NULL);
		sigaction(SIGBUS, &a, NULL);
		for (volatile int i = 0; i < 1000; i++) {
			int sig = sigsetjmp(out, 1);

			if (!sig)
				write_to(i % 3 ? nowhere : behind);
			count += sig == (i % 3 ? SIGSEGV : SIGBUS);
		}
	}
	printf("%d jumps, mask %lx\n", count, mask_now());
}

/* --- stacks --------------------------------------------------------------------- */

static void print_stack(const char *when, long ret, const stack_t *s)
{
	printf("%s: %ld errno %d, %s size %zu flags %x\n", when, ret,
	       ret ? errno : 0, !s->ss_sp ? "none" : s->ss_sp == own.ss_sp ?
	       "own" : "another", s->ss_size, (unsigned int)s->ss_flags);
}

static void try_stack(const char *when, stack_t set)
{
	stack_t old;
	long ret;

	memset(&old, 0, sizeof(old));
	ret = sigaltstack(&set, &old);
	print_stack(when, ret, &old);
	ret = sigaltstack(NULL, &old);
	print_stack("then", ret, &old);
}

static void on_it(int sig)
{
	(void)sig;
	try_stack("changed on it", (stack_t){ .ss_flags = SS_DISABLE });
}

static void *thread_stacks(void *arg)
{
	stack_t s = { .ss_sp = malloc(ROOM), .ss_size = ROOM };

	(void)arg;
	own = s;
	set(SIGSEGV, SA_SIGINFO | SA_ONSTACK);
	try_stack("disabled", (stack_t){ .ss_flags = SS_DISABLE });
	write_to(nowhere);
	try_stack("set", s);
	write_to(nowhere);
	s.ss_size = 100;
	try_stack("too small", s);
	s.ss_size = ROOM;
	s.ss_flags = 77;
	try_stack("bad flags", s);
	s.ss_flags = (int)(1U << 31);	/* SS_AUTODISARM */
	try_stack("disarmed by itself", s);
	write_to(nowhere);
	printf("bad pointers: %ld %ld\n", syscall(SYS_sigaltstack, 8, NULL),
	       syscall(SYS_sigaltstack, NULL, 8));
	signal(SIGUSR1, SIG_DFL);
	sigaction(SIGUSR1, &(struct sigaction){ .sa_handler = on_it,
						.sa_flags = SA_ONSTACK }, NULL);
	try_stack("set", own);
	pthread_kill(pthread_self(), SIGUSR1);
	try_stack("disabled", (stack_t){ .ss_flags = SS_DISABLE });
	pthread_kill(pthread_self(), SIGUSR1);
	return NULL;
}

static void stacks(void)
{
	thread_stacks(NULL);
	for (int i = 0; i < 40; i++) {
		pthread_t id;

		pthread_create(&id, NULL, thread_stacks, NULL);
		pthread_join(id, NULL);
	}
}

/* --- others --------------------------------------------------------------------- */

static struct sigaction found[2];

static void first(int sig, siginfo_t *info, void *context)
{
	printf("first\n");
	if (found[0].sa_handler != SIG_DFL && found[0].sa_handler != SIG_IGN)
		found[0].sa_sigaction(sig, info, context);
}

static void second(int sig, siginfo_t *info, void *context)
{
	printf("second\n");
	if (found[1].sa_handler != SIG_DFL && found[1].sa_handler != SIG_IGN)
		found[1].sa_sigaction(sig, info, context);
}

static void libraries(void)
{
	struct sigaction a = { .sa_sigaction = first, .sa_flags = SA_SIGINFO };

	set(SIGSEGV, SA_SIGINFO);
	sigaction(SIGSEGV, &a, &found[0]);
	a.sa_sigaction = second;
	sigaction(SIGSEGV, &a, &found[1]);
	write_to(nowhere);
	sigaction(SIGSEGV, &found[1], NULL);
	write_to(nowhere);
	sigaction(SIGSEGV, &found[0], NULL);
	write_to(nowhere);
	ask(SIGSEGV);
}

struct kernel_action {
	void *handler;
	unsigned long flags;
	void *restorer;
	uint64_t mask;
};

static void raw(void)
{
	struct kernel_action a, b;
	struct sigaction libc;

	set(SIGSEGV, SA_SIGINFO | SA_ONSTACK);
	memset(&a, 0, sizeof(a));
	printf("%ld", syscall(SYS_rt_sigaction, SIGSEGV, NULL, &a, 8));
	printf(" %d %lx %lx\n", a.handler == tell, a.flags, a.mask);
	a.mask = ~0UL & ~(1UL << (SIGSYS - 1));
	a.flags |= SA_NODEFER;
	printf("%ld", syscall(SYS_rt_sigaction, SIGSEGV, &a, &b, 8));
	printf(" %d %lx %lx\n", b.handler == tell, b.flags, b.mask);
	write_to(nowhere);
	printf("%ld", syscall(SYS_rt_sigaction, SIGSEGV, NULL, &b, 8));
	printf(" %d %lx %lx %d\n", b.handler == tell, b.flags, b.mask,
	       a.restorer == b.restorer);
	sigaction(SIGSEGV, NULL, &libc);
	printf("%d %x\n", libc.sa_sigaction == tell, (unsigned int)libc.sa_flags);
	printf("%ld\n", syscall(SYS_rt_sigaction, SIGSEGV, NULL, 8, 8));
	printf("%ld\n", syscall(SYS_rt_sigaction, SIGSEGV, 8, &b, 8));
	printf("%ld\n", syscall(SYS_rt_sigaction, SIGSEGV, &a, &b, 7));
	ask(SIGSEGV);
}

static void waits(void)
{
	struct signalfd_siginfo si;
	siginfo_t info;
	sigset_t s;
	int fd;

	set(SIGSEGV, SA_SIGINFO);
	sigemptyset(&s);
	sigaddset(&s, SIGSEGV);
	sigaddset(&s, SIGBUS);
	sigprocmask(SIG_BLOCK, &s, NULL);
	raise(SIGSEGV);
	printf("%d", sigwaitinfo(&s, &info));
	printf(" code %d\n", info.si_code);
	fd = signalfd(-1, &s, 0);
	kill(getpid(), SIGBUS);
	if (read(fd, &si, sizeof(si)) == sizeof(si))
		printf("%u code %d\n", si.ssi_signo, si.ssi_code);
	raise(SIGSEGV);
	sigpending(&s);
	printf("pending %lx\n", word(&s));
	sigemptyset(&s);
	sigprocmask(SIG_SETMASK, &s, NULL);
	printf("mask %lx\n", mask_now());
}

static void *interrupter(void *id)
{
	usleep(50000);
	pthread_kill(*(pthread_t *)id, SIGSEGV);
	usleep(50000);
	return NULL;
}

static void restart(void)
{
	static const int each[] = { 0, SA_RESTART };

	for (int i = 0; i < 2; i++) {
		pthread_t self = pthread_self(), other;
		int fd[2];
		char c = 'x';

		if (pipe2(fd, 0))
			exit(1);
		set(SIGSEGV, SA_SIGINFO | each[i]);
		pthread_create(&other, NULL, interrupter, &self);
		if (each[i]) {		/* a byte that comes after the signal */
			if (!fork()) {
				usleep(200000);
				_exit(write(fd[1], "y", 1) != 1);
			}
		}
		errno = 0;
		printf("read: %zd", read(fd[0], &c, 1));
		printf(" errno %d, %c\n", errno, c);
		pthread_join(other, NULL);
		while (wait(NULL) > 0)
			;
	}
}

static void dies(const char *how, void (*fn)(void))
{
	int status = -1;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid) {
		struct rlimit none = { 0, 0 };

		setrlimit(RLIMIT_CORE, &none);
		fn();
		fflush(stdout);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	printf("%s: status %x\n", how, (unsigned int)status);
}

static void vfork_and_set(void)
{
	pid_t pid;

	set(SIGSEGV, SA_SIGINFO);
	pid = vfork();
	if (!pid) {
		signal(SIGSEGV, SIG_DFL);
		signal(SIGBUS, SIG_IGN);
		_exit(3);
	}
	waitpid(pid, NULL, 0);
	ask(SIGSEGV);
	ask(SIGBUS);
	write_to(nowhere);
}

static void fault(void)
{
	write_to(nowhere);
}

static void children(void)
{
	set(SIGSEGV, SA_SIGINFO | SA_RESETHAND);
	dies("once", fault);
	write_to(nowhere);
	ask(SIGSEGV);
	dies("by default", fault);
	vfork_and_set();
	ask(SIGSEGV);
}

static void twice(void)
{
	deeper = 1;
	set(SIGSEGV, SA_SIGINFO);
	fault();
}

static void while_blocked(void)
{
	sigset_t s;

	set(SIGSEGV, SA_SIGINFO);
	sigfillset(&s);
	sigprocmask(SIG_BLOCK, &s, NULL);
	fault();
}

static void while_ignored(void)
{
	signal(SIGSEGV, SIG_IGN);
	raise(SIGSEGV);
	kill(getpid(), SIGSEGV);
	printf("ignored\n");
	fflush(stdout);
	fault();
}

static void restored(int sig)
{
	signal(sig, SIG_DFL);	/* and the instruction faults again */
}

static void once_more(void)
{
	signal(SIGSEGV, restored);
	fault();
}

static void sent(void)
{
	raise(SIGBUS);
}

static void ends(void)
{
	dies("default", fault);
	dies("twice", twice);
	dies("blocked", while_blocked);
	dies("ignored", while_ignored);
	dies("restored", once_more);
	dies("sent", sent);
}

static const struct {
	const char *name;
	void (*fn)(void);
} ways[] = {
	{ "flags", flags }, { "nested", nested }, { "jumps", jumps },
	{ "stacks", stacks }, { "libraries", libraries }, { "raw", raw },
	{ "waits", waits }, { "restart", restart }, { "children", children },
	{ "ends", ends },
};

int main(int argc, char **argv)
{
	static char name[] = "/tmp/chain.XXXXXX";
	int fd = mkstemp(name);

	unlink(name);
	nowhere = mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		       0);
	behind = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	setvbuf(stdout, NULL, _IOFBF, 1 << 20);
	for (unsigned int i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
		if (argc > 1 && !strcmp(argv[1], ways[i].name))
			ways[i].fn();
	puts("done");
	return 0;
}
