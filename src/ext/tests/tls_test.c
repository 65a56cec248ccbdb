/*
 * TLS client against TLS server over two pipes in memory that trickle: each call takes or gives a
 * few bytes, and now and then nothing.
 */
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/check.h"
#include "ext/tls.h"

/* One direction. */
struct pipe_mem {
	struct buf b;
	bool ended;
	size_t most; /* bytes moved by one call; 0 = all */
	uint32_t dice;
	bool refuse; /* nothing can be written */
};

struct end {
	struct pipe_mem *in, *out;
	struct tls_conn *conn;
};

static uint32_t
roll(uint32_t *dice)
{
	*dice = *dice * 1664525u + 1013904223u;
	return *dice >> 16;
}

static size_t
pipe_portion(struct pipe_mem *p, size_t n)
{
	if (p->most == 0)
		return n;
	if (roll(&p->dice) % 4 == 0)
		return 0;
	return n < p->most ? n : p->most;
}

static enum st
end_read(void *arg, unsigned char *out, size_t max, size_t *n, struct fault *f)
{
	struct pipe_mem *p = ((struct end *)arg)->in;

	(void)f;
	if (p->b.n == 0)
		return p->ended ? ST_EOF : ST_AGAIN;
	*n = pipe_portion(p, p->b.n < max ? p->b.n : max);
	if (*n == 0)
		return ST_AGAIN;
	memcpy(out, p->b.p, *n);
	buf_drop(&p->b, *n);
	return ST_OK;
}

static enum st
end_write(void *arg, struct slice in, size_t *n, struct fault *f)
{
	struct pipe_mem *p = ((struct end *)arg)->out;

	(void)f;
	*n = p->refuse ? 0 : pipe_portion(p, in.n);
	if (*n == 0)
		return ST_AGAIN;
	buf_put(&p->b, sl_sub(in, 0, *n));
	return ST_OK;
}

struct rig {
	struct pipe_mem up, down;
	struct end client, server;
};

static void
pipe_start(struct pipe_mem *p, size_t most, uint32_t seed)
{
	memset(p, 0, sizeof(*p));
	buf_init(&p->b, 1u << 26);
	p->most = most;
	p->dice = seed;
}

static void
rig_start(struct rig *r, struct tls_context *client, struct tls_context *server, const char *name,
    size_t most)
{
	pipe_start(&r->up, most, 1);
	pipe_start(&r->down, most, 2);
	r->client = (struct end){.in = &r->down, .out = &r->up};
	r->server = (struct end){.in = &r->up, .out = &r->down};
	r->client.conn =
	    tls_client_new(client, &(struct tls_io){end_read, end_write, &r->client}, name);
	r->server.conn = tls_server_new(server, &(struct tls_io){end_read, end_write, &r->server});
}

static void
rig_stop(struct rig *r)
{
	tls_conn_free(r->client.conn);
	tls_conn_free(r->server.conn);
	buf_fini(&r->up.b);
	buf_fini(&r->down.b);
}

/* --- certificates ------------------------------------------------------------------------ */

static int
file_new(void)
{
	char path[] = "/tmp/tls_test.XXXXXX";
	int fd = mkstemp(path);

	unlink(path);
	return fd;
}

static int
certificate(const char *name, const char *other)
{
	const char *names[] = {name, other, NULL};
	struct fault f;
	int fd = file_new();

	CHECK_EQ(tls_self_signed(fd, names, 30, &f), ST_OK);
	return fd;
}

static const struct tls_opts plain_opts = {.cert_fd = -1, .key_fd = -1, .trust_fd = -1};

static struct tls_context *
context(const struct tls_opts *o)
{
	struct tls_context *c;
	struct fault f = FAULT_NONE;

	if (!CHECK_EQ(tls_context_new(o, &c, &f), ST_OK))
		(void)printf("%s\n", f.text);
	return c;
}

static struct tls_context *
server_context(int fd)
{
	struct tls_opts o = plain_opts;

	o.cert_fd = fd;
	return context(&o);
}

static struct tls_context *
client_context(int trust_fd)
{
	struct tls_opts o = plain_opts;

	o.trust_fd = trust_fd;
	o.verify_peer = trust_fd >= 0;
	return context(&o);
}

/* --- conversation ------------------------------------------------------------------------ */

#define BULK 300000

static unsigned char
pattern(size_t at)
{
	return (unsigned char)(at * 7 + (at >> 8) * 13);
}

struct side {
	struct end *end;
	size_t sent, got;
	enum st end_st;
	bool bad;
	struct fault f;
};

