/*
 * The commands of RFC 5321 section 4.1 as rows: what each needs before it may run, in one place.
 */
#include "base/ascii.h"
#include "smtp/server_cmd.h"

enum need {
	NEED_HELO = 1 << 0,    /* EHLO or HELO said; R5321-4.1.4-d names what works without */
	NEED_TLS = 1 << 1,     /* TLS on, where it is required: R3207-4-e */
	NEED_MAIL = 1 << 2,    /* inside a transaction */
	NEED_NO_MAIL = 1 << 3, /* outside: R5321-4.1.4-e, R4954-4-d */
	NEED_NO_ARGS = 1 << 4, /* arguments are refused with 501: R5321-4.3.2-b */
	NEED_ARGS = 1 << 5,
	MAY_OVERLAP = 1 << 6, /* may run while RCPTs wait for their answers */
	NO_CHUNKS = 1 << 8,   /* not between chunks of BDAT: R3030-2-l */
	MAY_WAIT = 1 << 7,    /* its reply may wait for those of the commands behind it */
};

struct command_row {
	const char *verb;
	unsigned need;
	void (*run)(struct smtp_server *s, struct slice args);
};

static void
cmd_rset(struct smtp_server *s, struct slice args)
{
	(void)args;
	server_reset(s); /* R5321-4.1.1.5-a, R5321-4.1.1.5-d */
	server_reply(s, 250, "2.0.0", "Ok"); /* R5321-4.1.1.5-b, R5321-4.1.1.5-c */
}

static void
cmd_noop(struct smtp_server *s, struct slice args)
{
	(void)args; /* R5321-4.1.1.9-b */
	server_reply(s, 250, "2.0.0", "Ok");
}

static void
cmd_quit(struct smtp_server *s, struct slice args)
{
	(void)args;
	reply_put(&s->out, 221, server_esc(s, "2.0.0"), "%.*s closing", SL_FMT(s->o.host));
	server_close(s, ENGINE_WHY_QUIT); /* R5321-4.1.1.10-a, R5321-4.1.1.10-d */
}

/* R6531-3.7.4.2-c, R6531-3.7.4.2-d, R6531-3.7.4.2-f */
static void
cmd_vrfy(struct smtp_server *s, struct slice args)
{
	(void)args;
	/* R5321-3.5.3-a, R5321-3.5.3-b, R5321-7.3-a: 252, not 250, where nothing was looked up. */
	server_reply(s, 252, "2.1.5", "Cannot verify; send some mail, it will be tried");
}

/* R5321-4.1.1.7-a */
static void
cmd_expn(struct smtp_server *s, struct slice args)
{
	(void)args;
	server_reply(s, 502, "5.5.1", "EXPN not available"); /* R5321-3.5.3-c */
}

static void
cmd_help(struct smtp_server *s, struct slice args)
{
	(void)args; /* R5321-4.1.1.8-a */
	server_reply(s, 214, "2.0.0",
	    "Commands: EHLO HELO MAIL RCPT DATA BDAT RSET NOOP QUIT VRFY HELP STARTTLS AUTH");
}

static void
cmd_unimplemented(struct smtp_server *s, struct slice args)
{
	(void)args;
	server_bad(s, 502, "5.5.1", "Command not implemented"); /* R5321-4.2.4-b */
}

static void
cmd_stranger(struct smtp_server *s, struct slice args)
{
	(void)args;
	/* R5321-3.8-a: ending a session needs a 421. */
	server_goodbye(s, ENGINE_WHY_PROTOCOL, "4.7.0", "This is not HTTP, closing");
}

/*
 * R5321-4.5.1-a, R5321-2.2.1-b, R5321-4.1.1.1-b; order: R5321-3.3-b, R5321-4.1.4-d, R5321-4.1.4-e,
 * R4954-4-d; arguments: R5321-4.3.2-b, R4954-4-q; no effect on a transaction: R5321-4.1.1.6-a,
 * R5321-4.1.1.8-b, R5321-4.1.1.9-a; not offered: R5321-F.1-a, R5321-3.5.2-b; R5321-3.5.1-a.
 * R5321-D.1-a, R5321-D.2-a
 */
