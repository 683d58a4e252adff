/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The parser of maps and smaps on any bytes: it reads nothing beyond them, a
 * line that it takes prints back byte for byte, and where the text was cut into
 * chunks makes no difference.
 *
 * An input: the size of the chunks, then the text.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fmt.h"
#include "procmaps/parse.h"

#include "fuzz.h"

const char fuzz_name[] = "procmaps";
const size_t fuzz_longest = 1024, fuzz_head = 1, fuzz_unit = 1;

static unsigned long texts, lines;

void fuzz_summary(void)
{
	printf("# %lu texts, %lu lines taken\n", texts, lines);
}

/* What came of a text: a digest of its lines, and how it ended. */
struct result {
	uint64_t digest, error_at;
	unsigned long lines;
	int end;
};

static void prints_back(const char *text, size_t size)
{
	char line[1100], again[1100];
	const char *end = memchr(text, '\n', size);
	struct vma_view v;
	struct fmt f;
	size_t bad, len = end ? (size_t)(end - text) : size;

	if (len >= sizeof(line))
		return;
	memcpy(line, text, len);
	if (procmaps_parse_line(line, len, &v, &bad)) {
		if (bad > len)
			fuzz_fail("the bad byte is said to be at %zu of %zu",
				  bad, len);
		return;
	}
	fmt_init(&f, again, sizeof(again));
	view_format(&f, &v);
	if (f.len != len || memcmp(again, line, len))
		fuzz_fail("\"%.*s\" prints back as \"%.*s\"", (int)len, line,
			  (int)f.len, again);
}

static void digest(struct result *r, const struct vma_view *v)
{
	const uint64_t words[] = {
		v->start, v->end, v->offset, v->inode, v->dev_major,
		v->dev_minor, v->prot, v->name_len,
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		r->digest = (r->digest ^ words[i]) * 0x100000001b3ULL;
	for (uint32_t i = 0; i < v->name_len; i++)
		r->digest = (r->digest ^ (uint8_t)v->name[i]) *
			    0x100000001b3ULL;
	r->lines++;
}

/* A chunk is copied to memory of just its size, so that a sanitizer sees. */
static struct result parse_maps(const char *text, size_t size, size_t chunk)
{
	static char carry[2048];
	struct result r = { .digest = 1 };
	struct procmaps_parser p;
	struct vma_view v;

	procmaps_parser_init(&p, carry, sizeof(carry));
	for (size_t n; size && !r.end; text += n, size -= n) {
		char *copy;

		n = chunk < size ? chunk : size;
		copy = malloc(n);
		if (!copy)
			break;
		memcpy(copy, text, n);
		procmaps_feed(&p, copy, n);
		while ((r.end = procmaps_next(&p, &v)) > 0)
			digest(&r, &v);
		free(copy);
	}
	r.end = procmaps_finish(&p);
	r.error_at = r.end ? p.error_at : 0;
	return r;
}

static void parse_smaps(const char *text, size_t size, size_t chunk)
{
	static char carry[2048], name[2048];
	struct smaps_parser s;
	struct smaps_entry e;

	smaps_parser_init(&s, carry, sizeof(carry), name, sizeof(name));
	for (size_t n; size; text += n, size -= n) {
		n = chunk < size ? chunk : size;
		smaps_feed(&s, text, n);
		while (smaps_next(&s, &e) > 0)
			if (e.view.name_len > sizeof(name))
				fuzz_fail("a name longer than its buffer");
	}
	smaps_finish(&s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data + 1;
	struct result whole, cut;
	size_t chunk;

	if (size < 2)
		return 0;
	chunk = (size_t)data[0] + 1;
	size--;
	texts++;
	prints_back(text, size);
	whole = parse_maps(text, size, size);
	cut = parse_maps(text, size, chunk);
	lines += whole.lines;
	if (whole.lines != cut.lines || whole.digest != cut.digest ||
	    whole.end != cut.end || whole.error_at != cut.error_at)
		fuzz_fail("in chunks of %zu: %lu lines, end %d at %lu; whole: "
			  "%lu, %d at %lu", chunk, cut.lines, cut.end,
			  (unsigned long)cut.error_at, whole.lines, whole.end,
			  (unsigned long)whole.error_at);
	parse_smaps(text, size, chunk);
	return 0;
}
