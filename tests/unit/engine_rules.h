/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What some kernels do, as sets of rules (kernel-facts; the point releases are
 * those that were measured).
 */
#ifndef TESTS_UNIT_ENGINE_RULES_H
#define TESTS_UNIT_ENGINE_RULES_H

#include "engine/mm_types.h"

#define RULES_EVERYWHERE \
	.stack_guard_gap = 256UL << 12, .mmap_min_addr = 65536

__attribute__((unused))
static const struct mm_rules rules_5_10 = {
	.heap_inclusive = true,
	.special_splits = true,
	.close_blocks_merge = true,
	.map_fixed_enomem = true,
	RULES_EVERYWHERE,
};

__attribute__((unused))
static const struct mm_rules rules_6_1 = {
	.gap_fill_next_first = true,
	.grow_merges_next = true,
	.shrink_checks_source = true,
	.brk_extends_only = true,
	.brk_shrink_checks = true,
	.thp_aligned_file = true,
	.dontunmap_fixed = true,
	.heap_inclusive = true,
	.close_blocks_merge = true,
	.map_fixed_enomem = true,
	RULES_EVERYWHERE,
};

__attribute__((unused))
static const struct mm_rules rules_6_12 = {
	.account_cleared = true,
	.map_stack_nohuge = true,
	.grow_merges_next = true,
	.shrink_checks_source = true,
	.brk_extends_only = true,
	.brk_shrink_checks = true,
	.thp_aligned_anon = true,
	.thp_aligned_file = true,
	.ksm_flag_after_merge = true,
	.low_limit_min_addr = true,
	RULES_EVERYWHERE,
};

__attribute__((unused))
static const struct mm_rules rules_6_18 = {
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
	.low_limit_min_addr = true,
	RULES_EVERYWHERE,
};

#endif
