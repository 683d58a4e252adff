/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Maps with a syscall instruction of its own that no site can be made of. */
#include <stdio.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "hidden.h"

int main(void)
{
	long ret = hidden_call(SYS_mmap, 0, 3 * 4096, PROT_READ,
			       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	puts(ret < 0 ? "failed" : "mapped");
	return ret < 0;
}
