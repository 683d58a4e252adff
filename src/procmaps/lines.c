/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Chunks to lines, and reading within one; contracts in lines.h. */
#include <errno.h>

#include "base/str.h"
#include "procmaps/lines.h"

static size_t until_newline(const char *s, size_t n)
{
	size_t i = 0;

	while (i < n && s[i] != '\n')
		i++;
	return i;
}

int procmaps_line(struct procmaps_lines *l, const char **line, size_t *len)
{
	size_t n = until_newline(l->chunk, l->chunk_len);
	bool whole = n < l->chunk_len;

	if (l->carry_given) {
		l->carry_given = false;
		l->carry_len = 0;
	}
	*line = l->chunk;
	*len = n;
	if (!whole || l->carry_len) {
		if (n > l->carry_size - l->carry_len)
			return -ENAMETOOLONG;
		memcpy(l->carry + l->carry_len, l->chunk, n);
		l->carry_len += n;
		l->carry_given = whole;
		*line = l->carry;
		*len = l->carry_len;
	}
	l->chunk += n + whole;
	l->chunk_len -= n + whole;
	if (!whole)
		return 0;
	l->line_at = l->next_at;
	l->next_at += *len + 1;
	return 1;
}

int procmaps_fail(struct procmaps_parser *p, int error, size_t at)
{
	p->error = error;
	p->error_at = p->lines.line_at + at;
	return error;
}

bool scan_char(struct scan *c, char want)
{
	if (c->at == c->len || c->s[c->at] != want)
		return false;
	c->at++;
	return true;
}

static unsigned int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned int)(c - '0');
	if (c >= 'a' && c <= 'f')
		return (unsigned int)(c - 'a') + 10;
	return 16;
}

/* Zeros in front only as far as @width asks for them. */
static bool scan_number(struct scan *c, unsigned int base, unsigned int width,
			uint64_t *out)
{
	size_t from = c->at;
	uint64_t v = 0;

	for (; c->at < c->len; c->at++) {
		unsigned int d = hex_digit(c->s[c->at]);

		if (d >= base)
			break;
		if (c->at - from >= width && c->s[from] == '0')
			return false;
		if (__builtin_mul_overflow(v, (uint64_t)base, &v) ||
		    __builtin_add_overflow(v, (uint64_t)d, &v))
			return false;
	}
	*out = v;
	return c->at - from >= width;
}

bool scan_hex(struct scan *c, unsigned int width, uint64_t *out)
{
	return scan_number(c, 16, width, out);
}

bool scan_dec(struct scan *c, uint64_t *out)
{
	return scan_number(c, 10, 1, out);
}
