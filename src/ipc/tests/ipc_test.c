/*
 * The codec against itself and against damage; channels over a real socketpair in a real loop.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/check.h"
#include "ipc/channel.h"
#include "ipc/frame.h"
#include "os/fdpass.h"

/* ---- codec ---- */

static uint64_t dice_state = 88172645463325252u;

static uint64_t
dice(void)
{
	dice_state ^= dice_state << 13;
	dice_state ^= dice_state >> 7;
	dice_state ^= dice_state << 17;
	return dice_state;
}

/* Fills a message with random values inside its row's limits (lists short, bytes short). */
static void
fill_layout(const struct ipc_layout *l, struct arena *a, unsigned char *at)
{
	for (size_t i = 0; i < l->count; i++) {
		const struct ipc_field *fl = &l->fields[i];
		uint64_t v = dice();

		if (fl->kind == IPC_KIND_BYTES) {
			struct slice s = {
			    arena_get(a, 64), (size_t)(v % (fl->max < 60 ? fl->max + 1 : 60))};

			for (size_t k = 0; k < s.n; k++)
				((unsigned char *)(uintptr_t)s.p)[k] = (unsigned char)dice();
			memcpy(at + fl->at, &s, sizeof(s));
		} else if (fl->kind == IPC_KIND_LIST) {
			uint32_t n = (uint32_t)(v % 4) < fl->max ? (uint32_t)(v % 4) : fl->max;
			unsigned char *items = arena_get_array(a, n + 1, fl->record->size);

			for (uint32_t k = 0; k < n; k++)
				fill_layout(fl->record, a, items + k * fl->record->size);
			memcpy(at + fl->at, &items, sizeof(items));
			memcpy(at + fl->at + sizeof(items), &n, sizeof(n));
		} else {
			memcpy(at + fl->at, &v,
			    fl->kind == IPC_KIND_U8    ? 1
			    : fl->kind == IPC_KIND_U32 ? 4
						       : 8);
		}
	}
}

static void
test_round_trip(void)
{
	struct arena *a = arena_new("test", 1 << 20);
	size_t count;
	const struct ipc_row *rows = ipc_rows(&count);

	CHECK_EQ(count, IPC_ROW_COUNT);
	for (size_t i = 0; i < count; i++)
		for (int round = 0; round < 20; round++) {
			struct buf one, two;
			struct fault f;
			void *in = arena_get(a, rows[i].layout.size),
			     *out = arena_get(a, rows[i].layout.size);

			fill_layout(&rows[i].layout, a, in);
			buf_init(&one, 1 << 20);
			buf_init(&two, 1 << 20);
			CHECK_EQ(ipc_encode(&rows[i], in, &one, &f), ST_OK);
			CHECK_EQ(ipc_decode(&rows[i], buf_slice(&one), a, out, &f), ST_OK);
			CHECK_EQ(ipc_encode(&rows[i], out, &two, &f), ST_OK);
			CHECK_SL(buf_slice(&two), buf_slice(&one));
			for (size_t cut = 0; cut < one.n; cut++) /* nothing shorter is accepted */
				CHECK(
				    ipc_decode(&rows[i], sl_mem(one.p, cut), a, out, &f) != ST_OK);
			buf_put_byte(&one, 0);
			CHECK_EQ(ipc_decode(&rows[i], buf_slice(&one), a, out, &f), ST_SYNTAX);
			buf_fini(&one);
			buf_fini(&two);
			arena_reset(a);
		}
	arena_free(a);
}

static void
test_rows(void)
{
	size_t count;
	const struct ipc_row *rows = ipc_rows(&count);

	for (size_t i = 0; i < count; i++) {
		CHECK(i == 0 || rows[i - 1].type < rows[i].type);
		CHECK(ipc_row(rows[i].type) == &rows[i]);
		if (rows[i].flow == IPC_FLOW_REQUEST)
			CHECK(ipc_reply_row(&rows[i]) != NULL && rows[i].credit > 0);
	}
	CHECK(ipc_row(0) == NULL);
	CHECK(ipc_row(999) == NULL);
	CHECK(ipc_reply_row(ipc_row(IPC_submit)) == ipc_row(IPC_submitted));
	CHECK(ipc_reply_row(ipc_row(IPC_deliver)) == ipc_row(IPC_delivered));
	CHECK(ipc_reply_row(ipc_row(IPC_ask_status)) == ipc_row(IPC_status));
	CHECK(ipc_reply_row(ipc_row(IPC_cmd_list)) == ipc_row(IPC_cmd_done));
}

