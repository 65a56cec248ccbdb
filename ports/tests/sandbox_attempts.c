/*
 * The attempts. Each runs in a child, once outside the sandbox, where it succeeds (or needs rights
 * we may lack), and once in each profile.
 */
#include "ports/tests/sandbox_attempts.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/attr.h"
#include "os/clock.h"
#include "os/dirwatch.h"
#include "os/durable.h"
#include "os/fdpass.h"
#include "os/filelock.h"
#include "os/poller.h"
#include "os/random.h"
#include "os/sendfile.h"
#include "os/sysinfo.h"

#ifndef __NR_io_uring_setup
#define __NR_io_uring_setup 425
#endif

struct sandbox_fixture fx;

/* --- files --- */

static int
try_path_outside(void)
{
	return open("/etc/passwd", O_RDONLY) >= 0 ? 0 : errno;
}

static int
try_stat_outside(void)
{
	struct stat st;

	return stat("/etc/passwd", &st) == 0 ? 0 : errno;
}

static int
try_read_dir(void)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/file", fx.readable);
	return open(path, O_RDONLY | O_CLOEXEC) >= 0 ? 0 : errno;
}

static int
try_write_in_read_dir(void)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/file", fx.readable);
	return open(path, O_WRONLY | O_CLOEXEC) >= 0 ? 0 : errno;
}

static int
try_create_in_read_dir(void)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/new", fx.readable);
	return open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600) >= 0 ? 0 : errno;
}

/*
 * All a mail store does: folders, a file in one, synced, locked, linked, renamed to the other,
 * listed, removed.
 */
static int
try_store(void)
{
	int tmp, fd, rc = 0;

	if (mkdirat(fx.write_dir, "tmp", 0700) != 0 || mkdirat(fx.write_dir, "new", 0700) != 0)
		return errno;
	tmp = openat(fx.write_dir, "tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	fd = openat(tmp, "m", O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0 || write(fd, "x", 1) != 1 || ftruncate(fd, 0) != 0 || fsync(fd) != 0)
		return errno;
	if (filelock_try(fd) != 0 || fchmod(fd, 0640) != 0)
		return errno;
	if (linkat(tmp, "m", tmp, "again", 0) != 0 || unlinkat(tmp, "again", 0) != 0)
		return errno;
	if (renameat(tmp, "m", fx.write_dir, "new/m") != 0 || fsync(tmp) != 0)
		rc = errno;
	if (unlinkat(fx.write_dir, "new/m", 0) != 0 && rc == 0)
		rc = errno;
	if (unlinkat(fx.write_dir, "new", AT_REMOVEDIR) != 0 ||
	    unlinkat(fx.write_dir, "tmp", AT_REMOVEDIR) != 0)
		return errno;
	return rc;
}

static int
try_dotdot(void)
{
	return openat(fx.write_dir, "../outside/file", O_RDONLY) >= 0 ? 0 : errno;
}

static int
try_symlink_out(void)
{
	return openat(fx.write_dir, "link", O_RDONLY) >= 0 ? 0 : errno;
}

static int
try_held_outside_dir(void)
{
	return openat(fx.outside_dir, "file", O_RDONLY) >= 0 ? 0 : errno;
}

static int
try_remove_outside(void)
{
	return unlinkat(fx.outside_dir, "file", 0) == 0 ? 0 : errno;
}

static int
try_truncate_outside(void)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/file", fx.outside);
	return truncate(path, 0) == 0 ? 0 : errno;
}

static int
try_watch(void)
{
	struct dirwatch *w;
	int rc;

	if (dirwatch_new(&w) != 0)
		return ENOMEM;
	rc = dirwatch_add(w, fx.write_dir, w);
	return rc >= 0 ? 0 : -rc;
}

/* --- memory, threads, time, randomness --- */

static int
try_memory(void)
{
	size_t i, n;
	char *p;

	for (i = 0; i < 200; i++) {
		n = (size_t)1 << (i % 24);
		p = malloc(n);
		if (!p)
			return ENOMEM;
		memset(p, 1, n);
		p = realloc(p, n * 2);
		if (!p)
			return ENOMEM;
		free(p);
	}
	return 0;
}

static void
count_done(struct durable_group *g)
{
	++*(unsigned *)g->arg;
}

static int
try_sync_threads(void)
{
	struct durable_item items[32];
	unsigned done = 0;
	struct durable_group g = {.items = items, .count = 32, .done = count_done, .arg = &done};
	struct durable *d;
	struct pollfd pfd;
	size_t i;
	int rc = durable_new(&d, 16);

	if (rc != 0)
		return -rc;
	for (i = 0; i < 32; i++)
		items[i] = (struct durable_item){fx.file, i % 2 ? DURABLE_DATA : DURABLE_FILE, 0};
	durable_submit(d, &g);
	pfd = (struct pollfd){.fd = durable_fd(d), .events = POLLIN};
	while (done == 0) {
		if (poll(&pfd, 1, 60000) != 1)
			return EIO;
		durable_dispatch(d);
	}
	durable_free(d);
	for (i = 0; i < 32; i++)
		if (items[i].result != 0)
			return -items[i].result;
	return 0;
}

