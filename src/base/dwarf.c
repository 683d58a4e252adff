/* SPDX-License-Identifier: GPL-2.0-or-later */
/* DWARF's encodings; contracts in dwarf.h. */
#include "base/dwarf.h"
#include "base/str.h"

uint64_t dwarf_bytes(struct dwarf_reader *r, size_t n)
{
	uint64_t v = 0;

	if (r->end - r->at < n) {
		r->bad = true;
		return 0;
	}
	memcpy(&v, (const void *)r->at, n);
	r->at += n;
	return v;
}

/* The bits of a LEB128, and how many of them it gave. */
static uint64_t read_leb(struct dwarf_reader *r, unsigned int *bits,
			 uint8_t *last)
{
	uint64_t v = 0, byte;

	*bits = 0;
	do {
		byte = dwarf_bytes(r, 1);
		if (*bits < 64)
			v |= (byte & 0x7f) << *bits;
		*bits += 7;
	} while (byte & 0x80 && !r->bad);
	*last = (uint8_t)byte;
	return v;
}

uint64_t dwarf_uleb(struct dwarf_reader *r)
{
	unsigned int bits;
	uint8_t last;

	return read_leb(r, &bits, &last);
}

int64_t dwarf_sleb(struct dwarf_reader *r)
{
	unsigned int bits;
	uint8_t last;
	uint64_t v = read_leb(r, &bits, &last);

	if (last & 0x40 && bits < 64)
		v |= ~0UL << bits;
	return (int64_t)v;
}

void dwarf_skip(struct dwarf_reader *r, uint64_t n)
{
	if (r->end - r->at < n)
		r->bad = true;
	else
		r->at += n;
}

uint64_t dwarf_encoded(struct dwarf_reader *r, uint8_t enc)
{
	uint8_t base = DW_EH_PE_BASE(enc);
	uintptr_t from = base == DW_EH_PE_pcrel ? r->at : 0;

	if (base != DW_EH_PE_pcrel && base != DW_EH_PE_absptr)
		r->bad = true;
	switch (DW_EH_PE_WIDTH(enc)) {
	case DW_EH_PE_absptr:
	case DW_EH_PE_udata8:
	case DW_EH_PE_sdata8:
		return from + dwarf_bytes(r, 8);
	case DW_EH_PE_udata4:
		return from + dwarf_bytes(r, 4);
	case DW_EH_PE_sdata4:
		return from + (uint64_t)(int32_t)dwarf_bytes(r, 4);
	case DW_EH_PE_udata2:
		return from + dwarf_bytes(r, 2);
	case DW_EH_PE_sdata2:
		return from + (uint64_t)(int16_t)dwarf_bytes(r, 2);
	}
	r->bad = true;
	return 0;
}
