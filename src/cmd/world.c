/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The process of a trace; contracts in world.h. */
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "cmd/command.h"
#include "cmd/world.h"
#include "engine/record.h"

#define VS_HASH_ALLOC(bytes) grow(NULL, 1, bytes)
#include "base/hash.h"

#define POOL_VMAS	1024
#define STACKS_MAX	(1u << 20)	/* a trace may claim any number */

struct world_file {
	UT_hash_handle hh;
	uint64_t number;
	struct mm_file file;
};

struct world_name {
	UT_hash_handle hh;
	uint32_t id;
	char *private, *shared;		/* as maps prints them */
};

static int refuse(struct world *w, const char *why)
{
	w->why = why;
	return -1;
}

static char *unpack_text(struct unpack *u)
{
	size_t n;
	const char *s = unpack_bytes(u, &n);

	return text("%.*s", (int)n, s ? s : "");
}

/* --- files and names -------------------------------------------------------- */

static struct mm_file *file_of(struct world *w, uint64_t number)
{
	struct world_file *f;

	HASH_FIND(hh, w->files, &number, sizeof(number), f);
	return f ? &f->file : NULL;
}

/* One that is told again has another name now, or nothing maps it any more. */
static int apply_file(struct world *w, struct unpack *u)
{
	uint64_t number = unpack_u64(u);
	struct mm_file *file = file_of(w, number);
	struct world_file *f;

	if (!file) {
		f = grow(NULL, 1, sizeof(*f));
		memset(f, 0, sizeof(*f));
		f->number = number;
		HASH_ADD(hh, w->files, number, sizeof(number), f);
		file = &f->file;
	}
	file->dev_major = (uint32_t)unpack_u64(u);
	file->dev_minor = (uint32_t)unpack_u64(u);
	file->inode = unpack_u64(u);
	file->ofd = (uint32_t)unpack_u64(u);
	file->flags = (uint32_t)unpack_u64(u);
	file->size = unpack_u64(u);
	file->name = unpack_text(u);	/* old ones may still be shown */
	file->name_len = (uint32_t)strlen(file->name);
	return u->bad ? refuse(w, "a file") : 0;
}

static int apply_name(struct world *w, struct unpack *u)
{
	static const char private[] = "[anon:", shared[] = "[anon_shmem:";
	uint32_t id = (uint32_t)unpack_u64(u);
	char *label = unpack_text(u);
	struct world_name *n;

	if (u->bad || !id || strncmp(label, private, sizeof(private) - 1))
		return refuse(w, "a name");
	HASH_FIND(hh, w->names, &id, sizeof(id), n);
	if (n) {
		free(label);
		return 0;
	}
	n = grow(NULL, 1, sizeof(*n));
	n->id = id;
	n->private = label;
	n->shared = text("%s%s", shared, label + sizeof(private) - 1);
	HASH_ADD(hh, w->names, id, sizeof(id), n);
	return 0;
}

static const char *anon_label(const struct mm_struct *mm,
			      const struct vm_area_struct *vma, uint32_t *len)
{
	struct world *w = mm->owner;
	struct world_name *n;
	const char *label;

	HASH_FIND(hh, w->names, &vma->anon_name, sizeof(vma->anon_name), n);
	if (!n)
		return NULL;
	label = vma->vm_file ? n->shared : n->private;
	*len = (uint32_t)strlen(label);
	return label;
}

/* --- stacks and code --------------------------------------------------------- */

static int apply_stack(struct world *w, struct unpack *u)
{
	uint64_t id = unpack_u64(u), n = unpack_u64(u), ip = 0;
	struct world_stack *s;

	if (u->bad || id >= STACKS_MAX || n > WORLD_DEPTH)
		return refuse(w, "a stack");
	if (id >= w->nr_stacks) {
		w->stacks = grow(w->stacks, id + 1, sizeof(*w->stacks));
		memset(w->stacks + w->nr_stacks, 0,
		       (id + 1 - w->nr_stacks) * sizeof(*w->stacks));
		w->nr_stacks = (uint32_t)id + 1;
	}
	s = &w->stacks[id];
	s->n = (unsigned int)n;
	for (uint64_t i = 0; i < n; i++)
		s->frames[i] = ip += (uint64_t)unpack_s64(u);
	return u->bad ? refuse(w, "a stack") : 0;
}

