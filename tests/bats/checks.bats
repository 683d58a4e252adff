#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Each law of the tree is broken once in a miniature, and its check must say so;
# and must be content with the same miniature unbroken.

load helper

setup()
{
	checks=$top_srcdir/tests/checks
	tree=$BATS_TEST_TMPDIR/tree
	spdx='SPDX-License-Identifier: GPL-2.0-or-later'
	mkdir -p "$tree/src/base" "$tree/src/engine" "$tree/src/shadow" \
		"$tree/src/options" "$tree/scripts" "$tree/LICENSES" \
		"$tree/.libs"
	touch "$tree/LICENSES/GPL-2.0-or-later.txt"
	printf '/* %s */\n' "$spdx" >"$tree/src/base/ground.h"
	printf '/* %s */\n#include "base/ground.h"\n' "$spdx" \
		>"$tree/src/engine/engine.h"
	printf '/* %s */\n#include "engine/engine.h"\n' "$spdx" \
		>"$tree/src/shadow/shadow.c"
	printf '#!/bin/sh\n# %s\n:\n' "$spdx" >"$tree/scripts/run"
}

# check NAME: runs it over the miniature.
check()
{
	run timeout 60 sh "$checks/$1.check" "$tree"
}

# breaks NAME TEXT: the check fails and says TEXT.
breaks()
{
	check "$1"
	assert_failure 1
	assert_output --partial "$2"
}

holds()
{
	check "$1"
	assert_success
}

# object ROOM TEXT: compiles TEXT into libROOM.a, as a room's object.
object()
{
	printf '%s\n' "$2" >"$tree/object.c"
	gcc -O2 -fPIC -ffreestanding -c -o "$tree/$1.o" "$tree/object.c"
	ar rcs "$tree/.libs/lib$1.a" "$tree/$1.o"
}

# mini_library TEXT [LINKER OPTION...]: the miniature's libvmashadow.so.
mini_library()
{
	printf '%s\n' "$1" >"$tree/library.c"
	shift
	gcc -O2 -fPIC -shared -fvisibility=hidden -w -nostartfiles \
		-ffreestanding -o "$tree/.libs/libvmashadow.so" \
		"$tree/library.c" "$@"
}

# wrappers: a definition of each name in exports.list.
wrappers()
{
	grep -v '^#' "$checks/exports.list" | while read -r name; do
		printf '__attribute__((visibility("default"))) '
		printf 'void %s(void) {}\n' "$name"
	done
}

@test "layers: a miniature in order passes" {
	holds layers
}

@test "layers: a room may not include a higher one" {
	echo '#include "shadow/shadow.h"' >>"$tree/src/engine/engine.h"
	breaks layers 'engine may not include "shadow/shadow.h"'
}

@test "layers: a room may not include a sibling" {
	echo '#include "options/options.h"' >>"$tree/src/engine/engine.h"
	breaks layers 'engine may not include "options/options.h"'
}

@test "layers: base includes nobody" {
	echo '#  include "engine/engine.h"' >>"$tree/src/base/ground.h"
	breaks layers 'base may not include "engine/engine.h"'
}

@test "layers: no way around by a relative path or a bare name" {
	echo '#include "../shadow/shadow.h"' >>"$tree/src/engine/engine.h"
	breaks layers 'is not of the form'
	echo '#include "engine.h"' >"$tree/src/engine/vma.c"
	breaks layers '"engine.h" is not of the form'
}

@test "layers: the public header is not for the lower rooms" {
	echo '#include "vmashadow.h"' >>"$tree/src/engine/engine.h"
	breaks layers 'engine includes the public header'
}

@test "layers: the command uses the calibration, not the mirror" {
	mkdir "$tree/src/cmd"
	echo '#include "shadow/calibrate.h"' >"$tree/src/cmd/main.c"
	holds layers
	echo '#include "shadow/shadow.h"' >>"$tree/src/cmd/main.c"
	breaks layers 'cmd may not include "shadow/shadow.h"'
}

@test "layers: a room that nobody planned is refused" {
	mkdir "$tree/src/util"
	touch "$tree/src/util/util.h"
	breaks layers 'util is no room'
}

