/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mbind and set_mempolicy_home_node: the policy of a range. It is nowhere in
 * maps, but keeps neighbours apart.
 */
#include "engine/internal.h"

/* Mirrors mm/mempolicy.c:mbind_range(); mpol_equal() is equality of ids. */
static int vma_replace_policy(struct mm_struct *mm, struct mm_op *op,
			      const struct vm_area_struct *vma,
			      struct vma_attr *a)
{
	(void)mm;
	a->policy = op->policy;
	return a->policy != vma->vm_policy;
}

/*
 * Mirrors mm/mempolicy.c:do_mbind(). Holes are looked for before anything is
 * done, and are no error when the policy is taken away. EINVAL is about
 * arguments, unless a mapping there cannot be cut. EIO says that pages could
 * not be moved or were found elsewhere: by kernel and flags, before or after
 * the policy was set.
 */
int commit_mbind(struct mm_struct *mm, struct mm_op *op)
{
	struct range r = {
		.start = op->addr,
		.end = op->addr + PAGE_ALIGN(op->len),
		.holes = HOLES_FINE,
		.change = vma_replace_policy,
		.ret = op->ret,
		.no_vma = -ENOMEM,
	};
	unsigned long stop;

	if ((r.start & ~PAGE_MASK) || r.end <= r.start)
		return MM_DONE;
	if (is_error(op->ret) && op->ret != -ENOMEM && !op->phase &&
	    (op->ret != -EINVAL ||
	     scan_range(mm, op, &r, &stop) != -EINVAL)) {
		if (op->ret == -EIO)
			op_unknown(mm, op, r.start, r.end);
		return MM_DONE;
	}
	return apply_to_range(mm, op, &r);
}

/*
 * Only a policy that names the nodes to allocate from has a home among them; a
 * VMA without a policy is passed over.
 */
static int set_home(struct mm_struct *mm, struct mm_op *op,
		    const struct vm_area_struct *vma, struct vma_attr *a)
{
	if (!vma->vm_policy)
		return 0;
	a->policy = mm->policy_home
		? mm->policy_home(mm, vma->vm_policy, op->flags) : 0;
	if (!a->policy)
		return -EOPNOTSUPP;
	return a->policy != vma->vm_policy;
}

/*
 * Mirrors mm/mempolicy.c:SYSCALL_DEFINE4(set_mempolicy_home_node). ENOENT says
 * that no VMA there had a policy.
 */
int commit_home_node(struct mm_struct *mm, struct mm_op *op)
{
	struct range r = {
		.start = op->addr,
		.end = op->addr + PAGE_ALIGN(op->len),
		.holes = HOLES_FINE,
		.change = set_home,
		.ret = op->ret == -ENOENT ? 0 : op->ret,
		.no_vma = -ENOMEM,
	};

	unsigned long stop;

	if ((r.start & ~PAGE_MASK) || r.end <= r.start || op->ret == -ENOSYS)
		return MM_DONE;
	if (op->ret == -EINVAL && !op->phase &&
	    scan_range(mm, op, &r, &stop) != -EINVAL)
		return MM_DONE;
	return apply_to_range(mm, op, &r);
}
