/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Numbers and bytes packed for a file: LEB128, seven bits a byte. What is
 * unpacked may be anybody's: a read past the end, or a number that does not fit
 * 64 bits, answers 0 and makes .bad stick. Async-signal-safe.
 */
#ifndef VS_BASE_PACK_H
#define VS_BASE_PACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pack {
	uint8_t *buf;
	size_t size, len;
	bool overflow;		/* something did not fit and was left out */
};

struct unpack {
	const uint8_t *at, *end;
	bool bad;
};

void pack_u64(struct pack *p, uint64_t v);
/* Small numbers of either sign are short. */
void pack_s64(struct pack *p, int64_t v);
/* What is packed already. */
void pack_raw(struct pack *p, const void *bytes, size_t n);
/* Its length, then the bytes. */
void pack_bytes(struct pack *p, const void *bytes, size_t n);

uint64_t unpack_u64(struct unpack *u);
int64_t unpack_s64(struct unpack *u);
/* *n bytes, which stay where they are; NULL with *n 0 where it is bad. */
const void *unpack_bytes(struct unpack *u, size_t *n);

#endif
