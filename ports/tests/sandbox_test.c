/*
 * The contract of os/sandbox.h: each attempt (sandbox_attempts.c) runs in a child of its own,
 * inside each profile, and must end as its row says.
 */
#include "os/sandbox.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/check.h"
#include "os/fdpass.h"
#include "os/privs.h"
#include "ports/tests/sandbox_attempts.h"

static bool has_landlock;

static const char *const profile_names[] = {"PURE", "NET_IN", "NET_OUT", "STORE", "LOOKUP"};

/* --- running them --- */

/*
 * Which identity the child takes before it enters, and whether port of the listener is named as
 * DNS.
 */
struct setting {
	bool drop;
	bool name_port;
};

#define CHILD_NO_SANDBOX 250
#define CHILD_NO_DROP 251

static int
enter(enum sandbox_profile profile, const struct setting *s)
{
	const char *writable[] = {fx.writable, NULL}, *readable[] = {fx.readable, NULL};
	uint16_t ports[] = {ntohs(fx.tcp.sin_port), 0};
	struct sandbox_opts o = {.profile = profile, .write_dirs = writable, .read_dirs = readable};
	struct privs who = {.uid = 12345, .gid = 12345};
	struct fault f = FAULT_NONE;
	const char *applied;

	if (s->name_port)
		o.dns_ports = ports;
	sandbox_warm();
	if (s->drop && privs_become(&who, &f) != ST_OK)
		return CHILD_NO_DROP;
	return sandbox_enter(&o, &applied, &f) == ST_OK ? 0 : CHILD_NO_SANDBOX;
}

/* 'a', 'k', 'r' (EPERM), 'f' (EACCES), or '?' with the number in *code. */
static char
run_attempt(const struct sandbox_attempt *a, enum sandbox_profile profile, const struct setting *s,
    int *code)
{
	int status, rc;
	pid_t pid;

	fflush(stdout);
	if (fdpass_pair(fx.pair) != 0)
		return '?';
	pid = fork();
	if (pid == 0) {
		struct rlimit none = {0, 0};

		setrlimit(RLIMIT_CORE, &none);
		rc = enter(profile, s);
		_exit(rc != 0 ? rc : a->run());
	}
	close(fx.pair[0]);
	close(fx.pair[1]);
	if (waitpid(pid, &status, 0) != pid)
		return '?';
	*code = WIFSIGNALED(status) ? 1000 + WTERMSIG(status) : WEXITSTATUS(status);
	if (WIFSIGNALED(status))
		return WTERMSIG(status) == SIGSYS ? 'k' : '?';
	switch (WEXITSTATUS(status)) {
	case 0:
		return 'a';
	case EPERM:
		return 'r';
	case ENOTSUP: /* dirwatch's word for it */
		return 'r';
	case EACCES:
		return 'f';
	default:
		return '?';
	}
}

static bool
as_wanted(const struct sandbox_attempt *a, enum sandbox_profile profile, const struct setting *s)
{
	int code = 0;
	char got = run_attempt(a, profile, s, &code), want = a->want[profile];

	if (!has_landlock &&
	    want == 'f') /* nobody there to refuse; TCP is off altogether for NET_IN */
		want = profile == SANDBOX_NET_IN ? 'r' : got;
	if (got != want)
		printf("%s in %s: got %c (%d), want %c\n", a->name, profile_names[profile], got,
		    code, want);
	return got == want;
}

static void
run_profile(enum sandbox_profile profile)
{
	static const struct setting as_we_are = {false, false}, dropped = {true, false};
	size_t i;

	for (i = 0; i < sandbox_attempt_count; i++) {
		CHECK(as_wanted(&sandbox_attempts[i], profile, &as_we_are));
		if (geteuid() == 0)
			CHECK(as_wanted(&sandbox_attempts[i], profile, &dropped));
	}
}

static void
pure(void)
{
	run_profile(SANDBOX_PURE);
}

static void
net_in(void)
{
	run_profile(SANDBOX_NET_IN);
}

static void
net_out(void)
{
	run_profile(SANDBOX_NET_OUT);
}

static void
store(void)
{
	run_profile(SANDBOX_STORE);
}

static void
lookup(void)
{
	run_profile(SANDBOX_LOOKUP);
}

/* TCP to the ports named, and to no other, is part of NET_IN; without landlock there is no TCP. */
static void
dns_ports(void)
{
	static const struct setting named = {false, true};
	size_t i = 0;
	int code = 0;

	while (strcmp(sandbox_attempts[i].name, "connect_tcp") != 0)
		i++;
	CHECK_EQ(run_attempt(&sandbox_attempts[i], SANDBOX_NET_IN, &named, &code),
	    has_landlock ? 'a' : 'r');
}

/* Each attempt does work outside: otherwise its refusal would prove nothing. */
static void
possible_outside(void)
{
	static const char *const not_here[] = {"signal_parent", "second_filter", "chroot", "setuid",
	    "socket_raw", "socket_packet", "unshare", "io_uring", "other_numbers", "raise_limit",
	    "remove_outside", "truncate_outside", "fast_open"};
	size_t i, k;
	int status;
	pid_t pid;

	for (i = 0; i < sandbox_attempt_count; i++) {
		bool skip = false;

		for (k = 0; k < COUNT_OF(not_here); k++)
			skip |= strcmp(sandbox_attempts[i].name, not_here[k]) ==
				0; /* needs rights, or destroys the fixture */
		if (skip)
			continue;
		fflush(stdout);
		pid = fork();
		if (pid == 0)
			_exit(fdpass_pair(fx.pair) == 0 ? sandbox_attempts[i].run() : 255);
		CHECK_EQ(waitpid(pid, &status, 0), pid);
		if (!CHECK_EQ(status, 0))
			printf("%s\n", sandbox_attempts[i].name);
	}
}

