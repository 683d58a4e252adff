/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * follow=0: the library takes itself out of the environment that this program
 * hands on. Strings are shortened where they stand. The array keeps its length,
 * so that LD_PRELOAD stays with an empty value (which ld.so takes for none):
 * there are programs that find the auxiliary vector behind its end.
 */
#include "base/compiler.h"
#include "base/str.h"
#include "shadow/start.h"

static size_t name_len(const char *s)
{
	size_t n = 0;

	while (s[n] && s[n] != ' ' && s[n] != ':')
		n++;
	return n;
}

static bool is_library(const char *name, size_t len)
{
	static const char own[] = "libvmashadow.so";
	const size_t n = sizeof(own) - 1;

	return len >= n && !memcmp(name + len - n, own, n) &&
	       (len == n || name[len - n - 1] == '/');
}

/* Of a list that ld.so understands, what is not the library. */
static void leave_out(char *list)
{
	char *from = list, *to = list;

	while (*from) {
		size_t n = name_len(from);
		size_t all = n + (from[n] != '\0');

		if (!is_library(from, n)) {
			memmove(to, from, all);
			to += all;
		}
		from += all;
	}
	while (to > list && (to[-1] == ':' || to[-1] == ' '))
		to--;
	*to = '\0';
}

void environ_leave(const char *const *envp)
{
	static const char *const variables[] = { "LD_PRELOAD=", "LD_AUDIT=" };

	for (; *envp; envp++)
		for (unsigned int i = 0; i < ARRAY_SIZE(variables); i++)
			if (str_starts(*envp, variables[i]))
				leave_out((char *)(uintptr_t)*envp +
					  str_len(variables[i]));
}
