/*
 * Addresses and sockets: the only place that knows the system's address structs.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "net/listener.h"

union any_addr {
	struct sockaddr sa;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
	struct sockaddr_un un;
	struct sockaddr_storage room;
};

/* Length of the struct made from a, or 0 when a is not usable. */
static socklen_t
addr_to_system(const struct net_addr *a, union any_addr *u)
{
	size_t n;

	memset(u, 0, sizeof(*u));
	switch (a->family) {
	case 4:
		u->in.sin_family = AF_INET;
		u->in.sin_port = htons(a->port);
		memcpy(&u->in.sin_addr, a->ip, 4);
		return sizeof(u->in);
	case 6:
		u->in6.sin6_family = AF_INET6;
		u->in6.sin6_port = htons(a->port);
		memcpy(&u->in6.sin6_addr, a->ip, 16);
		return sizeof(u->in6);
	case 1:
		n = strnlen(a->path, sizeof(a->path));
		if (n == 0 || n >= sizeof(a->path) || n >= sizeof(u->un.sun_path))
			return 0;
		u->un.sun_family = AF_UNIX;
		memcpy(u->un.sun_path, a->path, n + 1);
		return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n + 1);
	default:
		return 0;
	}
}

static void
addr_from_system(const union any_addr *u, socklen_t len, struct net_addr *a)
{
	static const unsigned char mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

	memset(a, 0, sizeof(*a));
	if (len < (socklen_t)sizeof(sa_family_t))
		return;
	if (u->sa.sa_family == AF_INET) {
		a->family = 4;
		a->port = ntohs(u->in.sin_port);
		memcpy(a->ip, &u->in.sin_addr, 4);
	} else if (u->sa.sa_family == AF_INET6) {
		a->port = ntohs(u->in6.sin6_port);
		memcpy(a->ip, &u->in6.sin6_addr, 16);
		a->family = 6;
		/*
		 * An IPv4 peer on a socket for both is an IPv4 peer: tables and limits must see one
		 * form.
		 */
		if (memcmp(a->ip, mapped, sizeof(mapped)) == 0) {
			a->family = 4;
			memcpy(a->ip, a->ip + 12, 4);
			memset(a->ip + 4, 0, 12);
		}
	} else if (u->sa.sa_family == AF_UNIX) {
		a->family = 1;
		if ((size_t)len > offsetof(struct sockaddr_un, sun_path)) {
			size_t n = (size_t)len - offsetof(struct sockaddr_un, sun_path);

			if (n > sizeof(a->path) - 1)
				n = sizeof(a->path) - 1;
			memcpy(a->path, u->un.sun_path, n);
		}
	}
}

void
net_addr_ip_text(const struct net_addr *a, char out[NET_ADDR_TEXT])
{
	int family = a->family == 4 ? AF_INET : AF_INET6;

	if ((a->family != 4 && a->family != 6) || !inet_ntop(family, a->ip, out, NET_ADDR_TEXT))
		out[0] = '\0';
}

enum st
net_addr_parse(struct slice text, uint16_t port, struct net_addr *out)
{
	char s[NET_ADDR_TEXT];

	memset(out, 0, sizeof(*out));
	if (text.n == 0 || text.n >= sizeof(s) || memchr(text.p, '\0', text.n))
		return ST_SYNTAX;
	memcpy(s, text.p, text.n);
	s[text.n] = '\0';
	out->port = port;
	if (inet_pton(AF_INET, s, out->ip) == 1)
		out->family = 4;
	else if (inet_pton(AF_INET6, s, out->ip) == 1)
		out->family = 6;
	return out->family ? ST_OK : ST_SYNTAX;
}

/* A socket for a, non-blocking and close-on-exec. */
static enum st
socket_new(const struct net_addr *a, union any_addr *u, socklen_t *len, int *fd, struct fault *f)
{
	*len = addr_to_system(a, u);
	if (*len == 0)
		return fault_set(f, ST_SYNTAX, "", "not a usable address");
	*fd = socket(u->sa.sa_family, SOCK_STREAM, 0);
	if (*fd < 0)
		return fault_sys(f, ST_IO, "", errno, "socket");
	fcntl(*fd, F_SETFD, FD_CLOEXEC);
	fcntl(*fd, F_SETFL, O_NONBLOCK);
	return ST_OK;
}

/* A UNIX path left by a process that is gone: nobody answers there. */
static bool
path_is_stale(const union any_addr *u, socklen_t len)
{
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	bool stale = fd >= 0 && connect(fd, &u->sa, len) < 0 && errno == ECONNREFUSED;

	if (fd >= 0)
		close(fd);
	return stale;
}

enum st
net_listen(const struct net_addr *a, int backlog, int *fd, struct fault *f)
{
	union any_addr u;
	socklen_t len;
	int on = 1, sys;
	enum st st = socket_new(a, &u, &len, fd, f);

	if (st != ST_OK)
		return st;
	if (a->family != 1)
		(void)setsockopt(*fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	/* IPv4 has its own socket, so that an address has one form in all tables. */
	if (a->family == 6)
		(void)setsockopt(*fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	sys = bind(*fd, &u.sa, len) < 0 ? errno : 0;
	if (sys == EADDRINUSE && a->family == 1 && path_is_stale(&u, len) && unlink(a->path) == 0)
		sys = bind(*fd, &u.sa, len) < 0 ? errno : 0;
	if (sys == 0 && listen(*fd, backlog > 0 ? backlog : SOMAXCONN) < 0)
		sys = errno;
	if (sys == 0)
		return ST_OK;
	close(*fd);
	*fd = -1;
	return fault_sys(f, ST_IO, "", sys, "listen");
}

enum st
net_connect(const struct net_addr *a, int *fd, struct fault *f)
{
	union any_addr u;
	socklen_t len;
	enum st st = socket_new(a, &u, &len, fd, f);
	int sys;

	if (st != ST_OK)
		return st;
	if (connect(*fd, &u.sa, len) == 0)
		return ST_OK;
	/* Interrupted: the connection is being made all the same (POSIX connect). */
	if (errno == EINPROGRESS || errno == EINTR)
		return ST_AGAIN;
	sys = errno;
	close(*fd);
	*fd = -1;
	return fault_sys(f, ST_IO, "4.4.1", sys, "connect");
}

int
net_accept(int fd, struct net_addr *peer)
{
	union any_addr u;
	socklen_t len = sizeof(u);
	int conn;

	memset(&u, 0, sizeof(u));
	conn = accept(fd, &u.sa, &len);
	if (conn < 0)
		return -errno;
	fcntl(conn, F_SETFD, FD_CLOEXEC);
	addr_from_system(&u, len, peer);
	return conn;
}

void
net_peer(int fd, struct net_addr *peer, struct net_addr *local)
{
	union any_addr u;
	socklen_t len = sizeof(u);

	memset(&u, 0, sizeof(u));
	if (getpeername(fd, &u.sa, &len) < 0)
		len = 0;
	addr_from_system(&u, len, peer);
	memset(&u, 0, sizeof(u));
	len = sizeof(u);
	if (getsockname(fd, &u.sa, &len) < 0)
		len = 0;
	addr_from_system(&u, len, local);
}
