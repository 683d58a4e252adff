#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Servers under load: redis, nginx, postgresql. Each listens on a socket in the
# test's own folder, runs in the foreground, and is ended by its pid.

load helper
load programs

setup()
{
	cd "$BATS_TEST_TMPDIR" || return
}

# What a failed test left running says where it is.
teardown()
{
	local file

	for file in pid db/postmaster.pid; do
		if [ -s "$file" ]; then
			kill -KILL "$(head -n 1 "$file")" || :
		fi
	done
	[ -z "${place:-}" ] || rm -rf "$place"
}

# --- redis: programs.bats has the load, here are its own snapshots ------------

# redis_snapshots N COMMAND...: a server that saves itself through fork children
# and rewrites its log while it is written to.
redis_snapshots()
{
	local socket=$BATS_TEST_TMPDIR/redis.sock requests=$1 i

	shift
	rm -rf data "$socket"
	mkdir data
	"$@" "$redis" --port 0 --unixsocket "$socket" --save '' \
		--dir "$PWD/data" --appendonly yes --logfile /dev/null \
		--pidfile "$PWD/pid" </dev/null >/dev/null 3>&- &
	server=$!
	wait_for 20 redis-cli -s "$socket" ping
	for ((i = 0; i < 2; i++)); do
		timeout 60 redis-benchmark -s "$socket" -q -n "$requests" -c 10 \
			-d 3000 -r 2000 -t set,lpush >/dev/null
		redis-cli -s "$socket" bgsave >/dev/null
		redis-cli -s "$socket" bgrewriteaof >/dev/null
		wait_for 20 redis_is_idle "$socket"
	done
	redis-cli -s "$socket" flushall >/dev/null
	redis-cli -s "$socket" memory purge >/dev/null
	redis-cli -s "$socket" shutdown nosave >/dev/null
	ended "$server"
}

redis_is_idle()
{
	! redis-cli -s "$1" info persistence |
		grep -E '(bgsave|rewrite)_(in_progress|scheduled):1'
}

@test "redis: snapshots by fork under load" {
	requires redis-cli redis-benchmark
	redis=$(redis_server)
	rounds 2000 100000
	plain=$(redis_snapshots "$REPLY" plain_run)
	shadow=$(redis_snapshots "$REPLY" shadow_run --)
	assert_equal "$shadow" "$plain"
	assert_equal "$shadow" 'status 0'
	well_mirrored 3
	forget_logs
	redis_snapshots 500 shadow_run check=each --
	assert_mirrored 3
	foretold
}

# --- nginx --------------------------------------------------------------------

nginx_conf()
{
	[ "$(id -u)" -ne 0 ] || echo 'user root;'
	cat <<-CONF
		daemon off;
		worker_processes 2;
		error_log $PWD/errors;
		pid $PWD/pid;
		events { worker_connections 128; }
		http {
			access_log off;
			gzip on;
			gzip_types text/plain;
			open_file_cache max=100;
			client_body_temp_path $PWD/t1;
			proxy_temp_path $PWD/t2;
			fastcgi_temp_path $PWD/t3;
			uwsgi_temp_path $PWD/t4;
			scgi_temp_path $PWD/t5;
			types { text/plain txt; }
			server {
				listen unix:$PWD/nginx.sock;
				root $PWD/pages;
			}
		}
	CONF
}

answers()
{
	"$python" -I "$subjects/load.py" nginx.sock 8 /small.txt | grep ' 200 '
}

# nginx_session REQUESTS COMMAND...: reloads while REQUESTS are under way, thrice.
nginx_session()
{
	local requests=$1 i load

	shift
	rm -f nginx.sock
	"$@" "$nginx" -p "$PWD" -c "$PWD/nginx.conf" -e "$PWD/errors" \
		</dev/null 3>&- &
	server=$!
	wait_for 20 answers
	for ((i = 0; i < 3; i++)); do
		"$python" -I "$subjects/load.py" nginx.sock "$requests" \
			/small.txt /big.txt /none.txt 3>&- &
		load=$!
		sleep 0.3
		kill -HUP "$(cat pid)"
		wait "$load"
	done
	kill -QUIT "$(cat pid)"
	ended "$server"
}