static void
test_limits(void)
{
	struct ipc_exists m = {sl_mem("x", 1)};
	static unsigned char big[400];
	struct buf out;
	struct fault f;

	buf_init(&out, 4096);
	m.address = sl_mem(big, 321);
	CHECK_EQ(ipc_encode(ipc_row(IPC_exists), &m, &out, &f), ST_LIMIT);
	buf_clear(&out);
	m.address = sl_mem(big, 320);
	CHECK_EQ(ipc_encode(ipc_row(IPC_exists), &m, &out, &f), ST_OK);
	buf_fini(&out);
}

static void
test_verdict(void)
{
	struct fault f, back;
	struct ipc_verdict v;

	fault_set(&f, ST_PERM, "5.1.1", "no such user");
	ipc_verdict_from(&v, &f);
	ipc_verdict_to(&v, 1, &back);
	CHECK_EQ(back.st, ST_PERM);
	CHECK_EQ(back.esc[0] * 100 + back.esc[1] * 10 + back.esc[2], 511);
	CHECK_SL(sl_str(back.text), SL("no such user"));
	ipc_verdict_to(&v, 0, &back);
	CHECK_EQ(back.st, ST_OK);
}

/* ---- channels ---- */

struct side {
	struct channel *c;
	int closed, asked, replies, faults;
	uint32_t sequence[64];
	int fd;
	bool hold;
};

static struct loop *loop;

static void
turn(int n)
{
	while (n--)
		loop_turn(loop, 0);
}

static void
on_exists(struct channel *c, uint32_t sequence, const void *message, int fd)
{
	struct side *s = channel_owner(c);
	const struct ipc_exists *m = message;

	CHECK_EQ(fd, -1);
	s->sequence[s->asked++ % 64] = sequence;
	if (s->hold)
		return;
	struct ipc_verdict v = {.st = ST_OK};
	struct ipc_existing r = {.verdict = IPC_VERDICT(&v), .account = m->address};
	channel_reply(c, sequence, IPC_existing, &r, -1);
	channel_reply(c, sequence, IPC_existing, &r, -1); /* once only: the second does nothing */
}

static void
on_body_open(struct channel *c, uint32_t sequence, const void *message, int fd)
{
	struct ipc_verdict v = {.st = ST_OK};
	struct ipc_body_file r = {.verdict = IPC_VERDICT(&v), .file = 7};
	int p[2];

	(void)message;
	CHECK_EQ(fd, -1);
	CHECK_EQ(pipe(p), 0);
	CHECK_EQ(write(p[1], "hi", 2), 2);
	close(p[1]);
	channel_reply(c, sequence, IPC_body_file, &r, p[0]);
}

static void
on_closed(struct channel *c, const struct fault *why)
{
	struct side *s = channel_owner(c);

	CHECK(why->st != ST_OK);
	s->closed++;
	s->c = NULL;
}

static void
on_reply(
    struct channel_call *call, uint16_t type, const void *message, int fd, const struct fault *f)
{
	struct side *s = call->arg;

	(void)type;
	s->fd = fd;
	if (message)
		s->replies++;
	else if (CHECK(f && f->esc[0] == 4))
		s->faults++;
}

static const struct channel_handler auth_handlers[] = {{IPC_exists, on_exists}, {0, NULL}};
static const struct channel_handler custody_handlers[] = {{IPC_body_open, on_body_open}, {0, NULL}};

static void
open_pair(struct side *asker, struct side *answerer, enum ipc_link ask, enum ipc_link say,
    const struct channel_handler *h)
{
	int fds[2];

	memset(asker, 0, sizeof(*asker));
	memset(answerer, 0, sizeof(*answerer));
	CHECK_EQ(fdpass_pair(fds), 0);
	asker->c = channel_new(loop, fds[0],
	    &(struct channel_opts){.name = "answerer",
		.sends = ask,
		.receives = say,
		.closed = on_closed,
		.owner = asker});
	answerer->c = channel_new(loop, fds[1],
	    &(struct channel_opts){.name = "asker",
		.sends = say,
		.receives = ask,
		.handlers = h,
		.closed = on_closed,
		.owner = answerer});
}

