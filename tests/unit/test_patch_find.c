/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The search for branches from afar, against one that looks at each byte. Bytes
 * are drawn so that opcodes are frequent, and so are distances that end in one
 * of the windows; the text begins and ends anywhere.
 */
#include <stdint.h>
#include <string.h>

#include "patch/find.h"
#include "tap.h"

#define TEXT   4096
#define AFAR   (1 << 20)
#define ROUNDS 400

static unsigned char text[TEXT];
static uint64_t state = 88172645463325252ULL;

static uint32_t draw(uint32_t below)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)(state >> 33) % below;
}

static void put_branch(size_t at, uintptr_t shift, uintptr_t target)
{
	static const unsigned char one[] = { 0xe8, 0xe9 };
	bool wide = draw(2);
	int32_t rel = (int32_t)(target - ((uintptr_t)text + shift + at + 5 + wide));

	if (wide)
		text[at++] = 0x0f;
	text[at] = wide ? (unsigned char)(0x80 + draw(16)) : one[draw(2)];
	memcpy(text + at + 1, &rel, sizeof(rel));
}

/* 0 where no branch begins that @f lets pass. */
static uintptr_t plain_target(size_t at, size_t end, uintptr_t shift,
			      const struct window_filter *f)
{
	bool wide = text[at] == 0x0f && (text[at + 1] & 0xf0) == 0x80;
	uintptr_t target;
	int32_t rel;

	if (at + 5 + wide > end || (!wide && (text[at] & 0xfe) != 0xe8))
		return 0;
	memcpy(&rel, text + at + 1 + wide, sizeof(rel));
	target = (uintptr_t)text + shift + at + 5 + wide + (uintptr_t)(intptr_t)rel;
	if (target < f->start || target >= f->end)
		return 0;
	return f->bits[target >> 9 & FIND_FILTER_MASK] >> (target >> 3 & 63) & 1 ?
	       target : 0;
}

static bool next_inside(struct find_text *t, const struct window_filter *f,
			struct find_hit *hit)
{
	while (find_far_branch(t, f, hit))
		if (hit->target >= f->start && hit->target < f->end)
			return true;
	return false;
}

/* How many were found in both, or -1 if they are not the same. */
static int compare(size_t from, size_t end, uintptr_t shift,
		   const struct window_filter *f)
{
	struct find_text t = { (uintptr_t)text + from, (uintptr_t)text + end,
			       (intptr_t)shift };
	struct find_hit hit;
	int found = 0;

	for (size_t at = from; at < end; at++) {
		uintptr_t target = plain_target(at, end, shift, f);

		if (!target)
			continue;
		if (!next_inside(&t, f, &hit) || hit.target != target ||
		    hit.at != (uintptr_t)text + shift + at)
			return -1;
		found++;
	}
	return next_inside(&t, f, &hit) ? -1 : found;
}

static int one_round(uintptr_t shift)
{
	struct window_filter f = { .end = 0 };
	struct patch_window win;
	size_t from = draw(80), end = TEXT - 8 - draw(80);

	win.start = (uintptr_t)text + shift + draw(AFAR);
	win.end = win.start + 6;
	filter_add(&f, &win);
	for (size_t i = 0; i < TEXT; i++)
		text[i] = (unsigned char)draw(256);
	for (unsigned int i = 0; i < 60; i++)
		put_branch(draw(TEXT - 8), shift, win.start + draw(6));
	put_branch(from, shift, win.start);
	put_branch(end - 5 - draw(2), shift, win.start + 1);
	return compare(from, end, shift, &f);
}

int main(void)
{
	int found = 0, wrong = 0;

	for (unsigned int i = 0; i < ROUNDS; i++) {
		int n = one_round(i % 2 ? 0x1000 : 0);

		wrong += n < 0;
		found += n < 0 ? 0 : n;
	}
	ok(!wrong, "each branch from afar is found, and no other (%d of %d differ)",
	   wrong, ROUNDS);
	ok(found > 20 * ROUNDS, "and there were many: %d", found);
	done_testing();
}
