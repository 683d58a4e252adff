/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tap.h - the vocabulary of unit tests.
 *
 * A test program is a main() that calls functions named test_<what is true>,
 * each of which says ok() or is_*() as often as it likes, and ends with
 *
 *	return done_testing();
 *
 * Each assertion prints one line of TAP and carries on: a failed one names its
 * place and the two values. Every assertion returns whether it held, so that a
 * case that cannot go on may return. The message is a printf format; it should
 * say what is true, not what is done.
 *
 * Included by exactly one source of each test program.
 */
#ifndef TESTS_UNIT_TAP_H
#define TESTS_UNIT_TAP_H

#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static unsigned int tap_run, tap_failed;

__attribute__((format(printf, 4, 5), unused))
static bool tap_ok(bool held, const char *file, int line, const char *fmt, ...)
{
	va_list ap;

	printf("%sok %u - ", held ? "" : "not ", ++tap_run);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	if (!held) {
		tap_failed++;
		printf("#   failed at %s:%d\n", file, line);
	}
	fflush(stdout);
	return held;
}

__attribute__((unused))
static bool tap_got_u64(bool held, uint64_t got, uint64_t want)
{
	if (!held) {
		printf("#   got  %" PRIu64 " (0x%" PRIx64 ")\n", got, got);
		printf("#   want %" PRIu64 " (0x%" PRIx64 ")\n", want, want);
		fflush(stdout);
	}
	return held;
}

__attribute__((unused))
static bool tap_got_i64(bool held, int64_t got, int64_t want)
{
	if (!held) {
		printf("#   got  %" PRId64 "\n#   want %" PRId64 "\n", got, want);
		fflush(stdout);
	}
	return held;
}

__attribute__((unused))
static bool tap_got_str(bool held, const char *got, const char *want)
{
	if (!held) {
		printf("#   got  \"%s\"\n", got ? got : "(null)");
		printf("#   want \"%s\"\n", want ? want : "(null)");
		fflush(stdout);
	}
	return held;
}

__attribute__((unused))
static bool tap_same_str(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

/* Holds when cond is true. */
#define ok(cond, ...) \
	tap_ok((cond), __FILE__, __LINE__, __VA_ARGS__)

/* Holds when two unsigned numbers or addresses are equal; each read once. */
#define is_u64(got, want, ...)						\
	({								\
		uint64_t got_ = (uint64_t)(got);			\
		uint64_t want_ = (uint64_t)(want);			\
		tap_got_u64(ok(got_ == want_, __VA_ARGS__), got_, want_); \
	})

/* Holds when two signed numbers, as 0 and -errno, are equal. */
#define is_i64(got, want, ...)						\
	({								\
		int64_t got_ = (int64_t)(got);				\
		int64_t want_ = (int64_t)(want);			\
		tap_got_i64(ok(got_ == want_, __VA_ARGS__), got_, want_); \
	})

/* Holds when two strings are equal, or both NULL. */
#define is_str(got, want, ...)						\
	({								\
		const char *got_ = (got);				\
		const char *want_ = (want);				\
		tap_got_str(ok(tap_same_str(got_, want_), __VA_ARGS__),	\
			    got_, want_);				\
	})

/* Counts one case as skipped, with its reason; reason is a plain string. */
#define skip(reason) \
	printf("ok %u # SKIP %s\n", ++tap_run, (reason))

/* Prints a comment line into the test's log. */
#define diag(...) \
	do { printf("# "); printf(__VA_ARGS__); putchar('\n'); } while (0)

/* Prints the plan. Returns the program's exit status: 0 when all held. */
__attribute__((unused))
static int done_testing(void)
{
	printf("1..%u\n", tap_run);
	return tap_failed != 0;
}

#endif /* TESTS_UNIT_TAP_H */
