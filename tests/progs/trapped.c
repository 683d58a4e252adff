/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * trapped WAY [ROUNDS]: all memory calls are raw (rawcall.h), but for libc's own;
 * all but those of "inline" are made in generated code.
 *
 *	inline, jit	one thread
 *	threads		eight by raw clone, made by nobody's library
 *	pthreads	eight of libc's
 *	forks		fork, clone and clone3, raw; the children map
 *	vfork		a raw vfork, whose child maps in its parent's memory
 *	exec		an execve of its own, of this program as "inline"
 *	blocked		all signals blocked, threads and children, too
 *	handler		a handler maps, on an alternate stack and without
 *	mask		a handler puts SIGSYS into the mask that it returns to
 *	cancel		a thread cancelled in a call that blocks
 *	unmap		a thread takes away its own stack, and ends without one
 *	registers	each register, the flags and the red zone around a call
 *	places		clones from more places than the library can remember
 */
#include <errno.h>
#include <linux/sched.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#include "rawcall.h"

#define THREADS 8

static call_fn *the_call;	/* generated: what no patch reaches */
static long rounds = 100;
static int failed;

/* Of this thread or process, which has inherited it. */
static int sigsys_is_blocked(void)
{
	unsigned long now = 0;

	raw_call(SYS_rt_sigprocmask, SIG_BLOCK, 0, (long)&now, 8, 0, 0);
	return now >> (SIGSYS - 1) & 1;
}

static int expect_blocked;

static int work(call_fn *call)
{
	int bad = sigsys_is_blocked() != expect_blocked;

	for (long i = 0; i < rounds; i++)
		bad |= seven(call);
	return bad;
}

/* One mapping is left, which nobody could have missed. */
static void generated(void)
{
	failed |= work(the_call);
	failed |= the_call(SYS_mmap, 0, 3 * PAGE, PROT_READ, ANON, -1, 0) < 0;
}

/* --- threads -------------------------------------------------------------------- */

static struct thread {
	int id;			/* cleared by the kernel at the end */
	int bad;
	char stack[32768] __attribute__((aligned(16)));
} threads[THREADS];

/* fn(t) on @stack as a thread of this process; no libc, its own way out. */
static long raw_thread(void (*fn)(struct thread *), struct thread *t)
{
	long flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND |
		     CLONE_THREAD | CLONE_SYSVSEM | CLONE_CHILD_CLEARTID |
		     CLONE_PARENT_SETTID;
	void **top = (void **)(t->stack + sizeof(t->stack)) - 2;
	register long r10 __asm__("r10") = (long)&t->id;
	long ret = SYS_clone;

	top[0] = (void *)fn;
	top[1] = t;
	__asm__ volatile("syscall\n\t"
			 "test %%rax, %%rax\n\t"
			 "jnz 1f\n\t"
			 "pop %%rax\n\t"
			 "pop %%rdi\n\t"
			 "call *%%rax\n\t"
			 "xor %%edi, %%edi\n\t"
			 "mov $60, %%eax\n\t"
			 "syscall\n"
			 "1:"
			 : "+a"(ret)
			 : "D"(flags), "S"(top), "d"(&t->id), "r"(r10)
			 : "rcx", "r11", "memory");
	return ret;
}

static void raw_work(struct thread *t)
{
	t->bad = work(the_call);
}

static void join(struct thread *t)
{
	int id;

	while ((id = __atomic_load_n(&t->id, __ATOMIC_ACQUIRE)))
		raw_call(SYS_futex, (long)&t->id, 0, id, 0, 0, 0);
}

static void raw_threads(void)
{
	for (int i = 0; i < THREADS; i++)
		failed |= raw_thread(raw_work, &threads[i]) <= 0;
	for (int i = 0; i < THREADS; i++) {
		join(&threads[i]);
		failed |= threads[i].bad;
	}
}

static void *pthread_work(void *arg)
{
	(void)arg;
	return work(the_call) ? "" : NULL;
}

static void libc_threads(void)
{
	pthread_t id[THREADS];
	void *bad;

	for (int i = 0; i < THREADS; i++)
		failed |= pthread_create(&id[i], NULL, pthread_work, NULL);
	for (int i = 0; i < THREADS; i++) {
		pthread_join(id[i], &bad);
		failed |= bad != NULL;
	}
}

/* --- processes ------------------------------------------------------------------ */