/*
 * Sends at most `window` more bytes and reads what there is. The window changes: a retry need not
 * be the same call.
 */
static void
side_step(struct side *s, size_t window)
{
	static unsigned char out[70000], in[4096];
	size_t n, left = BULK - s->sent;

	if (left > window)
		left = window;
	for (size_t i = 0; i < left; i++)
		out[i] = pattern(s->sent + i);
	if (left > 0) {
		enum st st = tls_write(s->end->conn, sl_mem(out, left), &n, &s->f);

		if (st == ST_OK) {
			s->bad = s->bad || n == 0 || n > left;
			s->sent += n;
		} else if (st != ST_AGAIN) {
			s->end_st = st;
		}
	}
	for (;;) {
		enum st st = tls_read(s->end->conn, in, sizeof(in), &n, &s->f);

		if (st != ST_OK) {
			if (st != ST_AGAIN)
				s->end_st = st;
			return;
		}
		for (size_t i = 0; i < n; i++)
			s->bad = s->bad || in[i] != pattern(s->got + i);
		s->got += n;
	}
}

static void
bulk(size_t most, size_t window)
{
	int fd = certificate("mail.example.test", "127.0.0.1");
	struct tls_context *sc = server_context(fd), *cc = client_context(fd);
	struct rig r;
	struct side a, b;
	const char *version, *cipher;
	uint32_t dice = 5;
	uint16_t bits;
	int turns = 0;

	close(fd);
	rig_start(&r, cc, sc, "mail.example.test", most);
	/* Connections keep their context alive. */
	tls_context_free(sc);
	tls_context_free(cc);
	a = (struct side){.end = &r.client};
	b = (struct side){.end = &r.server};
	CHECK(!tls_facts(r.server.conn, &version, &cipher, &bits));
	CHECK_EQ(tls_needs(r.server.conn), TLS_NEED_READ);
	while ((a.got < BULK || b.got < BULK) && !a.end_st && !b.end_st && turns++ < 2000000) {
		side_step(&a, 1 + roll(&dice) % window);
		side_step(&b, 1 + roll(&dice) % window);
	}
	CHECK_EQ(a.sent, BULK);
	CHECK_EQ(a.got, BULK);
	CHECK_EQ(b.got, BULK);
	CHECK(!a.bad && !b.bad);
	CHECK(tls_facts(r.server.conn, &version, &cipher, &bits));
	CHECK_SL(sl_str(version), SL("TLSv1.3"));
	CHECK(strlen(cipher) > 4 && bits >= 128);
	CHECK_EQ(tls_needs(r.server.conn), TLS_NEED_NONE);
	CHECK(!tls_pending(r.server.conn));
	/* Goodbye, and the other side sees an end in order. */
	while (tls_shut(r.client.conn) == ST_AGAIN && turns++ < 2000000)
		continue;
	while (!b.end_st && turns++ < 2000000)
		side_step(&b, 1);
	CHECK_EQ(b.end_st, ST_EOF);
	rig_stop(&r);
}

static void
test_bulk(void)
{
	bulk(0, 65536);
}

static void
test_trickle(void)
{
	bulk(1, 20000);
	bulk(700, 65536);
	bulk(50000, 3);
}

/* Bytes that could not leave are owed, reported later, and may be asked for by a smaller retry. */
static void
test_refused_output(void)
{
	int fd = certificate("a.example.test", NULL);
	struct tls_context *sc = server_context(fd), *cc = client_context(-1);
	unsigned char in[100], out[100];
	struct fault f;
	struct rig r;
	size_t n;

	close(fd);
	memset(out, 'x', sizeof(out));
	rig_start(&r, cc, sc, "a.example.test", 0);
	for (int i = 0; i < 8; i++) {
		CHECK_EQ(tls_read(r.client.conn, in, sizeof(in), &n, &f), ST_AGAIN);
		CHECK_EQ(tls_read(r.server.conn, in, sizeof(in), &n, &f), ST_AGAIN);
	}
	r.up.refuse = true;
	CHECK_EQ(tls_write(r.client.conn, sl_mem(out, 100), &n, &f), ST_AGAIN);
	CHECK_EQ(tls_needs(r.client.conn), TLS_NEED_WRITE);
	CHECK_EQ(tls_write(r.client.conn, sl_mem(out, 100), &n, &f), ST_AGAIN);
	CHECK_EQ(tls_read(r.server.conn, in, sizeof(in), &n, &f), ST_AGAIN);
	r.up.refuse = false;
	CHECK_EQ(tls_write(r.client.conn, sl_mem(out, 40), &n, &f), ST_OK);
	CHECK_EQ(n, 40);
	CHECK_EQ(tls_write(r.client.conn, sl_mem(out, 60), &n, &f), ST_OK);
	CHECK_EQ(n, 60);
	CHECK_EQ(tls_read(r.server.conn, in, sizeof(in), &n, &f), ST_OK);
	CHECK_EQ(n, 100);
	rig_stop(&r);
	tls_context_free(sc);
	tls_context_free(cc);
}

