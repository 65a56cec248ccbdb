/* The name server transport in a loop: the test is the name server, in the same loop. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/check.h"
#include "net/dns_loop.h"

struct world {
	struct loop *loop;
	struct dns_loop *dns;
	int udp, tcp;
	struct watch udp_watch, tcp_watch, conn_watch;
	bool truncate;
	unsigned by_udp, by_tcp;
	char servers[40];
};

struct asked {
	struct dns_call call;
	unsigned answers;
	enum st st;
	unsigned char reply[600];
	size_t n;
};

/* A question for "a.test", MX, with an id. */
static struct slice
question(unsigned char id)
{
	static unsigned char q[] = {0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 1, 1, 'a', 4, 't', 'e', 's',
	    't', 0, 0, 15, 0, 1, 0, 0, 41, 4, 0xd0, 0, 0, 0x80, 0, 0, 0};

	q[1] = id;
	return sl_mem(q, sizeof(q));
}

static void
udp_ready(struct watch *w, unsigned ready)
{
	struct world *k = w->arg;
	unsigned char p[600];
	struct sockaddr_in from;
	socklen_t from_n = sizeof(from);
	ssize_t n = recvfrom(k->udp, p, sizeof(p), 0, (struct sockaddr *)&from, &from_n);

	(void)ready;
	CHECK(n > 12);
	k->by_udp++;
	p[2] = (unsigned char)(p[2] | 0x80 | (k->truncate ? 2 : 0));
	CHECK_EQ(sendto(k->udp, p, (size_t)n, 0, (struct sockaddr *)&from, from_n), n);
}

static void
conn_ready(struct watch *w, unsigned ready)
{
	struct world *k = w->arg;
	unsigned char p[600];
	ssize_t n = recv(w->fd, p, 2 + question(1).n, MSG_WAITALL);

	(void)ready;
	CHECK_EQ(n, (ssize_t)(2 + question(1).n));
	k->by_tcp++;
	p[4] |= 0x80;
	CHECK_EQ(send(w->fd, p, (size_t)n, MSG_NOSIGNAL), n);
	loop_forget(w);
	close(w->fd);
}

/* What it wants to ask comes when it has its turn. */
static void
tcp_ready(struct watch *w, unsigned ready)
{
	struct world *k = w->arg;

	(void)ready;
	loop_watch(k->loop, &k->conn_watch, accept(k->tcp, NULL, NULL), POLLER_READ, conn_ready, k);
}

static void
start(struct world *k)
{
	struct sockaddr_in name = {.sin_family = AF_INET};
	socklen_t n = sizeof(name);
	struct fault f;

	*k = (struct world){.loop = loop_new(NULL, NULL, 10)};
	name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	k->tcp = socket(AF_INET, SOCK_STREAM, 0);
	k->udp = socket(AF_INET, SOCK_DGRAM, 0);
	CHECK_EQ(bind(k->tcp, (struct sockaddr *)&name, n), 0);
	CHECK_EQ(listen(k->tcp, 4), 0);
	CHECK_EQ(getsockname(k->tcp, (struct sockaddr *)&name, &n), 0);
	CHECK_EQ(bind(k->udp, (struct sockaddr *)&name, n), 0);
	loop_watch(k->loop, &k->udp_watch, k->udp, POLLER_READ, udp_ready, k);
	loop_watch(k->loop, &k->tcp_watch, k->tcp, POLLER_READ, tcp_ready, k);
	snprintf(k->servers, sizeof(k->servers), "127.0.0.1:%u", ntohs(name.sin_port));
	CHECK_EQ(dns_loop_new(k->loop, k->servers, &k->dns, &f), ST_OK);
}

static void
stop(struct world *k)
{
	dns_loop_free(k->dns);
	loop_forget(&k->udp_watch);
	loop_forget(&k->tcp_watch);
	close(k->udp);
	close(k->tcp);
	loop_free(k->loop);
}

static void
on_reply(struct dns_call *call, struct slice reply, const struct fault *f)
{
	struct asked *a = call->arg;

	a->answers++;
	a->st = f->st;
	a->n = reply.n;
	if (reply.n && reply.n <= sizeof(a->reply))
		memcpy(a->reply, reply.p, reply.n);
	else
		CHECK(f->st != ST_OK && f->esc[0] == 4);
}

static void
ask(struct world *k, struct asked *a, unsigned char id)
{
	*a = (struct asked){.call = {.fn = on_reply, .arg = a}};
	dns_loop_ask(k->dns, &a->call, question(id));
	CHECK_EQ(a->answers, 0);
}

static void
run(struct world *k, const struct asked *until)
{
	for (int i = 0; i < 2000 && !until->answers; i++)
		loop_turn(k->loop, 10);
}

static void
test_answers(void)
{
	struct world k;
	struct asked a, b;

	start(&k);
	ask(&k, &a, 1);
	ask(&k, &b, 2);
	run(&k, &a);
	run(&k, &b);
	CHECK(a.answers == 1 && b.answers == 1);
	CHECK(a.st == ST_OK && b.st == ST_OK);
	CHECK(a.n == question(1).n && a.reply[1] == 1 && b.reply[1] == 2);
	CHECK_EQ(k.by_udp, 2);
	ask(&k, &a, 3); /* again, on new sockets */
	run(&k, &a);
	CHECK(a.answers == 1 && a.reply[1] == 3);
	stop(&k);
}

/* R1035-4.2.2-a */
static void
test_truncated(void)
{
	struct world k;
	struct asked a;

	start(&k);
	k.truncate = true;
	ask(&k, &a, 1);
	run(&k, &a);
	CHECK(a.answers == 1 && a.st == ST_OK);
	CHECK_EQ(k.by_tcp, 1);
	stop(&k);
}

static void
test_cancel(void)
{
	struct world k;
	struct asked a, b;

	start(&k);
	ask(&k, &a, 1);
	dns_loop_cancel(&a.call);
	dns_loop_cancel(&a.call);
	ask(&k, &b, 2);
	run(&k, &b);
	for (int i = 0; i < 3; i++)
		loop_turn(k.loop, 1);
	CHECK_EQ(a.answers, 0);
	CHECK_EQ(b.answers, 1);
	stop(&k);
}

/* Nobody listens there. */
static void
test_refused(void)
{
	struct world k;
	struct asked a;

	start(&k);
	loop_forget(&k.udp_watch);
	close(k.udp);
	k.udp = dup(k.tcp);
	ask(&k, &a, 1);
	run(&k, &a);
	CHECK(a.answers == 1 && a.st == ST_TEMP);
	stop(&k);
}

static void
test_end_with_open(void)
{
	struct world k;
	struct asked a;

	start(&k);
	ask(&k, &a, 1);
	stop(&k);
	CHECK(a.answers == 1 && a.st == ST_TEMP);
}

static void
test_bad_servers(void)
{
	struct loop *l = loop_new(NULL, NULL, 10);
	struct dns_loop *d;
	struct fault f;

	CHECK_EQ(dns_loop_new(l, "nonsense", &d, &f), ST_SYNTAX);
	loop_free(l);
}

int
main(int argc, char **argv)
{
	static const struct check_row rows[] = {
	    {"answers", test_answers},
	    {"truncated", test_truncated},
	    {"cancel", test_cancel},
	    {"refused", test_refused},
	    {"end_with_open", test_end_with_open},
	    {"bad_servers", test_bad_servers},
	};

	return check_main(argc, argv, rows, COUNT_OF(rows));
}
