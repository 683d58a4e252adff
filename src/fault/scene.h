/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside fault: one fault while it is being explained. */
#ifndef VS_FAULT_SCENE_H
#define VS_FAULT_SCENE_H

#include <signal.h>
#include <ucontext.h>

#include "engine/fault.h"
#include "insn/insn.h"
#include "shadow/history.h"
#include "shadow/shadow.h"

#define SCENE_HISTORY 6
#define SCENE_STACK   16	/* frames of the fault */
#define SCENE_CALLERS 8		/* ... and of each call of the past */
#define SCENE_FRAMES  (SCENE_STACK + SCENE_HISTORY * SCENE_CALLERS)
#define SCENE_TEXT    1024
#define SCENE_VIEWS   3

/* [lock] Large: there is one, of the owner of the lock. */
struct scene {
	const siginfo_t *info;
	const ucontext_t *uc;
	bool handled;
	int thread;

	struct insn_regs regs;
	struct insn insn;
	bool decoded;
	const struct insn_access *access;	/* the one that faulted, or NULL */

	struct mm_fault fault;
	struct fault_verdict v;
	bool hit;			/* the page fault's address is one */
	unsigned long addr;		/* the kernel's, or the computed one */
	bool addr_known;
	bool changed_since;		/* somebody changed it meanwhile */

	/* What the report points to. */
	struct report_fault report;
	struct report_past history[SCENE_HISTORY];
	const char *frames[SCENE_FRAMES];
	unsigned int nr_frames;
	char frame_text[16384];
	size_t frame_bytes;
	struct vma_view views[SCENE_VIEWS];
	unsigned int nr_views;
	uint64_t registers[REPORT_REGISTERS];
	char instruction[128];
	char verdict[SCENE_TEXT];
};

/* scene.c: registers, trap and instruction, from what the kernel handed over. */
void scene_read(struct scene *s);
/* Is it a page fault, so that address and error code mean something? */
static inline bool scene_is_page_fault(const struct scene *s)
{
	return s->info->si_code > 0 && s->info->si_code != FAULT_SI_KERNEL &&
	       s->fault.trap == X86_TRAP_PF;
}

/* facts.c: predict, find out what the prediction lacks, predict again. */
void scene_judge(struct scene *s);

/* past.c */
void scene_look_back(struct scene *s);
/* The line of @vma, NULL for NULL. */
const struct vma_view *scene_view(struct scene *s,
				  const struct vm_area_struct *vma);
/*
 * Up to @max of the stack that history has as number @id, or that was interrupted
 * by the fault, kept with the scene. Returns how many, the first in *@frames.
 */
size_t scene_callers(struct scene *s, uint32_t id, unsigned int max,
		     const char *const **frames);
size_t scene_stack(struct scene *s, const char *const **frames);

/* verdict.c: one sentence into s->verdict. */
void scene_say(struct scene *s);

/* Names of signals and their codes, "?" for others. */
const char *scene_signal_name(int signal);
const char *scene_code_name(int signal, int code);

#endif
