/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An event to a line; contracts in event.h. */
#include <errno.h>

#include "base/compiler.h"
#include "base/fmt.h"
#include "report/writer.h"

struct event_kind {
	const char *name;
	void (*json)(struct json *j, int pid, const void *event);
	void (*text)(struct text *t, const void *event);
};

static const struct event_kind
	start = { "start", json_start, text_start },
	object = { "object", json_sites, text_sites },
	check = { "check", json_check, text_check },
	drift = { "drift", json_drift, text_drift },
	limit = { "limit", json_limit, text_limit },
	fork = { "fork", json_fork, text_fork },
	exec_failed = { "exec_failed", json_exec_failed, text_exec_failed },
	summary = { "summary", json_summary, text_summary },
	passive = { "passive", json_passive, text_passive },
	fault = { "fault", json_fault, text_fault },
	notice = { "notice", json_notice, text_notice };

static void fill(const struct report *r, const struct event_kind *kind,
		 const void *event, size_t cut, struct fmt *f)
{
	struct text t = { .f = f, .cut = cut, .pid = r->pid };
	struct json j;

	fmt_init(f, r->buf, r->size);
	if (r->format == REPORT_JSON) {
		json_init(&j, f, cut);
		json_object(&j, NULL);
		json_str(&j, "event", kind->name);
		kind->json(&j, r->pid, event);
		json_close(&j);
	} else {
		text_prefix(&t);
		kind->text(&t, event);
	}
	fmt_char(f, '\n');
}

static long line(const struct report *r, const struct event_kind *kind,
		 const void *event)
{
	static const size_t cuts[] = { 0, 2048, 512, 128, 32 };
	struct fmt f;

	for (size_t i = 0; i < ARRAY_SIZE(cuts); i++) {
		fill(r, kind, event, cuts[i], &f);
		if (!f.overflow)
			return (long)f.len;
	}
	return -EMSGSIZE;
}

long report_start(const struct report *r, const struct report_start *e)
{
	return line(r, &start, e);
}

long report_object(const struct report *r, const struct report_object *e)
{
	return line(r, &object, e);
}

long report_check(const struct report *r, const struct report_check *e)
{
	return line(r, &check, e);
}

long report_drift(const struct report *r, const struct report_drift *e)
{
	return line(r, &drift, e);
}

long report_limit(const struct report *r, const struct report_limit *e)
{
	return line(r, &limit, e);
}

long report_fork(const struct report *r, const struct report_fork *e)
{
	return line(r, &fork, e);
}

long report_exec_failed(const struct report *r,
			const struct report_exec_failed *e)
{
	return line(r, &exec_failed, e);
}

long report_summary(const struct report *r, const struct report_summary *e)
{
	return line(r, &summary, e);
}

long report_passive(const struct report *r, const char *why)
{
	return line(r, &passive, why);
}

long report_fault(const struct report *r, const struct report_fault *e)
{
	return line(r, &fault, e);
}

long report_notice(const struct report *r, const char *words)
{
	return line(r, &notice, words);
}
