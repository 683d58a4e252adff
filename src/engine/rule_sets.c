/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The rules of the kernels that are known. A set says what differs from the one
 * before it, in the order in which it came; where the version does not decide,
 * it has what is usual.
 */
#include "engine/engine.h"
#include "engine/rules.h"

#define USUAL \
	.stack_guard_gap = 256 * PAGE_SIZE, .mmap_min_addr = 65536

#define OF_4_X \
	.heap_inclusive = true, .close_blocks_merge = true, \
	.map_fixed_enomem = true, .ksm_flag_after_merge = true, USUAL

/* 6.0 and 6.1: the maple tree, and calls written anew upon it. */
#define MAPLE \
	.grow_merges_next = true, .shrink_checks_source = true, \
	.brk_extends_only = true, .brk_shrink_checks = true, \
	.thp_aligned_file = true, .guard_skips = true, USUAL

/* 6.6 and 6.7 */
#define SINCE_6_7 \
	.account_cleared = true, .map_stack_nohuge = true, \
	.thp_aligned_anon = true, .low_limit_min_addr = true

/* 6.16 and 6.17: merging and mremap written anew. */
#define SINCE_6_17 \
	.faulted_merges_untouched = true, .fixed_move_checks_first = true, \
	.multi_move = true

const struct rule_set rule_sets[RULE_SETS] = {
	[RULES_4_X] = { "4.x", { OF_4_X, .special_splits = true } },
	[RULES_5_10] = { "5.10", { OF_4_X, .special_splits = true } },
	[RULES_5_15] = { "5.15", { OF_4_X } },
	[RULES_6_1] = { "6.1", {
		MAPLE,
		.gap_fill_next_first = true,
		.dontunmap_fixed = true,
		.heap_inclusive = true,
		.close_blocks_merge = true,
		.map_fixed_enomem = true,
		.ksm_flag_after_merge = true,
	} },
	[RULES_6_6] = { "6.6", {
		MAPLE,
		.gap_fill_next_first = true,
		.heap_inclusive = true,
		.low_limit_min_addr = true,
		.map_fixed_enomem = true,
		.ksm_flag_after_merge = true,
	} },
	[RULES_6_12] = { "6.12", {
		MAPLE, SINCE_6_7,
		.dontunmap_fixed = true,
		.ksm_flag_after_merge = true,
	} },
	[RULES_6_17] = { "6.17", { MAPLE, SINCE_6_7, SINCE_6_17 } },
	[RULES_6_18] = { "6.18", { MAPLE, SINCE_6_7, SINCE_6_17 } },
	[RULES_7_0] = { "7.0", {
		MAPLE, SINCE_6_7, SINCE_6_17,
		.dontunmap_fixed = true,
	} },
};
