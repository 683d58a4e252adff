/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two tiers of assertion. VS_ASSERT is for what would corrupt the mirror;
 * VS_DEBUG_ASSERT for what only --enable-debug builds afford. Neither ends the
 * program in a release build: the expression is compiled, never evaluated, and
 * a mirror that turns out wrong is found by a check and said in the log.
 */
#ifndef VS_BASE_BUG_H
#define VS_BASE_BUG_H

#ifdef VS_DEBUG
#define VS_ASSERT(cond)		do { if (!(cond)) __builtin_trap(); } while (0)
#else
#define VS_ASSERT(cond)		((void)sizeof(!(cond)))
#endif
#define VS_DEBUG_ASSERT(cond)	VS_ASSERT(cond)

#endif
