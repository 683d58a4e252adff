/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writing sites, and living with what was written: the code below rewrites the
 * libc and ld.so that it runs on.
 *
 * All of it is in a shared object, because entries must lie near libc as those
 * of the library do; tests/unit/test_patch_apply.c is the program.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/wait.h>
#include <unistd.h>

#include "apply_cases.h"
#include "base/raw_syscall.h"
#include "door.h"
#include "probe.h"
#include "../unit/tap.h"

#define MAX_SITES 96
#define EXIT_OFFSET 20	/* what just_exit()'s _exit adds to its status */

#ifndef PR_SET_MDWE
#define PR_SET_MDWE 65
#endif

struct probe_state probe_in, probe_out;

static struct patch_site sites[MAX_SITES];
static struct patch_nrset memory_nrs;

static struct patch_object libc_object(void)
{
	struct patch_object libc = find_object("/libc.so.6");

	libc.exit_symbol = "_exit";
	return libc;
}

static int patch_object(struct patch_object *obj, unsigned int flags)
{
	int n = patch_scan(obj, &memory_nrs, sites, MAX_SITES);

	return n < 0 ? n : patch_apply(sites, (size_t)n, obj, flags);
}

static long open_maps(void)
{
	return raw_sys4(SYS_openat, AT_FDCWD, "/proc/self/maps", O_RDONLY, 0);
}

/* All of maps, by nothing that allocates. */
static void read_maps(long fd, char *buf, size_t size)
{
	size_t len = 0;
	long n;

	while ((n = raw_sys3(SYS_read, fd, buf + len, size - 1 - len)) > 0)
		len += (size_t)n;
	raw_sys1(SYS_close, fd);
	buf[len] = '\0';
}

static char maps_before[65536], maps_after[65536];

/* --- ways to write ------------------------------------------------------- */

/*
 * In a child: the first number that is not 0 says which step failed. No libc
 * call may fail silently here, and no descriptor can be had.
 */
static void no_descriptors(void)
{
	struct rlimit none = { 0, 0 };

	setrlimit(RLIMIT_NOFILE, &none);
}

static bool all_say(int n, const char *why)
{
	for (int i = 0; i < n; i++)
		if (sites[i].state != PATCH_REFUSED ||
		    strcmp(sites[i].why, why))
			return false;
	return true;
}

static bool entries_are_free(void)
{
	for (int i = 0; i < PATCH_ENTRIES; i++)
		if (patch_entries[i].in_use)
			return false;
	return true;
}

static bool text_works(void)
{
	void *p = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p != MAP_FAILED && !munmap(p, 4096);
}

static int no_way_to_write(void)
{
	struct patch_object libc = libc_object();
	int n = patch_scan(&libc, &memory_nrs, sites, MAX_SITES);

	no_descriptors();
	if (n < 10)
		return 1;
	if (patch_apply(sites, (size_t)n, &libc, 0) != -EPERM)
		return 2;
	if (!all_say(n, PATCH_WHY_NO_WRITE))
		return 3;
	if (!entries_are_free())
		return 4;
	return !text_works() || door_calls[SYS_mmap] ? 5 : 0;
}

/* Kills this process at the first mapping that is writable and executable. */
static int forbid_wx(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mprotect, 2, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mmap, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, args[2])),
		BPF_STMT(BPF_ALU | BPF_AND | BPF_K, PROT_WRITE | PROT_EXEC),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PROT_WRITE | PROT_EXEC, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog prog = { ARRAY_SIZE(code), code };

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	       prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog);
}

static int write_and_execute(void)
{
	mprotect(other_stack, 4096, PROT_READ | PROT_WRITE | PROT_EXEC);
	return 0;
}

static int forbidden_write_and_execute(void)
{
	return forbid_wx() ? 1 : write_and_execute();
}

static int write_by_mprotect(void)
{
	struct patch_object libc = libc_object();
	int n = patch_scan(&libc, &memory_nrs, sites, MAX_SITES);

	if (n < 10 || forbid_wx())
		return 1;
	no_descriptors();
	if (patch_apply(sites, (size_t)n, &libc, PATCH_ALLOW_MPROTECT) != n)
		return 2;
	return !text_works() || door_calls[SYS_mmap] != 1 ? 3 : 0;
}

static int mprotect_under_mdwe(void)
{
	struct patch_object libc = libc_object();
	int n = patch_scan(&libc, &memory_nrs, sites, MAX_SITES);

	if (prctl(PR_SET_MDWE, 1, 0, 0, 0))
		return 77;
	no_descriptors();
	if (patch_apply(sites, (size_t)n, &libc, PATCH_ALLOW_MPROTECT) != -EPERM)
		return 2;
	if (!all_say(n, PATCH_WHY_NO_WRITE))
		return 3;
	return !text_works() || door_calls[SYS_mmap] ? 4 : 0;
}

