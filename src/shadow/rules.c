/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * struct mm_rules by name: for the log, for options, for tests.
 */
#include "base/fmt.h"
#include "shadow/calibrate.h"

#define FIELD(name) { #name, offsetof(struct mm_rules, name) }

const struct rule_field rule_fields[] = {
	FIELD(faulted_merges_untouched),
	FIELD(gap_fill_next_first),
	FIELD(account_cleared),
	FIELD(map_stack_nohuge),
	FIELD(grow_merges_next),
	FIELD(shrink_checks_source),
	FIELD(brk_extends_only),
	FIELD(brk_shrink_checks),
	FIELD(thp_aligned_anon),
	FIELD(thp_aligned_file),
	FIELD(fixed_move_checks_first),
	FIELD(multi_move),
	FIELD(dontunmap_fixed),
	FIELD(heap_inclusive),
	FIELD(special_splits),
	FIELD(close_blocks_merge),
	FIELD(anon_names),
	FIELD(ksm_flag_after_merge),
	FIELD(guard_skips),
	FIELD(low_limit_min_addr),
	FIELD(map_fixed_enomem),
	FIELD(thp_read_faults),
	FIELD(overcommit_never),
	{ NULL, 0 },
};

void rules_default(struct mm_rules *rules)
{
	*rules = (struct mm_rules){
		.faulted_merges_untouched = true,
		.account_cleared = true,
		.map_stack_nohuge = true,
		.grow_merges_next = true,
		.shrink_checks_source = true,
		.brk_extends_only = true,
		.brk_shrink_checks = true,
		.thp_aligned_anon = true,
		.thp_aligned_file = true,
		.fixed_move_checks_first = true,
		.multi_move = true,
		.guard_skips = true,
		.low_limit_min_addr = true,
		.stack_guard_gap = 256 * PAGE_SIZE,
		.mmap_min_addr = 65536,
	};
}

static void describe(struct fmt *f, const char *name, uint64_t value)
{
	if (f->len)
		fmt_char(f, ' ');
	fmt_str(f, name);
	fmt_char(f, '=');
	fmt_u64(f, value);
}

void rules_describe(struct fmt *f, const struct mm_rules *rules)
{
	const struct rule_field *field;

	for (field = rule_fields; field->name; field++)
		describe(f, field->name,
			 *((const bool *)rules + field->offset));
	describe(f, "stack_guard_gap", rules->stack_guard_gap);
	describe(f, "mmap_min_addr", rules->mmap_min_addr);
}
