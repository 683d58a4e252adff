/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The members of each event, in the order of doc/vmashadow-log.5. */
#include "base/fmt.h"
#include "base/view.h"
#include "report/writer.h"

static void counts(struct json *j, const char *key,
		   const struct report_count *c, size_t n, bool zeros)
{
	json_object(j, key);
	for (; n; n--, c++)
		if (c->count || zeros)
			json_u64(j, c->name, c->count);
	json_close(j);
}

static void left(struct json *j, const struct report_site *site, size_t n)
{
	json_array(j, "left");
	for (; n; n--, site++) {
		json_object(j, NULL);
		json_str(j, "object", site->object);
		json_hex(j, "offset", site->offset);
		json_str(j, "why", site->why);
		json_close(j);
	}
	json_close(j);
}

void json_start(struct json *j, int pid, const void *event)
{
	const struct report_start *e = event;

	json_s64(j, "pid", pid);
	json_str(j, "version", e->version);
	json_str(j, "kernel", e->kernel);
	json_str(j, "program", e->program);
	counts(j, "rules", e->rules, e->nr_rules, true);
	json_object(j, "sites");
	json_u64(j, "patched", e->patched);
	json_u64(j, "unpatched", e->unpatched);
	left(j, e->left, e->nr_left);
	json_close(j);
	json_u64(j, "seccomp", e->seccomp);
	json_str(j, "passive", e->passive);
}

void json_sites(struct json *j, int pid, const void *event)
{
	const struct report_object *e = event;

	json_s64(j, "pid", pid);
	json_str(j, "object", e->object);
	json_u64(j, "patched", e->patched);
	json_u64(j, "unpatched", e->unpatched);
	left(j, e->left, e->nr_left);
	json_u64(j, "ns", e->ns);
}

void json_check(struct json *j, int pid, const void *event)
{
	const struct report_check *e = event;

	(void)pid;
	json_str(j, "trigger", e->trigger);
	json_u64(j, "vmas", e->vmas);
	json_u64(j, "drift", e->drift);
	json_u64(j, "growth", e->growth);
	json_u64(j, "renamed", e->renamed);
	json_u64(j, "ns", e->ns);
}

static void json_line(struct json *j, const char *key,
		      const struct vma_view *v)
{
	if (!v) {
		json_null(j, key);
		return;
	}
	json_open_string(j, key);
	view_format_head(j->f, v);
	json_part(j, v->name, v->name_len);
	json_close_string(j);
}

static void json_last(struct json *j, const struct report_last *last)
{
	if (!last) {
		json_null(j, "last");
		return;
	}
	json_object(j, "last");
	json_u64(j, "event", last->event);
	json_str(j, "call", last->call);
	if (last->tid)
		json_s64(j, "thread", last->tid);
	json_hex(j, "addr", last->addr);
	json_hex(j, "len", last->len);
	json_hex(j, "ret", (uint64_t)last->ret);
	if (last->nr_stack) {
		json_array(j, "stack");
		for (unsigned int i = 0; i < last->nr_stack; i++)
			json_str(j, NULL, last->stack[i]);
		json_close(j);
	}
	json_close(j);
}

void json_drift(struct json *j, int pid, const void *event)
{
	const struct report_drift *e = event;

	(void)pid;
	json_line(j, "kernel", e->kernel);
	json_line(j, "mirror", e->mirror);
	json_last(j, e->last);
}

void json_limit(struct json *j, int pid, const void *event)
{
	const struct report_limit *e = event;

	json_s64(j, "pid", pid);
	json_u64(j, "vmas", e->vmas);
	json_u64(j, "max_map_count", e->max_map_count);
}

void json_fork(struct json *j, int pid, const void *event)
{
	const struct report_fork *e = event;

	json_s64(j, "pid", pid);
	json_s64(j, "parent", e->parent);
	json_str(j, "program", e->program);
}

void json_exec_failed(struct json *j, int pid, const void *event)
{
	const struct report_exec_failed *e = event;

	json_s64(j, "pid", pid);
	json_str(j, "path", e->path);
	json_s64(j, "errno", e->error);
}

static void ratio(struct json *j, const char *key, struct report_ratio r)
{
	json_object(j, key);
	json_u64(j, "predicted", r.predicted);
	json_u64(j, "hit", r.hit);
	json_close(j);
}

static void verdict(struct json *j, const struct report_summary *e)
{
	json_object(j, "verdict");
	ratio(j, "ok", e->ok);
	ratio(j, "failed", e->failed);
	json_u64(j, "unpredictable", e->unpredictable);
	json_close(j);
}

void json_summary(struct json *j, int pid, const void *event)
{
	const struct report_summary *e = event;

	json_s64(j, "pid", pid);
	json_str(j, "program", e->program);
	counts(j, "calls", e->calls, e->nr_calls, false);
	json_object(j, "by");
	json_u64(j, "symbol", e->by_symbol);
	json_u64(j, "patch", e->by_patch);
	json_u64(j, "trap", e->by_trap);
	json_close(j);
	json_u64(j, "vmas", e->vmas);
	json_u64(j, "vmas_peak", e->vmas_peak);
	json_u64(j, "checks", e->checks);
	json_u64(j, "drift", e->drift);
	json_u64(j, "growth", e->growth);
	json_u64(j, "renamed", e->renamed);
	json_u64(j, "asked", e->asked);
	json_u64(j, "settled", e->settled);
	json_u64(j, "own", e->own);
	ratio(j, "placement", e->placement);
	verdict(j, e);
	json_u64(j, "faults", e->faults);
	json_str(j, "ended", e->ended);
}

void json_passive(struct json *j, int pid, const void *event)
{
	json_s64(j, "pid", pid);
	json_str(j, "why", event);
}

void json_notice(struct json *j, int pid, const void *event)
{
	json_s64(j, "pid", pid);
	json_str(j, "text", event);
}
