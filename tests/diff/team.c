/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Threads of one process, without a libc that would allocate for them: static
 * stacks, clone(), two barriers. Calls are made in turns, one thread after the
 * other, or by several at the same time between two barriers; the mirror looks
 * on only while all of them wait.
 */
#include <linux/futex.h>
#include <linux/sched.h>

#include "diff.h"

#define STACK	16384
#define FLAGS	(CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND |	\
		 CLONE_THREAD | CLONE_SYSVSEM)

struct member {
	char stack[STACK] __attribute__((aligned(16)));
	struct request *job;
	unsigned int asked, answered;	/* how often; futexes */
	bool lives;
};

static struct member team[LANES];
static unsigned int arrived, starters;

static void futex_wait(unsigned int *word, unsigned int value)
{
	raw_sys4(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, 0);
}

static void futex_wake(unsigned int *word)
{
	raw_sys3(SYS_futex, word, FUTEX_WAKE_PRIVATE, 1);
}

/* So that they act at the same time, not one after the other was woken. */
static void start_together(void)
{
	__atomic_add_fetch(&arrived, 1, __ATOMIC_ACQ_REL);
	while (__atomic_load_n(&arrived, __ATOMIC_ACQUIRE) < starters)
		raw_sys0(SYS_sched_yield);
}

static void __attribute__((noreturn, used)) live(struct member *m)
{
	unsigned int done = 0;

	for (;; done++) {
		while (__atomic_load_n(&m->asked, __ATOMIC_ACQUIRE) == done)
			futex_wait(&m->asked, done);
		start_together();
		m->job->op.ret = request_make(m->job);
		__atomic_store_n(&m->answered, done + 1, __ATOMIC_RELEASE);
		futex_wake(&m->answered);
	}
}

/* The new thread finds its argument on its stack. */
static void spawn(struct member *m)
{
	void **top = (void **)(m->stack + STACK) - 2;
	long pid;

	m->asked = m->answered = 0;
	top[0] = m;
	__asm__ volatile("syscall\n\t"
			 "test %%eax, %%eax\n\t"
			 "jnz 1f\n\t"
			 "pop %%rdi\n\t"
			 "xor %%ebp, %%ebp\n\t"
			 "call live\n"
			 "1:"
			 : "=a"(pid)
			 : "0"((long)SYS_clone), "D"((long)FLAGS), "S"(top),
			   "d"(0L)
			 : "rcx", "r10", "r8", "r9", "r11", "memory", "cc");
	m->lives = pid > 0;
}

void team_forked(void)
{
	for (unsigned int i = 0; i < LANES; i++)
		team[i].lives = false;
}

static void hand_over(struct member *m, struct request *r)
{
	m->job = r;
	__atomic_add_fetch(&m->asked, 1, __ATOMIC_RELEASE);
	futex_wake(&m->asked);
}

static void await(struct member *m)
{
	unsigned int asked = m->asked, now;

	while ((now = __atomic_load_n(&m->answered, __ATOMIC_ACQUIRE)) != asked)
		futex_wait(&m->answered, now);
}

void team_make(struct request *r, unsigned int n, unsigned int first)
{
	unsigned int i;

	if (!first) {
		r->op.ret = request_make(r);
		return;
	}
	for (i = 0; i < n; i++)
		if (!team[first - 1 + i].lives)
			spawn(&team[first - 1 + i]);
	starters = n;
	arrived = 0;
	for (i = 0; i < n; i++)
		hand_over(&team[first - 1 + i], &r[i]);
	for (i = 0; i < n; i++)
		await(&team[first - 1 + i]);
}
