/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What driver.c is to `make check`, to libFuzzer: it wants a crash. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "fuzz.h"

int fuzz_verbose;

void fuzz_fail(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	abort();
}
