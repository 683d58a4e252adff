/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A shadow stack. */
#include "deed.h"

#define NR_MAP_SHADOW_STACK 453

static void act(void)
{
	long p = deed(NR_MAP_SHADOW_STACK, 0, 4 * PAGE, 0, 0, 0);

	if (p == -1)
		lacks("shadow stacks");
	must(!munmap((void *)p, PAGE), "munmap");
}