static int mem_under_mdwe(void)
{
	struct patch_object libc = libc_object();

	if (prctl(PR_SET_MDWE, 1, 0, 0, 0))
		return 77;
	if (patch_object(&libc, 0) < 10)
		return 2;
	return !text_works() || door_calls[SYS_mmap] != 1 ? 3 : 0;
}

static int mprotect_keeps_lines(void)
{
	struct patch_object libc = libc_object();
	int n = patch_scan(&libc, &memory_nrs, sites, MAX_SITES);
	long later = open_maps();

	read_maps(open_maps(), maps_before, sizeof(maps_before));
	no_descriptors();
	if (patch_apply(sites, (size_t)n, &libc, PATCH_ALLOW_MPROTECT) != n)
		return 1;
	read_maps(later, maps_after, sizeof(maps_after));
	return strcmp(maps_before, maps_after) ? 2 : 0;
}

static void test_text_is_written_without_write_and_execute(void)
{
	int status;

	is_i64(in_child(no_way_to_write), 0,
	       "no descriptor and no mprotect: all refused, nothing changed");
	is_i64(in_child(forbidden_write_and_execute), 1000 + SIGSYS,
	       "the watcher kills at writable and executable");
	is_i64(in_child(write_by_mprotect), 0,
	       "by mprotect: all written, never writable and executable");
	is_i64(in_child(mprotect_keeps_lines), 0,
	       "by mprotect: maps has the same lines");
	status = in_child(mprotect_under_mdwe);
	if (status == 77)
		skip("no PR_SET_MDWE on this kernel");
	else
		is_i64(status, 0, "under MDWE mprotect is not even tried");
	status = in_child(mem_under_mdwe);
	if (status == 77)
		skip("no PR_SET_MDWE on this kernel");
	else
		is_i64(status, 0, "under MDWE the text is written all the same");
}

/* --- refusals at the writing --------------------------------------------- */

static void test_changed_text_is_left_alone(void)
{
	struct patch_object self = find_object("libpatchcases.so");
	struct patch_site s = site_here(probe_native_site, SYS_getpid);

	s.old[3] ^= 1;
	is_i64(patch_apply(&s, 1, &self, 0), 0, "changed text: none written");
	is_str(s.why, PATCH_WHY_CHANGED, "changed text: said");
	is_u64(*(const unsigned char *)probe_native_site, 0xb8,
	       "changed text: still there");
}

