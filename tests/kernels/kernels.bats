#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The oracle on other kernels. Only where VMASHADOW_KERNELS names some, e.g.
#
#	VMASHADOW_KERNELS=6.1 make check
#
# as each takes the better part of a minute where qemu has no help of hardware.

: "${top_srcdir:=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)}"
: "${top_builddir:=$top_srcdir/build}"

@test "the oracle on the kernels of VMASHADOW_KERNELS" {
	[ -n "${VMASHADOW_KERNELS-}" ] || skip 'VMASHADOW_KERNELS is not set'
	run env builddir="$top_builddir" KERNELS="$VMASHADOW_KERNELS" \
		SECONDS_EACH=150 \
		"$top_srcdir/scripts/check-kernels"
	echo "$output"
	printf '# %s\n' "${lines[@]}" >&3
	[ "$status" -ne 77 ] || skip "${lines[-1]}"
	[ "$status" -eq 0 ]
}
