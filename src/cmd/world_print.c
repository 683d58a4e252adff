/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A trace's process as text; contracts in world.h. */
#include <string.h>
#include <unistd.h>

#include "base/fmt.h"
#include "base/view.h"
#include "cmd/world.h"
#include "shadow/calls.h"

#define LINE 8192			/* a name of 4 KiB, escaped */

const char *world_name(unsigned int nr)
{
	const struct call_info *c = calls_find((long)nr);

	return c ? c->name : "?";
}

static void print_line(const struct vma_view *v, FILE *to)
{
	static char line[LINE];
	struct fmt f;

	fmt_init(&f, line, sizeof(line));
	view_format(&f, v);
	if (isatty(fileno(to)))
		world_print_text(line, f.len, to);
	else
		fwrite(line, 1, f.len, to);
	putc('\n', to);
}

void world_print_maps(struct world *w, FILE *to)
{
	struct vma_view v;

	for (struct vm_area_struct *vma = w->mm.mmap; vma; vma = vma->vm_next) {
		mm_view(&w->mm, vma, &v);
		print_line(&v, to);
	}
	if (!(w->gate & TRACE_GATE))
		return;
	v = (struct vma_view){
		.start = 0xffffffffff600000, .end = 0xffffffffff601000,
		.prot = w->gate & (uint8_t)~TRACE_GATE,
		.name = "[vsyscall]", .name_len = strlen("[vsyscall]"),
	};
	print_line(&v, to);
}

void world_print_text(const char *s, size_t n, FILE *to)
{
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)s[i];

		if (c < ' ' || c >= 0x7f)
			fprintf(to, "\\%03o", c);
		else
			putc(c, to);
	}
}

void world_print_frame(const struct world *w, uint64_t ip, FILE *to)
{
	const struct world_code *c = world_code_at(w, ip);

	if (!c || !c->file) {
		fprintf(to, "0x%llx", (unsigned long long)ip);
		return;
	}
	world_print_text(c->file->name, c->file->name_len, to);
	fprintf(to, "+0x%llx", (unsigned long long)(ip - c->base));
}
