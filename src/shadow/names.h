/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names of anonymous memory (PR_SET_VMA_ANON_NAME), as numbers for the engine.
 */
#ifndef VS_SHADOW_NAMES_H
#define VS_SHADOW_NAMES_H

#include <stdint.h>

#define NAMES_MAX 80		/* bytes of a name, its NUL included */

/*
 * [lock] names_id() - the number of @name of @len bytes, always the same for the
 * same name. 0 when there are too many: such memory stays without a label.
 */
uint32_t names_id(const char *name, uint32_t len);

/* [lock] Give the mirror its labels, if the kernel has names at all. */
void names_start(void);

#endif
