/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bytes and strings without libc. mem.c also defines memcpy, memmove, memset
 * and memcmp (hidden): gcc emits calls to them even in freestanding code, and
 * libc's own would clobber vector registers that the program still needs.
 *
 * All are async-signal-safe and use no vector register.
 */
#ifndef VS_BASE_STR_H
#define VS_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void *memcpy(void *restrict dst, const void *restrict src, size_t n);
void *memmove(void *dst, const void *src, size_t n);
void *memset(void *dst, int c, size_t n);
int memcmp(const void *a, const void *b, size_t n);

size_t str_len(const char *s);
bool str_eq(const char *a, const char *b);
/* Does @s begin with @prefix? */
bool str_starts(const char *s, const char *prefix);
/* The last component of @path: what follows the last '/'. */
const char *str_base(const char *path);

/*
 * str_copy() - copy @src and its NUL into @dst of @size bytes, cut if it must.
 * Returns the length of what stands in @dst; @size 0 writes nothing.
 */
size_t str_copy(char *dst, size_t size, const char *src);

/*
 * str_to_u64() - an unsigned number that fills all of [s, s + len): decimal,
 * or hexadecimal where @base is 16 (no "0x"). Returns 0, -EINVAL (no digit, a
 * foreign byte) or -ERANGE.
 */
int str_to_u64(const char *s, size_t len, unsigned int base, uint64_t *out);

#endif
