/* SPDX-License-Identifier: GPL-2.0-or-later */
/* .eh_frame; contracts in ehframe.h. */
#include <errno.h>

#include "base/ehframe.h"

struct eh_header {
	uint8_t version;
	uint8_t frame_enc;
	uint8_t count_enc;
	uint8_t table_enc;
	int32_t frame;
	uint32_t count;
};

struct eh_row {
	int32_t pc;
	int32_t fde;
};

static bool holds(const struct eh_table *eh, uintptr_t at, size_t len)
{
	return at >= eh->lo && at < eh->hi && len <= eh->hi - at;
}

/* A CIE or FDE: a length, then that many bytes; never in the 64-bit form. */
static struct dwarf_reader open_entry(const struct eh_table *eh, uintptr_t at)
{
	struct dwarf_reader r = { .at = at, .end = at + 4 };
	uint32_t len;

	if (!holds(eh, at, 4))
		goto out_bad;
	len = (uint32_t)dwarf_bytes(&r, 4);
	if (!len || len == UINT32_MAX || !holds(eh, at, 4 + (size_t)len))
		goto out_bad;
	r.end = r.at + len;
	return r;
out_bad:
	r.bad = true;
	return r;
}

/* What the augmentation string announces; false: a letter that is not known. */
static bool read_augmentation(struct dwarf_reader *r, const char *aug,
			      struct eh_cie *cie)
{
	uint64_t len;

	if (!*aug)
		return true;
	if (*aug++ != 'z')
		return false;
	cie->augmented = true;
	len = dwarf_uleb(r);
	if (len > r->end - r->at)
		return false;
	for (; *aug && !r->bad; aug++) {
		if (*aug == 'R')
			cie->encoding = (uint8_t)dwarf_bytes(r, 1);
		else if (*aug == 'P')
			dwarf_encoded(r, (uint8_t)dwarf_bytes(r, 1));
		else if (*aug == 'L')
			dwarf_bytes(r, 1);
		else if (*aug == 'S')
			cie->signal_frame = true;
		else
			return false;
	}
	return true;
}

static int read_cie(const struct eh_table *eh, uintptr_t at, struct eh_cie *cie)
{
	struct dwarf_reader r = open_entry(eh, at);
	uint8_t version;
	const char *aug;

	*cie = (struct eh_cie){ .encoding = DW_EH_PE_absptr };
	if (r.bad || dwarf_bytes(&r, 4) != 0)
		return -ENOENT;
	version = (uint8_t)dwarf_bytes(&r, 1);
	aug = (const char *)r.at;
	while (dwarf_bytes(&r, 1))
		;
	if (r.bad || (version != 1 && version != 3))
		return -ENOENT;
	cie->code_align = dwarf_uleb(&r);
	cie->data_align = dwarf_sleb(&r);
	if (version == 1)		/* return address column */
		dwarf_bytes(&r, 1);
	else
		dwarf_uleb(&r);
	if (!read_augmentation(&r, aug, cie) || r.bad)
		return -ENOENT;
	cie->insns = r;
	return 0;
}

static int read_fde(const struct eh_table *eh, uintptr_t at, struct eh_fde *fde)
{
	struct dwarf_reader r = open_entry(eh, at);
	uintptr_t back_from = r.at;
	uint32_t back = r.bad ? 0 : (uint32_t)dwarf_bytes(&r, 4);
	uint8_t enc;

	if (r.bad || !back || read_cie(eh, back_from - back, &fde->cie))
		return -ENOENT;
	enc = fde->cie.encoding;
	fde->start = dwarf_encoded(&r, enc);
	fde->end = fde->start + dwarf_encoded(&r, DW_EH_PE_WIDTH(enc));
	if (fde->cie.augmented)
		dwarf_skip(&r, dwarf_uleb(&r));
	fde->insns = r;
	return r.bad || fde->end <= fde->start ? -ENOENT : 0;
}

int eh_table_open(struct eh_table *eh, uintptr_t hdr, size_t size, uintptr_t lo,
		 uintptr_t hi)
{
	const struct eh_header *h = (const struct eh_header *)hdr;

	*eh = (struct eh_table){ .hdr = hdr, .lo = lo, .hi = hi };
	if (size < sizeof(*h) || !holds(eh, hdr, size))
		return -ENOENT;
	if (h->version != 1 ||
	    h->frame_enc != (DW_EH_PE_pcrel | DW_EH_PE_sdata4) ||
	    h->count_enc != DW_EH_PE_udata4 ||
	    h->table_enc != (DW_EH_PE_datarel | DW_EH_PE_sdata4))
		return -ENOENT;
	if (h->count > (size - sizeof(*h)) / sizeof(*eh->rows))
		return -ENOENT;
	eh->rows = (const struct eh_row *)(h + 1);
	eh->count = h->count;
	return 0;
}

int eh_table_find(const struct eh_table *eh, uintptr_t pc, struct eh_fde *fde)
{
	size_t lo = 0, hi = eh->count;

	/* The last row that begins at or before pc lies before hi. */
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (eh->hdr + (uintptr_t)(intptr_t)eh->rows[mid].pc <= pc)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (!lo ||
	    read_fde(eh, eh->hdr + (uintptr_t)(intptr_t)eh->rows[lo - 1].fde,
		     fde))
		return -ENOENT;
	return pc >= fde->start && pc < fde->end ? 0 : -ENOENT;
}
