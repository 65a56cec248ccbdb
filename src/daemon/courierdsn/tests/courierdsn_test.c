/*
 * courierdsn as a process, between a master, a courierd and a routed that stand here: what it asks,
 * what it submits, what it answers, for small and large originals and when others refuse.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/check.h"
#include "build_config.h"
#include "conf/conf.h"
#include "dsn/parse.h"
#include "ext/hash.h"
#include "ipc/channel.h"

#define LIMIT ((uint64_t)1 << 20) /* dsnlimit of the test */
#define TURNS_MAX 3000            /* of 20 ms: the process hangs */
#define FLAG_REPORT 4u
#define FLAG_DOUBLE 8u

static struct {
	struct loop *loop;
	struct channel *control, *courierd, *routed;
	pid_t pid;
	bool ready;

	/* what the others shall answer */
	struct fault route, open, submit;

	/* what happened */
	char asked[256]; /* recipient routed was asked about */
	int file;        /* the body file, or -1 */
	bool dropped, submitted, reported;
	char sender[64], original[256], id[64];
	uint64_t report_of;
	uint32_t flags;
	bool digest_right;
	struct buf body;
	struct fault verdict;
} w;

/* ---- the others ---- */

static void
on_ready(struct channel *c, uint32_t sequence, const void *message, int fd)
{
	(void)c;
	(void)sequence;
	(void)message;
	(void)fd;
	w.ready = true;
}

static void
on_rcpt(struct channel *c, uint32_t sequence, const void *message, int fd)
{
	const struct ipc_rcpt *m = message;
	struct ipc_recipient r = {.address = m->address,
	    .module = SL("local"),
	    .account = SL("somebody"),
	    .original = SL(";as@asked")};
	struct ipc_verdict v;

	(void)fd;
	CHECK_SL(m->source, SL("dsn"));
	CHECK(m->may_relay);
	CHECK_EQ(m->sender.n, 0);
	snprintf(w.asked, sizeof(w.asked), "%.*s", SL_FMT(m->address));
	ipc_verdict_from(&v, &w.route);
	channel_reply(c, sequence, IPC_routed,
	    &(struct ipc_routed){
		.verdict = IPC_VERDICT(&v), .recipients = {&r, w.route.st == ST_OK}},
	    -1);
}

static int
scratch(void)
{
	char path[] = "/tmp/courierdsn_test.XXXXXX";
	int fd = mkstemp(path);

	if (fd < 0) {
		perror(path);
		exit(1);
	}
	unlink(path);
	return fd;
}

static void
on_body_open(struct channel *c, uint32_t sequence, const void *message, int fd)
{
	struct ipc_verdict v;

	(void)message;
	(void)fd;
	ipc_verdict_from(&v, &w.open);
	if (w.open.st == ST_OK)
		w.file = scratch();
	channel_reply(c, sequence, IPC_body_file,
	    &(struct ipc_body_file){.verdict = IPC_VERDICT(&v), .file = w.file >= 0 ? 7 : 0},
	    w.file >= 0 ? dup(w.file) : -1);
}

static void
on_body_drop(struct channel *c, uint32_t sequence, const void *message, int fd)
{
	const struct ipc_body_drop *m = message;

	(void)c;
	(void)sequence;
	(void)fd;
	CHECK_EQ(m->file, 7);
	w.dropped = true;
}

static void
read_file(uint64_t length)
{
	unsigned char *room = buf_room(&w.body, (size_t)length + 1);
	ssize_t n = room ? pread(w.file, room, (size_t)length + 1, 0) : -1;

	if (CHECK(n >= 0))
		buf_added(&w.body, (size_t)n);
}

static void
on_submit(struct channel *c, uint32_t sequence, const void *message, int fd)
{
	const struct ipc_submit *m = message;
	unsigned char sum[DIGEST_MAX];
	struct ipc_verdict v;

	(void)fd;
	CHECK_SL(m->source, SL("dsn"));
	CHECK_EQ(m->file, w.file >= 0 ? 7 : 0);
	CHECK_EQ(m->ret, 0); /* R3461-6.1-a */
	CHECK_EQ(m->recipients.n, 1);
	CHECK_EQ(m->recipients.v[0].notify, 0);
	w.submitted = true;
	snprintf(w.id, sizeof(w.id), "%.*s", SL_FMT(m->id));
	snprintf(w.sender, sizeof(w.sender), "%.*s", SL_FMT(m->sender));
	snprintf(w.original, sizeof(w.original), "%.*s", SL_FMT(m->recipients.v[0].original));
	w.report_of = m->report_of;
	w.flags = m->flags;
	if (w.file >= 0)
		read_file(m->length);
	else
		buf_put(&w.body, m->body);
	CHECK_EQ(w.body.n, m->length);
	hash_once(&hash_sha256, buf_slice(&w.body), sum);
	w.digest_right = sl_eq(m->digest, sl_mem(sum, DIGEST_SHA256));
	ipc_verdict_from(&v, &w.submit);
	channel_reply(
	    c, sequence, IPC_submitted, &(struct ipc_submitted){.verdict = IPC_VERDICT(&v)}, -1);
}

