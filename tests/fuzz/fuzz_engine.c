/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Streams of calls, through the engine and through the flat array of pages.
 *
 * Each call is made in the array first, which gives the kernel's answer; the
 * engine then has to say the same in advance where it claims to know, ask only
 * what the array can answer, and afterwards have the very same mappings. What
 * it believes about the hidden state (flags, anon_vma, who shares one) may be
 * vague but must include the truth.
 *
 * An input: one byte for the rules, then five for each call.
 */
#include <errno.h>
#include <linux/mman.h>
#include <stdio.h>
#include <string.h>

#include "engine/internal.h"
#include "engine/rules.h"

#include "fuzz.h"
#include "pages.h"

const char fuzz_name[] = "engine";
const size_t fuzz_longest = 400, fuzz_head = 1, fuzz_unit = 5;

#define ROOM	512
#define FILES	64		/* 0 to 2 are files, the rest shared memory */
#define WALL_END ((1UL << 47) - PAGE_SIZE)

static struct mm_struct mm;
static struct vm_area_struct pool[ROOM];
static struct mm_rules rules;
static struct mm_file files[FILES], wall_file[2];
static bool file_used[FILES];
static struct kernel kernel;
static struct mm_op op;
static unsigned int step;

static struct {
	unsigned long calls, asked, adopted, foretold, placed;
} stats;

void fuzz_summary(void)
{
	printf("# %lu calls: asked %lu, adopted after %lu, results foretold "
	       "%lu, places foretold %lu\n", stats.calls, stats.asked,
	       stats.adopted, stats.foretold, stats.placed);
}

static void release(struct mm_struct *m, struct mm_file *file)
{
	(void)m;
	if (file >= &files[3] && file < &files[FILES])
		file_used[file - files] = false;
}

static const char *const labels[] = { "", "[anon:1]", "[anon:2]" };

static uint32_t label_id(struct mm_struct *m, const char *label, uint32_t len)
{
	(void)m;
	return len == 8 && !memcmp(label, "[anon:", 6)
		? (uint32_t)(label[6] - '0') : 0;
}

static void seed_wall(int i, unsigned long start, unsigned long end)
{
	struct vma_view v = { .start = start, .end = end, .name = "[wall]",
			      .name_len = 6 };

	wall_file[i] = (struct mm_file){
		.flags = MM_FILE_SPECIAL, .name = "[wall]", .name_len = 6,
	};
	if (!mm_seed(&mm, &v, &wall_file[i], VM_IO | VM_DONTEXPAND | VM_PFNMAP,
		     true, false))
		fuzz_fail("a wall could not be seeded");
}

static void begin(uint8_t choice)
{
	rules = rule_sets[choice % 16 % RULE_SETS].rules;
	rules.anon_names = choice & 128;
	rules.stack_guard_gap = 4 * PAGE_SIZE;
	memset(pool, 0, sizeof(pool));
	memset(files, 0, sizeof(files));
	memset(file_used, 0, sizeof(file_used));
	mm_init(&mm, &rules);
	mm_pool_add(&mm, pool, sizeof(pool));
	mm.file_release = release;
	mm.anon_name_id = label_id;
	mm.mmap_base = P(NR);
	mm.start_brk = mm.brk = P(HEAP);
	kernel = (struct kernel){ .rules = &rules, .brk = HEAP };
	for (unsigned int i = 0; i < 3; i++) {
		files[i].inode = i < 2 ? 100 : 200;
		files[i].name = "/file";
		files[i].name_len = 5;
	}
	seed_wall(0, PAGE_SIZE, P(0));
	seed_wall(1, P(NR), WALL_END);
	step = 0;
}

/* --- is it the same? ---------------------------------------------------------- */

static int page_of(unsigned long addr)
{
	long page = (long)(addr - BASE) >> PAGE_SHIFT;

	return page < 0 ? -1 : page > NR ? NR + 1 : (int)page;
}

static unsigned int state_of(const struct page *p)
{
	if (!p->anon)
		return ANON_NONE;
	return p->forked ? ANON_FORKED : ANON_FAULTED;
}

