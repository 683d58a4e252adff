/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where instructions go: each is assembled here, decoded, and its accesses read
 * back as text: "w8 1008 s" is a write of 8 bytes at 0x1008 by way of the stack.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "insn/insn.h"
#include "tap.h"

#define REGS_RIP 0x400000

static const struct insn_regs regs = {
	.gpr = {
		[INSN_RAX] = 0x1000, [INSN_RCX] = 3, [INSN_RDX] = 0x20,
		[INSN_RBX] = 0x8000000000001000, [INSN_RSP] = 0x7000,
		[INSN_RBP] = 0x7100, [INSN_RSI] = 0x5000, [INSN_RDI] = 0x6000,
		[INSN_R9] = 0x9000, [INSN_R12] = 0xc000, [INSN_R13] = 0xd000,
	},
	.rip = REGS_RIP, .fs_base = 0xf0000, .gs_base = 0x80000,
};

static struct insn insn;
static char text[128], seen[256];

static const char *decoded(const void *code, const void *end)
{
	size_t n = (size_t)((const char *)end - (const char *)code);
	int err = insn_decode(code, n, &regs, &insn, text, sizeof(text));

	if (err)
		return "no instruction";
	seen[0] = '\0';
	for (unsigned int i = 0; i < insn.nr; i++) {
		const struct insn_access *a = &insn.access[i];

		snprintf(seen + strlen(seen), sizeof(seen) - strlen(seen),
			 "%s%s%s%u %llx%s", i ? ", " : "",
			 a->way & INSN_READ ? "r" : "",
			 a->way & INSN_WRITE ? "w" : "", a->size,
			 (unsigned long long)a->addr, a->stack ? " s" : "");
	}
	if (insn.length != n)
		return "another length";
	return seen;
}

/* The instruction as gas reads it, one a line of this file. */
#define IS_AT(line, assembly, want)					\
	do {								\
		extern const char code_##line[], end_##line[];		\
		__asm__(".pushsection .rodata\n"			\
			"code_" #line ": " assembly "\n"		\
			"end_" #line ": .popsection");			\
		is_str(decoded(code_##line, end_##line), want, "%s",	\
		       assembly);					\
	} while (0)
#define IS_LINE(line, assembly, want) IS_AT(line, assembly, want)
#define IS(assembly, want) IS_LINE(__LINE__, assembly, want)

static void test_plain_operands(void)
{
	IS("mov (%rax), %ecx", "r4 1000");
	is_str(text, "mov (%rax), %ecx", "in the assembler's words");
	IS("movb $1, 7(%rax)", "w1 1007");
	IS("mov %rdx, -8(%rax,%rcx,8)", "w8 1010");
	IS("add %rdx, (%r12)", "rw8 c000");
	IS("mov 0x10(%r13,%r9,2), %ax", "r2 1f010");
	IS("mov 0x1234(,%rdx,4), %al", "r1 12b4");
	IS("mov 0x100(%rip), %rax", "r8 400107");
	IS("movabs 0x1122334455667788, %rax", "r8 1122334455667788");
	IS("lea 8(%rax), %rcx", "");
	IS("nop", "");
	IS("mov (%ebx,%edx), %ecx", "r4 1020");
	IS("cmpq $0, (%rbp)", "r8 7100 s");
	IS("mov 8(%rsp), %rax", "r8 7008 s");
}

static void test_segments(void)
{
	IS("mov %fs:0x28, %rax", "r8 f0028");
	IS("mov %rax, %gs:(%rdx)", "w8 80020");
}

static void test_the_stack(void)
{
	IS("push %rax", "w8 6ff8 s");
	IS("push (%rax)", "r8 1000, w8 6ff8 s");
	IS("call . + 16", "w8 6ff8 s");
	IS("call *(%rax)", "r8 1000, w8 6ff8 s");
	IS("pop %rax", "r8 7000 s");
	IS("ret", "r8 7000 s");
	IS("popq (%rsp)", "w8 7008 s, r8 7000 s");
}

static void test_strings(void)
{
	IS("rep movsb", "w1 6000, r1 5000");
	IS("rep stosq", "w8 6000");
	IS("lodsl", "r4 5000");
	IS("cmpsb", "r1 5000, r1 6000");
}

static void test_vectors(void)
{
	IS("movups (%rax), %xmm0", "r16 1000");
	IS("vmovdqu %ymm0, 0x20(%rax)", "w32 1020");
	IS("vgatherdps %xmm1, (%rax,%xmm2,4), %xmm0", "");
	ok(insn.scattered, "a gather's addresses are not known");
	IS("cmpxchg16b (%rax)", "rw16 1000");
}

static void test_finding_the_address_of_a_trap(void)
{
	IS("rep movsb", "w1 6000, r1 5000");
	ok(insn_find(&insn, 0x5000) == &insn.access[1], "the source");
	ok(insn_find(&insn, 0x6000) == &insn.access[0], "the target");
	ok(!insn_find(&insn, 0x6001), "neither");
	ok(!insn_not_canonical(&insn, 48), "both addresses are good");
	IS("mov %rax, 0x10(%rbx)", "w8 8000000000001010");
	ok(insn_not_canonical(&insn, 48) == &insn.access[0], "no address");
	IS("mov 0x00ff800000000000, %al", "r1 ff800000000000");
	ok(insn_not_canonical(&insn, 48) == &insn.access[0],
	   "none with four levels");
	ok(!insn_not_canonical(&insn, 57), "but one with five");
	IS("movaps 8(%rax), %xmm0", "r16 1008");
	ok(insn_unaligned(&insn) == &insn.access[0], "not aligned");
	IS("movaps 16(%rax), %xmm0", "r16 1010");
	ok(!insn_unaligned(&insn), "aligned");
	IS("vmovaps 16(%rax), %ymm0", "r32 1010");
	ok(insn_unaligned(&insn), "not to 32");
}

static void test_privileges(void)
{
	IS("hlt", "");
	ok(insn.privileged, "hlt");
	IS("in (%dx), %al", "");
	ok(insn.privileged, "in");
	IS("cli", "");
	ok(insn.privileged, "cli");
	IS("mov (%rax), %ecx", "r4 1000");
	ok(!insn.privileged, "mov");
}

static void test_no_instruction(void)
{
	static const unsigned char bad[] = { 0x0f, 0x0b }, cut[] = { 0x48 };

	is_str(decoded(bad, bad + 2), "", "ud2 is one");
	is_i64(insn_decode(cut, 1, &regs, &insn, text, sizeof(text)), -EINVAL,
	       "a prefix is none");
	is_i64(insn_decode(bad, 2, &regs, &insn, NULL, 0), 0, "without a text");
}

int main(void)
{
	test_plain_operands();
	test_segments();
	test_the_stack();
	test_strings();
	test_vectors();
	test_finding_the_address_of_a_trap();
	test_privileges();
	test_no_instruction();
	return done_testing();
}
