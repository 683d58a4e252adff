/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Kinds of boundaries; contracts in boundary.h. The rules are mm_explain()'s. */
#include <string.h>

#include "base/compiler.h"
#include "base/fmt.h"
#include "cmd/boundary.h"

/* Which words of mm_explain() a kind is known by. */
struct words {
	const char *begin, *hold;
	bool anonymous;			/* only where neither has a file */
	struct boundary_kind kind;
};

static const char at_once[] =
	"reserve the whole arena by one mmap, and touch or mprotect parts of it";

static const struct words table[] = {
	{ "VM_NORESERVE", "", false,
	  { "MAP_NORESERVE differs",
	    "map all parts of an arena with MAP_NORESERVE, or none", false } },
	{ "VM_NOHUGEPAGE", "", false,
	  { "MAP_STACK or MADV_NOHUGEPAGE differs",
	    "madvise(MADV_NOHUGEPAGE) cannot be undone: apply it, or "
	    "MAP_STACK, to the whole arena", false } },
	{ "advice", "MADV_HUGEPAGE", false,
	  { "MADV_HUGEPAGE differs",
	    "madvise(MADV_HUGEPAGE) cannot be undone: apply it to the whole "
	    "arena", false } },
	{ "advice", "MADV_DONTFORK", false,
	  { "MADV_DONTFORK differs",
	    "apply it to the whole arena, or undo it by MADV_DOFORK", false } },
	{ "advice", "MADV_WIPEONFORK", false,
	  { "MADV_WIPEONFORK differs",
	    "apply it to the whole arena, or undo it by MADV_KEEPONFORK",
	    false } },
	{ "advice", "MADV_DONTDUMP", false,
	  { "MADV_DONTDUMP differs",
	    "apply it to the whole arena, or undo it by MADV_DODUMP", false } },
	{ "advice", "MADV_MERGEABLE", false,
	  { "MADV_MERGEABLE differs",
	    "apply it to the whole arena, or undo it by MADV_UNMERGEABLE",
	    false } },
	{ "advice: MADV_", "", false,
	  { "MADV_SEQUENTIAL or MADV_RANDOM differs",
	    "apply it to the whole arena, or undo it by MADV_NORMAL", false } },
	{ "protection", "", true,
	  { "protection differs",
	    "mprotect larger pieces; for guard pages, MADV_GUARD_INSTALL "
	    "(Linux 6.13) needs no mapping of their own", false } },
	{ "protection", "", false,
	  { "protection of a file's parts differs", NULL, false } },
	{ "locked", "", false,
	  { "locked in part", "mlock the whole arena, or none of it", false } },
	{ "policy", "", false,
	  { "memory policy differs", "mbind the whole arena alike", false } },
	{ "name", "", false,
	  { "name differs",
	    "give one name to all of an arena: a name for each part costs a "
	    "mapping each", false } },
	{ "both touched separately", "", false,
	  { "touched separately before they met", at_once, false } },
	{ "touched on one side", "", false,
	  { "touched on one side, or separately", at_once, false } },
	{ "came by fork", "", false, { "came by fork", NULL, false } },
	{ "different open file descriptions", "", false,
	  { "the same file, opened twice",
	    "map all of a file by one descriptor", false } },
	{ "different files", "", false, { "different files", NULL, false } },
	{ "special mapping", "", false, { "special mapping", NULL, false } },
	{ "close hook", "", false, { "close hook", NULL, false } },
	{ "userfaultfd", "", false,
	  { "userfaultfd differs", "register the whole arena", false } },
	{ "VM_ACCOUNT", "", true,
	  { "writable once, or never",
	    "make the arena writable as a whole before it is touched", false } },
	{ "VM_ACCOUNT", "", false,
	  { "a file's part that was writable once", NULL, false } },
	{ "offsets do not follow", "", true,
	  { "moved by mremap", "map anew and copy, rather than mremap, what "
	    "should join its neighbours", false } },
	{ "offsets do not follow", "", false,
	  { "offsets in the file do not follow", NULL, false } },
	{ "unknown", "", false, { "undecided", NULL, true } },
	{ "nothing", "", false,
	  { "nothing: no call touched the boundary since they became equal",
	    "any call over the boundary, as an mprotect to what it is, joins "
	    "them", false } },
	{ "sharing", "", false, { "private and shared", NULL, false } },
	{ "pkey", "", false, { "protection key differs", NULL, false } },
	{ "", "", false, { "another kind of mapping", NULL, false } },
};

/* The last of the table is always right. */
static const struct boundary_kind *kind_of(const char *why, bool anonymous)
{
	const struct words *w = table;

	while (strncmp(why, w->begin, strlen(w->begin)) ||
	       !strstr(why, w->hold) || (w->anonymous && !anonymous))
		w++;
	return &w->kind;
}

const struct boundary_kind *boundary_kind(const struct mm_struct *mm,
					  const struct vm_area_struct *right,
					  char *why)
{
	const struct vm_area_struct *left = right->vm_prev;
	struct fmt f;

	if (!left || left->vm_end != right->vm_start ||
	    left->bits & right->bits & VMA_OWN)
		return NULL;
	fmt_init(&f, why, MM_EXPLAIN_SIZE);
	if (mm_explain(mm, right->vm_start, &f))
		return NULL;
	return kind_of(why, !left->vm_file && !right->vm_file);
}

uint32_t boundary_event(const struct vm_area_struct *right)
{
	const struct vm_area_struct *left = right->vm_prev;

	if (left->born != right->born)
		return left->born > right->born ? left->born : right->born;
	return left->changed > right->changed ? left->changed : right->changed;
}
