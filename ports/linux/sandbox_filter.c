/*
 * The seccomp filter: a classic BPF program made of the rows of sandbox_calls.c. Numbers and
 * arguments are laid out by struct seccomp_data; an architecture that we were not built for (a
 * 64-bit process can enter the 32-bit calls, whose numbers mean something else) is killed at once.
 */
#include "ports/linux/sandbox_linux.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
#define FILTER_ARCH AUDIT_ARCH_X86_64
#define FILTER_X32_BIT 0x40000000u
#elif defined(__i386__)
#define FILTER_ARCH AUDIT_ARCH_I386
#elif defined(__aarch64__) && !defined(__AARCH64EB__)
#define FILTER_ARCH AUDIT_ARCH_AARCH64
#elif defined(__arm__) && !defined(__ARMEB__)
#define FILTER_ARCH AUDIT_ARCH_ARM
#elif defined(__s390x__)
#define FILTER_ARCH AUDIT_ARCH_S390X
#elif defined(__powerpc64__) && defined(__LITTLE_ENDIAN__)
#define FILTER_ARCH AUDIT_ARCH_PPC64LE
#elif defined(__riscv) && __riscv_xlen == 64 && defined(AUDIT_ARCH_RISCV64)
#define FILTER_ARCH AUDIT_ARCH_RISCV64
#endif

#ifndef SECCOMP_RET_KILL_PROCESS
#define SECCOMP_RET_KILL_PROCESS 0x80000000u
#endif
#ifndef SECCOMP_SET_MODE_FILTER
#define SECCOMP_SET_MODE_FILTER 1
#endif
#ifndef SECCOMP_FILTER_FLAG_TSYNC
#define SECCOMP_FILTER_FLAG_TSYNC 1u
#endif

#ifdef FILTER_ARCH

#define FILTER_MOST 4000 /* the kernel takes 4096 */

struct filter {
	struct sock_filter code[FILTER_MOST];
	size_t count;
};

static void
filter_put(struct filter *f, unsigned code, uint32_t k, unsigned jt, unsigned jf)
{
	if (f->count < FILTER_MOST)
		f->code[f->count] =
		    (struct sock_filter){(uint16_t)code, (uint8_t)jt, (uint8_t)jf, k};
	f->count++;
}

static void
filter_load(struct filter *f, size_t offset)
{
	filter_put(f, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset, 0, 0);
}

static uint32_t
filter_action(enum sandbox_action action)
{
	switch (action) {
	case CALL_ALLOW:
		return SECCOMP_RET_ALLOW;
	case CALL_MISSING:
		return SECCOMP_RET_ERRNO | ENOSYS;
	case CALL_KILL:
		return SECCOMP_RET_KILL_PROCESS;
	case CALL_REFUSE:
	default:
		return SECCOMP_RET_ERRNO | EPERM;
	}
}

static size_t
filter_argument(const struct sandbox_test *t)
{
	size_t offset = offsetof(struct seccomp_data, args) + 8 * (size_t)t->argument;

#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	return t->is_high ? offset : offset + 4;
#else
	return t->is_high ? offset + 4 : offset;
#endif
}

/* One row. The number is in the accumulator before and after. */
static void
filter_row(struct filter *f, const struct sandbox_call *row)
{
	unsigned tests = 0, i;

	while (tests < SANDBOX_TESTS_MAX && row->tests[tests].mask != 0)
		tests++;
	if (tests == 0) {
		filter_put(f, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)row->number, 0, 1);
		filter_put(f, BPF_RET | BPF_K, filter_action(row->action), 0, 0);
		return;
	}
	/*
	 * Each test is three instructions; whatever does not fit goes on behind the RET, which
	 * loads the number anew.
	 */
	filter_put(f, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)row->number, 0, 3 * tests + 1);
	for (i = 0; i < tests; i++) {
		const struct sandbox_test *t = &row->tests[i];
		uint32_t value = t->is_pid ? (uint32_t)getpid() : t->value;

		filter_load(f, filter_argument(t));
		filter_put(f, BPF_ALU | BPF_AND | BPF_K, t->mask, 0, 0);
		filter_put(f, BPF_JMP | BPF_JEQ | BPF_K, value, 0, 3 * (tests - i - 1) + 1);
	}
	filter_put(f, BPF_RET | BPF_K, filter_action(row->action), 0, 0);
	filter_load(f, offsetof(struct seccomp_data, nr));
}

/*
 * Without a limit on the ports TCP is too much for NET_IN: its rows for stream sockets are left
 * out.
 */
static bool
filter_wants(const struct sandbox_call *row, enum sandbox_profile profile, bool tcp_limited)
{
	if (!(row->profiles & (1u << profile)))
		return false;
	return !(profile == SANDBOX_NET_IN && !tcp_limited && row->number == __NR_socket &&
		 row->action == CALL_ALLOW && row->tests[1].value == SOCK_STREAM);
}

static void
filter_make(struct filter *f, enum sandbox_profile profile, bool tcp_limited)
{
	size_t i;

	f->count = 0;
	filter_load(f, offsetof(struct seccomp_data, arch));
	filter_put(f, BPF_JMP | BPF_JEQ | BPF_K, FILTER_ARCH, 1, 0);
	filter_put(f, BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS, 0, 0);
	filter_load(f, offsetof(struct seccomp_data, nr));
#ifdef FILTER_X32_BIT
	filter_put(f, BPF_JMP | BPF_JGE | BPF_K, FILTER_X32_BIT, 0, 1);
	filter_put(f, BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS, 0, 0);
#endif
	for (i = 0; i < sandbox_call_count; i++)
		if (filter_wants(&sandbox_calls[i], profile, tcp_limited))
			filter_row(f, &sandbox_calls[i]);
	filter_put(f, BPF_RET | BPF_K, filter_action(CALL_REFUSE), 0, 0);
}

int
sandbox_filter_enter(enum sandbox_profile profile, bool tcp_limited)
{
	static struct filter f;
	struct sock_fprog prog;
	long rc;

	filter_make(&f, profile, tcp_limited);
	if (f.count > FILTER_MOST)
		return -E2BIG;
	memset(&prog, 0, sizeof(prog));
	prog.len = (unsigned short)f.count;
	prog.filter = f.code;
	rc = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &prog);
	if (rc >= 0)
		return rc == 0 ? 0 : -EBUSY; /* a thread that could not be made to follow */
	/* A kernel without filters says one of these. */
	return errno == ENOSYS || errno == EINVAL ? -ENOSYS : -errno;
}

#else

/* The numbers of this architecture have not been looked at. */
int
sandbox_filter_enter(enum sandbox_profile profile, bool tcp_limited)
{
	(void)profile;
	(void)tcp_limited;
	return -ENOSYS;
}

#endif