static void compare_extent(const struct vm_area_struct *vma)
{
	int s = page_of(vma->vm_start), e = page_of(vma->vm_end);

	if (s < 0 || e > NR)
		fuzz_fail("step %u: a mapping at %d+%d", step, s, e - s);
	for (int i = s; i < e; i++)
		if (!kernel.page[i].mapped || kernel.page[i].first != (i == s))
			fuzz_fail("step %u: %d+%d is not one mapping at page "
				  "%d", step, s, e - s, i);
	if (!boundary(&kernel, e))
		fuzz_fail("step %u: %d+%d goes on behind its end", step, s,
			  e - s);
}

static void compare_vma(const struct vm_area_struct *vma)
{
	int s = page_of(vma->vm_start);
	const struct page *p = &kernel.page[s];
	uint64_t wrong = (vma->vm_flags ^ p->flags) & PAGE_FLAGS &
			 ~(uint64_t)vma->vm_unsure;
	bool pgoff_sure = !(vma->bits & VMA_PGOFF_UNSURE);

	if (wrong)
		fuzz_fail("step %u: page %d has flags %llx, not %llx", step, s,
			  (unsigned long long)p->flags,
			  (unsigned long long)vma->vm_flags);
	if (vma->vm_file != p->file)
		fuzz_fail("step %u: page %d is of another file", step, s);
	if ((p->file || pgoff_sure) && vma->vm_pgoff != (unsigned long)p->pgoff)
		fuzz_fail("step %u: page %d has offset %lx, not %lx", step, s,
			  p->pgoff, vma->vm_pgoff);
	if (vma->vm_policy != p->policy || vma->anon_name != p->name)
		fuzz_fail("step %u: page %d has policy %u, name %u", step, s,
			  p->policy, p->name);
	if (!(vma->anon_state & state_of(p)))
		fuzz_fail("step %u: page %d is in state %u, not in %u", step, s,
			  state_of(p), vma->anon_state);
}

/* What two mappings are said to share, they share, and the other way round. */
static void compare_objects(const struct vm_area_struct *a,
			    const struct vm_area_struct *b)
{
	const struct page *p = &kernel.page[page_of(a->vm_start)];
	const struct page *q = &kernel.page[page_of(b->vm_start)];
	bool same = p->anon == q->anon;
	uint32_t ida = a->anon_vma, idb = b->anon_vma;

	if (!p->anon || !q->anon)
		return;
	if (!p->forked && a->anon_state & ANON_FORKED)
		ida = 0;
	if (!q->forked && b->anon_state & ANON_FORKED)
		idb = 0;
	if (ida && idb && (ida == idb) != same)
		fuzz_fail("step %u: pages %d and %d have %s anon_vma", step,
			  page_of(a->vm_start), page_of(b->vm_start),
			  same ? "the same" : "not the same");
	if (a->vm_next != b)
		return;
	if (b->bits & (same ? VMA_ANON_DIFFERS : VMA_ANON_SAME))
		fuzz_fail("step %u: of page %d another relation was learnt",
			  step, page_of(b->vm_start));
}

static void show(void)
{
	printf("#   ");
	for (int i = 0; i < NR; i++) {
		const struct page *p = &kernel.page[i];

		printf("%s", p->first ? "|" : "");
		if (p->mapped)
			printf("%c", p->anon ? (p->forked ? 'K' : 'F') : 'N');
		else
			printf(".");
	}
	printf("\n");
}

static bool is_wall(const struct vm_area_struct *vma)
{
	return vma->vm_file == &wall_file[0] || vma->vm_file == &wall_file[1];
}

