/*
 * Log lines to logd, or to stderr.
 */
#include "net/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/buf.h"

#define LOG_SOCKET_BYTES (1 << 20)

/* syslog's severities (RFC 5424 section 6.2.1) as the first byte of a datagram. */
static const char level_digit[] = {
	[LOG_LEVEL_DEBUG] = '7',
	[LOG_LEVEL_INFO] = '6',
	[LOG_LEVEL_WARNING] = '4',
	[LOG_LEVEL_ERROR] = '3',
	[LOG_LEVEL_ALERT] = '1',
};

static struct {
	int fd;
	bool to_logd;
	enum log_level threshold;
	uint64_t dropped;
	char role[32];
	struct buf line;
} log_state = {.fd = STDERR_FILENO, .threshold = LOG_LEVEL_INFO};

void
log_open(int fd, const char *role)
{
	int flags;

	log_state.to_logd = fd >= 0;
	log_state.fd = fd >= 0 ? fd : STDERR_FILENO;
	(void)snprintf(log_state.role, sizeof(log_state.role), "%s", role);
	if (fd >= 0 && (flags = fcntl(fd, F_GETFL)) >= 0)
		fcntl(fd, F_SETFL, flags | O_NONBLOCK);
}

int
log_socket(int fds[2])
{
	int size = LOG_SOCKET_BYTES;

	if (socketpair(AF_UNIX, SOCK_DGRAM, 0, fds) != 0)
		return -errno;
	for (int i = 0; i < 2; i++) {
		fcntl(fds[i], F_SETFD, FD_CLOEXEC);
		fcntl(fds[i], F_SETFL, O_NONBLOCK);
		/* As far as the system allows. */
		setsockopt(fds[i], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
		setsockopt(fds[i], SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	}
	return 0;
}

void
log_threshold(enum log_level level)
{
	log_state.threshold = level;
}

/* One line out; false when it did not go. */
static bool
log_send(enum log_level level, const char *event, const struct kv *pairs)
{
	struct buf *b = &log_state.line;
	struct slice s;
	ssize_t r;

	if (b->max == 0)
		buf_init(b, LOG_LINE_MAX);
	buf_clear(b);
	if (log_state.to_logd)
		buf_put_byte(b, (unsigned char)level_digit[level]);
	if (log_state.role[0])
		buf_fmt(b, "%s[%ld]: ", log_state.role, (long)getpid());
	kv_put(b, event, pairs);
	if (!log_state.to_logd) {
		/*
		 * One write, so that lines of several processes do not mix. kv_put left room or a
		 * cut line.
		 */
		buf_cut(b, LOG_LINE_MAX - 1);
		buf_put_byte(b, '\n');
	}
	s = buf_slice(b);
	do {
		r = write(log_state.fd, s.p, s.n);
	} while (r < 0 && errno == EINTR);
	return r >= 0;
}

void
log_event_pairs(enum log_level level, const char *event, const struct kv *pairs)
{
	int saved = errno;

	if ((size_t)level >= COUNT_OF(level_digit) || level < log_state.threshold)
		return;
	if (log_state.dropped > 0 &&
	    log_send(LOG_LEVEL_WARNING, "log",
		(const struct kv[]){KV_U64("dropped", log_state.dropped), KV_END}))
		log_state.dropped = 0;
	/*
	 * While a report of lost lines does not go, a line behind it would not either; and order
	 * stays.
	 */
	if (log_state.dropped > 0 || !log_send(level, event, pairs))
		log_state.dropped++;
	errno = saved;
}
