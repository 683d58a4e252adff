/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two lists, line by line. The pictures: each letter is a line of that extent,
 * the same letter is an equal line, K the kernel's list and M the mirror's.
 */
#include <errno.h>
#include <stdlib.h>

#include "base/fmt.h"
#include "crosscheck/diff.h"
#include "tap.h"

#define LINES 64

static struct list {
	struct diff_line line[LINES];
	unsigned int n, at;
	int fail_at, error;	/* the call that fails, from 1 */
} kernel, mirror;

static char said[4096];
static struct fmt f;
static int stop_after, calls;

static int next(struct list *l, struct diff_line *out)
{
	if (l->fail_at && (int)l->at + 1 == l->fail_at)
		return l->error;
	if (l->at == l->n)
		return 0;
	*out = l->line[l->at++];
	return 1;
}

static int next_kernel(void *ctx, struct diff_line *out)
{
	(void)ctx;
	return next(&kernel, out);
}

static int next_mirror(void *ctx, struct diff_line *out)
{
	(void)ctx;
	return next(&mirror, out);
}

static void say_line(const struct vma_view *v)
{
	if (!v) {
		fmt_char(&f, '-');
		return;
	}
	fmt_u64(&f, v->start >> 12);
	fmt_char(&f, '+');
	fmt_u64(&f, (v->end - v->start) >> 12);
}

/* "drift 1+2 -; ": kind, kernel's line, mirror's line; pages. */
static int say(void *ctx, const struct diff *d)
{
	static const char *const kinds[DIFF_KINDS] = {
		"drift", "growth", "renamed",
	};

	(void)ctx;
	fmt_str(&f, kinds[d->kind]);
	fmt_char(&f, ' ');
	say_line(d->kernel);
	fmt_char(&f, ' ');
	say_line(d->mirror);
	fmt_str(&f, "; ");
	return ++calls == stop_after ? 42 : 0;
}

static void clear(void)
{
	memset(&kernel, 0, sizeof(kernel));
	memset(&mirror, 0, sizeof(mirror));
	stop_after = 0;
}

/* One page for each character; a run of one letter is one line. */
static void draw(struct list *l, const char *picture)
{
	for (const char *c = picture; *c;) {
		const char *from = c;
		struct vma_view *v = &l->line[l->n].view;

		while (*c == *from)
			c++;
		if (*from == ' ')
			continue;
		v->start = (uint64_t)(from - picture) << 12;
		v->end = (uint64_t)(c - picture) << 12;
		v->prot = (uint8_t)(*from & 15);
		v->name = "";
		l->n++;
	}
}

static int run(void)
{
	kernel.at = mirror.at = 0;
	calls = 0;
	fmt_init(&f, said, sizeof(said));
	return diff_lists(next_kernel, next_mirror, say, NULL);
}

static void lists(const char *k, const char *m, const char *want)
{
	clear();
	draw(&kernel, k);
	draw(&mirror, m);
	is_i64(run(), 0, "K |%s|  M |%s|", k, m);
	is_str(said, want, "differs in \"%s\"", want);
}

static void test_equal_lists(void)
{
	lists("", "", "");
	lists("a", "a", "");
	lists("aab c", "aab c", "");
}

static void test_a_line_on_one_side_only(void)
{
	lists("a", "", "drift 0+1 -; ");
	lists("", "a", "drift - 0+1; ");
	lists("aab", "aa", "drift 2+1 -; ");
	lists("aa", "aab", "drift - 2+1; ");
	lists(" bc", "abc", "drift - 0+1; ");
	lists("abc", " bc", "drift 0+1 -; ");
	lists("a c", "abc", "drift - 1+1; ");
	lists("abc", "a c", "drift 1+1 -; ");
	lists("a   b", "  cc ", "drift 0+1 -; drift - 2+2; drift 4+1 -; ");
}

static void test_overlapping_lines_are_one_difference(void)
{
	lists("aa", "bb", "drift 0+2 0+2; ");
	lists("aa ", " bb", "drift 0+2 1+2; ");
	lists("aaa", " b ", "drift 0+3 1+1; ");
	lists(" a ", "bbb", "drift 1+1 0+3; ");
}

/* A merge that one side did, the other did not. */
static void test_a_boundary_on_one_side_only(void)
{
	lists("aaaa", "aabb", "drift 0+4 0+2; drift - 2+2; ");
	lists("aabb", "aaaa", "drift 0+2 0+4; drift 2+2 -; ");
	lists("xaaaay", "xabbcy", "drift 1+4 1+1; drift - 2+2; drift - 4+1; ");
	lists("aaabbb", "aabbbb", "drift 0+3 0+2; drift 3+3 2+4; ");
}

