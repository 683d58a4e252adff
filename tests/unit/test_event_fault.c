/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A fault in the log, word for word, in both forms. */
#include "base/view.h"
#include "report/event.h"
#include "tap.h"

static char buf[16384];
static const struct report json = { REPORT_JSON, 42, buf, sizeof(buf) };
static const struct report text = { REPORT_TEXT, 42, buf, sizeof(buf) };

#define is_event(call, want, ...)					\
	do {								\
		long len_ = (call);					\
		is_str(buf, want, __VA_ARGS__);				\
		is_i64(len_, (long)strlen(buf), "its length");		\
	} while (0)

#define HEAD "7f0000000000-7f0000001000 r--p 00001000 fe:00 12 "
#define PAD  "                        "

static const struct vma_view view = {
	.start = 0x7f0000000000, .end = 0x7f0000001000, .offset = 0x1000,
	.inode = 12, .dev_major = 0xfe, .prot = VIEW_READ, .name = "/a\033",
	.name_len = 3,
};

static const char *const callers[] = { "/lib/a.so+0x12 take", "/b+0x1" };

static const struct report_past history[] = {
	{
		.what = "mprotect", .event = 9, .thread = 43,
		.ago_ns = 2500000, .addr = 0x7f0000000000, .len = 0x1000,
		.rights = "r--", .stack = callers, .nr_stack = 2,
	}, {
		.what = "madvise", .event = 3, .ago_ns = ~0UL,
		.addr = 0x7f0000000000, .len = 0x2000, .error = 12,
	},
};

static const uint64_t registers[REPORT_REGISTERS] = { 0x10, 0x20, [17] = 2 };

static struct report_fault event(void)
{
	return (struct report_fault){
		.thread = 44, .signal = "SIGSEGV", .si_code = "SEGV_ACCERR",
		.addr = 0x7f0000000008, .addr_known = true, .access = "write",
		.size = 4, .error_code = 0x27, .is_page_fault = true,
		.predicted_signal = "SIGSEGV", .predicted_code = "SEGV_ACCERR",
		.agrees = true, .verdict = "write of 4 bytes",
		.instruction = "mov %eax, (%rax)",
		.vma = { &view, 7, 9, 0 }, .before = { &view, 1, 2, 16 },
		.history = history, .nr_history = 2, .registers = registers,
		.stack = callers, .nr_stack = 2,
	};
}

#define REGISTERS							\
	"\"registers\":{\"rax\":\"0x10\",\"rbx\":\"0x20\",\"rcx\":\"0x0\"," \
	"\"rdx\":\"0x0\",\"rsi\":\"0x0\",\"rdi\":\"0x0\",\"rbp\":\"0x0\"," \
	"\"rsp\":\"0x0\",\"r8\":\"0x0\",\"r9\":\"0x0\",\"r10\":\"0x0\","  \
	"\"r11\":\"0x0\",\"r12\":\"0x0\",\"r13\":\"0x0\",\"r14\":\"0x0\"," \
	"\"r15\":\"0x0\",\"rip\":\"0x0\",\"eflags\":\"0x2\"}"

#define TEXT_REGISTERS							\
	"vmashadow[42]:   rax=10 rbx=20 rcx=0 rdx=0 rsi=0 rdi=0\n"	\
	"vmashadow[42]:   rbp=0 rsp=0 r8=0 r9=0 r10=0 r11=0\n"		\
	"vmashadow[42]:   r12=0 r13=0 r14=0 r15=0 rip=0 eflags=2\n"

