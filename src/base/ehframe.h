/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From an address to what .eh_frame says of it: by .eh_frame_hdr, whose table
 * the linker sorted, to the FDE, and to the CIE that it names. Read where they
 * lie, within the bounds of one readable range. All are async-signal-safe.
 *
 * Formats: LSB Core Generic, chapter "Exception Frames".
 */
#ifndef VS_BASE_EHFRAME_H
#define VS_BASE_EHFRAME_H

#include "base/dwarf.h"

struct eh_table {
	uintptr_t hdr;			/* the table's offsets are from here */
	uintptr_t lo, hi;		/* what may be read */
	const struct eh_row *rows;
	size_t count;
};

struct eh_cie {
	uint64_t code_align;
	int64_t data_align;
	uint8_t encoding;		/* of the addresses in its FDEs */
	bool augmented;			/* 'z': FDEs have data to skip */
	bool signal_frame;		/* 'S': made by a signal, not by a call */
	struct dwarf_reader insns;
};

/* One function, or a part of it: [start, end). */
struct eh_fde {
	uintptr_t start, end;
	struct eh_cie cie;
	struct dwarf_reader insns;
};

/*
 * eh_table_open() - the table of @size bytes at @hdr (PT_GNU_EH_FRAME), with its
 * .eh_frame inside the readable [lo, hi). Returns 0, or -ENOENT where there is
 * none in the form that linkers write; eh_table_find() then finds nothing.
 */
int eh_table_open(struct eh_table *eh, uintptr_t hdr, size_t size, uintptr_t lo,
		 uintptr_t hi);

/* eh_table_find() - the FDE that covers @pc. Returns 0 or -ENOENT. */
int eh_table_find(const struct eh_table *eh, uintptr_t pc, struct eh_fde *fde);

#endif
