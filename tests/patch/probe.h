/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Running one call site with every register, the flags and the red zone set to
 * known values, and seeing what it leaves: probe.S.
 */
#ifndef TESTS_PATCH_PROBE_H
#define TESTS_PATCH_PROBE_H

#include <stdint.h>

#pragma GCC visibility push(hidden)

/* General registers in hardware order. */
enum { RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8, R9, R10, R11, R12, R13,
       R14, R15, NR_GPR };

struct probe_state {
	uint64_t gpr[NR_GPR];
	uint64_t flags;
	uint64_t red[16];	/* red[15] is just below rsp */
	uint64_t xmm[32];
};

/* What the site finds and what it leaves. */
extern struct probe_state probe_in, probe_out;

/* Two equal sites (getpid), one to be patched; and munmap on its own stack. */
void probe_native(void);
void probe_patched(void);
void probe_slot(void);
void probe_unmap(void);
extern const char probe_native_site[], probe_patched_site[], probe_unmap_site[],
		  probe_slot_site[];

/* A getpid site with the trap flag set around it, and unwind rows throughout. */
void probe_step(void);
extern const char probe_step_site[];

#pragma GCC visibility pop

#endif
