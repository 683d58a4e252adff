/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The walk; contracts in walk.h. */
#include "base/compiler.h"
#include "base/str.h"
#include "unwind/walk.h"

/* --- the table ------------------------------------------------------------- */

/*
 * One word an entry. An address of user space has 47 bits; they are mixed
 * one-to-one, so that index and tag together are the address again:
 *
 *	63                30 29  27 26          12 11        0
 *	| tag: 34 bits      | kind | CFA offset/8 | rbp: -off/8 |
 */
#define ADDR_BITS	47
#define INDEX_BITS	13
#define TAG_BITS	(ADDR_BITS - INDEX_BITS)
#define TAG_SHIFT	(64 - TAG_BITS)
#define ADDR_MASK	((1UL << ADDR_BITS) - 1)
#define CFA_SHIFT	12
#define CFA_BITS	15
#define KIND_SHIFT	(CFA_SHIFT + CFA_BITS)
#define RBP_MASK	((1UL << CFA_SHIFT) - 1)
#define CFA_MASK	((1UL << CFA_BITS) - 1)
#define CFA_BIAS	(1L << (CFA_BITS - 1))

_Static_assert(KIND_SHIFT + 3 <= TAG_SHIFT, "an entry is one word");

static uint64_t table[1 << INDEX_BITS];

/* Multiplication by an odd number, modulo a power of two, is one-to-one. */
static uint64_t mix(uintptr_t pc)
{
	return pc * 0x5bd1e9955bd1UL & ADDR_MASK;
}

static bool find(uintptr_t pc, struct unwind_row *row)
{
	uint64_t key = mix(pc);
	uint64_t e = __atomic_load_n(&table[key >> TAG_BITS], __ATOMIC_RELAXED);

	if (e >> TAG_SHIFT != (key & ((1UL << TAG_BITS) - 1)))
		return false;
	row->kind = e >> KIND_SHIFT & 7;
	row->cfa_off = (int32_t)(((long)(e >> CFA_SHIFT & CFA_MASK) - CFA_BIAS)
				 * 8);
	row->rbp_off = -(int32_t)((e & RBP_MASK) * 8);
	return row->kind != UNWIND_UNKNOWN;
}

/* A row that does not fit is read anew each time. */
static void keep(uintptr_t pc, const struct unwind_row *row)
{
	uint64_t key = mix(pc);
	long cfa = row->cfa_off / 8 + CFA_BIAS;
	long rbp = -(long)row->rbp_off / 8;
	uint64_t e;

	if (row->kind == UNWIND_UNKNOWN || pc & ~ADDR_MASK ||
	    row->cfa_off % 8 || row->rbp_off % 8 ||
	    (unsigned long)cfa > CFA_MASK || (unsigned long)rbp > RBP_MASK)
		return;
	e = key << TAG_SHIFT | (uint64_t)row->kind << KIND_SHIFT |
	    (uint64_t)cfa << CFA_SHIFT | (uint64_t)rbp;
	__atomic_store_n(&table[key >> TAG_BITS], e, __ATOMIC_RELAXED);
}

void unwind_forget(void)
{
	memset(table, 0, sizeof(table));
}

/* --- the walk -------------------------------------------------------------- */

struct walk {
	struct unwind_regs regs;
	uintptr_t end;			/* of the stack */
	const struct unwind_space *space;
	bool exact;			/* ip is where it stopped, no return */
};

static bool load(const struct walk *w, uintptr_t at, uintptr_t *value)
{
	if (at < w->regs.sp || at % 8 || at >= w->end || w->end - at < 8)
		return false;
	*value = *(const uintptr_t *)at;
	return true;
}

/*
 * A return address lies behind its call, which may be the last instruction of a
 * function that does not return: the row is that of the byte before.
 */
static bool lookup(const struct walk *w, struct unwind_row *row)
{
	uintptr_t pc = w->regs.ip - !w->exact;

	if (likely(find(pc, row)))
		return true;
	if (!w->space)
		return false;
	switch (w->space->row(pc, row)) {
	case UNWIND_KEEP:
		keep(pc, row);
		return true;
	case UNWIND_ONCE:
		return true;
	}
	return false;
}

static bool step_to(struct walk *w, uintptr_t cfa, uintptr_t bp)
{
	uintptr_t ip;

	if (cfa <= w->regs.sp || !load(w, cfa - 8, &ip))
		return false;
	w->regs = (struct unwind_regs){ .ip = ip, .sp = cfa, .bp = bp };
	w->exact = false;
	return ip != 0;
}

static bool step_cfa(struct walk *w, uintptr_t cfa, int32_t rbp_off)
{
	uintptr_t bp = w->regs.bp;

	if (rbp_off && !load(w, cfa + (uintptr_t)(intptr_t)rbp_off, &bp))
		return false;
	return step_to(w, cfa, bp);
}

/* As code is built that keeps rbp for it: rbp, return address, caller's frame. */
static bool step_frame_pointer(struct walk *w)
{
	uintptr_t bp;

	return load(w, w->regs.bp, &bp) && step_to(w, w->regs.bp + 16, bp);
}

static bool step_realigned(struct walk *w, int32_t off)
{
	uintptr_t cfa, bp;

	return load(w, w->regs.bp + (uintptr_t)(intptr_t)off, &cfa) &&
	       load(w, w->regs.bp, &bp) && step_to(w, cfa, bp);
}

/* Where rsp points when a handler has returned: struct ucontext (the kernel's). */
#define UC_RBP	120
#define UC_RSP	160
#define UC_RIP	168

/* The interrupted code may have been on another stack. */
static bool step_signal(struct walk *w)
{
	struct unwind_regs r;

	if (!load(w, w->regs.sp + UC_RIP, &r.ip) ||
	    !load(w, w->regs.sp + UC_RSP, &r.sp) ||
	    !load(w, w->regs.sp + UC_RBP, &r.bp) || !w->space)
		return false;
	w->end = w->space->stack_end(r.sp);
	w->regs = r;
	w->exact = true;
	return w->end != 0;
}

static bool step(struct walk *w, const struct unwind_row *row)
{
	uintptr_t off = (uintptr_t)(intptr_t)row->cfa_off;

	switch (row->kind) {
	case UNWIND_RSP:
		return step_cfa(w, w->regs.sp + off, row->rbp_off);
	case UNWIND_RBP:
		return step_cfa(w, w->regs.bp + off, row->rbp_off);
	case UNWIND_REALIGNED:
		return step_realigned(w, row->cfa_off);
	case UNWIND_SIGNAL:
		return step_signal(w);
	case UNWIND_UNKNOWN:
		return step_frame_pointer(w);
	case UNWIND_LAST:
		break;
	}
	return false;
}

unsigned int unwind_walk(struct unwind_regs regs, uintptr_t end,
			 const struct unwind_space *space, uintptr_t *frames,
			 unsigned int max, bool *cut)
{
	struct walk w = { .regs = regs, .end = end, .space = space };
	struct unwind_row row = { .kind = UNWIND_UNKNOWN };
	unsigned int n = 0;

	while (n < max) {
		if (!lookup(&w, &row))
			break;
		frames[n++] = w.regs.ip;
		if (!step(&w, &row))
			break;
	}
	*cut = row.kind != UNWIND_LAST;
	return n;
}