static void compare(void)
{
	struct vm_area_struct *vma, *other;
	unsigned long covered = 0, locked = 0;
	int err = validate_mm(&mm);

	if (fuzz_verbose)
		show();
	if (err)
		fuzz_fail("step %u: law %d is broken", step, err);
	for (vma = mm.mmap; vma; vma = vma->vm_next) {
		if (is_wall(vma))
			continue;
		compare_extent(vma);
		compare_vma(vma);
		covered += vma_pages(vma);
		for (other = vma->vm_next; other; other = other->vm_next)
			if (!is_wall(other))
				compare_objects(vma, other);
	}
	for (int i = 0; i < NR; i++) {
		covered -= kernel.page[i].mapped;
		locked += kernel.page[i].mapped &&
			  kernel.page[i].flags & VM_LOCKED;
	}
	if (covered)
		fuzz_fail("step %u: not all is mapped that should be", step);
	if (locked != mm.locked_vm)
		fuzz_fail("step %u: %lu pages are locked, not %lu", step,
			  locked, mm.locked_vm);
	if (mm.brk != P(kernel.brk))
		fuzz_fail("step %u: the break is at %d", step, kernel.brk);
}

/* --- one call ------------------------------------------------------------------ */

/* What the engine gave up is read from the kernel: whole mappings. */
static void adopt(void)
{
	static struct vma_view views[NR];
	static struct mm_file *of[NR];
	int s = page_of(op.unknown_start), e = page_of(op.unknown_end), end;
	unsigned int n = 0;

	s = s < 0 ? 0 : s;
	e = e > NR ? NR : e;
	if (s >= e)
		return;
	while (!boundary(&kernel, s))
		s--;
	while (!boundary(&kernel, e))
		e++;
	for (int i = s; i < e; i = end) {
		const struct page *p = &kernel.page[i];

		end = i + 1;
		if (!p->mapped)
			continue;
		end = vma_end(&kernel, i);
		views[n] = (struct vma_view){
			.start = P(i), .end = P(end),
			.offset = p->file ? (uint64_t)p->pgoff << 12 : 0,
			.inode = p->file ? p->file->inode : 0,
			.prot = (uint8_t)(p->flags & VM_ACCESS_FLAGS),
			.name = p->name || !p->file ? labels[p->name]
						    : p->file->name,
		};
		views[n].name_len = (uint32_t)strlen(views[n].name);
		if (p->flags & VM_MAYSHARE)
			views[n].prot |= VIEW_SHARED;
		of[n++] = p->file;
	}
	stats.adopted++;
	if (mm_adopt(&mm, P(s), P(e), views, of, n))
		fuzz_fail("step %u: too little memory to adopt", step);
}

/* The kernel answered @ret: had it been foretold? */
static void judge(long ret)
{
	if (!op.verdict_known)
		return;
	stats.foretold++;
	if (is_error(op.predicted) != is_error(ret) ||
	    (is_error(ret) && op.predicted != ret))
		fuzz_fail("step %u: %ld was foretold, not %ld", step,
			  op.predicted, ret);
	if (!op.place_known || is_error(ret))
		return;
	stats.placed++;
	if (op.predicted != ret)
		fuzz_fail("step %u: page %d was foretold, not %d", step,
			  page_of((unsigned long)op.predicted),
			  page_of((unsigned long)ret));
}

static void prepare(void)
{
	if (mm_prepare(&mm, &op))
		fuzz_fail("step %u: the pool is empty", step);
}

static void commit(long ret)
{
	unsigned int asks = 0;
	int i;

	judge(ret);
	op.ret = ret;
	stats.calls++;
	while (mm_commit(&mm, &op) == MM_ASK) {
		i = page_of(op.ask);
		if (i < 0 || i > NR || ++asks > 4 * NR)
			fuzz_fail("step %u: asks about page %d", step, i);
		mm_answer(&op, boundary(&kernel, i) ? MM_BOUNDARY_YES
						    : MM_BOUNDARY_NO);
	}
	stats.asked += asks;
	if (op.unknown_start < op.unknown_end)
		adopt();
}

/* --- decoding ------------------------------------------------------------------ */

struct call {
	uint8_t what, a, b, c, d;
	int s, e;		/* a range of pages, from a and b */
};

static void set_range(enum mm_call call, const struct call *c)
{
	op = (struct mm_op){
		.call = call, .addr = P(c->s),
		.len = (unsigned long)(c->e - c->s) * PAGE_SIZE, .pkey = -1,
	};
}

