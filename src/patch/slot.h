/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Slots: code that is written for one site, where the entries of entry.S do not
 * serve: the site is out of their reach, or its neighbours have to come along.
 */
#ifndef VS_PATCH_SLOT_H
#define VS_PATCH_SLOT_H

#include "patch/entry.h"
#include "patch/patch.h"

struct slot_code {
	unsigned char bytes[PATCH_SLOT_SIZE];
	unsigned int len;
	unsigned int raw;	/* its syscall instruction begins there */
	unsigned int back;	/* where the door goes back to; 0: right behind
				 * the site */
};

/*
 * slot_encode() - the code of @s for the slot at @at, whose entry is @index.
 * False if the site is out of its reach, too.
 */
VS_HIDDEN bool slot_encode(const struct patch_site *s, uintptr_t at,
			   unsigned int index, struct slot_code *code);

#endif
