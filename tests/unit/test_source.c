/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The running process's own maps: the ioctl and the text say the same about
 * every mapping, and the descriptor survives what the program does to it.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fmt.h"
#include "procmaps/source.h"
#include "tap.h"
#include "text.h"

#define VIEWS 400
#define NAME  (20 * 1024)

static char scratch[PROCMAPS_BUF], buf[PROCMAPS_BUF];
static char dir[] = "/tmp/vs_source.XXXXXX";

/* What one pass over the text gave; filled without mapping anything. */
static struct {
	struct vma_view v[VIEWS];
	char names[VIEWS * 512];
	unsigned int n;
	size_t used;
} seen;

static int collect(void *ctx, const struct vma_view *v)
{
	(void)ctx;
	if (seen.n == VIEWS || seen.used + v->name_len > sizeof(seen.names))
		return -E2BIG;
	seen.v[seen.n] = *v;
	seen.v[seen.n++].name = memcpy(seen.names + seen.used, v->name,
				       v->name_len);
	seen.used += v->name_len;
	return 0;
}

static int take_all(struct procmaps_source *s)
{
	seen.n = 0;
	seen.used = 0;
	return procmaps_each(s, buf, sizeof(buf), collect, NULL);
}

static bool same_view(const struct vma_view *a, const struct vma_view *b)
{
	return a->start == b->start && a->end == b->end &&
	       a->offset == b->offset && a->inode == b->inode &&
	       a->dev_major == b->dev_major && a->dev_minor == b->dev_minor &&
	       a->prot == b->prot && a->name_len == b->name_len &&
	       !memcmp(a->name, b->name, a->name_len);
}

static bool is_vsyscall(const struct vma_view *v)
{
	return v->start == 0xffffffffff600000;
}

/* Files whose names try the printing, and mappings of every kind of line. */
static void map_odd_things(void)
{
	static const char *const names[] = {
		"plain", "new\nline", "\n", "\n\n\n\n", "sp ace ", "back\\slash",
		"\xff\x01", "gone",
	};
	char path[256];
	int fd;

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		fd = open(path, O_CREAT | O_RDWR, 0600);
		if (fd < 0 || ftruncate(fd, 3 * 4096) ||
		    mmap(NULL, 8192, PROT_READ, i & 1 ? MAP_SHARED : MAP_PRIVATE,
			 fd, 4096) == MAP_FAILED)
			abort();
		close(fd);
	}
	unlink(path);
	fd = memfd_create("me\nmfd", 0);
	if (fd < 0 || ftruncate(fd, 4096))
		abort();
	mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	mmap(NULL, 4096, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
}

static void remove_files(void)
{
	char command[64];

	snprintf(command, sizeof(command), "rm -rf %s", dir);
	if (system(command))
		abort();
}

static void test_the_text_is_read_whole(struct procmaps_source *s)
{
	struct procmaps_cursor c;
	bool newline = false;
	struct vma_view v;
	int stack = 0;

	is_i64(take_all(s), 0, "all lines are read");
	ok(seen.n > 20, "%u of them", seen.n);
	for (unsigned int i = 1; i < seen.n; i++)
		if (seen.v[i].start < seen.v[i - 1].end)
			ok(false, "line %u overlaps the one before", i);
	for (unsigned int i = 0; i < seen.n; i++) {
		stack += (uintptr_t)&stack >= seen.v[i].start &&
			 (uintptr_t)&stack < seen.v[i].end;
		newline |= memmem(seen.v[i].name, seen.v[i].name_len,
				  "/new\\012line", 12) != NULL;
	}
	is_i64(stack, 1, "one of them holds this stack");
	ok(newline, "a newline in a name is printed as \\012");
	is_i64(procmaps_begin(&c, s, buf, PROCMAPS_BUF_MIN - 1), -EINVAL,
	       "a buffer can be too small");
	is_i64(procmaps_begin(&c, s, buf, PROCMAPS_BUF_MIN), 0,
	       "the smallest buffer");
	for (stack = 0; procmaps_read(&c, &v) > 0; stack++)
		;
	is_i64(stack, (int)seen.n, "reads as many lines");
}

