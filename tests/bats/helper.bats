#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The vocabulary itself: a test that leans on a tool which cannot say no proves
# nothing. Logs are written by hand here; no library is needed.

load helper

# write_log NAME LINE...
write_log()
{
	local name=$1

	shift
	printf '%s\n' "$@" >"$BATS_TEST_TMPDIR/log.$name"
}

start()
{
	printf '{"event":"start","pid":%s,"program":"p"}' "$1"
}

summary()
{
	printf '{"event":"summary","pid":%s,"calls":{"mmap":%s},' "$1" "$2"
	printf '"vmas":3,"vmas_peak":4,"checks":%s,"drift":%s}' "$3" "$4"
}

@test "a process with a start and a clean summary is mirrored" {
	write_log 7 "$(start 7)" "$(summary 7 2 1 0)"
	run assert_mirrored
	assert_success
}

@test "no log at all is not mirrored" {
	run assert_mirrored
	assert_failure
	assert_output --partial '0 processes logged, 1 were expected'
}

@test "fewer processes than expected are not mirrored" {
	write_log 7 "$(start 7)" "$(summary 7 2 1 0)"
	run assert_mirrored 2
	assert_failure
}

@test "a start without a summary is not mirrored" {
	write_log 7 "$(start 7)" "$(summary 7 2 1 0)"
	write_log 8 "$(start 8)"
	run assert_mirrored
	assert_failure
	assert_output --partial 'has no summary'
}

@test "an exec'ed program without its own summary is not mirrored" {
	write_log 7 "$(start 7)" "$(summary 7 2 1 0)" "$(start 7)"
	run assert_mirrored
	assert_failure
	assert_output --partial 'has no summary'
}

@test "drift is not mirrored, and its lines are shown" {
	write_log 7 "$(start 7)" '{"event":"drift","kernel":null,"mirror":"m"}' \
		"$(summary 7 2 1 1)"
	run assert_mirrored
	assert_failure
	assert_output --partial 'has drift 1'
	assert_output --partial '"mirror": "m"'
}

@test "a process that was never checked is not mirrored" {
	write_log 7 "$(start 7)" "$(summary 7 2 0 0)"
	run assert_mirrored
	assert_failure
	assert_output --partial 'never checked'
}

@test "half a line is not mirrored" {
	write_log 7 "$(start 7)" "$(summary 7 2 1 0)" '{"event":"su'
	run assert_mirrored
	assert_failure
	assert_output --partial 'log.7:3: not JSON'
}

@test "the last summary of a process counts, one for each exec" {
	write_log 7 "$(start 7)" "$(summary 7 1 1 0)" "$(summary 7 2 1 0)" \
		"$(start 7)" "$(summary 7 30 1 0)"
	run bash -c "'$python' '$log_tool' summaries '$BATS_TEST_TMPDIR/log.7' |
		'$python' '$log_tool' sum calls.mmap"
	assert_output 32
}

@test "two processes in one log are told apart by pid" {
	write_log all "$(start 7)" "$(start 8)" "$(summary 8 5 1 0)" \
		"$(summary 7 2 1 0)"
	assert_mirrored 2
	[ "$(summaries | json_sum calls.mmap)" -eq 7 ]
}

@test "a fault that came otherwise than foretold is refused" {
	write_log 7 "$(start 7)" '{"event":"fault","agrees":true}' \
		'{"event":"fault","agrees":null}' "$(summary 7 2 1 0)"
	assert_mirrored
	write_log 7 "$(start 7)" '{"event":"fault","agrees":false}' \
		"$(summary 7 2 1 0)"
	run assert_mirrored
	assert_failure
	assert_output --partial 'otherwise than foretold'
}

@test "a missing key reads as null and sums as nothing" {
	[ "$(summary 7 2 1 0 | json_get calls.brk)" = null ]
	[ "$(summary 7 2 1 0 | json_sum calls.brk)" -eq 0 ]
}

# counted CALLS ASKED SETTLED OK FAILED PLACED: a summary where of ten each so many
# came as foretold.
counted()
{
	printf '{"event":"summary","pid":7,"program":"p","calls":{"mmap":%s},' \
		"$1"
	printf '"asked":%s,"settled":%s,"verdict":{"ok":{"predicted":10,' "$2" \
		"$3"
	printf '"hit":%s},"failed":{"predicted":10,"hit":%s}},' "$4" "$5"
	printf '"placement":{"predicted":10,"hit":%s}}' "$6"
}

# judged COMMAND CALLS ASKED ...: what log.py says of that summary
judged()
{
	local command=$1

	shift
	write_log 7 "$(start 7)" "$(counted "$@")"
	# shellcheck disable=SC2086 # a command and its argument
	run "$python" -I "$log_tool" $command "$BATS_TEST_TMPDIR"/log.7
}

@test "asking is seldom up to a share, a dozen, or what settled ranges leave in doubt" {
	judged 'asked 2' 2000 39 0 10 10 10
	assert_success
	judged 'asked 2' 2000 40 0 10 10 10
	assert_failure
	assert_output --partial 'asked about 2.00 %'
	judged 'asked 2' 100 12 0 10 10 10
	assert_success
	judged 'asked 2' 100 13 0 10 10 10
	assert_failure
	judged 'asked 2' 100 16 1 10 10 10
	assert_success
	judged 'asked 2' 100 17 1 10 10 10
	assert_failure
}

@test "what comes otherwise than foretold is said" {
	judged foretold 9 0 0 10 10 10
	assert_success
	judged foretold 9 0 0 10 9 10
	assert_failure
	assert_output --partial 'of 10 foretold (failure) 9 were right'
	judged foretold 9 0 0 9 10 10
	assert_failure
	judged foretold 9 0 0 10 10 9
	assert_failure
	# the address that an unordered call took was not to be foreseen
	judged foretold 9 0 1 10 10 9
	assert_success
	judged foretold 9 0 1 10 9 10
	assert_failure
}

@test "a program that does not end is ended" {
	SHADOW_TIMEOUT=1
	run plain_run sleep 30
	[ "$status" -eq 124 ]
}

@test "a missing program skips by name" {
	run eval 'requires sh no-such-program-here; echo went on'
	assert_success
	refute_output
	run eval 'requires sh; echo went on'
	assert_output 'went on'
}
