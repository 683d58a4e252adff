/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the records of a trace are made of; contracts in trace.h. A record is
 * composed in a buffer of ours and handed to trace_file.c.
 */
#include <sys/utsname.h>
#include <time.h>

#include "base/compiler.h"
#include "base/raw_syscall.h"
#include "base/str.h"
#include "engine/record.h"
#include "engine/rules.h"
#include "shadow/door.h"
#include "shadow/stacks.h"
#include "shadow/trace.h"
#include "shadow/trace_file.h"
#include "shadow/trace_format.h"

#define ANSWERS 256			/* of one call, two bits each */

bool trace_on;
uint8_t trace_gate;

static uint64_t payload_buf[TRACE_PAYLOAD_MAX / 8];	/* [lock] */
static struct pack payload;
static uint8_t op_buf[256];		/* the call as it was before its commit */
static struct pack packed_op;
static uint8_t answers[ANSWERS / 4];
static unsigned int nr_answers;
static uint32_t stacks_told;
static uint64_t last_time;

static void begin(void)
{
	payload = (struct pack){
		.buf = (uint8_t *)payload_buf, .size = sizeof(payload_buf),
	};
}

static void commit(enum trace_type type)
{
	struct trace_record r = {
		.bytes_type = (uint32_t)payload.len << 8 | type,
	};
	size_t padded = (payload.len + 7) & ~7UL;

	if (payload.overflow) {
		trace_file_lost();
		return;
	}
	memset((uint8_t *)payload_buf + payload.len, 0, padded - payload.len);
	r.check = trace_check(r.bytes_type, payload_buf,
			      (unsigned int)(padded / 8));
	trace_file_add(&r, payload_buf, padded);
}

static void text(const char *s)
{
	pack_bytes(&payload, s, str_len(s));
}

static uint64_t number_of(const struct mm_file *file)
{
	return (uintptr_t)file >> 3;
}

/* --- what others refer to --------------------------------------------------- */

static void tell_file(const struct mm_file *file)
{
	if (!file)
		return;
	begin();
	pack_u64(&payload, number_of(file));
	pack_u64(&payload, file->dev_major);
	pack_u64(&payload, file->dev_minor);
	pack_u64(&payload, file->inode);
	pack_u64(&payload, file->ofd);
	pack_u64(&payload, file->flags);
	pack_u64(&payload, file->size);
	pack_bytes(&payload, file->name, file->name_len);
	commit(TRACE_FILE);
}

/* A label stands for a name in two forms; the one of private memory is told. */
static void tell_name(uint32_t id)
{
	struct vm_area_struct like = { .anon_name = id };
	const char *label;
	uint32_t len;

	if (!id || !shadow.mm.anon_label)
		return;
	label = shadow.mm.anon_label(&shadow.mm, &like, &len);
	if (!label)
		return;
	begin();
	pack_u64(&payload, id);
	pack_bytes(&payload, label, len);
	commit(TRACE_NAME);
}

static void tell_stacks(uint32_t up_to)
{
	const uintptr_t *frames;
	unsigned int n;

	while (stacks_told < up_to) {
		n = stacks_frames(++stacks_told, &frames);
		begin();
		pack_u64(&payload, stacks_told);
		pack_u64(&payload, n);
		for (unsigned int i = 0; i < n; i++)
			pack_s64(&payload, (int64_t)(frames[i] -
						     (i ? frames[i - 1] : 0)));
		commit(TRACE_STACK);
	}
}

static void tell_time(void)
{
	struct timespec t = { .tv_sec = 0 };

	if (shadow.sealed)
		return;
	raw_sys2(SYS_clock_gettime, CLOCK_MONOTONIC, &t);
	begin();
	pack_u64(&payload, who_now());
	pack_u64(&payload, (uint64_t)t.tv_sec * 1000000000u +
			   (uint64_t)t.tv_nsec);
	commit(TRACE_TIME);
}

void trace_code(const struct module *m, const void *id, size_t bytes)
{
	if (!trace_on)
		return;
	tell_file(m->file);
	begin();
	pack_u64(&payload, m->start);
	pack_u64(&payload, m->end);
	pack_u64(&payload, m->base);
	pack_u64(&payload, number_of(m->file));
	pack_bytes(&payload, id, bytes);
	commit(TRACE_CODE);
}

/* --- calls ------------------------------------------------------------------- */

void trace_op(const struct mm_op *op)
{
	if (likely(!trace_on))
		return;
	tell_file(op->file);
	packed_op = (struct pack){ .buf = op_buf, .size = sizeof(op_buf) };
	record_op(&packed_op, op);
	pack_u64(&packed_op, op->file ? number_of(op->file) : 0);
}

void trace_answer(int boundary)
{
	if (!trace_on || nr_answers == ANSWERS)
		return;
	answers[nr_answers / 4] &= (uint8_t)~(3u << nr_answers % 4 * 2);
	answers[nr_answers / 4] |= (uint8_t)(boundary << nr_answers % 4 * 2);
	nr_answers++;
}

static void pack_who(const struct call_info *c, const struct who *who)
{
	pack_s64(&payload, (int64_t)(who->time - last_time));
	last_time = who->time;
	pack_u64(&payload, (uint64_t)who->thread);
	pack_u64(&payload, who->stack);
	pack_u64(&payload, who->ip);
	pack_u64(&payload, (uint64_t)c->nr);
	pack_u64(&payload, who->tier);
}

