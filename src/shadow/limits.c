/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What bounds the address space, read once at start: resource limits and the
 * marks of the layout. A program that changes a limit later is not followed;
 * that costs a prediction, never a line of the mirror.
 */
#include <linux/capability.h>
#include <sys/resource.h>

#include "base/compiler.h"
#include "base/raw_syscall.h"
#include "base/str.h"
#include "shadow/door.h"
#include "shadow/limits.h"
#include "shadow/probe.h"

#define DEFAULT_MAX_MAP_COUNT 65530
#define ADDR_COMPAT_LAYOUT 0x0200000
#define LEGACY_LAYOUT	"/proc/sys/vm/legacy_va_layout"
/* A third of what four page table levels span: no base is lower. */
#define LEGACY_BASE_MIN	PAGE_ALIGN(((1UL << 47) - PAGE_SIZE) / 3)

static unsigned long limit(unsigned int which)
{
	struct rlimit r;

	if (raw_sys4(SYS_prlimit64, 0, which, NULL, &r) ||
	    r.rlim_cur == RLIM_INFINITY)
		return ~0UL;
	return r.rlim_cur;
}

static bool may_lock(void)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[2] = { { 0 } };

	return !raw_sys2(SYS_capget, &header, data) &&
	       data[0].effective >> CAP_IPC_LOCK & 1;
}

unsigned long limits_read_number(const char *path, unsigned long fallback)
{
	char text[24];
	uint64_t v;
	long fd, n;

	fd = raw_sys3(SYS_open, path, 0 /* O_RDONLY */, 0);
	if (raw_is_error(fd))
		return fallback;
	n = raw_sys3(SYS_read, fd, text, sizeof(text));
	raw_sys1(SYS_close, fd);
	while (n > 0 && (text[n - 1] < '0' || text[n - 1] > '9'))
		n--;
	if (n <= 0 || str_to_u64(text, (size_t)n, 10, &v))
		return fallback;
	return v;
}

void limits_start(void)
{
	struct mm_struct *mm = &shadow.mm;

	mm->rlim.as = limit(RLIMIT_AS);
	mm->rlim.data = limit(RLIMIT_DATA);
	mm->rlim.stack = limit(RLIMIT_STACK);
	mm->rlim.memlock = limit(RLIMIT_MEMLOCK);
	mm->rlim.ipc_lock = may_lock();
	mm->personality = (unsigned long)raw_sys1(SYS_personality, 0xffffffff);
	mm->legacy_layout = mm->personality & ADDR_COMPAT_LAYOUT ||
			    limits_read_number(LEGACY_LAYOUT, 0);
	mm->task_size = probe_task_size();
	mm->max_map_count = (unsigned int)
		limits_read_number("/proc/sys/vm/max_map_count",
				   DEFAULT_MAX_MAP_COUNT);
}

/*
 * Nothing says where mmap_base is, but at start the topmost mapping below the
 * stack was placed first and ends there; where places are given bottom-up, the
 * lowest one begins there.
 */
void limits_find_base(void)
{
	const struct vm_area_struct *stack =
		find_vma(&shadow.mm, shadow.mm.start_stack);
	const struct vm_area_struct *lowest =
		find_vma(&shadow.mm, LEGACY_BASE_MIN);

	if (shadow.mm.legacy_layout && lowest)
		shadow.mm.mmap_base = lowest->vm_start;
	else if (stack && stack->vm_prev)
		shadow.mm.mmap_base = stack->vm_prev->vm_end;
}

/* Nine tenths: time to look, not yet too late. */
void shadow_watch_limit(void)
{
	const struct mm_struct *mm = &shadow.mm;

	if (likely(mm->map_count < mm->max_map_count / 10 * 9) ||
	    shadow.limit_said)
		return;
	shadow.limit_said = true;
	shadow_say_limit();
}
