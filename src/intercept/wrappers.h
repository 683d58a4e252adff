/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the exported entries (wrappers.S) and C agree on. */
#ifndef VS_INTERCEPT_WRAPPERS_H
#define VS_INTERCEPT_WRAPPERS_H

#define WRAPPER_NUMBERS 463	/* entries of calls_index[] (shadow/calls.h) */

#ifndef __ASSEMBLER__

#include "base/compiler.h"

/* errno from -errno; returns what libc returns then, -1. */
VS_HIDDEN long wrapper_error(long ret);

#endif
#endif