static void test_far_text_is_left_alone(void)
{
	struct patch_object self = find_object("libpatchcases.so");
	uintptr_t hint = ((uintptr_t)patch_apply & PAGE_MASK) - (64UL << 30);
	unsigned char *far = mmap((void *)hint, 4096, PROT_READ | PROT_WRITE,
				  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct patch_site s;

	memcpy(far, probe_native_site, 7);
	s = site_here(far, SYS_getpid);
	is_i64(patch_apply(&s, 1, &self, 0), 0, "far text: none written");
	is_str(s.why, PATCH_WHY_FAR, "far text: said");
	ok(!memcmp(far, probe_native_site, 7), "far text: still there");
	ok(entries_are_free(), "far text: its entry is free again");
	munmap(far, 4096);
}

static void test_no_more_sites_than_entries(void)
{
	struct patch_object self = find_object("libpatchcases.so");
	struct patch_site s = site_here(probe_native_site, SYS_getpid);

	for (int i = 0; i < PATCH_ENTRIES; i++)
		patch_entries[i].in_use = 1;
	is_i64(patch_apply(&s, 1, &self, 0), 0, "no entry: none written");
	is_str(s.why, PATCH_WHY_FULL, "no entry: said");
	memset(patch_entries, 0, sizeof(patch_entries));
}

/* --- libc and ld.so ------------------------------------------------------ */

#define COUNTED(nr, times, call)					\
	({								\
		long before_ = door_calls[nr];				\
		bool held_ = (call);					\
		ok(held_, "%s", #call);					\
		is_i64(door_calls[nr] - before_, times,			\
		       "%s: seen %d times", #call, times);		\
	})

static void test_each_call_of_libc_is_seen_once(void)
{
	char *p = NULL, *q = NULL;

	COUNTED(SYS_mmap, 1, (p = mmap(NULL, 8192, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)) != MAP_FAILED);
	COUNTED(SYS_mprotect, 1, !mprotect(p, 4096, PROT_READ));
	COUNTED(SYS_madvise, 1, !madvise(p, 8192, MADV_NORMAL));
	COUNTED(SYS_mlock, 1, !mlock(p, 4096));
	COUNTED(SYS_mlock2, 1, !mlock2(p, 4096, 1));
	COUNTED(SYS_munlock, 1, !munlock(p, 4096));
	COUNTED(SYS_munlockall, 1, !munlockall());
	COUNTED(SYS_mremap, 1, (q = mremap(p + 4096, 4096, 65536,
		MREMAP_MAYMOVE)) != MAP_FAILED);
	COUNTED(SYS_munmap, 1, !munmap(q, 65536));
	COUNTED(SYS_munmap, 1, munmap((void *)1, 1) == -1 && errno == EINVAL);
	COUNTED(SYS_munmap, 1, !munmap(p, 4096));
	COUNTED(SYS_brk, 1, sbrk(8192) != (void *)-1);
	COUNTED(SYS_personality, 1, personality(0xffffffff) != -1);
	COUNTED(SYS_prctl, 1, prctl(PR_GET_DUMPABLE) == 1);
	COUNTED(SYS_shmat, 1, shmat(-1, NULL, 0) == (void *)-1);
	COUNTED(SYS_shmdt, 1, shmdt((void *)4096) == -1);
}

static void test_the_door_sees_its_callers(void)
{
	void *p;

	door_mode = DOOR_UNWIND;
	p = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	door_mode = DOOR_PLAIN;
	munmap(p, 4096);
	ok(door_frames.main, "the walk from the door reaches main by way of libc");
}

static void *allocate_and_free(void *arg)
{
	for (int i = 0; i < 300; i++) {
		char *p = malloc(200000);

		memset(p, i, 200000);
		free(p);
		p = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			 0);
		munmap(p, 4096);
	}
	return arg;
}

static void test_threads_libraries_and_children_live(void)
{
	long before = door_calls[SYS_mmap];
	char name[] = "true", *argv[] = { name, NULL }, *envp[] = { NULL };
	pthread_t threads[4];
	int status = -1;
	pid_t pid;
	void *lib;

	for (int i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, allocate_and_free, NULL);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	ok(door_calls[SYS_mmap] - before >= 1200, "four threads map and unmap");
	before = door_calls[SYS_mmap];
	lib = dlopen("libanl.so.1", RTLD_NOW);
	ok(lib != NULL && door_calls[SYS_mmap] > before,
	   "ld.so's own calls are seen");
	if (lib)
		dlclose(lib);
	if (!posix_spawn(&pid, "/bin/true", NULL, NULL, argv, envp))
		waitpid(pid, &status, 0);
	is_i64(status, 0, "posix_spawn makes a child that executes");
}

static int just_exit(void)
{
	door_exit_offset = EXIT_OFFSET;
	_exit(3);
}

static void test_libc_and_ldso_are_patched_unnoticed(void)
{
	struct patch_object libc = libc_object();
	struct patch_object ldso = find_object("/ld-linux-x86-64.so.2");
	static struct patch_site ld_sites[MAX_SITES];
	int n = patch_scan(&libc, &memory_nrs, sites, MAX_SITES);
	int m = patch_scan(&ldso, &memory_nrs, ld_sites, MAX_SITES);
	int done, ld_done;

	read_maps(open_maps(), maps_before, sizeof(maps_before));
	done = patch_apply(sites, (size_t)n, &libc, 0);
	ld_done = patch_apply(ld_sites, (size_t)m, &ldso, 0);
	read_maps(open_maps(), maps_after, sizeof(maps_after));
	is_i64(done, n, "all of libc's sites are written");
	ok(ld_done >= 4, "ld.so's sites are written");
	ok(!strcmp(maps_before, maps_after), "maps is the same, line for line");
	is_i64(patch_apply(sites, (size_t)n, &libc, 0), 0,
	       "a second time there is nothing to do");
}

static void fill_memory_nrs(void)
{
	static const unsigned int nrs[] = {
		9, 10, 11, 12, 25, 28, 30, 67, 149, 150, 151, 152, 216, 237,
		325, 329, 157, 59, 322, 135,
	};

	for (size_t i = 0; i < ARRAY_SIZE(nrs); i++)
		patch_nrset_add(&memory_nrs, nrs[i]);
}

int run_apply_cases(int (*caller)(void))
{
	program_main = caller;
	fill_memory_nrs();
	unwind_here();
	test_text_is_written_without_write_and_execute();
	test_changed_text_is_left_alone();
	test_far_text_is_left_alone();
	test_no_more_sites_than_entries();
	test_libc_and_ldso_are_patched_unnoticed();
	test_the_door_sees_its_callers();
	test_each_call_of_libc_is_seen_once();
	test_threads_libraries_and_children_live();
	is_i64(in_child(just_exit), 3 + EXIT_OFFSET, "_exit is detoured");
	return done_testing();
}
