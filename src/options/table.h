/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside options: what an entry of the table says. */
#ifndef VS_OPTIONS_TABLE_H
#define VS_OPTIONS_TABLE_H

#include <stdbool.h>

#include "options/options.h"

struct option_choice {
	const char *name;		/* NULL ends the list */
	uint32_t value;
};

/*
 * An option is text, or a uint32_t that is given by name or as a number.
 */
struct option_entry {
	const char *key;
	size_t offset;			/* in struct options */
	const char *text;		/* of text: how help calls the value */
	const struct option_choice *choices;
	uint32_t min, max;		/* max 0: no number */
	const char *standard;		/* the default, as one would write it */
	const char *help;
};

#define OPTIONS_COUNT 14
extern const struct option_entry options_table[OPTIONS_COUNT];

#endif
