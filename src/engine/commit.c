/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The face of the engine: an address space begins, a call is prepared, and the
 * kernel's answer goes to the function that knows this call.
 */
#include "engine/internal.h"

#include "base/str.h"

/* 2^47 less the guard page: TASK_SIZE_MAX with four page table levels. */
#define TASK_SIZE_DEFAULT ((1UL << 47) - PAGE_SIZE)

void mm_init(struct mm_struct *mm, const struct mm_rules *rules)
{
	memset(mm, 0, sizeof(*mm));
	mm->rules = *rules;
	mm->task_size = TASK_SIZE_DEFAULT;
	mm->mmap_base = TASK_SIZE_DEFAULT;
	mm->max_map_count = 65530;
	mm->rlim.as = mm->rlim.data = mm->rlim.stack = mm->rlim.memlock = ~0UL;
}

int mm_prepare(struct mm_struct *mm, struct mm_op *op)
{
	unsigned int need = MM_RESERVE;

	if (op->call == MM_MREMAP)
		need += mremap_reserve(mm, op);
	if (mm->pool_free < need)
		return -ENOMEM;
	op->nr_asked = 0;
	op->phase = 0;
	op->cursor = op->cursor_end = 0;
	op->unknown_start = op->unknown_end = 0;
	op->touched_start = op->touched_end = 0;
	op->verdict_known = op->place_known = false;
	predict(mm, op);
	return 0;
}

static int (*const commit[])(struct mm_struct *mm, struct mm_op *op) = {
	[MM_MMAP] = commit_mmap,
	[MM_MUNMAP] = commit_munmap,
	[MM_BRK] = commit_brk,
	[MM_MREMAP] = commit_mremap,
	[MM_MPROTECT] = commit_mprotect,
	[MM_MADVISE] = commit_madvise,
	[MM_MLOCK] = commit_mlock,
	[MM_MUNLOCK] = commit_munlock,
	[MM_MLOCKALL] = commit_mlockall,
	[MM_MUNLOCKALL] = commit_munlockall,
	[MM_MBIND] = commit_mbind,
	[MM_SHMAT] = commit_shmat,
	[MM_SHMDT] = commit_shmdt,
	[MM_REMAP_FILE_PAGES] = commit_remap_file_pages,
	[MM_SET_ANON_NAME] = commit_set_anon_name,
	[MM_MSEAL] = commit_mseal,
	[MM_HOME_NODE] = commit_home_node,
	[MM_MEMORY_MERGE] = commit_memory_merge,
	[MM_UFFD_REGISTER] = commit_uffd_register,
	[MM_UFFD_UNREGISTER] = commit_uffd_unregister,
	[MM_UFFD_RELEASE] = commit_uffd_release,
};

/*
 * A file that the call brought may lose its last VMA and get a new one in the
 * same call: it is held, and not released, until the call is through.
 */
int mm_commit(struct mm_struct *mm, struct mm_op *op)
{
	struct mm_file *held = op->file;
	int result;

	if (op->call >= ARRAY_SIZE(commit) || !commit[op->call])
		return MM_DONE;
	if (held)
		held->mapcount++;
	result = commit[op->call](mm, op);
	if (held)
		held->mapcount--;
	VS_DEBUG_ASSERT(result != MM_DONE || !validate_mm(mm));
	return result;
}
