/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Alternate stacks of our own; contract in altstack.h. */
#include <errno.h>

#include "base/compiler.h"
#include "base/flags.h"
#include "base/raw_syscall.h"
#include "intercept/altstack.h"
#include "intercept/intercept.h"

/*
 * A signal frame is 3 kB with AVX-512 and 11 kB with AMX; a handler of ours goes
 * on to the mirror's stack for what takes room.
 */
#define STACK_BYTES (20 * 1024)
#define STACKS	    4096

/*
 * Never given back to the kernel, so that a frame on one can always be read. A
 * thread that ended without giving its own back is found when another is wanted;
 * stacks from before a fork are not: whoever has them may run on.
 */
struct own_stack {
	char *mem;
	int pid, tid;			/* tid 0: free */
};

static struct own_stack stacks[STACKS];	/* [lock] but for mem, once set */
static unsigned int nr_stacks;
static char first[STACK_BYTES] __attribute__((aligned(64)));

bool altstack_on;

bool altstack_is_ours(uintptr_t sp)
{
	unsigned int n = __atomic_load_n(&nr_stacks, __ATOMIC_ACQUIRE);

	for (unsigned int i = 0; i < n; i++)
		if (sp > (uintptr_t)stacks[i].mem &&
		    sp <= (uintptr_t)stacks[i].mem + STACK_BYTES)
			return true;
	return false;
}

static long current(stack_t *s)
{
	return raw_sys2(SYS_sigaltstack, NULL, s);
}

static bool is_ours(const stack_t *s)
{
	return s->ss_size == STACK_BYTES &&
	       altstack_is_ours((uintptr_t)s->ss_sp + 1);
}

static struct own_stack *find_free(void)
{
	for (unsigned int i = 0; i < nr_stacks; i++)
		if (!stacks[i].tid)
			return &stacks[i];
	return NULL;
}

static struct own_stack *find_left(int pid)
{
	for (unsigned int i = 0; i < nr_stacks; i++)
		if (stacks[i].pid == pid &&
		    raw_sys2(SYS_tkill, stacks[i].tid, 0) == -ESRCH)
			return &stacks[i];
	return NULL;
}

static struct own_stack *add(void)
{
	struct own_stack *s = &stacks[nr_stacks];

	if (nr_stacks == STACKS)
		return NULL;
	s->mem = nr_stacks ? memory_alloc(STACK_BYTES) : first;
	if (!s->mem)
		return NULL;
	__atomic_store_n(&nr_stacks, nr_stacks + 1, __ATOMIC_RELEASE);
	return s;
}

/* New chunks are not for every thread that ever was: the dead are looked for
 * where the list has filled another block. */
#define BLOCK 32

static long take(void *arg)
{
	struct own_stack **out = arg, *s = find_free();
	int pid = (int)raw_sys0(SYS_getpid);

	if (!s && nr_stacks && !(nr_stacks % BLOCK))
		s = find_left(pid);
	if (!s)
		s = add();
	if (!s)
		return -ENOMEM;
	s->pid = pid;
	s->tid = (int)raw_sys0(SYS_gettid);
	*out = s;
	return 0;
}

static long give(void *arg)
{
	uintptr_t mem = *(uintptr_t *)arg;

	for (unsigned int i = 0; i < nr_stacks; i++)
		if ((uintptr_t)stacks[i].mem == mem)
			stacks[i].tid = 0;
	return 0;
}

void altstack_begin(void)
{
	struct own_stack *own;
	stack_t s;

	if (!altstack_on || shadow.sealed || current(&s) ||
	    !(s.ss_flags & SS_DISABLE) || shadow_with_lock(take, &own))
		return;
	s = (stack_t){ .ss_sp = own->mem, .ss_size = STACK_BYTES };
	raw_sys2(SYS_sigaltstack, &s, NULL);
}

void altstack_end(void)
{
	const stack_t none = { .ss_flags = SS_DISABLE };
	uintptr_t mem;
	stack_t s;

	if (!altstack_on || shadow.sealed || current(&s) || !is_ours(&s))
		return;
	mem = (uintptr_t)s.ss_sp;
	raw_sys2(SYS_sigaltstack, &none, NULL);
	shadow_with_lock(give, &mem);
}

void altstack_start(void)
{
	if (shadow.options.faults == OPTIONS_FAULTS_OFF)
		return;
	altstack_on = true;
	altstack_begin();
}

long intercept_thread(struct door *d)
{
	if (altstack_on && !shadow.sealed && !shadow_is_child() &&
	    shadow_is_process()) {
		if (d->info->nr == SYS_exit)
			altstack_end();
		else
			altstack_begin();
	}
	return shadow_raw(d);
}

/* --- the program's own ------------------------------------------------------------ */

/*
 * The kernel judges what the program asks for: what it refuses changes nothing.
 * Whoever gives up its own gets ours again, who sets one gives ours back.
 */
long intercept_altstack(struct door *d)
{
	const long *a = d->regs->arg;
	stack_t old, set;
	bool ours;
	long ret;

	if (!altstack_on || shadow.sealed)
		return shadow_raw(d);
	if (a[0] && !program_read(&set, (unsigned long)a[0], sizeof(set)))
		return -EFAULT;
	ret = raw_sys2(SYS_sigaltstack, a[0] ? &set : NULL, &old);
	if (ret)
		return ret;
	ours = is_ours(&old);
	if (ours && a[0] && !(set.ss_flags & SS_DISABLE))
		shadow_with_lock(give, &(uintptr_t){ (uintptr_t)old.ss_sp });
	else if (ours && a[0])
		raw_sys2(SYS_sigaltstack, &old, NULL);
	else if (a[0] && set.ss_flags & SS_DISABLE)
		altstack_begin();
	if (ours)
		old = (stack_t){ .ss_flags = SS_DISABLE };
	if (a[1] && !program_write((unsigned long)a[1], &old, sizeof(old)))
		return -EFAULT;
	return 0;
}

void altstack_handler(int sig, siginfo_t *info, void *context)
{
	flags_unchecked();
	signals_go_on(sig, info, context);
}
