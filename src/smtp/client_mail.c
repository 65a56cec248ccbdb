/*
 * One message: MAIL, RCPT, DATA, the content, the dot. RFC 5321 section 3.3, RFC 2920 section 3.1.
 */
#include "base/ascii.h"
#include "smtp/client_int.h"

#define MESSAGE_BYTES_MAX (1024 * 1024)

static size_t
command_count(const struct smtp_client *c)
{
	return c->m->rcpt_count + 2;
}

/* Is this command one that is not sent, because it would say something that cannot be said? */
static bool
is_left_out(const struct smtp_client *c, size_t command)
{
	return command >= 1 && command <= c->m->rcpt_count && c->left_out[command - 1];
}

static void
skip_left_out(const struct smtp_client *c, size_t *command)
{
	while (is_left_out(c, *command))
		++*command;
}

/* ---- results ---- */

void
client_message_end(struct smtp_client *c, const struct fault *f)
{
	for (size_t i = 0; i < c->m->rcpt_count; i++)
		if (c->faults[i].st == ST_AGAIN ||
		    (c->faults[i].st == ST_OK && !c->is_sent))
			c->faults[i] = *f;
	c->result.untouched = c->next_reply == 0 && !c->settled;
	c->result.will_report = (c->ext & CLIENT_DSN) != 0;
}

/* Every recipient has his answer. */
static void
tell(struct smtp_client *c)
{
	struct fault none;

	fault_set(&none, ST_TEMP, "4.3.0", "the message was not sent");
	c->settled = true;
	client_message_end(c, &none);
	c->step = STEP_DONE;
	client_ask(c, SMTP_CLIENT_ASK_DONE, &c->result);
}

static void
refuse_all(struct smtp_client *c, const struct fault *f)
{
	client_message_end(c, f);
	tell(c);
}

/* R5321-4.5.4.1-f */
void
client_message_done(struct smtp_client *c)
{
	c->m = NULL;
	arena_free(c->arena);
	c->arena = NULL;
	c->faults = NULL;
	c->stage = SMTP_CLIENT_READY;
	if (!c->in_transaction) {
		client_ready(c);
		return;
	}
	c->in_transaction = false;
	buf_put(&c->out, SL("RSET\r\n"));
	client_await(c, STEP_RSET, c->o.timeouts.command_ms);
}

/* ---- the beginning ---- */

/* R5321-2.3.8-b: what may stand between < and >: no control; nothing with 8 bits (SMTPUTF8). */
static bool
is_sayable(struct slice address)
{
	if (address.n > 1024)
		return false;
	for (size_t i = 0; i < address.n; i++)
		if (address.p[i] < ' ' || address.p[i] >= 127)
			return false;
	return true;
}

/* R6531-3.2-c, R6531-3.2-e */
static void
check_addresses(struct smtp_client *c)
{
	struct fault f;

	fault_set(&f, ST_PERM, "5.6.7", "an address that needs SMTPUTF8");
	for (size_t i = 0; i < c->m->rcpt_count; i++) {
		if (is_sayable(c->m->rcpts[i].address) && is_sayable(c->m->sender))
			continue;
		c->faults[i] = f;
		c->left_out[i] = true;
		c->left_out_count++;
	}
}

/* R1870-7-a */
static void
begin(struct smtp_client *c)
{
	struct fault f;

	/* R1870-6-a: it said that it will not take it. */
	if ((c->ext & CLIENT_SIZE) && c->size_max && c->content.size_bytes > c->size_max) {
		fault_set(&f, ST_PERM, "5.3.4", "the server takes messages of at most %llu bytes",
		    (unsigned long long)c->size_max);
		refuse_all(c, &f);
		return;
	}
	client_await(c, STEP_SEND, c->o.timeouts.command_ms);
	client_send(c);
}

void
client_message(struct smtp_client *c, const struct smtp_client_message *m)
{
	c->m = m;
	c->stage = SMTP_CLIENT_MESSAGE;
	c->content = m->content;
	c->next_command = c->next_reply = c->accepted = c->left_out_count = 0;
	c->content_taken = 0;
	c->dot_taken = 0;
	c->mail_refused = c->in_transaction = c->is_sent = c->settled = false;
	c->arena = arena_new("smtp-send", MESSAGE_BYTES_MAX);
	c->faults = arena_get_array(c->arena, m->rcpt_count, sizeof(*c->faults));
	c->left_out = arena_get_array(c->arena, m->rcpt_count, sizeof(*c->left_out));
	c->result = (struct smtp_client_result){.rcpts = c->faults, .rcpt_count = m->rcpt_count};
	for (size_t i = 0; i < m->rcpt_count; i++)
		c->faults[i].st = ST_AGAIN;
	check_addresses(c);
	if (c->left_out_count == m->rcpt_count) {
		tell(c);
	} else if (m->has_8bit && !(c->ext & CLIENT_8BITMIME)) {
		c->step = STEP_CONVERT;
		client_ask(c, SMTP_CLIENT_ASK_CONVERT, NULL);
	} else {
		begin(c);
	}
}

