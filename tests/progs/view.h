/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What view_enter.S and view.c agree on: all that a call could see or spoil. */
#ifndef TESTS_PROGS_VIEW_H
#define TESTS_PROGS_VIEW_H

#define V_RAX 0
#define V_RBX 1
#define V_RCX 2
#define V_RDX 3
#define V_RSI 4
#define V_RDI 5
#define V_RBP 6
#define V_RSP 7
#define V_R8 8
#define V_R9 9
#define V_R10 10
#define V_R11 11
#define V_R12 12
#define V_R13 13
#define V_R14 14
#define V_R15 15
#define V_FLAGS 16
#define V_REGS 17

#define V_XSAVE 16384		/* bytes: more than any processor has state */

#ifndef __ASSEMBLER__

extern unsigned long view_in[V_REGS], view_out[V_REGS];
extern const void *view_target;
extern unsigned char view_fpu_in[V_XSAVE], view_fpu_out[V_XSAVE];
/* The same after one load and one store: what a call must leave. */
extern unsigned char view_fpu_was[V_XSAVE];

/* Load everything from the _in, go to view_target, store everything in _out. */
void view_enter(void);
/* Where a called function returns to. */
extern const char view_leave[];

/* One syscall instruction each, in a program's own text: "mov $nr, %eax;
 * syscall", and what comes after. In the order of the system calls' numbers. */
struct view_site {
	long nr;
	const void *code, *next;
};

extern const struct view_site view_sites[];
extern const unsigned long view_sites_count;

#endif
#endif
