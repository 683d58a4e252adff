#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# vmashadow, vmashadow rules, and what vmashadow run makes of its options, of its
# program and of the logs. Signals and the terminal: run_signals.bats.

bats_require_minimum_version 1.5.0
load helper
load command

# --- the command itself -------------------------------------------------------

@test "help goes to standard output, complaints do not" {
	run --separate-stderr "$vmashadow" --help
	assert_success
	assert_output --partial 'vmashadow COMMAND'
	assert_equal "$stderr" ''
	for arguments in '' 'nonsense' '--nonsense' 'run' 'run --nonsense' \
		'rules --nonsense' 'rules 6.1 6.6' 'rules 6.2' \
		'rules --diff 6.2'; do
		# shellcheck disable=SC2086 # words
		run --separate-stderr "$vmashadow" $arguments
		assert_failure 125
		assert_output ''
		[ -n "$stderr" ]
	done
}

@test "standard output that takes nothing is an error" {
	for arguments in --help --version rules 'rules --json' 'run --help'; do
		# shellcheck disable=SC2086 # words
		run bash -c '"$0" "$@" >/dev/full' "$vmashadow" $arguments
		assert_failure 125
		assert_output --partial 'No space left'
	done
}

@test "the manual names each option of each command" {
	for command in run rules; do
		"$vmashadow" "$command" --help |
			grep -oE -- '--[a-z-]+' | sort -u |
			while read -r option; do
				case $option in
				--format|--intercept|--follow|--mark|--rules|--stacks|\
--faults|--trace|--history|--help) continue ;;
				esac
				grep -qE -- "-?${option#--}|\\\\-${option#--}" \
					"$top_srcdir/doc/vmashadow.1" ||
					fail "$option is not in the manual"
			done
	done
}

# --- rules --------------------------------------------------------------------

@test "rules: the running kernel, in words" {
	run "$vmashadow" rules
	assert_success
	assert_output --partial "$(uname -r)"
	assert_output --regexp 'account_cleared: (yes|no)  \(6.7 and later\)'
	assert_output --regexp 'stack_guard_gap: [0-9]+'
	assert_output --regexp '(Equal to|Unlike) the set'
}

@test "rules: what a check of the mirror logs is what the command finds" {
	shadow_run -- true
	"$vmashadow" rules --json >"$BATS_TEST_TMPDIR/rules"
	events start | "$python" -I -c 'import json, sys
start = json.load(sys.stdin)["rules"]
found = json.load(open(sys.argv[1]))["rules"]
found = {name: int(field["value"]) for name, field in found.items()}
sys.exit(found != start and f"{found} {start}")' "$BATS_TEST_TMPDIR/rules"
}

@test "rules: each named set, and every set against itself" {
	sets=$("$vmashadow" rules --help | sed -n 's/^Kernels: //p')
	[ "$(wc -w <<<"$sets")" -ge 9 ]
	for set in $sets; do
		run "$vmashadow" rules "$set"
		assert_success
		assert_output --partial "Linux $set:"
		run "$vmashadow" rules "$set" --diff "$set"
		assert_success
		assert_output --partial "Equal to the set $set."
		refute_output --partial ': yes'
	done
}

@test "rules: 6.6 and 6.12 differ in what came between" {
	run "$vmashadow" rules --diff 6.12 6.6
	assert_success
	assert_output --partial \
		'account_cleared: no  (6.7 and later)  [6.12 has yes]'
	refute_output --partial 'special_splits'
}

@test "rules=6.1 and rules=6.1,field=0 are taken by the library" {
	run_program -q --rules=6.1 --log="$BATS_TEST_TMPDIR/log.a" true
	run_program -q --rules=6.1,gap_fill_next_first=0,mmap_min_addr=4096 \
		--log="$BATS_TEST_TMPDIR/log.b" true
	assert_equal "$(grep '"start"' "$BATS_TEST_TMPDIR/log.a" |
		json_get rules.gap_fill_next_first)" 1
	assert_equal "$(grep '"start"' "$BATS_TEST_TMPDIR/log.b" |
		json_get rules.gap_fill_next_first)" 0
	assert_equal "$(grep '"start"' "$BATS_TEST_TMPDIR/log.b" |
		json_get rules.mmap_min_addr)" 4096
	assert_equal "$(grep '"start"' "$BATS_TEST_TMPDIR/log.b" |
		json_get rules.heap_inclusive)" 1
}

