# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# What the checks share. A check is `sh NAME.check [ROOT]`: ROOT is the source
# tree for laws of the source (default $top_srcdir, else this tree) and the
# build tree for laws of the binaries (default $top_builddir, else ./build);
# tests/bats/checks.bats hands broken miniatures in. It prints one line for each
# breach and ends with 0, 1, or 77 when it cannot judge.

here=$(cd "$(dirname "$0")" && pwd)
broken=0

enter_source()
{
	cd "${1:-${top_srcdir:-$here/../..}}" || exit 99
}

enter_build()
{
	cd "${1:-${top_builddir:-$here/../../build}}" || exit 99
}

breach()
{
	printf '%s: %s\n' "$(basename "$0")" "$*"
	broken=1
}

# breaches TEXT: every line of TEXT is a breach.
breaches()
{
	[ -z "$1" ] || { printf '%s\n' "$1" | sed "s/^/$(basename "$0"): /"
		broken=1; }
}

cannot()
{
	printf '%s: skipped: %s\n' "$(basename "$0")" "$*"
	exit 77
}

# Refuses a verdict over nothing: `some N what`.
some()
{
	[ "$1" -gt 0 ] || { breach "found no $2 to look at"; verdict; }
}

verdict()
{
	exit "$broken"
}

# c_files: our C and assembly, one path a line, below the source root.
c_files()
{
	find src include tests -type f \
		\( -name '*.[chS]' -o -name '*.map' \) ! -name 'config.h' \
		2>/dev/null | LC_ALL=C sort
}

# shell_files: every script, whatever its name.
shell_files()
{
	{
		find tests -type f \( -name '*.sh' -o -name '*.bash' \
			-o -name '*.bats' -o -name '*.check' \) 2>/dev/null
		for f in bootstrap scripts/* .ci/run; do
			[ -f "$f" ] && head -n 1 "$f" | grep -q -e sh -e SPDX &&
				printf '%s\n' "$f"
		done
	} | LC_ALL=C sort
}

# other_files: what makes the build and what feeds the tests.
other_files()
{
	{
		find src tests -type f \( -name '*.am' -o -name '*.py' \
			-o -name '*.list' \) 2>/dev/null
		for f in configure.ac Makefile.am .gitignore .editorconfig \
			.clang-format .shellcheckrc; do
			[ -f "$f" ] && printf '%s\n' "$f"
		done
	} | LC_ALL=C sort
}