static int apply_code(struct world *w, struct unpack *u)
{
	struct world_code c = { .start = unpack_u64(u) };
	const void *id;
	size_t n;

	c.end = unpack_u64(u);
	c.base = unpack_u64(u);
	c.file = file_of(w, unpack_u64(u));
	id = unpack_bytes(u, &n);
	if (u->bad || n > sizeof(c.id))
		return refuse(w, "an object");
	memcpy(c.id, id, n);
	c.id_bytes = (unsigned int)n;
	w->code = grow(w->code, w->nr_code + 1, sizeof(*w->code));
	w->code[w->nr_code++] = c;
	return 0;
}

/* The newest that is known there: objects come and go. */
const struct world_code *world_code_at(const struct world *w, uint64_t ip)
{
	for (uint32_t i = w->nr_code; i--;)
		if (ip > w->code[i].start && ip <= w->code[i].end)
			return &w->code[i];
	return NULL;
}

/* --- beginning and time ------------------------------------------------------ */

static int apply_start(struct world *w, struct unpack *u)
{
	struct mm_rules rules = { 0 };

	free(w->version);
	free(w->kernel);
	free(w->program);
	w->version = unpack_text(u);
	w->kernel = unpack_text(u);
	w->program = unpack_text(u);
	for (;;) {
		char *name = unpack_text(u), *setting;
		bool end = !*name;

		if (!end) {
			setting = text("%s=%llu", name, (unsigned long long)
				       unpack_u64(u));
			rules_parse(&rules, setting);	/* unknown: not ours */
			free(setting);
		}
		free(name);
		if (end || u->bad)
			break;
	}
	w->gate = (uint8_t)unpack_u64(u);
	if (u->bad)
		return refuse(w, "its beginning");
	w->recorded = rules;
	if (!w->other_rules)
		w->mm.rules = rules;
	w->started = true;
	return 0;
}

static int apply_time(struct world *w, struct unpack *u)
{
	uint64_t ticks = unpack_u64(u), ns = unpack_u64(u);

	if (u->bad)
		return refuse(w, "a time");
	if (!w->clock_ns[0]) {
		w->clock_ticks[0] = w->first_ticks = ticks;
		w->clock_ns[0] = ns;
	}
	if (ticks >= w->clock_ticks[1]) {	/* it may be known already */
		w->clock_ticks[1] = ticks;
		w->clock_ns[1] = ns;
	}
	return 0;
}

double world_seconds(const struct world *w, uint64_t ticks)
{
	double t = (double)w->clock_ticks[1] - (double)w->clock_ticks[0];
	double ns = (double)w->clock_ns[1] - (double)w->clock_ns[0];

	if (t <= 0 || ns <= 0)
		return -1;
	return ticks <= w->first_ticks ? 0 : (double)(ticks - w->first_ticks) * (ns / t / 1e9);
}

/* --- calls and states --------------------------------------------------------- */

static void fill_pool(struct world *w, unsigned int want)
{
	while (w->mm.pool_free < want) {
		size_t bytes = POOL_VMAS * sizeof(struct vm_area_struct);

		mm_pool_add(&w->mm, grow(NULL, 1, bytes), bytes);
	}
}

static void mismatch(struct world *w)
{
	if (w->other_rules)
		return;
	if (!w->mismatches++)
		w->first_mismatch = w->mm.event;
}

/* What the kernel was asked; under other rules there may be other questions. */
static void commit(struct world *w, struct mm_op *op, const uint8_t *answers,
		   uint64_t n)
{
	uint64_t i = 0;

	while (mm_commit(&w->mm, op) == MM_ASK) {
		mm_answer(op, i < n ? answers[i / 4] >> i % 4 * 2 & 3
				    : MM_BOUNDARY_UNKNOWN);
		i++;
	}
	if (i != n)
		mismatch(w);
}

static void check_count(struct world *w, uint64_t count)
{
	if (count != w->mm.map_count)
		mismatch(w);
}

static int unpack_who(struct world *w, struct unpack *u)
{
	struct world_call *c = &w->call;

	w->ticks += (uint64_t)unpack_s64(u);
	c->thread = (uint32_t)unpack_u64(u);
	c->stack = (uint32_t)unpack_u64(u);
	c->ip = unpack_u64(u);
	c->nr = (unsigned int)unpack_u64(u);
	c->tier = (unsigned int)unpack_u64(u);
	return u->bad ? -1 : 0;
}

