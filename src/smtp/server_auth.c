/*
 * AUTH: RFC 4954 over src/sasl.
 */
#include "base/base64.h"
#include "smtp/server_cmd.h"

/* Is name one of the words of the list? */
static bool
is_listed(struct slice list, struct slice name)
{
	struct slice word;
	bool more = true;

	while (more) {
		more = sl_cut(&list, ' ', &word);
		if (word.n && sl_ieq(word, name))
			return true;
	}
	return false;
}

/* The exchange is over without a login. */
static void
auth_end(struct smtp_server *s)
{
	if (s->sasl)
		sasl_server_wipe(s->sasl);
	s->sasl = NULL;
	s->mode = MODE_COMMAND;
}

/* "334 " and the challenge in BASE64, R4954-4-e. */
static void
put_challenge(struct smtp_server *s, struct slice challenge)
{
	buf_put(&s->out, SL("334 "));
	base64_put(&s->out, challenge);
	buf_put(&s->out, SL("\r\n"));
}

/* All credentials are there: who is this? */
static void
ask_auth(struct smtp_server *s)
{
	struct smtp_auth *detail = arena_get(server_scratch(s), sizeof(*detail));

	s->mode = MODE_COMMAND;
	if (!detail)
		return;
	*detail = (struct smtp_auth){
		.mechanism = s->sasl->mech->name,
		.authzid = s->sasl->authzid,
		.user = s->sasl->user,
		.password = s->sasl->password,
	};
	server_ask(s, SMTP_ASK_AUTH, detail);
}

static void
auth_step(struct smtp_server *s, bool has_response, struct slice response)
{
	struct slice challenge;
	struct fault f;

	switch (sasl_server_step(s->sasl, has_response, response, &challenge, &f)) {
	case ST_AGAIN:
		s->mode = MODE_AUTH;
		put_challenge(s, challenge);
		break;
	case ST_OK:
		ask_auth(s);
		break;
	default:
		auth_end(s);
		server_bad(s, 501, "5.5.2", f.text);
	}
}

/* A response in BASE64; "=" alone is an empty initial one, R4954-4-h, R4422-3.4-a. */
static void
auth_response(struct smtp_server *s, struct slice line, bool initial)
{
	struct buf octets;
	bool ok = true;

	buf_init(&octets, SERVER_AUTH_LINE_MAX);
	if (!initial || !sl_eq(line, SL("=")))
		ok = base64_get(line, &octets);
	if (ok) {
		auth_step(s, true, buf_slice(&octets));
	} else {
		auth_end(s);
		server_bad(s, 501, "5.5.2", "Not BASE64"); /* R4954-4-f */
	}
	if (octets.p)
		sasl_wipe(octets.p, octets.cap);
	buf_fini(&octets);
}

/* May AUTH run with this mechanism? Otherwise says why not. */
static bool
auth_allowed(struct smtp_server *s, struct slice name)
{
	bool offered = (s->o.extensions & SMTP_EXT_AUTH) && s->o.auth_mechanisms.n;

	if (!offered)
		server_bad(s, 502, "5.5.1", "AUTH not available");
	else if (s->authenticated)
		server_bad(s, 503, "5.5.1", "Logged in already"); /* R4954-4-c, R4422-3.8-a */
	else if (!s->esmtp)
		server_bad(s, 503, "5.5.1", "Send EHLO first"); /* R4954-4-m */
	else if (!is_listed(s->o.auth_mechanisms, name) || !sasl_mech_find(name))
		server_bad(
		    s, 504, "5.5.4", "Authentication mechanism not recognised"); /* R4954-4-b */
	/* R4954-4-v, R4422-6.1.2-b */
	else if (!s->tls_on && !s->o.auth_plaintext && sasl_mech_find(name)->is_plaintext)
		server_bad(
		    s, 538, "5.7.11", "Encryption required, send STARTTLS first"); /* R4954-4-o */
	else
		return true;
	return false;
}

/* R4954-4-a, R4954-4-r */
void
server_auth(struct smtp_server *s, struct slice args)
{
	struct slice name;
	bool has_initial = sl_cut(&args, ' ', &name);

	args = sl_trim(args);
	if (!auth_allowed(s, name))
		return;
	s->sasl = arena_get(server_scratch(s), sizeof(*s->sasl));
	if (!s->sasl)
		return;
	sasl_server_init(s->sasl, sasl_mech_find(name), s->scratch);
	if (has_initial && args.n)
		auth_response(s, args, true);
	else
		auth_step(s, false, SL_NONE);
}

void
server_auth_line(struct smtp_server *s, struct slice line)
{
	if (sl_eq(line, SL("*"))) { /* R4422-3.5-a */
		auth_end(s);
		server_bad(s, 501, "5.7.0", "Authentication cancelled"); /* R4954-4-g, R4954-6-d */
		return;
	}
	auth_response(s, line, false);
}

void
server_auth_too_long(struct smtp_server *s)
{
	auth_end(s);
	server_bad(s, 500, "5.5.6", "Authentication exchange line is too long"); /* R4954-4-p */
}

/* R4954-4-n */
void
server_auth_answer(struct smtp_server *s, const struct engine_answer *a)
{
	const struct smtp_auth_yes *yes = a->detail;

	if (a->fault.st != ST_OK) {
		auth_end(s);
		/*
		 * R4954-4-k, R4954-4-l, R4954-4-t, R4422-3.6-b, R4422-3.6-c: another try is
		 * welcome, up to a limit.
		 */
		server_refuse(s, &a->fault, REPLY_TO_AUTH);
		s->errors++;
		if (++s->auth_failures >= s->o.auth_failures_max && s->o.auth_failures_max)
			s->enough = true;
		return;
	}
	buf_clear(&s->identity);
	buf_put(&s->identity, yes ? yes->identity : s->sasl->user);
	s->mechanism = s->sasl->mech->name;
	s->authenticated = true;
	auth_end(s);
	server_reply(s, 235, "2.7.0", "Authentication succeeded"); /* R4954-4-j, R4954-6-b */
}
