#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Runtimes that bring a heap, a collector or code of their own: java, node,
# python, perl, Go, Rust. What the subjects do is said in subjects/.

load helper
load programs

setup()
{
	cd "$BATS_TEST_TMPDIR" || return
	export TMPDIR=$BATS_TEST_TMPDIR
}

# java_collects COLLECTOR: allocates, maps files, faults and collects.
java_collects()
{
	local java=(java "-XX:+Use$1" -Xmx256m -Xshare:auto -cp .)

	requires java javac
	"${java[@]}" -version >/dev/null 2>&1 ||
		skip "this java has no $1"
	javac -d . "$subjects/Collect.java"
	rounds 100 2000
	program_is_mirrored 1 -- "${java[@]}" Collect "$REPLY"
	each_call_is_checked 1 -- "${java[@]}" Collect 8
}

@test "java: maps, faults and threads, the serial collector" {
	java_collects SerialGC
}

@test "java: the parallel collector" {
	java_collects ParallelGC
}

@test "java: G1" {
	java_collects G1GC
}

@test "java: ZGC, whose heap is mapped three times" {
	java_collects ZGC
}

@test "java: Shenandoah" {
	java_collects ShenandoahGC
}

@test "node: worker threads, JIT and WebAssembly" {
	requires node
	rounds 8 100
	program_is_mirrored 1 -- node "$subjects/workers.js" "$REPLY"
	each_call_is_checked 1 -- node "$subjects/workers.js" 3
}

# python_pool METHOD N: N processes at least.
python_pool()
{
	requires "$python"
	rounds 60 2000
	program_is_mirrored "$2" -- \
		"$python" -I "$subjects/pool.py" "$1" "$REPLY"
	each_call_is_checked "$2" -- "$python" -I "$subjects/pool.py" "$1" 12
}

@test "python: multiprocessing by fork" {
	python_pool fork 8
}

@test "python: multiprocessing by spawn, from a process with threads" {
	python_pool spawn 8
}

@test "python: multiprocessing by a fork server" {
	python_pool forkserver 8
}

@test "perl: a loop of forks, pipes and programs" {
	requires perl
	rounds 60 1000
	program_is_mirrored 100 -- perl "$subjects/forks.pl" "$REPLY"
	each_call_is_checked 20 -- perl "$subjects/forks.pl" 12
}

@test "Go with C in it" {
	requires go gcc
	export GOCACHE=$BATS_TEST_TMPDIR/cache GO111MODULE=off
	export GOPATH=$BATS_TEST_TMPDIR/path
	go build -o cgo "$subjects/cgo.go"
	rounds 40 1000
	program_is_mirrored 1 -- ./cgo "$REPLY"
	each_call_is_checked 1 -- ./cgo 6
}

@test "Rust: threads, growing blocks, panics and children" {
	requires rustc
	rustc --edition 2021 -O -o threads "$subjects/threads.rs"
	rounds 40 1000
	program_is_mirrored 10 -- ./threads "$REPLY"
	each_call_is_checked 2 -- ./threads 4
}

# --- intercept=trap: each call that still stands somewhere traps once ----------

# trapped N -- COMMAND...
trapped()
{
	same_as_plain intercept=trap check=each -- "${@:3}"
	all_have_ended
	assert_mirrored "$1"
	foretold
	strace_agrees intercept=trap "${@:2}"
}

@test "intercept=trap: java" {
	requires java javac
	javac -d . "$subjects/Collect.java"
	trapped 1 -- java -XX:+UseG1GC -Xmx128m -cp . Collect 10
}

@test "intercept=trap: node" {
	requires node
	trapped 1 -- node "$subjects/workers.js" 3
}

@test "intercept=trap: python and its children" {
	trapped 8 -- "$python" -I "$subjects/pool.py" spawn 6
}

@test "intercept=trap: perl and its children" {
	requires perl
	trapped 10 -- perl "$subjects/forks.pl" 9
}
