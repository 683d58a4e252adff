/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /proc/PID/stat; contract in stat.h. */
#include <errno.h>

#include "base/str.h"
#include "procmaps/lines.h"
#include "procmaps/stat.h"

static uint64_t *field(struct procmaps_stat *s, unsigned int number)
{
	switch (number) {
	case 26: return &s->start_code;
	case 27: return &s->end_code;
	case 28: return &s->start_stack;
	case 45: return &s->start_data;
	case 46: return &s->end_data;
	case 47: return &s->start_brk;
	default: return NULL;
	}
}

int procmaps_parse_stat(const char *text, size_t len,
			struct procmaps_stat *out)
{
	struct scan c = { .s = text, .len = len, .at = len };

	while (c.at && text[c.at - 1] != ')')
		c.at--;
	if (!c.at)
		return -EINVAL;
	for (unsigned int number = 3; number <= 47; number++) {
		uint64_t *value = field(out, number);

		if (!scan_char(&c, ' '))
			return -EINVAL;
		if (value && !scan_dec(&c, value))
			return -EINVAL;
		while (!value && c.at < len && text[c.at] != ' ')
			c.at++;
	}
	/* The last field read must have an end, or it may be cut short. */
	return scan_char(&c, ' ') || scan_char(&c, '\n') ? 0 : -EINVAL;
}
