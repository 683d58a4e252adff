# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034 # the lists are for those who source it
# What scripts/quickstart and scripts/test share: the packages, and the steps
# from a clone to a built library. Sourced; the caller has `set -eu`.

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# Debian 12's names.
build_packages=(
	autoconf automake binutils gcc libc6-dev libelf-dev libjson-c-dev libtool
	libzydis-dev make python3 uthash-dev
)
# redis-tools holds the server's program without the service that the package
# redis-server would start and enable: nothing here touches a system service.
test_packages=(
	bats bats-assert bats-support gdb git libunwind-dev perl procps
	redis-tools shellcheck sqlite3 strace stress-ng xz-utils
)
# Program and the package that brings it, where any version will do.
test_programs=(
	'java default-jre-headless'
	'node nodejs'
)

say()
{
	printf '>> %s\n' "$*"
}

die()
{
	printf '%s: %s\n' "${0##*/}" "$*" >&2
	exit 1
}

# as_root COMMAND...: by sudo if it must be.
as_root()
{
	if [ "$(id -u)" -eq 0 ]; then
		"$@"
	else
		sudo "$@"
	fi
}

installed()
{
	[ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" \
		= installed ]
}

# install_packages PACKAGE...: those that are missing, and says which.
install_packages()
{
	local package missing=()

	command -v apt-get >/dev/null ||
		die 'no apt-get here. Install what README.md lists, then build'
	for package in "$@"; do
		installed "$package" || missing+=("$package")
	done
	if [ "${#missing[@]}" -eq 0 ]; then
		say "packages: all ${#} are installed"
		return
	fi
	[ "$(id -u)" -eq 0 ] || command -v sudo >/dev/null ||
		die "no root and no sudo. As root: apt-get install ${missing[*]}"
	say "packages: installing ${missing[*]}"
	as_root apt-get -q -o DPkg::Lock::Timeout=120 update ||
		say 'packages: the lists could not be renewed; going on'
	as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y \
		-o DPkg::Lock::Timeout=120 install --no-install-recommends \
		"${missing[@]}" </dev/null
}

# packages_of_programs: of test_programs, the packages whose program is missing.
packages_of_programs()
{
	local pair

	for pair in "${test_programs[@]}"; do
		command -v "${pair% *}" >/dev/null || echo "${pair#* }"
	done
}

# build FOLDER [CONFIGURE OPTION...]: bootstrap where needed, then a VPATH build.
# A folder that other options configured is configured again.
build()
{
	local folder=$1 options output

	shift
	options=$*
	if [ ! -x "$top/configure" ] || [ ! -f "$top/Makefile.in" ]; then
		say 'bootstrap'
		output=$("$top/bootstrap" 2>&1) ||
			die "bootstrap failed: $output"
	fi
	mkdir -p "$folder"
	if [ ! -f "$folder/Makefile" ] ||
		[ "$(cat "$folder/.configured" 2>/dev/null)" != "$options" ]; then
		say "configure${options:+ $options}"
		(cd "$folder" && "$top/configure" -q "$@")
		printf '%s\n' "$options" >"$folder/.configured"
	fi
	say "make in $folder"
	make -s -C "$folder" -j "$(nproc)"
}
