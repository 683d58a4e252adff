/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Megabytes of text must cost a fraction of a millisecond, so these searches
 * look at sixteen bytes at a time. They are the only functions of the room with
 * vector registers of their own; Zydis, next to them, has its own anyway.
 */
#include <emmintrin.h>

#include "patch/find.h"

#define VECTOR __attribute__((target("sse2")))
#define STEP   16

static int32_t load_rel32(uintptr_t at)
{
	int32_t v;

	__builtin_memcpy(&v, (const void *)at, sizeof(v));
	return v;
}

/* Which of the 16 bytes at @at, under @mask, are @byte: one bit each. */
VECTOR static inline unsigned int bytes_like(uintptr_t at, int mask, int byte)
{
	__m128i v = _mm_loadu_si128((const __m128i *)at);

	v = _mm_and_si128(v, _mm_set1_epi8((char)mask));
	v = _mm_cmpeq_epi8(v, _mm_set1_epi8((char)byte));
	return (unsigned int)_mm_movemask_epi8(v);
}

VECTOR uintptr_t find_syscall(struct find_text *t)
{
	uintptr_t at = t->at;

	for (; at + STEP + 1 <= t->end; at += STEP) {
		unsigned int m = bytes_like(at, 0xff, 0x0f) &
				 bytes_like(at + 1, 0xff, 0x05);

		if (!m)
			continue;
		at += (unsigned int)__builtin_ctz(m);
		t->at = at + 2;
		return at + (uintptr_t)t->shift;
	}
	for (; at + 2 <= t->end; at++) {
		const unsigned char *p = (const unsigned char *)at;

		if (p[0] != 0x0f || p[1] != 0x05)
			continue;
		t->at = at + 2;
		return at + (uintptr_t)t->shift;
	}
	t->at = t->end;
	return 0;
}

/* 4096 granules of 8 bytes, wrapping around: thirty windows fill 60 of them. */
static bool filter_has(const struct window_filter *f, uintptr_t addr)
{
	return f->bits[addr >> 9 & 63] >> (addr >> 3 & 63) & 1;
}

void filter_add(struct window_filter *f, const struct patch_window *win)
{
	for (uintptr_t a = win->start; a < win->end; a++)
		f->bits[a >> 9 & 63] |= 1UL << (a >> 3 & 63);
}

/* call e8, jmp e9: five bytes; jcc 0f 80 to 0f 8f: six. */
static bool is_far_branch(const struct find_text *t, uintptr_t at,
			  const struct window_filter *f, struct find_hit *hit)
{
	const unsigned char *p = (const unsigned char *)at;
	unsigned int wide = p[0] == 0x0f;

	hit->at = at + (uintptr_t)t->shift;
	hit->target = hit->at + 5 + wide + (uintptr_t)(intptr_t)
		      load_rel32(at + 1 + wide);
	return filter_has(f, hit->target);
}

static bool is_far_opcode(uintptr_t at, uintptr_t end)
{
	const unsigned char *p = (const unsigned char *)at;

	if ((p[0] & 0xfe) == 0xe8)
		return true;
	return at + FIND_FAR_MAX <= end && p[0] == 0x0f && (p[1] & 0xf0) == 0x80;
}

/* A call, jmp or jcc in the sixteen bytes at @at; 0 if there is none. */
VECTOR static inline unsigned int far_opcodes(uintptr_t at)
{
	return bytes_like(at, 0xfe, 0xe8) | (bytes_like(at, 0xff, 0x0f) &
					     bytes_like(at + 1, 0xf0, 0x80));
}

VECTOR bool find_far_branch(struct find_text *t, const struct window_filter *f,
			    struct find_hit *hit)
{
	uintptr_t at = t->at;

	for (; at + STEP + 5 <= t->end; at += STEP)
		for (unsigned int m = far_opcodes(at); m; m &= m - 1) {
			uintptr_t op = at + (unsigned int)__builtin_ctz(m);

			if (!is_far_branch(t, op, f, hit))
				continue;
			t->at = op + 1;
			return true;
		}
	for (; at + 5 <= t->end; at++)
		if (is_far_opcode(at, t->end) && is_far_branch(t, at, f, hit)) {
			t->at = at + 1;
			return true;
		}
	t->at = t->end;
	return false;
}

static bool is_near_opcode(unsigned char op)
{
	return (op & 0xf0) == 0x70 || op == 0xeb || (op & 0xfc) == 0xe0;
}

bool find_near_branch(struct find_text *t, const struct patch_window *win,
		      struct find_hit *hit)
{
	while (t->at + 2 <= t->end) {
		const unsigned char *p = (const unsigned char *)t->at++;

		hit->at = (uintptr_t)p + (uintptr_t)t->shift;
		hit->target = hit->at + 2 + (uintptr_t)(intptr_t)
			      (signed char)p[1];
		if (is_near_opcode(p[0]) && hit->target >= win->start &&
		    hit->target < win->end)
			return true;
	}
	return false;
}

struct patch_window find_near_reach(const struct patch_window *win,
				    uintptr_t start, uintptr_t end)
{
	struct patch_window reach = {
		win->start - (2 + 127), win->end + (128 - 2) + 2,
	};

	if (reach.start < start)
		reach.start = start;
	if (reach.end > end)
		reach.end = end;
	return reach;
}
