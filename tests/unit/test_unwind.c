/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rows of the unwind table against libunwind: a step from thousands of
 * addresses of real objects, over a made-up stack whose every word is
 * different, must end in the same rip, rsp and rbp. And walks of real stacks.
 */
#define UNW_LOCAL_ONLY
#include <libunwind.h>
#include <link.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "tap.h"
#include "unwind/walk.h"

/* --- the objects of this process ------------------------------------------ */

struct object {
	uintptr_t text, text_end;
	struct eh_table eh;
	char name[64];
};

static struct object objects[16];
static unsigned int nr_objects;

static uintptr_t segment_end(struct dl_phdr_info *info, uintptr_t at)
{
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *ph = &info->dlpi_phdr[i];
		uintptr_t start = info->dlpi_addr + ph->p_vaddr;

		if (ph->p_type == PT_LOAD && at >= start &&
		    at < start + ph->p_memsz)
			return start + ph->p_memsz;
	}
	return 0;
}

static int add_object(struct dl_phdr_info *info, size_t size, void *arg)
{
	struct object *o = &objects[nr_objects];

	(void)size;
	(void)arg;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *ph = &info->dlpi_phdr[i];
		uintptr_t at = info->dlpi_addr + ph->p_vaddr;

		if (ph->p_type == PT_LOAD && ph->p_flags & PF_X) {
			o->text = at;
			o->text_end = at + ph->p_memsz;
		} else if (ph->p_type == PT_GNU_EH_FRAME) {
			eh_table_open(&o->eh, at, ph->p_memsz, at,
				      segment_end(info, at));
		}
	}
	snprintf(o->name, sizeof(o->name), "%s",
		 *info->dlpi_name ? info->dlpi_name : "this program");
	nr_objects += o->eh.count && nr_objects < 15;
	return 0;
}

static int row_at(uintptr_t pc, struct unwind_row *row)
{
	struct eh_fde fde;

	*row = (struct unwind_row){ .kind = UNWIND_UNKNOWN };
	for (unsigned int i = 0; i < nr_objects; i++) {
		if (pc < objects[i].text || pc >= objects[i].text_end)
			continue;
		if (!eh_table_find(&objects[i].eh, pc, &fde))
			unwind_row_at(&fde, pc, row);
		return UNWIND_KEEP;
	}
	return UNWIND_NO_CODE;
}

/* --- single steps ---------------------------------------------------------- */

#define WORDS	8192
#define MIDDLE	(WORDS / 2)

static uintptr_t fake[WORDS];

struct regs {
	uintptr_t ip, sp, bp;
};

static bool within(uintptr_t at)
{
	return at >= (uintptr_t)fake && at < (uintptr_t)(fake + WORDS) &&
	       at % 8 == 0;
}

static uintptr_t word(uintptr_t at)
{
	return within(at) ? *(uintptr_t *)at : 0;
}

/* The caller by our row; false where the row does not say or goes far away. */
static bool step_by_row(const struct unwind_row *row, struct regs *r)
{
	uintptr_t cfa, bp = r->bp;

	switch (row->kind) {
	case UNWIND_RSP:
		cfa = r->sp + (uintptr_t)(intptr_t)row->cfa_off;
		break;
	case UNWIND_RBP:
		cfa = r->bp + (uintptr_t)(intptr_t)row->cfa_off;
		break;
	case UNWIND_REALIGNED:
		cfa = word(r->bp + (uintptr_t)(intptr_t)row->cfa_off);
		bp = word(r->bp);
		break;
	default:
		return false;
	}
	if (!within(cfa - 8))
		return false;
	if (row->rbp_off)
		bp = word(cfa + (uintptr_t)(intptr_t)row->rbp_off);
	*r = (struct regs){ word(cfa - 8), cfa, bp };
	return true;
}

static bool step_by_libunwind(struct regs *r)
{
	unw_context_t uc;
	unw_cursor_t c;
	unw_word_t v;

	unw_getcontext(&uc);
	uc.uc_mcontext.gregs[REG_RIP] = (greg_t)r->ip;
	uc.uc_mcontext.gregs[REG_RSP] = (greg_t)r->sp;
	uc.uc_mcontext.gregs[REG_RBP] = (greg_t)r->bp;
	if (unw_init_local(&c, &uc) || unw_step(&c) < 0)
		return false;
	unw_get_reg(&c, UNW_REG_IP, &v);
	r->ip = v;
	unw_get_reg(&c, UNW_REG_SP, &v);
	r->sp = v;
	unw_get_reg(&c, UNW_X86_64_RBP, &v);
	r->bp = v;
	return true;
}

/* Words that are addresses of the same stack, so that they can be followed. */
static void make_stack(void)
{
	for (size_t i = 0; i < WORDS; i++)
		fake[i] = (uintptr_t)&fake[(i * 2654435761u) % WORDS];
}