static void test_a_page_fault(void)
{
	struct report_fault e = event();

	is_event(report_fault(&json, &e),
		 "{\"event\":\"fault\",\"pid\":42,\"thread\":44,"
		 "\"signal\":\"SIGSEGV\",\"si_code\":\"SEGV_ACCERR\","
		 "\"addr\":\"0x7f0000000008\",\"access\":\"write\",\"size\":4,"
		 "\"error_code\":{\"value\":39,\"bits\":[\"PROT\",\"WRITE\","
		 "\"USER\",\"PK\"]},\"predicted\":{\"signal\":\"SIGSEGV\","
		 "\"si_code\":\"SEGV_ACCERR\"},\"agrees\":true,"
		 "\"handled\":false,\"verdict\":\"write of 4 bytes\","
		 "\"instruction\":\"mov %eax, (%rax)\","
		 "\"vma\":{\"line\":\"" HEAD PAD "/a\\u001b\",\"born\":7,"
		 "\"changed\":9},\"before\":{\"line\":\"" HEAD PAD
		 "/a\\u001b\",\"born\":1,\"changed\":2,\"distance\":16},"
		 "\"after\":null,\"history\":[{\"what\":\"mprotect\","
		 "\"event\":9,\"thread\":43,\"ago_ns\":2500000,"
		 "\"addr\":\"0x7f0000000000\",\"len\":\"0x1000\","
		 "\"rights\":\"r--\",\"stack\":[\"/lib/a.so+0x12 take\","
		 "\"/b+0x1\"]},{\"what\":\"madvise\",\"event\":3,"
		 "\"addr\":\"0x7f0000000000\",\"len\":\"0x2000\","
		 "\"errno\":12,\"stack\":[]}]," REGISTERS ","
		 "\"stack\":[\"/lib/a.so+0x12 take\",\"/b+0x1\"]}\n",
		 "with everything");
	is_event(report_fault(&text, &e),
		 "vmashadow[42]: fault: write of 4 bytes\n"
		 "vmashadow[42]:   SIGSEGV SEGV_ACCERR in thread 44: write of 4 "
		 "bytes at 0x7f0000000008\n"
		 "vmashadow[42]:   instruction: mov %eax, (%rax)\n"
		 "vmashadow[42]:       #0 /lib/a.so+0x12 take\n"
		 "vmashadow[42]:       #1 /b+0x1\n"
		 "vmashadow[42]:   hit:    " HEAD PAD "/a\\033\n"
		 "vmashadow[42]:   before: " HEAD PAD "/a\\033; bytes past it: "
		 "16\n"
		 "vmashadow[42]:   mprotect of 0x7f0000000000-0x7f0000001000 "
		 "r--, event 9, thread 43, 2500 us ago\n"
		 "vmashadow[42]:       #0 /lib/a.so+0x12 take\n"
		 "vmashadow[42]:       #1 /b+0x1\n"
		 "vmashadow[42]:   madvise of 0x7f0000000000-0x7f0000002000, "
		 "which failed with errno 12, event 3\n"
		 "vmashadow[42]:   by the rules: SIGSEGV SEGV_ACCERR, and so it "
		 "was\n" TEXT_REGISTERS, "for people");
}

static void test_a_trap_without_address(void)
{
	struct report_fault e = {
		.thread = 44, .signal = "SIGSEGV", .si_code = "SI_KERNEL",
		.access = "unknown", .undecided = "it is no fault",
		.handled = true, .verdict = "no fault", .registers = registers,
	};

	is_event(report_fault(&json, &e),
		 "{\"event\":\"fault\",\"pid\":42,\"thread\":44,"
		 "\"signal\":\"SIGSEGV\",\"si_code\":\"SI_KERNEL\","
		 "\"addr\":null,\"access\":\"unknown\",\"size\":0,"
		 "\"error_code\":null,\"predicted\":{\"signal\":null,"
		 "\"si_code\":null,\"undecided\":\"it is no fault\"},"
		 "\"agrees\":null,\"handled\":true,\"verdict\":\"no fault\","
		 "\"instruction\":null,\"vma\":null,\"before\":null,"
		 "\"after\":null,\"history\":[]," REGISTERS ",\"stack\":[]}\n",
		 "with nothing");
	is_event(report_fault(&text, &e),
		 "vmashadow[42]: fault: no fault\n"
		 "vmashadow[42]:   SIGSEGV SI_KERNEL in thread 44, handled by the "
		 "program: unknown\n"
		 "vmashadow[42]:   by the rules: undecided, it is no fault\n"
		 TEXT_REGISTERS, "for people");
}

static void test_a_disagreement(void)
{
	struct report_fault e = event();

	e.agrees = false;
	e.predicted_signal = e.predicted_code = NULL;
	report_fault(&json, &e);
	ok(strstr(buf, "\"predicted\":{\"signal\":null,\"si_code\":null},"
		       "\"agrees\":false"), "no signal was foretold");
	report_fault(&text, &e);
	ok(strstr(buf, "by the rules: no signal, but it was not so\n"),
	   "for people");
}

int main(void)
{
	test_a_page_fault();
	test_a_trap_without_address();
	test_a_disagreement();
	return done_testing();
}