static struct mm_file *shared_memory(void)
{
	for (int i = 3; i < FILES; i++) {
		if (file_used[i])
			continue;
		file_used[i] = true;
		files[i] = (struct mm_file){
			.inode = 1000 + (uint64_t)i,
			.name = "/dev/zero (deleted)", .name_len = 19,
			.flags = MM_FILE_UNIQUE | MM_FILE_ANON_SHM,
		};
		return &files[i];
	}
	return NULL;
}

static const int prots[] = { 3, 1, 0, 7, 3, 5, 1, 2 };

/* c: what kind and which protection, d: where and which offset. */
static void do_mmap(const struct call *c)
{
	static const unsigned long extra[] = {
		0, 0, 0, MAP_NORESERVE, MAP_POPULATE, MAP_LOCKED, MAP_STACK,
		MAP_GROWSDOWN,
	};
	unsigned long flags = MAP_PRIVATE | MAP_ANONYMOUS | extra[c->c & 7];
	struct mm_file *file = NULL;
	int hint = c->s;
	long pgoff = 0;

	set_range(MM_MMAP, c);
	if ((c->c >> 6) == 3) {
		file = &files[(c->d >> 5) % 3];
		pgoff = c->s + ((c->d >> 3) & 1);
		flags &= ~(unsigned long)(MAP_ANONYMOUS | MAP_GROWSDOWN);
	} else if ((c->c >> 6) == 2 && c->d & 8) {
		file = shared_memory();
		flags &= ~(unsigned long)MAP_GROWSDOWN;
		flags = (flags & ~(unsigned long)MAP_PRIVATE) | MAP_SHARED;
	}
	if (c->d & 16 && file) {
		flags &= ~(unsigned long)MAP_PRIVATE;
		flags |= MAP_SHARED;
	}
	switch (c->d & 7) {
	case 0:
		hint = -1;
		op.addr = 0;
		break;
	case 1:
		break;
	case 2:
		flags |= MAP_FIXED_NOREPLACE;
		break;
	default:
		flags |= MAP_FIXED;
	}
	op.prot = prots[(c->c >> 3) & 7];
	op.flags = flags;
	op.anonymous = flags & MAP_ANONYMOUS;
	op.file = file;
	op.off = op.anonymous ? 0 : (unsigned long)pgoff << 12;
	prepare();
	commit(k_mmap(&kernel, hint, c->e - c->s, op.prot, flags, file, pgoff));
	if (file >= &files[3] && !file->mapcount)
		file_used[file - files] = false;
}

static void do_mremap(const struct call *c)
{
	unsigned long flags = c->d & 128 ? MREMAP_MAYMOVE | MREMAP_FIXED
					 : c->d >> 6 & 1;
	int old_len = c->e - c->s, new_len = old_len + (int)(c->c & 7) - 3;
	int to = c->d % 64;

	if (new_len < 1)
		new_len = 1;
	if (flags & MREMAP_FIXED && (c->c & 8 || new_len < old_len))
		new_len = old_len;
	if (to + new_len > NR)
		to = NR - new_len;
	set_range(MM_MREMAP, c);
	op.new_len = (unsigned long)new_len * PAGE_SIZE;
	op.new_addr = flags & MREMAP_FIXED ? P(to) : 0;
	op.flags = flags;
	prepare();
	commit(k_mremap(&kernel, c->s, old_len, new_len, flags, to));
}

static void do_madvise(const struct call *c)
{
	static const int advice[] = {
		MADV_NORMAL, MADV_RANDOM, MADV_SEQUENTIAL, MADV_DONTFORK,
		MADV_DOFORK, MADV_MERGEABLE, MADV_UNMERGEABLE, MADV_HUGEPAGE,
		MADV_NOHUGEPAGE, MADV_DONTDUMP, MADV_DODUMP, MADV_WIPEONFORK,
		MADV_KEEPONFORK, MADV_DONTNEED,
	};
	int a = advice[c->c % ARRAY_SIZE(advice)];

	set_range(MM_MADVISE, c);
	op.flags = (unsigned long)a;
	prepare();
	commit(k_madvise(&kernel, c->s, c->e, a));
}

