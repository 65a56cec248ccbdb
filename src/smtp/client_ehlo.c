/*
 * From the greeting to the first message: EHLO, HELO, STARTTLS. RFC 5321 sections 3.1, 3.2,
 * 4.1.1.1, RFC 3207.
 */
#include "base/base64.h"
#include "base/num.h"
#include "smtp/client_int.h"

#define COMMAND_LINE_MAX 512 /* with CRLF; RFC 5321 section 4.5.3.1.4 */

/* R5321-4.1.1.1-c, R5321-2.2.1-c, R5321-2.3.4-a, R6531-3.7.1-a, R3207-4.2-c */
void
client_hello(struct smtp_client *c)
{
	c->stage = SMTP_CLIENT_HELO;
	c->ext = 0;
	c->size_max = 0;
	buf_fmt(&c->out, "EHLO %.*s\r\n", SL_FMT(c->o.helo));
	client_await(c, STEP_EHLO, c->o.timeouts.greeting_ms);
}

static void
take_size(struct smtp_client *c, struct slice parameter)
{
	if (!num_u64(parameter, UINT64_MAX, &c->size_max))
		c->size_max = 0;
}

static void
take_auth(struct smtp_client *c, struct slice mechanisms)
{
	struct slice word;
	bool more = true;

	while (more) {
		more = sl_cut(&mechanisms, ' ', &word);
		if (sl_ieq(word, SL("PLAIN")))
			c->ext |= CLIENT_AUTH_PLAIN;
		else if (sl_ieq(word, SL("LOGIN")))
			c->ext |= CLIENT_AUTH_LOGIN;
	}
}

static const struct {
	const char *keyword;
	unsigned ext;
	void (*take)(struct smtp_client *c, struct slice parameter); /* or NULL */
} ext_rows[] = {
    {"PIPELINING", CLIENT_PIPELINING, NULL},
    {"SIZE", CLIENT_SIZE, take_size},
    {"8BITMIME", CLIENT_8BITMIME, NULL},
    {"STARTTLS", CLIENT_STARTTLS, NULL},
    {"DSN", CLIENT_DSN, NULL},
    {"AUTH", 0, take_auth},
    {"ENHANCEDSTATUSCODES", CLIENT_ENHANCED, NULL},
};

/* R5321-4.1.1.1-e: keywords have no case. */
void
client_hello_line(struct smtp_client *c, struct slice text)
{
	struct slice rest = sl_trim(text), keyword;

	sl_cut(&rest, ' ', &keyword);
	for (size_t i = 0; i < COUNT_OF(ext_rows); i++) {
		if (!sl_ieq(keyword, sl_str(ext_rows[i].keyword)))
			continue;
		c->ext |= ext_rows[i].ext;
		if (ext_rows[i].take)
			ext_rows[i].take(c, sl_trim(rest));
	}
}

/* The session is of no use; the reason is kept, the goodbye is polite. */
static void
give_up(struct smtp_client *c, const struct fault *f)
{
	c->trouble = *f;
	client_quit(c);
}

static void
give_up_reply(struct smtp_client *c)
{
	struct fault f;

	client_fault(c, &f);
	give_up(c, &f);
}

static void
no_tls(struct smtp_client *c, const char *why)
{
	struct fault f;

	fault_set(&f, ST_TEMP, "4.7.4", "TLS is required, and the server %s", why);
	give_up(c, &f);
}

/* ---- the login ---- */

static void
no_login(struct smtp_client *c, const char *why)
{
	struct fault f;

	fault_set(&f, ST_TEMP, "4.7.0", "a login is configured for this server, and %s", why);
	give_up(c, &f);
}

static void
put_base64(struct smtp_client *c, struct slice s)
{
	base64_put(&c->out, s);
	buf_put(&c->out, SL("\r\n"));
	client_await(c, STEP_AUTH, c->o.timeouts.command_ms);
}

/* R4954-4-s: does the login fit into the command, or is it said when it is asked for? */
static bool
plain_fits(const struct smtp_client *c)
{
	size_t line = sizeof("AUTH PLAIN \r\n") - 1;

	return line + (c->o.user.n + c->o.password.n + 4) / 3 * 4 <= COMMAND_LINE_MAX;
}