@test "rules=nonsense is said, and the program runs" {
	run_program -q --rules=multi_move=1,6.3,multi_move=0 echo there \
		>"$BATS_TEST_TMPDIR/out"
	said '6.3,multi_move=0'
	assert_equal "$(cat "$BATS_TEST_TMPDIR/out")" there
}

# --- programs that cannot be shadowed -----------------------------------------

# refused STATUS TEXT PROGRAM: it is not run, and TEXT is said.
refused()
{
	local status=0

	run_program "$3" >"$BATS_TEST_TMPDIR/out" || status=$?
	assert_equal "$status" "$1"
	said "$2"
	assert_equal "$(cat "$BATS_TEST_TMPDIR/out")" ''
	assert_equal "$(wc -l <"$BATS_TEST_TMPDIR/run.err")" 1
}

hello='#include <stdio.h>
int main(void) { puts("hello"); return 3; }'

# forced PROGRAM: with --force it runs as it is.
forced()
{
	local status=0

	run_program --force "$1" >"$BATS_TEST_TMPDIR/out" || status=$?
	assert_equal "$status" 3
	assert_equal "$(cat "$BATS_TEST_TMPDIR/out")" hello
	said 'nothing was mirrored'
}

@test "refused: what is not there" {
	refused 127 'No such file' "$BATS_TEST_TMPDIR/none"
	refused 127 'No such file' no-such-program
	refused 127 'No such file' ''
	refused 127 'Not a directory' /dev/null/none
}

@test "refused: what cannot be executed" {
	echo >"$BATS_TEST_TMPDIR/plain"
	refused 126 'Permission denied' "$BATS_TEST_TMPDIR/plain"
	refused 126 'Permission denied' "$BATS_TEST_TMPDIR"
	mkfifo -m 777 "$BATS_TEST_TMPDIR/fifo"
	refused 126 'Permission denied' "$BATS_TEST_TMPDIR/fifo"
	run bounded env PATH="/nowhere:$BATS_TEST_TMPDIR:/nowhere" \
		"$vmashadow" run plain
	assert_failure 126
	assert_output 'vmashadow: run: plain: Permission denied'
}

@test "refused: a static program" {
	compile static "$hello" -static
	refused 126 'is linked statically' "$BATS_TEST_TMPDIR/static"
	forced "$BATS_TEST_TMPDIR/static"
}

@test "refused: a static position-independent program" {
	compile static "$hello" -static-pie
	refused 126 'is linked statically' "$BATS_TEST_TMPDIR/static"
	forced "$BATS_TEST_TMPDIR/static"
}

@test "refused: a 32-bit program" {
	compile small 'void _start(void) { for (;;); }' -m32 -nostdlib
	refused 126 'is a 32-bit program' "$BATS_TEST_TMPDIR/small" ||
		refused 126 'is for another machine' "$BATS_TEST_TMPDIR/small"
}

@test "refused: a program for another machine" {
	cp /bin/true "$BATS_TEST_TMPDIR/arm"
	printf '\267\000' | dd of="$BATS_TEST_TMPDIR/arm" bs=1 seek=18 \
		conv=notrunc status=none
	refused 126 'for another machine (ELF number 183)' \
		"$BATS_TEST_TMPDIR/arm"
}

@test "refused: a program of musl's" {
	compile musl "$hello" -Wl,--dynamic-linker=/lib/ld-musl-x86_64.so.1
	refused 126 "not glibc's loader but musl's" "$BATS_TEST_TMPDIR/musl"
}

@test "refused: set-user-ID and set-group-ID, where that means anything" {
	[ "$(id -u)" -eq 0 ] || skip 'only root can give files away'
	findmnt -no OPTIONS -T "$BATS_TEST_TMPDIR" | grep -q nosuid &&
		skip 'set-user-ID is ignored here'
	cp /bin/true "$BATS_TEST_TMPDIR/other"
	chown 65534:65534 "$BATS_TEST_TMPDIR/other"
	chmod 4755 "$BATS_TEST_TMPDIR/other"
	refused 126 'is set-user-ID' "$BATS_TEST_TMPDIR/other"
	chmod 2755 "$BATS_TEST_TMPDIR/other"
	refused 126 'is set-group-ID' "$BATS_TEST_TMPDIR/other"
	chown 0:0 "$BATS_TEST_TMPDIR/other"
	chmod 6755 "$BATS_TEST_TMPDIR/other"
	run_program "$BATS_TEST_TMPDIR/other"
	said 'drift 0'
}

