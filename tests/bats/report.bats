#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# vmashadow report: who maps, what leaks, what keeps mappings apart. Its figures
# are compared with what strace and the kernel say of the same run.

load helper
load command

setup()
{
	cd "$BATS_TEST_TMPDIR" || return
}

# traced EATER ARGUMENT...: its trace is t.1, what it printed in $n $mappings $peak.
traced()
{
	rm -f t.1
	shadow_run trace=t.1 stacks=16 -- "$progs/eater" "$@" >printed
	read -r n mappings peak <printed
	bounded "$vmashadow" report --json t.1 >report.json
}

figures()
{
	"$python" -I "$top_srcdir/tests/bats/report.py" "$@" <report.json
}

# names_functions: libdw was there at build time.
names_functions()
{
	grep -q '^#define HAVE_LIBDW 1' "$top_builddir/config.h" ||
		skip 'built without libdw'
}

@test "leaks and churn: counted as strace counts them" {
	requires strace
	names_functions
	bounded strace -f -o strace.out \
		-E LD_PRELOAD="$library" -E VMASHADOW_OPTIONS="trace=t.1" \
		"$progs/eater" leak 300 >printed
	bounded "$vmashadow" report --json t.1 >report.json

	read -r made there gone < <(figures strace $((7 * 4096)) strace.out)
	assert_equal "$made $there $gone" '300 300 0'
	run figures owner leak_some made never_unmapped unmapped bytes \
		never_unmapped_bytes
	assert_output "$made $there $gone $((there * 28672)) $((there * 28672))"

	read -r made there gone < <(figures strace $((11 * 4096)) strace.out)
	assert_equal "$made $there $gone" '300 0 300'
	run figures owner churn_some made never_unmapped unmapped bytes \
		unmapped_bytes
	assert_output "$made $there $gone 0 $((gone * 45056))"
	assert_equal "$(figures top unfollowed_bytes)" 0
}

@test "peaks are the kernel's: its count of mappings, and VmPeak" {
	traced leak 3000
	assert_equal "$(figures top peak_bytes.value)" $((peak * 1024))
	traced noreserve 700
	assert_equal "$(figures top peak_mappings.value)" "$mappings"
	assert_equal "$(figures top mappings)" "$mappings"
	assert_equal "$(figures top unfollowed_bytes)" 0
	assert_equal "$(figures top differences)" 0
}

@test "what keeps mappings apart, who does it, and advice" {
	names_functions
	traced noreserve 400
	# between the library's own and the eater's there is another boundary
	run figures rule 'MAP_NORESERVE differs' boundaries
	[ "$output" -ge 397 ] && [ "$output" -le 400 ]
	assert_equal "$(figures ruler 'MAP_NORESERVE differs')" eat_alternating
	run figures owner eat_alternating made mappings
	assert_output --regexp '^400 (399|400)$'
	run "$vmashadow" report t.1
	assert_success
	assert_line --regexp '^most of these: MAP_NORESERVE differs, .* or none$'
	assert_line --regexp 'eat_alternating\+0x[0-9a-f]+ \(eater.c:[0-9]+\) in '

	traced advise 200
	# what lies above the eater's memory may be of the same kind
	run figures rule 'MADV_DONTFORK differs' boundaries
	[ "$output" -ge 399 ] && [ "$output" -le 400 ]
	assert_equal "$(figures ruler 'MADV_DONTFORK differs')" eat_advising
	run figures rule 'MADV_DONTFORK differs' advice
	assert_output --partial MADV_DOFORK
}

@test "a boundary is whose mapping is the younger" {
	names_functions
	traced fixed 150
	run figures rule 'MAP_NORESERVE differs' boundaries
	[ "$output" -ge 299 ] && [ "$output" -le 300 ]
	assert_equal "$(figures ruler 'MAP_NORESERVE differs')" replace_some
	run figures owner replace_some avoidable_boundaries made mappings
	assert_output --regexp '^(299|300) 150 150$'
	run figures owner reserve_all made bytes unmapped_bytes
	assert_output "1 $((150 * 4096)) $((150 * 4096))"
}

@test "a program that reaches the limit: who, and by which rule" {
	names_functions
	[ "$(cat /proc/sys/vm/max_map_count)" -le 262144 ] ||
		skip 'the limit is too high to be reached here'
	traced until
	run figures top limit.refused
	assert_output 1
	assert_equal "$(figures top limit.first_refused)" \
		"$(figures top calls)"
	assert_equal "$(figures top peak_mappings.value)" "$mappings"
	assert_equal "$(figures ruler 'MAP_NORESERVE differs')" eat_alternating
	run figures owner eat_alternating made
	assert_output "$n"
	run "$vmashadow" report --top 1 t.1
	assert_line --regexp '^limit: .*; reached: 1 call refused, the first at'
	assert_line --regexp '^most mappings: eat_alternating, '
}