static void do_lock(const struct call *c)
{
	bool on_fault = c->d & 1;

	set_range(c->c & 1 ? MM_MUNLOCK : MM_MLOCK, c);
	op.flags = op.call == MM_MLOCK && on_fault;
	prepare();
	commit(op.call == MM_MLOCK ? k_mlock(&kernel, c->s, c->e, on_fault)
				   : k_munlock(&kernel, c->s, c->e));
}

static void do_lock_all(const struct call *c)
{
	op = (struct mm_op){
		.call = c->c & 1 ? MM_MUNLOCKALL : MM_MLOCKALL,
		.flags = 1 + c->d % 7U,
	};
	if (op.flags == 4)
		op.flags = 1;
	prepare();
	commit(op.call == MM_MUNLOCKALL ? k_munlockall(&kernel)
					: k_mlockall(&kernel, (int)op.flags));
}

static void do_bind_or_name(const struct call *c)
{
	uint32_t id = c->d % 3U;

	set_range(c->c & 1 ? MM_MBIND : MM_SET_ANON_NAME, c);
	op.policy = op.name = id;
	prepare();
	commit(op.call == MM_MBIND ? k_mbind(&kernel, c->s, c->e, id)
				   : k_name(&kernel, c->s, c->e, id));
}

static void do_brk(const struct call *c)
{
	int to = HEAP + c->c % 16;

	op = (struct mm_op){ .call = MM_BRK, .addr = P(to) };
	prepare();
	commit(k_brk(&kernel, to));
}

/* The program writes; the engine is told of it only if c is even. */
static void do_touch(const struct call *c)
{
	const struct page *p = &kernel.page[c->s];

	if (!p->mapped || !(p->flags & VM_WRITE) || p->flags & VM_MAYSHARE)
		return;
	touch(&kernel, c->s);
	if (!(c->c & 1))
		mm_touch(&mm, P(c->s), P(c->s + 1));
}

static void do_expand(const struct call *c)
{
	bool grew;

	if (kernel.page[c->s].mapped)
		return;
	grew = k_expand(&kernel, c->s);
	if (grew != !expand_stack(&mm, P(c->s)))
		fuzz_fail("step %u: a stack grows to page %d: %d", step, c->s,
			  grew);
}

static void one_call(struct call *c)
{
	c->s = c->a % NR;
	c->e = c->s + 1 + c->b % 12;
	if (c->e > NR)
		c->e = NR;
	if (fuzz_verbose)
		printf("# step %u: call %u, pages %d to %d, %u %u\n", step,
		       c->what % 19U, c->s, c->e, c->c, c->d);
	switch (c->what % 19) {
	case 0 ... 3:
		do_mmap(c);
		break;
	case 4:
		set_range(MM_MUNMAP, c);
		prepare();
		commit(k_munmap(&kernel, c->s, c->e));
		break;
	case 5 ... 8:
		set_range(MM_MPROTECT, c);
		op.prot = prots[c->c % 4];
		prepare();
		commit(k_mprotect(&kernel, c->s, c->e, op.prot));
		break;
	case 9:
		do_madvise(c);
		break;
	case 10:
		do_lock(c);
		break;
	case 11 ... 12:
		do_mremap(c);
		break;
	case 13:
		do_brk(c);
		break;
	case 14:
		do_bind_or_name(c);
		break;
	case 15:
		if (c->c < 128) {
			do_expand(c);
		} else {
			k_fork(&kernel);
			dup_mmap(&mm);
		}
		break;
	case 16:
		if (c->b < 64)
			do_lock_all(c);
		break;
	default:
		do_touch(c);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes b = { data, data + size };
	struct call c;

	begin(take(&b));
	while (b.at < b.end) {
		c.what = take(&b);
		c.a = take(&b);
		c.b = take(&b);
		c.c = take(&b);
		c.d = take(&b);
		step++;
		one_call(&c);
		compare();
	}
	return 0;
}
