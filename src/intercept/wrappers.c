/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What wrappers.S cannot say itself. */
#include <errno.h>

#include "base/compiler.h"
#include "intercept/wrappers.h"
#include "shadow/calls.h"

_Static_assert(CALL_mmap == 0 && CALL_munmap == 1 && CALL_mremap == 3 &&
	       CALL_mprotect == 4 && CALL_pkey_mprotect == 5 &&
	       CALL_madvise == 6 && CALL_mlock == 7 && CALL_mlock2 == 8 &&
	       CALL_munlock == 9 && CALL_mlockall == 10 &&
	       CALL_munlockall == 11 && CALL_shmat == 12 && CALL_shmdt == 13 &&
	       CALL_remap_file_pages == 14 && CALL_mbind == 15 &&
	       CALL_prctl == 26, "wrappers.S counts as calls.h does");
_Static_assert(CALLS_NUMBERS == WRAPPER_NUMBERS, "size of calls_index[]");

long wrapper_error(long ret)
{
	errno = (int)-ret;
	return -1;
}
