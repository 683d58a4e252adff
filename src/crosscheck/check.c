/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Takes both lists, hands them to diff.c, logs what differs and adopts it. The
 * mirror is not changed while it is walked: what is to be adopted is remembered
 * and done after the pass.
 */
#include <errno.h>
#include <time.h>

#include "base/compiler.h"
#include "base/raw_syscall.h"
#include "crosscheck/check.h"
#include "crosscheck/diff.h"
#include "shadow/buffers.h"
#include "shadow/door.h"
#include "shadow/history.h"
#include "shadow/log.h"
#include "shadow/trace.h"

#define FOUND_MAX 128

struct found {
	unsigned long start, end;
	enum diff_kind kind;
};

/* [lock] One comparison in progress. */
static struct pass {
	struct procmaps_cursor kernel;
	unsigned long at, end;		/* of a near check: what to query */
	const struct vm_area_struct *vma;
	uint64_t lines;
	uint64_t count[DIFF_KINDS];
	struct found found[FOUND_MAX];
	unsigned int nr_found;
	bool overflow;
} pass;

/* --- the two lists ----------------------------------------------------------- */

static int next_line(void *ctx, struct diff_line *out)
{
	struct pass *p = ctx;
	int ret = procmaps_read(&p->kernel, &out->view);

	if (ret > 0 && out->view.start < shadow.mm.task_size)
		p->lines++;
	return ret;
}

static int next_query(void *ctx, struct diff_line *out)
{
	struct pass *p = ctx;
	int err;

	if (p->at > p->end)
		return 0;
	err = shadow_query(p->at, PROCMAPS_OR_NEXT, &out->view);
	if (err == -ENOENT || (!err && out->view.start > p->end))
		return 0;
	if (err)
		return err;
	p->at = out->view.end;
	p->lines++;
	return 1;
}

static int next_vma(void *ctx, struct diff_line *out)
{
	struct pass *p = ctx;

	if (!p->vma || p->vma->vm_start > p->end)
		return 0;
	mm_view(&shadow.mm, p->vma, &out->view);
	out->grows = p->vma->vm_flags & VM_GROWSDOWN;
	p->vma = p->vma->vm_next;
	return 1;
}

/* --- what differs ------------------------------------------------------------ */

static void log_drift(const struct diff *d, unsigned long start,
		      unsigned long end)
{
	struct report_last last;
	struct report_drift e = { .kernel = d->kernel, .mirror = d->mirror };
	struct report *r = log_begin();

	if (!r)
		return;
	if (history_last(start, end, &last))
		e.last = &last;
	log_end(SINK_ALERT, report_drift(r, &e));
}

static int differs(void *ctx, const struct diff *d)
{
	struct pass *p = ctx;
	const struct vma_view *any = d->kernel ? d->kernel : d->mirror;
	struct found f = { any->start, any->end, d->kind };

	if (d->kernel && d->mirror) {
		if (d->mirror->start < f.start)
			f.start = d->mirror->start;
		if (d->mirror->end > f.end)
			f.end = d->mirror->end;
	}
	/* not judged: when that call is settled, the kernel is asked anyway */
	if (d->kind == DIFF_DRIFT && unordered_explains(f.start, f.end))
		return 0;
	p->count[d->kind]++;
	if (d->kind == DIFF_DRIFT)
		log_drift(d, f.start, f.end);
	if (p->nr_found < FOUND_MAX)
		p->found[p->nr_found++] = f;
	else
		p->overflow = true;
	return 0;
}

static void begin(struct pass *p, unsigned long start, unsigned long end)
{
	p->at = start;
	p->end = end;
	p->vma = find_vma(&shadow.mm, start);
	p->lines = 0;
	p->nr_found = 0;
	p->overflow = false;
	for (unsigned int i = 0; i < DIFF_KINDS; i++)
		p->count[i] = 0;
}

/* --- adopting ---------------------------------------------------------------- */

static void adopt_one(const struct found *f)
{
	struct vma_view v;

	if (f->kind == DIFF_GROWTH && !shadow_query(f->start, 0, &v) &&
	    !expand_stack(&shadow.mm, f->start)) {
		trace_state(f->start, f->end);
		return;
	}
	if (f->kind == DIFF_RENAMED && !shadow_query(f->start, 0, &v)) {
		shadow_rename(&v);
		return;
	}
	shadow_reconcile_around(f->start, f->end, MM_DOUBT_ALL);
}

static void adopt(const struct pass *p)
{
	if (p->overflow) {
		shadow_rebuild();
		return;
	}
	for (unsigned int i = 0; i < p->nr_found; i++)
		adopt_one(&p->found[i]);
}

static void count(const struct pass *p)
{
	shadow.count.drift += p->count[DIFF_DRIFT];
	shadow.count.growth += p->count[DIFF_GROWTH];
	shadow.count.renamed += p->count[DIFF_RENAMED];
	if (p->count[DIFF_DRIFT] && shadow.options.abort_on_drift)
		shadow.abort_wanted = true;
}

/* --- a full check ------------------------------------------------------------ */

static uint64_t now(void)
{
	struct timespec t = { 0, 0 };

	raw_sys2(SYS_clock_gettime, CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void log_check(const char *trigger, const struct pass *p, uint64_t ns)
{
	struct report_check e = {
		.trigger = trigger, .vmas = p->lines,
		.drift = p->count[DIFF_DRIFT],
		.growth = p->count[DIFF_GROWTH],
		.renamed = p->count[DIFF_RENAMED], .ns = ns,
	};
	struct report *r = log_begin();

	if (r)
		log_end(SINK_RECORD, report_check(r, &e));
}

static int one_pass(const char *trigger)
{
	uint64_t since = now();
	int err = procmaps_begin(&pass.kernel, &shadow.maps, shadow_text_buf,
				 sizeof(shadow_text_buf));

	if (err)
		return err;
	begin(&pass, 0, ~0UL);
	err = diff_lists(next_line, next_vma, differs, &pass);
	if (err)
		return err;
	log_check(trigger, &pass, now() - since);
	return 0;
}

int check_full(const char *trigger, struct check_result *out)
{
	int err;

	if (shadow.sealed)
		return -EPERM;
	err = one_pass(trigger);
	if (err)
		return err;
	shadow.count.checks++;
	count(&pass);
	if (out)
		*out = (struct check_result){
			.vmas = pass.lines,
			.drift = pass.count[DIFF_DRIFT],
			.growth = pass.count[DIFF_GROWTH],
			.renamed = pass.count[DIFF_RENAMED],
		};
	if (pass.count[DIFF_DRIFT])
		err = one_pass(trigger);
	adopt(&pass);
	return err;
}

/* --- hooks of the door ------------------------------------------------------- */

static void check_hook(const char *trigger)
{
	check_full(trigger, NULL);
}

/* A page on either side: what the call may have merged with. */
static void near_hook(unsigned long start, unsigned long end)
{
	if (shadow.sealed)
		return;
	begin(&pass, start > PAGE_SIZE ? start - PAGE_SIZE : 0, end);
	shadow.count.checks++;
	if (diff_lists(next_query, next_vma, differs, &pass))
		return;
	count(&pass);
	adopt(&pass);
}

void check_start(void)
{
	shadow_check_hook = check_hook;
	shadow_check_near_hook = near_hook;
}