static int
try_clocks_and_random(void)
{
	unsigned char p[300];

	random_bytes(p, sizeof(p));
	return clock_mono_ms() > 0 && clock_wall_ms() > 0 &&
		       clock_offset_minutes(1700000000) < 10000
		   ? 0
		   : EIO;
}

static int
try_write_and_execute(void)
{
	void *p = mmap(
	    NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p != MAP_FAILED)
		return 0;
	return errno == ENOMEM ? EPERM : errno; /* musl's mmap says so */
}

static int
try_make_executable(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return ENOMEM;
	return mprotect(p, 4096, PROT_READ | PROT_EXEC) == 0 ? 0 : errno;
}

/* --- what it holds --- */

static int
try_held_descriptors(void)
{
	struct poller_ready row;
	struct sysinfo_space space;
	struct poller *p;
	struct stat st;
	int fd, lost, n;
	char c;

	if (fdpass_send(fx.pair[0], "x", 1, fx.file) != 1)
		return errno;
	if (poller_default->open(&p, 4) != 0 ||
	    poller_default->set(p, fx.pair[1], 0, POLLER_READ, &c) != 0)
		return errno;
	n = poller_default->wait(p, &row, 1, 60000);
	if (n != 1 || fdpass_recv(fx.pair[1], &c, 1, &fd, &lost) != 1 || fd < 0)
		return EIO;
	if (fstat(fd, &st) != 0 || lseek(fd, 0, SEEK_SET) != 0 || write(fd, "held", 4) != 4 ||
	    fdatasync(fd) != 0)
		return errno;
	if (sendfile_some(fx.pair[0], fd, 0, 4) != 4)
		return errno;
	return -sysinfo_space(fd, &space);
}

static int
try_new_pair(void)
{
	int pair[2];

	return -fdpass_pair(pair);
}

static int
try_accept(void)
{
	int fd = accept(fx.knocked, NULL, NULL);

	if (fd < 0)
		return errno;
	return write(fd, "x", 1) == 1 ? 0 : errno;
}

/* --- new sockets --- */

static int
new_socket(int family, int kind, int protocol)
{
	return socket(family, kind | SOCK_CLOEXEC, protocol) >= 0 ? 0 : errno;
}

static int
try_socket_udp(void)
{
	return new_socket(AF_INET, SOCK_DGRAM, 0);
}

static int
try_socket_unix(void)
{
	return new_socket(AF_UNIX, SOCK_STREAM, 0);
}

static int
try_socket_raw(void)
{
	return new_socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);
}

static int
try_socket_packet(void)
{
	return new_socket(AF_PACKET, SOCK_RAW, 0);
}

static int
try_socket_netlink(void)
{
	return new_socket(AF_NETLINK, SOCK_RAW, 0);
}

static int
try_connect_tcp(void)
{
	int sock = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);

	if (sock < 0)
		return errno;
	return connect(sock, (const struct sockaddr *)&fx.tcp, sizeof(fx.tcp)) == 0 ? 0 : errno;
}

static int
try_fast_open(void)
{
	int sock = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);

	if (sock < 0)
		return errno;
	return sendto(sock, "x", 1, MSG_FASTOPEN, (const struct sockaddr *)&fx.tcp,
		   sizeof(fx.tcp)) == 1
		   ? 0
		   : errno;
}

static int
try_udp_exchange(void)
{
	int sock = socket(AF_INET, SOCK_DGRAM, 0);

	if (sock < 0)
		return errno;
	if (connect(sock, (const struct sockaddr *)&fx.udp, sizeof(fx.udp)) != 0)
		return errno;
	return send(sock, "q", 1, 0) == 1 ? 0 : errno;
}

static int
try_bind(void)
{
	struct sockaddr_in any = fx.tcp;
	int sock = socket(AF_INET, SOCK_STREAM, 0);

	if (sock < 0)
		return errno;
	any.sin_port = 0;
	return bind(sock, (const struct sockaddr *)&any, sizeof(any)) == 0 ? 0 : errno;
}

static int
try_listen(void)
{
	int sock = socket(AF_INET, SOCK_STREAM, 0);

	if (sock < 0)
		return errno;
	return listen(sock, 1) == 0 ? 0 : errno;
}

static int
try_connect_unix(void)
{
	int sock = socket(AF_UNIX, SOCK_STREAM, 0);

	if (sock < 0)
		return errno;
	return connect(sock, (const struct sockaddr *)&fx.local, sizeof(fx.local)) == 0 ? 0 : errno;
}

/* --- other processes, the system --- */

static int
try_exec(void)
{
	char name[] = "true", *const args[] = {name, NULL}, *const env[] = {NULL};

	execve("/bin/true", args, env);
	return errno;
}