static int stop_at_three(void *ctx, const struct vma_view *v)
{
	(void)v;
	return ++*(int *)ctx == 3 ? 42 : 0;
}

static void test_the_callback_ends_the_walk(struct procmaps_source *s)
{
	int n = 0;

	is_i64(procmaps_each(s, buf, sizeof(buf), stop_at_three, &n), 42,
	       "its answer is handed on");
	is_i64(n, 3, "and it is not called again");
}

static void query_all(struct procmaps_source *s, const char *how)
{
	unsigned int same = 0, asked = 0, nameless = 0;
	static char name[NAME];
	struct vma_view v;

	for (unsigned int i = 0; i < seen.n; i++) {
		const struct vma_view *want = &seen.v[i];
		uint64_t addr[3] = { want->start, want->end - 1,
				     want->start / 2 + want->end / 2 };

		if (is_vsyscall(want))
			continue;
		for (int k = 0; k < 3; k++) {
			asked++;
			same += !procmaps_query(s, addr[k], 0, name, NAME, &v) &&
				same_view(&v, want) && !v.name[v.name_len];
			nameless += !procmaps_query(s, addr[k], 0, NULL, 0, &v) &&
				    v.start == want->start && !v.name_len;
		}
	}
	ok(asked > 60, "%s: %u queries", how, asked);
	is_u64(same, asked, "%s: each equals the line of maps", how);
	is_u64(nameless, asked, "%s: without a name, too", how);
}

/* The mapping that a query must find, by the lines that were read. */
static const struct vma_view *expected(uint64_t addr, unsigned int flags)
{
	for (unsigned int i = 0; i < seen.n; i++) {
		const struct vma_view *v = &seen.v[i];
		bool file = v->inode || v->dev_major || v->dev_minor;
		bool fits = (v->prot & flags & 15) == (flags & 15) &&
			    (file || !(flags & PROCMAPS_FILE));

		if (v->end <= addr || is_vsyscall(v))
			continue;
		if (!(flags & PROCMAPS_OR_NEXT))
			return v->start <= addr && fits ? v : NULL;
		if (fits)
			return v;
	}
	return NULL;
}

static void query_filters(struct procmaps_source *s, const char *how)
{
	unsigned int asked = 0, right = 0;

	for (unsigned int i = 0; i < seen.n; i++)
		for (unsigned int flags = 0; flags < 0x40; flags++)
			for (int side = 0; side < 3; side++) {
				uint64_t addr = side == 2 ? seen.v[i].end :
						seen.v[i].start - (side == 1);
				const struct vma_view *want =
					expected(addr, flags);
				struct vma_view v = { .start = 0 };
				int ret = procmaps_query(s, addr, flags, NULL,
							 0, &v);

				asked++;
				right += want ? !ret && v.start == want->start
					      : ret == -ENOENT;
			}
	is_u64(right, asked, "%s: %u filtered queries are right", how, asked);
	is_i64(procmaps_query(s, 0, 0x40, NULL, 0, &(struct vma_view){ 0 }),
	       -EINVAL, "%s: an unknown flag is refused", how);
}

static void name_sizes(struct procmaps_source *s, const char *how)
{
	static char name[NAME];
	struct vma_view v;

	for (unsigned int i = 0; i < seen.n; i++) {
		const struct vma_view *want = &seen.v[i];

		if (!memmem(want->name, want->name_len, "/new\\012line", 12))
			continue;
		is_i64(procmaps_query(s, want->start, 0, name, want->name_len,
				      &v), -ENAMETOOLONG,
		       "%s: no room for the NUL", how);
		is_i64(procmaps_query(s, want->start, 0, name,
				      want->name_len - 3, &v), -ENAMETOOLONG,
		       "%s: room only before it is escaped", how);
		memset(name, 'x', sizeof(name));
		is_i64(procmaps_query(s, want->start, 0, name,
				      want->name_len + 1, &v), 0,
		       "%s: just enough", how);
		is_u64(name[want->name_len + 1], 'x', "%s: no byte more", how);
		ok(same_view(&v, want), "%s: the name is whole", how);
	}
}

