/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Why two mappings that touch are two. Each rule asks the very predicate of
 * mergeable.c by which the engine merges, in the order of mm/vma.c's
 * is_mergeable_vma() and can_vma_merge_after(), and has words for its no.
 *
 *	LLLLLLLLRRRRRRRR	a call may change either: both are asked whether
 *		^ addr		they could go on as the other
 */
#include "base/fmt.h"
#include "engine/merge.h"
#include "engine/predict.h"

struct pair {
	const struct mm_struct *mm;
	const struct vm_area_struct *left, *right;
	struct vma_attr l, r;
};

/* One rule. @say is called where @agree said MAY_NO or MAY_UNDECIDED. */
struct rule {
	enum may (*agree)(const struct pair *p);
	void (*say)(const struct pair *p, struct fmt *f, enum may agree);
};

static enum may yes_if(bool agree)
{
	return agree ? MAY_YES : MAY_NO;
}

/* Names longer than this lose their beginning, which says least. */
#define NAME_MAX_SHOWN 100

static void say_name(struct fmt *f, const struct vm_area_struct *vma)
{
	const struct mm_file *file = vma->vm_file;
	uint32_t cut = 0;

	if (!file) {
		fmt_str(f, "anonymous memory");
		return;
	}
	if (file->name_len > NAME_MAX_SHOWN) {
		cut = file->name_len - NAME_MAX_SHOWN;
		fmt_str(f, "...");
	}
	fmt_bytes(f, file->name + cut, file->name_len - cut);
}

static void say_both_names(struct fmt *f, const struct pair *p)
{
	say_name(f, p->left);
	fmt_str(f, " and ");
	say_name(f, p->right);
}

static void say_number(struct fmt *f, const char *what, uint32_t id)
{
	if (!id) {
		fmt_str(f, "none");
		return;
	}
	fmt_str(f, what);
	fmt_u64(f, id);
}

static void say_numbers(struct fmt *f, const char *rule, const char *what,
			uint32_t left, uint32_t right)
{
	fmt_str(f, rule);
	say_number(f, what, left);
	fmt_str(f, " and ");
	say_number(f, what, right);
}

/* --- the rules -------------------------------------------------------------- */

static enum may special_agree(const struct pair *p)
{
	return yes_if(!((p->l.vm_flags | p->r.vm_flags) & VM_SPECIAL));
}

static void special_say(const struct pair *p, struct fmt *f, enum may agree)
{
	bool left = p->l.vm_flags & VM_SPECIAL;
	bool right = p->r.vm_flags & VM_SPECIAL;

	(void)agree;
	fmt_str(f, "special mapping: ");
	if (left && right) {
		say_both_names(f, p);
		return;
	}
	fmt_str(f, left ? "the left one, " : "the right one, ");
	say_name(f, left ? p->left : p->right);
}

static enum may policy_agree(const struct pair *p)
{
	return yes_if(mpol_equal(p->l.policy, p->r.policy));
}

static void policy_say(const struct pair *p, struct fmt *f, enum may agree)
{
	(void)agree;
	say_numbers(f, "policy: ", "mbind's number ", p->l.policy, p->r.policy);
}

static enum may flags_rule_agree(const struct pair *p)
{
	return flags_agree(p->left, &p->r);
}

static void flags_say(const struct pair *p, struct fmt *f, enum may agree)
{
	uint64_t unseen = (p->l.vm_unsure | p->r.vm_unsure) &
			  ~(uint64_t)VM_SOFTDIRTY;

	if (agree == MAY_UNDECIDED)
		explain_unseen_flags(f, unseen);
	else
		explain_flags(f, p->l.vm_flags, p->r.vm_flags,
			      ~(unseen | VM_SOFTDIRTY));
}

static enum may file_agree(const struct pair *p)
{
	return same_file(p->l.file, p->r.file);
}

static bool same_inode(const struct mm_file *a, const struct mm_file *b)
{
	return a && b && a->inode == b->inode &&
	       a->dev_major == b->dev_major && a->dev_minor == b->dev_minor &&
	       !((a->flags | b->flags) & MM_FILE_SPECIAL);
}

static void file_say(const struct pair *p, struct fmt *f, enum may agree)
{
	if (same_inode(p->l.file, p->r.file)) {
		fmt_str(f, "different open file descriptions");
		if (agree == MAY_UNDECIDED)
			return;
		fmt_str(f, " of ");
		say_name(f, p->right);
		return;
	}
	fmt_str(f, "different files: ");
	say_both_names(f, p);
}

static enum may old_close_agree(const struct pair *p)
{
	return yes_if(!p->mm->rules.close_blocks_merge ||
		      (!has_close(p->l.file) && !has_close(p->r.file)));
}

/* Of two whole mappings one would have to be deleted: kernel-facts 1.1. */
static enum may close_agree(const struct pair *p)
{
	return yes_if(!has_close(p->l.file) && !has_close(p->r.file));
}

static void close_say(const struct pair *p, struct fmt *f, enum may agree)
{
	(void)agree;
	fmt_str(f, "close hook: the kernel gives up neither, both of ");
	say_name(f, p->right);
}

static enum may uffd_agree(const struct pair *p)
{
	return yes_if(p->l.uffd == p->r.uffd);
}

static void uffd_say(const struct pair *p, struct fmt *f, enum may agree)
{
	(void)agree;
	say_numbers(f, "userfaultfd: ", "number ", p->l.uffd, p->r.uffd);
}

static enum may name_agree(const struct pair *p)
{
	return yes_if(p->l.anon_name == p->r.anon_name);
}

