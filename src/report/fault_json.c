/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The members of a fault, in the order of doc/vmashadow-log.5. */
#include "base/fmt.h"
#include "base/view.h"
#include "report/writer.h"

const char report_register_names[REPORT_REGISTERS][8] = {
	"rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp", "rsp", "r8", "r9",
	"r10", "r11", "r12", "r13", "r14", "r15", "rip", "eflags",
};

/* The bits of a page fault's error code (asm/trap_pf.h). */
static const struct { uint8_t bit; const char *name; } error_bits[] = {
	{ 0, "PROT" }, { 1, "WRITE" }, { 2, "USER" }, { 3, "RSVD" },
	{ 4, "INSTR" }, { 5, "PK" }, { 6, "SHSTK" }, { 15, "SGX" },
	{ 31, "RMP" },
};

static void error_code(struct json *j, const struct report_fault *e)
{
	if (!e->is_page_fault) {
		json_null(j, "error_code");
		return;
	}
	json_object(j, "error_code");
	json_u64(j, "value", e->error_code);
	json_array(j, "bits");
	for (size_t i = 0; i < sizeof(error_bits) / sizeof(*error_bits); i++)
		if (e->error_code >> error_bits[i].bit & 1)
			json_str(j, NULL, error_bits[i].name);
	json_close(j);
	json_close(j);
}

static void predicted(struct json *j, const struct report_fault *e)
{
	json_object(j, "predicted");
	json_str(j, "signal", e->predicted_signal);
	json_str(j, "si_code", e->predicted_code);
	if (e->undecided)
		json_str(j, "undecided", e->undecided);
	json_close(j);
	if (e->undecided)
		json_null(j, "agrees");
	else
		json_bool(j, "agrees", e->agrees);
}

static void mapping(struct json *j, const char *key,
		    const struct report_near *n, bool missed)
{
	if (!n->view) {
		json_null(j, key);
		return;
	}
	json_object(j, key);
	json_open_string(j, "line");
	view_format_head(j->f, n->view);
	json_part(j, n->view->name, n->view->name_len);
	json_close_string(j);
	json_u64(j, "born", n->born);
	json_u64(j, "changed", n->changed);
	if (missed)
		json_u64(j, "distance", n->distance);
	json_close(j);
}

static void stack(struct json *j, const char *const *frames, size_t n)
{
	json_array(j, "stack");
	for (size_t i = 0; i < n; i++)
		json_str(j, NULL, frames[i]);
	json_close(j);
}

static void past(struct json *j, const struct report_past *p)
{
	json_object(j, NULL);
	json_str(j, "what", p->what);
	json_u64(j, "event", p->event);
	if (p->thread)
		json_s64(j, "thread", p->thread);
	if (p->ago_ns != ~0UL)
		json_u64(j, "ago_ns", p->ago_ns);
	json_hex(j, "addr", p->addr);
	json_hex(j, "len", p->len);
	if (p->rights)
		json_str(j, "rights", p->rights);
	if (p->error)
		json_s64(j, "errno", p->error);
	stack(j, p->stack, p->nr_stack);
	json_close(j);
}

void json_fault(struct json *j, int pid, const void *event)
{
	const struct report_fault *e = event;

	json_s64(j, "pid", pid);
	json_s64(j, "thread", e->thread);
	json_str(j, "signal", e->signal);
	json_str(j, "si_code", e->si_code);
	if (e->addr_known)
		json_hex(j, "addr", e->addr);
	else
		json_null(j, "addr");
	json_str(j, "access", e->access);
	json_u64(j, "size", e->size);
	error_code(j, e);
	predicted(j, e);
	json_bool(j, "handled", e->handled);
	json_str(j, "verdict", e->verdict);
	json_str(j, "instruction", e->instruction);
	mapping(j, "vma", &e->vma, false);
	mapping(j, "before", &e->before, true);
	mapping(j, "after", &e->after, true);
	json_array(j, "history");
	for (size_t i = 0; i < e->nr_history; i++)
		past(j, &e->history[i]);
	json_close(j);
	json_object(j, "registers");
	for (size_t i = 0; i < REPORT_REGISTERS; i++)
		json_hex(j, report_register_names[i], e->registers[i]);
	json_close(j);
	stack(j, e->stack, e->nr_stack);
}
