#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Code that comes late, and system calls of other shapes than libc's: all of them
# are seen (strace counts), nothing is noticed, and what cannot be seen is named.

load helper
load programs

late=$top_builddir/tests/progs/late
shapes=$top_builddir/tests/progs/shapes.so

setup()
{
	cd "$BATS_TEST_TMPDIR" || return
}

# of_object NAME PATH: what the lines for objects of that name have at PATH.
of_object()
{
	logs | grep -F "/$1\"" | grep '"event":"object"' | json_get "$2"
}

@test "every shape of a system call, in the program itself" {
	same_as_plain check=each -- "$late" shapes
	assert_mirrored
	strace_agrees -- "$late" shapes
}

@test "every shape of a system call, in an object that is loaded" {
	same_as_plain check=each -- "$late" shapes "$shapes"
	assert_mirrored
	strace_agrees -- "$late" shapes "$shapes"
	forget_logs
	shadow_run -- "$late" shapes "$shapes"
	assert_equal "$(of_object shapes.so patched)" 8
	assert_equal "$(of_object shapes.so unpatched)" 1
	run of_object shapes.so left
	assert_output --partial 'no neighbour can be moved'
}

@test "intercept=symbol leaves text alone" {
	shadow_run intercept=symbol -- "$late" shapes "$shapes" 2>/dev/null
	assert_equal "$(summaries | json_sum by.patch)" 0
	run of_object shapes.so patched
	refute_output
}

@test "a second libc in a namespace of its own" {
	same_as_plain check=each -- "$late" namespace
	assert_mirrored
	strace_agrees -- "$late" namespace
}

@test "syscall() by the address that libc has, not by ours" {
	same_as_plain check=each -- "$late" pointer
	assert_mirrored
	strace_agrees -- "$late" pointer
}

@test "an object mapped by hand, made text by mprotect" {
	same_as_plain check=each -- "$late" protect "$shapes"
	assert_mirrored
	strace_agrees -- "$late" protect "$shapes"
}

@test "text is mapped where vector registers are in use" {
	same_as_plain -- "$late" vectors "$shapes"
	assert_mirrored
	assert [ "$(of_object shapes.so patched | wc -l)" -ge 1 ]
}

@test "an object loaded and unloaded three hundred times" {
	same_as_plain -- "$late" again "$shapes"
	assert_mirrored
	assert_equal "$(of_object shapes.so patched | sort | uniq -c |
		tr -s ' ')" ' 300 8'
	assert_equal "$(summaries | json_sum drift)" 0
}

@test "four threads load, use and unload objects" {
	same_as_plain -- "$late" threads "$shapes"
	assert_mirrored
	assert_equal "$(logs | grep -c '"event":"object"')" 400
	assert_equal "$(logs | grep '"event":"object"' | json_sum patched)" 3200
	strace_agrees -- "$late" threads "$shapes"
}

# An object with 100 MB of text, the last function of which maps.
make_large()
{
	local real

	real=$(readlink -f "$python")
	while [ "$(stat -c %s text 2>/dev/null || echo 0)" -lt 104857600 ]; do
		cat "$real" >>text
	done
	cat >large.S <<-'S'
		.text
		.incbin "text"
		.globl	large_mmap
		.type	large_mmap, @function
		.p2align 4
		large_mmap:
		.cfi_startproc
		xor	%edi, %edi
		mov	$4096, %esi
		mov	$3, %edx
		mov	$34, %r10d
		mov	$-1, %r8
		xor	%r9d, %r9d
		mov	$9, %eax
		syscall
		ret
		.cfi_endproc
		.size	large_mmap, . - large_mmap
		.section .note.GNU-stack, "", @progbits
	S
	gcc -shared -o large.so large.S
	rm text
}

# ns COMMAND...: how long it takes, the best of five.
ns()
{
	local best=0 begun took

	for _ in 1 2 3 4 5; do
		begun=$(date +%s%N)
		"$@"
		took=$(($(date +%s%N) - begun))
		[ "$best" -gt 0 ] && [ "$best" -lt "$took" ] || best=$took
	done
	echo "$best"
}

# 50 ms is the goal and is printed; what fails is a scan that costs another order
# than reading the file does, on this machine as busy as it is.
@test "100 MB of text: scanned in 50 ms, and not resident" {
	local best reading

	requires gcc "$python"
	make_large
	for _ in 1 2 3 4 5; do
		shadow_run -- "$late" large ./large.so >out
		assert_equal "$(head -n 1 out)" 'grown by at most 1 MB'
	done
	assert_mirrored 5
	assert_equal "$(of_object large.so patched | sort -u)" 1
	best=$(of_object large.so ns | sort -n | head -n 1)
	reading=$(ns dd if=large.so of=/dev/null bs=128k status=none)
	echo "# $((best / 1000000)) ms, reading alone $((reading / 1000000))" >&3
	[ "$best" -lt 50000000 ] || [ "$best" -lt $((20 * reading)) ]
}

@test "Go's runtime, by way of cgo" {
	requires go gcc
	export GOCACHE=$BATS_TEST_TMPDIR/cache GO111MODULE=off
	export HOME=$BATS_TEST_TMPDIR
	cat >main.go <<-'GO'
		package main

		// static int twice(int x) { return 2 * x; }
		import "C"
		import (
			"fmt"
			"runtime"
			"runtime/debug"
			"sync"
			"syscall"
		)

		func work() {
			for i := 0; i < 50; i++ {
				keep := make([]byte, 100000)
				b, err := syscall.Mmap(-1, 0, 65536, 3, 34)
				if err != nil {
					panic(err)
				}
				b[5] = keep[7]
				syscall.Mprotect(b, 1)
				syscall.Munmap(b)
			}
		}

		func main() {
			var wg sync.WaitGroup
			for i := 0; i < 8; i++ {
				wg.Add(1)
				go func() {
					defer wg.Done()
					work()
				}()
			}
			wg.Wait()
			runtime.GC()
			debug.FreeOSMemory()
			fmt.Println("sum", C.twice(21))
		}
	GO
	go build -o program main.go
	same_as_plain -- ./program
	assert_mirrored
	assert [ "$(summaries | json_sum calls.madvise)" -gt 0 ]
	strace_agrees -- ./program
}
