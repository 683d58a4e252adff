/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parser of maps: what it accepts, prints back; the rest it names. */
#include <errno.h>

#include "base/fmt.h"
#include "base/view.h"
#include "procmaps/parse.h"
#include "tap.h"
#include "text.h"

static const char *const recorded[] = {
	"maps/cat.maps", "maps/names.maps", "maps/static-5.10.maps",
	"maps/wide.maps",
};

static char carry[8192], printed[1 << 20];

/*
 * Parses @t in chunks of @chunk bytes, each of which ends at a forbidden page,
 * and prints the views into @f. Returns what the parser says at the end.
 */
static int parse_in_chunks(const struct text *t, size_t chunk,
			   struct procmaps_parser *p, struct fmt *f,
			   unsigned int *lines)
{
	struct vma_view v;
	int ret = 0;

	*lines = 0;
	procmaps_parser_init(p, carry, sizeof(carry));
	for (size_t at = 0; at < t->len && ret >= 0; at += chunk) {
		size_t n = t->len - at < chunk ? t->len - at : chunk;
		struct text piece = text_guarded(t->s + at, n);

		procmaps_feed(p, piece.s, n);
		while ((ret = procmaps_next(p, &v)) > 0) {
			view_format(f, &v);
			fmt_char(f, '\n');
			++*lines;
		}
		text_free(&piece);
	}
	return procmaps_finish(p);
}

static unsigned int count_lines(const struct text *t)
{
	unsigned int n = 0;

	for (size_t i = 0; i < t->len; i++)
		n += t->s[i] == '\n';
	return n;
}

static void test_recorded_maps_print_back_byte_for_byte(void)
{
	struct procmaps_parser p;
	unsigned int lines;
	struct fmt f;

	for (size_t i = 0; i < sizeof(recorded) / sizeof(*recorded); i++) {
		struct text t = text_load(recorded[i]);

		fmt_init(&f, printed, sizeof(printed));
		is_i64(parse_in_chunks(&t, t.len, &p, &f, &lines), 0,
		       "%s parses", recorded[i]);
		is_u64(lines, count_lines(&t), "one view a line");
		ok(f.len == t.len && !memcmp(f.buf, t.s, t.len),
		   "and prints back as it was");
		text_free(&t);
	}
}

static void test_chunks_of_every_size_give_the_same(void)
{
	struct text t = text_load("maps/names.maps");
	size_t sizes = 0, same = 0;
	struct procmaps_parser p;
	unsigned int lines;
	struct fmt f;

	for (size_t chunk = 1; chunk <= t.len; chunk += 1 + chunk / 97) {
		fmt_init(&f, printed, sizeof(printed));
		sizes++;
		same += !parse_in_chunks(&t, chunk, &p, &f, &lines) &&
			f.len == t.len && !memcmp(f.buf, t.s, t.len);
	}
	ok(sizes > 400, "%zu sizes were tried", sizes);
	is_u64(same, sizes, "each gave the recorded text back");
	text_free(&t);
}

/* Where the text is cut, whole lines stay, and the rest is said to be cut. */
static void test_text_cut_anywhere(void)
{
	struct text t = text_load("maps/wide.maps");
	unsigned int whole = 0, wrong = 0;
	struct procmaps_parser p;
	unsigned int lines;
	struct fmt f;

	for (size_t n = 0; n < t.len; n++) {
		struct text cut = text_guarded(t.s, n);
		bool inside = n && t.s[n - 1] != '\n';
		int ret;

		whole += n && t.s[n - 1] == '\n';
		fmt_init(&f, printed, sizeof(printed));
		ret = parse_in_chunks(&cut, 61, &p, &f, &lines);
		wrong += ret != (inside ? -EINVAL : 0) || lines != whole ||
			 (inside && p.error_at != n);
		text_free(&cut);
	}
	is_u64(wrong, 0, "each of %zu cuts gave its whole lines and the place",
	       t.len);
	text_free(&t);
}