static int
try_fork(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	return pid > 0 ? 0 : errno;
}

static int
try_fork_and_exec(void)
{
	int status;
	pid_t pid = fork();

	if (pid < 0)
		return errno;
	if (pid == 0) {
		try_exec();
		_exit(99);
	}
	waitpid(pid, &status, 0);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : EPERM;
}

static int
try_ptrace(void)
{
	return ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0 ? 0 : errno;
}

static int
try_signal_parent(void)
{
	return kill(fx.parent, 0) == 0 ? 0 : errno;
}

static int
try_signal_self(void)
{
	signal(SIGUSR1, SIG_IGN);
	return kill(getpid(), SIGUSR1) == 0 && raise(SIGUSR1) == 0 ? 0 : errno;
}

static int
try_unshare(void)
{
	return syscall(SYS_unshare, 0x10000000 /* a user name space */) == 0 ? 0 : errno;
}

static int
try_chroot(void)
{
	return chroot("/") == 0 ? 0 : errno;
}

static int
try_setuid(void)
{
	return setuid(0) == 0 ? 0 : errno;
}

static int
try_io_uring(void)
{
	return syscall(__NR_io_uring_setup, 1, NULL) >= 0 ? 0 : errno;
}

static int
try_raise_limit(void)
{
	struct rlimit l = {4096, 4096};

	return setrlimit(RLIMIT_NOFILE, &l) == 0 ? 0 : errno;
}

static int
try_ask_limit(void)
{
	struct rlimit l;

	return getrlimit(RLIMIT_NOFILE, &l) == 0 ? 0 : errno;
}

static int
try_second_filter(void)
{
	return prctl(PR_SET_SECCOMP, 1, 0, 0, 0) == 0 ? 0 : errno;
}

#ifdef __x86_64__
static int
try_other_numbers(void)
{
	return syscall(0x40000000l | SYS_getpid) > 0 ? 0 : errno;
}
#endif

/* --- the table --- */

const struct sandbox_attempt sandbox_attempts[] = {
    /*                                                 PURE NET_IN NET_OUT STORE LOOKUP */
	{"memory", try_memory, "aaaaa"},
	{"sync_threads", try_sync_threads, "aaaaa"},
	{"clocks_and_random", try_clocks_and_random, "aaaaa"},
	{"held_descriptors", try_held_descriptors, "aaaaa"},
	{"new_pair", try_new_pair, "aaaaa"},
	{"signal_self", try_signal_self, "aaaaa"},
	{"ask_limit", try_ask_limit, "aaaaa"},
	{"accept", try_accept, "rarar"},
	{"path_outside", try_path_outside, "rrrff"},
	{"stat_outside", try_stat_outside, "rrraa"},
	{"read_dir", try_read_dir, "rrraa"},
	{"write_in_read_dir", try_write_in_read_dir, "rrrfr"},
	{"create_in_read_dir", try_create_in_read_dir, "rrrfr"},
	{"store", try_store, "rrrar"},
	{"dotdot", try_dotdot, "rrrff"},
	{"symlink_out", try_symlink_out, "rrrff"},
	{"held_outside_dir", try_held_outside_dir, "rrrff"},
	{"remove_outside", try_remove_outside, "rrrfr"},
	{"truncate_outside", try_truncate_outside, "rrrfr"},
	{"watch", try_watch, "rrraa"},
	{"socket_udp", try_socket_udp, "raarr"},
	{"udp_exchange", try_udp_exchange, "raarr"},
	{"connect_tcp", try_connect_tcp, "rfarr"},
	{"fast_open", try_fast_open, "rrarr"},
	{"bind", try_bind, "rrarr"},
	{"listen", try_listen, "rrrrr"},
	{"socket_unix", try_socket_unix, "rrrrr"},
	{"connect_unix", try_connect_unix, "rrrrr"},
	{"socket_netlink", try_socket_netlink, "rrrrr"},
	{"socket_raw", try_socket_raw, "kkkkk"},
	{"socket_packet", try_socket_packet, "kkkkk"},
	{"write_and_execute", try_write_and_execute, "rrrrr"},
	{"make_executable", try_make_executable, "rrrrr"},
	{"fork", try_fork, "rrrrr"},
	{"fork_and_exec", try_fork_and_exec, "rrrrr"},
	{"exec", try_exec, "kkkkk"},
	{"ptrace", try_ptrace, "kkkkk"},
	{"signal_parent", try_signal_parent, "rrrrr"},
	{"unshare", try_unshare, "kkkkk"},
	{"chroot", try_chroot, "kkkkk"},
	{"setuid", try_setuid, "rrrrr"},
	{"io_uring", try_io_uring, "kkkkk"},
	{"raise_limit", try_raise_limit, "rrrrr"},
	{"second_filter", try_second_filter, "rrrrr"},
#ifdef __x86_64__
	{"other_numbers", try_other_numbers, "kkkkk"},
#endif
};

const size_t sandbox_attempt_count = COUNT_OF(sandbox_attempts);