static void
test_request_reply(void)
{
	struct side a, b;
	struct channel_call calls[300];
	struct ipc_exists m = {SL("user@example.test")};

	memset(calls, 0, sizeof(calls));
	open_pair(&a, &b, IPC_LINK_AUTH_ASK, IPC_LINK_AUTH_SAY, auth_handlers);
	b.hold = true;
	for (size_t i = 0; i < 300; i++) {
		calls[i].fn = on_reply;
		calls[i].arg = &a;
		channel_request(a.c, &calls[i], IPC_exists, &m, -1);
	}
	CHECK_EQ(channel_open_count(a.c, IPC_exists), 256); /* the row's credit */
	CHECK_EQ(channel_waiting_count(a.c, IPC_exists), 44);
	turn(20);
	CHECK_EQ(b.asked, 256);
	channel_cancel(&calls[299]); /* one that waits */
	channel_cancel(&calls[255]); /* one under way */
	CHECK_EQ(channel_waiting_count(a.c, IPC_exists), 43);
	b.hold = false;
	channel_grant(b.c, IPC_exists, 1000);
	turn(20);
	CHECK_EQ(b.asked, 299);
	CHECK_EQ(a.replies, 43); /* those that waited; the held ones are still open */
	for (int i = 0; i < 64;
	     i++) { /* the last 64 sequences noted include held ones that were overwritten */
		struct ipc_existing r = {0};

		channel_reply(b.c, b.sequence[i], IPC_existing, &r, -1);
	}
	turn(20);
	CHECK(a.replies > 43);
	channel_free(b.c);
	turn(20);
	CHECK_EQ(a.closed, 1);
	CHECK_EQ(a.replies + a.faults, 298);
	turn(1);
}

static void
test_descriptor(void)
{
	struct side a, b;
	struct channel_call call = {.fn = on_reply, .arg = &a};
	struct ipc_body_open m = {100};
	char text[2];

	open_pair(&a, &b, IPC_LINK_CUSTODY_ASK, IPC_LINK_CUSTODY_SAY, custody_handlers);
	channel_request(a.c, &call, IPC_body_open, &m, -1);
	turn(10);
	CHECK_EQ(a.replies, 1);
	if (CHECK(a.fd >= 0)) {
		CHECK_EQ(read(a.fd, text, 2), 2);
		CHECK(text[0] == 'h');
		CHECK(fcntl(a.fd, F_GETFD) & FD_CLOEXEC);
		close(a.fd);
	}
	channel_free(a.c);
	channel_free(b.c);
	turn(3);
}

/* Raw bytes from a peer that keeps no rules. */
static void
expect_cut(enum ipc_link receives, const struct channel_handler *h, const struct frame *fr,
    struct slice payload, bool greet)
{
	struct side b = {0};
	unsigned char header[FRAME_HEADER];
	int fds[2];
	struct buf hello;
	struct fault f;
	struct ipc_hello m = {ipc_schema(), SL("test"), SL("test")};

	CHECK_EQ(fdpass_pair(fds), 0);
	b.c = channel_new(loop, fds[1],
	    &(struct channel_opts){.name = "hostile",
		.sends = IPC_LINK_AUTH_SAY,
		.receives = receives,
		.handlers = h,
		.closed = on_closed,
		.owner = &b});
	buf_init(&hello, 4096);
	CHECK_EQ(ipc_encode(ipc_row(IPC_hello), &m, &hello, &f), ST_OK);
	if (greet) {
		frame_put(header, &(struct frame){.length = (uint32_t)hello.n, .type = IPC_hello});
		CHECK_EQ(write(fds[0], header, sizeof(header)), FRAME_HEADER);
		CHECK_EQ(write(fds[0], hello.p, hello.n), hello.n);
	}
	frame_put(header, fr);
	CHECK_EQ(write(fds[0], header, sizeof(header)), FRAME_HEADER);
	CHECK_EQ(write(fds[0], payload.p, payload.n), payload.n);
	turn(5);
	CHECK_EQ(b.closed, 1);
	buf_fini(&hello);
	close(fds[0]);
	channel_free(b.c);
	turn(2);
}