static int
child_missing_dir(void)
{
	const char *dirs[] = {"/nowhere/at/all", NULL};
	struct sandbox_opts o = {.profile = SANDBOX_STORE, .write_dirs = dirs};
	struct fault f = FAULT_NONE;
	const char *applied;

	return sandbox_enter(&o, &applied, &f) == ST_IO && f.sys == ENOENT ? 0 : 1;
}

static void
missing_dir(void)
{
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit(child_missing_dir());
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK_EQ(status, 0);
}

/* --- fixture --- */

static int
tcp_listener(struct sockaddr_in *name)
{
	socklen_t n = sizeof(*name);
	int sock = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	memset(name, 0, sizeof(*name));
	name->sin_family = AF_INET;
	name->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (bind(sock, (struct sockaddr *)name, n) != 0 || listen(sock, 128) != 0 ||
	    getsockname(sock, (struct sockaddr *)name, &n) != 0)
		perror("listener");
	return sock;
}

static void
put_file(const char *dir)
{
	char path[128];
	int fd;

	if (mkdir(dir, 0755) != 0)
		perror(dir);
	snprintf(path, sizeof(path), "%s/file", dir);
	fd = open(path, O_CREAT | O_RDWR, 0666);
	if (fchmod(fd, 0666) != 0 || (geteuid() == 0 && chown(dir, 12345, 12345) != 0))
		perror(path);
	close(fd);
}

static void
make_sockets(void)
{
	struct sockaddr_in name;
	socklen_t n = sizeof(fx.udp);
	int i;

	fx.listener = tcp_listener(&fx.tcp);
	fx.knocked = tcp_listener(&name);
	for (i = 0; i < 100; i++) { /* one waiting connection for each child that accepts */
		int sock = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

		if (connect(sock, (struct sockaddr *)&name, sizeof(name)) != 0)
			perror("knock");
	}
	fx.udp = fx.tcp;
	fx.udp.sin_port = 0;
	fx.udp_server = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (bind(fx.udp_server, (struct sockaddr *)&fx.udp, n) != 0 ||
	    getsockname(fx.udp_server, (struct sockaddr *)&fx.udp, &n) != 0)
		perror("udp");
	fx.local.sun_family = AF_UNIX;
	snprintf(fx.local.sun_path, sizeof(fx.local.sun_path), "%s/socket", fx.root);
	i = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(i, (struct sockaddr *)&fx.local, sizeof(fx.local)) != 0 || listen(i, 128) != 0 ||
	    chmod(fx.local.sun_path, 0777) != 0)
		perror("socket");
}

static bool
make_fixture(void)
{
	char path[128];

	fx.parent = getpid();
	snprintf(fx.root, sizeof(fx.root), "/tmp/sandbox_test.XXXXXX");
	if (!mkdtemp(fx.root) || chmod(fx.root, 0755) != 0) {
		perror(fx.root);
		return false;
	}
	snprintf(fx.writable, sizeof(fx.writable), "%s/writable", fx.root);
	snprintf(fx.readable, sizeof(fx.readable), "%s/readable", fx.root);
	snprintf(fx.outside, sizeof(fx.outside), "%s/outside", fx.root);
	put_file(fx.writable);
	put_file(fx.readable);
	put_file(fx.outside);
	snprintf(path, sizeof(path), "%s/link", fx.writable);
	if (symlink("/etc/passwd", path) != 0)
		perror(path);
	snprintf(path, sizeof(path), "%s/file", fx.writable);
	fx.file = open(path, O_RDWR | O_CLOEXEC);
	fx.write_dir = open(fx.writable, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	fx.outside_dir = open(fx.outside, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	make_sockets();
	return true;
}

static void
drop_fixture(void)
{
	static const char *const names[] = {"writable/link", "writable/file", "readable/file",
	    "readable/new", "outside/file", "socket"};
	char path[128];
	size_t i;

	for (i = 0; i < COUNT_OF(names); i++) {
		snprintf(path, sizeof(path), "%s/%s", fx.root, names[i]);
		unlink(path);
	}
	rmdir(fx.writable);
	rmdir(fx.readable);
	rmdir(fx.outside);
	rmdir(fx.root);
}

/* Enters in a child and tells what was applied: 0 all, 1 without landlock, 2 nothing. */
static int
probe(void)
{
	struct sandbox_opts o = {.profile = SANDBOX_PURE};
	struct fault f = FAULT_NONE;
	const char *applied;
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		if (sandbox_enter(&o, &applied, &f) != ST_OK)
			_exit(2);
		_exit(strcmp(applied, "seccomp+landlock") == 0 ? 0 : 1);
	}
	return waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status) : 2;
}

static const struct check_row rows[] = {
	{"possible_outside", possible_outside},
	{"pure", pure},
	{"net_in", net_in},
	{"net_out", net_out},
	{"store", store},
	{"lookup", lookup},
	{"dns_ports", dns_ports},
	{"missing_dir", missing_dir},
};

int
main(int argc, char **argv)
{
	int applied = probe(), rc;

	if (applied == 2) {
		printf("this kernel or container has no seccomp filters\n");
		return 77;
	}
	has_landlock = applied == 0;
	printf("sandbox %s%s\n", sandbox_name,
	    has_landlock ? "" : ": landlock skipped, this kernel does not have it");
	if (!make_fixture())
		return 1;
	rc = check_main(argc, argv, rows, COUNT_OF(rows));
	drop_fixture();
	return rc;
}
