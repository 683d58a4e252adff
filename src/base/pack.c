/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Packed numbers; contracts in pack.h. */
#include "base/pack.h"
#include "base/str.h"

static void put(struct pack *p, uint8_t byte)
{
	if (p->len < p->size)
		p->buf[p->len++] = byte;
	else
		p->overflow = true;
}

void pack_u64(struct pack *p, uint64_t v)
{
	while (v > 0x7f) {
		put(p, (uint8_t)(v | 0x80));
		v >>= 7;
	}
	put(p, (uint8_t)v);
}

/* The sign becomes the lowest bit: 0, -1, 1, -2 ... are 0, 1, 2, 3 ... */
void pack_s64(struct pack *p, int64_t v)
{
	pack_u64(p, (uint64_t)v << 1 ^ (uint64_t)(v >> 63));
}

void pack_raw(struct pack *p, const void *bytes, size_t n)
{
	if (p->overflow || n > p->size - p->len) {
		p->overflow = true;
		return;
	}
	memcpy(p->buf + p->len, bytes, n);
	p->len += n;
}

void pack_bytes(struct pack *p, const void *bytes, size_t n)
{
	pack_u64(p, n);
	pack_raw(p, bytes, n);
}

uint64_t unpack_u64(struct unpack *u)
{
	uint64_t v = 0;

	for (unsigned int shift = 0; shift < 64; shift += 7) {
		uint8_t byte;

		if (u->at == u->end)
			break;
		byte = *u->at++;
		if (shift == 63 && byte > 1)
			break;
		v |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80))
			return v;
	}
	u->bad = true;
	return 0;
}

int64_t unpack_s64(struct unpack *u)
{
	uint64_t v = unpack_u64(u);

	return (int64_t)(v >> 1 ^ -(v & 1));
}

const void *unpack_bytes(struct unpack *u, size_t *n)
{
	const uint8_t *bytes;

	*n = unpack_u64(u);
	if (u->bad || *n > (size_t)(u->end - u->at)) {
		u->bad = true;
		*n = 0;
		return NULL;
	}
	bytes = u->at;
	u->at += *n;
	return bytes;
}