/* --- failures ---------------------------------------------------------------------------- */

/* Plays the handshake to its end; the client's fault. */
static enum st
handshake(struct tls_context *cc, struct tls_context *sc, const char *name, struct fault *cf,
    struct fault *sf)
{
	unsigned char in[100];
	enum st c = ST_AGAIN, s = ST_AGAIN;
	struct rig r;
	size_t n;

	rig_start(&r, cc, sc, name, 0);
	for (int i = 0; i < 8; i++) {
		if (c == ST_AGAIN)
			c = tls_read(r.client.conn, in, sizeof(in), &n, cf);
		if (s == ST_AGAIN)
			s = tls_read(r.server.conn, in, sizeof(in), &n, sf);
	}
	if (c != ST_AGAIN)
		CHECK_EQ(
		    tls_write(r.client.conn, SL("x"), &n, &(struct fault){.st = ST_OK}), ST_IO);
	rig_stop(&r);
	return c == ST_AGAIN ? s : c;
}

static void
test_verify(void)
{
	int fd = certificate("mail.example.test", "127.0.0.1"),
	    other = certificate("mail.example.test", NULL);
	struct tls_context *sc = server_context(fd), *cc = client_context(fd),
			   *stranger = client_context(other);
	struct fault cf = FAULT_NONE, sf = FAULT_NONE;

	CHECK_EQ(handshake(cc, sc, "mail.example.test", &cf, &sf), ST_AGAIN);
	CHECK_EQ(handshake(cc, sc, "127.0.0.1", &cf, &sf), ST_AGAIN);
	CHECK_EQ(handshake(cc, sc, "evil.example.test", &cf, &sf), ST_IO);
	CHECK(sl_search(sl_str(cf.text), SL("ostname mismatch")) < strlen(cf.text));
	CHECK_EQ(cf.esc[0], 4);
	CHECK_EQ(handshake(cc, sc, "127.0.0.2", &cf, &sf), ST_IO);
	CHECK_EQ(handshake(stranger, sc, "mail.example.test", &cf, &sf), ST_IO);
	CHECK(sl_search(sl_str(cf.text), SL("certificate")) < strlen(cf.text));
	/* The server learns of it by the alert. */
	CHECK(sl_search(sl_str(sf.text), SL("TLS")) < strlen(sf.text));
	CHECK_EQ(handshake(cc, sc, NULL, &cf, &sf), ST_IO);
	tls_context_free(sc);
	tls_context_free(cc);
	tls_context_free(stranger);
	close(fd);
	close(other);
}

static void
test_versions(void)
{
	int fd = certificate("a.example.test", NULL);
	struct tls_opts o = plain_opts;
	struct tls_context *sc, *cc;
	struct fault cf = FAULT_NONE, sf = FAULT_NONE;

	o.cert_fd = fd;
	o.min_protocol = "TLSv1.3";
	sc = context(&o);
	o = plain_opts;
	o.min_protocol = "TLSv1.1";
	o.cipher_list = "ALL:@SECLEVEL=0";
	cc = context(&o);
	CHECK_EQ(handshake(cc, sc, "a.example.test", &cf, &sf), ST_IO);
	CHECK(sl_search(sl_str(sf.text), SL("protocol")) < strlen(sf.text));
	tls_context_free(sc);
	/* R8314-4.1-a, R8314-4.1-b, R2595-2.5-a, R2595-9-b, R9051-11.1-b: 1.2 by default, not
	 * 1.1. */
	sc = server_context(fd);
	CHECK_EQ(handshake(cc, sc, "a.example.test", &cf, &sf), ST_IO);
	tls_context_free(sc);
	/* Anonymous ciphers are not offered by default. */
	o.min_protocol = "TLSv1.2";
	o.cipher_list = "aNULL:@SECLEVEL=0";
	tls_context_free(cc);
	cc = NULL;
	CHECK_EQ(tls_context_new(&o, &cc, &cf), ST_OK);
	tls_context_free(cc);
	o.cipher_list = "no-such-cipher";
	CHECK_EQ(tls_context_new(&o, &cc, &cf), ST_PERM);
	o.cipher_list = NULL;
	o.min_protocol = "TLSv9";
	CHECK_EQ(tls_context_new(&o, &cc, &cf), ST_PERM);
	CHECK(cc == NULL);
	close(fd);
}

