/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the entry code leaves to the program: each register, the flags, the red
 * zone, a stack that may go away, and a stack that can be walked from every
 * instruction. What must not be noticed is compared with a site left alone.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include "base/raw_syscall.h"
#include "base/switch.h"
#include "../patch/door.h"
#include "../patch/probe.h"
#include "tap.h"

struct probe_state probe_in, probe_out;

int main(void);

static void patch_own_sites(void)
{
	struct patch_object self = find_object("");
	struct patch_site own[] = {
		site_here(probe_patched_site, SYS_getpid),
		site_here(probe_unmap_site, SYS_munmap),
		site_here(probe_step_site, SYS_getpid),
	};

	is_i64(patch_apply(own, ARRAY_SIZE(own), &self, 0), 3,
	       "own sites are written");
	for (size_t i = 0; i < ARRAY_SIZE(own); i++) {
		const unsigned char *p = (const unsigned char *)own[i].addr;

		is_i64(own[i].state, PATCH_WRITTEN, "own site %zu", i);
		ok(p[0] == 0xe9 && p[5] == 0x66 && p[6] == 0x90,
		   "own site %zu is a jmp and a nop", i);
	}
}

/* --- registers ----------------------------------------------------------- */

static bool put_back(const char *at, const void *bytes, size_t n)
{
	int fd = open("/proc/self/mem", O_RDWR);
	bool good = pwrite(fd, bytes, n, (off_t)(uintptr_t)at) == (ssize_t)n;

	close(fd);
	return good;
}

/* The stack that probes run on; below it is room for the door. */
static char probe_stack[65536] __attribute__((aligned(16)));

static void set_state(uint64_t flags, uintptr_t rsp)
{
	unsigned char *p = (unsigned char *)&probe_in;

	for (size_t i = 0; i < sizeof(probe_in); i++)
		p[i] = (unsigned char)(i * 37 + 11);
	probe_in.flags = flags;
	probe_in.gpr[RSP] = rsp;
	memset(&probe_out, 0, sizeof(probe_out));
}

static void check_unchanged(const char *what, uint64_t site)
{
	static const char *const names[] = {
		"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", "r8",
		"r9", "r10", "r11", "r12", "r13", "r14", "r15",
	};

	for (int i = 0; i < NR_GPR; i++)
		if (i != RAX && i != RCX && i != R11 &&
		    probe_out.gpr[i] != probe_in.gpr[i])
			ok(false, "%s: %s is kept", what, names[i]);
	is_u64(probe_out.gpr[RCX], site + 7, "%s: rcx", what);
	is_u64(probe_out.gpr[R11], probe_in.flags, "%s: r11 has the flags",
	       what);
	is_u64(probe_out.flags, probe_in.flags, "%s: flags", what);
	ok(!memcmp(probe_out.xmm, probe_in.xmm, sizeof(probe_in.xmm)),
	   "%s: vector registers", what);
}

#define FLAGS_SET   0xed7	/* carry parity adjust zero sign IF DF overflow */
#define FLAGS_CLEAR 0x202	/* only what is always set */

/* False: the site's function has none, as far as its entry knows. */
static bool red_zone = true;

static void check_probe(void (*probe)(void), const char *site, uint64_t flags,
			unsigned int skew)
{
	uintptr_t rsp = (uintptr_t)probe_stack + sizeof(probe_stack) - 256 -
			skew;
	struct probe_state native;
	char what[64];

	snprintf(what, sizeof(what), "flags %#" PRIx64 ", rsp %% 16 = %zu",
		 flags, (size_t)(rsp % 16));
	set_state(flags, rsp);
	probe_native();
	native = probe_out;
	is_u64(native.gpr[R11], flags, "%s: the kernel leaves them in r11",
	       what);
	set_state(flags, rsp);
	probe();
	check_unchanged(what, (uintptr_t)site);
	if (!red_zone)
		memcpy(probe_out.red, probe_in.red, sizeof(probe_in.red));
	ok(!memcmp(probe_out.red, probe_in.red, sizeof(probe_in.red)),
	   "%s: red zone", what);
	native.gpr[RCX] = probe_out.gpr[RCX];
	ok(!memcmp(&native, &probe_out, sizeof(native)),
	   "%s: all as a real syscall leaves it", what);
}