static void
test_hostile(void)
{
	struct slice exists = SL("\0\0\0\1x");

	/* hello is missing */
	expect_cut(
	    IPC_LINK_AUTH_ASK, auth_handlers, &(struct frame){5, IPC_exists, 0, 1}, exists, false);
	/* a link that is not this channel's */
	expect_cut(
	    IPC_LINK_TALLY_ASK, auth_handlers, &(struct frame){5, IPC_exists, 0, 1}, exists, true);
	/* unknown type, unknown flag, a descriptor announced where none may be */
	expect_cut(IPC_LINK_AUTH_ASK, auth_handlers, &(struct frame){5, 7777, 0, 1}, exists, true);
	expect_cut(
	    IPC_LINK_AUTH_ASK, auth_handlers, &(struct frame){5, IPC_exists, 2, 1}, exists, true);
	expect_cut(
	    IPC_LINK_AUTH_ASK, auth_handlers, &(struct frame){5, IPC_exists, 1, 1}, exists, true);
	/* a reply to nothing; a payload that lies; a payload above the maximum */
	expect_cut(IPC_LINK_AUTH_SAY, auth_handlers, &(struct frame){12, IPC_existing, 0, 1},
	    SL("\0\0\0\0\0\0\0\0\0\0\0\0"), true);
	expect_cut(IPC_LINK_AUTH_ASK, auth_handlers, &(struct frame){5, IPC_exists, 0, 1},
	    SL("\0\0\0\2x"), true);
	expect_cut(IPC_LINK_AUTH_ASK, auth_handlers,
	    &(struct frame){FRAME_MAX + 1, IPC_exists, 0, 1}, exists, true);
	/* nobody handles it */
	expect_cut(IPC_LINK_AUTH_ASK, NULL, &(struct frame){5, IPC_exists, 0, 1}, exists, true);
}

static void
test_credit_overrun(void)
{
	struct side b = {0};
	unsigned char header[FRAME_HEADER];
	struct ipc_hello m = {ipc_schema(), SL("test"), SL("test")};
	struct buf out;
	struct fault f;
	int fds[2];

	CHECK_EQ(fdpass_pair(fds), 0);
	b.hold = true;
	b.c = channel_new(loop, fds[1],
	    &(struct channel_opts){.name = "greedy",
		.sends = IPC_LINK_AUTH_SAY,
		.receives = IPC_LINK_AUTH_ASK,
		.handlers = auth_handlers,
		.closed = on_closed,
		.owner = &b});
	buf_init(&out, 1 << 16);
	CHECK_EQ(ipc_encode(ipc_row(IPC_hello), &m, &out, &f), ST_OK);
	frame_put(header, &(struct frame){.length = (uint32_t)out.n, .type = IPC_hello});
	CHECK_EQ(write(fds[0], header, sizeof(header)), FRAME_HEADER);
	CHECK_EQ(write(fds[0], out.p, out.n), out.n);
	for (uint32_t i = 1; i <= 257; i++) {
		frame_put(header, &(struct frame){5, IPC_exists, 0, i});
		CHECK_EQ(write(fds[0], header, sizeof(header)), FRAME_HEADER);
		CHECK_EQ(write(fds[0], "\0\0\0\1x", 5), 5);
		turn(1);
	}
	turn(20);
	CHECK_EQ(b.asked, 256);
	CHECK_EQ(b.closed, 1);
	buf_fini(&out);
	close(fds[0]);
	turn(2);
}

/* A peer that says what it wants, byte by byte if need be, and hello first. */
static int
raw_peer(
    struct side *s, enum ipc_link sends, enum ipc_link receives, const struct channel_handler *h)
{
	struct ipc_hello m = {ipc_schema(), SL("test"), SL("test")};
	unsigned char header[FRAME_HEADER];
	struct buf out;
	struct fault f;
	int fds[2];

	memset(s, 0, sizeof(*s));
	CHECK_EQ(fdpass_pair(fds), 0);
	s->c = channel_new(loop, fds[1],
	    &(struct channel_opts){.name = "raw",
		.sends = sends,
		.receives = receives,
		.handlers = h,
		.closed = on_closed,
		.owner = s});
	buf_init(&out, 1 << 16);
	CHECK_EQ(ipc_encode(ipc_row(IPC_hello), &m, &out, &f), ST_OK);
	frame_put(header, &(struct frame){.length = (uint32_t)out.n, .type = IPC_hello});
	CHECK_EQ(write(fds[0], header, sizeof(header)), FRAME_HEADER);
	CHECK_EQ(write(fds[0], out.p, out.n), out.n);
	buf_fini(&out);
	return fds[0];
}

static void
raw_say(int fd, const struct frame *fr, struct slice payload)
{
	unsigned char header[FRAME_HEADER];

	frame_put(header, fr);
	CHECK_EQ(write(fd, header, sizeof(header)), FRAME_HEADER);
	CHECK_EQ(write(fd, payload.p, payload.n), payload.n);
}