/* R6152-3-a, R6152-3-e, R3030-3-h */
void
client_converted(struct smtp_client *c, const struct engine_answer *a)
{
	if (a->fault.st == ST_OK && a->detail) {
		c->content = *(const struct smtp_client_content *)a->detail;
		begin(c);
		return;
	}
	c->result.is_eight_bit = true;
	refuse_all(c, &a->fault);
}

/* ---- commands ---- */

/* xtext of RFC 3461 section 4. */
static void
put_xtext(struct buf *out, struct slice s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char b = s.p[i];

		if (b <= ' ' || b >= 127 || b == '+' || b == '=')
			buf_fmt(out, "+%02X", b);
		else
			buf_put_byte(out, b);
	}
}

/* RFC 3461 section 5.2.2: who wants to hear nothing gets a message that nobody can answer. */
static bool
all_never(const struct smtp_client_message *m)
{
	for (size_t i = 0; i < m->rcpt_count; i++)
		if (m->rcpts[i].notify != SMTP_NOTIFY_NEVER)
			return false;
	return true;
}

/*
 * R3461-5.2.1-a, R3461-5.2.2-a: what the server does not know is not said.
 * R5321-4.1.1-d, R1870-4-c, R1870-5-a, R5321-4.5.3.1.7-c, R3461-4.5-b, R3461-5-a, R6531-3.4-c
 */
static void
put_mail(struct smtp_client *c)
{
	const struct smtp_client_message *m = c->m;
	bool dsn = c->ext & CLIENT_DSN;
	struct slice sender = !dsn && all_never(m) ? SL_NONE : m->sender;

	buf_fmt(&c->out, "MAIL FROM:<%.*s>", SL_FMT(sender));
	if (c->ext & CLIENT_SIZE)
		buf_fmt(&c->out, " SIZE=%llu", (unsigned long long)c->content.size_bytes);
	if (m->has_8bit && (c->ext & CLIENT_8BITMIME))
		buf_put(&c->out, SL(" BODY=8BITMIME")); /* R5321-2.4-c */
	if (dsn && m->ret)
		buf_put(&c->out, m->ret == 'F' ? SL(" RET=FULL") : SL(" RET=HDRS"));
	if (dsn && m->envid.n) {
		buf_put(&c->out, SL(" ENVID="));
		put_xtext(&c->out, m->envid);
	}
	buf_put(&c->out, SL("\r\n"));
}

static void
put_notify(struct buf *out, unsigned notify)
{
	static const struct {
		unsigned bit;
		const char *word;
	} words[] = {{SMTP_NOTIFY_NEVER, "NEVER"}, {SMTP_NOTIFY_SUCCESS, "SUCCESS"},
	    {SMTP_NOTIFY_FAILURE, "FAILURE"}, {SMTP_NOTIFY_DELAY, "DELAY"}};
	const char *before = " NOTIFY=";

	for (size_t i = 0; i < COUNT_OF(words); i++) {
		if (!(notify & words[i].bit))
			continue;
		buf_fmt(out, "%s%s", before, words[i].word);
		before = ",";
	}
}

/* R3461-5.2.1-b, R5321-2.3.11-a, R6533-3-g */
static void
put_rcpt(struct smtp_client *c, const struct smtp_client_rcpt *r)
{
	struct slice text = r->orcpt, type;

	buf_fmt(&c->out, "RCPT TO:<%.*s>", SL_FMT(r->address));
	if (c->ext & CLIENT_DSN) {
		put_notify(&c->out, r->notify);
		if (sl_cut(&text, ';', &type) && type.n && text.n && text.n <= 500) {
			buf_fmt(&c->out, " ORCPT=%.*s;", SL_FMT(type));
			put_xtext(&c->out, text);
		}
	}
	buf_put(&c->out, SL("\r\n"));
}

static void
put_command(struct smtp_client *c)
{
	size_t at = c->next_command++;

	if (at == 0)
		put_mail(c);
	else if (at <= c->m->rcpt_count)
		put_rcpt(c, &c->m->rcpts[at - 1]);
	else
		buf_put(&c->out, SL("DATA\r\n"));
}

/*
 * R5321-4.3.1-b, R2920-3.1-a: in a group when the server can, else one after the other. When all
 * that was said has its answer and nothing is left to say, that was it.
 * R2920-3.1-d, R5321-4.5.4.1-d
 */
void
client_send(struct smtp_client *c)
{
	size_t last = command_count(c) - 1;

	while (c->out.n < CLIENT_OUT_HIGH && c->next_command <= last) {
		skip_left_out(c, &c->next_command);
		skip_left_out(c, &c->next_reply);
		if (c->next_command != c->next_reply && !(c->ext & CLIENT_PIPELINING))
			return;
		if (c->next_command == c->next_reply &&
		    (c->mail_refused || (c->next_command == last && c->accepted == 0))) {
			tell(c);
			return;
		}
		put_command(c);
	}
}

/* ---- replies ---- */

