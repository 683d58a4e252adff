/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Frames as text; contracts in frames.h. */
#include "base/fmt.h"
#include "shadow/frames.h"
#include "shadow/stacks.h"
#include "shadow/symbols.h"

#define TEXT 256			/* bytes a frame; longer paths are cut */

static char texts[STACKS_DEPTH][TEXT];		/* [lock] */

/* The end of a path says more than its beginning. */
static void add_path(struct fmt *f, const struct mm_file *file)
{
	size_t room = TEXT / 2, skip = 0;

	if (file->name_len > room) {
		skip = file->name_len - room;
		fmt_str(f, "...");
	}
	fmt_bytes(f, file->name + skip, file->name_len - skip);
}

static void one_text(char *text, uintptr_t ip)
{
	const struct module *m = modules_find(ip - 1);
	const char *symbol;
	struct fmt f;

	fmt_init(&f, text, TEXT);
	if (!m) {
		fmt_str(&f, "0x");
		fmt_hex(&f, ip, 1);
		return;
	}
	add_path(&f, m->file);
	fmt_str(&f, "+0x");
	fmt_hex(&f, ip - m->base, 1);
	symbol = symbols_at(m, ip - 1);
	if (symbol) {
		fmt_char(&f, ' ');
		fmt_str(&f, symbol);
	}
}

unsigned int frames_text(const uintptr_t *frames, unsigned int n,
			 const char **text)
{
	if (n > STACKS_DEPTH)
		n = STACKS_DEPTH;
	for (unsigned int i = 0; i < n; i++) {
		one_text(texts[i], frames[i]);
		text[i] = texts[i];
	}
	return n;
}

unsigned int frames_of_stack(uint32_t id, const char **text)
{
	const uintptr_t *frames = NULL;
	unsigned int n = stacks_frames(id, &frames);

	return frames_text(frames, n, text);
}
