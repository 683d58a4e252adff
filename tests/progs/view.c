/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A program's view of its system calls. Each call that somebody could stand in
 * the way of is made well and badly, by a syscall instruction of the program,
 * by libc's function and by syscall(3), on a deep stack and on one that is not
 * the thread's own. Printed is what each left: the answer, and whatever else is
 * not as it was. The output must be the same, byte for byte, whoever looks on.
 *
 * A call by instruction leaves all but rax, rcx and r11; a called function may
 * spoil what the ABI lets it spoil, but not vector registers: none of these
 * functions does.
 */
#include <cpuid.h>
#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "view.h"
#include "view_calls.h"

#define DEEP	  65536
#define BELOW	  32768		/* of it below the stack pointer */
#define RED_ZONE  128
#define OUR_SHARE 512		/* what may be used below the red zone */
#define PATTERN	  0xa5

enum way { BY_SITE, BY_FUNCTION, BY_SYSCALL3, WAYS };

static const char *const way_names[] = { "site", "function", "syscall(3)" };

/* --- what is loaded -------------------------------------------------------------- */

/* Status flags, direction, alignment check, identification. */
#define STATUS 0x8d5UL
#define DF     0x400UL
#define AC     0x40000UL
#define ID     0x200000UL
#define ALWAYS 0x202UL

static unsigned char fill(size_t i)
{
	return (unsigned char)(i * 37 + 11);
}

static void fill_component(unsigned int n)
{
	unsigned int size, offset, c, d;

	__cpuid_count(0xd, n, size, offset, c, d);
	for (size_t i = 0; i < size && offset + i < V_XSAVE; i++)
		view_fpu_in[offset + i] = fill(i + n);
	view_fpu_in[512] |= (unsigned char)(1u << n);
}

/* Legacy state by hand, then all that programs compute with. */
static void fill_fpu(void)
{
	static const uint16_t control = 0x0f7f;	/* round to zero, extended */
	static const uint32_t mxcsr = 0xdf80;	/* flush, round up */
	unsigned int low, b, c, high;

	__cpuid_count(0xd, 0, low, b, c, high);
	memcpy(view_fpu_in, &control, sizeof(control));
	view_fpu_in[4] = 0xff;			/* all eight are in use */
	memcpy(view_fpu_in + 24, &mxcsr, sizeof(mxcsr));
	for (size_t i = 0; i < 8; i++) {
		memset(view_fpu_in + 32 + 16 * i, 0x40 + (int)i, 9);
		view_fpu_in[32 + 16 * i + 9] = 0x40;
	}
	for (size_t i = 160; i < 416; i++)
		view_fpu_in[i] = fill(i);
	view_fpu_in[512] = 3;
	for (unsigned int n = 2; n < 8; n++)
		if (low >> n & 1 && (n == 2 || n > 4))
			fill_component(n);
}

static const struct view_site *site_of(long nr)
{
	for (unsigned long i = 0; i < view_sites_count; i++)
		if (view_sites[i].nr == nr)
			return &view_sites[i];
	return NULL;
}

static void *function_of(const char *name)
{
	return name ? dlsym(RTLD_DEFAULT, name) : NULL;
}

static const unsigned char syscall_order[] = {
	V_RDI, V_RSI, V_RDX, V_R10, V_R8, V_R9,
};
static const unsigned char function_order[] = {
	V_RDI, V_RSI, V_RDX, V_RCX, V_R8, V_R9,
};

static void load(const struct view_call *call, enum way way, char *sp)
{
	unsigned long *stack = (unsigned long *)(void *)sp;

	for (unsigned int i = 0; i < V_FLAGS; i++)
		view_in[i] = 0x1111111111111111UL * i + 0xabcd;
	view_in[V_RSP] = (unsigned long)sp;
	view_in[V_FLAGS] = ALWAYS | STATUS | ID;
	if (way == BY_SITE) {
		/* the direction, too, which functions find clear */
		view_in[V_FLAGS] |= DF | AC;
		for (unsigned int i = 0; i < 6; i++)
			view_in[syscall_order[i]] =
				(unsigned long)call->arg[i];
		view_target = site_of(call->nr)->code;
		return;
	}
	stack[0] = (unsigned long)view_leave;
	if (way == BY_FUNCTION) {
		for (unsigned int i = 0; i < 6; i++)
			view_in[function_order[i]] =
				(unsigned long)call->arg[i];
		view_target = function_of(call->function);
		return;
	}
	view_in[V_RDI] = (unsigned long)call->nr;
	for (unsigned int i = 0; i < 5; i++)
		view_in[function_order[i + 1]] = (unsigned long)call->arg[i];
	stack[1] = (unsigned long)call->arg[5];
	view_target = function_of("syscall");
}

/* --- what is left ----------------------------------------------------------------- */

static const char *const names[V_REGS] = {
	"rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp", "rsp", "r8", "r9",
	"r10", "r11", "r12", "r13", "r14", "r15", "flags",
};

/* What every call keeps, and what only the kernel does. */
#define KEPT (1 << V_RBX | 1 << V_RBP | 1 << V_RSP | 1 << V_R12 | \
	      1 << V_R13 | 1 << V_R14 | 1 << V_R15)
#define KEPT_BY_KERNEL (KEPT | 1 << V_RDX | 1 << V_RSI | 1 << V_RDI | \
			1 << V_R8 | 1 << V_R9 | 1 << V_R10 | 1 << V_FLAGS)

