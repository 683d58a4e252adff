#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# What a packager and a user of the header meet.

bats_require_minimum_version 1.5.0
load helper

# compiles COMPILER OPTION... : a program that includes the header compiles.
compiles()
{
	printf '%s\n' '#include "vmashadow.h"' \
		'int main(void) { struct vmashadow_vma vma;' \
		'	return vmashadow_present() && vmashadow_find(0, &vma); }' \
		>"$BATS_TEST_TMPDIR/user.src"
	bounded "$@" -Wall -Wextra -Werror -I"$top_srcdir/include" \
		-c -o "$BATS_TEST_TMPDIR/user.o" "$BATS_TEST_TMPDIR/user.src"
}

@test "make install puts the library, the header, the manual and nothing else" {
	requires make
	MAKEFLAGS='' bounded make -s -C "$top_builddir" install \
		DESTDIR="$BATS_TEST_TMPDIR/dest" >/dev/null
	run bash -c "cd '$BATS_TEST_TMPDIR/dest' &&
		find . ! -type d ! -path '*/lib/vmashadow/*' -printf '%f\n' |
		LC_ALL=C sort"
	assert_output $'libvmashadow.3\nlibvmashadow.la\nlibvmashadow.so\nvmashadow\nvmashadow-log.5\nvmashadow-trace.5\nvmashadow.1\nvmashadow.h'
}

@test "make uninstall leaves nothing" {
	requires make
	MAKEFLAGS='' bounded make -s -C "$top_builddir" install uninstall \
		DESTDIR="$BATS_TEST_TMPDIR/dest" >/dev/null
	run find "$BATS_TEST_TMPDIR/dest" ! -type d
	assert_output ''
}

@test "the installed command runs a program under the installed library" {
	requires make
	MAKEFLAGS='' bounded make -s -C "$top_builddir" install \
		DESTDIR="$BATS_TEST_TMPDIR/dest" >/dev/null
	command=$(find "$BATS_TEST_TMPDIR/dest" -path '*/bin/vmashadow')
	bounded "$command" run -q --log="$BATS_TEST_TMPDIR/log.%p" \
		perl -e 'my @x = map { chr(65 + $_ % 26) x 200000 } 1 .. 30;
			open(my $f, "<", "/proc/self/maps"); print <$f>' \
		>"$BATS_TEST_TMPDIR/maps"
	assert_mirrored
	grep -qE "$BATS_TEST_TMPDIR/dest/.*/libvmashadow.so" \
		"$BATS_TEST_TMPDIR/maps"
	run ! grep -q "$library" "$BATS_TEST_TMPDIR/maps"
}

@test "the header is strict C and C++" {
	requires gcc
	compiles gcc -x c -std=c11 -pedantic
	compiles gcc -x c -std=c99 -pedantic
	if gcc -x c++ -fsyntax-only /dev/null 2>/dev/null; then
		compiles gcc -x c++ -std=c++11 -pedantic
	fi
}

@test "a program with weak references runs without the library" {
	requires gcc
	compiles gcc -x c -std=c11 -DVMASHADOW_WEAK
	bounded gcc -o "$BATS_TEST_TMPDIR/user" "$BATS_TEST_TMPDIR/user.o"
	plain_run "$BATS_TEST_TMPDIR/user"
}
