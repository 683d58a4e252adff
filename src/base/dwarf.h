/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading DWARF's encodings from memory, within bounds. A read past the end
 * answers 0 and makes .bad stick: a run of reads is judged once, at its end.
 * All are async-signal-safe.
 *
 * Formats: DWARF 5, section 7.6; LSB Core Generic, "Exception Frames".
 */
#ifndef VS_BASE_DWARF_H
#define VS_BASE_DWARF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Pointer encodings: the low four bits say how wide, the next from where. */
#define DW_EH_PE_absptr		0x00
#define DW_EH_PE_udata2		0x02
#define DW_EH_PE_udata4		0x03
#define DW_EH_PE_udata8		0x04
#define DW_EH_PE_sdata2		0x0a
#define DW_EH_PE_sdata4		0x0b
#define DW_EH_PE_sdata8		0x0c
#define DW_EH_PE_pcrel		0x10
#define DW_EH_PE_datarel	0x30
#define DW_EH_PE_indirect	0x80
#define DW_EH_PE_omit		0xff

#define DW_EH_PE_WIDTH(enc)	((enc) & 0x0f)
#define DW_EH_PE_BASE(enc)	((enc) & 0x70)

/* Bytes still to be read. */
struct dwarf_reader {
	uintptr_t at, end;
	bool bad;
};

/* An unsigned number of @n bytes, at most eight. */
uint64_t dwarf_bytes(struct dwarf_reader *r, size_t n);
uint64_t dwarf_uleb(struct dwarf_reader *r);
int64_t dwarf_sleb(struct dwarf_reader *r);
void dwarf_skip(struct dwarf_reader *r, uint64_t n);

/*
 * An encoded pointer, absolute or relative to where it stands; other bases are
 * bad. DW_EH_PE_indirect is not followed: the address of the address is
 * answered.
 */
uint64_t dwarf_encoded(struct dwarf_reader *r, uint8_t enc);

#endif
