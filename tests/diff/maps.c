/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's list as text, and the mirror's beside it.
 */
#include <fcntl.h>

#include "diff.h"
#include "procmaps/parse.h"

#define TEXT		(6 << 20)
#define ADOPTED		512

static char text[TEXT];
static size_t text_len;

void maps_open(void)
{
	if (world.maps_fd > 0)
		raw_sys1(SYS_close, world.maps_fd);
	world.maps_fd = raw_sys3(SYS_openat, AT_FDCWD, "/proc/self/maps",
				 O_RDONLY);
}

/* The address that a line begins with. */
static unsigned long starts_at(size_t at)
{
	unsigned long addr = 0;
	char c;

	for (; at < text_len && (c = text[at]) != '-'; at++)
		addr = addr << 4 | (c < 'a' ? c - '0' : c - 'a' + 10);
	return addr;
}

/* A read gives whole lines; none is wanted beyond world.compare_end. */
void maps_read(void)
{
	size_t from;
	long n;

	text_len = 0;
	do {
		from = text_len;
		n = raw_sys4(SYS_pread64, world.maps_fd, text + text_len,
			     TEXT - text_len, text_len);
		text_len += n > 0 ? n : 0;
	} while (n > 0 && starts_at(from) < world.compare_end);
}

/* The line at @at without its newline; false at the end and at [vsyscall]. */
static bool line_at(size_t *at, const char **line, size_t *len)
{
	static const char gate[] = "ffffffffff600000-";
	size_t end = *at;

	if (starts_at(end) >= world.compare_end)
		return false;

	while (end < text_len && text[end] != '\n')
		end++;
	if (end >= text_len || !memcmp(text + *at, gate, sizeof(gate) - 1))
		return false;
	*line = text + *at;
	*len = end - *at;
	*at = end + 1;
	return true;
}

static bool next_view(size_t *at, struct vma_view *out)
{
	const char *line;
	size_t len, bad;

	return line_at(at, &line, &len) &&
	       !procmaps_parse_line(line, len, out, &bad);
}

bool maps_after(unsigned long addr, struct vma_view *out)
{
	size_t at = 0;

	while (next_view(&at, out))
		if (addr < out->end)
			return true;
	return false;
}

bool maps_line(unsigned long addr, struct vma_view *out)
{
	return maps_after(addr, out) && out->start <= addr;
}

/* --- comparing ------------------------------------------------------------- */

/* The mirror's line for @vma, in a buffer of @f. */
static void mirror_line(struct fmt *f, const struct vm_area_struct *vma)
{
	struct vma_view v;

	f->len = 0;
	f->overflow = false;
	mm_view(&world.mm, vma, &v);
	view_format(f, &v);
}

static bool beyond(const struct vm_area_struct *vma)
{
	return !vma || vma->vm_start >= world.compare_end;
}

bool maps_compare(void)
{
	const struct vm_area_struct *vma = world.mm.mmap;
	static char buf[512];
	const char *line;
	size_t at = 0, len;
	struct fmt f;

	fmt_init(&f, buf, sizeof(buf));
	for (; line_at(&at, &line, &len); vma = vma->vm_next) {
		if (beyond(vma))
			return false;
		mirror_line(&f, vma);
		if (f.overflow || f.len != len || memcmp(f.buf, line, len))
			return false;
	}
	return beyond(vma);
}

static unsigned int count_equal(void)
{
	const struct vm_area_struct *vma = world.mm.mmap;
	static char buf[512];
	unsigned int n = 0;
	const char *line;
	size_t at = 0, len;
	struct fmt f;

	fmt_init(&f, buf, sizeof(buf));
	for (; vma && line_at(&at, &line, &len); vma = vma->vm_next, n++) {
		mirror_line(&f, vma);
		if (f.len != len || memcmp(f.buf, line, len))
			break;
	}
	return n;
}