#define YES_VERDICT \
	"\0\0\0\1"  \
	"\0\0\0\0\0\0\0\0"

/* A reply whose descriptor got lost is no reply: the call hears so, and the channel goes on. */
static void
test_lost_fd(void)
{
	struct side s;
	struct channel_call call = {.fn = on_reply, .arg = &s};
	int fd = raw_peer(&s, IPC_LINK_CUSTODY_ASK, IPC_LINK_CUSTODY_SAY, NULL);

	channel_request(s.c, &call, IPC_body_open, &(struct ipc_body_open){1}, -1);
	turn(2);
	raw_say(
	    fd, &(struct frame){16, IPC_body_file, FRAME_HAS_FD, 1}, SL(YES_VERDICT "\0\0\0\7"));
	turn(3);
	CHECK_EQ(s.faults, 1);
	CHECK_EQ(s.replies, 0);
	CHECK_EQ(s.closed, 0);
	CHECK_EQ(channel_open_count(s.c, IPC_body_open), 0);
	channel_free(s.c);
	close(fd);
	turn(1);
}

/* What a process said before it ended counts, though writing to it fails first; nobody is called
 * back inside a call. */
static void
test_last_words(void)
{
	struct side s;
	struct channel_call calls[3];
	int fd = raw_peer(&s, IPC_LINK_CUSTODY_ASK, IPC_LINK_CUSTODY_SAY, NULL);

	memset(calls, 0, sizeof(calls));
	for (int i = 0; i < 3; i++) {
		calls[i].fn = on_reply;
		calls[i].arg = &s;
	}
	turn(2);
	channel_request(s.c, &calls[0], IPC_body_open, &(struct ipc_body_open){1}, -1);
	raw_say(fd, &(struct frame){16, IPC_body_file, 0, 1}, SL(YES_VERDICT "\0\0\0\7"));
	close(fd);
	channel_request(s.c, &calls[1], IPC_body_open, &(struct ipc_body_open){1}, -1);
	channel_note(s.c, IPC_body_drop, &(struct ipc_body_drop){1}, -1);
	CHECK_EQ(s.replies + s.faults + s.closed, 0);
	turn(3);
	CHECK_EQ(s.replies, 1);
	CHECK_EQ(s.faults, 1);
	CHECK_EQ(s.closed, 1);
	/* without a channel the answer comes at once */
	channel_request(NULL, &calls[2], IPC_body_open, &(struct ipc_body_open){1}, -1);
	CHECK_EQ(s.faults, 2);
}

/* A peer that does not read is cut off; until then what it says is heard. */
static void
test_deaf_peer(void)
{
	static unsigned char big[300];
	struct side s = {0};
	int fds[2];

	CHECK_EQ(fdpass_pair(fds), 0);
	s.c = channel_new(loop, fds[1],
	    &(struct channel_opts){.name = "deaf",
		.sends = IPC_LINK_TALLY_ASK,
		.receives = IPC_LINK_TALLY_SAY,
		.closed = on_closed,
		.owner = &s,
		.queue_max_bytes = 100000});
	for (int i = 0; i < 10000; i++)
		channel_note(s.c, IPC_login_failed,
		    &(struct ipc_login_failed){.user = sl_mem(big, sizeof(big))}, -1);
	CHECK_EQ(s.closed, 0);
	turn(2);
	CHECK_EQ(s.closed, 1);
	close(fds[0]);
}

static void
on_exists_too_long(struct channel *c, uint32_t sequence, const void *message, int fd)
{
	static unsigned char big[2000];

	(void)message;
	(void)fd;
	channel_reply(c, sequence, IPC_existing,
	    &(struct ipc_existing){.account = sl_mem(big, sizeof(big))}, -1);
}

static void
on_verdict(
    struct channel_call *call, uint16_t type, const void *message, int fd, const struct fault *f)
{
	struct side *s = call->arg;
	const struct ipc_existing *m = message;
	struct fault verdict;

	(void)type;
	(void)fd;
	(void)f;
	if (!CHECK(m != NULL))
		return;
	ipc_verdict_to(m->verdict.v, m->verdict.n, &verdict);
	CHECK(verdict.st != ST_OK && verdict.esc[0] == 4);
	s->faults++;
}

