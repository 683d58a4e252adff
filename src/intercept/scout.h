/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The early start (early=1). ld.so loads the library a first time as LD_AUDIT
 * module, into a namespace of its own, before it maps the program's objects.
 * This copy, the scout, patches ld.so alone and writes down what it does; it has
 * no mirror and logs nothing. The copy that is preloaded into the program
 * relieves it: takes the list, has ld.so put back as it was, and then starts as
 * ever. From then on the scout does nothing.
 *
 *	ld.so ---- patched by the scout ----+---- patched by the other ------->
 *	  maps libc, libm, ...		    | list: a mapping of a memfd named
 *					    v  vmashadow-early
 *				  constructor of the preloaded copy
 *
 * All of it is called by ld.so's one thread, before the program's first
 * constructor.
 */
#ifndef VS_INTERCEPT_SCOUT_H
#define VS_INTERCEPT_SCOUT_H

#include <stdbool.h>

#include "shadow/shadow.h"

/*
 * scout_is_base() - is this copy in the program's own namespace? @phdr: of the
 * program, AT_PHDR (0: not known). In any other the library must not start.
 */
bool scout_is_base(unsigned long phdr);

/* scout_prepare() - in the scout's constructor: what it will need. */
void scout_prepare(const char *const *envp);

/* The scout's door: the call is made, and written down. */
extern bool scout_out;
long scout_call(struct door *d);

/*
 * scout_relieve() - in the other copy, before it patches anything and before the
 * mirror is seeded: take the list and send the scout home, if there is one.
 */
void scout_relieve(void);
/* scout_tell() - once the mirror is live: what the list says. */
void scout_tell(void);

#endif