static void compare_steps(const struct object *o, unsigned int samples)
{
	unsigned int known = 0, same = 0, unknown = 0;
	uint64_t seed = 1;

	for (unsigned int i = 0; i < samples; i++) {
		struct regs ours = { 0, (uintptr_t)&fake[MIDDLE],
				     (uintptr_t)&fake[MIDDLE + 40] };
		struct unwind_row row;
		struct regs theirs;

		seed = seed * 6364136223846793005UL + 1442695040888963407UL;
		ours.ip = o->text + 1 + (seed >> 33) %
			  (o->text_end - o->text - 1);
		theirs = ours;
		row_at(ours.ip - 1, &row);
		if (!step_by_row(&row, &ours)) {
			unknown++;
			continue;
		}
		known++;
		if (step_by_libunwind(&theirs) && theirs.ip == ours.ip &&
		    theirs.sp == ours.sp && theirs.bp == ours.bp)
			same++;
		else if (known - same < 5)
			printf("# %s+%#lx kind %d cfa %d rbp %d\n", o->name,
			       theirs.ip - o->text, row.kind, row.cfa_off,
			       row.rbp_off);
	}
	ok(known == same && known > samples / 2,
	   "%s: %u steps as libunwind's, %u without a row", o->name, same,
	   unknown);
}

/* --- whole stacks ---------------------------------------------------------- */

static uintptr_t stack_end(uintptr_t sp)
{
	return (sp | 0xfff) + 1 + 16 * 4096;
}

static const struct unwind_space space = { row_at, stack_end };

#define DEEP 64

static uintptr_t ours[DEEP];
static void *theirs[DEEP];
static unsigned int nr_ours, nr_theirs;
static bool cut;

/* libunwind's list begins with us; ours with where we were called to walk. */
static __attribute__((noinline)) void walk_here(const struct unwind_space *s)
{
	struct unwind_regs regs;

	__asm__ volatile("lea 1f(%%rip), %0\n1:\n\tmov %%rsp, %1\n\tmov %%rbp, %2"
			 : "=&r"(regs.ip), "=&r"(regs.sp), "=&r"(regs.bp));
	nr_ours = unwind_walk(regs, stack_end(regs.sp), s, ours, DEEP, &cut);
	nr_theirs = (unsigned int)unw_backtrace(theirs, DEEP);
}

static bool same_walk(void)
{
	if (nr_ours != nr_theirs || nr_ours < 3)
		return false;
	for (unsigned int i = 1; i < nr_ours; i++)
		if (ours[i] != (uintptr_t)theirs[i])
			return false;
	return true;
}

static __attribute__((noinline)) int recurse(int n,
					     const struct unwind_space *s)
{
	volatile char room[100];
	int r;

	room[0] = (char)n;
	if (n)
		r = recurse(n - 1, s);
	else
		walk_here(s), r = 0;
	return r + room[0];
}

static int compare(const void *a, const void *b)
{
	static int once;

	if (!once++)
		walk_here(&space);
	return *(const int *)a - *(const int *)b;
}

static __attribute__((noinline)) void realigned(void)
{
	volatile char block[64] __attribute__((aligned(64)));
	volatile char *more = __builtin_alloca((size_t)rand() % 7 + 1);

	block[0] = more[0] = 1;
	walk_here(&space);
	block[1] = block[0];
}

static void on_signal(int sig)
{
	(void)sig;
	walk_here(&space);
}

static void *on_thread(void *arg)
{
	walk_here(&space);
	return arg;
}

static void walks(void)
{
	int some[] = { 3, 1, 2 };
	pthread_t thread;

	for (volatile int known = 0; known < 2; known++) {
		recurse(10, known ? NULL : &space);
		ok(same_walk() && !cut, "a recursion, rows %s: %u frames to _start",
		   known ? "known already" : "learned", nr_ours);
	}
	qsort(some, 3, sizeof(some[0]), compare);
	ok(same_walk(), "called back by libc: %u frames", nr_ours);
	realigned();
	ok(same_walk(), "a realigned frame: %u frames", nr_ours);
	signal(SIGUSR1, on_signal);
	raise(SIGUSR1);
	ok(same_walk(), "from a handler through what it interrupted: %u frames",
	   nr_ours);
	pthread_create(&thread, NULL, on_thread, NULL);
	pthread_join(thread, NULL);
	ok(same_walk(), "a thread: %u frames", nr_ours);
	unwind_forget();
	walk_here(NULL);
	ok(nr_ours == 0, "after unwind_forget() nothing is known");
}

int main(void)
{
	dl_iterate_phdr(add_object, NULL);
	make_stack();
	for (unsigned int i = 0; i < nr_objects; i++)
		compare_steps(&objects[i], 4000);
	walks();
	return done_testing();
}