static const struct channel_handler control_handlers[] = {{IPC_ready, on_ready}, {0, NULL}};
static const struct channel_handler routed_handlers[] = {{IPC_rcpt, on_rcpt}, {0, NULL}};
static const struct channel_handler courierd_handlers[] = {
    {IPC_body_open, on_body_open},
    {IPC_body_drop, on_body_drop},
    {IPC_submit, on_submit},
    {0, NULL},
};

/* ---- the process ---- */

static void
start_program(int control)
{
	const char *build = getenv("top_builddir");
	char path[4096];

	snprintf(path, sizeof(path), "%s/src/daemon/courierdsn/courierdsn", build ? build : ".");
	w.pid = fork();
	if (w.pid != 0)
		return;
	if (dup2(control, 3) == 3) {
		close(4);
		execl(path, path, (char *)NULL);
	}
	perror(path);
	_exit(127);
}

static struct channel *
peer(const char *role, struct channel_opts o)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0)
		return NULL;
	o.name = role;
	channel_note(w.control, IPC_peer, &(struct ipc_peer){.role = sl_str(role)}, pair[1]);
	return channel_new(w.loop, pair[0], &o);
}

static void
turn_until(const bool *done)
{
	for (int i = 0; i < TURNS_MAX && !*done; i++)
		loop_turn(w.loop, 20);
	CHECK(*done);
}

static void
send_configuration(void)
{
	struct conf c;
	struct fault f;
	int fd = scratch();

	conf_defaults("mail.example.test", &c);
	c.site.dsnlimit_bytes = LIMIT;
	CHECK_EQ(conf_snapshot_write(&c, fd, &f), ST_OK);
	conf_fini(&c);
	channel_note(w.control, IPC_config, &(struct ipc_config){.serial = 1}, fd);
}

static void
set_up(void)
{
	int pair[2];

	channel_identify("test", BUILD_VERSION);
	w.loop = loop_new(NULL, NULL, 0);
	buf_init(&w.body, (size_t)16 << 20);
	if (!CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0))
		exit(1);
	if (fcntl(pair[0], F_SETFD, FD_CLOEXEC) != 0)
		exit(1);
	start_program(pair[1]);
	close(pair[1]);
	w.control = channel_new(w.loop, pair[0],
	    &(struct channel_opts){.name = "courierdsn",
		.sends = IPC_LINK_MASTER_DOWN,
		.receives = IPC_LINK_MASTER_UP,
		.handlers = control_handlers});
	channel_note(w.control, IPC_identity,
	    &(struct ipc_identity){.role = SL("courierdsn"), .extra_gid = UINT32_MAX}, -1);
	send_configuration();
	w.courierd = peer("courierd", (struct channel_opts){.sends = IPC_LINK_REPORT_ASK,
					  .receives = IPC_LINK_REPORT_SAY,
					  .sends2 = IPC_LINK_CUSTODY_SAY,
					  .receives2 = IPC_LINK_CUSTODY_ASK,
					  .handlers = courierd_handlers});
	w.routed = peer("routed", (struct channel_opts){.sends = IPC_LINK_ROUTE_SAY,
				      .receives = IPC_LINK_ROUTE_ASK,
				      .handlers = routed_handlers});
	channel_note(w.control, IPC_start, &(struct ipc_start){.serial = 1}, -1);
	channel_note(
	    w.courierd, IPC_id_prefix, &(struct ipc_id_prefix){.prefix = SL("00abcd")}, -1);
	turn_until(&w.ready);
}

/* ---- one report ---- */

static void
on_reported(
    struct channel_call *call, uint16_t type, const void *message, int fd, const struct fault *f)
{
	const struct ipc_reported *m = message;

	(void)call;
	(void)type;
	(void)fd;
	w.reported = true;
	if (m)
		ipc_verdict_to(m->verdict.v, m->verdict.n, &w.verdict);
	else
		w.verdict = *f;
}

