/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An object to load and unload, with data, constants and memory of its own. */
#include <stdlib.h>

int plugin_answer(void);

static int data[3000] = { 40, 1 };
static int bss[100000];
static void *memory;

__attribute__((constructor)) static void begin(void)
{
	memory = malloc(200000);
}

__attribute__((destructor)) static void end(void)
{
	free(memory);
}

int plugin_answer(void)
{
	bss[99999] = memory ? 1 : -100;
	return data[0] + data[1] + bss[99999];
}