static void compare_registers(enum way way, long nr)
{
	unsigned int kept = way == BY_SITE ? KEPT_BY_KERNEL : KEPT;

	if (way != BY_SITE)
		view_in[V_RSP] += 8;
	for (unsigned int i = 0; i < V_REGS; i++)
		if (kept >> i & 1 && view_in[i] != view_out[i])
			printf(" %s %lx->%lx", names[i], view_in[i],
			       view_out[i]);
	if (way == BY_SITE) {
		if (view_out[V_RCX] != (unsigned long)site_of(nr)->next)
			printf(" rcx is not the next address");
		if (view_out[V_R11] != view_out[V_FLAGS])
			printf(" r11 %lx flags %lx", view_out[V_R11],
			       view_out[V_FLAGS]);
	} else if (view_out[V_FLAGS] & DF) {
		printf(" direction");
	}
}

static void compare_fpu(void)
{
	for (size_t i = 0; i < V_XSAVE; i++)
		if (view_fpu_was[i] != view_fpu_out[i]) {
			printf(" vector state at %zu", i);
			return;
		}
}

/* Below the stack pointer nothing is written by a syscall instruction; above it
 * by nobody. */
static void compare_stack(enum way way, const unsigned char *sp,
			  const unsigned char *low)
{
	const unsigned char *red = sp - RED_ZONE;

	for (int i = 16; i < 1024; i++)
		if (sp[i] != PATTERN) {
			printf(" stack above");
			break;
		}
	if (way == BY_SITE)
		for (int i = 0; i < RED_ZONE; i++)
			if (red[i] != PATTERN) {
				printf(" red zone");
				break;
			}
	for (const unsigned char *p = low; p < red - OUR_SHARE; p++)
		if (*p != PATTERN) {
			printf(" stack used %d deep", (int)(red - p));
			break;
		}
}

static void print_answer(enum way way)
{
	long ret = (long)view_out[V_RAX];

	if (way == BY_FUNCTION && (int)ret == -1)
		ret = -1;	/* most of them return an int */
	if (ret > 4095 || ret < -4095)
		printf("an address");
	else if (way == BY_SITE && ret < 0)
		printf("%s", strerrorname_np((int)-ret));
	else
		printf("%ld", ret);
	if (way != BY_SITE)
		printf(" errno %d", errno);
}

/* --- what the kernel keeps of the thread's signals ---------------------------------- */

struct signals {
	sigset_t mask, pending;
	stack_t alt;
};

static void get_signals(struct signals *s)
{
	memset(s, 0, sizeof(*s));
	sigprocmask(SIG_BLOCK, NULL, &s->mask);
	sigpending(&s->pending);
	sigaltstack(NULL, &s->alt);
}

static void compare_signals(const struct signals *was)
{
	struct signals is;

	get_signals(&is);
	if (memcmp(&was->mask, &is.mask, sizeof(is.mask)))
		printf(" signal mask");
	if (memcmp(&was->pending, &is.pending, sizeof(is.pending)))
		printf(" pending signals");
	if (memcmp(&was->alt, &is.alt, sizeof(is.alt)))
		printf(" alternate stack");
}

/* Blocked, waiting, two of them with a word to say. */
static void leave_signals_pending(void)
{
	union sigval word = { .sival_int = 7 };
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGRTMIN);
	sigprocmask(SIG_BLOCK, &set, NULL);
	raise(SIGUSR1);
	sigqueue(getpid(), SIGRTMIN, word);
	word.sival_int = 8;
	sigqueue(getpid(), SIGRTMIN, word);
}

static void print_pending(void)
{
	struct timespec none = { 0, 0 };
	siginfo_t info;
	sigset_t set;

	sigfillset(&set);
	while (sigtimedwait(&set, &info, &none) > 0)
		printf("pending: signal %d code %d word %d\n", info.si_signo,
		       info.si_code, info.si_value.sival_int);
}

/* --- one call ------------------------------------------------------------------------ */

static void make(const struct view_call *call, enum way way, char *low,
		 size_t below, const char *where)
{
	char *sp = low + below;
	struct signals was;

	memset(low, PATTERN, below + 1024);
	load(call, way, sp);
	get_signals(&was);
	errno = 77;
	view_enter();
	printf("%s %s, %s, %s: ", call->name, call->good ? "good" : "bad",
	       way_names[way], where);
	print_answer(way);
	compare_registers(way, call->nr);
	compare_fpu();
	compare_stack(way, (unsigned char *)sp,
		      below > DEEP / 4 ? (unsigned char *)sp - RED_ZONE :
		      (unsigned char *)low);
	compare_signals(&was);
	putchar('\n');
}

/* A stack that is no thread's. */
static char elsewhere[16384] __attribute__((aligned(16)));

static void every_way(unsigned int index, bool good)
{
	char deep[DEEP] __attribute__((aligned(16)));
	struct view_call call;

	for (unsigned int i = 0; i < 2 * WAYS; i++) {
		enum way way = i / 2;
		/* instructions stand anywhere, calls at their boundary */
		size_t odd = way == BY_SITE ? 24 : 8;

		call.good = good;
		if (!view_call(index, &call) ||
		    (way == BY_FUNCTION && !call.function))
			continue;
		if (i % 2)
			make(&call, way, elsewhere, 8192 + odd, "elsewhere");
		else
			make(&call, way, deep, BELOW + odd, "deep");
		view_called(index);
	}
}

int main(void)
{
	setvbuf(stdout, malloc(65536), _IOFBF, 65536);
	fill_fpu();
	leave_signals_pending();
	view_calls_start();
	for (unsigned int i = 0; i < view_calls; i++) {
		every_way(i, true);
		every_way(i, false);
	}
	print_pending();
	view_rest();
	return 0;
}
