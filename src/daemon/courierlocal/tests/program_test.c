/*
 * What instructions start: programs, instructions that give instructions, forwarding.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/check.h"
#include "daemon/courierlocal/tests/one.h"
#include "net/listener.h"

/* ---- programs ---- */

static void
test_programs(void)
{
	struct parcel p;
	struct buf got;

	begin();
	buf_init(&got, 1 << 20);
	world_write(&w, "u/.courier-p", "|cat >out; echo $RECIPIENT $EXT >>out\n./Maildir\n");
	p = deliver_to("p");
	CHECK(is(&p, 2, 0, 0));
	CHECK_SL(world_read(&w, "u/out", &got), SL(TEXT_LF "u@example.test p\n"));
	CHECK_EQ(world_count(&w, "u/Maildir/new"), 1);
	world_write(&w, "u/.courier-stop", "|exit 99\n./Maildir\n");
	p = deliver_to("stop");
	CHECK(is(&p, 2, 0, 0));
	CHECK_EQ(world_count(&w, "u/Maildir/new"), 1);
	world_write(&w, "u/.courier-fail", "|echo no thanks; exit 67\n./Maildir\n");
	p = deliver_to("fail");
	CHECK(is(&p, 5, 1, 1) && strstr(p.text, "no thanks"));
	world_write(&w, "u/.courier-later", "|exit 75\n./Maildir\n");
	p = deliver_to("later");
	CHECK(is(&p, 4, 3, 0));
	CHECK_EQ(world_count(&w, "u/Maildir/new"), 1);
	world_write(&w, "u/.courier-a-default", "|echo $DEFAULT $EXT2 >out\n");
	p = deliver_to("a-b-c");
	CHECK(is(&p, 2, 0, 0));
	CHECK_SL(world_read(&w, "u/out", &got), SL("b-c b-c\n"));
	buf_fini(&got);
	end();
}

static void
test_dynamic(void)
{
	struct parcel p;

	begin();
	world_write(&w, "u/.courier-d", "||echo ./one/; echo ./two/\n./three/\n");
	p = deliver_to("d");
	CHECK(is(&p, 2, 0, 0));
	CHECK_EQ(world_count(&w, "u/one/new") + world_count(&w, "u/two/new") +
		     world_count(&w, "u/three/new"),
	    3);
	world_write(&w, "u/.courier-s", "||echo ./one/; exit 99\n./three/\n");
	p = deliver_to("s");
	CHECK(is(&p, 2, 0, 0));
	CHECK_EQ(world_count(&w, "u/one/new"), 2);
	CHECK_EQ(world_count(&w, "u/three/new"), 1);
	world_write(&w, "u/.courier-f", "||echo ./one/; exit 1\n");
	p = deliver_to("f");
	CHECK(is(&p, 4, 3, 0));
	CHECK_EQ(world_count(&w, "u/one/new"), 2);
	/* It gives itself again and again. */
	world_write(&w, "u/.courier-r", "||cat .courier-r\n");
	p = deliver_to("r");
	CHECK(is(&p, 4, 3, 5));
	world_write(&w, "u/.courier-long", "||yes ./one/ | head -2000\n");
	p = deliver_to("long");
	CHECK(is(&p, 4, 3, 5));
	world_write(&w, "u/.courier-n", "||true\n");
	p = deliver_to("n");
	CHECK(is(&p, 2, 0, 0));
	end();
}

/* A large message through a pipe, a program that reads none of it, one that reads slowly. */
static void
test_large_input(void)
{
	struct parcel p;
	struct buf text, got;

	begin();
	buf_init(&text, 1 << 24);
	buf_init(&got, 1 << 24);
	while (text.n < 3000000)
		buf_put_str(&text, "0123456789\r\n");
	world_write(&w, "u/.courier-c", "|wc -c >out\n");
	p = deliver(&(struct order){
	    .id = "a.b.1", .extension = "c", .text = buf_slice(&text), .by_fd = true});
	CHECK(is(&p, 2, 0, 0));
	CHECK_SL(sl_trim(world_read(&w, "u/out", &got)), SL("2750000"));
	world_write(&w, "u/.courier-n", "|exec true\n");
	p = deliver(&(struct order){
	    .id = "a.b.2", .extension = "n", .text = buf_slice(&text), .by_fd = true});
	CHECK(is(&p, 2, 0, 0));
	p = deliver(&(struct order){.id = "a.b.3",
	    .extension = "c",
	    .text = buf_slice(&text),
	    .by_fd = true,
	    .spoil_digest = true});
	CHECK(is(&p, 4, 3, 0));
	buf_fini(&text);
	buf_fini(&got);
	end();
}

