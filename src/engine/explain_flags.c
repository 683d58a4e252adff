/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * In what two sets of vm_flags differ, in words. The kernel compares all flags
 * at once, so the order is ours: what maps shows, what the mapping is, what was
 * done to it.
 */
#include "base/fmt.h"
#include "engine/merge.h"

/* A flag that one side has: "NAME: the left one HAS, the right one LACKS". */
struct one_flag {
	uint64_t mask;
	const char *name, *has, *lacks;
};

/* Flags with more than two values: "NAME VALUE and VALUE". */
struct many_flags {
	uint64_t mask;
	const char *name;
	void (*value)(struct fmt *f, uint64_t flags);
};

static void value_prot(struct fmt *f, uint64_t flags)
{
	fmt_char(f, flags & VM_READ ? 'r' : '-');
	fmt_char(f, flags & VM_WRITE ? 'w' : '-');
	fmt_char(f, flags & VM_EXEC ? 'x' : '-');
}

static void value_sharing(struct fmt *f, uint64_t flags)
{
	if (flags & VM_SHARED)
		fmt_str(f, "shared");
	else
		fmt_str(f, flags & VM_MAYSHARE ? "shared for reading"
					       : "private");
}

static void value_pkey(struct fmt *f, uint64_t flags)
{
	fmt_u64(f, (flags & VM_PKEY_MASK) >> VM_PKEY_SHIFT);
}

static void value_locked(struct fmt *f, uint64_t flags)
{
	if (!(flags & VM_LOCKED))
		fmt_str(f, "no");
	else
		fmt_str(f, flags & VM_LOCKONFAULT ? "on fault" : "yes");
}

static void value_reading(struct fmt *f, uint64_t flags)
{
	if (flags & VM_SEQ_READ)
		fmt_str(f, "MADV_SEQUENTIAL");
	else
		fmt_str(f, flags & VM_RAND_READ ? "MADV_RANDOM"
						: "MADV_NORMAL");
}

static const struct many_flags visible[] = {
	{ VM_ACCESS_FLAGS, "protection ", value_prot },
	{ VM_SHARED | VM_MAYSHARE, "sharing: ", value_sharing },
	{ VM_PKEY_MASK, "pkey: ", value_pkey },
};

static const struct one_flag kinds[] = {
	{ VM_GROWSDOWN, "VM_GROWSDOWN", "grows down", "does not" },
	{ VM_HUGETLB, "VM_HUGETLB", "has huge pages", "has not" },
	{ VM_SHADOW_STACK, "VM_SHADOW_STACK", "is a shadow stack", "is not" },
	{ VM_DROPPABLE, "VM_DROPPABLE", "has MAP_DROPPABLE", "has not" },
	{ VM_SYNC, "VM_SYNC", "has MAP_SYNC", "has not" },
	{ VM_NORESERVE, "VM_NORESERVE", "has MAP_NORESERVE", "has not" },
	{ VM_NOHUGEPAGE, "VM_NOHUGEPAGE", "has MAP_STACK or MADV_NOHUGEPAGE",
	  "has not" },
	{ VM_MAYREAD | VM_MAYWRITE | VM_MAYEXEC, "VM_MAY*",
	  "may be given more by mprotect", "may not" },
};

static const struct many_flags deeds[] = {
	{ VM_LOCKED_MASK, "locked: ", value_locked },
	{ VM_SEQ_READ | VM_RAND_READ, "advice: ", value_reading },
};

static const struct one_flag advices[] = {
	{ VM_DONTCOPY, "advice", "has MADV_DONTFORK", "has not" },
	{ VM_WIPEONFORK, "advice", "has MADV_WIPEONFORK", "has not" },
	{ VM_DONTDUMP, "advice", "has MADV_DONTDUMP", "has not" },
	{ VM_MERGEABLE, "advice", "has MADV_MERGEABLE", "has not" },
	{ VM_HUGEPAGE, "advice", "has MADV_HUGEPAGE", "has not" },
	{ VM_UFFD_MISSING | VM_UFFD_WP | VM_UFFD_MINOR, "userfaultfd",
	  "is registered for more", "is not" },
	{ VM_SEALED, "VM_SEALED", "is sealed", "is not" },
	{ VM_ACCOUNT, "VM_ACCOUNT", "was writable once",
	  "never was, or was untouched then" },
};

static bool say_many(struct fmt *f, const struct many_flags *of, unsigned int n,
		     uint64_t left, uint64_t right, uint64_t differ)
{
	for (unsigned int i = 0; i < n; i++) {
		if (!(differ & of[i].mask))
			continue;
		fmt_str(f, of[i].name);
		of[i].value(f, left);
		fmt_str(f, " and ");
		of[i].value(f, right);
		return true;
	}
	return false;
}

static bool say_one(struct fmt *f, const struct one_flag *of, unsigned int n,
		    uint64_t left, uint64_t differ)
{
	for (unsigned int i = 0; i < n; i++) {
		uint64_t mask = differ & of[i].mask;

		if (!mask)
			continue;
		fmt_str(f, of[i].name);
		fmt_str(f, left & mask ? ": the left one " : ": the right one ");
		fmt_str(f, of[i].has);
		fmt_str(f, left & mask ? ", the right one " : ", the left one ");
		fmt_str(f, of[i].lacks);
		return true;
	}
	return false;
}

void explain_flags(struct fmt *f, uint64_t left, uint64_t right, uint64_t among)
{
	uint64_t differ = (left ^ right) & among;

	if (say_many(f, visible, ARRAY_SIZE(visible), left, right, differ) ||
	    say_one(f, kinds, ARRAY_SIZE(kinds), left, differ) ||
	    say_many(f, deeds, ARRAY_SIZE(deeds), left, right, differ) ||
	    say_one(f, advices, ARRAY_SIZE(advices), left, differ))
		return;
	fmt_str(f, "flags 0x");
	fmt_hex(f, left & among, 1);
	fmt_str(f, " and 0x");
	fmt_hex(f, right & among, 1);
}

static const char *name_of(const struct one_flag *of, unsigned int n,
			   uint64_t mask)
{
	for (unsigned int i = 0; i < n; i++)
		if (!(mask & ~of[i].mask))
			return of[i].name;
	return NULL;
}

void explain_unseen_flags(struct fmt *f, uint64_t unseen)
{
	const char *name = name_of(kinds, ARRAY_SIZE(kinds), unseen);

	if (!name)
		name = name_of(advices, ARRAY_SIZE(advices), unseen);
	fmt_str(f, "a difference in ");
	fmt_str(f, name ? name : "flags");
	fmt_str(f, ", which nobody saw");
}
