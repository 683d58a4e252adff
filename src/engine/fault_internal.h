/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between fault.c and fault_user.c. */
#ifndef VS_ENGINE_FAULT_INTERNAL_H
#define VS_ENGINE_FAULT_INTERNAL_H

#include "engine/fault.h"
#include "engine/internal.h"

/* How a fault ends: one of these is called once. */
void fault_signal(struct fault_verdict *v, int signal, int si_code,
		  enum fault_reason reason);
void fault_ends(struct fault_verdict *v, enum fault_outcome outcome,
		enum fault_reason reason);
void fault_lacks(struct fault_verdict *v, enum fault_needs needs);

/* A fault of the kernel's own instruction that nothing resolves. */
void fault_no_context(const struct mm_fault *f, struct fault_verdict *v,
		      enum fault_reason reason);
/* SIGSEGV with SEGV_MAPERR, whatever is mapped there. */
void bad_area_nosemaphore(const struct mm_fault *f, struct fault_verdict *v,
			  enum fault_reason reason);
/* A fault on an address of the program's half. */
void do_user_addr_fault(struct mm_struct *mm, const struct mm_fault *f,
			struct fault_verdict *v);

#endif