/* What runs too long is ended with all it started, and the message is tried again. */
static void
test_timeout(void)
{
	struct parcel p;
	pid_t pid;

	world_open(&w);
	world_write(&w, "etc/localtimeout", "1\n");
	world_configure(&w);
	worker_start(&w, &k, "u");
	world_write(&w, "u/.courier-p",
	    "|sh -c 'echo $$ >pid; trap \"\" TERM; while :; do sleep 1; done'\n");
	p = deliver_to("p");
	CHECK(is(&p, 4, 3, 0) && strstr(p.text, "localtimeout"));
	pid = pid_in("u/pid");
	CHECK(pid > 0 && world_gone(&w, pid));
	end();
}

/* Six programs that each wait for the next one to start: no more than MAXHOST at once, all in turn.
 */
static void
test_programs_wait(void)
{
	struct parcel p[12];

	begin();
	world_write(&w, "u/.courier-p", "|echo x >>running; sleep 0.05\n");
	for (uint32_t i = 0; i < COUNT_OF(p); i++)
		parcel_send(&k, 0, &p[i],
		    &(struct order){
			.id = "a.b.c", .number = i, .extension = "p", .text = SL(TEXT)});
	for (size_t i = 0; i < COUNT_OF(p); i++)
		CHECK(world_wait(&w, &p[i].answers, 1) && is(&p[i], 2, 0, 0));
	struct buf got;
	buf_init(&got, 1 << 16);
	CHECK_EQ(world_read(&w, "u/running", &got).n, 2 * COUNT_OF(p));
	buf_fini(&got);
	end();
}

/* ---- forwarding ---- */

/* A server behind the local socket: says what the script says to each line it gets. */
static struct {
	int listen_fd, fd;
	struct watch listening, serving;
	struct buf got;
	const char *refuse; /* a line that begins so gets the reply */
	const char *reply;
	bool in_data;
} server;

static void
server_say(const char *text)
{
	CHECK_EQ(write(server.fd, text, strlen(text)), (ssize_t)strlen(text));
}

static void
server_line(struct slice line)
{
	if (server.refuse && sl_starts(line, sl_str(server.refuse)))
		server_say(server.reply);
	else if (server.in_data) {
		if (sl_eq(line, SL("."))) {
			server.in_data = false;
			server_say("250 2.0.0 ok\r\n");
		}
	} else if (sl_starts(line, SL("EHLO")))
		server_say("250-localhost\r\n250-8BITMIME\r\n250 ENHANCEDSTATUSCODES\r\n");
	else if (sl_starts(line, SL("DATA"))) {
		server.in_data = true;
		server_say("354 go on\r\n");
	} else
		server_say("250 2.1.0 ok\r\n");
}

static void
server_reads(struct watch *watch, unsigned ready)
{
	unsigned char *room = buf_room(&server.got, 65536);
	size_t before = server.got.n, from = before;
	ssize_t n = read(server.fd, room, 65536);

	(void)ready;
	if (n < 0 && errno == EAGAIN)
		return;
	if (n <= 0) {
		loop_forget(watch);
		close(server.fd);
		server.fd = -1;
		return;
	}
	buf_added(&server.got, (size_t)n);
	while (from > 0 && server.got.p[from - 1] != '\n')
		from--;
	for (struct slice rest = sl_skip(buf_slice(&server.got), from), line;
	     sl_find(rest, '\n') < rest.n;) {
		sl_cut(&rest, '\n', &line);
		server_line(sl_trim(line));
	}
}

static void
server_accepts(struct watch *watch, unsigned ready)
{
	struct net_addr peer;

	(void)watch;
	(void)ready;
	int fd = net_accept(server.listen_fd, &peer);
	if (fd < 0)
		return;
	if (server.fd >= 0) { /* the client before is gone, we have not read so yet */
		loop_forget(&server.serving);
		close(server.fd);
	}
	server.fd = fd;
	server.in_data = false;
	server_say("220 hello\r\n");
	loop_watch(w.loop, &server.serving, server.fd, POLLER_READ, server_reads, NULL);
}

