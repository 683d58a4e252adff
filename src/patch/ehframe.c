/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From an address to its function, by .eh_frame_hdr: a binary search in the
 * table that the linker sorted, then the range that the FDE itself gives.
 * Formats: LSB Core Generic, chapter "Exception Frames".
 */
#include <errno.h>

#include "base/str.h"
#include "patch/object.h"

/* DW_EH_PE_*: the low four bits say how wide, the next three from where. */
#define PE_OMIT		0xff
#define PE_WIDTH(enc)	((enc) & 0x0f)
#define PE_BASE(enc)	((enc) & 0xf0)
#define PE_ABSPTR	0x00
#define PE_UDATA2	0x02
#define PE_UDATA4	0x03
#define PE_UDATA8	0x04
#define PE_SDATA2	0x0a
#define PE_SDATA4	0x0b
#define PE_SDATA8	0x0c
#define PE_PCREL	0x10
#define PE_DATAREL	0x30

struct ehframe_hdr {
	uint8_t version;
	uint8_t frame_enc;
	uint8_t count_enc;
	uint8_t table_enc;
	int32_t frame;
	uint32_t count;
};

struct ehframe_row {
	int32_t pc;
	int32_t fde;
};

/* Bytes still to be read; a read past the end makes bad stick. */
struct reader {
	const struct patch_object *obj;
	uintptr_t at, end;
	bool bad;
};

static uint64_t read_bytes(struct reader *r, size_t n)
{
	uint64_t v = 0;

	if (r->bad || r->end - r->at < n ||
	    !object_copy(r->obj, r->at, &v, n)) {
		r->bad = true;
		return 0;
	}
	r->at += n;
	return v;
}

/* Skips a SLEB128 as well: nobody here wants the value of one. */
static uint64_t read_uleb(struct reader *r)
{
	uint64_t v = 0, byte;
	unsigned int shift = 0;

	do {
		byte = read_bytes(r, 1);
		if (shift < 64)
			v |= (byte & 0x7f) << shift;
		shift += 7;
	} while (byte & 0x80 && !r->bad);
	return v;
}

static uint64_t read_encoded(struct reader *r, uint8_t enc)
{
	uintptr_t from = PE_BASE(enc) == PE_PCREL ? r->at : 0;

	if (PE_BASE(enc) != PE_PCREL && PE_BASE(enc) != 0)
		r->bad = true;
	switch (PE_WIDTH(enc)) {
	case PE_ABSPTR:
	case PE_UDATA8:
	case PE_SDATA8:
		return from + read_bytes(r, 8);
	case PE_UDATA4:
		return from + read_bytes(r, 4);
	case PE_SDATA4:
		return from + (int64_t)(int32_t)read_bytes(r, 4);
	case PE_UDATA2:
		return from + read_bytes(r, 2);
	case PE_SDATA2:
		return from + (int64_t)(int16_t)read_bytes(r, 2);
	}
	r->bad = true;
	return 0;
}

/* A CIE or FDE: a length, then that many bytes; never in the 64-bit form. */
static struct reader open_entry(const struct patch_object *obj, uintptr_t at)
{
	struct reader r = { .obj = obj, .at = at, .end = at + 4 };
	uint32_t len = (uint32_t)read_bytes(&r, 4);

	if (!len || len == UINT32_MAX || !object_holds(obj, at, 4 + (size_t)len))
		goto out_bad;
	r.end = r.at + len;
	return r;
out_bad:
	r.bad = true;
	return r;
}

/* How FDEs of this CIE write their addresses; PE_OMIT if it is not clear. */
static uint8_t cie_encoding(const struct patch_object *obj, uintptr_t cie)
{
	struct reader r = open_entry(obj, cie);
	char text[8], *aug = text;
	uint8_t enc = PE_ABSPTR, version;

	if (r.bad || read_bytes(&r, 4) != 0)
		return PE_OMIT;
	version = read_bytes(&r, 1);
	/* "zPLRSB" and no more has been invented */
	while ((*aug++ = (char)read_bytes(&r, 1)))
		if (aug == text + sizeof(text))
			return PE_OMIT;
	aug = text;
	if (r.bad || (version != 1 && version != 3))
		return PE_OMIT;
	if (!*aug)
		return PE_ABSPTR;
	if (*aug++ != 'z')
		return PE_OMIT;
	read_uleb(&r);			/* code alignment */
	read_uleb(&r);			/* data alignment */
	if (version == 1)		/* return address column */
		read_bytes(&r, 1);
	else
		read_uleb(&r);
	read_uleb(&r);			/* length of what follows */
	for (; *aug && !r.bad; aug++) {
		if (*aug == 'R')
			enc = read_bytes(&r, 1);
		else if (*aug == 'P')
			read_encoded(&r, read_bytes(&r, 1) & 0x7f);
		else if (*aug == 'L')
			read_bytes(&r, 1);
		else if (*aug != 'S')
			return PE_OMIT;
	}
	return r.bad ? PE_OMIT : enc;
}

