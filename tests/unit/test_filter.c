/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Seccomp filters run by hand. Each is written as programs write theirs, and what
 * it says to a call is known from what it was written for.
 */
#include <linux/audit.h>
#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/syscall.h>

#include "intercept/filter.h"
#include "tap.h"

#define AT(field)   offsetof(struct seccomp_data, field)
#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, AT(field))
#define ALLOW	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
#define KILL	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS)
#define IF_EQ(k, then, otherwise) \
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, k, then, otherwise)

static unsigned long unreadable;

/* The program's memory, as filter.c asks for it. */
bool program_read(void *here, unsigned long there, size_t bytes);
bool program_read(void *here, unsigned long there, size_t bytes)
{
	if (there == unreadable)
		return false;
	memcpy(here, (const void *)there, bytes);
	return true;
}

static bool says(struct sock_filter *rules, size_t n, int nr, uint64_t arg)
{
	struct sock_fprog prog = { (unsigned short)n, rules };
	struct seccomp_data data = {
		.nr = nr, .arch = AUDIT_ARCH_X86_64,
		.instruction_pointer = 0x7f0012345678, .args = { arg, 0x1ffffffff },
	};

	return filter_allows((unsigned long)&prog, &data);
}

#define SAYS(rules, nr, arg) \
	says(rules, sizeof(rules) / sizeof(*(rules)), nr, arg)

static void verdicts(void)
{
	static const uint32_t yes[] = { SECCOMP_RET_ALLOW, SECCOMP_RET_LOG,
					SECCOMP_RET_ALLOW | 7 };
	static const uint32_t no[] = { SECCOMP_RET_KILL_PROCESS, SECCOMP_RET_TRAP,
				       SECCOMP_RET_KILL_THREAD, SECCOMP_RET_TRACE,
				       SECCOMP_RET_ERRNO | 1,
				       SECCOMP_RET_USER_NOTIF };
	struct sock_filter rules[] = { ALLOW };

	for (unsigned int i = 0; i < 3; i++) {
		rules[0].k = yes[i];
		ok(SAYS(rules, 1, 0), "%08x lets through", yes[i]);
	}
	for (unsigned int i = 0; i < 6; i++) {
		rules[0].k = no[i];
		ok(!SAYS(rules, 1, 0), "%08x does not", no[i]);
	}
}

/* A list of numbers, as most are. */
static void by_number(void)
{
	struct sock_filter rules[] = {
		LOAD(arch),
		IF_EQ(AUDIT_ARCH_X86_64, 1, 0),
		KILL,
		LOAD(nr),
		IF_EQ(SYS_read, 3, 0),
		BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, SYS_prctl, 0, 1),
		BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, SYS_gettid, 1, 0),
		KILL,
		ALLOW,
	};

	ok(SAYS(rules, SYS_read, 0), "an equal number");
	ok(SAYS(rules, SYS_gettid, 0), "one that is as great");
	ok(SAYS(rules, SYS_gettid + 1, 0), "a greater one");
	ok(!SAYS(rules, SYS_prctl, 0), "one that is not greater");
	ok(!SAYS(rules, SYS_prctl + 1, 0), "one in between");
	rules[1].k = AUDIT_ARCH_I386;
	ok(!SAYS(rules, SYS_read, 0), "another machine");
}

/* Arguments are two words each, low first. */
static void by_argument(void)
{
	struct sock_filter rules[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, AT(args[0]) + 4),
		IF_EQ(5, 0, 4),
		LOAD(args[0]),
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0xf0, 0, 2),
		BPF_STMT(BPF_JMP | BPF_JA, 0),
		ALLOW,
		KILL,
	};

	ok(SAYS(rules, 1, 0x500000030), "both words, bits set");
	ok(!SAYS(rules, 1, 0x500000003), "the bits are others");
	ok(!SAYS(rules, 1, 0x600000030), "the high word is another");
	rules[0].k = AT(args[0]) + 2;
	ok(!SAYS(rules, 1, 0x500000030), "no word begins there");
	rules[0].k = sizeof(struct seccomp_data);
	ok(!SAYS(rules, 1, 0x500000030), "nor behind the end");
}

