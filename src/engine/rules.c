/* SPDX-License-Identifier: GPL-2.0-or-later */
/* struct mm_rules by name; contracts in rules.h. */
#include "base/fmt.h"
#include "base/str.h"
#include "engine/rules.h"

#define FIELD(name, source, kernels, meaning) \
	{ #name, offsetof(struct mm_rules, name), false, RULE_##source, \
	  kernels, meaning }
#define NUMBER(name, source, meaning) \
	{ #name, offsetof(struct mm_rules, name), true, RULE_##source, "", \
	  meaning }

const struct rule_field rule_fields[] = {
	FIELD(faulted_merges_untouched, VERSION, "6.16 and later",
	      "memory that was written merges with a neighbour that never was, "
	      "when a call makes it equal to it"),
	FIELD(gap_fill_next_first, VERSION, "6.1 to 6.11",
	      "a new mapping between two that it could merge with tries the "
	      "upper one first"),
	FIELD(account_cleared, VERSION, "6.7 and later",
	      "memory that was writable and never written, made read-only, "
	      "merges with memory that was read-only from its birth"),
	FIELD(map_stack_nohuge, CONFIG, "6.7 and later",
	      "MAP_STACK means no huge pages, so that thread stacks merge with "
	      "nothing else (needs CONFIG_TRANSPARENT_HUGEPAGE)"),
	FIELD(grow_merges_next, VERSION, "6.0 and later",
	      "a mapping that mremap grows in place merges with what it then "
	      "touches"),
	FIELD(shrink_checks_source, VERSION, "6.1 and later",
	      "mremap of a hole to a smaller or its own size is EFAULT"),
	FIELD(brk_extends_only, VERSION, "6.1 and later",
	      "brk grows the heap only where a mapping of the heap ends, and "
	      "merges with nothing above"),
	FIELD(brk_shrink_checks, VERSION, "6.1 and later",
	      "brk does not shrink over a hole"),
	FIELD(thp_aligned_anon, CONFIG, "6.7 and later",
	      "anonymous memory of a multiple of 2 MiB is laid at one (needs "
	      "CONFIG_TRANSPARENT_HUGEPAGE)"),
	FIELD(thp_aligned_file, CONFIG, "6.1 and later",
	      "a large mapping of a file is laid so that huge pages fit, where "
	      "the file system asks for it (needs CONFIG_TRANSPARENT_HUGEPAGE)"),
	FIELD(fixed_move_checks_first, VERSION, "6.17 and later",
	      "an mremap to a fixed place that fails has not unmapped that "
	      "place yet"),
	FIELD(multi_move, VERSION, "6.17 and later",
	      "mremap moves a range of several mappings at once"),
	FIELD(dontunmap_fixed, POINT_RELEASE, "",
	      "MREMAP_DONTUNMAP unlocks only what it moved, and the copy does "
	      "not merge with its own source (mended trees: 6.1.192, 6.12.117, "
	      "7.0.14)"),
	FIELD(heap_inclusive, VERSION, "up to 6.6",
	      "a mapping that only touches the heap's range is called [heap], "
	      "too"),
	FIELD(special_splits, VERSION, "up to 5.13",
	      "a part of the vdso can be unmapped"),
	FIELD(close_blocks_merge, VERSION, "up to 6.4",
	      "mappings that must be told when they go (SysV shared memory and "
	      "some drivers') never merge"),
	FIELD(anon_names, CONFIG, "5.17 and later",
	      "anonymous memory can be named, and other names keep neighbours "
	      "apart (needs CONFIG_ANON_VMA_NAME)"),
	FIELD(ksm_flag_after_merge, VERSION, "up to 6.15",
	      "under PR_SET_MEMORY_MERGE new mappings merge with nothing"),
	FIELD(guard_skips, VERSION, "6.1 and later",
	      "the search for a place steps over the guard gap below a stack "
	      "as a whole"),
	FIELD(low_limit_min_addr, VERSION, "6.6 and later",
	      "the search for a place ends at vm.mmap_min_addr, not at the "
	      "first page"),
	FIELD(map_fixed_enomem, VERSION, "up to 6.11",
	      "MAP_FIXED over what cannot be unmapped is ENOMEM, later EINVAL"),
	FIELD(thp_read_faults, SETTING, "",
	      "reading untouched memory may count as writing it (1 with huge "
	      "pages set to always)"),
	FIELD(overcommit_never, SETTING, "",
	      "MAP_NORESERVE is ignored (1 with vm.overcommit_memory=2)"),
	NUMBER(stack_guard_gap, SETTING,
	       "bytes that are kept free below a stack (boot argument "
	       "stack_guard_gap)"),
	NUMBER(mmap_min_addr, SETTING,
	       "the lowest address that a mapping gets (vm.mmap_min_addr)"),
	{ .name = NULL },
};

