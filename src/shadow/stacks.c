/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Stacks; contracts in stacks.h.
 *
 * A stack is walked by the owner of the mirror: the mirror says what of it may
 * be read and whose code a return address lies in, and nobody else is asked. A
 * call that was made without the lock is walked when its maker has the lock.
 */
#include "base/compiler.h"
#include "base/str.h"
#include "shadow/modules.h"
#include "shadow/stacks.h"
#include "unwind/walk.h"

#define VS_HASH_ALLOC(bytes) memory_alloc(bytes)
#define HASH_FUNCTION(key, len, hash) ((hash) = hash_frames(key, len))
#include "base/hash.h"

#define BLOCK	1024			/* numbers */
#define BLOCKS	32

struct stack {
	UT_hash_handle hh;
	uint32_t id, n;
	uintptr_t frames[];
};

static unsigned int depth;
static struct stack *stacks;			/* [lock] */
static struct stack **by_id[BLOCKS];		/* [lock] */
static uint32_t known;
uint64_t stacks_lost;

static uint32_t hash_frames(const void *key, size_t bytes)
{
	const uintptr_t *frame = key;
	uint64_t h = bytes;

	for (size_t i = 0; i < bytes / sizeof(*frame); i++)
		h = (h ^ frame[i]) * 0x9e3779b97f4a7c15UL;
	return (uint32_t)(h >> 32);
}

/* --- what the walk asks ---------------------------------------------------- */

static int row_at(uintptr_t pc, struct unwind_row *row)
{
	static struct eh_fde fde;		/* [lock] */
	const struct module *m = modules_find(pc);
	const struct vm_area_struct *vma;

	*row = (struct unwind_row){ .kind = UNWIND_UNKNOWN };
	if (!m) {
		vma = find_vma(&shadow.mm, pc);
		return vma && vma->vm_start <= pc && vma->vm_flags & VM_EXEC ?
		       UNWIND_ONCE : UNWIND_NO_CODE;
	}
	if (!eh_table_find(&m->eh, pc, &fde))
		unwind_row_at(&fde, pc, row);
	return UNWIND_KEEP;
}

static uintptr_t stack_end(uintptr_t sp)
{
	const struct vm_area_struct *vma = find_vma(&shadow.mm, sp);

	return vma && vma->vm_start <= sp && vma->vm_flags & VM_READ ?
	       vma->vm_end : 0;
}

static const struct unwind_space space = { row_at, stack_end };

/* --- numbers --------------------------------------------------------------- */

static struct stack **place_of(uint32_t id)
{
	struct stack ***block = &by_id[id / BLOCK];

	if (!*block)
		*block = memory_alloc(BLOCK * sizeof(**block));
	return *block ? *block + id % BLOCK : NULL;
}

static struct stack *add(const uintptr_t *frames, unsigned int n, uint32_t hash)
{
	size_t bytes = n * sizeof(*frames);
	struct stack **place, *s;

	if (known + 1 >= BLOCK * BLOCKS)
		return NULL;
	place = place_of(known + 1);
	s = place ? memory_alloc(sizeof(*s) + bytes) : NULL;
	if (!s)
		return NULL;
	s->n = n;
	memcpy(s->frames, frames, bytes);
	HASH_ADD_KEYPTR_BYHASHVALUE(hh, stacks, s->frames, bytes, hash, s);
	if (!s->hh.tbl)
		return NULL;
	s->id = ++known;
	*place = s;
	return s;
}

static uint32_t number_of(const uintptr_t *frames, unsigned int n)
{
	size_t bytes = n * sizeof(*frames);
	uint32_t hash = hash_frames(frames, bytes);
	struct stack *s;

	if (!n)
		return 0;
	HASH_FIND_BYHASHVALUE(hh, stacks, frames, bytes, hash, s);
	if (unlikely(!s)) {
		s = add(frames, n, hash);
		stacks_lost += !s;
	}
	return s ? s->id : 0;
}

/* --- taking ---------------------------------------------------------------- */

static struct unwind_regs registers(const struct door *d)
{
	return (struct unwind_regs){
		.ip = d->regs->ret, .sp = d->regs->rsp, .bp = d->regs->rbp,
	};
}

uint32_t stacks_take(const struct door *d, unsigned long end)
{
	static uintptr_t frames[STACKS_DEPTH + 1];	/* [lock] */
	unsigned int n, skip;
	bool cut;

	if (!depth)
		return 0;
	if (!end)
		end = stack_end(d->sp);
	n = unwind_walk(registers(d), end, &space, frames,
			depth + (d->tier == TIER_SYMBOL), &cut);
	skip = d->tier == TIER_SYMBOL && n > 1;	/* a wrapper of ours */
	return number_of(frames + skip, n - skip);
}

unsigned int stacks_of_fault(uintptr_t ip, uintptr_t sp, uintptr_t bp,
			     uintptr_t *frames, unsigned int max)
{
	struct unwind_regs regs = { .ip = ip + 1, .sp = sp, .bp = bp };
	unsigned int n;
	bool cut;

	/* the row of the very instruction: as if a call had ended before it */
	n = unwind_walk(regs, stack_end(sp), &space, frames, max, &cut);
	if (n)
		frames[0] = ip;
	return n;
}

unsigned int stacks_frames(uint32_t id, const uintptr_t **frames)
{
	const struct stack *s;

	if (!id || id > known)
		return 0;
	s = *place_of(id);
	*frames = s->frames;
	return s->n;
}

uint32_t stacks_known(void)
{
	return known;
}

void stacks_forget(unsigned long start, unsigned long end)
{
	if (unlikely(depth && modules_forget(start, end)))
		unwind_forget();
}

void stacks_start(unsigned int frames)
{
	depth = frames < STACKS_DEPTH ? frames : STACKS_DEPTH;
}