/*
 * M's first line ends before K's begins again: pairs do not slip.
 *
 *	K |aaaaaaaa|bb|
 *	M |c     |dddd|
 */
static void test_pairs_do_not_slip(void)
{
	lists("aaaaaaaabbx", "c     ddddx", "drift 0+8 0+1; drift 8+2 6+4; ");
}

static struct vma_view *view(struct list *l, uint64_t start, uint64_t end,
			     const char *name)
{
	struct vma_view *v = &l->line[l->n++].view;

	*v = (struct vma_view){
		.start = start, .end = end, .offset = 0x1000, .inode = 7,
		.dev_major = 8, .dev_minor = 1, .prot = VIEW_READ,
		.name = name, .name_len = (uint32_t)strlen(name),
	};
	return v;
}

static void test_every_field_counts(void)
{
	for (int field = 0; field < 9; field++) {
		struct vma_view *m;

		clear();
		view(&kernel, 0x1000, 0x3000, "/a");
		m = view(&mirror, 0x1000, 0x3000, "/a");
		switch (field) {
		case 0: m->start = 0x2000; break;
		case 1: m->end = 0x2000; break;
		case 2: m->offset = 0; break;
		case 3: m->inode = 8; break;
		case 4: m->dev_major = 9; break;
		case 5: m->dev_minor = 2; break;
		case 6: m->prot |= VIEW_SHARED; break;
		case 7: m->name = "/b"; m->offset = 0; break;
		default: m->inode = m->dev_major = m->dev_minor = 0; break;
		}
		run();
		ok(calls == 1 && !strncmp(said, "drift ", 6),
		   "field %d differs: %s", field, said);
	}
}

static void names(const char *k, const char *m, bool file, const char *want)
{
	struct vma_view *kv, *mv;

	clear();
	kv = view(&kernel, 0x1000, 0x2000, k);
	mv = view(&mirror, 0x1000, 0x2000, m);
	if (!file) {
		kv->inode = kv->dev_major = kv->dev_minor = kv->offset = 0;
		mv->inode = mv->dev_major = mv->dev_minor = mv->offset = 0;
	}
	run();
	is_str(said, want, "\"%s\", \"%s\"%s", k, m, file ? "" : ", no file");
}

/* Only a path can change without a call of the process. */
static void test_another_name(void)
{
	names("/a (deleted)", "/a", true, "renamed 1+1 1+1; ");
	names("/b", "/a", true, "renamed 1+1 1+1; ");
	names("/aa", "/a", true, "renamed 1+1 1+1; ");
	names("anon_inode:x", "/a", true, "renamed 1+1 1+1; ");
	names("[anon_shmem:x]", "/memfd:a (deleted)", true, "drift 1+1 1+1; ");
	names("/memfd:a (deleted)", "[anon_shmem:x]", true, "drift 1+1 1+1; ");
	names("", "/a", true, "drift 1+1 1+1; ");
	names("[heap]", "", false, "drift 1+1 1+1; ");
	names("[anon:x]", "[anon:y]", false, "drift 1+1 1+1; ");
	names("/a", "/b", false, "drift 1+1 1+1; ");
	names("/a", "/a", true, "");
}

static void growth(uint64_t kernel_start, bool grows, const char *want,
		   const char *what)
{
	clear();
	view(&kernel, kernel_start, 0x9000, "[stack]");
	view(&mirror, 0x6000, 0x9000, "[stack]");
	mirror.line[0].grows = grows;
	run();
	is_str(said, want, "%s", what);
}

static void test_growth(void)
{
	struct vma_view *k;

	growth(0x4000, true, "growth 4+5 6+3; ", "a stack that grew");
	growth(0x4000, false, "drift 4+5 6+3; ", "what is no stack does not");
	growth(0x7000, true, "drift 7+2 6+3; ", "a stack does not shrink");
	growth(0x6000, true, "", "nor is an equal one a difference");
	for (int field = 0; field < 3; field++) {
		clear();
		k = view(&kernel, 0x4000, 0x9000, "[stack]");
		view(&mirror, 0x6000, 0x9000, "[stack]");
		mirror.line[0].grows = true;
		kernel.line[0].grows = field == 2;
		if (field == 0)
			k->end = 0xa000;
		else if (field == 1)
			k->prot |= VIEW_EXEC;
		else
			k->name_len = 0;
		run();
		ok(!strncmp(said, "drift", 5), "grown and changed (%d) is drift",
		   field);
	}
}

static void test_vsyscall_is_the_kernels_own(void)
{
	clear();
	draw(&kernel, "a");
	draw(&mirror, "a");
	view(&kernel, 0xffffffffff600000, 0xffffffffff601000, "[vsyscall]");
	is_i64(run(), 0, "at the end of the kernel's list");
	is_str(said, "", "is passed over");
	clear();
	view(&kernel, 0xffffffffff600000, 0xffffffffff601000, "[vsyscall]");
	draw(&mirror, "a");
	run();
	is_str(said, "drift - 0+1; ", "and ends it");
	clear();
	view(&kernel, 0x7ffffffff000, 0x800000000000, "x");
	run();
	is_str(said, "drift 34359738367+1 -; ", "the last page of the program is not");
}

