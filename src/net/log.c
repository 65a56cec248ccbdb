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
/* What a datagram of several lines has at most; systems that take less say so. */
#define DATAGRAM_MAX 8192
/* Lines wait for room in the socket up to so many bytes; then they are counted. */
#define PENDING_MAX (64u << 10)

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
	long pid;
	bool to_logd;
	bool gathers;
	enum log_level threshold;
	uint64_t dropped;
	char role[32];
	struct buf line;
	struct buf pending; /* lines that have not left, a line feed behind each */
	size_t datagram_max;
} log_state = {
    .fd = STDERR_FILENO, .threshold = LOG_LEVEL_INFO, .datagram_max = DATAGRAM_MAX};

void
log_open(int fd, const char *role)
{
	int flags;

	log_flush();
	log_state.to_logd = fd >= 0;
	log_state.fd = fd >= 0 ? fd : STDERR_FILENO;
	log_state.pid = (long)getpid();
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

void
log_gather(bool on)
{
	log_state.gathers = on;
	log_flush();
}

/* 0 or the error. */
static int
send_bytes(struct slice s)
{
	ssize_t r;

	do
		r = write(log_state.fd, s.p, s.n);
	while (r < 0 && errno == EINTR);
	return r < 0 ? errno : 0;
}

/* The line with a line feed behind it; one inside would begin another line. */
static struct slice
make_line(enum log_level level, const char *event, const struct kv *pairs)
{
	struct buf *b = &log_state.line;

	if (b->max == 0)
		buf_init(b, LOG_LINE_MAX);
	buf_clear(b);
	if (log_state.to_logd)
		buf_put_byte(b, (unsigned char)level_digit[level]);
	if (log_state.role[0])
		buf_fmt(b, "%s[%ld]: ", log_state.role, log_state.pid);
	kv_put(b, event, pairs);
	buf_cut(b, LOG_LINE_MAX - 1);
	for (size_t i = 0; i < b->n; i++)
		if (b->p[i] == '\n')
			b->p[i] = '?';
	buf_put_byte(b, '\n');
	return buf_slice(b);
}

/* Whole lines for the next datagram. */
static struct slice
next_piece(void)
{
	struct slice all = buf_slice(&log_state.pending);
	struct slice most = sl_sub(all, 0, log_state.datagram_max);
	size_t end = most.n == all.n ? all.n - 1 : sl_rfind(most, '\n');

	if (end == most.n)
		end = sl_find(all, '\n'); /* one line is always taken */
	return sl_sub(all, 0, end + 1);
}

bool
log_flush(void)
{
	int saved = errno, err = 0;

	while (log_state.pending.n && err != EAGAIN) {
		struct slice piece = next_piece();
		bool single = sl_find(piece, '\n') + 1 == piece.n;

		/* On stderr a line has its end, in a datagram the last one needs none. */
		err = send_bytes(log_state.to_logd ? sl_sub(piece, 0, piece.n - 1) : piece);
		if (err == EWOULDBLOCK || err == ENOBUFS)
			err = EAGAIN;
		if (err == EAGAIN)
			break;
		if (err == EMSGSIZE && !single) {
			log_state.datagram_max = 0; /* the kernel takes no such datagrams */
			continue;
		}
		for (size_t i = 0; err && i < piece.n; i++)
			log_state.dropped += piece.p[i] == '\n';
		buf_drop(&log_state.pending, piece.n);
	}
	errno = saved;
	return log_state.pending.n == 0;
}

static bool
put_pending(struct slice line)
{
	struct buf *b = &log_state.pending;

	if (b->max == 0)
		buf_init(b, PENDING_MAX);
	if (line.n > b->max - b->n)
		return false;
	buf_put(b, line);
	return true;
}

void
log_event_pairs(enum log_level level, const char *event, const struct kv *pairs)
{
	const struct kv lost[] = {KV_U64("dropped", log_state.dropped), KV_END};

	if ((size_t)level >= COUNT_OF(level_digit) || level < log_state.threshold)
		return;
	/*
	 * While a report of lost lines has no room, a line behind it would not have any either; and
	 * order stays.
	 */
	if (log_state.dropped && put_pending(make_line(LOG_LEVEL_WARNING, "log", lost)))
		log_state.dropped = 0;
	if (log_state.dropped || !put_pending(make_line(level, event, pairs)))
		log_state.dropped++;
	/* What is wrong is said at once: the process may not live until the end of its turn. */
	if (!log_state.gathers || level >= LOG_LEVEL_ERROR)
		log_flush();
}