static void
server_open(void)
{
	struct net_addr at = {.family = 1};
	struct fault f;

	snprintf(at.path, sizeof(at.path), "%s/run/smtp/socket", w.dir);
	memset(&server, 0, sizeof(server));
	server.fd = -1;
	buf_init(&server.got, 1 << 24);
	CHECK_EQ(net_listen(&at, 0, &server.listen_fd, &f), ST_OK);
	loop_watch(w.loop, &server.listening, server.listen_fd, POLLER_READ, server_accepts, NULL);
}

static void
server_close(void)
{
	loop_forget(&server.listening);
	loop_forget(&server.serving);
	close(server.listen_fd);
	if (server.fd >= 0)
		close(server.fd);
	buf_fini(&server.got);
}

static void
test_forward(void)
{
	struct parcel p;
	struct buf big;

	begin();
	world_write(&w, "u/.courier-f", "&a@x.test, b@y.test\n");
	p = deliver_to("f");
	CHECK(is(&p, 4, 3, 2)); /* nobody listens */
	server_open();
	p = deliver_to("f");
	CHECK(is(&p, 2, 0, 0));
	CHECK_SL(buf_slice(&server.got),
	    SL("EHLO localhost\r\nMAIL FROM:<sender@example.test>\r\nRCPT TO:<a@x.test>\r\n"
	       "RCPT TO:<b@y.test>\r\nDATA\r\nDelivered-To: u@example.test\r\n"
	       "Subject: x\r\n\r\nline\r\nFrom here\r\n..dot\r\n.\r\n"));
	/* One address is refused for good: the others get it, and the sender hears of it. */
	buf_clear(&server.got);
	server.refuse = "RCPT TO:<a@";
	server.reply = "550 5.1.1 no a here\r\n";
	p = deliver_to("f");
	CHECK(is(&p, 5, 1, 1) && strstr(p.text, "no a here"));
	CHECK(sl_ends(buf_slice(&server.got), SL("..dot\r\n.\r\n")));
	/* For now: nobody gets it yet. */
	buf_clear(&server.got);
	server.reply = "450 4.2.2 later\r\n";
	p = deliver_to("f");
	CHECK(is(&p, 4, 2, 2));
	CHECK(!sl_ends(buf_slice(&server.got), SL(".\r\n.\r\n")) &&
	      sl_search(buf_slice(&server.got), SL("DATA")) == server.got.n);
	/* At the end of data. */
	server.refuse = ".";
	server.reply = "554 5.6.0 bad\r\n";
	p = deliver(
	    &(struct order){.id = "a.b.c", .extension = "f", .text = SL("x\r\n"), .sender = ""});
	CHECK(is(&p, 5, 6, 0));
	CHECK(sl_search(buf_slice(&server.got), SL("MAIL FROM:<>\r\n")) < server.got.n);
	/* Without a domain, and a message of many pieces. */
	server.refuse = NULL;
	buf_clear(&server.got);
	world_write(&w, "u/.courier-g", "v\n");
	buf_init(&big, 1 << 23);
	while (big.n < 2000000)
		buf_put_str(&big, ".123456789\r\n");
	p = deliver(&(struct order){
	    .id = "a.b.c", .extension = "g", .text = buf_slice(&big), .by_fd = true});
	CHECK(is(&p, 2, 0, 0));
	CHECK(sl_search(buf_slice(&server.got), SL("RCPT TO:<v@mail.example.test>\r\n")) <
	      server.got.n);
	CHECK(server.got.n > big.n / 12 * 13);
	buf_fini(&big);
	server_close();
	end();
}

int
main(int argc, char **argv)
{
	static const struct check_row rows[] = {
	    {"programs", test_programs},
	    {"dynamic", test_dynamic},
	    {"large_input", test_large_input},
	    {"timeout", test_timeout},
	    {"programs_wait", test_programs_wait},
	    {"forward", test_forward},
	};

	return check_main(argc, argv, rows, COUNT_OF(rows));
}
