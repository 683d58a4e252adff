/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The mirror seeded from the kernel: at start, and anew when what it held
 * cannot be trusted any more (an owner died while it changed the tree, a fork
 * caught another thread inside). One read of smaps: lines, VmFlags, and whether
 * pages were ever written.
 */
#include <errno.h>

#include "base/compiler.h"
#include "base/raw_syscall.h"
#include "shadow/buffers.h"
#include "shadow/door.h"
#include "shadow/policy.h"
#include "shadow/trace.h"
#include "shadow/trace_format.h"
#include "shadow/uffd.h"

char shadow_text_buf[PROCMAPS_BUF];
char shadow_name_buf[SHADOW_NAME_BUF];

int shadow_query(unsigned long addr, unsigned int flags, struct vma_view *out)
{
	return procmaps_query(&shadow.maps, addr, flags, shadow_name_buf,
			      sizeof(shadow_name_buf), out);
}

static int seed_one(void *ctx, const struct smaps_entry *e)
{
	struct vm_area_struct *vma;
	struct mm_file *file;

	(void)ctx;
	if (e->view.start >= shadow.mm.task_size) {	/* [vsyscall] */
		trace_gate = e->view.prot | TRACE_GATE;
		return 0;
	}
	/*
	 * The text is no snapshot: a line may come again, longer, when an
	 * unordered call merged it meanwhile. That call's range is read when it
	 * is settled.
	 */
	if (e->view.start < shadow.mm.highest_vm_end)
		return 0;
	file = shadow_file(&e->view);
	if (shadow.mm.pool_free < MM_RESERVE && !memory_spare_vmas())
		return -EAGAIN;
	vma = mm_seed(&shadow.mm, &e->view, file, e->vm_flags, !e->unknown,
		      e->faulted);
	if (!vma)
		return -EINVAL;
	if (memory_is_own(&e->view))
		vma->bits |= VMA_OWN;
	if (unlikely(e->vm_flags & VM_UFFD))
		vma->uffd = uffd_id_unknown();
	return 0;
}

/* What survives: rules, limits, event numbers, the ids that must not recur. */
static void reset_mm(void)
{
	static struct mm_struct old;	/* [lock] */
	struct mm_struct *mm = &shadow.mm;

	old = *mm;
	mm_init(mm, &old.rules);
	mm->event = old.event;
	mm->next_ofd = old.next_ofd;
	mm->next_anon_vma = old.next_anon_vma;
	mm->max_map_count = old.max_map_count;
	mm->map_count_peak = old.map_count_peak;
	mm->rlim = old.rlim;
	mm->personality = old.personality;
	mm->mmap_base = old.mmap_base;
	mm->legacy_layout = old.legacy_layout;
	mm->task_size = old.task_size;
	mm->def_flags = old.def_flags;
	mm->guards = old.guards;
	mm->file_release = old.file_release;
	mm->anon_label = old.anon_label;
	mm->anon_name_id = old.anon_name_id;
	mm->policy_home = old.policy_home;
	memory_reset_vmas();
}

int shadow_read_marks(void)
{
	struct mm_struct *mm = &shadow.mm;
	struct procmaps_stat st;
	int err = procmaps_read_stat(&st, shadow_text_buf,
				     sizeof(shadow_text_buf));

	if (err)
		return err;
	mm->start_code = st.start_code;
	mm->end_code = st.end_code;
	mm->start_data = st.start_data;
	mm->end_data = st.end_data;
	mm->start_brk = st.start_brk;
	mm->start_stack = st.start_stack;
	mm->brk = (unsigned long)raw_sys1(SYS_brk, 0);
	if (shadow.mode == SHADOW_LIVE)
		shadow.count.own++;
	return 0;
}

static int read_all(void)
{
	int err;

	reset_mm();
	err = shadow_read_marks();
	if (!err)
		err = procmaps_each_smaps(shadow_text_buf,
					  sizeof(shadow_text_buf), seed_one,
					  NULL);
	if (!err)
		policy_reread(0, ~0UL);
	return err;
}

/*
 * When memory runs out half-way, a chunk is mapped and all is read again: the
 * chunk is a line of its own by then, which may lie in the part already read. It
 * must not be linked into the half.
 */
int shadow_rebuild(void)
{
	unsigned int chunks;
	int err;

	if (shadow.sealed)
		return -EPERM;
	door_forget(0, ~0UL);
	shadow.engaged = shadow.rebuilding = true;
	do {
		chunks = memory_chunks;
		err = read_all();
	} while (err == -EAGAIN ? memory_more_vmas()
				: !err && chunks != memory_chunks);
	shadow.engaged = shadow.rebuilding = false;
	shadow.seq++;
	if (shadow.mode == SHADOW_LIVE)
		shadow.count.rebuilt++;
	if (err)
		shadow_give_up("the kernel's list of mappings cannot be read");
	else
		trace_state(0, ~0UL);
	return err;
}

static int learn_one(void *ctx, const struct smaps_entry *e)
{
	const unsigned long *range = ctx;

	if (e->view.end > range[0] && e->view.start < range[1] && !e->unknown)
		mm_learn(&shadow.mm, e->view.start, e->view.end, e->vm_flags,
			 e->vm_flags & VM_UFFD ? uffd_id_unknown() : 0);
	return 0;
}

void shadow_reread(unsigned long start, unsigned long end)
{
	unsigned long range[2] = { start, end };

	if (!shadow.sealed)
		procmaps_each_smaps(shadow_text_buf, sizeof(shadow_text_buf),
				    learn_one, range);
	trace_state(start, end);
}
