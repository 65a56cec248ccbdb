#include "imap/login.h"

#include "base/buf.h"
#include "imap/lexer.h"
#include "imap/reply/reply.h"

/* One command under way. */
struct command {
	struct door *d;
	struct imap_lexer lx;
	struct slice tag;
};

static void
tagged(struct command *c, const char *words)
{
	buf_fmt(door_out(c->d), "%.*s %s\r\n", SL_FMT(c->tag), words);
}

/* R3501-2.2.1-a, R3501-2.2.2-a */
static void
bad(struct door *d, struct slice tag, const char *words)
{
	buf_fmt(door_out(d), "%.*s BAD %s\r\n", SL_FMT(tag.n ? tag : SL("*")), words);
	door_mistake(d);
}

/* ---- capabilities ---- */

/*
 * R3501-6.1.1-b, R3501-6.2.3-b, R3501-6.2.1-b, R9051-6.1.1-d, R2595-3.2-a, R8314-3.2-c: what can be
 * done now, and only that.
 */
static void
put_capabilities(struct door *d, struct buf *out)
{
	const struct door_opts *o = door_opts(d);
	struct slice mechanisms = door_mechanisms(d), word;

	buf_put_str(out, "CAPABILITY ");
	buf_put(out, door_tls_on(d) ? o->words_tls : o->words);
	if (o->has_id)
		buf_put_str(out, " ID");
	if (door_offers_tls(d))
		buf_put_str(out, " STARTTLS");
	if (!door_takes_passwords(d))
		buf_put_str(out, " LOGINDISABLED");
	while (mechanisms.n) {
		sl_cut(&mechanisms, ' ', &word);
		if (word.n)
			buf_fmt(out, " AUTH=%.*s", SL_FMT(word));
	}
}

static void
greet(struct door *d)
{
	struct buf *out = door_out(d);

	buf_put_str(out, "* OK [");
	put_capabilities(d, out);
	buf_fmt(out, "] %.*s is ready\r\n", SL_FMT(door_opts(d)->host));
}

/* R3501-7.1.5-a, R3501-3.4-a */
static void
bye(struct door *d, const char *words)
{
	buf_fmt(door_out(d), "* BYE %s\r\n", words);
}

/* ---- commands ---- */

/* R3501-6.1.1-a */
static void
run_capability(struct command *c)
{
	struct buf *out = door_out(c->d);

	buf_put_str(out, "* ");
	put_capabilities(c->d, out);
	buf_put_str(out, "\r\n");
	tagged(c, "OK CAPABILITY completed");
}

/* R3501-6.1.2-a */
static void
run_noop(struct command *c)
{
	tagged(c, "OK NOOP completed");
}

/* R3501-6.1.3-a */
static void
run_logout(struct command *c)
{
	buf_put_str(door_out(c->d), "* BYE Logging out\r\n");
	tagged(c, "OK LOGOUT completed");
	door_close(c->d, ENGINE_WHY_QUIT);
}

/* R2971-3.1-a, R2971-3.3-b */
static void
run_id(struct command *c)
{
	if (!imap_lex_id(&c->lx) || !imap_lex_end(&c->lx)) {
		bad(c->d, c->tag, "ID expects a list or NIL");
		return;
	}
	imap_put_id(door_out(c->d), door_opts(c->d)->version);
	tagged(c, "OK ID completed");
}

/*
 * R3501-6.2.1-a, R3501-6.2.1-c, R9051-6.2.1-a, R2595-3.1-a, R2595-3.1-c, R8314-3.2-b, R8314-3.2-c
 */
static void
run_starttls(struct command *c)
{
	if (!door_offers_tls(c->d)) {
		bad(c->d, c->tag,
		    door_tls_on(c->d) ? "TLS is on already" : "STARTTLS is not offered");
		return;
	}
	tagged(c, "OK Begin TLS negotiation now");
	door_start_tls(c->d);
}

/* R3501-6.2.3-b, R3501-11.2-b, R2595-2.3-a, R2595-3.2-b; the code is RFC 5530's */
static bool
may_log_in(struct command *c)
{
	if (door_takes_passwords(c->d))
		return true;
	tagged(c, "NO [PRIVACYREQUIRED] Passwords are taken under TLS only, use STARTTLS first");
	door_mistake(c->d);
	return false;
}

/* R3501-6.2.3-a */
static void
run_login(struct command *c)
{
	struct slice user, password;

	if (!may_log_in(c))
		return;
	if (!imap_lex_space(&c->lx) || !imap_lex_astring(&c->lx, &user) ||
	    !imap_lex_space(&c->lx) || !imap_lex_astring(&c->lx, &password) ||
	    !imap_lex_end(&c->lx)) {
		bad(c->d, c->tag, "LOGIN expects a name and a password");
		return;
	}
	door_tag(c->d, c->tag);
	door_ask_auth(c->d, "LOGIN", user, password);
}

