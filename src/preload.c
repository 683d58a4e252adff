/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The constructor: the order of start, nothing else.
 *
 * The library is linked with -z initfirst, so this runs before the constructors
 * of libc and of the program; it must work without that, too. glibc hands argc,
 * argv and envp to constructors: environ is still empty.
 */
#include <elf.h>

#include "base/compiler.h"
#include "crosscheck/check.h"
#include "intercept/altstack.h"
#include "intercept/intercept.h"
#include "intercept/scout.h"
#include "intercept/signals.h"
#include "intercept/trap.h"
#include "shadow/shadow.h"

/*
 * The auxiliary vector stands behind the environment. Where ld.so took variables
 * out (LD_PRELOAD, in a set-uid program) more than one NULL stands between.
 */
static unsigned long auxv_value(const char *const *envp, unsigned long type,
				unsigned long otherwise)
{
	const Elf64_auxv_t *a;

	while (*envp)
		envp++;
	while (!*envp)
		envp++;
	for (a = (const Elf64_auxv_t *)envp; a->a_type != AT_NULL; a++)
		if (a->a_type == type)
			return a->a_un.a_val;
	return otherwise;
}

static bool trap_wanted(void)
{
	if (shadow.options.intercept != OPTIONS_INTERCEPT_TRAP)
		return false;
	if (!trap_start())
		return true;
	shadow_say_notice("intercept=trap: the kernel refuses Syscall User "
			  "Dispatch: calls outside of libc are unseen");
	return false;
}

/* How the program's calls come to us. */
static void intercept(void)
{
	bool patched;

	if (shadow.options.intercept == OPTIONS_INTERCEPT_SYMBOL) {
		shadow_say_notice("intercept=symbol: calls that libc makes "
				  "itself, and so the heap, are unseen");
		return;
	}
	patched = intercept_sites() >= 0;
	if (patched)
		signals_start();
	if (!trap_wanted() && !patched)
		shadow_say_notice("libc cannot be patched: calls that it "
				  "makes itself, and so the heap, are unseen");
}

__attribute__((constructor)) static void start(int argc, char **argv,
					       char **envp)
{
	const char *const *env = (const char *const *)envp;
	struct shadow_start s = {
		.envp = env,
		.program = argc > 0 ? argv[0] : NULL,
		.hwcap2 = auxv_value(env, AT_HWCAP2, 0),
		.secure = auxv_value(env, AT_SECURE, 1),
	};

	if (!scout_is_base(auxv_value(env, AT_PHDR, 0))) {
		scout_prepare(env);
		return;
	}
	shadow.pid = (int)raw_sys0(SYS_getpid);
	if (intercept_is_second()) {
		shadow_say_notice("another copy of the library is loaded; "
				  "this one does nothing");
		return;
	}
	if (shadow_configure(&s))
		return;
	check_start();
	scout_relieve();
	intercept();
	if (shadow_seed())
		return;
	scout_tell();
	shadow_mark("/vmashadow:start");	/* from here on calls count */
	if (shadow.options.intercept != OPTIONS_INTERCEPT_SYMBOL) {
		altstack_start();
		intercept_objects();
	}
	shadow_say_start();
	shadow_log_flush();
}
