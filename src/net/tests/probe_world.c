#include "net/tests/probe.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/check.h"
#include "os/fdpass.h"

/* Rounds without any movement after which nothing will move by itself. */
#define QUIET_ROUNDS 40

/* The bytes of this many content offsets repeat. */
#define CONTENT_PERIOD 251

int64_t probe_now = 1000000;

static int64_t
probe_clock(void)
{
	return probe_now;
}

uint32_t
probe_roll(uint32_t *dice, uint32_t below)
{
	*dice = *dice * 1664525u + 1013904223u;
	return (*dice >> 8) % below;
}

unsigned char
probe_content_byte(uint64_t at)
{
	return (unsigned char)('A' + at % CONTENT_PERIOD % 26);
}

/* --- our side ---------------------------------------------------------------------------- */

static void
open_remove(struct probe_world *w, size_t i)
{
	w->open[i] = w->open[--w->open_n];
}

void
probe_world_answer(struct probe_world *w, size_t i)
{
	struct probe_open o = w->open[i];
	struct probe_content content = {.handle = 7, .length = 0};
	struct engine_answer a = {.number = o.number, .fault = FAULT_NONE, .detail = &content};

	for (const char *p = o.arg; *p >= '0' && *p <= '9'; p++)
		content.length = content.length * 10 + (uint64_t)(*p - '0');
	/* Arguments which begin with 'x' are refused. */
	if (o.arg[0] == 'x')
		fault_set(&a.fault, ST_PERM, "5.1.1", "no");
	open_remove(w, i);
	session_answer(w->session, &a);
}

static void
world_ask(struct session *s, const struct engine_ask *a)
{
	struct probe_world *w = session_owner(s);
	const struct probe_ask *detail = a->detail;

	w->asked++;
	if (!CHECK(w->open_n < PROBE_OPEN_MAX))
		return;
	for (size_t i = 0; i < w->open_n; i++)
		CHECK(w->open[i].number != a->number);
	w->open[w->open_n].number = a->number;
	w->open[w->open_n].kind = a->kind;
	memcpy(w->open[w->open_n].arg, detail->arg, sizeof(detail->arg));
	w->open_n++;
	if (!w->delayed)
		probe_world_answer(w, w->open_n - 1);
}

static void
world_cancelled(struct session *s, uint32_t number)
{
	struct probe_world *w = session_owner(s);

	for (size_t i = 0; i < w->open_n; i++) {
		if (w->open[i].number == number) {
			open_remove(w, i);
			w->cancelled++;
			return;
		}
	}
	CHECK_EQ(number, 0); /* what is cancelled was open */
}

static size_t
world_body(struct session *s, struct slice chunk)
{
	struct probe_world *w = session_owner(s);
	size_t n = chunk.n;

	CHECK(!w->body_waits);
	if (w->lazy) {
		n = probe_roll(&w->dice, (uint32_t)chunk.n + 1);
		w->body_waits = n < chunk.n;
		/* An owner may say at once that it goes on. */
		if (w->body_waits && probe_roll(&w->dice, 4) == 0) {
			w->body_waits = false;
			session_resume(s);
		}
	}
	buf_put(&w->body, sl_sub(chunk, 0, n));
	return n;
}

static enum st
world_piece(
    struct session *s, const struct engine_piece *from, unsigned char *p, size_t max, size_t *n)
{
	static unsigned char row[CONTENT_PERIOD];
	struct probe_world *w = session_owner(s);
	size_t done = 0;

	CHECK_EQ(from->handle, 7);
	if (row[0] == 0) {
		for (size_t i = 0; i < sizeof(row); i++)
			row[i] = probe_content_byte(i);
	}
	/* An owner may give less than it was asked for. */
	if (w->lazy && max > 1)
		max = 1 + probe_roll(&w->dice, (uint32_t)max);
	while (done < max) {
		size_t at = (size_t)((from->offset + done) % CONTENT_PERIOD),
		       k = CONTENT_PERIOD - at;

		if (k > max - done)
			k = max - done;
		memcpy(p + done, row + at, k);
		done += k;
	}
	*n = max;
	return ST_OK;
}

static void
world_handoff(struct session *s, struct slice unread)
{
	struct probe_world *w = session_owner(s);

	CHECK(!w->handed_over);
	w->handed_over = true;
	buf_put(&w->handed, unread);
	if (w->keep_handoff)
		return;
	w->handed_fd = stream_fd_release(session_release(s));
	probe_free(w->engine);
	w->engine = NULL;
	w->session = NULL;
}

static struct tls_context *
world_tls(struct session *s)
{
	return ((struct probe_world *)session_owner(s))->tls;
}

static void
world_closed(struct session *s, enum engine_why why)
{
	struct probe_world *w = session_owner(s);

	CHECK_EQ(w->closed, 0);
	w->closed++;
	w->why = why;
	w->open_n = 0;
	probe_free(w->engine);
	w->engine = NULL;
	w->session = NULL;
}

static const struct session_ops world_ops = {
	.ask = world_ask,
	.cancelled = world_cancelled,
	.body = world_body,
	.piece = world_piece,
	.handoff = world_handoff,
	.tls = world_tls,
	.secure = &stream_tls_layer,
	.closed = world_closed,
};

