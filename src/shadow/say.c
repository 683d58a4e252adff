/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the mirror says of itself: its start, its children, its limits, its end.
 */
#include <sys/utsname.h>

#include "base/compiler.h"
#include "base/raw_syscall.h"
#include "base/str.h"
#include "patch/patch.h"
#include "shadow/calibrate.h"
#include "shadow/door.h"
#include "shadow/log.h"
#include "shadow/start.h"

#define LEFT_MAX  16
#define RULES_MAX 40

static struct report_site left[LEFT_MAX];	/* refused sites, at start */
static size_t nr_left;

void shadow_say_site(const struct patch_object *obj,
		     const struct patch_site *site)
{
	if (site->state == PATCH_WRITTEN) {
		shadow.sites_patched++;
		return;
	}
	shadow.sites_refused++;
	if (nr_left == LEFT_MAX)
		return;
	left[nr_left++] = (struct report_site){
		.object = obj->name,
		.offset = site->addr - obj->base,
		.why = site->why,
	};
}

void shadow_say_object(const struct patch_object *obj,
		       const struct patch_site *sites, size_t n, uint64_t ns)
{
	static struct report_site some[LEFT_MAX];
	struct report_object e = { .object = obj->name, .left = some, .ns = ns };
	struct report *r;

	for (; n; n--, sites++) {
		if (sites->state == PATCH_WRITTEN) {
			e.patched++;
			continue;
		}
		e.unpatched++;
		if (e.nr_left < LEFT_MAX)
			some[e.nr_left++] = (struct report_site){
				.object = obj->name,
				.offset = sites->addr - obj->base,
				.why = sites->why,
			};
	}
	r = log_begin();
	if (r)
		log_end(SINK_RECORD, report_object(r, &e));
}

static size_t list_rules(struct report_count *out)
{
	size_t n = 0;

	for (const struct rule_field *f = rule_fields; f->name; f++) {
		if (n == RULES_MAX)
			break;
		out[n].name = f->name;
		out[n++].count = rule_value(&shadow.mm.rules, f);
	}
	return n;
}

void shadow_say_start(void)
{
	static struct report_count rules[RULES_MAX];
	static struct utsname host;
	struct report_start e = {
		.version = PACKAGE_VERSION,
		.kernel = host.release,
		.program = shadow.program,
		.rules = rules,
		.patched = shadow.sites_patched,
		.unpatched = shadow.sites_refused,
		.left = left,
		.nr_left = nr_left,
		.seccomp = (unsigned int)shadow.seccomp,
		.passive = shadow.passive_why,
	};
	struct report *r = log_begin();

	raw_sys1(SYS_uname, &host);
	if (shadow.mode == SHADOW_LIVE)
		e.nr_rules = list_rules(rules);
	if (r)
		log_end(SINK_RECORD, report_start(r, &e));
}

/* A child's log begins as any does, and says whose child it is. */
void shadow_say_fork(void)
{
	struct report_fork e = {
		.parent = (int)raw_sys0(SYS_getppid),
		.program = shadow.program,
	};
	struct report *r;

	shadow_say_start();
	r = log_begin();
	if (r)
		log_end(SINK_RECORD, report_fork(r, &e));
}

void shadow_say_limit(void)
{
	struct report_limit e = {
		.vmas = shadow.mm.map_count,
		.max_map_count = shadow.mm.max_map_count,
	};
	struct report *r = log_begin();

	if (r)
		log_end(SINK_ALERT, report_limit(r, &e));
}

void shadow_say_exec_failed(const char *path, int error)
{
	struct report_exec_failed e = { .path = path, .error = error };
	struct report *r = log_begin();

	if (r)
		log_end(SINK_RECORD, report_exec_failed(r, &e));
}

static void say_passive(void)
{
	struct report *r = log_begin();

	if (r)
		log_end(SINK_ALERT, report_passive(r, shadow.passive_why));
}

int shadow_stay_passive(const char *why, int err)
{
	shadow.mode = SHADOW_PASSIVE;
	shadow.passive_why = why;
	shadow_say_start();
	say_passive();
	shadow_log_last();
	return err;
}

void shadow_give_up(const char *why)
{
	if (shadow.mode == SHADOW_PASSIVE)
		return;
	shadow.mode = SHADOW_PASSIVE;
	shadow.passive_why = why;
	say_passive();
}

/* --- the end ------------------------------------------------------------------- */

static void list_calls(struct report_count *out)
{
	for (unsigned int i = 0; i < CALLS_COUNTED; i++) {
		out[i].name = calls[i].name;
		out[i].count = shadow.count.calls[i] + unordered_calls(i);
	}
}

static uint64_t by(enum shadow_tier tier)
{
	return shadow.count.by[tier] + unordered_by(tier);
}

void shadow_say_summary(enum shadow_ended ended)
{
	static const char *const how[] = {
		[ENDED_EXIT] = "exit", [ENDED_EXEC] = "exec",
		[ENDED_SIGNAL] = "signal", [ENDED_SECCOMP] = "seccomp",
	};
	static struct report_count by_name[CALLS_COUNTED];
	const struct shadow_counters *n = &shadow.count;
	struct report_summary e = {
		.program = shadow.program,
		.calls = by_name, .nr_calls = CALLS_COUNTED,
		.by_symbol = by(TIER_SYMBOL), .by_patch = by(TIER_PATCH),
		.by_trap = by(TIER_TRAP),
		.vmas = shadow.mm.map_count,
		.vmas_peak = shadow.mm.map_count_peak,
		.checks = n->checks, .drift = n->drift,
		.growth = n->growth, .renamed = n->renamed,
		.asked = n->asked, .settled = n->settled + n->rebuilt, .own = n->own,
		.placement = { n->place_predicted, n->place_hit },
		.ok = { n->ok_predicted, n->ok_hit },
		.failed = { n->failed_predicted, n->failed_hit },
		.unpredictable = n->unpredictable,
		.faults = n->faults,
		.ended = how[ended],
	};
	struct report *r;

	shadow_mark("/vmashadow:end");
	list_calls(by_name);
	r = log_begin();
	if (r)
		log_end(SINK_RECORD, report_summary(r, &e));
}

void shadow_say_words(const char *text)
{
	struct report *r = log_begin();

	if (r)
		log_end(SINK_ALERT, report_notice(r, text));
}
