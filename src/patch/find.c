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

/* Four steps without a branch, and none but for a hit. */
#define STRIDE (4 * STEP)

VECTOR static inline __m128i is_syscall(uintptr_t at)
{
	__m128i first = _mm_loadu_si128((const __m128i *)at);
	__m128i second = _mm_loadu_si128((const __m128i *)(at + 1));

	return _mm_and_si128(_mm_cmpeq_epi8(first, _mm_set1_epi8(0x0f)),
			     _mm_cmpeq_epi8(second, _mm_set1_epi8(0x05)));
}

VECTOR static uintptr_t skip_to_syscall(uintptr_t at, uintptr_t end)
{
	for (; at + STRIDE + 1 <= end; at += STRIDE) {
		__m128i a = _mm_or_si128(is_syscall(at), is_syscall(at + STEP));
		__m128i b = _mm_or_si128(is_syscall(at + 2 * STEP),
					 is_syscall(at + 3 * STEP));

		if (_mm_movemask_epi8(_mm_or_si128(a, b)))
			break;
	}
	return at;
}

uintptr_t find_syscall(struct find_text *t)
{
	uintptr_t last = t->end - 1, stop;

	for (uintptr_t at = t->at; at < last; at = stop) {
		at = skip_to_syscall(at, t->end);
		stop = at + STRIDE < last ? at + STRIDE : last;
		for (; at < stop; at++) {
			const unsigned char *p = (const unsigned char *)at;

			if (p[0] != 0x0f || p[1] != 0x05)
				continue;
			t->at = at + 2;
			return at + (uintptr_t)t->shift;
		}
	}
	t->at = t->end;
	return 0;
}

/* 16384 granules of 8 bytes, wrapping around: fifty windows fill 100 of them. */
static bool filter_has(const struct window_filter *f, uintptr_t addr)
{
	return f->bits[addr >> 9 & FIND_FILTER_MASK] >> (addr >> 3 & 63) & 1;
}

void filter_add(struct window_filter *f, const struct patch_window *win)
{
	if (!f->end || win->start < f->start)
		f->start = win->start;
	if (win->end > f->end)
		f->end = win->end;
	for (uintptr_t a = win->start; a < win->end; a++)
		f->bits[a >> 9 & FIND_FILTER_MASK] |= 1UL << (a >> 3 & 63);
}

/* Where its distance is at @rel, a branch goes to @hit->target. */
static bool is_awaited(const struct find_text *t, uintptr_t rel,
		       const struct window_filter *f, struct find_hit *hit)
{
	hit->target = rel + 4 + (uintptr_t)t->shift +
		      (uintptr_t)(intptr_t)load_rel32(rel);
	return filter_has(f, hit->target);
}

/*
 * call e8, jmp e9: five bytes; jcc 0f 80 to 0f 8f: six. Its first byte is at
 * @at, and so far a branch may be there: is it one whose target passes?
 */
static bool is_far_branch(const struct find_text *t, uintptr_t at,
			  const struct window_filter *f, struct find_hit *hit)
{
	unsigned int wide = *(const unsigned char *)at == 0x0f;

	hit->at = at + (uintptr_t)t->shift;
	return is_awaited(t, at + 1 + wide, f, hit);
}

static bool is_far_opcode(uintptr_t at, uintptr_t end)
{
	const unsigned char *p = (const unsigned char *)at;

	if ((p[0] & 0xfe) == 0xe8)
		return true;
	return at + FIND_FAR_MAX <= end && p[0] == 0x0f && (p[1] & 0xf0) == 0x80;
}

/*
 * The last byte of a branch's distance says where it goes to within 16 MB. Seen
 * from one piece of text all windows lie within few such: @lo, and @n above it.
 */
struct reach {
	__m128i lo, n;
};

VECTOR static struct reach reach_of(const struct find_text *t,
				    const struct window_filter *f)
{
	intptr_t start = (intptr_t)t->at + t->shift;
	intptr_t end = (intptr_t)t->end + t->shift;
	intptr_t lo = ((intptr_t)f->start - end - FIND_FAR_MAX) >> 24;
	intptr_t hi = ((intptr_t)f->end - start) >> 24;
	intptr_t n = hi - lo < 255 ? hi - lo : 255;

	return (struct reach){ _mm_set1_epi8((char)lo), _mm_set1_epi8((char)n) };
}

/* Which of the 16 bytes at @at are in @r: all bits of each. */
VECTOR static inline __m128i is_reached(uintptr_t at, const struct reach *r)
{
	__m128i v = _mm_loadu_si128((const __m128i *)at);

	return _mm_cmpeq_epi8(_mm_subs_epu8(_mm_sub_epi8(v, r->lo), r->n),
			      _mm_setzero_si128());
}

VECTOR static inline __m128i is_byte(uintptr_t at, int mask, int byte)
{
	__m128i v = _mm_loadu_si128((const __m128i *)at);

	v = _mm_and_si128(v, _mm_set1_epi8((char)mask));
	return _mm_cmpeq_epi8(v, _mm_set1_epi8((char)byte));
}

/*
 * Whose distance may begin in the sixteen bytes from @at + 2 on: one bit each.
 *
 *	at	  at + 1    at + 2 ... at + 5
 *	0f	  80 to 8f  distance		jcc
 *		  e8, e9    distance		call, jmp
 */
VECTOR static inline uint64_t far_branches(uintptr_t at, const struct reach *r)
{
	__m128i jcc = _mm_and_si128(is_byte(at, 0xff, 0x0f),
				    is_byte(at + 1, 0xf0, 0x80));
	__m128i any = _mm_or_si128(jcc, is_byte(at + 1, 0xfe, 0xe8));

	any = _mm_and_si128(any, is_reached(at + 5, r));
	return (uint64_t)(unsigned int)_mm_movemask_epi8(any);
}

/* Sixty-four at once: the loop over what was found ends unforeseen just once. */
VECTOR static inline uint64_t far_stride(uintptr_t at, const struct reach *r)
{
	return far_branches(at, r) | far_branches(at + STEP, r) << STEP |
	       far_branches(at + 2 * STEP, r) << 2 * STEP |
	       far_branches(at + 3 * STEP, r) << 3 * STEP;
}

static bool stop_at(struct find_text *t, uintptr_t at)
{
	t->at = at + 1;
	return true;
}

VECTOR bool find_far_branch(struct find_text *t, const struct window_filter *f,
			    struct find_hit *hit)
{
	const struct reach r = reach_of(t, f);
	uintptr_t at = t->at;

	/* what begins right here the strides would see one byte too late */
	if (at + 5 <= t->end && is_far_opcode(at, t->end) &&
	    is_far_branch(t, at, f, hit))
		return stop_at(t, at);
	for (; at + STRIDE + 5 <= t->end; at += STRIDE)
		for (uint64_t m = far_stride(at, &r); m; m &= m - 1) {
			uintptr_t op = at + (unsigned int)__builtin_ctzll(m);

			if (!is_awaited(t, op + 2, f, hit))
				continue;
			op += (*(const unsigned char *)(op + 1) & 0xf0) != 0x80;
			hit->at = op + (uintptr_t)t->shift;
			return stop_at(t, op);
		}
	for (; at + 5 <= t->end; at++)
		if (is_far_opcode(at, t->end) && is_far_branch(t, at, f, hit))
			return stop_at(t, at);
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
