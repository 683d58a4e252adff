#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# What a packager and a user of the header meet.

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
		DESTDIR="$BATS_TEST_TMPDIR/root" >/dev/null
	run bash -c "cd '$BATS_TEST_TMPDIR/root' &&
		find . ! -type d -printf '%f\n' | LC_ALL=C sort"
	assert_output $'libvmashadow.3\nlibvmashadow.la\nlibvmashadow.so\nvmashadow-log.5\nvmashadow.h'
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