static int fde_range(const struct patch_object *obj, uintptr_t fde,
		     struct patch_fn *fn)
{
	struct reader r = open_entry(obj, fde);
	uintptr_t back_from = r.at;
	uint32_t back = r.bad ? 0 : read_bytes(&r, 4);
	uint8_t enc;

	if (r.bad || !back)
		return -ENOENT;
	enc = cie_encoding(obj, back_from - back);
	if (enc == PE_OMIT)
		return -ENOENT;
	fn->start = read_encoded(&r, enc);
	fn->end = fn->start + read_encoded(&r, PE_WIDTH(enc));
	if (r.bad || fn->end <= fn->start)
		return -ENOENT;
	return object_holds(obj, fn->start, fn->end - fn->start) ? 0 : -ENOENT;
}

int ehframe_open(struct ehframe *eh, const struct patch_object *obj)
{
	const ElfW(Phdr) *ph = object_phdr(obj, PT_GNU_EH_FRAME);
	struct ehframe_hdr h;

	*eh = (struct ehframe){ .obj = obj };
	if (!ph || ph->p_memsz < sizeof(h))
		return -ENOENT;
	eh->hdr = obj->base + ph->p_vaddr;
	if (!object_holds(obj, eh->hdr, ph->p_memsz) ||
	    !object_copy(obj, eh->hdr, &h, sizeof(h)))
		return -ENOENT;
	if (h.version != 1 || h.frame_enc != (PE_PCREL | PE_SDATA4) ||
	    h.count_enc != PE_UDATA4 ||
	    h.table_enc != (PE_DATAREL | PE_SDATA4))
		return -ENOENT;
	if (h.count > (ph->p_memsz - sizeof(h)) / sizeof(struct ehframe_row))
		return -ENOENT;
	eh->rows = eh->hdr + sizeof(h);
	eh->count = h.count;
	return 0;
}

static bool read_row(const struct ehframe *eh, size_t i,
		     struct ehframe_row *row)
{
	return object_copy(eh->obj, eh->rows + i * sizeof(*row), row,
			   sizeof(*row));
}

/* How many rows begin at or before @pc; -1 if the table cannot be read. */
static long rows_until(const struct ehframe *eh, uintptr_t pc)
{
	size_t lo = 0, hi = eh->count;
	struct ehframe_row row;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (!read_row(eh, mid, &row))
			return -1;
		if (eh->hdr + row.pc <= pc)
			lo = mid + 1;
		else
			hi = mid;
	}
	return (long)lo;
}

static int read_function(const struct ehframe *eh, long i, struct patch_fn *fn)
{
	struct ehframe_row row;

	return read_row(eh, (size_t)i, &row) ?
	       fde_range(eh->obj, eh->hdr + row.fde, fn) : -ENOENT;
}

int ehframe_find(const struct ehframe *eh, uintptr_t pc, struct patch_fn *fn)
{
	long n = rows_until(eh, pc);

	if (n <= 0 || read_function(eh, n - 1, fn))
		return -ENOENT;
	return pc >= fn->start && pc < fn->end ? 0 : -ENOENT;
}

int ehframe_gap(const struct ehframe *eh, uintptr_t pc, struct patch_fn *gap)
{
	long n = rows_until(eh, pc);
	struct patch_fn fn;

	if (n <= 0 || (size_t)n == eh->count ||
	    read_function(eh, n - 1, &fn))
		return -ENOENT;
	gap->start = fn.end;
	if (pc < gap->start || read_function(eh, n, &fn))
		return -ENOENT;
	gap->end = fn.start;
	return object_holds(eh->obj, gap->start, gap->end - gap->start) ?
	       0 : -ENOENT;
}