/*
 *	|  rw  |  r  |  rw  |   hole   |
 *	a      b     c      d
 */
static void boundaries(struct procmaps_source *s, const char *how)
{
	char *a = mmap(NULL, 5 * 4096, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	munmap(a + 3 * 4096, 2 * 4096);
	is_i64(procmaps_boundary(s, (uintptr_t)a + 4096), 0,
	       "%s: inside one mapping", how);
	mprotect(a + 4096, 4096, PROT_READ);
	is_i64(procmaps_boundary(s, (uintptr_t)a + 4096), 1,
	       "%s: two mappings meet", how);
	is_i64(procmaps_boundary(s, (uintptr_t)a + 3 * 4096), 1,
	       "%s: a mapping ends at a hole", how);
	is_i64(procmaps_boundary(s, (uintptr_t)a + 4 * 4096), 1,
	       "%s: nothing on either side", how);
	munmap(a, 3 * 4096);
}

static void test_queries(struct procmaps_source *s, const char *how)
{
	take_all(s);
	query_all(s, how);
	query_filters(s, how);
	name_sizes(s, how);
	boundaries(s, how);
}

static void test_a_closed_descriptor_is_opened_again(struct procmaps_source *s)
{
	struct vma_view v;

	ok(s->maps.fd >= 500, "the descriptor stands high: %d", s->maps.fd);
	ok(fcntl(s->maps.fd, F_GETFD) & FD_CLOEXEC, "it is not inherited");
	close(s->maps.fd);
	is_i64(take_all(s), 0, "closed by the program: maps are read");
	close(s->maps.fd);
	is_i64(procmaps_query(s, (uintptr_t)s, 0, NULL, 0, &v), 0,
	       "and queried");
	ok(s->maps.fd >= 500, "through a high descriptor again");
}

static void test_a_replaced_descriptor_is_left_alone(struct procmaps_source *s)
{
	static const char theirs[] = "not a line of maps\n";
	int fd = memfd_create("theirs", 0), high = s->maps.fd;
	char back[64];

	if (write(fd, theirs, strlen(theirs)) < 0 || dup2(fd, high) != high)
		abort();
	is_i64(take_all(s), 0, "replaced by the program: maps are read");
	ok(s->maps.fd != high, "through another descriptor");
	is_i64(pread(high, back, sizeof(back), 0), (int)strlen(theirs),
	       "the program's own is open and whole");
	procmaps_close(s);
	is_i64(fcntl(high, F_GETFD), 0, "to the end");
	close(high);
	close(fd);
	is_i64(procmaps_reopen(s), 0, "reopened");
}

static void test_a_closed_source_leaves_nothing_open(struct procmaps_source *s)
{
	int fd = s->maps.fd;

	procmaps_close(s);
	is_i64(fcntl(fd, F_GETFD), -1, "the descriptor is closed");
	is_i64(take_all(s), 0, "and comes back when it is needed");
}

static void test_a_frozen_source_opens_nothing(struct procmaps_source *s)
{
	struct vma_view v;

	s->frozen = true;
	is_i64(procmaps_query(s, (uintptr_t)s, 0, NULL, 0, &v), 0,
	       "what is open is used");
	close(s->maps.fd);
	is_i64(take_all(s), -EBADF, "what is closed stays closed: text");
	is_i64(procmaps_query(s, (uintptr_t)s, 0, NULL, 0, &v), -EBADF,
	       "and query");
	s->frozen = false;
}

static void *open_in_thread(void *arg)
{
	procmaps_reopen(arg);
	return NULL;
}

/* A read through a thread that has ended says ESRCH. */
static void test_the_thread_that_opened_it_may_end(struct procmaps_source *s)
{
	pthread_t thread;
	struct stat st;
	char path[64];
	int task;

	pthread_create(&thread, NULL, open_in_thread, s);
	pthread_join(thread, NULL);
	task = s->maps.fd;
	/* The kernel lets the task go a little after join. */
	for (int i = 0; i < 1000; i++) {
		if (pread(task, path, sizeof(path), 0) < 0)
			break;
		usleep(1000);
	}
	is_i64(fstat(task, &st), 0, "its descriptor is still there");
	is_i64(take_all(s), 0, "the text is read all the same");
	ok(seen.n > 20, "and whole");
}

static void test_a_fork_child_reads_its_own(struct procmaps_source *s)
{
	char *page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS,
			  -1, 0);
	int status;
	pid_t pid = fork();

	if (!pid) {
		struct vma_view v;

		munmap(page, 4096);
		if (procmaps_reopen(s) || take_all(s))
			_exit(1);
		for (unsigned int i = 0; i < seen.n; i++)
			if (seen.v[i].start <= (uintptr_t)page &&
			    seen.v[i].end > (uintptr_t)page)
				_exit(2);
		_exit(procmaps_query(s, (uintptr_t)page, 0, NULL, 0, &v) ==
		      -ENOENT ? 0 : 3);
	}
	waitpid(pid, &status, 0);
	is_i64(status, 0, "after procmaps_reopen()");
	munmap(page, 4096);
}

