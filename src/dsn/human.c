/*
 * The part for people: R6522-3-c.
 */
#include "base/date.h"
#include "base/qp.h"
#include "base/utf8.h"
#include "dsn/dsn_int.h"

#define LINE_MAX_OCTETS 998 /* RFC 5322 section 2.1.1 */

/*
 * Most that the part may be: a thousand recipients with what was said about each, and the texts.
 * What is beyond that is in the part for programs.
 */
#define HUMAN_MAX ((size_t)4 << 20)

/* Lines of at most 70 columns: they are read in mail programs. */
const struct dsn_texts dsn_texts_builtin = {
    .header = "This is the mail server at [#ME#]. It writes about the\n"
	      "message you sent on [#FROMTIME#], which it got from\n"
	      "[#FROMMTA#].\n",
    .action[DSN_FAILED] = "The message could not be delivered to:\n",
    .action[DSN_DELAYED] = "The message could not be delivered yet to the addresses below. There\n"
			   "is nothing you have to do: delivery is tried again, and you will hear\n"
			   "about it should it fail in the end.\n",
    .action[DSN_DELIVERED] = "The message was delivered to:\n",
    .action[DSN_RELAYED] = "The message was passed on for the addresses below, to a server that\n"
			   "does not report whether it arrived:\n",
    .action[DSN_EXPANDED] = "The message was accepted for the addresses below, each of which\n"
			    "stands for several others. What happened at those is not reported:\n",
    .footer = "The same in a form for programs follows, and then your message, or\n"
	      "its header.\n",
    .subject_failed = "Mail could not be delivered",
    .subject_delayed = "Mail is delayed; delivery is still being tried",
    .subject_notice = "Mail delivery report",
};

bool
dsn_is_plain(struct slice s)
{
	struct slice line;

	if (utf8_has_8bit(s) || sl_find(s, '\0') < s.n)
		return false;
	while (s.n) {
		sl_cut(&s, '\n', &line);
		if (line.n > LINE_MAX_OCTETS)
			return false;
		if (sl_ends(line, SL("\r")))
			line.n--;
		if (sl_find(line, '\r') < line.n)
			return false;
	}
	return true;
}

/* What [#NAME#] stands for; other names stay as they are. */
static void
put_token(struct buf *out, const struct dsn_report *r, struct slice name)
{
	if (sl_eq(name, SL("ME"))) {
		dsn_put_ascii(out, r->me);
	} else if (sl_eq(name, SL("FROMTIME"))) {
		date_put_rfc5322(out, r->arrived_sec, r->offset_minutes);
	} else if (sl_eq(name, SL("FROMMTA"))) {
		dsn_put_ascii(out, r->from_mta.n ? dsn_untyped(r->from_mta) : SL("this host"));
	} else {
		buf_put(out, SL("[#"));
		buf_put(out, name);
		buf_put(out, SL("#]"));
	}
}

static void
put_text(struct buf *out, const struct dsn_report *r, const char *text)
{
	struct slice rest = sl_str(text);

	while (rest.n) {
		size_t at = sl_search(rest, SL("[#")), end;

		buf_put(out, sl_sub(rest, 0, at));
		rest = sl_skip(rest, at);
		if (!rest.n)
			break;
		end = sl_search(rest, SL("#]"));
		if (end == rest.n) {
			buf_put(out, rest);
			break;
		}
		put_token(out, r, sl_sub(rest, 2, end));
		rest = sl_skip(rest, end + 2);
	}
}

/* As written when it is UTF-8 without controls, else made ASCII. */
static void
put_words(struct buf *out, struct slice s)
{
	bool fine = utf8_valid(s) && s.n <= DSN_VALUE_MAX;

	for (size_t i = 0; i < s.n && fine; i++)
		fine = s.p[i] >= ' ' && s.p[i] != 0x7f;
	if (fine)
		buf_put(out, s);
	else
		dsn_put_ascii(out, s);
}

static void
put_recipient(struct buf *out, const struct dsn_rcpt *rcpt)
{
	buf_put(out, SL("\n    <"));
	put_words(out, dsn_final(rcpt));
	buf_put(out, SL(">\n"));
	if (!rcpt->text.n)
		return;
	buf_put(out, SL("        "));
	if (rcpt->peer.n) {
		put_words(out, dsn_untyped(rcpt->peer));
		buf_put(out, SL(" said: "));
	}
	put_words(out, rcpt->text);
	buf_put_byte(out, '\n');
}

static void
put_all(struct buf *out, const struct dsn_report *r)
{
	const struct dsn_texts *t = r->texts ? r->texts : &dsn_texts_builtin;

	put_text(out, r, t->header);
	for (int action = DSN_FAILED; action < DSN_ACTIONS; action++) {
		bool any = false;

		for (size_t i = 0; i < r->rcpt_count; i++) {
			if ((int)r->rcpts[i].action != action)
				continue;
			if (!any) {
				buf_put_byte(out, '\n');
				put_text(out, r, t->action[action]);
			}
			any = true;
			put_recipient(out, &r->rcpts[i]);
		}
	}
	buf_put_byte(out, '\n');
	put_text(out, r, t->footer);
}

static void
put_crlf(struct buf *out, struct slice text)
{
	struct slice line;

	while (text.n) {
		sl_cut(&text, '\n', &line);
		buf_put(out, line);
		buf_put(out, SL("\r\n"));
	}
}

void
dsn_human_put(struct buf *out, const struct dsn_report *r)
{
	struct qp_enc qp = {.text = true};
	struct buf text, wire;

	buf_init(&text, HUMAN_MAX);
	buf_init(&wire, 2 * HUMAN_MAX);
	put_all(&text, r); /* R6522-3-c */
	put_crlf(&wire, buf_slice(&text));
	if (dsn_is_plain(buf_slice(&wire))) {
		buf_put(out, SL("Content-Type: text/plain; charset=us-ascii\r\n\r\n"));
		buf_put(out, buf_slice(&wire));
	} else { /* R6522-3-f */
		buf_put(out, SL("Content-Type: text/plain; charset=utf-8\r\n"
				"Content-Transfer-Encoding: quoted-printable\r\n\r\n"));
		qp_enc_feed(&qp, buf_slice(&wire), out);
		qp_enc_end(&qp, out);
	}
	buf_fini(&wire);
	buf_fini(&text);
}