static void test_a_patched_site_is_like_a_real_one(void)
{
	long calls = door_calls[SYS_getpid];
	int rounds = 0;

	for (unsigned int skew = 0; skew < 16; skew += 3, rounds += 2) {
		check_probe(probe_patched, probe_patched_site, FLAGS_SET, skew);
		check_probe(probe_patched, probe_patched_site, FLAGS_CLEAR,
			    skew);
	}
	is_i64(door_calls[SYS_getpid] - calls, rounds,
	       "each patched call came to the door, and no other");
	ok(door_stack_most <= PATCH_ENTRY_STACK && door_stack_most > 128,
	   "entry code uses %ld of %d bytes of stack", door_stack_most,
	   PATCH_ENTRY_STACK);
	ok(!door_backwards, "the door's string instructions go forwards");
	ok(!door_misaligned, "the door's stack is always aligned");
}

/* The mov before the syscall moves, or what is behind it: a nop. */
static void patch_slot_site(unsigned int first)
{
	struct patch_object self = find_object("");
	struct patch_site s = site_here(probe_slot_site + first, -1);

	s.kind = PATCH_SITE_MOVED;
	s.at = (unsigned char)(5 - first);
	s.len = first ? 5 : 7;
	s.uses_red_zone = red_zone;
	memcpy(s.old, (const void *)s.addr, s.len);
	is_i64(patch_apply(&s, 1, &self, 0), 1, "a site with a neighbour");
}

static void check_slot(const char *what, long seen)
{
	long calls = door_calls[SYS_getpid];
	int rounds = 0;

	for (unsigned int skew = 0; skew < 16; skew += 5, rounds += 2) {
		check_probe(probe_slot, probe_slot_site, FLAGS_SET, skew);
		check_probe(probe_slot, probe_slot_site, FLAGS_CLEAR, skew);
	}
	is_i64(door_calls[SYS_getpid] - calls, seen * rounds, "%s", what);
}

static void test_a_slot_is_like_a_real_one(void)
{
	static unsigned char before[10];

	memcpy(before, probe_slot_site, sizeof(before));
	for (unsigned int form = 0; form < 4; form++) {
		red_zone = form / 2;
		patch_slot_site(form % 2 * 5);
		patch_numbers[SYS_getpid] = 0;
		check_slot("a number of no interest does not come to the door",
			   0);
		patch_numbers[SYS_getpid] = 7;
		check_slot("a number of interest comes to the door", 1);
		ok(put_back(probe_slot_site, before, sizeof(before)),
		   "the site is as it was");
		is_i64(patch_forget(0, UINTPTR_MAX), 1,
		       "its entry is free again, and no other");
	}
}

/* --- the stack that goes away -------------------------------------------- */

static char *doomed;
#define DOOMED_SIZE 16384