static void
test_alpn(void)
{
	int fd = certificate("a.example.test", NULL);
	struct tls_opts o = plain_opts;
	struct tls_context *sc, *imap, *none, *other;
	struct fault cf = FAULT_NONE, sf = FAULT_NONE;

	o.cert_fd = fd;
	o.alpn = "imap";
	sc = context(&o);
	o.cert_fd = -1;
	imap = context(&o);
	o.alpn = "h2";
	other = context(&o);
	none = client_context(-1);
	CHECK_EQ(handshake(imap, sc, "a.example.test", &cf, &sf), ST_AGAIN);
	CHECK_EQ(handshake(none, sc, "a.example.test", &cf, &sf), ST_AGAIN);
	CHECK_EQ(handshake(other, sc, "a.example.test", &cf, &sf), ST_IO);
	tls_context_free(sc);
	tls_context_free(imap);
	tls_context_free(none);
	tls_context_free(other);
	close(fd);
}

static void
test_not_tls(void)
{
	int fd = certificate("a.example.test", NULL);
	struct tls_context *sc = server_context(fd), *cc = client_context(-1);
	struct fault f = FAULT_NONE;
	unsigned char in[100];
	struct rig r;
	size_t n;

	close(fd);
	rig_start(&r, cc, sc, "a.example.test", 0);
	buf_put_str(&r.up.b, "EHLO client.example\r\n");
	CHECK_EQ(tls_read(r.server.conn, in, sizeof(in), &n, &f), ST_IO);
	CHECK(sl_starts(sl_str(f.text), SL("TLS: ")));
	CHECK(f.text[5] != '\0');
	CHECK_EQ(tls_read(r.server.conn, in, sizeof(in), &n, &f), ST_IO);
	CHECK_EQ(tls_shut(r.server.conn), ST_OK);
	rig_stop(&r);
	/* An end in the middle of the handshake, and one without goodbye behind it. */
	rig_start(&r, cc, sc, "a.example.test", 0);
	CHECK_EQ(tls_read(r.client.conn, in, sizeof(in), &n, &f), ST_AGAIN);
	buf_cut(&r.up.b, r.up.b.n / 2);
	r.up.ended = true;
	CHECK_EQ(tls_read(r.server.conn, in, sizeof(in), &n, &f), ST_EOF);
	rig_stop(&r);
	tls_context_free(sc);
	tls_context_free(cc);
}

static void
test_bad_files(void)
{
	struct tls_opts o = plain_opts;
	struct tls_context *c;
	struct fault f = FAULT_NONE;
	const char *bad_names[] = {"a b", NULL}, *no_names[] = {NULL};
	int a = certificate("a.example.test", NULL), b = certificate("b.example.test", NULL),
	    empty = file_new();

	o.cert_fd = empty;
	CHECK_EQ(tls_context_new(&o, &c, &f), ST_PERM);
	CHECK(f.text[0] != '\0');
	o.cert_fd = a;
	o.key_fd = b;
	CHECK_EQ(tls_context_new(&o, &c, &f), ST_PERM);
	CHECK(sl_starts(sl_str(f.text), SL("private key does not fit")));
	o.key_fd = empty;
	CHECK_EQ(tls_context_new(&o, &c, &f), ST_PERM);
	o.key_fd = a;
	o.trust_fd = empty;
	CHECK_EQ(tls_context_new(&o, &c, &f), ST_PERM);
	close(empty);
	o.trust_fd = -1;
	o.cert_fd = empty;
	CHECK_EQ(tls_context_new(&o, &c, &f), ST_IO);
	CHECK_EQ(tls_self_signed(a, bad_names, 30, &f), ST_PERM);
	CHECK_EQ(tls_self_signed(a, no_names, 30, &f), ST_PERM);
	CHECK_EQ(tls_self_signed(empty, (const char *[]){"a", NULL}, 30, &f), ST_IO);
	close(a);
	close(b);
}

int
main(int argc, char **argv)
{
	static const struct check_row rows[] = {
		{"bulk", test_bulk},
		{"trickle", test_trickle},
		{"refused_output", test_refused_output},
		{"verify", test_verify},
		{"versions", test_versions},
		{"alpn", test_alpn},
		{"not_tls", test_not_tls},
		{"bad_files", test_bad_files},
	};

	return check_main(argc, argv, rows, COUNT_OF(rows));
}