/* result == want, for one operation on 12 and @by. */
static bool computes(int op, uint32_t by, uint32_t want, int source)
{
	struct sock_filter rules[] = {
		BPF_STMT(BPF_LD | BPF_IMM, by),
		BPF_STMT(BPF_MISC | BPF_TAX, 0),
		BPF_STMT(BPF_STX, 3),
		BPF_STMT(BPF_LDX | BPF_IMM, 0),
		BPF_STMT(BPF_LDX | BPF_MEM, 3),
		BPF_STMT(BPF_LD | BPF_IMM, 12),
		BPF_STMT((unsigned short)(BPF_ALU | op | source), by),
		BPF_STMT(BPF_ST, 15),
		BPF_STMT(BPF_LD | BPF_IMM, 1),
		BPF_STMT(BPF_LD | BPF_MEM, 15),
		IF_EQ(want, 0, 1),
		ALLOW,
		KILL,
	};

	return SAYS(rules, 1, 0);
}

static void arithmetic(void)
{
	static const struct { int op; uint32_t by, want; const char *name; } t[] = {
		{ BPF_ADD, 5, 17, "add" }, { BPF_SUB, 13, ~0U, "sub" },
		{ BPF_MUL, 3, 36, "mul" }, { BPF_DIV, 5, 2, "div" },
		{ BPF_AND, 10, 8, "and" }, { BPF_OR, 3, 15, "or" },
		{ BPF_XOR, 6, 10, "xor" }, { BPF_LSH, 2, 48, "lsh" },
		{ BPF_RSH, 2, 3, "rsh" }, { BPF_NEG, 0, -12U, "neg" },
	};

	for (unsigned int i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		ok(computes(t[i].op, t[i].by, t[i].want, BPF_K),
		   "%s by a constant", t[i].name);
		ok(computes(t[i].op, t[i].by, t[i].want, BPF_X),
		   "%s by x", t[i].name);
		ok(!computes(t[i].op, t[i].by, t[i].want + 1, BPF_K),
		   "%s is nothing else", t[i].name);
	}
	ok(!computes(BPF_DIV, 0, 0, BPF_K), "nothing is divided by nothing");
}

static void length_and_x(void)
{
	struct sock_filter rules[] = {
		BPF_STMT(BPF_LDX | BPF_W | BPF_LEN, 0),
		BPF_STMT(BPF_MISC | BPF_TXA, 0),
		IF_EQ(sizeof(struct seccomp_data), 0, 3),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_X, 0, 0, 2),
		BPF_STMT(BPF_LD | BPF_IMM, SECCOMP_RET_ALLOW),
		BPF_STMT(BPF_RET | BPF_A, 0),
		KILL,
	};

	ok(SAYS(rules, 1, 0), "the length, x, and a verdict in a");
}

/* What the kernel would refuse lets nothing through. */
static void refused(void)
{
	struct sock_filter end[] = { LOAD(nr) };
	struct sock_filter far[] = { BPF_STMT(BPF_JMP | BPF_JA, 9), ALLOW };
	struct sock_filter bytes[] = {
		BPF_STMT(BPF_LD | BPF_B | BPF_IND, 0), ALLOW,
	};
	struct sock_filter fine[] = { ALLOW };

	ok(!SAYS(end, 1, 0), "no verdict");
	ok(!SAYS(far, 1, 0), "a jump behind the end");
	ok(!SAYS(bytes, 1, 0), "a mode that seccomp has not");
	ok(!says(fine, 0, 1, 0), "nothing at all");
	unreadable = (unsigned long)fine;
	ok(!SAYS(fine, 1, 0), "a pointer that leads nowhere");
}

int main(void)
{
	verdicts();
	by_number();
	by_argument();
	arithmetic();
	length_and_x();
	refused();
	return done_testing();
}
