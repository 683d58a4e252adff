/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Phrases; contracts in words.h. */
#include "base/compiler.h"
#include "base/fmt.h"
#include "base/str.h"
#include "fault/words.h"
#include "shadow/frames.h"
#include "shadow/stacks.h"

static bool writes(const struct scene *s)
{
	if (scene_is_page_fault(s))
		return s->fault.error_code & X86_PF_WRITE;
	return s->access && s->access->way & INSN_WRITE;
}

static bool jumps(const struct scene *s)
{
	return scene_is_page_fault(s) && s->fault.error_code & X86_PF_INSTR;
}

void words_deed(struct fmt *f, const struct scene *s)
{
	if (jumps(s))
		fmt_str(f, "jump");
	else if (!scene_is_page_fault(s) && !s->access)
		fmt_str(f, "access");
	else
		fmt_str(f, writes(s) ? "write" : "read");
	if (!s->access || !s->access->size)
		return;
	fmt_str(f, " of ");
	words_bytes(f, s->access->size);
}

void words_access(struct fmt *f, const struct scene *s)
{
	words_deed(f, s);
	fmt_str(f, jumps(s) || writes(s) ? " to" : " from");
}

void words_bytes(struct fmt *f, unsigned long n)
{
	static const struct { unsigned int shift; const char *name; } units[] = {
		{ 30, " GB" }, { 20, " MB" }, { 10, " kB" },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(units); i++)
		if (n && !(n & ((1UL << units[i].shift) - 1))) {
			fmt_u64(f, n >> units[i].shift);
			fmt_str(f, units[i].name);
			return;
		}
	fmt_u64(f, n);
	fmt_str(f, n == 1 ? " byte" : " bytes");
}

static void name_of(struct fmt *f, const struct vma_view *v)
{
	for (uint32_t i = 0; i < v->name_len; i++)
		fmt_char(f, v->name[i] < ' ' ? '?' : v->name[i]);
}

void words_mapping(struct fmt *f, const struct vm_area_struct *vma)
{
	struct vma_view v;

	mm_view(&shadow.mm, vma, &v);
	fmt_str(f, v.name_len ? "the " : "a ");
	words_bytes(f, vma->vm_end - vma->vm_start);
	fmt_str(f, " mapping");
	if (!v.name_len)
		return;
	fmt_str(f, v.name[0] == '[' ? " " : " of ");
	name_of(f, &v);
}

void words_kind(struct fmt *f, const struct scene *s, const char *adjective)
{
	struct vma_view v;

	mm_view(&shadow.mm, s->v.vma, &v);
	fmt_str(f, v.name_len ? "a " : "");
	fmt_str(f, adjective);
	fmt_str(f, v.name_len ? " mapping of " : " memory");
	name_of(f, &v);
}

static void ago(struct fmt *f, const struct history_entry *e)
{
	uint64_t now = who_now(), ns;

	if (!e->time || now < e->time)
		return;
	ns = who_ns(now - e->time);
	fmt_str(f, ", ");
	fmt_u64(f, ns < 10000000 ? ns / 1000 : ns / 1000000);
	fmt_str(f, ns < 10000000 ? " us ago" : " ms ago");
}

static bool is_libc(const char *frame)
{
	const char *base = str_base(frame);

	return str_starts(base, "libc.so.6+") ||
	       str_starts(base, "ld-linux-x86-64.so.2+");
}

/* The innermost frame outside of libc, else the innermost. */
static const char *caller(const struct history_entry *e)
{
	static const char *texts[STACKS_DEPTH];	/* [lock] */
	unsigned int n = frames_of_stack(e->stack, texts);

	for (unsigned int i = 0; i < n; i++)
		if (!is_libc(texts[i]))
			return texts[i];
	return n ? texts[0] : NULL;
}

void words_who(struct fmt *f, struct scene *s, const struct history_entry *e)
{
	const char *text = caller(e);

	if (e->thread) {
		fmt_str(f, e->thread == s->thread ? " by this very thread" :
			" by thread ");
		if (e->thread != s->thread)
			fmt_u64(f, (uint64_t)e->thread);
	}
	ago(f, e);
	if (!text)
		return;
	fmt_str(f, ", in ");
	fmt_str(f, text);
}

void words_maker(struct fmt *f, struct scene *s,
		 const struct vm_area_struct *vma)
{
	const struct history_entry *e = history_event(vma->born);
	struct vma_view v;

	mm_view(&shadow.mm, vma, &v);
	if (!e || v.name_len)
		return;
	fmt_str(f, ", made by ");
	fmt_str(f, calls[e->call].name);
	words_who(f, s, e);
}
