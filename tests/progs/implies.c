/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * READ_IMPLIES_EXEC: what is readable can be run from then on; a thread may be
 * of another mind.
 */
#include "deed.h"

#include <pthread.h>
#include <sys/personality.h>

static void *plainly(void *arg)
{
	(void)arg;
	must(deed(SYS_personality, PER_LINUX, 0, 0, 0, 0) != -1, "personality");
	pages(3, PROT_READ);
	return NULL;
}

static void act(void)
{
	char *p = pages(4, PROT_NONE);
	pthread_t thread;

	if (deed(SYS_personality, READ_IMPLIES_EXEC, 0, 0, 0, 0) == -1)
		lacks("READ_IMPLIES_EXEC");
	must(!mprotect(p, PAGE, PROT_READ), "mprotect");
	must(!pthread_create(&thread, NULL, plainly, NULL), "a thread");
	pthread_join(thread, NULL);
	must(!mprotect(p + PAGE, PAGE, PROT_READ), "mprotect");
	must(deed(SYS_personality, PER_LINUX, 0, 0, 0, 0) != -1, "personality");
	must(!mprotect(p + 2 * PAGE, PAGE, PROT_READ), "mprotect");
}