static void test_ends(void)
{
	clear();
	draw(&kernel, "abc");
	stop_after = 2;
	is_i64(run(), 42, "the callback ends the walk");
	is_i64(calls, 2, "at once");
	clear();
	draw(&kernel, "abc");
	draw(&mirror, "abc");
	kernel.fail_at = 2;
	kernel.error = -EBADF;
	is_i64(run(), -EBADF, "the kernel's list fails");
	clear();
	draw(&kernel, "abc");
	draw(&mirror, "abc");
	mirror.fail_at = 4;
	mirror.error = -EIO;
	is_i64(run(), -EIO, "the mirror's list fails at its end");
}

/* Lists out of order or empty lines must not hold the program. */
static void test_nonsense_comes_to_an_end(void)
{
	clear();
	draw(&kernel, "abc");
	draw(&mirror, "abc");
	kernel.line[1].view.start = kernel.line[1].view.end = 0x5000;
	mirror.line[1].view.start = mirror.line[1].view.end = 0x5000;
	mirror.line[2].view.start = 0x9000;
	is_i64(run(), 0, "an empty line");
	clear();
	draw(&kernel, "abcdef");
	draw(&mirror, "abcdef");
	for (int i = 0; i < 6; i++)
		kernel.line[i].view = mirror.line[5 - i].view;
	is_i64(run(), 0, "a list backwards");
	ok(calls > 0, "differs");
}

static bool same(const struct vma_view *a, const struct vma_view *b)
{
	return a->start == b->start && a->end == b->end && a->prot == b->prot;
}

static bool has(const struct list *l, const struct vma_view *v)
{
	for (unsigned int i = 0; i < l->n; i++)
		if (same(&l->line[i].view, v))
			return true;
	return false;
}

static unsigned int wrong;
static uint64_t last_start;
static unsigned int seen_kernel, seen_mirror;

/* A difference holds no line that both lists have, and they come in order. */
static int judge(void *ctx, const struct diff *d)
{
	const struct vma_view *low = d->kernel ? d->kernel : d->mirror;

	(void)ctx;
	if (d->mirror && d->mirror->start < low->start)
		low = d->mirror;
	wrong += low->start < last_start || (!d->kernel && !d->mirror);
	last_start = low->start;
	wrong += d->kernel && d->mirror &&
		 (d->kernel->start >= d->mirror->end ||
		  d->mirror->start >= d->kernel->end ||
		  same(d->kernel, d->mirror));
	seen_kernel += d->kernel != NULL;
	seen_mirror += d->mirror != NULL;
	wrong += d->kernel && has(&mirror, d->kernel);
	wrong += d->mirror && has(&kernel, d->mirror);
	return 0;
}

static unsigned int lonely(const struct list *a, const struct list *b)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < a->n; i++)
		n += !has(b, &a->line[i].view);
	return n;
}

/*
 * Every line that the other list does not hold is in one difference, and no
 * line that both hold is in any.
 */
static void test_random_lists(void)
{
	unsigned int rnd = 5;

	for (int i = 0; i < 50000; i++) {
		char k[24] = "", m[24] = "";

		for (int p = 0; p < 20; p++) {
			rnd = rnd * 1664525 + 1013904223;
			k[p] = p && rnd >> 28 > 6 ? k[p - 1] :
			       " abc"[rnd >> 20 & 3];
			m[p] = rnd >> 12 & 15 ? k[p] : " abc"[rnd >> 16 & 3];
		}
		clear();
		draw(&kernel, k);
		draw(&mirror, m);
		last_start = seen_kernel = seen_mirror = 0;
		wrong += diff_lists(next_kernel, next_mirror, judge, NULL) != 0;
		wrong += seen_kernel != lonely(&kernel, &mirror);
		wrong += seen_mirror != lonely(&mirror, &kernel);
		if (wrong) {
			diag("K |%s| M |%s|", k, m);
			break;
		}
	}
	is_u64(wrong, 0, "50000 pairs of random lists");
}

int main(void)
{
	test_equal_lists();
	test_a_line_on_one_side_only();
	test_overlapping_lines_are_one_difference();
	test_a_boundary_on_one_side_only();
	test_pairs_do_not_slip();
	test_every_field_counts();
	test_another_name();
	test_growth();
	test_vsyscall_is_the_kernels_own();
	test_ends();
	test_nonsense_comes_to_an_end();
	test_random_lists();
	return done_testing();
}
