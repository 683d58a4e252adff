/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What decoding a function says about a few bytes of it. The only file that
 * speaks to Zydis is prove.c.
 */
#ifndef VS_PATCH_PROVE_H
#define VS_PATCH_PROVE_H

#include <Zydis/Zydis.h>

#include "patch/object.h"

/* Bytes that nothing may jump to: [start, end). */
struct patch_window {
	uintptr_t start, end;
};

struct fn_facts {
	/* In the site's own function each of these ends the decoding: nothing
	 * can be proven any more. */
	bool indirect;		/* a jump that is neither direct nor by GOT */
	bool clones;		/* fork, vfork, clone or clone3 by number */

	bool decodes;		/* it was decoded to its end; what follows is
				 * meaningless without */
	bool boundary;		/* an instruction begins at the site */
	bool jumped;		/* a direct branch lands in the window */
	bool red_zone;		/* data below rsp cannot be excluded */
};

/* prove_init() - the one decoder of a scan: minimal, 64 bit. */
VS_HIDDEN bool prove_init(ZydisDecoder *decoder);

/*
 * prove_function() - decode @fn of @obj in a line and gather what matters for
 * the site at @site, whose window is @win.
 */
VS_HIDDEN void prove_function(const ZydisDecoder *decoder,
			      const struct patch_object *obj,
			      const struct patch_fn *fn, uintptr_t site,
			      const struct patch_window *win,
			      struct fn_facts *facts);

/* A function's bytes, some at a time. */
struct code {
	const struct patch_object *obj;
	uintptr_t limit;		/* the function's end */
	const unsigned char *mem;
	uintptr_t start, end;		/* what mem has */
};

/*
 * code_decode() - the instruction at @at. False where it does not decode or
 * cannot be read. @operands: for a full decoder, ZYDIS_MAX_OPERAND_COUNT of
 * them; else NULL.
 */
VS_HIDDEN bool code_decode(struct code *c, const ZydisDecoder *decoder,
			   uintptr_t at, ZydisDecodedInstruction *insn,
			   ZydisDecodedOperand *operands);

#endif
