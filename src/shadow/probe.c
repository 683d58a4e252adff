/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The boundary probe: an mremap that must fail. Asked to grow two pages beyond
 * the end of the address space, without leave to move, the kernel first looks
 * whether both lie in one VMA (EFAULT if not) and then for room, which there
 * cannot be (ENOMEM; EAGAIN if it is locked memory over its limit).
 *
 * The length must be one that the kernel does not refuse as such, which it does
 * beyond TASK_SIZE (EINVAL, since 6.17), and yet end beyond it from anywhere.
 * So TASK_SIZE has to be known: the larger is tried first, as it never can
 * succeed, and only a kernel that calls it invalid is asked with the smaller.
 */
#include <errno.h>

#include "base/compiler.h"
#include "base/raw_syscall.h"
#include "engine/engine.h"
#include "shadow/probe.h"

#define SIZE_5_LEVEL	((1UL << 56) - PAGE_SIZE)
#define SIZE_4_LEVEL	((1UL << 47) - PAGE_SIZE)
#define LENGTH_5_LEVEL	(SIZE_5_LEVEL - PAGE_SIZE)
#define LENGTH_4_LEVEL	(SIZE_4_LEVEL - PAGE_SIZE)

/*
 * The length that this kernel took, once one was taken. A property of the
 * machine, so it does not matter who finds it out, nor how often.
 */
static unsigned long taken;

static long ask(unsigned long addr, unsigned long length)
{
	return raw_sys4(SYS_mremap, addr - PAGE_SIZE, 2 * PAGE_SIZE, length, 0);
}

int probe_boundary(unsigned long addr)
{
	unsigned long length = __atomic_load_n(&taken, __ATOMIC_RELAXED);
	long ret = ask(addr, length ? length : LENGTH_5_LEVEL);

	if (ret == -EINVAL && !length) {
		length = LENGTH_4_LEVEL;
		ret = ask(addr, length);
		if (ret != -EINVAL)
			__atomic_store_n(&taken, length, __ATOMIC_RELAXED);
	}
	switch (ret) {
	case -EFAULT:
		return MM_BOUNDARY_YES;
	case -ENOMEM:
	case -EAGAIN:
		return MM_BOUNDARY_NO;
	}
	return MM_BOUNDARY_UNKNOWN;
}

/* To unmap nothing is fine, except beyond the end of the address space. */
unsigned long probe_task_size(void)
{
	long ret = raw_sys2(SYS_munmap, SIZE_5_LEVEL - PAGE_SIZE, PAGE_SIZE);

	return ret ? SIZE_4_LEVEL : SIZE_5_LEVEL;
}