static void
mail_reply(struct smtp_client *c)
{
	struct fault f;

	c->in_transaction = c->reply.code / 100 == 2;
	if (c->in_transaction)
		return;
	c->mail_refused = true;
	client_fault(c, &f);
	client_message_end(c, &f);
}

/* R5321-4.5.3.1.10-b, R5321-4.5.3.1.8-c, R5321-4.2.1-c */
static void
rcpt_reply(struct smtp_client *c, struct fault *f)
{
	if (c->mail_refused)
		return;
	client_fault(c, f);
	if (c->reply.code / 100 == 2) {
		c->accepted++;
		f->st = ST_OK; /* so far */
	} else if (c->reply.code == 552) { /* R5321-4.5.3.1.10 */
		f->st = ST_TEMP;
		f->esc[0] = 4;
	}
}

/* R5321-3.3-d, R2920-3.1-e, R3030-2-s */
static void
data_reply(struct smtp_client *c)
{
	struct fault f;

	if (c->reply.code / 100 == 2) {
		client_break(c, "DATA is answered like a message");
	} else if (c->reply.code / 100 != 3) {
		client_fault(c, &f);
		refuse_all(c, &f);
	} else if (c->accepted == 0) { /* R2920-3.1-c */
		buf_put(&c->out, SL(".\r\n"));
		client_await(c, STEP_ABANDON, c->o.timeouts.command_ms);
	} else {
		client_await(c, STEP_CONTENT, c->o.timeouts.block_ms);
		client_content_taken(c, 0);
	}
}

/* R2920-3.1-b */
static void
send_reply(struct smtp_client *c)
{
	size_t last = command_count(c) - 1, at;

	skip_left_out(c, &c->next_reply);
	if (c->next_reply == c->next_command) {
		client_break(c, "a reply to nothing");
		return;
	}
	at = c->next_reply++;
	if (c->reply.code / 100 == 3 && at != last) {
		client_break(c, "an intermediate reply");
		return;
	}
	client_await(c, STEP_SEND, c->o.timeouts.command_ms);
	if (at == last) {
		data_reply(c);
		return;
	}
	if (at == 0)
		mail_reply(c);
	else
		rcpt_reply(c, &c->faults[at - 1]);
	client_send(c);
}

/* The answer to the whole message. */
static void
dot_reply(struct smtp_client *c)
{
	struct fault f;

	if (c->reply.code / 100 == 3) {
		client_break(c, "an intermediate reply");
		return;
	}
	c->in_transaction = false;
	client_fault(c, &f);
	if (c->reply.code / 100 == 2) {
		f.st = ST_OK;
		memset(f.esc, 0, sizeof(f.esc));
		for (size_t i = 0; i < c->m->rcpt_count; i++)
			if (c->faults[i].st == ST_OK)
				c->faults[i] = f;
		c->is_sent = true;
	} else {
		client_message_end(c, &f);
	}
	tell(c);
}

/* Before the content was complete: the transaction cannot be saved. */
static void
early_reply(struct smtp_client *c)
{
	struct fault f;

	if (c->reply.code / 100 < 4) {
		client_break(c, "a reply before the end of the message");
		return;
	}
	client_fault(c, &f);
	client_message_end(c, &f);
	client_fail(c, ENGINE_WHY_PROTOCOL, &f);
}

static void
ping_reply(struct smtp_client *c)
{
	const struct smtp_client_message *m = c->early;

	c->early = NULL;
	if (m)
		client_message(c, m);
	else if (c->drain)
		client_quit(c);
	else
		client_idle(c);
}

void
client_message_reply(struct smtp_client *c)
{
	switch (c->step) {
	case STEP_SEND:
		send_reply(c);
		break;
	case STEP_DOT:
		dot_reply(c);
		break;
	case STEP_ABANDON:
		c->in_transaction = false;
		tell(c);
		break;
	case STEP_RSET:
		if (c->reply.code / 100 == 2)
			client_ready(c);
		else
			client_quit(c);
		break;
	case STEP_PING:
		ping_reply(c);
		break;
	default:
		early_reply(c);
		break;
	}
}

/* ---- the content ---- */

void
client_content_taken(struct smtp_client *c, uint64_t n)
{
	c->content_taken += n;
	if (n || c->dot_taken)
		client_await(c, STEP_CONTENT, c->o.timeouts.block_ms);
	if (c->content_taken < c->content.wire_bytes)
		return;
	if (!c->content.is_checked) {
		c->step = STEP_CHECK;
		client_ask(c, SMTP_CLIENT_ASK_CHECK, NULL);
	} else if (c->dot_taken == 3) {
		client_await(c, STEP_DOT, c->o.timeouts.dot_ms);
	}
}

void
client_checked(struct smtp_client *c, const struct fault *f)
{
	if (f->st != ST_OK) {
		client_message_end(c, f);
		client_fail(c, ENGINE_WHY_TROUBLE, f);
		return;
	}
	buf_put(&c->out, SL(".\r\n"));
	client_await(c, STEP_DOT, c->o.timeouts.dot_ms);
}
