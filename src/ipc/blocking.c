/*
 * Commands ask a daemon one thing and wait: no loop, no credits, the same frames.
 */
#include "ipc/channel.h"
#include "ipc/channel_int.h"

#include <errno.h>
#include <unistd.h>

#include "os/fdpass.h"

static enum st
write_all(int fd, struct slice s, struct fault *f)
{
	while (s.n) {
		long n = fdpass_send(fd, s.p, s.n, -1); /* no SIGPIPE */

		if (n < 0)
			return fault_sys(f, ST_TEMP, "4.3.0", (int)-n, "the daemon went away");
		s = sl_skip(s, (size_t)n);
	}
	return ST_OK;
}

static enum st
read_all(int fd, unsigned char *p, size_t n, struct fault *f)
{
	while (n) {
		ssize_t got = read(fd, p, n);

		if (got == 0)
			return fault_set(f, ST_TEMP, "4.3.0", "the daemon closed the connection");
		if (got < 0 && errno != EINTR)
			return fault_sys(f, ST_TEMP, "4.3.0", errno, "reading from the daemon");
		if (got > 0) {
			p += got;
			n -= (size_t)got;
		}
	}
	return ST_OK;
}

static enum st
send_frame(int fd, enum ipc_type type, const void *message, uint32_t sequence, struct fault *f)
{
	const struct ipc_row *row = ipc_row((uint16_t)type);
	unsigned char header[FRAME_HEADER];
	struct buf out;
	enum st st;

	buf_init(&out, FRAME_MAX_SMALL);
	st = ipc_encode(row, message, &out, f);
	if (st == ST_OK) {
		frame_put(header,
		    &(struct frame){
			.length = (uint32_t)out.n, .type = row->type, .sequence = sequence});
		st = write_all(fd, sl_mem(header, sizeof(header)), f);
	}
	if (st == ST_OK)
		st = write_all(fd, buf_slice(&out), f);
	buf_fini(&out);
	return st;
}

/* One frame; *row and *message (in a) are set. */
static enum st
read_frame(int fd, struct arena *a, struct buf *in, const struct ipc_row **row, void **message,
    struct fault *f)
{
	unsigned char header[FRAME_HEADER];
	struct frame fr;
	enum st st = read_all(fd, header, sizeof(header), f);

	if (st != ST_OK)
		return st;
	*row = frame_get(header, &fr) ? ipc_row(fr.type) : NULL;
	buf_clear(in);
	unsigned char *room =
	    *row && fr.length <= FRAME_MAX ? buf_room(in, (size_t)fr.length + 1) : NULL;
	if (!room || (fr.flags & FRAME_HAS_FD))
		return fault_set(
		    f, ST_SYNTAX, "", "the daemon's answer is not understood: different versions?");
	st = read_all(fd, room, fr.length, f);
	if (st != ST_OK)
		return st;
	buf_added(in, fr.length);
	arena_reset(a);
	*message = arena_get(a, (*row)->layout.size);
	if (!*message)
		return fault_set(f, ST_LIMIT, "", "the daemon's answer is too large");
	return ipc_decode(*row, buf_slice(in), a, *message, f);
}

static enum st
check_hello(const struct ipc_hello *m, struct fault *f)
{
	if (m->schema == ipc_schema())
		return ST_OK;
	return fault_set(f, ST_SYNTAX, "",
	    "the daemon runs another build (%.*s): use courier restart", SL_FMT(m->build));
}

enum st
channel_ask_blocking(int fd, enum ipc_type type, const void *message,
    void (*fn)(void *arg, uint16_t type, const void *message), void *arg, struct fault *f)
{
	const struct ipc_row *want = ipc_reply_row(ipc_row((uint16_t)type));
	struct ipc_hello hello = {ipc_schema(), sl_str(channel_build), sl_str(channel_role)};
	struct arena *a = arena_new("command", FRAME_MAX);
	const struct ipc_row *row = NULL;
	void *reply = NULL;
	struct buf in;
	enum st st;

	buf_init(&in, FRAME_MAX + 1);
	st = send_frame(fd, IPC_hello, &hello, 0, f);
	if (st == ST_OK)
		st = send_frame(fd, type, message, 1, f);
	while (st == ST_OK && row != want) {
		st = read_frame(fd, a, &in, &row, &reply, f);
		if (st == ST_OK && row->type == IPC_hello)
			st = check_hello(reply, f);
		else if (st == ST_OK)
			fn(arg, row->type, reply);
	}
	buf_fini(&in);
	arena_free(a);
	return st;
}