@test "layers: Zydis is tamed in one file of each room that decodes" {
	mkdir "$tree/src/patch" "$tree/src/insn"
	echo '#include <Zydis/Zydis.h>' >"$tree/src/patch/prove.h"
	echo '#include <Zydis/Zydis.h>' >"$tree/src/insn/insn.c"
	holds layers
	echo '#include <Zydis/Zydis.h>' >"$tree/src/insn/other.c"
	breaks layers 'included by more than one file'
}

@test "layers: no other room knows Zydis" {
	echo '#include <Zydis/Zydis.h>' >>"$tree/src/shadow/shadow.c"
	breaks layers 'shadow/shadow.c'
}

@test "layers: a tree without sources is no proof" {
	rm -r "$tree/src"
	mkdir "$tree/src"
	breaks layers 'found no sources'
}

@test "engine-pure: objects that need only each other and base pass" {
	object base 'int ground(void) { return 1; }'
	object engine 'int ground(void); void *memcpy(void *, void *, long);
		int vma(char *a, char *b) { memcpy(a, b, 9); return ground(); }'
	holds engine-pure
}

@test "engine-pure: a libc call is refused" {
	object base 'int ground(void) { return 1; }'
	object engine 'int getpid(void); int vma(void) { return getpid(); }'
	breaks engine-pure 'needs getpid'
}

@test "engine-pure: errno is refused" {
	object base 'int ground(void) { return 1; }'
	object engine '#include <errno.h>
		void vma(void) { errno = 0; }'
	breaks engine-pure 'needs __errno_location'
}

@test "engine-pure: a global that is written is refused" {
	object base 'int ground(void) { return 1; }'
	object engine 'int events; int vma(void) { return ++events; }'
	breaks engine-pure 'holds writable data in .bss'
	object engine 'static int n = 5; int vma(void) { return ++n; }'
	breaks engine-pure 'holds writable data in .data'
}

@test "engine-pure: a syscall or a clock is refused" {
	object base 'int ground(void) { return 1; }'
	object engine 'void vma(void) { __asm__ volatile("syscall"); }'
	breaks engine-pure 'executes syscall'
	object engine 'long vma(void) { return __builtin_ia32_rdtsc(); }'
	breaks engine-pure 'executes rdtsc'
}

@test "engine-pure: without a build there is no verdict" {
	check engine-pure
	assert_failure 77
}

@test "exports: the list and nothing else passes" {
	mini_library "$(wrappers)" -nostdlib
	holds exports
}