/* What is the same in every question. */
static struct ipc_report
question(struct slice sender, struct ipc_reported_rcpt *rcpt)
{
	*rcpt = (struct ipc_reported_rcpt){.address = SL("x@example.test"),
	    .original = SL(";X@example.test"),
	    .action = DSN_FAILED,
	    .class = 5,
	    .subject = 1,
	    .detail = 1,
	    .text = SL("no such user")};
	return (struct ipc_report){.report = 42,
	    .id = SL("65000000.aaaaaa.1"),
	    .sender = sender,
	    .from_mta = SL("dns; client.example ([192.0.2.1])"),
	    .arrived_sec = 1795287900,
	    .rcpts = {rcpt, 1}};
}

/* Asks and waits for the answer. original: sent inline when fd is -1. */
static void
ask(struct ipc_report *m, int fd)
{
	struct channel_call call = {.fn = on_reported};

	if (w.file >= 0)
		close(w.file);
	w.file = -1;
	w.dropped = w.submitted = w.reported = false;
	w.asked[0] = '\0';
	buf_clear(&w.body);
	channel_request(w.courierd, &call, IPC_report, m, fd);
	turn_until(&w.reported);
	channel_cancel(&call);
}

static void
expect_no(uint8_t class, bool submitted)
{
	CHECK(w.verdict.st != ST_OK);
	CHECK_EQ(w.verdict.esc[0], class);
	CHECK_EQ(w.submitted, submitted);
}

/* The report that was submitted, read; its returned part is want. */
static void
expect_report(struct slice want, bool whole)
{
	struct arena *a = arena_new("test", (size_t)4 << 20);
	struct dsn_parsed p;
	struct fault f;

	CHECK_EQ(w.verdict.st, ST_OK);
	CHECK(w.submitted);
	CHECK(w.digest_right);
	CHECK_EQ(w.report_of, 42);
	CHECK_EQ(w.sender[0], '\0'); /* R3464-2-e */
	CHECK(w.flags & FLAG_REPORT);
	CHECK_SL(sl_str(w.original), SL(";as@asked"));
	CHECK(sl_search(sl_str(w.id), SL(".00abcd.")) == 8);
	if (CHECK_EQ(dsn_parse(a, buf_slice(&w.body), &p, &f), ST_OK)) {
		CHECK_SL(p.reporting_mta.value, SL("mail.example.test"));
		CHECK_SL(p.rcpts[0].final.value, SL("X@example.test"));
		CHECK_EQ(p.returned_message, whole);
		CHECK(sl_eq(p.returned, want));
	} else {
		printf("%s\n", f.text);
	}
	arena_free(a);
}

