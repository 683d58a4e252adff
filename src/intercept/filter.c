/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Running a seccomp filter; contract in filter.h. */
#include <linux/filter.h>

#include "base/str.h"
#include "intercept/filter.h"
#include "intercept/signals.h"

/* Newer than some headers. */
#ifndef SECCOMP_RET_ACTION_FULL
#define SECCOMP_RET_ACTION_FULL 0xffff0000U
#endif

struct machine {
	const struct seccomp_data *data;
	uint32_t a, x, mem[BPF_MEMWORDS];
	uint32_t ret;
	bool done;
};

static bool load(struct machine *m, const struct sock_filter *f, uint32_t *to)
{
	switch (BPF_MODE(f->code)) {
	case BPF_IMM:
		*to = f->k;
		return true;
	case BPF_MEM:
		*to = m->mem[f->k % BPF_MEMWORDS];
		return true;
	case BPF_LEN:
		*to = sizeof(*m->data);
		return true;
	case BPF_ABS:
		if (f->k % 4 || f->k >= sizeof(*m->data))
			return false;
		memcpy(to, (const char *)m->data + f->k, sizeof(*to));
		return true;
	default:
		return false;
	}
}

static bool compute(struct machine *m, const struct sock_filter *f)
{
	uint32_t by = BPF_SRC(f->code) == BPF_X ? m->x : f->k;

	switch (BPF_OP(f->code)) {
	case BPF_ADD:
		m->a += by;
		return true;
	case BPF_SUB:
		m->a -= by;
		return true;
	case BPF_MUL:
		m->a *= by;
		return true;
	case BPF_DIV:
		m->a = by ? m->a / by : 0;
		return by;
	case BPF_AND:
		m->a &= by;
		return true;
	case BPF_OR:
		m->a |= by;
		return true;
	case BPF_XOR:
		m->a ^= by;
		return true;
	case BPF_LSH:
		m->a <<= by & 31;
		return true;
	case BPF_RSH:
		m->a >>= by & 31;
		return true;
	case BPF_NEG:
		m->a = -m->a;
		return true;
	default:
		return false;
	}
}

static bool jump(const struct machine *m, const struct sock_filter *f,
		 uint32_t *by)
{
	uint32_t than = BPF_SRC(f->code) == BPF_X ? m->x : f->k;
	bool yes;

	switch (BPF_OP(f->code)) {
	case BPF_JA:
		*by = f->k;
		return true;
	case BPF_JEQ:
		yes = m->a == than;
		break;
	case BPF_JGT:
		yes = m->a > than;
		break;
	case BPF_JGE:
		yes = m->a >= than;
		break;
	case BPF_JSET:
		yes = m->a & than;
		break;
	default:
		return false;
	}
	*by = yes ? f->jt : f->jf;
	return true;
}

static bool step(struct machine *m, const struct sock_filter *f, uint32_t *by)
{
	*by = 0;
	switch (BPF_CLASS(f->code)) {
	case BPF_LD:
		return load(m, f, &m->a);
	case BPF_LDX:
		return load(m, f, &m->x);
	case BPF_ST:
		m->mem[f->k % BPF_MEMWORDS] = m->a;
		return true;
	case BPF_STX:
		m->mem[f->k % BPF_MEMWORDS] = m->x;
		return true;
	case BPF_ALU:
		return compute(m, f);
	case BPF_JMP:
		return jump(m, f, by);
	case BPF_RET:
		m->ret = BPF_RVAL(f->code) == BPF_A ? m->a : f->k;
		m->done = true;
		return true;
	default:
		if (BPF_MISCOP(f->code) == BPF_TAX)
			m->x = m->a;
		else
			m->a = m->x;
		return true;
	}
}

bool filter_allows(unsigned long prog, const struct seccomp_data *data)
{
	struct machine m = { .data = data };
	struct sock_fprog head;
	struct sock_filter f;
	uint32_t by;

	if (!program_read(&head, prog, sizeof(head)))
		return false;
	for (uint32_t at = 0; !m.done; at += 1 + by)
		if (at >= head.len ||
		    !program_read(&f, (unsigned long)(head.filter + at),
				  sizeof(f)) ||
		    !step(&m, &f, &by))
			return false;
	m.ret &= SECCOMP_RET_ACTION_FULL;
	return m.ret == SECCOMP_RET_ALLOW || m.ret == SECCOMP_RET_LOG;
}