static void test_few_descriptors_are_allowed(void)
{
	static const rlim_t limits[] = { 600, 500, 300, 64, 16 };
	struct procmaps_source s;
	struct rlimit old, now;

	getrlimit(RLIMIT_NOFILE, &old);
	for (size_t i = 0; i < sizeof(limits) / sizeof(*limits); i++) {
		now = (struct rlimit){ limits[i], old.rlim_max };
		setrlimit(RLIMIT_NOFILE, &now);
		is_i64(procmaps_open(&s, scratch, sizeof(scratch)), 0,
		       "RLIMIT_NOFILE of %lu", (unsigned long)limits[i]);
		ok(s.maps.fd < (int)limits[i] &&
		   s.maps.fd >= (limits[i] > 500 ? 500 : (int)limits[i] / 4),
		   "as high as it may: %d", s.maps.fd);
		procmaps_close(&s);
	}
	now = (struct rlimit){ 3, old.rlim_max };
	setrlimit(RLIMIT_NOFILE, &now);
	is_i64(procmaps_open(&s, scratch, sizeof(scratch)), -EMFILE,
	       "none at all is an error");
	setrlimit(RLIMIT_NOFILE, &old);
	is_i64(procmaps_query(&s, (uintptr_t)&s, 0, NULL, 0,
			      &(struct vma_view){ 0 }), 0,
	       "that is over when there are");
	procmaps_close(&s);
}

/* A path over PATH_MAX: the ioctl cannot say it, the text can. */
static void test_a_path_longer_than_the_kernels_own_limit(
	struct procmaps_source *s)
{
	static char name[NAME], component[200];
	struct vma_view v = { .start = 0 };
	int at = open(dir, O_DIRECTORY | O_PATH), fd;
	void *page;

	memset(component, 'd', sizeof(component) - 1);
	for (int i = 0; i < 25; i++) {
		int next;

		mkdirat(at, component, 0700);
		next = openat(at, component, O_DIRECTORY | O_PATH);
		close(at);
		at = next;
	}
	fd = openat(at, "deep", O_CREAT | O_RDWR, 0600);
	close(at);
	if (fd < 0 || ftruncate(fd, 4096))
		abort();
	page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	is_i64(procmaps_query(s, (uintptr_t)page, 0, name, NAME, &v), 0,
	       "the query succeeds");
	ok(v.name_len > 5000 && !strcmp(name + v.name_len - 5, "/deep"),
	   "with a name of %u bytes", v.name_len);
	is_i64(procmaps_query(s, (uintptr_t)page, 0, name, 4096, &v),
	       -ENAMETOOLONG, "unless there is no room for it");
	munmap(page, 4096);
}