static void reap(const char *what, long pid)
{
	int status = -1;

	if (pid > 0)
		raw_call(SYS_wait4, pid, (long)&status, __WALL, 0, 0, 0);
	printf("%s: status %x\n", what, (unsigned int)status);
}

/* The child of a raw vfork has this very frame: it may do no more than this. */
static long raw_vfork(void)
{
	long pid = raw_call(SYS_vfork, 0, 0, 0, 0, 0, 0);

	if (!pid) {
		int bad = seven(the_call);

		raw_call(SYS_exit, bad, 0, 0, 0, 0, 0);
	}
	return pid;
}

static long raw_clone3(unsigned long flags)
{
	struct clone_args args = { .flags = flags, .exit_signal = SIGCHLD };

	return raw_call(SYS_clone3, (long)&args, sizeof(args), 0, 0, 0, 0);
}

static void child(void)
{
	int bad = work(the_call);

	raw_call(SYS_exit_group, bad, 0, 0, 0, 0, 0);
}

static void forks(void)
{
	long pid = raw_call(SYS_fork, 0, 0, 0, 0, 0, 0);

	if (!pid)
		child();
	reap("fork", pid);
	pid = raw_call(SYS_clone, SIGCHLD, 0, 0, 0, 0, 0);
	if (!pid)
		child();
	reap("clone", pid);
	pid = raw_clone3(0);
	if (!pid)
		child();
	reap("clone3", pid);
	pid = raw_clone3(0x100000000);	/* CLONE_CLEAR_SIGHAND */
	if (!pid)
		child();
	reap("clone3 without handlers", pid);
	failed |= work(the_call);
}

static void exec(char **argv)
{
	char *args[] = { argv[0], (char *)"inline", NULL };

	failed |= raw_call(SYS_execve, (long)"/nonexistent", (long)args,
			   (long)environ, 0, 0, 0) != -ENOENT;
	failed |= work(the_call);
	fflush(stdout);
	raw_call(SYS_execve, (long)argv[0], (long)args, (long)environ, 0, 0, 0);
	failed = 1;
}

/* --- signals -------------------------------------------------------------------- */

static void print_mask(const char *what)
{
	sigset_t now;

	pthread_sigmask(SIG_BLOCK, NULL, &now);
	printf("%s:", what);
	for (int i = 1; i <= 64; i++)
		if (sigismember(&now, i) == 1)
			printf(" %d", i);
	printf("\n");
}

static void blocked(void)
{
	sigset_t all, old;

	sigfillset(&all);
	print_mask("mask at first");
	pthread_sigmask(SIG_SETMASK, &all, &old);
	print_mask("mask");
	expect_blocked = 1;
	failed |= work(the_call);
	libc_threads();
	raw_threads();
	forks();
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	print_mask("mask at last");
	expect_blocked = 0;
	failed |= work(the_call);
}

static volatile int handled, handled_bad;

static void map_in_handler(int sig)
{
	(void)sig;
	handled_bad |= seven(the_call);
	handled++;
}

static void handle(int flags)
{
	struct sigaction act = { .sa_handler = map_in_handler,
				 .sa_flags = flags };
	sigset_t mask;

	sigfillset(&act.sa_mask);
	sigaction(SIGUSR1, &act, NULL);
	for (int i = 0; i < 10; i++) {
		raw_call(SYS_kill, getpid(), SIGUSR1, 0, 0, 0, 0);
		failed |= seven(the_call);
	}
	sigemptyset(&mask);
	sigaddset(&mask, SIGUSR1);
	sigprocmask(SIG_BLOCK, &mask, NULL);
	raise(SIGUSR1);
	sigfillset(&mask);
	sigdelset(&mask, SIGUSR1);
	sigsuspend(&mask);
	sigemptyset(&mask);
	sigprocmask(SIG_SETMASK, &mask, NULL);
}

static void handlers(void)
{
	stack_t s = { .ss_sp = malloc(65536), .ss_size = 65536 };

	handle(0);
	sigaltstack(&s, NULL);
	handle(SA_ONSTACK);
	handle(SA_NODEFER);
	failed |= handled_bad;
	printf("%d handled\n", handled);
}

static void block_sigsys(int sig, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;

	(void)sig;
	(void)info;
	sigaddset(&uc->uc_sigmask, SIGSYS);
}

