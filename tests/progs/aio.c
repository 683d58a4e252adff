/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ring of an AIO context comes and goes. */
#include "deed.h"

#include <linux/aio_abi.h>

static void act(void)
{
	aio_context_t a = 0, b = 0, c = 0;

	if (deed(SYS_io_setup, 16, (long)&a, 0, 0, 0))
		lacks("AIO");
	must(!deed(SYS_io_setup, 4000, (long)&b, 0, 0, 0), "io_setup");
	must(!deed(SYS_io_destroy, (long)a, 0, 0, 0, 0), "io_destroy");
	must(deed(SYS_io_destroy, (long)a, 0, 0, 0, 0) == -1, "only once");
	must(!deed(SYS_io_setup, 1, (long)&c, 0, 0, 0), "io_setup");
	must(!mlock((void *)b, PAGE), "a ring is never locked");
}
