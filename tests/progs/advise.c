/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Advice to oneself, several ranges at once. */
#include "deed.h"

#include <sys/uio.h>

static long advise(int self, const struct iovec *v, long n, int advice)
{
	return deed(SYS_process_madvise, self, (long)v, n, advice, 0);
}

static void act(void)
{
	char *p = pages(16, RW);
	struct iovec v[4] = {
		{ p + 2 * PAGE, 2 * PAGE },
		{ p + 6 * PAGE, 2 * PAGE },
		{ p + 15 * PAGE, 4 * PAGE },
		{ p + 4 * PAGE, PAGE },
	};
	int self = (int)syscall(SYS_pidfd_open, getpid(), 0);

	if (self < 0 || advise(self, v, 2, MADV_DONTFORK) < 0)
		lacks("process_madvise of this advice to oneself");
	must(advise(self, v, 1, MADV_DOFORK) == 2 * PAGE, "process_madvise");
	must(!munmap(p + 16 * PAGE, PAGE), "munmap");
	must(advise(self, v, 4, MADV_DONTDUMP) == 4 * PAGE,
	     "the third meets a hole, behind what it changes; no fourth");
	must(advise(self, v + 2, 1, MADV_DODUMP) == -1, "alone it is an error");
	must(advise(-1, v, 2, MADV_DONTFORK) == -1, "nobody's descriptor");
	close(self);
}