/* RFC 4616: nobody NUL user NUL password. */
static void
put_plain(struct smtp_client *c)
{
	struct buf secret;

	buf_init(&secret, 4096);
	buf_put_byte(&secret, 0);
	buf_put(&secret, c->o.user);
	buf_put_byte(&secret, 0);
	buf_put(&secret, c->o.password);
	put_base64(c, buf_slice(&secret));
	buf_fini(&secret);
}

/* RFC 4954 section 4 */
static void
login_plain(struct smtp_client *c)
{
	if (plain_fits(c)) {
		buf_put(&c->out, SL("AUTH PLAIN "));
		put_plain(c);
	} else {
		buf_put(&c->out, SL("AUTH PLAIN\r\n"));
		client_await(c, STEP_AUTH, c->o.timeouts.command_ms);
	}
}

static void
login(struct smtp_client *c)
{
	c->login_line = 0;
	if (!c->tls_on) {
		no_login(c, "there is no TLS to hide it");
	} else if (c->ext & CLIENT_AUTH_PLAIN) {
		login_plain(c);
	} else if (c->ext & CLIENT_AUTH_LOGIN) {
		buf_put(&c->out, SL("AUTH LOGIN\r\n"));
		client_await(c, STEP_AUTH, c->o.timeouts.command_ms);
	} else {
		no_login(c, "it offers neither PLAIN nor LOGIN");
	}
}

static void
login_reply(struct smtp_client *c)
{
	bool plain = c->ext & CLIENT_AUTH_PLAIN, asks = c->reply.code == 334;
	struct fault f;

	if (c->reply.code / 100 == 2) {
		c->is_known = true;
		c->stage = SMTP_CLIENT_READY;
		client_ready(c);
	} else if (asks && plain && !plain_fits(c) && c->login_line == 0) {
		c->login_line++;
		put_plain(c);
	} else if (asks && !plain && c->login_line < 2) {
		put_base64(c, c->login_line++ == 0 ? c->o.user : c->o.password);
	} else if (c->reply.code / 100 == 3) {
		client_break(c, "it asks for more than a login has");
	} else {
		/* Ours is wrong, not the mail: somebody will put it right. */
		fault_set(&f, ST_TEMP, "4.7.8", "our login was refused: %.*s",
		    SL_FMT(buf_slice(&c->text)));
		give_up(c, &f);
	}
}

static void
greeted(struct smtp_client *c)
{
	if (c->o.user.n && !c->is_known) {
		login(c);
		return;
	}
	c->stage = SMTP_CLIENT_READY;
	client_ready(c);
}

/*
 * It has answered EHLO.
 * R3207-4.2-e, R3207-6-a, R3207-6-b
 */
static void
known(struct smtp_client *c)
{
	bool offered = c->ext & CLIENT_STARTTLS;

	if (!c->tls_on && c->o.tls != SMTP_CLIENT_TLS_NEVER && offered) {
		c->stage = SMTP_CLIENT_STARTTLS;
		buf_put(&c->out, SL("STARTTLS\r\n"));
		client_await(c, STEP_STARTTLS, c->o.timeouts.command_ms);
	} else if (!c->tls_on && c->o.tls == SMTP_CLIENT_TLS_MUST) {
		no_tls(c, "does not offer it");
	} else {
		greeted(c);
	}
}

/* R3207-4-b: not ready now, or never: then without, when that is allowed. R3207-4-g */
static void
starttls_reply(struct smtp_client *c)
{
	if (c->reply.code / 100 == 2) {
		c->state.phase = ENGINE_WANTS_TLS;
		c->step = STEP_TLS;
		c->deadline = ENGINE_NEVER;
	} else if (c->o.tls == SMTP_CLIENT_TLS_MUST) {
		no_tls(c, "refuses it");
	} else {
		greeted(c);
	}
}

void
client_hello_reply(struct smtp_client *c)
{
	unsigned class = c->reply.code / 100;

	if (c->step == STEP_AUTH) {
		login_reply(c);
	} else if (class == 3) {
		client_break(c, "an intermediate reply");
	} else if (c->step == STEP_STARTTLS) {
		starttls_reply(c);
	} else if (class == 2 && c->step == STEP_GREETING) {
		client_hello(c);
	} else if (class == 2) {
		known(c);
	} else if (class == 5 && c->step == STEP_EHLO) { /* R5321-3.2-b */
		c->ext = 0;
		buf_fmt(&c->out, "HELO %.*s\r\n", SL_FMT(c->o.helo));
		client_await(c, STEP_HELO, c->o.timeouts.greeting_ms);
	} else {
		give_up_reply(c);
	}
}
