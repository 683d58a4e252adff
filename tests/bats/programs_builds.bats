#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Programs that turn files into files: make and gcc in parallel, sqlite on a
# mapped database, tar and xz with threads, ImageMagick, ffmpeg.

load helper
load programs

setup()
{
	cd "$BATS_TEST_TMPDIR" || return
}

# The engine is pure: its sources compile by themselves.
engine_sources()
{
	mkdir project
	cp -r "$top_srcdir/src/engine" "$top_srcdir/src/base" \
		"$top_srcdir/include" project
	cd project || return
	cat >Makefile <<-'MAKE'
		.RECIPEPREFIX = >
		objects := $(patsubst %.c,%.o,$(wildcard $(parts)))
		CFLAGS := -std=gnu11 -O2 -I. -Iinclude -ffreestanding
		all: engine.so
		> @cksum $(sort $(objects)) engine.so
		engine.so: $(objects)
		> @$(CC) -shared -nostdlib -o $@ $^
		%.o: %.c
		> @$(CC) $(CFLAGS) -fPIC -c $< -o $@
		clean:
		> @$(RM) engine/*.o engine.so
	MAKE
}

@test "make -j2 and gcc: this project's engine" {
	requires make gcc
	engine_sources
	rounds 'engine/m*.c' 'engine/*.c'
	# each of several objects: the driver, cc1, as
	program_is_mirrored 20 -- sh -c "make -s clean; make -sj2 parts='$REPLY'"
	each_call_is_checked 10 -- \
		sh -c "make -s clean; make -sj2 parts='engine/a*.c'"
}

# A database in the file of that name, mapped while it grows and shrinks.
sqlite_script()
{
	cat <<-SQL
		pragma mmap_size = 268435456;
		create table t(a integer primary key, b text);
		with recursive n(i) as (select 1 union all
			select i + 1 from n where i < $1)
		insert into t select i, hex(i) || i from n;
		create index x on t(b);
		select count(*), max(b) from t;
		delete from t where a % 3 = 0;
		vacuum;
		pragma journal_mode = wal;
		update t set b = b || 'x' where a % 5 = 0;
		select sum(length(b)) from t;
		pragma journal_mode = delete;
		vacuum;
		pragma integrity_check;
	SQL
}

@test "sqlite3 with a mapped database" {
	requires sqlite3
	rounds 40000 2000000
	sqlite_script "$REPLY" >script.sql
	program_is_mirrored 2 -- sh -c \
		'rm -f base*; sqlite3 base <script.sql; cksum base'
	sqlite_script 2000 >script.sql
	each_call_is_checked 2 -- sh -c \
		'rm -f base*; sqlite3 base <script.sql; cksum base'
}

@test "tar and xz with threads" {
	requires tar xz
	seq 400000 >numbers
	pack=(tar --sort=name --mtime=@0 --owner=0 --group=0
		-I 'xz -T4 -0 --block-size=300k' -cf - numbers)
	program_is_mirrored 3 -- "${pack[@]}"
	"${pack[@]}" >numbers.tar.xz
	program_is_mirrored 1 -- xz -T3 -dc numbers.tar.xz
	each_call_is_checked 3 -- "${pack[@]}"
}

# PROGRAM of the distribution: what stands before it in PATH may be a script.
distributions()
{
	[ -x "/usr/bin/$1" ] || skip "$1 is not installed"
}

@test "ImageMagick's convert with its threads" {
	distributions convert
	rounds 4 60
	work=(/usr/bin/convert -size 900x700 gradient:red-blue -rotate 13)
	for ((i = 0; i < REPLY; i++)); do
		work+=('(' -clone 0 -swirl $((40 + i)) -blur 0x2 ')')
	done
	program_is_mirrored 1 -- "${work[@]}" -append -resize '50%' ppm:-
	each_call_is_checked 1 -- "${work[@]:0:5}" -blur 0x2 ppm:-
}

@test "ffmpeg with threads" {
	distributions ffmpeg
	rounds 2 200
	work=(/usr/bin/ffmpeg -v error -threads 4 -f lavfi
		-i "testsrc2=d=$REPLY:s=640x360:r=25" -f lavfi -i "sine=d=$REPLY"
		-c:v mpeg4 -threads 4 -c:a aac -bitexact -f md5 -)
	program_is_mirrored 1 -- "${work[@]}"
	each_call_is_checked 1 -- "${work[@]}"
}
