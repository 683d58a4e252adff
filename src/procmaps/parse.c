/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One line of maps, as fs/proc/task_mmu.c:show_vma_header_prefix() prints it:
 *
 *	5612f2207000-5612f2209000 r--p 00000000 fe:00 247134      /usr/bin/cat
 *	start        end          prot offset   dev   inode  ^    ^ column 73
 *	                                                     always one space
 */
#include <errno.h>

#include "base/compiler.h"
#include "procmaps/lines.h"

#define NAME_COLUMN 73

static bool scan_range(struct scan *c, struct vma_view *v)
{
	size_t from = c->at;

	if (!scan_hex(c, 8, &v->start) || !scan_char(c, '-') ||
	    !scan_hex(c, 8, &v->end))
		return false;
	if (v->start < v->end && !((v->start | v->end) & ~PAGE_MASK))
		return true;
	c->at = from;
	return false;
}

static bool scan_bit(struct scan *c, char yes, char no, uint8_t bit,
		     uint8_t *prot)
{
	if (scan_char(c, no))
		return true;
	*prot |= bit;
	return scan_char(c, yes);
}

static bool scan_prot(struct scan *c, uint8_t *prot)
{
	*prot = 0;
	return scan_bit(c, 'r', '-', VIEW_READ, prot) &&
	       scan_bit(c, 'w', '-', VIEW_WRITE, prot) &&
	       scan_bit(c, 'x', '-', VIEW_EXEC, prot) &&
	       scan_bit(c, 's', 'p', VIEW_SHARED, prot);
}

static bool scan_offset(struct scan *c, uint64_t *offset)
{
	size_t from = c->at;

	if (!scan_hex(c, 8, offset))
		return false;
	if (!(*offset & ~PAGE_MASK))
		return true;
	c->at = from;
	return false;
}

static bool scan_dev(struct scan *c, uint32_t *dev)
{
	size_t from = c->at;
	uint64_t n;

	if (!scan_hex(c, 2, &n))
		return false;
	*dev = (uint32_t)n;
	if (*dev == n)
		return true;
	c->at = from;
	return false;
}

/*
 * Exactly as many spaces as reach the column: one more would be the name's own
 * first byte, and a name of padding alone is never printed.
 */
static bool scan_name(struct scan *c, struct vma_view *v)
{
	v->name = c->s + c->len;
	v->name_len = 0;
	if (c->at == c->len)
		return true;
	do {
		if (!scan_char(c, ' '))
			return false;
	} while (c->at < NAME_COLUMN);
	v->name = c->s + c->at;
	v->name_len = (uint32_t)(c->len - c->at);
	return v->name_len != 0;
}

static bool scan_header(struct scan *c, struct vma_view *v)
{
	return scan_range(c, v) && scan_char(c, ' ') &&
	       scan_prot(c, &v->prot) && scan_char(c, ' ') &&
	       scan_offset(c, &v->offset) && scan_char(c, ' ') &&
	       scan_dev(c, &v->dev_major) && scan_char(c, ':') &&
	       scan_dev(c, &v->dev_minor) && scan_char(c, ' ') &&
	       scan_dec(c, &v->inode) && scan_char(c, ' ');
}

int procmaps_parse_line(const char *line, size_t len, struct vma_view *out,
			size_t *bad)
{
	struct scan c = { .s = line, .len = len };

	if (scan_header(&c, out) && scan_name(&c, out))
		return 0;
	*bad = c.at;
	return -EINVAL;
}

void procmaps_parser_init(struct procmaps_parser *p, char *carry, size_t size)
{
	*p = (struct procmaps_parser){
		.lines = { .carry = carry, .carry_size = size },
	};
}

void procmaps_feed(struct procmaps_parser *p, const char *text, size_t n)
{
	p->lines.chunk = text;
	p->lines.chunk_len = n;
}

int procmaps_next(struct procmaps_parser *p, struct vma_view *out)
{
	const char *line;
	size_t len, bad;
	int ret;

	if (p->error)
		return p->error;
	ret = procmaps_line(&p->lines, &line, &len);
	if (ret < 0)
		p->lines.line_at = p->lines.next_at;
	if (ret <= 0)
		return ret ? procmaps_fail(p, ret, p->lines.carry_len) : 0;
	if (procmaps_parse_line(line, len, out, &bad))
		return procmaps_fail(p, -EINVAL, bad);
	return 1;
}

int procmaps_finish(struct procmaps_parser *p)
{
	struct procmaps_lines *l = &p->lines;
	size_t rest = l->chunk_len + (l->carry_given ? 0 : l->carry_len);

	if (p->error || !rest)
		return p->error;
	l->line_at = l->next_at;
	return procmaps_fail(p, -EINVAL, rest);
}