@test "refused: file capabilities" {
	requires setcap setpriv
	[ "$(id -u)" -eq 0 ] || skip 'only root can give capabilities'
	chmod 755 "$BATS_TEST_TMPDIR"
	cp /bin/true "$vmashadow" "$BATS_TEST_TMPDIR"
	setcap cap_net_raw+ep "$BATS_TEST_TMPDIR/true" ||
		skip 'no capabilities on this file system'
	run bounded setpriv --reuid=65534 --clear-groups \
		"$BATS_TEST_TMPDIR/vmashadow" run "$BATS_TEST_TMPDIR/true"
	[[ $output != *'Permission denied'* ]] || skip 'nobody comes here'
	assert_failure 126
	assert_output --partial 'has file capabilities'
}

@test "refused: a script of an interpreter that cannot be shadowed" {
	compile static "$hello" -static
	printf '#! %s  argument\n' "$BATS_TEST_TMPDIR/static" \
		>"$BATS_TEST_TMPDIR/script"
	printf '#!%s\n' "$BATS_TEST_TMPDIR/script" >"$BATS_TEST_TMPDIR/second"
	printf '#!%s\n' "$BATS_TEST_TMPDIR/none" >"$BATS_TEST_TMPDIR/lost"
	printf '#!%s\n' "$BATS_TEST_TMPDIR/ring" >"$BATS_TEST_TMPDIR/ring"
	chmod +x "$BATS_TEST_TMPDIR"/{script,second,lost,ring}
	refused 126 'static is linked statically' "$BATS_TEST_TMPDIR/script"
	refused 126 'static is linked statically' "$BATS_TEST_TMPDIR/second"
	refused 127 'its interpreter' "$BATS_TEST_TMPDIR/lost"
	refused 126 'Too many levels' "$BATS_TEST_TMPDIR/ring"
}

@test "damaged ELF files are refused or run, and nothing breaks" {
	for size in 4 5 16 40 63 64 65 120 500; do
		head -c "$size" /bin/true >"$BATS_TEST_TMPDIR/cut"
		chmod +x "$BATS_TEST_TMPDIR/cut"
		status=0
		run_program "$BATS_TEST_TMPDIR/cut" || status=$?
		[ "$status" -eq 126 ] || fail "$size bytes: status $status"
	done
	for at in 32 40 54 56 58 60 62; do
		cp /bin/true "$BATS_TEST_TMPDIR/cut"
		printf '\377\377' | dd of="$BATS_TEST_TMPDIR/cut" bs=1 \
			seek="$at" conv=notrunc status=none
		status=0
		run_program "$BATS_TEST_TMPDIR/cut" || status=$?
		[ "$status" -le 126 ] || fail "offset $at: status $status"
	done
}

# --- programs that can ---------------------------------------------------------

@test "a script runs under its interpreter, one without #! under the shell" {
	printf '#!/bin/sh\necho "$0 $*"; exit 4\n' >"$BATS_TEST_TMPDIR/script"
	printf 'echo "$0 $*"; exit 5\n' >"$BATS_TEST_TMPDIR/bare"
	chmod +x "$BATS_TEST_TMPDIR"/{script,bare}
	run run_program "$BATS_TEST_TMPDIR/script" a -q --log=x
	assert_failure 4
	assert_output "$BATS_TEST_TMPDIR/script a -q --log=x"
	said 'drift 0'
	run run_program -- "$BATS_TEST_TMPDIR/bare" 'a b'
	assert_failure 5
	assert_output "$BATS_TEST_TMPDIR/bare a b"
	said 'drift 0'
}

@test "the loader itself, given a program" {
	run run_program /lib64/ld-linux-x86-64.so.2 /bin/echo there
	assert_success
	assert_output there
	said 'drift 0'
}

@test "a program with AddressSanitizer" {
	compile asan "$hello" -fsanitize=address
	status=0
	ASAN_OPTIONS=detect_leaks=0 run_program "$BATS_TEST_TMPDIR/asan" \
		>"$BATS_TEST_TMPDIR/out" || status=$?
	assert_equal "$status" 3
	assert_equal "$(cat "$BATS_TEST_TMPDIR/out")" hello
	said 'ASAN_OPTIONS gets verify_asan_link_order=0'
	run run_program -q "$BATS_TEST_TMPDIR/asan"
	assert_failure 3
	says_nothing
}