/* --- rounds ------------------------------------------------------------------------------ */

static bool
peer_write(struct probe_world *w)
{
	size_t n = w->input.n - w->sent;
	ssize_t r;

	if (w->ended || w->peer_fd < 0)
		return false;
	if (n == 0) {
		if (!w->end_after_input)
			return false;
		shutdown(w->peer_fd, SHUT_WR);
		w->ended = true;
		return true;
	}
	if (w->chunked) {
		size_t most = 1 + probe_roll(&w->dice, probe_roll(&w->dice, 3) == 0 ? 3000 : 7);

		n = n < most ? n : most;
	}
	r = send(w->peer_fd, w->input.p + w->sent, n, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (r < 0 && errno != EAGAIN)
		w->ended = true; /* our side closed */
	if (r > 0)
		w->sent += (size_t)r;
	return r > 0;
}

static bool
peer_read(struct probe_world *w)
{
	static unsigned char room[65536];
	size_t most = w->slow ? 1 + probe_roll(&w->dice, 400) : sizeof(room);
	ssize_t r;

	if (w->deaf || w->got_end || w->peer_fd < 0 || (w->slow && probe_roll(&w->dice, 3) == 0))
		return false;
	r = recv(w->peer_fd, room, most, MSG_DONTWAIT);
	if (r == 0 || (r < 0 && errno != EAGAIN))
		w->got_end = true;
	if (r <= 0)
		return w->got_end;
	w->got_bytes += (uint64_t)r;
	buf_put(&w->got, sl_sub(sl_mem(room, (size_t)r), 0, w->keep_max - w->got.n));
	return true;
}

static bool
owner_step(struct probe_world *w)
{
	bool moved = false;

	if (w->session && w->open_n > 0 && w->delayed && probe_roll(&w->dice, 3) == 0) {
		probe_world_answer(w, probe_roll(&w->dice, (uint32_t)w->open_n));
		moved = true;
	}
	if (w->session && w->body_waits && probe_roll(&w->dice, 3) == 0) {
		w->body_waits = false;
		session_resume(w->session);
		moved = true;
	}
	return moved;
}

bool
probe_world_step(struct probe_world *w)
{
	bool moved = peer_write(w);

	loop_turn(w->loop, 0);
	moved = owner_step(w) || moved;
	return peer_read(w) || moved;
}

void
probe_world_run(struct probe_world *w)
{
	for (int quiet = 0; quiet < QUIET_ROUNDS; quiet++) {
		if (probe_world_step(w))
			quiet = 0;
		if (w->closed && (w->got_end || w->deaf || w->peer_fd < 0))
			break;
	}
}

void
probe_world_play(struct probe_world *w, struct slice input)
{
	w->input = input;
	w->sent = 0;
	probe_world_run(w);
}

static void
world_shows(void *arg, char dir, struct slice bytes)
{
	struct probe_world *w = arg;

	buf_put_byte(&w->shown, (unsigned char)dir);
	buf_put_byte(&w->shown, ':');
	buf_put(&w->shown, bytes);
}

void
probe_world_start(struct probe_world *w, struct engine *engine, unsigned mode, uint32_t seed)
{
	struct stream *stream;
	int fds[2], small = 4096;

	memset(w, 0, sizeof(*w));
	w->dice = seed;
	w->chunked = mode & PROBE_CHUNKED;
	w->slow = mode & PROBE_SLOW;
	w->delayed = mode & PROBE_DELAYED;
	w->lazy = mode & PROBE_LAZY;
	w->handed_fd = -1;
	w->keep_max = 1u << 22;
	buf_init(&w->got, w->keep_max);
	buf_init(&w->body, 1u << 22);
	buf_init(&w->handed, 1u << 22);
	CHECK_EQ(fdpass_pair(fds), 0);
	if (w->slow)
		(void)setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
	w->peer_fd = fds[1];
	w->engine = engine;
	w->loop = loop_new(NULL, probe_clock, 8);
	stream = stream_fd_new(fds[0]);
	buf_init(&w->shown, 1u << 22);
	if (mode & PROBE_SHOWN)
		stream = stream_transcript_new(stream, world_shows, w);
	w->session = session_new(w->loop, stream, engine, &world_ops, w);
}

void
probe_world_stop(struct probe_world *w)
{
	if (w->session)
		session_abort(w->session);
	if (w->peer_fd >= 0)
		close(w->peer_fd);
	/* Whatever lingers ends by its timer; freeing is done a turn later. */
	for (int i = 0; i < 4; i++) {
		probe_now += 60000;
		loop_turn(w->loop, 0);
	}
	CHECK(w->session == NULL);
	if (w->handed_fd >= 0)
		close(w->handed_fd);
	loop_free(w->loop);
	buf_fini(&w->got);
	buf_fini(&w->body);
	buf_fini(&w->handed);
	buf_fini(&w->shown);
}

size_t
probe_fd_count(void)
{
	size_t n = 0;

	for (int fd = 0; fd < 4096; fd++) {
		if (fcntl(fd, F_GETFD) >= 0)
			n++;
	}
	return n;
}
