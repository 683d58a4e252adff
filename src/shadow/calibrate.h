/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which policy does the running kernel follow? Found out by doing, since
 * distributions backport and uname lies.
 */
#ifndef VS_SHADOW_CALIBRATE_H
#define VS_SHADOW_CALIBRATE_H

#include "engine/rules.h"

/*
 * calibrate_rules() - fill @rules by trying in a scratch hole: some 60 system
 * calls, 150 us. Leaves no mapping behind, changes no page that the
 * program has, opens and closes three files of /proc and /sys. No libc, no
 * allocation: may run in a constructor; not while other threads map.
 *
 * What cannot be tried (no room, a limit, a filter) stays as on 6.18. Returns
 * the number of memory system calls that it made.
 */
unsigned int calibrate_rules(struct mm_rules *rules);

#endif
