/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The code of a slot:
 *
 *		neighbours from before the syscall
 *		movzwl	%ax, %ecx
 *		movabs	$patch_numbers, %r11
 *		movzbl	(%r11, %rcx), %ecx
 *		jrcxz	raw
 *		mov	$index, %r11d
 *		nops
 *		jmp	*patch_by_number		to the door
 *	raw:	syscall
 *	back:	movabs	$behind the site's syscall, %rcx
 *		neighbours from behind it
 *		jmp	behind the site
 *
 * The flags are the program's throughout, as they are across a syscall
 * instruction, and so is the stack: a number that is no business of ours may be
 * a clone, a vfork or a sigreturn. Only rcx and r11 are spoilt, which the kernel
 * spoils as well.
 */
#include "base/str.h"
#include "patch/slot.h"

static void put(struct slot_code *c, const void *bytes, unsigned int n)
{
	memcpy(c->bytes + c->len, bytes, n);
	c->len += n;
}

#define PUT(c, ...)							\
	do {								\
		static const unsigned char put_[] = { __VA_ARGS__ };	\
		put(c, put_, sizeof(put_));				\
	} while (0)

static void put_u32(struct slot_code *c, uint32_t v)
{
	put(c, &v, sizeof(v));
}

static void put_u64(struct slot_code *c, uint64_t v)
{
	put(c, &v, sizeof(v));
}

/* Slots are aligned; what the jump reads must be, too: the program may have the
 * alignment check on. */
static void put_aligned_jump(struct slot_code *c)
{
	static const unsigned char jump[] = { 0xff, 0x25, 0, 0, 0, 0 };

	while ((c->len + sizeof(jump)) % sizeof(uint64_t))
		PUT(c, 0x90);
	put(c, jump, sizeof(jump));
}

static void put_question(struct slot_code *c, const struct patch_site *s,
			 unsigned int index)
{
	const char *door = s->uses_red_zone ? patch_by_number :
					      patch_by_number_frame;
	unsigned int jump;

	PUT(c, 0x0f, 0xb7, 0xc8);			/* movzwl */
	PUT(c, 0x49, 0xbb);				/* movabs */
	put_u64(c, (uintptr_t)patch_numbers);
	PUT(c, 0x41, 0x0f, 0xb6, 0x0c, 0x0b);		/* movzbl */
	PUT(c, 0xe3, 0);				/* jrcxz */
	jump = c->len;
	PUT(c, 0x41, 0xbb);				/* mov */
	put_u32(c, index);
	put_aligned_jump(c);
	put_u64(c, (uintptr_t)door);
	c->raw = c->len;
	c->bytes[jump - 1] = (unsigned char)(c->raw - jump);
	PUT(c, 0x0f, 0x05);				/* syscall */
}

bool slot_encode(const struct patch_site *s, uintptr_t at, unsigned int index,
		 struct slot_code *c)
{
	unsigned int before, behind, len = patch_site_len(s);
	intptr_t rel;
	int32_t rel32;

	/* of the seven bytes the mov comes along: it loads the number */
	before = s->kind == PATCH_SITE_SYSCALL ? 5 : s->at;
	behind = len - before - 2;
	c->len = c->back = 0;
	put(c, s->old, before);
	put_question(c, s, index);
	if (behind)
		c->back = c->len;
	PUT(c, 0x48, 0xb9);				/* movabs */
	put_u64(c, s->addr + before + 2);
	put(c, s->old + before + 2, behind);
	rel = (intptr_t)(s->addr + len - (at + c->len + 5));
	rel32 = (int32_t)rel;
	PUT(c, 0xe9);					/* jmp */
	put_u32(c, (uint32_t)rel32);
	return rel == rel32;
}
