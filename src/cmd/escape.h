/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of anybody's making, for terminals and JSON. */
#ifndef VS_CMD_ESCAPE_H
#define VS_CMD_ESCAPE_H

#include <stddef.h>

/* escaped() - a new string of printable ASCII, as world_print_text() writes. */
char *escaped(const char *s, size_t n);

#endif