static void test_malformed_lines_are_refused(void)
{
	struct text t = text_load("maps/malformed.maps");
	const char *s = t.s, *end = t.s + t.len;
	unsigned int n = 0, refused = 0;

	while (s < end) {
		size_t len = (size_t)((const char *)memchr(s, '\n',
					(size_t)(end - s)) - s);
		struct text line = text_guarded(s, len);
		size_t bad = 9999;
		struct vma_view v;

		n++;
		if (procmaps_parse_line(line.s, len, &v, &bad) == -EINVAL &&
		    bad <= len)
			refused++;
		else
			diag("accepted: line %u: %.*s", n, (int)len, s);
		text_free(&line);
		s += len + 1;
	}
	ok(n > 50, "%u malformed lines were tried", n);
	is_u64(refused, n, "each is -EINVAL with a place within the line");
	text_free(&t);
}

#define GOOD "7f0000000000-7f0000001000 r--p 00000000 fe:00 247134 "
#define PAD  "                    "

static void test_the_offending_byte_is_named(void)
{
	static const struct {
		const char *line;
		size_t bad;
	} cases[] = {
		{ "", 0 },
		{ "7F", 1 },
		{ "7f0000000000_7f", 12 },
		{ "7f0000001000-7f0000001000 r--p", 0 },	/* empty range */
		{ "7f0000000001-7f0000001000 r--p", 0 },	/* no page */
		{ "7f0000000000-7f0000001000 rW-p", 27 },
		{ "7f0000000000-7f0000001000 r--p 00000010 fe:00", 31 },
		{ "7f0000000000-7f0000001000 r--p 00000000 fe:00 0247", 47 },
		{ "7f0000000000-7f0000001000 r--p 00000000 fe:00 247", 49 },
		{ GOOD "x", 53 },
		{ GOOD PAD, 73 },				/* no name */
		{ GOOD "       /usr", 60 },			/* column 60 */
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		size_t bad = 9999;
		struct vma_view v;

		is_i64(procmaps_parse_line(cases[i].line,
					   strlen(cases[i].line), &v, &bad),
		       -EINVAL, "refused: \"%s\"", cases[i].line);
		is_u64(bad, cases[i].bad, "at this byte");
	}
}

static void test_an_error_stays_and_counts_from_the_begin_of_the_text(void)
{
	static const char text[] = GOOD "\n" GOOD PAD "/a\n" GOOD "oops\n" GOOD "\n";
	size_t want = strlen(GOOD "\n" GOOD PAD "/a\n" GOOD);
	struct procmaps_parser p;
	struct vma_view v;

	procmaps_parser_init(&p, carry, sizeof(carry));
	procmaps_feed(&p, text, 30);
	is_i64(procmaps_next(&p, &v), 0, "needs more text");
	procmaps_feed(&p, text + 30, strlen(text) - 30);
	is_i64(procmaps_next(&p, &v), 1, "line 1");
	is_u64(v.name_len, 0, "has no name");
	is_i64(procmaps_next(&p, &v), 1, "line 2");
	ok(v.name_len == 2 && !memcmp(v.name, "/a", 2), "is named /a");
	is_i64(procmaps_next(&p, &v), -EINVAL, "line 3 is malformed");
	is_u64(p.error_at, want, "at its byte in the whole text");
	is_i64(procmaps_next(&p, &v), -EINVAL, "the error stays");
	is_i64(procmaps_finish(&p), -EINVAL, "to the end");
}

static void test_a_line_longer_than_the_carry(void)
{
	static const char text[] = GOOD PAD "/0123456789\n";
	size_t len = strlen(text) - 1;
	struct procmaps_parser p;
	struct vma_view v;

	procmaps_parser_init(&p, carry, len - 1);
	procmaps_feed(&p, GOOD "\n", strlen(GOOD "\n"));
	while (procmaps_next(&p, &v) > 0)
		;
	procmaps_feed(&p, text, 40);
	is_i64(procmaps_next(&p, &v), 0, "the carry keeps the first part");
	procmaps_feed(&p, text + 40, len + 1 - 40);
	is_i64(procmaps_next(&p, &v), -ENAMETOOLONG, "and is a byte too small");
	is_u64(p.error_at, strlen(GOOD "\n") + 40, "for what follows");

	procmaps_parser_init(&p, carry, len);
	procmaps_feed(&p, text, 40);
	procmaps_next(&p, &v);
	procmaps_feed(&p, text + 40, len + 1 - 40);
	is_i64(procmaps_next(&p, &v), 1, "a byte more is enough");
	is_u64(v.name_len, 11, "for the whole name");
	is_i64(procmaps_finish(&p), 0, "the text may end right there");

	procmaps_parser_init(&p, carry, 0);
	procmaps_feed(&p, text, len + 1);
	is_i64(procmaps_next(&p, &v), 1, "a line within a chunk needs none");
}

