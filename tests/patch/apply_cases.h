/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The cases of test_patch_apply, which are in a shared object of their own.
 */
#ifndef TESTS_PATCH_APPLY_CASES_H
#define TESTS_PATCH_APPLY_CASES_H

/* Runs all cases, for a main() that is to be found on the stack. */
int run_apply_cases(int (*caller)(void));

#endif
