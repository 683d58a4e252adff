#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Storms: a second of each; with VMASHADOW_LONG=1 a minute of each, alone and
# then beside others that take all of the processor they can get. No storm may
# hang (it is ended then, and the test fails), crash, or leave a difference
# between the mirror and the kernel.

load helper

progs=$top_builddir/tests/progs

setup()
{
	cd "$BATS_TEST_TMPDIR" || return
	hogs=()
	bound=1s
	if [ -n "${VMASHADOW_LONG-}" ]; then
		bound=60s
		SHADOW_TIMEOUT=180
	fi
}

teardown()
{
	if [ "${#hogs[@]}" -gt 0 ]; then
		kill "${hogs[@]}"
	fi
}

# hog: as many busy loops as there are processors.
hog()
{
	for _ in $(seq "$(nproc)"); do
		timeout 200 sh -c 'while :; do :; done' 3>&- &
		hogs+=("$!")
	done
}

# blow CHECK NAME [OPERAND]: the storm ends well, and CHECK is content.
blow()
{
	once "$@"
	if [ -n "${VMASHADOW_LONG-}" ]; then
		forget_logs
		hog
		once "$@"
	fi
}

once()
{
	run shadow_run -- "$progs/storms" "$2" "$bound" "${@:3}"
	assert_output 'done'
	assert_success
	"$1"
}

# It was a storm, and the mirror went through it.
mirrored()
{
	assert_mirrored
	assert [ "$(summaries | json_sum calls.mmap)" -gt 200 ]
}

# The same with processes, each of which has its summary.
many()
{
	assert_mirrored 10
	mirrored
}

# All but one of them were killed; their logs are whole lines all the same.
killed()
{
	assert [ "$(events start | wc -l)" -gt 5 ]
	assert_equal "$(events drift)" ''
	assert_equal "$(summaries | json_get drift)" 0
	assert [ "$(summaries | json_get checks)" -gt 0 ]
}

@test "eight threads change ranges that overlap" {
	blow mirrored overlap
}

@test "the same, and a handler that maps a thousand times a second" {
	blow mirrored timer
}

@test "threads that are born and end" {
	blow mirrored threads
}

@test "objects loaded and unloaded by four threads" {
	for i in 1 2 3 4; do
		cp "$progs/plugin.so" "plugin$i.so"
	done
	blow mirrored plugins "$PWD/plugin"
}

@test "signals blocked and unblocked at random, with handlers that map" {
	blow mirrored masks
}

@test "threads cancelled, left and killed inside the door" {
	blow mirrored ends
}

@test "forks from threads while others map" {
	blow many forks
}

@test "vfork and exec from threads while others map" {
	blow many vforks
}

@test "posix_spawn from threads while others map" {
	blow many spawns
}

@test "children killed wherever they are" {
	blow killed kills
}

@test "stopped and continued while four threads map" {
	blow mirrored stops
}