static const struct command_row command_rows[] = {
	{"MAIL", NEED_HELO | NEED_TLS | NEED_NO_MAIL | NEED_ARGS | MAY_WAIT, server_mail},
	{"RCPT",
	    NEED_HELO | NEED_TLS | NEED_MAIL | NEED_ARGS | NO_CHUNKS | MAY_OVERLAP | MAY_WAIT,
	    server_rcpt},
	{"DATA", NEED_HELO | NEED_TLS | NEED_MAIL | NEED_NO_ARGS | NO_CHUNKS, server_data},
	{"BDAT", 0, server_bdat}, /* looks at all this itself: its octets come anyway */
	{"EHLO", 0, server_ehlo},
	{"HELO", NEED_TLS, server_helo},
	{"QUIT", NEED_NO_ARGS, cmd_quit},
	{"RSET", NEED_TLS | NEED_NO_ARGS | MAY_WAIT, cmd_rset},
	{"NOOP", 0, cmd_noop},
	{"STARTTLS", NEED_HELO | NEED_NO_MAIL, server_starttls},
	{"AUTH", NEED_HELO | NEED_TLS | NEED_NO_MAIL | NEED_ARGS, server_auth},
	{"VRFY", NEED_TLS | NEED_ARGS, cmd_vrfy},
	{"EXPN", NEED_TLS, cmd_expn},
	{"HELP", NEED_TLS, cmd_help},
	/* known, not offered: 502 */
	{"TURN", NEED_TLS, cmd_unimplemented},
	{"ETRN", NEED_TLS, cmd_unimplemented},
	{"SEND", NEED_TLS, cmd_unimplemented},
	{"SOML", NEED_TLS, cmd_unimplemented},
	{"SAML", NEED_TLS, cmd_unimplemented},
	/* another protocol, sent by a browser made to talk to us: the session ends */
	{"GET", 0, cmd_stranger},
	{"POST", 0, cmd_stranger},
	{"PUT", 0, cmd_stranger},
	{"HEAD", 0, cmd_stranger},
	{"OPTIONS", 0, cmd_stranger},
	{"CONNECT", 0, cmd_stranger},
	{"Host:", 0, cmd_stranger},
};

static const struct command_row *
row_find(struct slice verb)
{
	for (size_t i = 0; i < COUNT_OF(command_rows); i++)
		if (sl_ieq(verb, sl_str(command_rows[i].verb))) /* R5321-2.4-b: any case */
			return &command_rows[i];
	return NULL;
}

/* A refusal known before the command is looked into. */
struct refusal {
	unsigned code;
	const char *esc, *text;
};

/*
 * Why a command may not run now, or NULL. R5321-4.1.4-g, R5321-4.2.2-a: nothing changes then.
 * R3207-4-e, R3030-3-n
 * R3030-2-l, R3030-2-n
 */
static const struct refusal *
why_not(const struct smtp_server *s, const struct command_row *row, struct slice args)
{
	static const struct refusal unknown = {500, "5.5.2", "Command not recognised"},
				    only_quit = {503, "5.5.1",
					"Bad sequence of commands, only QUIT"},
				    no_tls = {530, "5.7.0", "Must issue a STARTTLS command first"},
				    no_helo = {503, "5.5.1", "Send EHLO or HELO first"},
				    no_mail = {503, "5.5.1", "Send MAIL first"},
				    in_chunks = {503, "5.5.1", "Not behind BDAT, send RSET"},
				    in_mail = {503, "5.5.1", "Not inside a mail transaction"},
				    has_args = {501, "5.5.4", "No argument expected"},
				    no_args = {501, "5.5.4", "Argument expected"};

	if (s->mode == MODE_REFUSED && (!row || row->run != cmd_quit))
		return &only_quit; /* R5321-3.1-c */
	if (!row)
		return &unknown; /* R5321-4.2.4-a */
	if ((row->need & NEED_TLS) && s->o.tls_required && !s->tls_on)
		return &no_tls; /* R3207-4-f */
	if ((row->need & NEED_HELO) && s->helo.n == 0)
		return &no_helo;
	if ((row->need & NEED_MAIL) && !s->in_transaction)
		return &no_mail;
	if ((row->need & NEED_NO_MAIL) && s->in_transaction)
		return &in_mail;
	if ((row->need & NO_CHUNKS) && s->chunks)
		return &in_chunks;
	if ((row->need & NEED_NO_ARGS) && args.n)
		return &has_args;
	return (row->need & NEED_ARGS) && args.n == 0 ? &no_args : NULL;
}

/* R5321-4.1.1-c, R5321-4.2-a */
bool
server_command(struct smtp_server *s, struct slice line)
{
	const struct command_row *row;
	const struct refusal *no;
	struct slice verb;

	while (line.n && ascii_is_wsp(line.p[line.n - 1]))
		line.n--; /* R5321-4.1.1-a */
	sl_cut(&line, ' ', &verb);
	line = sl_trim(line);
	row = row_find(verb);
	no = why_not(s, row, line);
	if (s->rcpts && (no || !(row->need & MAY_OVERLAP) || !server_rcpt_room(s)))
		return false; /* R2920-3.2-a */
	s->commands++;
	if (no || !(row->need & MAY_WAIT))
		s->urgent = true; /* R2920-3.2-e, R2920-3.2-f */
	if (no)
		server_bad(s, no->code, no->esc, no->text);
	else
		row->run(s, line);
	return true;
}