static void test_any_byte_may_be_in_a_name(void)
{
	struct vma_view v;
	char line[400];
	size_t bad, n = 73;

	memcpy(line, GOOD PAD, 73);
	for (int c = 1; c < 256; c++)
		if (c != '\n')
			line[n++] = (char)c;
	line[n++] = '\0';
	is_i64(procmaps_parse_line(line, n, &v, &bad), 0, "all but newline");
	is_u64(v.name_len, 255, "are the name");
	ok(v.name == line + 73, "which is the line's own bytes");
}

static void test_fields(void)
{
	static const char line[] = "ffffffffff600000-ffffffffff601000 -wxs "
		"fffffffffffff000 fff:fffff 18446744073709551615  [vsyscall]";
	struct vma_view v;
	size_t bad;

	is_i64(procmaps_parse_line(line, strlen(line), &v, &bad), 0,
	       "the widest line");
	is_u64(v.start, 0xffffffffff600000, "start");
	is_u64(v.end, 0xffffffffff601000, "end");
	is_u64(v.prot, VIEW_WRITE | VIEW_EXEC | VIEW_SHARED, "protection");
	is_u64(v.offset, 0xfffffffffffff000, "offset");
	is_u64(v.dev_major, 0xfff, "major");
	is_u64(v.dev_minor, 0xfffff, "minor");
	is_u64(v.inode, UINT64_MAX, "inode");
	ok(v.name_len == 10 && !memcmp(v.name, "[vsyscall]", 10), "name");
}

static uint32_t next_random(uint32_t *state)
{
	*state = *state * 1664525 + 1013904223;
	return *state >> 8;
}

/* Whatever is accepted must be exactly what the kernel prints for it. */
static void test_mutated_lines_are_refused_or_print_back(void)
{
	static const char alphabet[] = "0123456789abcdefr-wxps: /\n\t\\[]~";
	unsigned int accepted = 0, refused = 0, wrong = 0;
	uint32_t seed = 1;

	for (unsigned int i = 0; i < 200000; i++) {
		char line[128] = GOOD PAD "/usr/bin/cat", out[256];
		size_t len = strlen(line), bad;
		struct vma_view v;
		struct fmt f;

		for (uint32_t n = 1 + next_random(&seed) % 3; n; n--) {
			size_t at = next_random(&seed) % len;
			char c = alphabet[next_random(&seed) %
					  (sizeof(alphabet) - 1)];

			switch (next_random(&seed) % 3) {
			case 0:
				line[at] = c;
				break;
			case 1:
				memmove(line + at + 1, line + at, len++ - at);
				line[at] = c;
				break;
			default:
				memmove(line + at, line + at + 1, --len - at);
			}
		}
		if (procmaps_parse_line(line, len, &v, &bad)) {
			refused++;
			wrong += bad > len;
			continue;
		}
		accepted++;
		fmt_init(&f, out, sizeof(out));
		view_format(&f, &v);
		wrong += f.len != len || memcmp(out, line, len);
	}
	ok(accepted > 10000 && refused > 10000, "%u accepted, %u refused",
	   accepted, refused);
	is_u64(wrong, 0, "what was accepted prints back");
}

int main(void)
{
	test_recorded_maps_print_back_byte_for_byte();
	test_chunks_of_every_size_give_the_same();
	test_text_cut_anywhere();
	test_malformed_lines_are_refused();
	test_the_offending_byte_is_named();
	test_an_error_stays_and_counts_from_the_begin_of_the_text();
	test_a_line_longer_than_the_carry();
	test_any_byte_may_be_in_a_name();
	test_fields();
	test_mutated_lines_are_refused_or_print_back();
	return done_testing();
}
