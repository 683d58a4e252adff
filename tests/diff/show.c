/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Text without stdio, whose buffers would come from the heap under test.
 */
#include "diff.h"

void say(const char *s)
{
	raw_sys3(SYS_write, 1, s, str_len(s));
}

void say_fmt(struct fmt *f)
{
	raw_sys3(SYS_write, 1, f->buf, f->len);
}

/* As strace prints it, with every number in hexadecimal. */
void show_call(const char *name, const unsigned long *args, unsigned int n,
	       long ret)
{
	static char buf[256];
	unsigned int i;
	struct fmt f;

	fmt_init(&f, buf, sizeof(buf));
	fmt_str(&f, "#   ");
	fmt_str(&f, name);
	for (i = 0; i < n; i++) {
		fmt_str(&f, i ? ", 0x" : "(0x");
		fmt_hex(&f, args[i], 1);
	}
	fmt_str(&f, n ? ") = " : "() = ");
	if (raw_is_error(ret)) {
		fmt_s64(&f, ret);
	} else {
		fmt_str(&f, "0x");
		fmt_hex(&f, ret, 1);
	}
	fmt_char(&f, '\n');
	say_fmt(&f);
}