@test "the forecast: how fast it grew, and when the limit is reached" {
	shadow_run trace=t.1 -- "$progs/eater" slow 60 >/dev/null
	bounded "$vmashadow" report --json t.1 >report.json
	run figures top limit.growth_per_second
	[ "${output%.*}" -ge 10 ] && [ "${output%.*}" -le 110 ]
	run "$vmashadow" report t.1
	assert_line --regexp '^limit: .*; growing by [0-9.]+ a second, reached in'
	traced leak 5
	run "$vmashadow" report t.1
	assert_line --partial '; too short to tell whether it grows'
}

@test "--at stops there" {
	traced leak 50
	bounded "$vmashadow" report --json --at 31 t.1 >report.json
	assert_equal "$(figures top calls)" 31
	run "$vmashadow" report --at 3x t.1
	assert_failure 125
}

@test "--folded: a line each stack, outermost first; the counts add up" {
	names_functions
	traced noreserve 100
	run "$vmashadow" report --folded t.1
	assert_success
	assert_line --regexp \
		'^_start;.*;main;eat_alternating [0-9]+$'
	bounded "$vmashadow" report --folded t.1 >folded
	run grep -cv '^[^ ]\+\( [a-z ]*\]\)\? [0-9]\+$' folded
	assert_output 0
	assert_equal "$(awk '{ n += $NF } END { print n }' folded)" "$mappings"
}

@test "every owner's mappings and bytes add up to the whole, in real programs" {
	requires perl
	shadow_run trace=t.%p stacks=4 -- "$python" -c '
import threading
def work(): x = [bytearray(300000) for i in range(60)]
t = [threading.Thread(target=work) for i in range(4)]
[i.start() for i in t]; [i.join() for i in t]'
	shadow_run trace=t.%p -- perl -e 'my @x = map { "x" x 300000 } 1 .. 99;
		pop @x for 1 .. 50; fork; 1'
	shadow_run trace=t.%p -- "$progs/diary" "diary" 200 3
	[ "$(find . -name 't.*' | wc -l)" -ge 4 ]
	for trace in t.*; do
		bounded "$vmashadow" report --json "$trace" >report.json
		"$python" -I -c '
import json, sys
r = json.load(sys.stdin)
assert r["complete"] and not r["differences"], r
assert r["unfollowed_bytes"] == 0, r["unfollowed_bytes"]
assert sum(o["mappings"] for o in r["owners"]) == r["mappings"]
assert sum(o["bytes"] for o in r["owners"]) == r["bytes"]
for o in r["owners"]:
    assert o["made_bytes"] == o["bytes"] + o["unmapped_bytes"], o
' <report.json
	done
}

@test "names of anybody's making: no escape, no broken line, valid JSON" {
	local evil=$'ev\e[31m\n"<b>;x \xff\\'

	cp "$progs/eater" "$evil"
	shadow_run trace=t.1 -- "./$evil" noreserve 20 >/dev/null
	for form in '' --json --folded; do
		# shellcheck disable=SC2086 # none is none
		bounded "$vmashadow" report $form t.1 >out
		run grep -caP '[^\x20-\x7e]' out
		assert_output 0
		grep -q '033\[31m' out || [ "$form" = --folded ]
	done
	bounded "$vmashadow" report --json t.1 >report.json
	figures top program | grep -qF 'ev\033[31m'
}

@test "a file that is another build than what ran gives no names" {
	names_functions
	requires readelf
	cp "$progs/eater" eater
	shadow_run trace=t.1 -- ./eater noreserve 20 >/dev/null
	run "$vmashadow" report t.1
	assert_line --partial eat_alternating
	# the same but for its build id, as a rebuild would be
	"$python" -I - "$(readelf -n eater | sed -n 's/.*Build ID: //p')" <<-'PY'
		import sys
		old = bytes.fromhex(sys.argv[1])
		data = open('eater', 'rb').read()
		assert data.count(old) == 1
		open('other', 'wb').write(data.replace(old, old[::-1]))
	PY
	cp other eater
	run "$vmashadow" report t.1
	assert_success
	refute_line --partial eat_alternating
	assert_line --regexp '/eater\+0x[0-9a-f]+$'
}

@test "damaged, cut off, foreign, empty: said, and what is whole is used" {
	traced leak 100
	head -c 9000 t.1 >torn
	printf '\377\377\377\377' | dd of=torn bs=1 seek=8000 conv=notrunc status=none
	run "$vmashadow" report torn
	assert_failure 125
	assert_line --partial 'what came before is whole'
	assert_line --partial 'boundaries between touching mappings'
	: >empty
	head -c 64 t.1 >header
	for file in empty header /etc/passwd /dev/null missing; do
		run "$vmashadow" report "$file"
		assert_failure 125
		assert_equal "${#lines[@]}" 1
	done
	run "$vmashadow" report
	assert_failure 125
}