/* R3501-6.2.2-a, R3501-6.2.2-b, R4959-3-a, R4959-3-b, R4959-3-c, R4959-3-d, R4959-3-e, R4959-6-a */
static void
run_authenticate(struct command *c)
{
	struct slice name, initial = SL_NONE;
	bool has_initial;

	if (!may_log_in(c))
		return;
	if (!imap_lex_space(&c->lx) || !imap_lex_atom(&c->lx, &name)) {
		bad(c->d, c->tag, "AUTHENTICATE expects a mechanism");
		return;
	}
	has_initial = c->lx.in.n > 0;
	if (has_initial) {
		if (!imap_lex_space(&c->lx)) {
			bad(c->d, c->tag, "AUTHENTICATE expects a mechanism and a response");
			return;
		}
		initial = c->lx.in;
	}
	door_tag(c->d, c->tag);
	if (!door_sasl(c->d, name, has_initial, initial)) {
		tagged(c, "NO There is no such mechanism here");
		door_mistake(c->d);
	}
}

static const struct row {
	const char *name;
	bool has_arguments;
	void (*run)(struct command *c);
} rows[] = {
    {"CAPABILITY", false, run_capability},
    {"NOOP", false, run_noop},
    {"LOGOUT", false, run_logout},
    {"STARTTLS", false, run_starttls},
    {"LOGIN", true, run_login},
    {"AUTHENTICATE", true, run_authenticate},
    {"ID", true, run_id},
};

static const struct row *
find(const struct door *d, struct slice name)
{
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		if (sl_ieq(name, sl_str(rows[i].name)))
			return rows[i].run == run_id && !door_opts(d)->has_id ? NULL : &rows[i];
	return NULL;
}

/* A literal is taken by LOGIN (and ID) alone, and where it cannot do harm: R7888-4-a, R7888-3-a. */
static enum door_line
literal(struct door *d, const struct row *row, struct slice tag, uint64_t n, bool is_sync)
{
	bool wanted = row && row->has_arguments && row->run != run_authenticate &&
		      (row->run != run_login || door_takes_passwords(d));

	if (wanted && door_literal(d, n)) {
		if (is_sync)
			buf_put_str(door_out(d), "+ OK\r\n"); /* R3501-4.3-c, R3501-7.5-a */
		return DOOR_MORE;
	}
	if (is_sync) { /* R3501-7.5-b: it is refused before it is sent */
		bad(d, tag, "[TOOBIG] This literal is not taken before the login");
		return DOOR_DONE;
	}
	bye(d, "This literal is not taken before the login");
	door_close(d, ENGINE_WHY_LIMIT);
	return DOOR_DONE;
}

static enum door_line
line(struct door *d, struct slice text, struct slice last)
{
	struct command c = {.d = d};
	const struct row *row;
	struct slice name = SL_NONE;
	uint64_t n;
	bool is_sync;

	imap_lex_init(&c.lx, text, door_scratch(d));
	if (!imap_lex_tag(&c.lx, &c.tag) || c.tag.n > DOOR_TAG_MAX || !imap_lex_space(&c.lx) ||
	    !imap_lex_name(&c.lx, &name)) {
		/* without a tag there is nobody to answer but the connection */
		bad(d, c.tag.n <= DOOR_TAG_MAX ? c.tag : SL_NONE, "A command is a tag and a word");
		return DOOR_DONE;
	}
	row = find(d, name);
	if (last.n && imap_lex_literal_head(last, &n, &is_sync))
		return literal(d, row, c.tag, n, is_sync);
	if (!row)
		bad(d, c.tag, "There is no such command before the login"); /* R4505-5-d */
	else if (!row->has_arguments && c.lx.in.n)
		bad(d, c.tag, "This command has no arguments");
	else
		row->run(&c);
	return DOOR_DONE;
}

/* ---- what our side answers ---- */

/* R5530-3-a, R3501-11.2-a, R4422-3.6-b, R4422-3.6-c */
static void
failed(struct door *d, const struct fault *f)
{
	bool denied = f->st == ST_DENIED;

	buf_fmt(door_out(d), "%.*s NO [%s] %s\r\n", SL_FMT(door_tag_of(d)),
	    denied ? "AUTHENTICATIONFAILED" : "UNAVAILABLE",
	    denied ? "Login failed" : "The password cannot be checked now");
}

/* R3501-6.2.2-c */
static void
wrong(struct door *d, const char *words)
{
	bad(d, door_tag_of(d), words);
}

static void
refused(struct door *d, const struct fault *f)
{
	buf_fmt(door_out(d), "%.*s NO [UNAVAILABLE] %s\r\n", SL_FMT(door_tag_of(d)),
	    f && f->text[0] ? f->text : "The mailbox cannot be opened now");
}

static const struct door_rules rules = {
    .name = "imap-login",
    .greet = greet,
    .bye = bye,
    .line = line,
    .failed = failed,
    .wrong = wrong,
    .refused = refused,
};

struct door *
imap_login_new(struct arena *a, const struct door_opts *o, int64_t now_ms)
{
	return door_new(a, &rules, o, now_ms);
}