/* A reply that does not fit its row becomes one that says so. */
static void
test_reply_too_long(void)
{
	static const struct channel_handler h[] = {{IPC_exists, on_exists_too_long}, {0, NULL}};
	struct side a, b;
	struct channel_call call = {.fn = on_verdict, .arg = &a};

	open_pair(&a, &b, IPC_LINK_AUTH_ASK, IPC_LINK_AUTH_SAY, h);
	channel_request(a.c, &call, IPC_exists, &(struct ipc_exists){SL("x")}, -1);
	turn(5);
	CHECK_EQ(a.faults, 1);
	CHECK_EQ(a.closed, 0);
	channel_free(a.c);
	channel_free(b.c);
	turn(2);
}

/* A cancelled request gives back its own credit, not another one's. */
static void
test_cancelled_credit(void)
{
	struct side s;
	struct channel_call calls[2];
	int fd = raw_peer(&s, IPC_LINK_COMMAND_ASK, IPC_LINK_COMMAND_SAY, NULL);

	memset(calls, 0, sizeof(calls));
	calls[0].fn = calls[1].fn = on_reply;
	calls[0].arg = calls[1].arg = &s;
	channel_request(s.c, &calls[0], IPC_cmd_status, &(struct ipc_cmd_status){0}, -1);
	channel_request(s.c, &calls[1], IPC_cmd_reload, &(struct ipc_cmd_reload){0}, -1);
	CHECK(channel_cancel(&calls[0]));
	CHECK(!channel_cancel(&calls[0]));
	raw_say(fd, &(struct frame){8, IPC_cmd_done, 0, 1}, SL("\0\0\0\0\0\0\0\0"));
	turn(3);
	CHECK_EQ(channel_open_count(s.c, IPC_cmd_status), 0);
	CHECK_EQ(channel_open_count(s.c, IPC_cmd_reload), 1);
	raw_say(fd, &(struct frame){8, IPC_cmd_done, 0, 2}, SL("\0\0\0\0\0\0\0\0"));
	turn(3);
	CHECK_EQ(s.replies, 1);
	CHECK_EQ(channel_open_count(s.c, IPC_cmd_reload), 0);
	raw_say(fd, &(struct frame){8, IPC_cmd_done, 0, 1}, SL("\0\0\0\0\0\0\0\0"));
	turn(3);
	CHECK_EQ(s.closed, 1); /* once only */
	close(fd);
}

/* A daemon that was taken over talks to a command that root runs. */
static void
test_blocking_lies(void)
{
	unsigned char header[FRAME_HEADER];
	struct fault f;
	int fds[2];

	CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	frame_put(header, &(struct frame){UINT32_MAX, IPC_cmd_done, 0, 1});
	CHECK_EQ(write(fds[0], header, sizeof(header)), FRAME_HEADER);
	CHECK_EQ(channel_ask_blocking(
		     fds[1], IPC_cmd_status, &(struct ipc_cmd_status){0}, NULL, NULL, &f),
	    ST_SYNTAX);
	close(fds[0]);
	close(fds[1]);
}

/* 10,000 channels leave no descriptor behind. */
static void
test_leak(void)
{
	int before = dup(0), after;
	struct side a, b;

	close(before);
	for (int i = 0; i < 10000; i++) {
		struct channel_call call = {.fn = on_reply, .arg = &a};
		struct ipc_body_open m = {1};

		open_pair(&a, &b, IPC_LINK_CUSTODY_ASK, IPC_LINK_CUSTODY_SAY, custody_handlers);
		channel_request(a.c, &call, IPC_body_open, &m, -1);
		turn(2);
		channel_free(i % 2 ? a.c : b.c);
		turn(2);
		if (a.replies)
			close(a.fd);
		channel_free(i % 2 ? b.c : a.c);
		turn(1);
	}
	after = dup(0);
	CHECK_EQ(after, before);
	close(after);
}

static const struct check_row tests[] = {
    {"round_trip", test_round_trip},
    {"rows", test_rows},
    {"limits", test_limits},
    {"verdict", test_verdict},
    {"request_reply", test_request_reply},
    {"descriptor", test_descriptor},
    {"hostile", test_hostile},
    {"credit_overrun", test_credit_overrun},
    {"leak", test_leak},
    {"lost_fd", test_lost_fd},
    {"last_words", test_last_words},
    {"deaf_peer", test_deaf_peer},
    {"reply_too_long", test_reply_too_long},
    {"cancelled_credit", test_cancelled_credit},
    {"blocking_lies", test_blocking_lies},
};

int
main(int argc, char **argv)
{
	loop = loop_new(NULL, NULL, 0);
	int status = check_main(argc, argv, tests, COUNT_OF(tests));
	loop_free(loop);
	return status;
}
