/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two touching mappings that differ in MAP_STACK alone: whether they are one
 * line is a matter of one rule (kernel-facts 1.4). */
#include <stdio.h>
#include <sys/mman.h>

int main(void)
{
	char *p = mmap(NULL, 8192, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		       0);
	void *q;

	if (p == MAP_FAILED)
		return 1;
	q = mmap(p + 4096, 4096, PROT_READ,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_STACK, -1, 0);
	puts(q == MAP_FAILED ? "failed" : "mapped");
	return q == MAP_FAILED;
}