static int count_smaps(void *ctx, const struct smaps_entry *e)
{
	unsigned int *n = ctx;

	if (*n < seen.n && same_view(&seen.v[*n], &e->view) && !e->unknown)
		++*n;
	return 0;
}

struct probe {
	uint64_t addr;
	struct smaps_entry e;
};

static int find_entry(void *ctx, const struct smaps_entry *e)
{
	struct probe *p = ctx;

	if (e->view.start <= p->addr && e->view.end > p->addr)
		p->e = *e;
	return 0;
}

static void test_smaps(struct procmaps_source *s)
{
	char *page = mmap(NULL, 8192, PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct probe p = { .addr = (uintptr_t)page };
	unsigned int n = 0;

	munmap(page + 4096, 4096);
	page = mmap(page, 4096, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	madvise(page, 4096, MADV_DONTFORK);
	take_all(s);
	is_i64(procmaps_each_smaps(buf, sizeof(buf), count_smaps, &n), 0,
	       "smaps are read");
	is_u64(n, seen.n, "and list what maps lists");
	procmaps_each_smaps(buf, sizeof(buf), find_entry, &p);
	is_u64(p.e.vm_flags & 0x20003, 0x20003, "VM_DONTCOPY is seen");
	ok(!p.e.faulted, "the page is untouched");
	*page = 1;
	procmaps_each_smaps(buf, sizeof(buf), find_entry, &p);
	ok(p.e.faulted, "and then it is not");
	munmap(page, 4096);
}

extern char etext[] __attribute__((weak)), edata[] __attribute__((weak));

static void test_stat(void)
{
	uintptr_t brk = (uintptr_t)sbrk(0);
	struct procmaps_stat st;

	is_i64(procmaps_read_stat(&st, buf, 1024), 0, "stat is read");
	ok(st.start_code < (uintptr_t)test_stat &&
	   st.end_code > (uintptr_t)test_stat, "this function is code");
	ok(st.start_data <= (uintptr_t)dir && st.end_data > (uintptr_t)dir,
	   "initialised data are data");
	ok(st.start_brk <= brk && st.start_brk + (1UL << 30) > brk,
	   "the heap begins below the break");
	ok(st.start_stack > (uintptr_t)&st &&
	   st.start_stack < (uintptr_t)&st + (8UL << 20),
	   "the stack began above this frame");
	is_i64(procmaps_read_stat(&st, buf, 100), -EINVAL,
	       "a buffer too small is seen");
}

int main(void)
{
	struct procmaps_source s;

	if (!mkdtemp(dir))
		return 99;
	map_odd_things();
	is_i64(procmaps_open(&s, scratch, sizeof(scratch)), 0, "it opens");
	test_the_text_is_read_whole(&s);
	test_the_callback_ends_the_walk(&s);
	test_queries(&s, s.no_query ? "text (no ioctl here)" : "ioctl");
	test_a_path_longer_than_the_kernels_own_limit(&s);
	if (s.no_query)
		skip("this kernel has no PROCMAP_QUERY");
	s.no_query = true;
	test_queries(&s, "text");
	s.no_query = false;
	test_a_closed_descriptor_is_opened_again(&s);
	test_a_replaced_descriptor_is_left_alone(&s);
	test_a_closed_source_leaves_nothing_open(&s);
	test_a_frozen_source_opens_nothing(&s);
	test_the_thread_that_opened_it_may_end(&s);
	test_a_fork_child_reads_its_own(&s);
	test_smaps(&s);
	test_stat();
	test_few_descriptors_are_allowed();
	procmaps_close(&s);
	remove_files();
	return done_testing();
}
