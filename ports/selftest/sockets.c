/*
 * The self test's facts about sockets: what listeners and the channels between our processes
 * build on.
 */
#include "ports/selftest/selftest.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "os/fdpass.h"
#include "os/peercred.h"

#define PASSED_MAX 2000
#define NESTED_MAX 40

static int
result(int rc)
{
	return rc < 0 ? errno : 0;
}

/* A listener on the loopback with an option set; *port 0: any, which it then is. */
static int
listen_with(int option, uint16_t *port, int *fd)
{
	struct sockaddr_in a;
	socklen_t n = sizeof(a);
	const int on = 1;
	int err = 0;

	memset(&a, 0, sizeof(a));
	a.sin_family = AF_INET;
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	a.sin_port = htons(*port);
	*fd = socket(AF_INET, SOCK_STREAM, 0);
	if (*fd < 0 || (option && setsockopt(*fd, SOL_SOCKET, option, &on, sizeof(on)) != 0) ||
	    bind(*fd, (struct sockaddr *)&a, sizeof(a)) != 0 || listen(*fd, 5) != 0 ||
	    getsockname(*fd, (struct sockaddr *)&a, &n) != 0)
		err = errno;
	*port = ntohs(a.sin_port);
	return err;
}

/* What a second listener on the same port is told. */
static void
twice(const char *name, int option)
{
	uint16_t port = 0;
	int first, second = -1, err = listen_with(option, &port, &first);

	if (err == 0)
		err = listen_with(option, &port, &second);
	report_fact(name, "%s", report_errno(err));
	if (first >= 0)
		close(first);
	if (second >= 0)
		close(second);
}

static void
six(void)
{
	int fd = socket(AF_INET6, SOCK_STREAM, 0), on = 1;

	report_fact("IPv6", "%s", report_errno(result(fd)));
	if (fd < 0)
		return;
	report_fact("IPV6_V6ONLY", "%s",
	    report_errno(result(setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)))));
	close(fd);
}

/* How many descriptors one socket holds on their way, and what the next one is told. */
static void
descriptors_under_way(void)
{
	int fds[2], null = open("/dev/null", O_RDONLY | O_CLOEXEC), n = 0;
	long got = 1;

	if (null < 0 || fdpass_pair(fds) != 0)
		return;
	while (n < PASSED_MAX && (got = fdpass_send(fds[0], "x", 1, null)) == 1)
		n++;
	report_fact("descriptors under way", "%d%s, then %s", n, n == PASSED_MAX ? " and more" : "",
	    got == 1 ? "ok" : report_errno((int)-got));
	close(fds[0]);
	close(fds[1]);
	close(null);
}

/* A socket inside a socket inside a socket ... */
static void
nested(void)
{
	int held = open("/dev/null", O_RDONLY | O_CLOEXEC), depth = 0;
	long got = 1;

	while (depth < NESTED_MAX) {
		int fds[2];

		if (fdpass_pair(fds) != 0)
			break;
		got = fdpass_send(fds[0], "x", 1, held);
		close(fds[0]);
		close(held);
		held = fds[1];
		if (got != 1)
			break;
		depth++;
	}
	report_fact("sockets inside sockets", "%d%s, then %s", depth,
	    depth == NESTED_MAX ? " and more" : "", got == 1 ? "ok" : report_errno((int)-got));
	close(held);
}

static void
buffers(void)
{
	int fds[2], size = 0;
	socklen_t n = sizeof(size);
	char block[4096] = "";
	ssize_t put;
	long sum = 0;

	if (fdpass_pair(fds) != 0)
		return;
	getsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &size, &n);
	while ((put = write(fds[0], block, sizeof(block))) > 0 && sum < 64L << 20)
		sum += put;
	report_fact("buffer of a pair", "SO_SNDBUF %d, takes %ld", size, sum);
	close(fds[0]);
	close(fds[1]);
}

static void
peer(void)
{
	uint32_t uid = 0, gid = 0;
	int fds[2], err;

	if (fdpass_pair(fds) != 0)
		return;
	err = peercred_get(fds[0], &uid, &gid);
	report_fact("peer of a pair", "%s, %s", report_errno(-err),
	    err ? "-" : uid == geteuid() && gid == getegid() ? "we ourselves" : "somebody else");
	close(fds[1]);
	report_fact("poll of a closed end", "%s",
	    poll(&(struct pollfd){.fd = fds[0], .events = POLLIN}, 1, 1000) == 1 ? "ready"
										 : "nothing");
	close(fds[0]);
}

void
facts_sockets(void)
{
	report_fact("bytes of a socket's path", "%zu", sizeof(((struct sockaddr_un *)0)->sun_path));
	report_fact("SOMAXCONN", "%d", SOMAXCONN);
#ifdef MSG_NOSIGNAL
	report_fact("MSG_NOSIGNAL", "there");
#else
	report_fact("MSG_NOSIGNAL", "not there");
#endif
	twice("two listeners, no option", 0);
	twice("two, SO_REUSEADDR", SO_REUSEADDR);
#ifdef SO_REUSEPORT
	twice("two, SO_REUSEPORT", SO_REUSEPORT);
#else
	report_fact("two, SO_REUSEPORT", "not there");
#endif
	six();
	descriptors_under_way();
	nested();
	buffers();
	peer();
}