static void say_anon_name(const struct pair *p, struct fmt *f,
			  const struct vm_area_struct *vma)
{
	const char *label = NULL;
	uint32_t len;

	if (vma->anon_name && p->mm->anon_label)
		label = p->mm->anon_label(p->mm, vma, &len);
	if (label)
		fmt_bytes(f, label, len);
	else
		say_number(f, "number ", vma->anon_name);
}

static void name_say(const struct pair *p, struct fmt *f, enum may agree)
{
	(void)agree;
	fmt_str(f, "name: ");
	say_anon_name(p, f, p->left);
	fmt_str(f, " and ");
	say_anon_name(p, f, p->right);
}

/*
 * What was learnt of two objects counts before what their identities say, as
 * in vma_merge(). Kernels before 6.16 let an untouched range join a touched
 * neighbour, and not the other way: the last call may have been either.
 */
static enum may anon_agree(const struct pair *p)
{
	uint8_t memo = p->right->bits & VMA_ANON_MEMO;

	if (memo && !((p->l.anon_state | p->r.anon_state) & ANON_NONE))
		return yes_if(!(memo & VMA_ANON_DIFFERS));
	return may_and(is_mergeable_anon_vma(p->mm, &p->r, p->left),
		       is_mergeable_anon_vma(p->mm, &p->l, p->right));
}

static const char *state_words(uint8_t state)
{
	switch (state) {
	case ANON_NONE:
		return "was never touched";
	case ANON_FAULTED:
		return "was touched";
	case ANON_FORKED:
		return "came by fork";
	case ANON_NONE | ANON_FAULTED:
		return "was touched or not";
	case ANON_NONE | ANON_FORKED:
		return "came by fork or was never touched";
	case ANON_FAULTED | ANON_FORKED:
		return "was touched here or came by fork";
	default:
		return "is in any state";
	}
}

static void say_states(const struct pair *p, struct fmt *f)
{
	fmt_str(f, ": the left one ");
	fmt_str(f, state_words(p->l.anon_state));
	fmt_str(f, ", the right one ");
	fmt_str(f, state_words(p->r.anon_state));
}

static void anon_say(const struct pair *p, struct fmt *f, enum may agree)
{
	uint8_t both = p->l.anon_state | p->r.anon_state;

	if (both & ANON_FORKED) {
		fmt_str(f, "came by fork");
		say_states(p, f);
	} else if (both == ANON_FAULTED ||
		   (agree == MAY_UNDECIDED &&
		    p->mm->rules.faulted_merges_untouched)) {
		fmt_str(f, "both touched separately: different anon_vma");
	} else {
		fmt_str(f, "touched on one side, or separately");
		say_states(p, f);
	}
}

static enum may pgoff_agree(const struct pair *p)
{
	return pgoff_follows(p->l.pgoff + vma_pages(p->left), p->r.pgoff,
			     p->l.pgoff_unsure || p->r.pgoff_unsure);
}

static void pgoff_say(const struct pair *p, struct fmt *f, enum may agree)
{
	fmt_str(f, "offsets do not follow");
	if (agree == MAY_UNDECIDED) {
		fmt_str(f, " (hidden: one was moved)");
		return;
	}
	fmt_str(f, ": 0x");
	fmt_hex(f, (p->l.pgoff + vma_pages(p->left)) << PAGE_SHIFT, 1);
	fmt_str(f, " and 0x");
	fmt_hex(f, p->r.pgoff << PAGE_SHIFT, 1);
	if (!p->r.file)
		fmt_str(f, " (hidden: one was moved)");
}

static const struct rule rules[] = {
	{ special_agree, special_say },
	{ policy_agree, policy_say },
	{ flags_rule_agree, flags_say },
	{ file_agree, file_say },
	{ old_close_agree, close_say },
	{ uffd_agree, uffd_say },
	{ name_agree, name_say },
	{ anon_agree, anon_say },
	{ pgoff_agree, pgoff_say },
	{ close_agree, close_say },
};

/* --- the answer ------------------------------------------------------------- */

static const struct rule *first_no(const struct pair *p)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(rules); i++)
		if (rules[i].agree(p) == MAY_NO)
			return &rules[i];
	return NULL;
}

static void say_doubt(struct fmt *f, bool *any)
{
	fmt_str(f, *any ? ", or " : "unknown: either ");
	*any = true;
}

/* All that may keep them apart; returns whether there is anything. */
static bool say_doubts(const struct pair *p, struct fmt *f)
{
	bool any = false;

	if ((p->left->bits | p->right->bits) & VMA_EXTENT_UNSURE) {
		say_doubt(f, &any);
		fmt_str(f, "no boundary at all, for nobody could be asked");
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(rules); i++) {
		if (rules[i].agree(p) != MAY_UNDECIDED)
			continue;
		say_doubt(f, &any);
		rules[i].say(p, f, MAY_UNDECIDED);
	}
	return any;
}

static void explain(const struct pair *p, struct fmt *f)
{
	const struct rule *no = first_no(p);

	if (no) {
		no->say(p, f, MAY_NO);
		return;
	}
	if (say_doubts(p, f))
		fmt_str(f, ", or ");
	fmt_str(f, "nothing: no call touched this boundary since they became "
		   "equal");
}

int mm_explain(const struct mm_struct *mm, unsigned long addr, struct fmt *f)
{
	struct pair p = { .mm = mm };

	if (!addr)
		return -EINVAL;
	p.left = vma_holding(mm, addr - 1);
	p.right = vma_holding(mm, addr);
	if (!p.left || !p.right || p.left == p.right)
		return -EINVAL;
	vma_attr_of(p.left, &p.l);
	vma_attr_of(p.right, &p.r);
	explain(&p, f);
	return 0;
}
