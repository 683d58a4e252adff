# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034 # the lists are for those who source it
# What scripts/quickstart and scripts/test share: the packages, and the steps
# from a clone to a built library. Sourced; the caller has `set -eu`.

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# Debian 12's names.
build_packages=(
	autoconf automake binutils gcc libc6-dev libdw-dev libelf-dev
	libjson-c-dev libtool libzydis-dev make python3 uthash-dev
)
# redis-tools holds the server's program without the service that the package
# redis-server would start and enable: nothing here touches a system service.
test_packages=(
	bats bats-assert bats-support gdb git libjemalloc2 libtcmalloc-minimal4
	perl procps redis-tools shellcheck sqlite3 strace stress-ng xz-utils
)
# Program and the package that brings it, where any version will do.
test_programs=(
	'convert imagemagick'
	'javac default-jdk-headless'
	'node nodejs'
	'numactl numactl'
)
# Large ones, for VMASHADOW_LONG=1; where they are installed they are tested.
long_test_programs=(
	'chromium chromium'
	'ffmpeg ffmpeg'
	'go golang-go'
	'rustc rustc'
)
# Packages that would start a service are unpacked into the build folder; what
# their programs need of libraries is installed.
unpacked_packages=(nginx postgresql-15 postgresql-client-15)
unpacked_needs=(
	libicu72 libldap-2.5-0 libpam0g libpcre2-8-0 libpq5 libssl3 libxml2
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

# packages_of_programs: the packages of those programs that are missing.
packages_of_programs()
{
	local pair wanted=("${test_programs[@]}")

	if [ "${VMASHADOW_LONG:-0}" != 0 ]; then
		wanted+=("${long_test_programs[@]}")
	fi
	for pair in "${wanted[@]}"; do
		command -v "${pair% *}" >/dev/null || echo "${pair#* }"
	done
}

# services_are_installed: the machine has them anyway, nothing is to be unpacked.
services_are_installed()
{
	local package

	for package in "${unpacked_packages[@]}"; do
		installed "$package" || return
	done
}

# unpack_packages FOLDER PACKAGE...: their files, without anything being set up.
unpack_packages()
{
	local folder=$1 deb

	shift
	[ ! -e "$folder/complete" ] || return 0
	say "packages: unpacking $* into $folder"
	rm -rf "$folder"
	mkdir -p "$folder"
	(cd "$folder" && apt-get -q download "$@") || return
	for deb in "$folder"/*.deb; do
		dpkg-deb -x "$deb" "$folder" || return
	done
	rm -f "$folder"/*.deb
	: >"$folder/complete"
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