@test "nginx: reloads under load" {
	unpacked nginx
	nginx=$REPLY
	mkdir pages
	seq 100 >pages/small.txt
	seq 60000 >pages/big.txt
	nginx_conf >nginx.conf
	rounds 160 20000
	plain=$(nginx_session "$REPLY" plain_run)
	shadow=$(nginx_session "$REPLY" shadow_run --)
	assert_equal "$shadow" "$plain"
	[[ "$shadow" == *'status 0' ]]
	# the master and two workers for each of four configurations
	well_mirrored 9
	forget_logs
	nginx_session 16 shadow_run check=each --
	assert_mirrored 9
	foretold
}

# --- postgresql ---------------------------------------------------------------

# postgres refuses to run as root. It gets a folder that any user may reach, and
# in it a copy of the library, for the build tree may be nobody else's to read.
someone_elses_place()
{
	place=$(mktemp -d /tmp/vmashadow.XXXXXX)
	cp "$library" "$place/libvmashadow.so"
	library=$place/libvmashadow.so
	mkdir "$place/logs"
	as_user=()
	if [ "$(id -u)" -eq 0 ]; then
		requires setpriv
		chmod 755 "$place"
		chown -R nobody "$place"
		as_user=(setpriv --reuid nobody --regid nogroup --clear-groups)
		if ! "${as_user[@]}" test -x "$bin/postgres"; then
			cp -r "${bin%/lib/postgresql/*}" "$place/"
			bin=$place/usr/lib/postgresql/${bin##*/lib/postgresql/}
		fi
	fi
	as_user+=(env "HOME=$place")
	cd "$place" || return
}

psql_answers()
{
	"${as_user[@]}" "$bin/psql" -X -At -h "$place" postgres -c "$1"
}

# A join by parallel workers, with shared memory of their own; sorts that spill;
# JIT where it is built in.
questions='
select count(*), sum(a.aid % 7) from pgbench_accounts a
	join generate_series(1, 50000) g on g = a.aid;
select md5(string_agg(x::text, chr(44))) from (select x from
	generate_series(1, 100000) x order by md5(x::text) limit 1000) s;'

# postgres_session TRANSACTIONS RUNNER...: RUNNER is what starts each program.
postgres_session()
{
	local transactions=$1

	shift
	rm -rf db
	"$@" "$bin/initdb" -D "$place/db" -A trust -N -U postgres >/dev/null
	"$@" "$bin/postgres" -D "$place/db" -c listen_addresses= \
		-c unix_socket_directories="$place" -c fsync=off \
		-c max_parallel_workers_per_gather=2 \
		-c min_parallel_table_scan_size=0 -c parallel_setup_cost=0 \
		-c parallel_tuple_cost=0 -c jit_above_cost=0 -c work_mem=1MB \
		>"$place/server.out" 2>&1 </dev/null 3>&- &
	server=$!
	export PGUSER=postgres
	wait_for 30 psql_answers 'select 1'
	"$bin/pgbench" -q -i -h "$place" postgres >/dev/null 2>&1
	"$@" "$bin/pgbench" -h "$place" -c 6 -j 2 \
		-t "$transactions" postgres 2>/dev/null |
		grep -E 'processed|failed'
	psql_answers "$questions"
	psql_answers 'vacuum full pgbench_accounts'
	psql_answers 'create index on pgbench_accounts(bid, filler)'
	kill -INT "$(head -n 1 "$place/db/postmaster.pid")"
	ended "$server"
}

plain_user()
{
	plain_run "${as_user[@]}" "$@"
}

shadow_user()
{
	SHADOW_TIMEOUT=600 bounded "${as_user[@]}" LD_PRELOAD="$library" \
		VMASHADOW_OPTIONS="log=$place/logs/log.%p$options" "$@"
}

@test "postgresql: initdb, pgbench, parallel workers" {
	unpacked postgres initdb pgbench psql
	bin=$(dirname "$REPLY")
	someone_elses_place
	rounds 50 5000
	plain=$(postgres_session "$REPLY" plain_user)
	options='' shadow=$(postgres_session "$REPLY" shadow_user)
	assert_equal "$shadow" "$plain"
	[[ "$shadow" == *"$((REPLY * 6))/$((REPLY * 6))"*'status 0' ]]
	logs_of logs
	# initdb's and the server's own, six of pgbench, parallel workers
	well_mirrored 20
	forget_logs
	options=:check=each
	postgres_session 5 shadow_user
	logs_of logs
	assert_mirrored 20
	foretold
}
