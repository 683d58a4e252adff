/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Text into a buffer that the caller hands in. A buffer that overflows stays
 * whole up to its last complete append and remembers that it overflowed; it is
 * always NUL-terminated.
 *
 * Async-signal-safe; no allocation; no lock.
 */
#ifndef VS_BASE_FMT_H
#define VS_BASE_FMT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fmt {
	char *buf;
	size_t size;		/* bytes in buf, the NUL included */
	size_t len;		/* bytes written, the NUL not included */
	bool overflow;		/* something did not fit and was left out */
};

/* fmt_init() - start an empty text in @buf; @size must be at least 1. */
void fmt_init(struct fmt *f, char *buf, size_t size);
void fmt_char(struct fmt *f, char c);
void fmt_bytes(struct fmt *f, const char *s, size_t n);
void fmt_str(struct fmt *f, const char *s);
void fmt_u64(struct fmt *f, uint64_t v);			/* decimal */
void fmt_s64(struct fmt *f, int64_t v);
/* Lower-case hexadecimal, padded with zeros to at least @width digits. */
void fmt_hex(struct fmt *f, uint64_t v, unsigned int width);
/* Spaces until @column bytes stand in the text; none if they already do. */
void fmt_pad(struct fmt *f, size_t column);

#endif
