/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Contracts in escape.h. */
#include "cmd/command.h"
#include "cmd/escape.h"
#include "cmd/world.h"

char *escaped(const char *s, size_t n)
{
	char *out = NULL;
	size_t bytes;
	FILE *to = open_memstream(&out, &bytes);

	if (to) {
		world_print_text(s, n, to);
		fclose(to);
	}
	return out ? out : text("?");
}
