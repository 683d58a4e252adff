#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Real programs: the same output and exit status as without the library, a
# summary for every process, no drift, the kernel seldom asked, and not one call
# missed (strace counts).

load helper
load programs

setup()
{
	cd "$BATS_TEST_TMPDIR" || return
}

@test "ls -lR /etc" {
	program_is_mirrored 1 -- ls -lR /etc
}

@test "python3: json, ssl, sqlite3 and 300 buffers of 200 kB" {
	requires "$python"
	program_is_mirrored 1 -- "$python" -c '
import json, ssl, sqlite3
buffers = [bytes([i % 256]) * 200000 for i in range(300)]
print(len(buffers), json.dumps({"a": [1, 2]}), sum(b[7] for b in buffers))'
}

@test "perl: 300 strings of 200 kB" {
	requires perl
	program_is_mirrored 1 -- perl -e '
		use Data::Dumper; use POSIX; use Socket;
		my @x = map { chr(65 + $_ % 26) x 200000 } 1 .. 300;
		print scalar(@x), " ", substr($x[299], 5, 3), "\n";'
}

# A repository with 60 commits over 5 files of 400 lines.
make_repository()
{
	local i

	git init -q repository
	cd repository || return
	git config user.name test
	git config user.email test@localhost
	for ((i = 0; i < 60; i++)); do
		seq "$i" $((i + 400)) >"file$((i % 5))"
		git add -A
		git commit -q -m "commit $i" --date="2020-01-01T00:00:$i"
	done
}

@test "git log -p of a repository" {
	requires git
	make_repository
	program_is_mirrored 1 -- git --no-pager log -p
}

@test "gcc -O2 -c of a real file" {
	requires gcc
	cat >real.c <<-'C'
		#include <stdio.h>
		#include <stdlib.h>
		#include <string.h>
		#include <math.h>
		#include <pthread.h>
		static int compare(const void *a, const void *b)
		{
			return *(const int *)a - *(const int *)b;
		}
		int sum(int *v, int n)
		{
			int s = 0;
			qsort(v, n, sizeof(*v), compare);
			for (int i = 0; i < n; i++)
				s += v[i] * i;
			return printf("%d\n", s);
		}
	C
	# driver, cc1 and as
	program_is_mirrored 3 -- gcc -O2 -c real.c -o real.o
	[ -s real.o ]
}

@test "sqlite3 loading 100,000 rows" {
	requires sqlite3
	program_is_mirrored 1 -- sqlite3 :memory: \
		'create table t(a integer primary key, b text);
		 with recursive n(i) as (select 1 union all
			select i + 1 from n where i < 100000)
		 insert into t select i, hex(i) || i from n;
		 create index x on t(b);
		 select count(*), sum(length(b)), max(b) from t;'
}

@test "node -e" {
	requires node
	program_is_mirrored 1 -- node -e '
		const a = []; for (let i = 0; i < 2e5; i++) a.push({i, s: "x" + i});
		const b = Array.from({length: 40}, () => Buffer.alloc(1 << 20, 1));
		console.log(a.length, b.reduce((s, x) => s + x[9], 0));'
}

@test "java -version" {
	requires java
	program_is_mirrored 1 -- java -version
}

@test "sh starting 20 programs" {
	# sh and its children: each forks and becomes another program
	program_is_mirrored 21 -- sh -c '
		for i in 1 2 3 4 5 6 7 8 9 10; do
			/bin/true; /bin/echo "$i"; done'
}

# redis_session COMMAND...: a server on a port of its own under COMMAND, loaded
# by redis-benchmark and shut down. Prints the server's exit status.
redis_session()
{
	local socket=$BATS_TEST_TMPDIR/redis.sock status=0 server

	rm -f "$socket"
	"$@" "$redis" --port 0 --unixsocket "$socket" --save '' \
		--logfile /dev/null --dir "$BATS_TEST_TMPDIR" </dev/null 3>&- &
	server=$!
	wait_for 20 redis-cli -s "$socket" ping || kill "$server"
	timeout 60 redis-benchmark -s "$socket" -q -n 20000 -c 20 -d 500 \
		-t set,get,lpush,lrange_100 >/dev/null
	redis-cli -s "$socket" shutdown nosave >/dev/null
	wait "$server" || status=$?
	echo "status $status"
}

@test "redis-server under redis-benchmark, shut down" {
	requires redis-cli redis-benchmark
	redis=$(redis_server)
	plain=$(redis_session plain_run)
	shadow=$(redis_session shadow_run --)
	assert_equal "$shadow" "$plain"
	assert_equal "$shadow" 'status 0'
	assert_mirrored 1
	seldom_asked
}

@test "redis-server: strace counts the same" {
	requires redis-cli redis-benchmark strace
	redis=$(redis_server)
	run redis_session strace_agrees --
	assert_success
	refute_output --partial 'by strace'
	assert_output --partial 'status 0'
}
