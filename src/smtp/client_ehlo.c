/*
 * From the greeting to the first message: EHLO, HELO, STARTTLS. RFC 5321 sections 3.1, 3.2,
 * 4.1.1.1, RFC 3207.
 */
#include "base/num.h"
#include "smtp/client_int.h"

/* R5321-4.1.1.1-c */
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

static const struct {
	const char *keyword;
	enum client_ext ext;
	void (*take)(struct smtp_client *c, struct slice parameter); /* or NULL */
} ext_rows[] = {
    {"PIPELINING", CLIENT_PIPELINING, NULL},
    {"SIZE", CLIENT_SIZE, take_size},
    {"8BITMIME", CLIENT_8BITMIME, NULL},
    {"STARTTLS", CLIENT_STARTTLS, NULL},
    {"DSN", CLIENT_DSN, NULL},
    {"ENHANCEDSTATUSCODES", CLIENT_ENHANCED, NULL},
};

/* R5321-4.1.1.1-d: keywords have no case. */
void
client_hello_line(struct smtp_client *c, struct slice text)
{
	struct slice rest = sl_trim(text), keyword;

	sl_cut(&rest, ' ', &keyword);
	for (size_t i = 0; i < COUNT_OF(ext_rows); i++) {
		if (!sl_ieq(keyword, sl_str(ext_rows[i].keyword)))
			continue;
		c->ext |= (unsigned)ext_rows[i].ext;
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

/* The server knows us now. */
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
		c->stage = SMTP_CLIENT_READY;
		client_ready(c);
	}
}

/* R3207-4-b: not ready now, or never: then without, when that is allowed. */
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
		c->stage = SMTP_CLIENT_READY;
		client_ready(c);
	}
}

void
client_hello_reply(struct smtp_client *c)
{
	unsigned class = c->reply.code / 100;

	if (class == 3) {
		client_break(c, "an intermediate reply");
		return;
	}
	if (c->step == STEP_STARTTLS) {
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