struct kernel_action {
	void (*handler)(int, siginfo_t *, void *);
	unsigned long flags;
	void (*restorer)(void);
	uint64_t mask;
};

/* Not the bytes that everybody knows. */
void odd_restorer(void);
__asm__(".globl odd_restorer\n"
	"odd_restorer: xor %edi, %edi; mov $15, %eax; syscall");

static void masks(void)
{
	struct sigaction act = { .sa_sigaction = block_sigsys,
				 .sa_flags = SA_SIGINFO };
	struct kernel_action odd = { block_sigsys, SA_SIGINFO | 0x04000000,
				     odd_restorer, 0 };
	sigset_t none;

	sigemptyset(&none);
	for (int i = 0; i < 2; i++) {
		if (i)
			raw_call(SYS_rt_sigaction, SIGUSR1, (long)&odd, 0, 8,
				 0, 0);
		else
			sigaction(SIGUSR1, &act, NULL);
		raise(SIGUSR1);
		print_mask("after the handler");
		failed |= seven(the_call);
		pthread_sigmask(SIG_SETMASK, &none, NULL);
	}
}

/* --- ends of threads ------------------------------------------------------------ */

static int cleaned;

static void clean(void *arg)
{
	cleaned += (int)(long)arg;
}

static void *reader(void *arg)
{
	char c;

	pthread_cleanup_push(clean, (void *)1L);
	failed |= seven(the_call);
	pthread_cleanup_push(clean, (void *)10L);
	if (read(*(int *)arg, &c, 1) != 1)
		failed = 1;
	pthread_cleanup_pop(0);
	pthread_cleanup_pop(0);
	return NULL;
}

static void cancel(void)
{
	pthread_t id;
	void *end;
	int fd[2];

	failed |= pipe(fd);
	pthread_create(&id, NULL, reader, fd);
	usleep(50000);
	pthread_cancel(id);
	pthread_join(id, &end);
	printf("%s, cleaned %d\n", end == PTHREAD_CANCELED ? "cancelled" :
	       "not cancelled", cleaned);
}

static void unmap_and_end(struct thread *t)
{
	t->bad = seven(the_call);
	__asm__ volatile("mov $11, %%eax\n\t"	/* munmap */
			 "syscall\n\t"
			 "xor %%edi, %%edi\n\t"
			 "mov $60, %%eax\n\t"	/* exit */
			 "syscall"
			 : : "D"((long)t->stack & -PAGE),
			     "S"((long)sizeof(t->stack))
			 : "rax", "rcx", "r11", "memory");
	__builtin_unreachable();
}

static void unmap(void)
{
	struct thread *t;
	char *p;

	for (int i = 0; i < 20; i++) {
		p = (char *)raw_call(SYS_mmap, 0, 16 * PAGE, RW, ANON, -1, 0);
		/* its stack begins and ends with pages */
		t = (struct thread *)(p + PAGE -
				      offsetof(struct thread, stack));
		failed |= raw_thread(unmap_and_end, t) <= 0;
		join(t);
		failed |= t->bad;
	}
}

/* --- registers ------------------------------------------------------------------ */

/* rbx rbp r12-r15 rdi rsi rdx r10 r8 r9, rcx r11, flags before, the address
 * behind the call, two words of the red zone, xmm7. */
__attribute__((visibility("hidden"))) uint64_t seen[20];

