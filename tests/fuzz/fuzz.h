/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a fuzz target is: LLVMFuzzerTestOneInput(), and a name. The same object
 * is linked with driver.c for `make check` and with libFuzzer for `make fuzz`.
 *
 * A target never trusts its input and keeps nothing from one to the next. What
 * it finds wrong it says with fuzz_fail(), which does not return; nothing may
 * be held that has to be given back then.
 */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Its corpus is tests/fuzz/corpus/<fuzz_name>/. */
extern const char fuzz_name[];
/* Bytes that a random input has at the most. */
extern const size_t fuzz_longest;
/* It is fuzz_head bytes, and then pieces of fuzz_unit bytes. */
extern const size_t fuzz_head, fuzz_unit;

/* Is the run to be told step by step? Only where one input is replayed. */
extern int fuzz_verbose;

__attribute__((noreturn, format(printf, 1, 2)))
void fuzz_fail(const char *fmt, ...);

/* fuzz_summary() - one line about all inputs so far, for the test's log. */
void fuzz_summary(void);

/* The input, byte by byte; noughts once it is at its end. */
struct bytes {
	const uint8_t *at, *end;
};

static inline uint8_t take(struct bytes *b)
{
	return b->at < b->end ? *b->at++ : 0;
}

#endif