@test "exports: one name too many is refused" {
	mini_library "$(wrappers)
		__attribute__((visibility(\"default\"))) void brk(void) {}" \
		-nostdlib
	breaks exports 'not in exports.list: brk'
}

@test "exports: a missing name is refused" {
	mini_library "$(wrappers | grep -v ' mremap(')" -nostdlib
	breaks exports 'not exported: mremap'
}

@test "exports: a version node is refused" {
	echo 'VMASHADOW_0 { global: *; };' >"$tree/map"
	mini_library "$(wrappers)" -nostdlib -Wl,--version-script="$tree/map"
	breaks exports 'exported with a version: mmap@@VMASHADOW_0'
}

@test "exports: a symbol newer than glibc 2.31 is refused" {
	mini_library "$(wrappers)
		void *dlopen(char *, int);
		__attribute__((visibility(\"hidden\")))
		void *f(void) { return dlopen(0, 1); }
		void *(*hold)(void) = f;"
	nm -D "$tree/.libs/libvmashadow.so" | grep -q 'dlopen@GLIBC_2.34' ||
		skip "this glibc's dlopen is older"
	breaks exports 'needs dlopen@GLIBC_2.34'
}

@test "elf: a library linked as ours passes" {
	mini_library 'int x; int *p = &x;' -nostdlib \
		-Wl,-z,now,-z,initfirst,-z,relro
	holds elf
}

@test "elf: lazy binding and a late init are refused" {
	mini_library 'int x; int *p = &x;' -nostdlib -Wl,-z,lazy
	breaks elf 'the flag INITFIRST is missing'
	assert_output --partial 'the flag NOW is missing'
}

@test "elf: an executable stack is refused" {
	mini_library 'int x; int *p = &x;' -nostdlib \
		-Wl,-z,now,-z,initfirst,-z,relro,-z,execstack
	breaks elf 'executable stack'
}

@test "elf: a segment writable and executable is refused" {
	mini_library 'int x = 1; int *p = &x; void f(void) {}' -nostdlib \
		-Wl,-z,now,-z,initfirst,-N
	breaks elf 'writable and executable'
}

# rooms: every on-path room with one innocent object.
rooms()
{
	for room in base engine procmaps options report unwindrows shadow crosscheck; do
		object "$room" "int ${room}_word(void) { return 1; }"
	done
}

@test "no-libc: rooms that need each other only pass" {
	rooms
	object shadow 'int base_word(void);
		int shadow_word(void) { return base_word(); }'
	mini_library 'int x;' -nostdlib
	holds no-libc
}

@test "no-libc: a libc call on the path is refused" {
	rooms
	object report 'int write(int, char *, long);
		int report_word(void) { return write(2, "x", 1); }'
	mini_library 'int x;' -nostdlib
	breaks no-libc 'needs write'
}

@test "no-libc: an import that is not listed is refused" {
	rooms
	mini_library 'void *malloc(long);
		__attribute__((visibility("default")))
		void *f(void) { return malloc(1); }'
	breaks no-libc 'imports malloc'
}

@test "spdx: a miniature in order passes" {
	holds spdx
}

@test "spdx: a file without its licence is refused" {
	echo 'int x;' >"$tree/src/engine/vma.c"
	breaks spdx 'src/engine/vma.c: does not begin'
}

@test "spdx: another licence is refused" {
	sed -i 's/GPL-2.0-or-later/MIT/' "$tree/scripts/run"
	breaks spdx 'scripts/run: does not begin'
}

@test "spdx: a missing licence text is refused" {
	rm "$tree/LICENSES/GPL-2.0-or-later.txt"
	breaks spdx 'licence text is missing'
}

@test "size: a miniature in order passes" {
	{ echo 'int f(void)'; echo '{'; seq -f '/* %g */' 99; echo '}'; } \
		>>"$tree/src/shadow/shadow.c"
	holds size
}

@test "size: a file of 601 lines is refused" {
	yes '/* a line */' | head -n 600 >>"$tree/src/base/ground.h"
	breaks size '601 lines'
}

@test "size: a function of 101 lines is refused" {
	{ echo 'int f(void)'; echo '{'; seq -f '/* %g */' 100; echo '}'; } \
		>>"$tree/src/shadow/shadow.c"
	breaks size 'a function of 101 lines'
}

@test "size: a line of 101 columns is refused, tabs counted as 8" {
	printf '\t%093d\n' 0 >>"$tree/src/shadow/shadow.c"
	breaks size '101 columns'
}

@test "shellcheck: a clean script passes" {
	requires shellcheck
	holds shellcheck
}

@test "shellcheck: a careless script is refused" {
	requires shellcheck
	echo 'rm -rf $1' >>"$tree/scripts/run"
	breaks shellcheck 'scripts/run'
}

@test "words: a miniature in order passes" {
	holds words
}

@test "words: unfinished business is refused" {
	for word in 'TO''DO' 'FIX''ME' 'XX''X' 'HA''CK'; do
		echo "/* $word: later */" >"$tree/src/engine/vma.c"
		breaks words "src/engine/vma.c:1:/* $word"
	done
}

@test "words: the word that is 'entry' here is refused, in any case" {
	echo '/* A St''ub. */' >"$tree/src/engine/vma.c"
	breaks words 'src/engine/vma.c:1'
}

@test "words: a path of a machine is refused, in documents too" {
	echo "/* see /wo""rk/main */" >"$tree/src/engine/vma.c"
	breaks words 'src/engine/vma.c:1'
	rm "$tree/src/engine/vma.c"
	echo "cd /ro""ot/vmashadow" >"$tree/README.md"
	breaks words 'README.md:1'
}

@test "tarball: what git holds and make packs passes" {
	requires git make
	git -C "$tree" -c init.defaultBranch=main init -q
	git -C "$tree" add src scripts
	printf 'print-dist:\n\t@find src scripts -type f\n' >"$tree/Makefile"
	top_srcdir=$tree check tarball
	assert_success
}

@test "tarball: a file that make does not pack is refused" {
	requires git make
	git -C "$tree" -c init.defaultBranch=main init -q
	git -C "$tree" add src scripts
	printf 'print-dist:\n\t@find src -type f\n' >"$tree/Makefile"
	top_srcdir=$tree check tarball
	assert_failure 1
	assert_output --partial 'scripts/run is in git, but not in the tarball'
}
