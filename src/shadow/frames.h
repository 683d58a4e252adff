/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Return addresses as a person or another machine can use them: the file whose
 * code it is, the place in it, and the dynamic symbol that holds it.
 */
#ifndef VS_SHADOW_FRAMES_H
#define VS_SHADOW_FRAMES_H

#include "shadow/shadow.h"

/*
 * [lock] frames_text() - one text a frame, "/path/to/file+0x1234 symbol", the
 * place counted as the file itself counts (what addr2line takes), the symbol
 * left out where there is none. Code of no file is its address. Returns how many
 * were written to @text; they stand until the next call.
 */
unsigned int frames_text(const uintptr_t *frames, unsigned int n,
			 const char **text);

/* [lock] The same for stack number @id (stacks.h). */
unsigned int frames_of_stack(uint32_t id, const char **text);

#endif