@test "a 32-bit child finds an empty library of the same name" {
	[ -e /lib/ld-linux.so.2 ] || skip 'no 32-bit loader (package libc6-i386)'
	compile small 'void _start(void)
		{ __asm__("mov $1, %eax\n mov $6, %ebx\n int $0x80"); }' \
		-m32 -nostdlib -pie -fPIE -Wl,--dynamic-linker=/lib/ld-linux.so.2
	"$BATS_TEST_TMPDIR/small" || [ $? -eq 6 ] || skip 'it does not run'
	run run_program -q sh -c '"$0"; echo $?' "$BATS_TEST_TMPDIR/small"
	assert_output 6
	says_nothing
}

# --- options and environment ---------------------------------------------------

@test "options of the library are checked before the program runs" {
	for option in --check=foo --check=0 --log-level=1 --follow=2 \
		--abort-on-drift=x --format=xml; do
		status=0
		run_program "$option" touch "$BATS_TEST_TMPDIR/ran" || status=$?
		assert_equal "$status" 125
		[ ! -e "$BATS_TEST_TMPDIR/ran" ]
	done
}

@test "--check=each and a number reach the library" {
	run_program -q --check=each --log="$BATS_TEST_TMPDIR/log.%p" ls -d /
	assert_mirrored
	[ "$(summaries | json_sum checks)" -gt 1 ]
	forget_logs
	run_program -q --check=1 --log="$BATS_TEST_TMPDIR/log.%p" ls -d /
	[ "$(events check | json_get trigger | grep -c count)" -gt 1 ]
}

@test "VMASHADOW_OPTIONS holds, and options count more" {
	VMASHADOW_OPTIONS="check=each:log=$BATS_TEST_TMPDIR/log.env" \
		run_program -q --check=off sh -c 'echo "$VMASHADOW_OPTIONS"' \
		>"$BATS_TEST_TMPDIR/out"
	assert_equal "$(cat "$BATS_TEST_TMPDIR/out")" \
		"check=each:log=$BATS_TEST_TMPDIR/log.env:check=off"
	assert_equal "$(summaries | json_sum checks)" 0
}

@test "LD_PRELOAD: what was there stays, another copy of the library does not" {
	LD_PRELOAD="libm.so.6 /nowhere/libvmashadow.so:libdl.so.2" \
		run_program -q sh -c 'echo "$LD_PRELOAD"' \
		>"$BATS_TEST_TMPDIR/out" 2>/dev/null
	run cat "$BATS_TEST_TMPDIR/out"
	assert_output --regexp \
		'^/.*/\$LIB/libvmashadow\.so:libm\.so\.6:libdl\.so\.2$'
}

@test "a log path that is relative, has a colon, or a quote" {
	cd "$BATS_TEST_TMPDIR"
	run_program --log='log.a:"b' sh -c 'cd / && ls >/dev/null'
	said "log: $BATS_TEST_TMPDIR/log.a:\"b"
	assert_mirrored 2
	status=0
	run_program --log="a:'\"" true || status=$?
	assert_equal "$status" 125
}

# --- logs and the summary ------------------------------------------------------

