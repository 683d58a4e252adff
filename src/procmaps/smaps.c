/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * smaps: a line of maps, then "Key: value" lines, the last of them VmFlags
 * (fs/proc/task_mmu.c:show_smap()). A header begins with a lower-case digit, a
 * key with a capital.
 */
#include <errno.h>

#include "base/compiler.h"
#include "base/str.h"
#include "base/vmflags.h"
#include "procmaps/lines.h"

/* 0: known, but it decides nothing that a program could bring about. */
static const struct {
	char name[2];
	uint64_t flag;
} mnemonics[] = {
	{ "rd", VM_READ },	   { "wr", VM_WRITE },
	{ "ex", VM_EXEC },	   { "sh", VM_SHARED },
	{ "mr", VM_MAYREAD },	   { "mw", VM_MAYWRITE },
	{ "me", VM_MAYEXEC },	   { "ms", VM_MAYSHARE },
	{ "gd", VM_GROWSDOWN },	   { "pf", VM_PFNMAP },
	{ "lo", VM_LOCKED },	   { "io", VM_IO },
	{ "sr", VM_SEQ_READ },	   { "rr", VM_RAND_READ },
	{ "dc", VM_DONTCOPY },	   { "de", VM_DONTEXPAND },
	{ "lf", VM_LOCKONFAULT },  { "ac", VM_ACCOUNT },
	{ "nr", VM_NORESERVE },	   { "ht", VM_HUGETLB },
	{ "sf", VM_SYNC },	   { "ar", VM_ARCH_1 },
	{ "wf", VM_WIPEONFORK },   { "dd", VM_DONTDUMP },
	{ "sd", VM_SOFTDIRTY },	   { "mm", VM_MIXEDMAP },
	{ "hg", VM_HUGEPAGE },	   { "nh", VM_NOHUGEPAGE },
	{ "mg", VM_MERGEABLE },	   { "um", VM_UFFD_MISSING },
	{ "uw", VM_UFFD_WP },	   { "ui", VM_UFFD_MINOR },
	{ "dp", VM_DROPPABLE },	   { "ss", VM_SHADOW_STACK },
	{ "sl", VM_SEALED },
	{ "dw", 0 },		   /* VM_DENYWRITE, by exec only, to 5.15 */
	{ "gu", 0 },		   /* guard regions, from 7.0: merges ignore it */
};

static void add_mnemonic(struct smaps_entry *e, const char name[2])
{
	for (size_t i = 0; i < ARRAY_SIZE(mnemonics); i++)
		if (mnemonics[i].name[0] == name[0] &&
		    mnemonics[i].name[1] == name[1]) {
			e->vm_flags |= mnemonics[i].flag;
			return;
		}
	/* Up to 6.1 the kernel has no name for VM_LOCKONFAULT. */
	if (!memcmp(name, "??", 2) && e->vm_flags & VM_LOCKED)
		e->vm_flags |= VM_LOCKONFAULT;
	e->unknown++;
}

/* "rd wr mr mw me ac ": two letters and a space each; the first space is read. */
static bool scan_flags(struct scan *c, struct smaps_entry *e)
{
	while (c->at < c->len) {
		if (c->len - c->at < 3 || c->s[c->at] == ' ' ||
		    c->s[c->at + 1] == ' ')
			return false;
		add_mnemonic(e, c->s + c->at);
		c->at += 2;
		if (!scan_char(c, ' '))
			return false;
	}
	return true;
}

static bool scan_key(struct scan *c, const char *key)
{
	size_t n;

	/* twenty lines of thirty are of no interest: that must cost nothing */
	if (c->at == c->len || c->s[c->at] != key[0])
		return false;
	n = str_len(key);
	if (c->len - c->at < n || memcmp(c->s + c->at, key, n))
		return false;
	c->at += n;
	while (scan_char(c, ' '))
		;
	return true;
}

static bool scan_kb(struct scan *c, uint64_t *kb)
{
	return scan_dec(c, kb) && scan_char(c, ' ') && scan_char(c, 'k') &&
	       scan_char(c, 'B') && c->at == c->len;
}

static bool scan_pkey(struct scan *c, struct smaps_entry *e)
{
	uint64_t key;

	if (!scan_dec(c, &key) || c->at != c->len || key > 15)
		return false;
	e->vm_flags |= key << VM_PKEY_SHIFT;
	return true;
}

/*
 * Swap counts for memory without a file alone: in a private mapping of a tmpfs
 * file it may be the file that is swapped out (smaps_pte_hole()).
 */
static void settle(struct smaps_parser *s)
{
	const struct vma_view *v = &s->entry.view;
	bool file = v->inode || v->dev_major || v->dev_minor;

	s->entry.faulted = s->anonymous || (s->swap && !file);
	s->open = false;
}

/* 1: the entry is complete, 0: go on, -EINVAL. */
static int value_line(struct smaps_parser *s, struct scan *c)
{
	bool good = true;

	if (scan_key(c, "VmFlags:")) {
		good = scan_flags(c, &s->entry);
		if (good)
			settle(s);
		return good ? 1 : -EINVAL;
	}
	if (scan_key(c, "Anonymous:"))
		good = scan_kb(c, &s->anonymous);
	else if (scan_key(c, "Swap:"))
		good = scan_kb(c, &s->swap);
	else if (scan_key(c, "ProtectionKey:"))
		good = scan_pkey(c, &s->entry);
	return good ? 0 : -EINVAL;
}

static int header_line(struct smaps_parser *s, struct scan *c)
{
	struct smaps_entry *e = &s->entry;
	int err;

	if (s->open)
		return -EINVAL;
	*e = (struct smaps_entry){ .unknown = 0 };
	s->anonymous = s->swap = 0;
	err = procmaps_parse_line(c->s, c->len, &e->view, &c->at);
	if (err)
		return err;
	if (e->view.name_len > s->name_size)
		return -ENAMETOOLONG;
	memcpy(s->name, e->view.name, e->view.name_len);
	e->view.name = s->name;
	s->open = true;
	return 0;
}

void smaps_parser_init(struct smaps_parser *s, char *carry, size_t carry_size,
		       char *name, size_t name_size)
{
	*s = (struct smaps_parser){ .name = name, .name_size = name_size };
	procmaps_parser_init(&s->p, carry, carry_size);
}

void smaps_feed(struct smaps_parser *s, const char *text, size_t n)
{
	procmaps_feed(&s->p, text, n);
}

int smaps_next(struct smaps_parser *s, struct smaps_entry *out)
{
	struct scan c = { .at = 0 };
	int ret;

	if (s->p.error)
		return s->p.error;
	while ((ret = procmaps_line(&s->p.lines, &c.s, &c.len)) > 0) {
		c.at = 0;
		if (c.len && c.s[0] >= 'A' && c.s[0] <= 'Z')
			ret = s->open ? value_line(s, &c) : -EINVAL;
		else
			ret = header_line(s, &c);
		if (ret > 0)
			*out = s->entry;
		if (ret)
			break;
	}
	return ret < 0 ? procmaps_fail(&s->p, ret, c.at) : ret;
}

int smaps_finish(struct smaps_parser *s)
{
	int err = procmaps_finish(&s->p);

	if (err || !s->open)
		return err;
	s->p.lines.line_at = s->p.lines.next_at;
	return procmaps_fail(&s->p, -EINVAL, 0);
}
