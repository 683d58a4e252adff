#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# vmashadow inspect: a process that runs already, judged by its /proc files alone.

load helper
load command
# shellcheck disable=SC2154 # the names are helper's and command's

setup()
{
	cd "$BATS_TEST_TMPDIR" || return
	mkfifo input
}

teardown()
{
	if [ -n "${eater-}" ]; then
		kill "$eater" 2>/dev/null || true
		wait "$eater" 2>/dev/null || true
	fi
}

# feed PROGRAM ARGUMENT...: it runs, without the library, until the test ends; it
# is $eater, and how many mappings it counted is $mappings.
feed()
{
	"$@" wait <input >printed 3>&- &
	eater=$!
	exec 9>input
	wait_for 10 test -s printed
	read -r _ mappings _ <printed
}

# inspect [OPTION...]: its JSON, in report.json.
inspect()
{
	bounded "$vmashadow" inspect --json "$@" "$eater" >report.json 9>&-
}

figures()
{
	"$python" -I "$top_srcdir/tests/bats/report.py" "$@" <report.json
}

@test "mappings and names are those of maps" {
	feed "$progs/eater" noreserve 300
	inspect
	assert_equal "$(figures top mappings)" "$mappings"
	grep -v vsyscall "/proc/$eater/maps" >maps
	"$python" -I -c '
import collections, json, sys
seen = collections.Counter()
size = collections.Counter()
for line in open("maps"):
    part = line.rstrip("\n").split(None, 5)
    name = part[5] if len(part) > 5 else ""
    start, end = (int(x, 16) for x in part[0].split("-"))
    seen[name] += 1
    size[name] += end - start
names = json.load(sys.stdin)["names"]
assert {n["name"]: n["mappings"] for n in names} == seen, (names, seen)
assert {n["name"]: n["bytes"] for n in names} == size
' <report.json
}

@test "what keeps mappings apart is what smaps shows" {
	feed "$progs/eater" noreserve 300
	inspect
	"$python" -I -c '
import json, re, sys
lines, last = [], None
for line in open(f"/proc/{sys.argv[1]}/smaps"):
    head = re.match(r"([0-9a-f]+)-([0-9a-f]+) (....) \S+ \S+ (\d+)", line)
    if head:
        last = [int(head[1], 16), int(head[2], 16), head[3], head[4]]
    elif line.startswith("VmFlags"):
        lines.append(last + [set(line.split()[1:])])
n = sum(a[1] == b[0] and a[2] == b[2] == "rw-p" and a[3] == b[3] == "0"
        and ("nr" in a[4]) != ("nr" in b[4])
        for a, b in zip(lines, lines[1:]))
assert n >= 297, n
rule = [r for r in json.load(sys.stdin)["rules"]
        if r["rule"] == "MAP_NORESERVE differs"]
assert rule[0]["boundaries"] == n, (rule, n)
' "$eater" <report.json
	run "$vmashadow" inspect "$eater"
	assert_success
	assert_line --regexp '^most of these: MAP_NORESERVE differs, [0-9]+; map all'
}

# From outside nobody can tell objects that were made separately from one that
# was cut: the engine's rule is named, and no answer is made up.
@test "separately written to, or not: undecided, and it is said" {
	local what

	for what in apart forgotten; do
		feed "$progs/eater" "$what" 40
		inspect
		assert_equal "$(figures top undecided)" 40
		assert_equal "$(figures rule undecided boundaries)" 40
		run figures rule undecided example
		assert_output --partial 'unknown: either both touched separately'
		run "$vmashadow" inspect "$eater"
		assert_line --regexp 'could go away, 40 undecided$'
		assert_line --partial 'without history'
		teardown
	done
}

@test "--watch: how fast it grows, and when the limit is reached" {
	feed "$progs/eater" slow 2000
	inspect --watch 0.5
	run figures top growth_per_second
	[ "${output%.*}" -ge 10 ] && [ "${output%.*}" -le 110 ]
	run "$vmashadow" inspect --watch 0.3 "$eater"
	assert_line --regexp '^mappings: .* more in 0.3 s: the limit is reached in'
}

@test "names of anybody's making: no escape, valid JSON" {
	local evil=$'ev\e[31m\n"<b> \xff\\'

	cp "$progs/eater" "$evil"
	feed "./$evil" noreserve 4
	bounded "$vmashadow" inspect "$eater" >out
	run grep -caP '[^\x20-\x7e]' out
	assert_output 0
	grep -q '033\[31m' out
	inspect
	figures top program | grep -qF 'ev\033[31m'
}

@test "memory policies keep mappings apart, if the kernel has nodes" {
	[ -r /proc/self/numa_maps ] || skip 'the kernel has no numa_maps'
	requires gcc
	compile bound '
		#include <sys/mman.h>
		#include <sys/syscall.h>
		#include <unistd.h>
		int main(void)
		{
			char c, *p = mmap(0, 8 * 4096, 3, 0x22, -1, 0);
			unsigned long node = 1;

			for (int i = 1; i < 8; i += 2)
				if (syscall(SYS_mbind, p + i * 4096, 4096, 2,
					    &node, 8, 0))
					return 3;
			write(1, "1 1 1\n", 6);
			while (read(0, &c, 1) > 0)
				;
			return 0;
		}'
	feed ./bound
	inspect
	run figures rule 'memory policy differs' boundaries
	[ "$output" -ge 7 ]
}

@test "no such process, no number, nothing: said in a line, and 125" {
	for what in 99999999 12x -1 ''; do
		run "$vmashadow" inspect "$what"
		assert_failure 125
	done
	run "$vmashadow" inspect 99999999
	assert_output 'vmashadow: there is no process 99999999'
	run "$vmashadow" inspect
	assert_failure 125
}