/* What maps does not tell of @vma, in brief. */
static void show_hidden(struct fmt *f, const struct vm_area_struct *vma)
{
	fmt_pad(f, 100);
	fmt_str(f, " flags ");
	fmt_hex(f, vma->vm_flags, 0);
	fmt_str(f, " unsure ");
	fmt_hex(f, vma->vm_unsure, 0);
	fmt_str(f, " pgoff ");
	fmt_hex(f, vma->vm_pgoff, 0);
	fmt_str(f, vma->bits & VMA_PGOFF_UNSURE ? "? anon " : " anon ");
	fmt_str(f, vma->anon_state & ANON_NONE ? "N" : "");
	fmt_str(f, vma->anon_state & ANON_FAULTED ? "F" : "");
	fmt_str(f, vma->anon_state & ANON_FORKED ? "K" : "");
	fmt_u64(f, vma->anon_vma);
}

const struct vm_area_struct *maps_differs_at(void)
{
	const struct vm_area_struct *vma = world.mm.mmap;
	unsigned int equal = count_equal();

	while (vma && equal--)
		vma = vma->vm_next;
	return vma;
}

void show_lists(void)
{
	unsigned int equal = count_equal(), i = 0;
	const struct vm_area_struct *vma;
	static char buf[1024];
	const char *line;
	size_t at = 0, len;
	struct fmt f;

	say("# kernel:\n");
	for (i = 0; line_at(&at, &line, &len); i++)
		if (i + 4 > equal && i < equal + 5) {
			fmt_init(&f, buf, sizeof(buf));
			fmt_str(&f, i == equal ? "# >" : "#  ");
			fmt_bytes(&f, line, len);
			fmt_char(&f, '\n');
			say_fmt(&f);
		}
	say("# mirror:\n");
	for (vma = world.mm.mmap, i = 0; vma; vma = vma->vm_next, i++)
		if (i + 4 > equal && i < equal + 5) {
			struct vma_view v;

			fmt_init(&f, buf, sizeof(buf));
			fmt_str(&f, i == equal ? "# >" : "#  ");
			mm_view(&world.mm, vma, &v);
			view_format(&f, &v);
			show_hidden(&f, vma);
			fmt_char(&f, '\n');
			say_fmt(&f);
		}
}

/* --- adopting -------------------------------------------------------------- */

/* Until no line of the kernel reaches over the ends of the range. */
static void widen(unsigned long *start, unsigned long *end)
{
	struct vma_view v;

	if (maps_line(*start, &v) && v.start < *start)
		*start = v.start;
	if (maps_line(*end - 1, &v) && v.end > *end)
		*end = v.end;
}

static struct mm_file *adopted_file(const struct vma_view *v)
{
	struct vm_area_struct *vma;
	unsigned int i;

	for (vma = world.mm.mmap; vma; vma = vma->vm_next)
		if (vma->vm_file && v->name_len &&
		    vma->vm_file->inode == v->inode &&
		    vma->vm_file->dev_minor == v->dev_minor &&
		    vma->vm_file->name_len == v->name_len &&
		    !memcmp(vma->vm_file->name, v->name, v->name_len))
			return vma->vm_file;
	for (i = 0; i < world.nr_files && v->inode; i++)
		if (world.files[i].mirror &&
		    world.files[i].mirror->inode == v->inode)
			return world.files[i].mirror;
	return v->inode ? world_file(v) : NULL;
}

bool maps_adopt(unsigned long start, unsigned long end, unsigned long *lines)
{
	static struct vma_view views[ADOPTED];
	static struct mm_file *files[ADOPTED];
	unsigned long compare_end = world.compare_end;
	unsigned int n = 0;
	size_t at = 0;

	if (end > compare_end) {
		world.compare_end = ~0UL;
		maps_read();
	}
	widen(&start, &end);
	while (n < ADOPTED && next_view(&at, &views[n])) {
		if (views[n].start >= end || views[n].end <= start)
			continue;
		files[n] = adopted_file(&views[n]);
		n++;
	}
	*lines += n;
	world.compare_end = compare_end;
	return !mm_adopt(&world.mm, start, end, views, files, n);
}
