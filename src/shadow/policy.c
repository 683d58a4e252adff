/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory policies; contracts in policy.h. */
#include <linux/mempolicy.h>

#include "base/compiler.h"
#include "base/str.h"
#include "shadow/policy.h"

#define NODE_WORDS 16		/* of 64 nodes: the most a kernel is built for */
#define NO_HOME	   (~0UL)
#define MODE_FLAGS 0xe000	/* MPOL_MODE_FLAGS of all kernels */
#define PREFERRED_MANY 5	/* MPOL_PREFERRED_MANY, newer than some headers */

struct policy {
	struct policy *next;
	uint32_t id;
	uint32_t mode;			/* and its flags */
	unsigned long home;
	uint64_t nodes[NODE_WORDS];
};

static struct policy *policies;		/* [lock] */
static uint32_t nr_policies;
static struct policy asked;		/* [lock] the answer being looked at */

static bool same_nodes(const struct policy *a, const struct policy *b)
{
	return a->mode == b->mode &&
	       !memcmp(a->nodes, b->nodes, sizeof(a->nodes));
}

/* Without memory for it each policy is another: never equal to any. */
static uint32_t intern(const struct policy *like)
{
	struct policy *p;

	for (p = policies; p; p = p->next)
		if (same_nodes(p, like) && p->home == like->home)
			return p->id;
	nr_policies++;
	p = memory_alloc(sizeof(*p));
	if (!p)
		return nr_policies;
	*p = *like;
	p->id = nr_policies;
	p->next = policies;
	policies = p;
	return p->id;
}

static const struct policy *find(uint32_t id)
{
	const struct policy *p = policies;

	while (p && p->id != id)
		p = p->next;
	return p;
}

/* What the kernel says of the mapping at @addr; false: default, or unknown. */
static bool ask(unsigned long addr)
{
	int mode = MPOL_DEFAULT;
	long err;

	if (shadow.sealed)
		return false;
	asked = (struct policy){ .home = NO_HOME };
	err = raw_syscall(SYS_get_mempolicy, (long)&mode, (long)asked.nodes,
			  NODE_WORDS * 64, (long)addr, MPOL_F_ADDR, 0);
	asked.mode = (uint32_t)mode;
	return !err && mode != MPOL_DEFAULT;
}

void policy_find(struct mm_op *op, long mode)
{
	op->policy = 0;
	if (((uint32_t)mode & ~MODE_FLAGS) == MPOL_DEFAULT)
		return;
	op->policy = ask(op->addr) ? intern(&asked) : ++nr_policies;
}

/*
 * Shared memory answers with the policy of the memory, which the mapping itself
 * need not have. A home node is not told: it stays where the rest is the same.
 */
void policy_reread(unsigned long start, unsigned long end)
{
	struct vm_area_struct *vma = find_vma(&shadow.mm, start);
	const struct policy *had;

	for (; nr_policies && vma && vma->vm_start < end; vma = vma->vm_next) {
		if (vma->vm_flags & VM_MAYSHARE)
			continue;
		had = find(vma->vm_policy);
		if (!ask(vma->vm_start))
			vma->vm_policy = 0;
		else if (!had || !same_nodes(had, &asked))
			vma->vm_policy = intern(&asked);
	}
}

static uint32_t with_home(struct mm_struct *mm, uint32_t id, unsigned long node)
{
	const struct policy *had = find(id);
	uint32_t mode = had ? had->mode & ~MODE_FLAGS : MPOL_DEFAULT;

	(void)mm;
	if (mode != MPOL_BIND && mode != PREFERRED_MANY)
		return 0;
	asked = *had;
	asked.home = node;
	return intern(&asked);
}

void policy_start(void)
{
	shadow.mm.policy_home = with_home;
}
