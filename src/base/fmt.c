/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text into a buffer; contracts in fmt.h. */
#include "base/fmt.h"
#include "base/str.h"
#include "base/view.h"

void fmt_init(struct fmt *f, char *buf, size_t size)
{
	f->buf = buf;
	f->size = size;
	f->len = 0;
	f->overflow = false;
	buf[0] = '\0';
}

void fmt_bytes(struct fmt *f, const char *s, size_t n)
{
	if (n >= f->size - f->len) {
		f->overflow = true;
		return;
	}
	memcpy(f->buf + f->len, s, n);
	f->len += n;
	f->buf[f->len] = '\0';
}

void fmt_char(struct fmt *f, char c)
{
	fmt_bytes(f, &c, 1);
}

void fmt_str(struct fmt *f, const char *s)
{
	fmt_bytes(f, s, str_len(s));
}

/* Digits of @v in @base, least significant last, at least @width of them. */
static void number(struct fmt *f, uint64_t v, unsigned int base,
		   unsigned int width)
{
	char digits[24];
	unsigned int at = sizeof(digits);

	if (width > sizeof(digits))
		width = sizeof(digits);
	do {
		digits[--at] = "0123456789abcdef"[v % base];
		v /= base;
	} while (v);
	while (sizeof(digits) - at < width)
		digits[--at] = '0';
	fmt_bytes(f, digits + at, sizeof(digits) - at);
}

void fmt_u64(struct fmt *f, uint64_t v)
{
	number(f, v, 10, 1);
}

void fmt_s64(struct fmt *f, int64_t v)
{
	if (v < 0)
		fmt_char(f, '-');
	number(f, v < 0 ? -(uint64_t)v : (uint64_t)v, 10, 1);
}

void fmt_hex(struct fmt *f, uint64_t v, unsigned int width)
{
	number(f, v, 16, width);
}

void fmt_pad(struct fmt *f, size_t column)
{
	while (f->len < column && !f->overflow)
		fmt_char(f, ' ');
}

void view_format_head(struct fmt *f, const struct vma_view *v)
{
	size_t line = f->len;

	fmt_hex(f, v->start, 8);
	fmt_char(f, '-');
	fmt_hex(f, v->end, 8);
	fmt_char(f, ' ');
	fmt_char(f, v->prot & VIEW_READ ? 'r' : '-');
	fmt_char(f, v->prot & VIEW_WRITE ? 'w' : '-');
	fmt_char(f, v->prot & VIEW_EXEC ? 'x' : '-');
	fmt_char(f, v->prot & VIEW_SHARED ? 's' : 'p');
	fmt_char(f, ' ');
	fmt_hex(f, v->offset, 8);
	fmt_char(f, ' ');
	fmt_hex(f, v->dev_major, 2);
	fmt_char(f, ':');
	fmt_hex(f, v->dev_minor, 2);
	fmt_char(f, ' ');
	fmt_u64(f, v->inode);
	fmt_char(f, ' ');
	if (!v->name_len)
		return;
	fmt_pad(f, line + 72);
	fmt_char(f, ' ');
}

void view_format(struct fmt *f, const struct vma_view *v)
{
	view_format_head(f, v);
	fmt_bytes(f, v->name, v->name_len);
}
