/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A fuzz target as a test: the corpus is replayed, then random inputs are made
 * of nothing and of the corpus for some seconds. An input that fails is made
 * shorter as long as it still fails, printed, and left in a file.
 *
 *	FUZZ_SECONDS	how long random inputs are made; 2 if not said
 *	FUZZ_SEED	where they begin; the same seed, the same inputs
 *	fuzz_x FILE...	only these inputs, told step by step
 */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "fuzz.h"
#include "../unit/tap.h"

#define LONGEST		4096
#define SEEDS		256

int fuzz_verbose;

static jmp_buf failed;
static char why[512];
static uint64_t dice;
static struct seed {
	uint8_t *data;
	size_t size;
} seeds[SEEDS];
static unsigned int nr_seeds;

void fuzz_fail(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	longjmp(failed, 1);
}

static bool holds(const uint8_t *data, size_t size)
{
	if (setjmp(failed))
		return false;
	LLVMFuzzerTestOneInput(data, size);
	return true;
}

static uint64_t roll(void)
{
	dice ^= dice << 13;
	dice ^= dice >> 7;
	dice ^= dice << 17;
	return dice;
}

/* --- inputs ----------------------------------------------------------------- */

static bool read_input(const char *path, struct seed *seed)
{
	FILE *f = fopen(path, "rb");

	if (!f)
		return false;
	seed->data = malloc(LONGEST);
	seed->size = seed->data ? fread(seed->data, 1, LONGEST, f) : 0;
	fclose(f);
	return seed->data != NULL;
}

static void replay_corpus(void)
{
	const char *top = getenv("top_srcdir");
	char dir[512], path[1024];
	struct dirent *entry;
	DIR *d;

	snprintf(dir, sizeof(dir), "%s/tests/fuzz/corpus/%s", top ? top : ".",
		 fuzz_name);
	d = opendir(dir);
	while (d && (entry = readdir(d)) && nr_seeds < SEEDS) {
		struct seed *seed = &seeds[nr_seeds];

		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", dir, entry->d_name);
		if (!ok(read_input(path, seed), "%s can be read",
			entry->d_name))
			continue;
		nr_seeds++;
		if (!ok(holds(seed->data, seed->size), "%s holds",
			entry->d_name))
			diag("%s", why);
	}
	if (d)
		closedir(d);
	ok(nr_seeds, "there is a corpus of %s", fuzz_name);
}

static size_t random_input(uint8_t *data)
{
	size_t size = 1 + roll() % fuzz_longest;

	for (size_t i = 0; i < size; i++)
		data[i] = (uint8_t)(roll() >> 24);
	return size;
}

static size_t at_most(size_t size)
{
	return size > fuzz_longest ? fuzz_longest : size;
}

/* One of the corpus, with some bytes changed and the tail of another. */
static size_t mutated_input(uint8_t *data)
{
	const struct seed *a = &seeds[roll() % nr_seeds];
	const struct seed *b = &seeds[roll() % nr_seeds];
	size_t size = at_most(a->size), from, more;

	memcpy(data, a->data, size);
	from = b->size ? roll() % b->size : 0;
	more = at_most(size + b->size - from) - size;
	if (roll() & 1) {
		memcpy(data + size, b->data + from, more);
		size += more;
	}
	for (uint64_t n = roll() % 8; size && n; n--)
		data[roll() % size] ^= (uint8_t)(1U << roll() % 8);
	return size;
}

/* --- what failed -------------------------------------------------------------- */

/* Leave out one part after another, smaller and smaller ones. */
static size_t shorten(uint8_t *data, size_t size)
{
	uint8_t without[LONGEST];

	for (size_t n = size / fuzz_unit; n; n /= 2) {
		size_t part = n * fuzz_unit;

		for (size_t at = fuzz_head; at + part <= size;) {
			memcpy(without, data, at);
			memcpy(without + at, data + at + part,
			       size - at - part);
			if (holds(without, size - part)) {
				at += fuzz_unit;
				continue;
			}
			size -= part;
			memcpy(data, without, size);
		}
	}
	return size;
}

static void leave(const uint8_t *data, size_t size, uint64_t n)
{
	char name[64];
	FILE *f;

	snprintf(name, sizeof(name), "fuzz-%s-%" PRIu64 ".bin", fuzz_name, n);
	f = fopen(name, "wb");
	if (!f)
		return;
	fwrite(data, 1, size, f);
	fclose(f);
	diag("the input is in %s, %zu bytes", name, size);
}

static void report(uint8_t *data, size_t size, uint64_t n)
{
	size = shorten(data, size);
	fuzz_verbose = 1;
	holds(data, size);
	fuzz_verbose = 0;
	diag("%s", why);
	leave(data, size, n);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void run_random(double seconds, uint64_t seed)
{
	uint8_t data[LONGEST];
	double until = now() + seconds;
	uint64_t n = 0;
	size_t size;

	dice = seed * 0x9e3779b97f4a7c15ULL + 1;
	do {
		size = nr_seeds && roll() & 1 ? mutated_input(data) :
						random_input(data);
		n++;
		if (!holds(data, size)) {
			ok(false, "input %" PRIu64 " of seed %" PRIu64 " holds",
			   n, seed);
			report(data, size, seed);
			return;
		}
	} while (n % 16 || now() < until);
	ok(true, "%" PRIu64 " inputs of seed %" PRIu64 " hold", n, seed);
}

static int replay(char **paths)
{
	struct seed seed;

	fuzz_verbose = 1;
	for (; *paths; paths++) {
		if (!ok(read_input(*paths, &seed) &&
			holds(seed.data, seed.size), "%s holds", *paths))
			diag("%s", why);
		free(seed.data);
	}
	return done_testing();
}

int main(int argc, char **argv)
{
	const char *seconds = getenv("FUZZ_SECONDS");
	const char *seed = getenv("FUZZ_SEED");

	if (argc > 1)
		return replay(argv + 1);
	replay_corpus();
	run_random(seconds ? atof(seconds) : 2,
		   seed ? strtoull(seed, NULL, 0) : 1);
	fuzz_summary();
	for (unsigned int i = 0; i < nr_seeds; i++)
		free(seeds[i].data);
	return done_testing();
}
