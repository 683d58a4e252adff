/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The program around tests/patch/apply_cases.c.
 */
#include "../patch/apply_cases.h"

int main(void);

int main(void)
{
	/* Not a tail call: main() has to stay on the stack. */
	volatile int status = run_apply_cases(main);

	return status;
}
