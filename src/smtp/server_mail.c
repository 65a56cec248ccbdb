/*
 * MAIL: RFC 5321 section 4.1.1.2.
 */
#include "base/ascii.h"
#include "smtp/params.h"
#include "smtp/server_cmd.h"

bool
server_keyword_take(struct slice *args, struct slice keyword)
{
	if (!sl_istarts(*args, keyword))
		return false;
	*args = sl_skip(*args, keyword.n);
	while (args->n && ascii_is_wsp(args->p[0]))
		*args = sl_skip(*args, 1);
	return true;
}

static bool
needs_login(const struct smtp_server *s)
{
	return s->o.auth_required && !s->authenticated && s->o.service != SMTP_SERVICE_LOCAL;
}

/* AUTH= may come where logging in is possible, and from who has done so: R4954-3-c, R4954-5-c. */
static unsigned
params_in_force(const struct smtp_server *s)
{
	bool auth = s->o.auth_mechanisms.n && (s->tls_on || s->o.auth_plaintext);

	return server_extensions(s) | (auth ? s->o.extensions & (unsigned)SMTP_EXT_AUTH : 0);
}

/* R5321-4.1.4-f */
static void
mail_refuse(struct smtp_server *s, const struct fault *f, bool unknown_param)
{
	if (unknown_param) /* R5321-4.1.1.2-c */
		server_reply(s, 555, "5.5.4", f->text);
	else if (f->esc[1] == 5)
		server_reply(s, 501, "5.5.4", f->text);
	else
		server_refuse(s, f, REPLY_TO_MAIL);
	server_count_error(s);
}

void
server_mail(struct smtp_server *s, struct slice args)
{
	struct smtp_mail *mail;
	struct fault f;
	enum st st;

	if (needs_login(s)) {
		server_bad(s, 530, "5.7.0", "Authentication required"); /* R4954-6-a, R6409-3.3-a */
		return;
	}
	if (!server_keyword_take(&args, SL("FROM:"))) {
		server_bad(s, 501, "5.5.4", "Syntax: MAIL FROM:<address>"); /* R5321-3.3-j */
		return;
	}
	mail = arena_get(server_scratch(s), sizeof(*mail));
	if (!mail)
		return;
	st = smtp_path_take(s->scratch, &args, true, false, &mail->sender, &f);
	if (st != ST_OK) {
		mail_refuse(s, &f, false);
		return;
	}
	st = smtp_params_mail(s->scratch, args, params_in_force(s), mail, &f);
	if (st != ST_OK) {
		mail_refuse(s, &f, st == ST_NOENT);
		return;
	}
	if (s->o.size_max_bytes && mail->size_bytes > s->o.size_max_bytes) {
		server_reply(s, 552, "5.3.4", "Message size exceeds the limit"); /* R1870-6-b */
		return;
	}
	server_ask(s, SMTP_ASK_MAIL, mail);
}

/* R5321-3.3-a */
void
server_mail_answer(struct smtp_server *s, const struct engine_answer *a)
{
	if (a->fault.st != ST_OK) {
		server_refuse(s, &a->fault, REPLY_TO_MAIL);
		return;
	}
	s->in_transaction = true; /* R5321-4.1.1.2-a */
	s->accepted = s->tried = 0;
	server_reply(s, 250, "2.1.0", "Sender ok");
}
