/*
 * EHLO, HELO and STARTTLS: RFC 5321 sections 4.1.1.1 and 4.1.4, RFC 3207.
 */
#include "base/ascii.h"
#include "smtp/server_cmd.h"

/*
 * R4954-3-b, R4954-8-a, R4422-6.1.2-a, R4954-9-a, R4616-1-a: nothing on offer while it would show
 * a password.
 */
static bool
offers_auth(const struct smtp_server *s)
{
	return s->o.auth_mechanisms.n && (s->tls_on || s->o.auth_plaintext) && !s->authenticated;
}

static bool
offers_starttls(const struct smtp_server *s)
{
	return !s->tls_on && !s->authenticated; /* R3207-4.2-f, R8314-3.3-c */
}

static bool
always(const struct smtp_server *s)
{
	(void)s;
	return true;
}

/* R1870-3-a */
static void
put_size(struct smtp_server *s, struct buf *out)
{
	if (s->o.size_max_bytes)
		buf_fmt(out, " %llu", (unsigned long long)s->o.size_max_bytes);
}

static void
put_auth(struct smtp_server *s, struct buf *out)
{
	buf_put_byte(out, ' ');
	buf_put(out, s->o.auth_mechanisms);
}

/*
 * What EHLO lists, in this order. R5321-2.2.2-a, R4954-3-a, R3207-2-a, R1870-3-a,
 * R5321-4.5.3.1.7-b, R6152-2-a, R5321-2.4-e, R2034-3-a, R3461-4-a, R2920-2-a; R5321-4.2.4-c:
 * nothing that is then refused.
 */
static const struct {
	enum smtp_ext ext;
	const char *keyword;
	bool (*offered)(const struct smtp_server *s);
	void (*put)(struct smtp_server *s, struct buf *out); /* parameters, or NULL */
} ext_rows[] = {
	{SMTP_EXT_AUTH, "AUTH", offers_auth, put_auth},
	{SMTP_EXT_STARTTLS, "STARTTLS", offers_starttls, NULL},
	{SMTP_EXT_SIZE, "SIZE", always, put_size},
	{SMTP_EXT_8BITMIME, "8BITMIME", always, NULL},
	{SMTP_EXT_ENHANCEDSTATUSCODES, "ENHANCEDSTATUSCODES", always, NULL},
	{SMTP_EXT_DSN, "DSN", always, NULL},
	{SMTP_EXT_PIPELINING, "PIPELINING", always, NULL},
	{SMTP_EXT_CHUNKING, "CHUNKING", always, NULL}, /* R3030-2-a */
};

/* R3207-4.2-h */
unsigned
server_extensions(const struct smtp_server *s)
{
	unsigned bits = 0;

	for (size_t i = 0; i < COUNT_OF(ext_rows); i++)
		if ((s->o.extensions & (unsigned)ext_rows[i].ext) && ext_rows[i].offered(s))
			bits |= (unsigned)ext_rows[i].ext;
	return bits;
}

/*
 * R5321-2.2.1-a, R5321-4.1.1.1-a, R5321-4.2.1-a: the first line has our name, then one keyword a
 * line.
 * R5321-4.1.1.1-d, R6531-3.7.1-b
 */
static void
put_ehlo(struct smtp_server *s)
{
	const char *keyword;
	unsigned bits = server_extensions(s);

	buf_fmt(&s->out, "250%c%.*s Ok\r\n", bits ? '-' : ' ', SL_FMT(s->o.host));
	for (size_t i = 0; i < COUNT_OF(ext_rows); i++) {
		if (!(bits & (unsigned)ext_rows[i].ext))
			continue;
		bits &= ~(unsigned)ext_rows[i].ext;
		keyword = ext_rows[i].keyword;
		buf_fmt(&s->out, "250%c%s", bits ? '-' : ' ', keyword);
		if (ext_rows[i].put)
			ext_rows[i].put(s, &s->out);
		buf_put(&s->out, SL("\r\n"));
	}
}

/* A name we can write into a Received field; R5321-4.1.4-c: its truth is not looked into. */
static bool
is_helo_name(struct slice name)
{
	if (name.n == 0 || name.n > SERVER_HELO_MAX)
		return false;
	if (name.p[0] == '[')
		return smtp_is_literal(name);
	for (size_t i = 0; i < name.n; i++)
		if (!ascii_is_alnum(name.p[i]) && !memchr("-._:", name.p[i], 4))
			return false;
	return true;
}

/* R5321-4.1.4-a: in mid-session it is RSET too. */
static void
helo_done(struct smtp_server *s, struct slice name, bool esmtp)
{
	server_reset(s);
	buf_clear(&s->helo);
	buf_put(&s->helo, name);
	s->esmtp = esmtp;
	if (esmtp)
		put_ehlo(s);
	else
		reply_put(&s->out, 250, NULL, "%.*s Ok", SL_FMT(s->o.host)); /* R5321-3.2-a */
}

static void
hello(struct smtp_server *s, struct slice name, bool esmtp)
{
	struct smtp_helo *detail;

	if (!is_helo_name(name)) {
		server_bad(
		    s, 501, NULL, "Domain name or address literal expected"); /* R5321-4.1.1.1-f */
		return;
	}
	if (!s->o.ask_helo) {
		helo_done(s, name, esmtp);
		return;
	}
	detail = arena_get(server_scratch(s), sizeof(*detail));
	if (!detail)
		return;
	*detail = (struct smtp_helo){.name = arena_copy(s->scratch, name), .esmtp = esmtp};
	server_ask(s, SMTP_ASK_HELO, detail);
}

void
server_ehlo(struct smtp_server *s, struct slice args)
{
	hello(s, args, true);
}

void
server_helo(struct smtp_server *s, struct slice args)
{
	hello(s, args, false);
}

void
server_helo_answer(struct smtp_server *s, const struct engine_answer *a)
{
	const struct smtp_helo *asked = s->single.detail;

	if (a->fault.st == ST_OK) {
		helo_done(s, asked->name, asked->esmtp);
		return;
	}
	/* R5321-4.1.4-b: the state stays. R2034-4-a: no enhanced code. */
	reply_fault(&s->out, &a->fault, REPLY_TO_HELO, false);
	server_count_error(s);
}

void
server_starttls(struct smtp_server *s, struct slice args)
{
	if (!(s->o.extensions & SMTP_EXT_STARTTLS)) {
		server_bad(s, 502, "5.5.1", "STARTTLS not available");
		return;
	}
	if (args.n) {
		server_bad(s, 501, "5.5.4", "No argument expected"); /* R3207-4-b */
		return;
	}
	if (!offers_starttls(s)) { /* R3207-4.2-g */
		server_bad(s, 503, "5.5.1", s->tls_on ? "TLS is on already" : "Not after AUTH");
		return;
	}
	server_reply(s, 220, "2.0.0", "Ready to start TLS"); /* R3207-4-a */
	/*
	 * R3207-4.2-a, R3207-6-c, R3207-4-i, R3207-4.3-a: what was learnt before the handshake is
	 * forgotten.
	 */
	server_reset(s);
	buf_fini(&s->helo);
	s->esmtp = false;
	s->state.phase = ENGINE_WANTS_TLS;
}
