#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# What the library leaves in a process: its own memory, recognisable and never
# writable and executable at once; two descriptors; little besides.

load helper

setup()
{
	cd "$BATS_TEST_TMPDIR" || return
}

@test "its memory is recognisable, and no page is writable and executable" {
	shadow_run -- cat /proc/self/maps >maps
	assert_mirrored
	grep -q '/memfd:vmashadow (deleted)$' maps
	grep -q 'libvmashadow.so$' maps
	run grep -E '^[^ ]+ .wx' maps
	assert_failure
}

@test "libc's text keeps its one line, read and executed" {
	plain_run cat /proc/self/maps >plain
	shadow_run -- cat /proc/self/maps >maps
	assert_equal "$(grep 'libc.so.6$' maps | cut -d ' ' -f 2-3)" \
		"$(grep 'libc.so.6$' plain | cut -d ' ' -f 2-3)"
}

@test "descriptors: one of maps, one of the log, both out of the way" {
	shadow_run -- ls -l /proc/self/fd >fds
	run grep -cE ' [5-9][0-9][0-9] -> ' fds
	assert_output 2
	grep -qE ' -> /proc/[0-9]+/task/[0-9]+/maps$' fds
	plain_run ls -l /proc/self/fd >plain
	assert_equal "$(grep -cE ' [0-9]{1,2} -> ' fds)" \
		"$(grep -cE ' [0-9]{1,2} -> ' plain)"
}

@test "at most 4 MB more at the peak" {
	local plain shadow

	plain=$(plain_run grep VmHWM /proc/self/status | tr -dc 0-9)
	shadow=$(shadow_run -- grep VmHWM /proc/self/status | tr -dc 0-9)
	echo "peak: $plain kB without, $shadow kB with"
	[ "$((shadow - plain))" -le 4096 ]
}

@test "without /proc: passive, says so in one line, and the program runs" {
	[ "$(id -u)" -eq 0 ] || skip 'needs root to hide /proc'
	unshare -m true 2>/dev/null || skip 'no mount namespaces here'
	run bounded unshare -m sh -c "mount -t tmpfs none /proc &&
		LD_PRELOAD='$library' /bin/echo out"
	assert_success
	assert_line out
	assert_line --partial 'passive'
	assert_equal "${#lines[@]}" 2
}

@test "under a filter from before: passive, says so, and the program runs" {
	requires "$python"
	cat >filtered.py <<-'PY'
		import ctypes, os, struct
		libc = ctypes.CDLL(None, use_errno=True)
		libc.prctl(38, 1, 0, 0, 0)
		rule = struct.pack("HBBI", 6, 0, 0, 0x7fff0000)
		code = ctypes.create_string_buffer(rule)
		prog = struct.pack("HxxxxxxP", 1, ctypes.addressof(code))
		buf = ctypes.create_string_buffer(prog)
		assert libc.prctl(22, 2, buf, 0, 0) == 0
		os.environ["LD_PRELOAD"] = os.environ["LIBRARY"]
		os.execv("/bin/echo", ["echo", "out"])
	PY
	run bounded env LIBRARY="$library" "$python" -I filtered.py
	assert_success
	assert_line out
	assert_line --partial 'filter'
	assert_equal "${#lines[@]}" 2
}