/* What a kernel may have answered; the engine relies on it. */
static bool sane(const struct mm_op *op)
{
	bool placed = op->call == MM_MMAP || op->call == MM_SHMAT ||
		      op->call == MM_MREMAP;
	unsigned long at = (unsigned long)op->ret;

	if (at >= -4095UL)
		return true;
	if (placed && (at & ~PAGE_MASK || at >> 47))
		return false;
	return !(op->addr >> 47) && !(op->len >> 47) && !(op->new_len >> 47);
}

static int apply_call(struct world *w, struct unpack *u, bool own)
{
	struct world_call *c = &w->call;
	uint8_t answers[64];
	uint64_t n, count;

	if (!w->started)
		return refuse(w, "a beginning before it");
	*c = (struct world_call){ .event = unpack_u64(u), .own = own };
	if ((!own && unpack_who(w, u)) || replay_op(u, &c->op) || !sane(&c->op))
		return refuse(w, "a call");
	c->op.file = file_of(w, unpack_u64(u));
	n = unpack_u64(u);
	if (u->bad || n > sizeof(answers) * 4)
		return refuse(w, "a call's answers");
	for (uint64_t i = 0; i < (n + 3) / 4; i++)
		answers[i] = (uint8_t)unpack_u64(u);
	count = unpack_u64(u);
	if (u->bad)
		return refuse(w, "a call's end");
	w->mm.event = (uint32_t)c->event;
	fill_pool(w, w->mm.map_count + 4 * MM_RESERVE);
	commit(w, &c->op, answers, n);
	check_count(w, count);
	*(own ? &w->own_calls : &w->calls) += 1;
	return 0;
}

static int apply_state(struct world *w, struct unpack *u)
{
	struct mm_struct scalars = w->mm;
	uint64_t start, end, more, n;

	if (!w->started || replay_mm(u, &scalars))
		return refuse(w, "a state");
	start = unpack_u64(u);
	end = unpack_u64(u);
	more = unpack_u64(u);
	n = unpack_u64(u);
	if (u->bad || start > end || n > TRACE_PAYLOAD_MAX)
		return refuse(w, "a state's extent");
	w->mm = scalars;
	w->state_start = start;
	w->state_end = end;
	fill_pool(w, (unsigned int)n + MM_RESERVE);
	mm_restore_begin(&w->mm, start, end);
	while (n--) {
		struct vm_area_struct vma;
		uint64_t file;

		if (replay_vma(u, &vma, &file) ||
		    mm_restore(&w->mm, &vma, file_of(w, file)))
			return refuse(w, "a mapping of a state");
	}
	n = unpack_u64(u);
	if (!more)
		check_count(w, n);
	w->states++;
	return 0;
}

static int apply_end(struct world *w, struct unpack *u)
{
	free(w->ended);
	w->ended = unpack_text(u);
	return u->bad ? refuse(w, "its end") : 0;
}

int world_apply(struct world *w, const struct trace_item *item)
{
	struct unpack u = item->payload;

	switch (item->type) {
	case TRACE_START:
		return apply_start(w, &u);
	case TRACE_TIME:
		return apply_time(w, &u);
	case TRACE_FILE:
		return apply_file(w, &u);
	case TRACE_NAME:
		return apply_name(w, &u);
	case TRACE_CODE:
		return apply_code(w, &u);
	case TRACE_STACK:
		return apply_stack(w, &u);
	case TRACE_CALL:
	case TRACE_OWN:
		return apply_call(w, &u, item->type == TRACE_OWN);
	case TRACE_STATE:
		return apply_state(w, &u);
	case TRACE_LOST:
		w->lost++;
		return 0;
	case TRACE_END:
		return apply_end(w, &u);
	case TRACE_TYPES:
		break;
	}
	return refuse(w, "a type that is known");
}

/* --- life and looks ------------------------------------------------------------ */

void world_init(struct world *w, const struct mm_rules *rules)
{
	static const struct mm_rules none;

	*w = (struct world){ .other_rules = rules != NULL };
	mm_init(&w->mm, rules ? rules : &none);
	w->mm.anon_label = anon_label;
	w->mm.owner = w;
}

/* A command ends soon after: the kernel takes the rest. */
void world_free(struct world *w)
{
	free(w->stacks);
	free(w->code);
	w->stacks = NULL;
	w->code = NULL;
}