@test "each process has its log, in a new folder, nobody else's to read" {
	run_program sh -c 'ls -d / >/dev/null; ls -d /'
	folder=$(sed -n 's/^vmashadow: log: //p' "$BATS_TEST_TMPDIR/run.err")
	[[ $folder == "$BATS_TEST_TMPDIR/vmashadow-sh-"?????? ]]
	assert_equal "$(stat -c %a "$folder")" 700
	assert_equal "$(find "$folder" -name '*.jsonl' | wc -l)" 3
	cp "$folder"/*.jsonl "$BATS_TEST_TMPDIR"
	for log in "$BATS_TEST_TMPDIR"/*.jsonl; do
		mv "$log" "$BATS_TEST_TMPDIR/log.$(basename "$log")"
	done
	assert_mirrored 3
	said "3 processes, 3 programs, $(summaries |
		"$python" -I -c 'import json, sys
print(sum(sum(json.loads(line)["calls"].values()) for line in sys.stdin))'
		) calls: "
	said "drift 0 in $(summaries | json_sum checks) checks"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/run.err")" -le 12 ]
}

@test "the summary counts this run only" {
	run_program --log="$BATS_TEST_TMPDIR/log.x" true
	said '1 process, 1 program'
	run_program --log="$BATS_TEST_TMPDIR/log.x" true
	said '1 process, 1 program'
	assert_mirrored 2
}

@test "the summary names who drifted" {
	run_program --rules=map_stack_nohuge=0 "$progs/stackflag" || :
	if [ "$("$vmashadow" rules --json |
		json_get rules.map_stack_nohuge.value)" = false ]; then
		skip 'that rule is off on this kernel'
	fi
	run ! grep -q 'drift 0 ' "$BATS_TEST_TMPDIR/run.err"
	said 'stackflag (process '
	said 'the mirror differed from the kernel'
}

@test "the summary names who faulted" {
	compile fault 'int main(void) { *(volatile int *)8 = 1; }'
	status=0
	run_program --log="$BATS_TEST_TMPDIR/log.%p" "$BATS_TEST_TMPDIR/fault" ||
		status=$?
	assert_equal "$status" 139
	said 'fault (process '
	said 'a fault: the log says'
	assert_equal "$(events fault | json_get addr)" 0x8
}

@test "the summary names who was killed" {
	run_program sh -c 'for i in 1 2 3; do sleep 50 & p="$p $!"; done
		sleep 1; kill -9 $p; wait' || :
	said 'sleep (process '
	said ' and 2 more: '
	said ': no summary: killed, or still running'
}

@test "the most mappings of any process, with its name" {
	cat >"$BATS_TEST_TMPDIR/many.py" <<-'END'
		import mmap
		held = [mmap.mmap(-1, 4096) for _ in range(500)]
	END
	run_program sh -c '"$1" -IS "$0"; true' "$BATS_TEST_TMPDIR/many.py" \
		"$python"
	run grep 'mappings at once (python3' "$BATS_TEST_TMPDIR/run.err"
	assert_output --regexp 'at most [56][0-9][0-9] mappings at once'
	assert_output --partial "of $(cat /proc/sys/vm/max_map_count) allowed"
}

@test "no escape of a terminal comes out of a program's name" {
	cp /bin/true "$BATS_TEST_TMPDIR/"$'a\e[31m\nb'
	run_program "$BATS_TEST_TMPDIR/"$'a\e[31m\nb'
	said '(a?[31m?b, process'
	run -127 run_program $'x\e[31m'
	said 'x?[31m: No such'
	run ! grep -q $'\e' "$BATS_TEST_TMPDIR/run.err"
}

@test "log=- and format=text: no summary is made up" {
	run_program --log=- true
	said ']: summary: true'
	run ! grep -q '^vmashadow: ' "$BATS_TEST_TMPDIR/run.err"
	run_program --format=text --log="$BATS_TEST_TMPDIR/x" true
	run cat "$BATS_TEST_TMPDIR/run.err"
	assert_output "vmashadow: log: $BATS_TEST_TMPDIR/x"
}

# --- --no-follow ----------------------------------------------------------------

@test "--no-follow: the program alone, of its children nothing" {
	run_program --no-follow --log="$BATS_TEST_TMPDIR/log.%p" \
		sh -c 'ls -d /; (echo fork); echo "[$LD_PRELOAD]"; exec ls -d /' \
		>"$BATS_TEST_TMPDIR/out"
	assert_equal "$(cat "$BATS_TEST_TMPDIR/out")" $'/\nfork\n[]\n/'
	assert_mirrored
	assert_equal "$(find "$BATS_TEST_TMPDIR" -name 'log.*' | wc -l)" 1
	assert_equal "$(events start | wc -l)" 1
	said '1 process, 1 program'
}

@test "--no-follow keeps what else LD_PRELOAD holds" {
	LD_PRELOAD='libm.so.6:libdl.so.2' run_program -q --no-follow \
		sh -c 'echo "$LD_PRELOAD"' >"$BATS_TEST_TMPDIR/out" 2>/dev/null
	assert_equal "$(cat "$BATS_TEST_TMPDIR/out")" 'libm.so.6:libdl.so.2'
}

@test "--no-follow: the auxiliary vector is found behind the environment" {
	compile auxv '#include <elf.h>
#include <sys/auxv.h>
int main(int argc, char **argv, char **env)
{
	(void)argc; (void)argv;
	while (*env) env++;
	for (Elf64_auxv_t *a = (void *)(env + 1); a->a_type; a++)
		if (a->a_type == AT_PAGESZ)
			return a->a_un.a_val != getauxval(AT_PAGESZ);
	return 1;
}'
	run_program --no-follow "$BATS_TEST_TMPDIR/auxv"
}
