#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The oracle on other kernels. Only where VMASHADOW_KERNELS names some, e.g.
#
#	VMASHADOW_KERNELS=6.1 make check
#
# as booting one without hardware's help takes a minute or two.

: "${top_srcdir:=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)}"
: "${top_builddir:=$top_srcdir/build}"

@test "the oracle on the kernels of VMASHADOW_KERNELS" {
	[ -n "${VMASHADOW_KERNELS-}" ] || skip 'VMASHADOW_KERNELS is not set'
	run env builddir="$top_builddir" KERNELS="$VMASHADOW_KERNELS" \
		SEEDS=20 OPS=500 SECONDS_EACH=150 \
		"$top_srcdir/scripts/check-kernels"
	echo "$output"
	[ "$status" -ne 77 ] || skip "${lines[-1]}"
	[ "$status" -eq 0 ]
}