__attribute__((noinline)) static long known_registers(long nr)
{
	long ret;

	__asm__ volatile(
		"push %%rbp\n\t"
		"push %%rbx\n\t"
		"mov $0x1111, %%ebx\n\t"
		"mov $0x2222, %%ebp\n\t"
		"mov $0x3333, %%r12d\n\t"
		"mov $0x4444, %%r13d\n\t"
		"mov $0x5555, %%r14d\n\t"
		"mov $0x6666, %%r15d\n\t"
		"mov $0x7777, %%r10d\n\t"
		"mov $0x8888, %%r8d\n\t"
		"mov $0x9999, %%r9d\n\t"
		"xor %%edi, %%edi\n\t"
		"xor %%esi, %%esi\n\t"
		"mov $0xaaaa, %%edx\n\t"
		"movq %%r9, %%xmm7\n\t"
		"movq $0xbbbb, -8(%%rsp)\n\t"
		"movq $0xcccc, -128(%%rsp)\n\t"
		"std\n\t"
		"stc\n\t"
		"syscall\n"
		"1:\n\t"
		"mov %%rbx, seen(%%rip)\n\t"
		"mov %%rbp, 8+seen(%%rip)\n\t"
		"mov %%r12, 16+seen(%%rip)\n\t"
		"mov %%r13, 24+seen(%%rip)\n\t"
		"mov %%r14, 32+seen(%%rip)\n\t"
		"mov %%r15, 40+seen(%%rip)\n\t"
		"mov %%rdi, 48+seen(%%rip)\n\t"
		"mov %%rsi, 56+seen(%%rip)\n\t"
		"mov %%rdx, 64+seen(%%rip)\n\t"
		"mov %%r10, 72+seen(%%rip)\n\t"
		"mov %%r8, 80+seen(%%rip)\n\t"
		"mov %%r9, 88+seen(%%rip)\n\t"
		"mov -8(%%rsp), %%rbx\n\t"
		"mov %%rbx, 128+seen(%%rip)\n\t"
		"mov -128(%%rsp), %%rbx\n\t"
		"mov %%rbx, 136+seen(%%rip)\n\t"
		"movq %%xmm7, 144+seen(%%rip)\n\t"
		"lea 1b(%%rip), %%rbx\n\t"
		"sub %%rbx, %%rcx\n\t"
		"mov %%rcx, 96+seen(%%rip)\n\t"
		"mov %%r11, 104+seen(%%rip)\n\t"
		"pushfq\n\t"
		"pop %%rbx\n\t"
		"cld\n\t"
		"mov %%rbx, 112+seen(%%rip)\n\t"
		"pop %%rbx\n\t"
		"pop %%rbp"
		: "=a"(ret)
		: "0"(nr)
		: "rcx", "rdx", "rdi", "rsi", "r8", "r9", "r10", "r11", "r12",
		  "r13", "r14", "r15", "xmm7", "cc", "memory");
	return ret;
}

static void registers(void)
{
	static const long calls[] = { SYS_munmap, SYS_getpid, SYS_fork,
				      SYS_fchown };

	for (unsigned int i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		long ret = known_registers(calls[i]);

		if (calls[i] == SYS_fork && !ret)
			raw_call(SYS_exit, seen[3] != 0x4444 || seen[12] ||
				 (seen[13] & 0x401) != 0x401 ||
				 !(seen[14] & 0x400), 0, 0, 0, 0, 0);
		else if (calls[i] == SYS_fork)
			reap("child", ret);
		else if (calls[i] != SYS_getpid)
			printf("%ld\n", ret);
		/* the sum of pushfq moves with xor's flags only */
		for (int j = 0; j < 19; j++)
			printf("%lx%c", seen[j], j == 18 ? '\n' : ' ');
	}
}

/* Generated code, each copy another place. */
static void places(void)
{
	for (int i = 0; i < 100; i++) {
		call_fn *call = generate_call();
		long pid = call ? call(SYS_fork, 0, 0, 0, 0, 0, 0) : -1;
		int status = -1;

		if (!pid)
			raw_call(SYS_exit_group, 7, 0, 0, 0, 0, 0);
		if (pid > 0)
			raw_call(SYS_wait4, pid, (long)&status, 0, 0, 0, 0);
		failed |= status != 7 << 8;
	}
}

int main(int argc, char **argv)
{
	const char *way = argc > 1 ? argv[1] : "inline";

	the_call = generate_call();
	if (!the_call)
		return 1;
	if (argc > 2)
		rounds = atol(argv[2]);
	if (!strcmp(way, "inline"))
		failed |= work(inline_call);
	if (!strcmp(way, "jit"))
		generated();
	if (!strcmp(way, "threads"))
		raw_threads();
	if (!strcmp(way, "pthreads"))
		libc_threads();
	if (!strcmp(way, "forks"))
		forks();
	if (!strcmp(way, "vfork"))
		reap("vfork", raw_vfork());
	if (!strcmp(way, "exec"))
		exec(argv);
	if (!strcmp(way, "blocked"))
		blocked();
	if (!strcmp(way, "handler"))
		handlers();
	if (!strcmp(way, "mask"))
		masks();
	if (!strcmp(way, "cancel"))
		cancel();
	if (!strcmp(way, "unmap"))
		unmap();
	if (!strcmp(way, "registers"))
		registers();
	if (!strcmp(way, "places"))
		places();
	puts(failed ? "failed" : "done");
	return failed;
}