void trace_call(const struct call_info *c, const struct mm_op *op,
		const struct who *who)
{
	if (likely(!trace_on))
		return;
	tell_name(op->name);
	if (who)
		tell_stacks(who->stack);
	begin();
	pack_u64(&payload, shadow.mm.event);
	if (who)
		pack_who(c, who);
	pack_raw(&payload, packed_op.buf, packed_op.len);
	pack_u64(&payload, nr_answers);
	for (unsigned int i = 0; i < (nr_answers + 3) / 4; i++)
		pack_u64(&payload, answers[i]);
	pack_u64(&payload, shadow.mm.map_count);
	commit(who ? TRACE_CALL : TRACE_OWN);
	if (nr_answers == ANSWERS)	/* not all fitted: as it stands, then */
		trace_state(0, ~0UL);
	else if (op->call == MM_HOME_NODE)	/* what policy that gave, is ours */
		trace_state(op->touched_start, op->touched_end);
	nr_answers = 0;
}

/* --- states ------------------------------------------------------------------ */

/* Mappings that fit one record, and then some. */
#define STATE_MAPPINGS 512

static void tell_files(const struct vm_area_struct *vma, unsigned long end)
{
	const struct mm_file *last = NULL;

	for (; vma && vma->vm_start < end; vma = vma->vm_next) {
		if (vma->vm_file != last)
			tell_file(vma->vm_file);
		last = vma->vm_file;
		tell_name(vma->anon_name);
	}
}

/* One record's worth; returns the first mapping that is not in it. */
static struct vm_area_struct *tell_mappings(struct vm_area_struct *vma,
					    unsigned long start,
					    unsigned long end)
{
	struct vm_area_struct *v = vma, *stop = vma;
	unsigned int n = 0;

	while (stop && stop->vm_start < end && n < STATE_MAPPINGS) {
		stop = stop->vm_next;
		n++;
	}
	begin();
	record_mm(&payload, &shadow.mm);
	pack_u64(&payload, start);
	pack_u64(&payload, stop && stop->vm_start < end ? stop->vm_start : end);
	pack_u64(&payload, stop && stop->vm_start < end);	/* to be continued */
	pack_u64(&payload, n);
	for (; v != stop; v = v->vm_next)
		record_vma(&payload, v, v->vm_file ? number_of(v->vm_file) : 0);
	pack_u64(&payload, shadow.mm.map_count);
	commit(TRACE_STATE);
	return stop;
}

/*
 * Whole mappings, and one more on each side: what is known of a boundary is kept
 * with the mapping above it.
 */
void trace_state(unsigned long start, unsigned long end)
{
	struct vm_area_struct *vma;

	if (likely(!trace_on))
		return;
	vma = find_vma(&shadow.mm, start);
	if (vma && vma->vm_prev)
		vma = vma->vm_prev;
	if (vma && vma->vm_start < start)
		start = vma->vm_start;
	while (vma && vma->vm_start < end)
		vma = vma->vm_next;
	if (vma)
		end = vma->vm_end;
	vma = find_vma(&shadow.mm, start);
	tell_files(vma, end);
	for (;;) {
		vma = tell_mappings(vma, start, end);
		if (!vma || vma->vm_start >= end)
			break;
		start = vma->vm_start;
		trace_file_drain();
		trace_file_reserve();
	}
}

/* --- beginning and end -------------------------------------------------------- */

static void tell_start(void)
{
	static struct utsname host;		/* [lock] */

	raw_sys1(SYS_uname, &host);
	begin();
	text(PACKAGE_VERSION);
	text(host.release);
	text(shadow.program);
	for (const struct rule_field *f = rule_fields; f->name; f++) {
		text(f->name);
		pack_u64(&payload, rule_value(&shadow.mm.rules, f));
	}
	text("");
	pack_u64(&payload, trace_gate);
	commit(TRACE_START);
	tell_time();
}

static void start(void)
{
	trace_on = trace_file_open();
	if (!trace_on)
		return;
	stacks_told = 0;
	last_time = 0;
	nr_answers = 0;
	tell_start();
	trace_state(0, ~0UL);
}

void trace_start(void)
{
	if (shadow.options.trace[0])
		start();
}

void trace_reserve(void)
{
	if (likely(!trace_on))
		return;
	if (trace_file_reserve())
		tell_time();
	if (unlikely(trace_file_was_lost())) {
		begin();
		commit(TRACE_LOST);
		stacks_told = 0;
		trace_state(0, ~0UL);
	}
}

void trace_end(const char *how)
{
	if (!trace_on)
		return;
	tell_time();
	begin();
	text(how);
	commit(TRACE_END);
}

static bool per_process(const char *path)
{
	for (; *path; path++)
		if (path[0] == '%' && path[1] == 'p')
			return true;
	return false;
}

void trace_fork(void)
{
	if (!trace_on)
		return;
	trace_file_forget();
	trace_on = false;
	if (per_process(shadow.options.trace))
		start();
}

void trace_flush(void)
{
	if (trace_on)
		trace_file_flush();
}
