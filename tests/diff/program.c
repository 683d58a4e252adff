/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The calls of a run as a C program that stands alone: it makes them, and then
 * looks whether the kernel's list is what the mirror had. Addresses that the
 * kernel chose are variables there, so that another layout does not matter.
 *
 * prologue.c.in holds what each such program begins with.
 */
#include <sys/mman.h>

#include "diff.h"
#include "prologue.h"

static char line[400];
static struct fmt out;

static void flush(void)
{
	if (world.program_fd > 0)
		raw_sys3(SYS_write, world.program_fd, out.buf, out.len);
	fmt_init(&out, line, sizeof(line));
}

void program_text(const char *text)
{
	if (world.program_fd <= 0)
		return;
	raw_sys3(SYS_write, world.program_fd, text, str_len(text));
}

/* --- expressions ----------------------------------------------------------- */

static void put_number(unsigned long v)
{
	fmt_str(&out, "0x");
	fmt_hex(&out, v, 1);
	fmt_str(&out, "UL");
}

static bool put_relative(const char *base, unsigned int index, bool indexed,
			 unsigned long at, unsigned long v)
{
	fmt_str(&out, base);
	if (indexed) {
		fmt_char(&out, '[');
		fmt_u64(&out, index);
		fmt_char(&out, ']');
	}
	fmt_str(&out, " + ");
	fmt_s64(&out, (long)(v - at));
	return true;
}

static bool put_slot(unsigned long v)
{
	const unsigned long near = 32 * PAGE_SIZE;
	const struct slot *s;

	for (s = world.slots; s < world.slots + SLOTS; s++)
		if (s->len && v - s->addr + near <= s->len + 2 * near)
			return put_relative("slot", s - world.slots, true,
					    s->addr, v);
	return false;
}

static void put_address(unsigned long v)
{
	if (v - world.first_brk < 64UL << 20)
		put_relative("heap", 0, false, world.first_brk, v);
	else if (v - WINDOW < 1UL << 30 || !put_slot(v))
		put_number(v);
}

/* --- calls ----------------------------------------------------------------- */

static void put_argument(const struct request *r, unsigned int i)
{
	const struct mm_op *op = &r->op;
	unsigned long v = r->args[i];

	if (r->text[i])
		fmt_str(&out, r->text[i]);
	else if (v && (v == op->addr || v == op->new_addr))
		put_address(v);
	else
		put_number(v);
}

/* Functions of the prologue, whose arguments are not the system call's. */
static void put_helper(const struct request *r)
{
	const struct call *c = r->call;
	bool context = c->kind == DO_UFFD_REGISTER ||
		       c->kind == DO_UFFD_UNREGISTER;

	fmt_str(&out, r->name);
	fmt_char(&out, '(');
	if (context || c->kind == DO_UFFD_CLOSE)
		fmt_u64(&out, c->file);
	if (context)
		fmt_str(&out, ", ");
	if (c->kind != DO_UFFD_CLOSE)
		put_address(r->op.addr);
	if (context || c->kind == DO_PROCESS_MADVISE) {
		fmt_str(&out, ", ");
		put_number(c->len);
	}
	if (c->kind == DO_UFFD_REGISTER || c->kind == DO_PROCESS_MADVISE) {
		fmt_str(&out, ", ");
		put_number(c->flags);
	}
	fmt_char(&out, ')');
}

static void put_call(const struct request *r)
{
	unsigned int i;

	fmt_str(&out, "CALL(");
	fmt_str(&out, r->name);
	for (i = 0; i < r->n; i++) {
		fmt_str(&out, ", ");
		put_argument(r, i);
	}
	fmt_char(&out, ')');
}

void program_call(const struct request *r)
{
	int slot = r->call->slot;

	if (world.program_fd <= 0)
		return;
	fmt_init(&out, line, sizeof(line));
	fmt_char(&out, '\t');
	if (slot >= 0 && !raw_is_error(r->op.ret) &&
	    r->op.ret != (long)r->op.addr) {
		fmt_str(&out, "slot[");
		fmt_u64(&out, slot);
		fmt_str(&out, "] = ");
	}
	if (r->helper)
		put_helper(r);
	else
		put_call(r);
	fmt_str(&out, ";\t/* ");
	if (raw_is_error(r->op.ret)) {
		fmt_s64(&out, r->op.ret);
	} else {
		fmt_str(&out, "0x");
		fmt_hex(&out, r->op.ret, 1);
	}
	fmt_str(&out, " */\n");
	flush();
}

/* --- beginning and end ----------------------------------------------------- */

void program_begin(uint64_t seed)
{
	static const char *const limits[8] = {
		[1] = "\tlimit(RLIMIT_AS, 72UL << 20);\n",
		[2] = "\tlimit(RLIMIT_DATA, 36UL << 20);\n",
		[3] = "\tlimit(RLIMIT_MEMLOCK, 96UL << 10);\n"
		      "\tdrop_ipc_lock();\n",
		[4] = "\tlimit(RLIMIT_MEMLOCK, 0);\n\tdrop_ipc_lock();\n",
		[5] = "\tlimit(RLIMIT_STACK, 64UL << 10);\n",
	};

	program_text(program_prologue);
	program_text("int main(void)\n{\n\tint ret;\n\n\tbegin();\n");
	if (limits[seed % 8])
		program_text(limits[seed % 8]);
	if (world.compare_end != ~0UL)
		program_text("\t/* The run had nearly max_map_count mappings "
			     "more. */\n");
}

static void put_expected_line(void)
{
	const struct vm_area_struct *vma = maps_differs_at();
	struct vma_view v;

	if (!vma) {
		fmt_str(&out, "\tret = expect(~0UL, 0, 0, \"----\", 0);\n");
		return;
	}
	mm_view(&world.mm, vma, &v);
	fmt_str(&out, "\tret = expect(");
	put_address(vma->vm_prev ? vma->vm_prev->vm_end : 0);
	fmt_str(&out, ", ");
	put_address(v.start);
	fmt_str(&out, ", ");
	put_address(v.end);
	fmt_str(&out, ", \"");
	fmt_char(&out, v.prot & VIEW_READ ? 'r' : '-');
	fmt_char(&out, v.prot & VIEW_WRITE ? 'w' : '-');
	fmt_char(&out, v.prot & VIEW_EXEC ? 'x' : '-');
	fmt_char(&out, v.prot & VIEW_SHARED ? 's' : 'p');
	fmt_str(&out, "\", ");
	put_number(v.offset);
	fmt_str(&out, ");\n");
}

void program_end(const struct request *last)
{
	if (world.program_fd <= 0)
		return;
	fmt_init(&out, line, sizeof(line));
	if (last && world.answer_differs) {
		fmt_str(&out, "\tret = expect_result(");
		if (raw_is_error(last->op.predicted))
			fmt_s64(&out, last->op.predicted);
		else
			put_address(last->op.predicted);
		fmt_str(&out, ");\n");
	} else {
		put_expected_line();
	}
	flush();
	program_text("\tgive_back();\n\treturn ret;\n}\n");
}