uint64_t rule_value(const struct mm_rules *rules,
		    const struct rule_field *field)
{
	const char *at = (const char *)rules + field->offset;

	if (field->number)
		return *(const unsigned long *)at;
	return *(const bool *)at;
}

void rules_describe(struct fmt *f, const struct mm_rules *rules)
{
	const struct rule_field *field;

	for (field = rule_fields; field->name; field++) {
		if (f->len)
			fmt_char(f, ' ');
		fmt_str(f, field->name);
		fmt_char(f, '=');
		fmt_u64(f, rule_value(rules, field));
	}
}

static bool is(const char *name, const char *s, size_t len)
{
	return str_len(name) == len && !memcmp(name, s, len);
}

const struct rule_set *rules_named(const char *name, size_t len)
{
	for (const struct rule_set *s = rule_sets; s < rule_sets + RULE_SETS;
	     s++)
		if (is(s->name, name, len))
			return s;
	return NULL;
}

/* "6.12..." as 6012; 0: no version. What no digit follows counts as 0. */
static unsigned int version(const char *s)
{
	unsigned int n[2] = { 0, 0 };

	for (unsigned int part = 0; part < 2; part++) {
		for (; *s >= '0' && *s <= '9' && n[part] < 1000; s++)
			n[part] = n[part] * 10 + (unsigned int)(*s - '0');
		if (*s++ != '.')
			break;
	}
	return n[0] * 1000 + n[1];
}

const struct rule_set *rules_for_kernel(const char *release)
{
	const struct rule_set *s = rule_sets + RULE_SETS - 1;

	while (s > rule_sets && version(s->name) > version(release))
		s--;
	return s;
}

static bool set_field(struct mm_rules *rules, const char *item, size_t key,
		      size_t len)
{
	const struct rule_field *f = rule_fields;
	uint64_t value;

	while (f->name && !is(f->name, item, key))
		f++;
	if (!f->name || str_to_u64(item + key + 1, len - key - 1, 10, &value))
		return false;
	if (f->number)
		*(unsigned long *)((char *)rules + f->offset) = value;
	else if (value <= 1)
		*rule_switch(rules, f) = value;
	return f->number || value <= 1;
}

static bool set_item(struct mm_rules *rules, const char *item, size_t len)
{
	const struct rule_set *set = rules_named(item, len);
	size_t key = 0;

	if (set) {
		*rules = set->rules;
		return true;
	}
	while (key < len && item[key] != '=')
		key++;
	return key < len && set_field(rules, item, key, len);
}

const char *rules_parse(struct mm_rules *rules, const char *text)
{
	while (*text) {
		size_t len = 0;

		while (text[len] && text[len] != ',')
			len++;
		if (!set_item(rules, text, len))
			return text;
		text += len + (text[len] == ',');
	}
	return NULL;
}

const struct rule_field *rules_next_difference(const struct rule_field *from,
					       const struct mm_rules *a,
					       const struct mm_rules *b)
{
	for (; from->name; from++)
		if (rule_value(a, from) != rule_value(b, from))
			return from;
	return NULL;
}
