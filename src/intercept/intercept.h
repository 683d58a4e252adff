/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The topmost room: where the program's calls come in, and where its life ends.
 */
#ifndef VS_INTERCEPT_INTERCEPT_H
#define VS_INTERCEPT_INTERCEPT_H

#include "shadow/shadow.h"

/*
 * intercept_sites() - tier 2: patch the sites of libc and ld.so. Called once,
 * from the constructor, before a second thread exists. Returns how many sites
 * were patched, or -errno if none could be; shadow.sites_* are filled.
 */
int intercept_sites(void);

/*
 * intercept_objects() - the same for all other objects, the program first. Once,
 * from the constructor, when the mirror is live.
 */
void intercept_objects(void);

/*
 * intercept_late() - the call of @d was made: if text came of it, patch it
 * before it can run. Not under the lock; async-signal-safe; waits for another
 * scan, two seconds at most.
 */
void intercept_late(struct door *d);

/* intercept_is_second() - another copy of the library is loaded before this one,
 * and the program's calls go there. */
bool intercept_is_second(void);

/* execve and execveat: last check and summary, then the call. */
long intercept_exec(struct door *d);
/* prctl and seccomp: a filter ends what we may do; the rest passes. */
long intercept_filter(struct door *d);
/* rt_sigaction: signals.h. */
long intercept_sigaction(struct door *d);
/* rt_sigprocmask, and calls that wait with a mask of their own: sysmask.h. */
long intercept_sigprocmask(struct door *d);
long intercept_wait(struct door *d);
/* intercept_final() - the process is about to end: check, summary. */
void intercept_final(enum shadow_ended ended);

#endif
