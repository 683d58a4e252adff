/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Four kernels whose rules differ, as the tests of the engine name them. */
#ifndef TESTS_UNIT_ENGINE_RULES_H
#define TESTS_UNIT_ENGINE_RULES_H

#include "engine/rules.h"

#define rules_5_10 (rule_sets[RULES_5_10].rules)
#define rules_6_1  (rule_sets[RULES_6_1].rules)
#define rules_6_12 (rule_sets[RULES_6_12].rules)
#define rules_6_18 (rule_sets[RULES_6_18].rules)

#endif