static void prepare_doomed(void)
{
	doomed = mmap(NULL, DOOMED_SIZE, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	set_state(FLAGS_SET, (uintptr_t)doomed + DOOMED_SIZE - 24);
	probe_in.gpr[RDI] = (uintptr_t)doomed;
	probe_in.gpr[RSI] = DOOMED_SIZE;
}

static int return_to_nothing(void)
{
	prepare_doomed();
	probe_unmap();
	return 0;
}

static void test_a_call_may_unmap_its_own_stack(void)
{
	unsigned char vec[DOOMED_SIZE / 4096];

	is_i64(in_child(return_to_nothing), 1000 + SIGSEGV,
	       "the ordinary way back needs the stack");
	prepare_doomed();
	door_mode = DOOR_LEAVE;
	probe_unmap();
	door_mode = DOOR_PLAIN;
	is_u64(probe_out.gpr[RAX], 0, "munmap of the own stack returns 0");
	check_unchanged("own stack", (uintptr_t)probe_unmap_site);
	ok(mincore(doomed, DOOMED_SIZE, vec) && errno == ENOMEM,
	   "the stack is gone");
}

/* --- unwinding ----------------------------------------------------------- */

static int stepped, step_lost, step_at_entry;
static uintptr_t step_lost_at;

static bool is_ours(uintptr_t ip)
{
	return ip >= (uintptr_t)patch_entry_code &&
	       ip < (uintptr_t)patch_exit_code;
}

/* After each instruction: can the stack be walked from here? */
static void on_step(int sig, siginfo_t *info, void *arg)
{
	const ucontext_t *uc = arg;
	uintptr_t ip = (uintptr_t)uc->uc_mcontext.gregs[REG_RIP];
	struct frames f;

	(void)sig;
	(void)info;
	if (!is_ours(ip))
		return;
	if (ip < (uintptr_t)patch_entry_code +
	    PATCH_ENTRIES * PATCH_ENTRY_SIZE &&
	    (ip - (uintptr_t)patch_entry_code) % PATCH_ENTRY_SIZE == 0) {
		step_at_entry++;
		return;
	}
	stepped++;
	f = unwind_here();
	if (f.main && f.probe)
		return;
	step_lost++;
	step_lost_at = ip;
}

static void check_steps(const char *what, int at_least)
{
	stepped = step_lost = step_at_entry = 0;
	probe_step();
	diag("%s: %d instructions stepped", what, stepped);
	ok(stepped >= at_least, "%s: at least %d instructions", what, at_least);
	is_i64(step_at_entry, 1, "%s: the first of an entry is the exception",
	       what);
	if (!is_i64(step_lost, 0, "%s: the walk reaches main from each", what))
		diag("%s: last lost at %s+0x%lx", what, "patch_entry_code",
		     step_lost_at - (uintptr_t)patch_entry_code);
}

static void test_every_instruction_of_ours_unwinds(void)
{
	check_steps("entry and return", 35);
	door_mode = DOOR_LEAVE;
	check_steps("entry and leave", 40);
	door_mode = DOOR_PLAIN;
}

static void test_the_door_sees_its_callers(void)
{
	door_mode = DOOR_UNWIND;
	probe_step();
	door_mode = DOOR_PLAIN;
	ok(door_frames.main && door_frames.probe,
	   "the walk from the door reaches main by way of the site's function");
}

static struct {
	char *sp;
	void *arg;
	struct frames frames;
} switched;

static long on_other_stack(void *arg)
{
	switched.sp = __builtin_frame_address(0);
	switched.arg = arg;
	switched.frames = unwind_here();
	return 4711;
}

static void test_a_call_on_another_stack(void)
{
	char *top = other_stack + sizeof(other_stack);

	is_i64(vs_call_on_stack(on_other_stack, &switched, top - 5), 4711,
	       "the result comes back");
	ok(switched.arg == &switched, "the argument arrives");
	ok(switched.sp < top && switched.sp > top - 256,
	   "the function runs at the top of the stack given");
	ok(switched.frames.main, "the walk reaches main across the change");
}

int main(void)
{
	struct sigaction sa = { .sa_sigaction = on_step, .sa_flags = SA_SIGINFO };

	program_main = main;
	probe_fn = probe_step;
	sigaction(SIGTRAP, &sa, NULL);
	unwind_here();
	patch_own_sites();
	test_a_patched_site_is_like_a_real_one();
	test_a_slot_is_like_a_real_one();
	test_a_call_may_unmap_its_own_stack();
	test_a_call_on_another_stack();
	test_every_instruction_of_ours_unwinds();
	test_the_door_sees_its_callers();
	return done_testing();
}
