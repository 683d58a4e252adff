/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From nothing to a live mirror. Order matters: options say where the log is,
 * memory comes before anything that allocates, rules are calibrated in a
 * scratch hole before the seed is read, and the seed is read last, when all
 * that the library itself does to the address space is done.
 */
#include <errno.h>
#include <fcntl.h>

#include "base/compiler.h"
#include "base/raw_syscall.h"
#include "base/str.h"
#include "shadow/calibrate.h"
#include "shadow/door.h"
#include "shadow/limits.h"
#include "shadow/names.h"
#include "shadow/policy.h"
#include "shadow/rare.h"
#include "shadow/stacks.h"
#include "shadow/start.h"
#include "shadow/trace.h"
#include "shadow/who.h"

static char scratch[PROCMAPS_BUF];	/* the maps source's own, for ever */

static void release_file(struct mm_struct *mm, struct mm_file *file)
{
	(void)mm;
	shadow_file_unused(file);
}

/* rules=: for tests, which remove a rule and want to see drift. */
static void override_rules(const char *text)
{
	static char notice[128];
	const char *bad = rules_parse(&shadow.mm.rules, text);
	struct fmt f;

	if (!bad)
		return;
	fmt_init(&f, notice, sizeof(notice));
	fmt_str(&f, "rules=: no set and no FIELD=VALUE, ignored from here on: ");
	for (; *bad && f.len < sizeof(notice) - 1; bad++)
		fmt_char(&f, *bad < ' ' ? '?' : *bad);
	shadow_say_notice(notice);
}

static void set_checks(const struct options *o)
{
	shadow.check_exit = o->check != OPTIONS_CHECK_OFF;
	shadow.check_each = o->check == OPTIONS_CHECK_EACH;
	stacks_start(o->stacks);
	if (shadow.check_exit && !shadow.check_each &&
	    o->check != OPTIONS_CHECK_EXIT)
		shadow.check_every = o->check;
	shadow.until_check = shadow.check_every;
}

int shadow_seccomp_mode(void)
{
	static const char field[] = "\nSeccomp:\t";
	static char text[4096];
	long fd = raw_sys3(SYS_open, "/proc/self/status", O_RDONLY | O_CLOEXEC,
			   0);
	long n;

	if (raw_is_error(fd))
		return 0;
	n = raw_sys3(SYS_read, fd, text, sizeof(text) - 1);
	raw_sys1(SYS_close, fd);
	for (long i = 0; i + (long)sizeof(field) < n; i++)
		if (!memcmp(text + i, field, sizeof(field) - 1))
			return text[i + (long)sizeof(field) - 1] - '0';
	return 0;
}

int shadow_configure(const struct shadow_start *s)
{
	const char *program = s->program ? s->program : "?";
	int err;

	lock_init(&shadow.lock, s->hwcap2);
	shadow.pid = (int)raw_sys0(SYS_getpid);
	shadow.main_thread = thread_pointer();
	str_copy(shadow.program, sizeof(shadow.program), program);
	shadow_log_start(s->secure ? NULL : s->envp);
	if (!shadow.options.follow)
		environ_leave(s->envp);
	set_checks(&shadow.options);
	shadow.seccomp = shadow_seccomp_mode();
	if (shadow.seccomp)
		return shadow_stay_passive("a seccomp filter is on", -EPERM);
	lock_find_ids();
	err = procmaps_open(&shadow.maps, scratch, sizeof(scratch));
	if (err)
		return shadow_stay_passive("/proc cannot be read", err);
	err = memory_start();
	if (err)
		return shadow_stay_passive("no memory of its own", err);
	return 0;
}

int shadow_seed(void)
{
	struct mm_rules rules;
	int err;

	calibrate_rules(&rules);
	mm_init(&shadow.mm, &rules);
	shadow.mm.file_release = release_file;
	override_rules(shadow.options.rules);
	limits_start();
	names_start();
	policy_start();
	who_start();
	rare_learn_memory_merge();
	err = shadow_rebuild();
	if (err)
		return err;
	limits_find_base();
	shadow.mm.map_count_peak = shadow.mm.map_count;
	shadow.mode = SHADOW_LIVE;
	trace_start();
	return 0;
}

void shadow_mark(const char *what)
{
	if (shadow.options.mark && !shadow.sealed)
		raw_sys2(SYS_access, what, 0);
}