/* A message of n octets, lines of 100, in a file. */
static int
long_message(struct buf *out, size_t n)
{
	int fd = scratch();

	buf_clear(out);
	buf_put(out, SL("Subject: long\r\n\r\n"));
	for (size_t i = 0; out->n < n; i++)
		buf_fmt(out, "%098zu\r\n", i);
	CHECK_EQ(write(fd, out->p, out->n), (ssize_t)out->n);
	CHECK_EQ(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

/* ---- tests ---- */

static const struct slice small = {(const unsigned char *)"A: b\r\n\r\nbody\r\n", 14};

static void
test_inline(void)
{
	struct ipc_reported_rcpt rcpt;
	struct ipc_report m = question(SL("user@example.test"), &rcpt);

	m.body = small;
	m.length = small.n;
	ask(&m, -1);
	CHECK_SL(sl_str(w.asked), SL("user@example.test"));
	CHECK(!(w.flags & FLAG_DOUBLE));
	expect_report(small, true);
	CHECK(sl_search(buf_slice(&w.body), SL("\r\nFrom: \"Courier mail server at "
					       "mail.example.test\" <MAILER-DAEMON@mail.example."
					       "test>\r\n")) < w.body.n);
	m.ret = 'H';
	ask(&m, -1);
	expect_report(SL("A: b\r\n"), false);
}

static void
test_files(void)
{
	struct ipc_reported_rcpt rcpt;
	struct ipc_report m = question(SL("user@example.test"), &rcpt);
	struct buf text;
	/* inline with the report around it; not any more; in several pieces; as much as may be; too
	 * much */
	const size_t sizes[] = {60000, 65000, 700000, (size_t)LIMIT - 100, (size_t)LIMIT + 1};

	buf_init(&text, (size_t)LIMIT * 2);
	for (size_t i = 0; i < COUNT_OF(sizes); i++) {
		int fd = long_message(&text, sizes[i]);
		bool whole = text.n <= LIMIT;

		m.length = text.n;
		ask(&m, fd);
		CHECK_EQ(w.file >= 0, whole && sizes[i] > 60000);
		expect_report(whole ? buf_slice(&text) : SL("Subject: long\r\n"), whole);
	}
	buf_fini(&text);
}

/* The original is shorter than courierd says: nothing is sent, and the file goes. */
static void
test_short_original(void)
{
	struct ipc_reported_rcpt rcpt;
	struct ipc_report m = question(SL("user@example.test"), &rcpt);
	struct buf text;
	int fd;

	buf_init(&text, (size_t)LIMIT);
	fd = long_message(&text, 300000);
	m.length = text.n + 1;
	ask(&m, fd);
	expect_no(4, false);
	turn_until(&w.dropped); /* the note comes behind the answer */
	buf_fini(&text);
}

static void
test_nothing_to_return(void)
{
	struct ipc_reported_rcpt rcpt;
	struct ipc_report m = question(SL("user@example.test"), &rcpt);

	m.length = 1000;
	ask(&m, -1);
	expect_report(SL_NONE, false);
}

static void
test_refused(void)
{
	struct ipc_reported_rcpt rcpt;
	struct ipc_report m = question(SL("user@example.test"), &rcpt);
	struct buf text;

	m.body = small;
	m.length = small.n;
	fault_set(&w.route, ST_NOENT, "5.1.1", "no such user");
	ask(&m, -1);
	expect_no(5, false);
	CHECK_SL(sl_str(w.verdict.text), SL("no such user"));
	fault_set(&w.route, ST_TEMP, "4.3.0", "not now");
	ask(&m, -1);
	expect_no(4, false);
	w.route = FAULT_NONE;
	fault_set(&w.submit, ST_LIMIT, "4.3.1", "full");
	ask(&m, -1);
	expect_no(4, true);
	w.submit = FAULT_NONE;
	fault_set(&w.open, ST_LIMIT, "4.3.1", "full");
	buf_init(&text, (size_t)LIMIT);
	m.body = SL_NONE;
	int fd = long_message(&text, 300000);
	m.length = text.n;
	ask(&m, fd);
	expect_no(4, false);
	CHECK(!w.dropped);
	w.open = FAULT_NONE;
	buf_fini(&text);
}

static void
test_double(void)
{
	struct ipc_reported_rcpt rcpt;
	struct ipc_report m = question(SL_NONE, &rcpt);

	m.body = small;
	m.length = small.n;
	ask(&m, -1);
	CHECK_SL(sl_str(w.asked), SL("postmaster"));
	CHECK(w.flags & FLAG_DOUBLE);
	expect_report(small, true);
	CHECK(sl_search(buf_slice(&w.body), SL("\r\nTo: postmaster@mail.example.test\r\n")) <
	      w.body.n);
}

static void
test_nobody(void)
{
	struct ipc_reported_rcpt rcpt;
	struct ipc_report m = question(SL("user@example.test"), &rcpt);

	m.rcpts.n = 0;
	ask(&m, -1);
	expect_no(5, false);
	m = question(SL("user@example.test"), &rcpt);
	rcpt.action = 99;
	ask(&m, -1);
	expect_no(5, false);
}

/* routed is lost while it is asked. */
static void
test_no_routed(void)
{
	struct ipc_reported_rcpt rcpt;
	struct ipc_report m = question(SL("user@example.test"), &rcpt);

	channel_free(w.routed);
	m.body = small;
	m.length = small.n;
	ask(&m, -1);
	expect_no(4, false);
}

static void
test_drain(void)
{
	int status = 0;

	channel_note(w.control, IPC_drain, &(struct ipc_drain){.within_ms = 30000}, -1);
	for (int i = 0; i < TURNS_MAX && waitpid(w.pid, &status, WNOHANG) == 0; i++)
		loop_turn(w.loop, 20);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

int
main(int argc, char **argv)
{
	static const struct check_row rows[] = {
	    {"inline", test_inline},
	    {"files", test_files},
	    {"short_original", test_short_original},
	    {"nothing_to_return", test_nothing_to_return},
	    {"refused", test_refused},
	    {"double", test_double},
	    {"nobody", test_nobody},
	    {"no_routed", test_no_routed},
	    {"drain", test_drain},
	};

	w.file = -1;
	set_up();
	return check_main(argc, argv, rows, COUNT_OF(rows));
}
