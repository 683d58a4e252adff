#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Chromium without a window loads a local page: a dozen processes, JIT, and, in
# the second test, its own sandbox.

load helper
load programs

setup()
{
	requires chromium
	browser=/usr/lib/chromium/chromium
	[ -x "$browser" ] || skip "$browser is not installed"
	place=$(mktemp -d /tmp/vmashadow.XXXXXX)
	cp "$library" "$place/libvmashadow.so"
	cp "$subjects/page.html" "$place"
	library=$place/libvmashadow.so
	mkdir "$place/home"
	cd "$place" || return
	browse=("$browser" --headless=new --disable-gpu --disable-dev-shm-usage
		--user-data-dir="$place/home/profile" --dump-dom
		"file://$place/page.html")
}

teardown()
{
	[ -z "${place:-}" ] || rm -rf "$place"
}

# page_is_done FILE: all that the page computes is in it.
page_is_done()
{
	grep '<title>done</title>' "$1"
	grep -E '<p id="sums">[0-9]+ [0-9]+ 2031616 [0-9]+</p>' "$1"
}

# Chromium ends some of its processes by signals: strace knows which.
deaths()
{
	sed -nE 's/^([0-9]+) +\+\+\+ killed by (SIG[A-Z]+).*/\1 \2/p' "$1"
}

# look KEY=VALUE: all processes of one visit, as long as the last of them lives.
look()
{
	HOME=$place/home bounded strace -f -o trace -e trace=none \
		-E LD_PRELOAD="$library" \
		-E VMASHADOW_OPTIONS="log=$BATS_TEST_TMPDIR/log.%p:$1" \
		"${browse[@]}" --no-sandbox >shadow.out 2>/dev/null </dev/null
	cmp plain.out shadow.out
	deaths trace >died
	"$python" -I "$log_tool" stressed died 10 "$BATS_TEST_TMPDIR"/log.*
	foretold
}

@test "chromium: a page with JIT, a canvas, WebAssembly" {
	requires strace
	HOME=$place/home plain_run "${browse[@]}" --no-sandbox >plain.out \
		2>/dev/null
	page_is_done plain.out
	look check=exit
	calls=$(($(summaries | json_sum by.patch) +
		$(summaries | json_sum by.symbol)))
	# V8 makes its pages read-only one by one, touched or not: who asks about
	# those is a renderer of some 400 calls
	[ "$(($(summaries | json_sum asked) * 50))" -lt "$calls" ]
	forget_logs
	look check=each
}

# A sandboxed process has no way to a log file, nor to /proc: it logs to the
# descriptor that it has, and says when a filter comes that would forbid it more.
@test "chromium: in its own sandbox" {
	local user=(env)

	if [ "$(id -u)" -eq 0 ]; then
		requires setpriv
		chmod -R a+rX "$place"
		chown -R nobody "$place"
		user=(setpriv --reuid nobody --regid nogroup --clear-groups)
	fi
	plain_run "${user[@]}" env HOME="$place/home" "${browse[@]}" \
		>plain.out 2>plain.err ||
		skip "chromium's sandbox does not work here"
	page_is_done plain.out
	bounded "${user[@]}" env HOME="$place/home" LD_PRELOAD="$library" \
		VMASHADOW_OPTIONS=log=-:format=json "${browse[@]}" \
		>shadow.out 2>shadow.err </dev/null
	cmp plain.out shadow.out
	grep '^{' shadow.err >"$BATS_TEST_TMPDIR/said"
	run json_get drift <"$BATS_TEST_TMPDIR/said"
	refute_line --regexp '^[1-9]'
	run grep -c '"event":"summary".*"ended":"seccomp"' shadow.err
	[ "$output" -ge 2 ]
	run grep -c '"event":"summary".*"ended":"exit"' shadow.err
	[ "$output" -ge 4 ]
	run grep '"event":"drift"' shadow.err
	assert_failure
}
