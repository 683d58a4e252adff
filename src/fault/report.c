/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One fault from the handler to the log. The work is done under the mirror's
 * lock and on the library's stack; the thread that faulted waits for nothing
 * longer than for the lock.
 */
#include <errno.h>

#include "base/compiler.h"
#include "base/str.h"
#include "fault/fault.h"
#include "fault/scene.h"
#include "shadow/log.h"

#define TRIES 20		/* of LOCK_WAIT_NS each, at the most */

static struct scene scene;	/* [lock] */

/* --- the event ----------------------------------------------------------------- */

static const char *access_name(const struct scene *s)
{
	if (scene_is_page_fault(s))
		return s->fault.error_code & X86_PF_INSTR ? "exec" :
		       s->fault.error_code & X86_PF_WRITE ? "write" : "read";
	if (!s->access)
		return "unknown";
	return s->access->way & INSN_WRITE ? "write" : "read";
}

static struct report_near near(struct scene *s,
			       const struct vm_area_struct *vma,
			       unsigned long distance)
{
	struct report_near n = { .view = scene_view(s, vma) };

	if (!n.view)
		return n;
	n.born = vma->born;
	n.changed = vma->changed;
	n.distance = distance;
	return n;
}

static const char *undecided(const struct scene *s)
{
	static const char *const lacks[] = {
		[FAULT_NEEDS_PKRU] = "the rights by key are not known",
		[FAULT_NEEDS_SIZE] = "the size of the file is not known",
		[FAULT_NEEDS_PAGE] = "the state of the page is not known",
		[FAULT_NEEDS_VSYSCALL] = "the vsyscall page is not known",
		[FAULT_NEEDS_PGTABLE] = "the page tables are not known",
	};

	if (s->v.outcome == FAULT_UNDECIDED)
		return lacks[s->v.needs];
	if (s->v.outcome == FAULT_NO_FAULT)
		return "it is no fault";
	if (s->changed_since && !s->report.agrees)
		return "another thread changed it meanwhile";
	return NULL;
}

static void judge(struct scene *s)
{
	struct report_fault *r = &s->report;
	bool signal = s->v.outcome == FAULT_SIGNAL;

	r->agrees = signal && s->v.signal == s->info->si_signo &&
		    s->v.si_code == s->info->si_code;
	r->undecided = undecided(s);
	if (!signal || r->undecided)
		return;
	r->predicted_signal = scene_signal_name(s->v.signal);
	r->predicted_code = scene_code_name(s->v.signal, s->v.si_code);
}

static void compose(struct scene *s)
{
	struct report_fault *r = &s->report;

	r->thread = s->thread;
	r->handled = s->handled;
	r->signal = scene_signal_name(s->info->si_signo);
	r->si_code = scene_code_name(s->info->si_signo, s->info->si_code);
	r->addr = s->addr;
	r->addr_known = s->addr_known;
	r->access = access_name(s);
	r->size = s->access ? s->access->size : 0;
	r->is_page_fault = scene_is_page_fault(s);
	r->error_code = s->fault.error_code;
	judge(s);
	r->verdict = s->verdict;
	r->instruction = s->decoded ? s->instruction : NULL;
	r->vma = near(s, s->v.vma, 0);
	r->before = near(s, s->v.before, s->v.past);
	r->after = near(s, s->v.after, s->v.ahead);
	r->history = s->history;
	r->registers = s->registers;
	r->nr_stack = scene_stack(s, &r->stack);
}

/* Where there is little room the past is what can be missed. */
static long write_event(const struct report *r, struct scene *s)
{
	long len = report_fault(r, &s->report);

	if (len > 0)
		return len;
	s->report.nr_history = 0;
	return report_fault(r, &s->report);
}

/* What the handler was given. */
struct handed {
	const siginfo_t *info;
	const ucontext_t *uc;
	bool handled;
	int thread;
};

static long explain(void *arg)
{
	const struct handed *h = arg;
	struct scene *s = &scene;
	struct report *r;

	memset(s, 0, sizeof(*s));
	s->info = h->info;
	s->uc = h->uc;
	s->handled = h->handled;
	s->thread = h->thread;
	scene_read(s);
	scene_judge(s);
	scene_look_back(s);
	scene_say(s);
	compose(s);
	shadow.count.faults++;
	r = log_begin();
	if (r)
		log_end(SINK_ALERT, write_event(r, s));
	return 0;
}

/* --- the way in ------------------------------------------------------------------ */

extern const char __ehdr_start[] VS_HIDDEN, etext[] VS_HIDDEN;

/* Nothing of the program's is ever touched by our own instructions. */
static bool is_ours(const ucontext_t *uc)
{
	const char *ip = (const char *)uc->uc_mcontext.gregs[REG_RIP];

	return ip >= __ehdr_start && ip < etext;
}

static bool may_report(void)
{
	if (shadow_is_child())
		shadow_fork_child();
	return shadow.mode == SHADOW_LIVE && !shadow.sealed &&
	       shadow_is_process();
}

static void report(const struct handed *h)
{
	bool busy = true;

	shadow_log_flush();	/* what waits takes room */
	if (is_ours(h->uc) && h->info->si_code > 0)
		shadow_say_notice("this fault is a defect of vmashadow itself, "
				  "not of the program");
	for (unsigned int i = 0; busy && i < TRIES; i++)
		busy = shadow_with_lock(explain, (void *)h) == -EBUSY;
	if (busy)
		shadow_say_notice("a fault is not explained: it came while the "
				  "mirror was at work");
	shadow_log_flush();
}

void fault_report(const void *info, const void *context, bool handled)
{
	struct handed h = {
		.info = info, .uc = context, .handled = handled,
	};

	if (!may_report())
		return;
	h.thread = (int)raw_sys0(SYS_gettid);
	report(&h);
}
