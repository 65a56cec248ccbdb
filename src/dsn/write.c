/*
 * A report as a message: header section and the frame of the parts.
 */
#include "base/arena.h"
#include "base/date.h"
#include "base/qp.h"
#include "base/utf8.h"
#include "dsn/dsn_int.h"
#include "message/address.h"
#include "message/edit.h"
#include "message/encword.h"
#include "message/header.h"

#define FROM_MEMORY ((size_t)64 * 1024)

bool
dsn_returns_message(const struct dsn_report *r)
{
	bool failed = false;

	for (size_t i = 0; i < r->rcpt_count; i++)
		failed = failed || r->rcpts[i].action == DSN_FAILED;
	return failed && r->ret != 'H' && r->length <= r->limit; /* R3461-6.2-a, R6522-3-g */
}

/* ---- From ---- */

/* dsnfrom with the sign for our own address replaced. */
static void
expand_from(struct buf *out, struct slice dsnfrom, struct slice me)
{
	size_t at = sl_search(dsnfrom, SL("<@>"));

	buf_put(out, sl_sub(dsnfrom, 0, at));
	if (at == dsnfrom.n)
		return;
	buf_fmt(out, "<MAILER-DAEMON@%.*s>", SL_FMT(me));
	buf_put(out, sl_skip(dsnfrom, at + 3));
}

/* One mailbox without a defect; anything else is the administrator's mistake. */
static const struct address *
one_mailbox(const struct address_list *list)
{
	const struct address *ad = list->first;

	if (list->count != 1 || ad->kind != ADDRESS_MAILBOX || ad->is_defect || !ad->local.n ||
	    !ad->domain.n)
		return NULL;
	return ad;
}

void
dsn_put_from(struct buf *out, struct slice dsnfrom, struct slice me)
{
	struct arena *a = arena_new("dsn from", FROM_MEMORY);
	struct address_list list;
	struct buf text;

	buf_init(&text, 4096);
	expand_from(&text, dsnfrom, me);
	address_list_parse(a, buf_slice(&text), 4, &list);
	if (!one_mailbox(&list)) {
		buf_fmt(out, "MAILER-DAEMON@%.*s", SL_FMT(me)); /* R3464-2-d */
	} else {
		address_put_encoded(out, one_mailbox(&list), sizeof("From: ") - 1);
	}
	buf_fini(&text);
	arena_free(a);
}

/* ---- header section ---- */

static void
put_boundary(struct buf *out, const struct dsn_report *r)
{
	/* "=_" can stand in no quoted-printable text, the random numbers in no message. */
	buf_fmt(out, "=_%016llx%016llx", (unsigned long long)r->unique[0],
	    (unsigned long long)r->unique[1]);
}

static void
put_delimiter(struct buf *out, const struct dsn_report *r, const char *end)
{
	buf_put(out, SL("\r\n--"));
	put_boundary(out, r);
	buf_fmt(out, "%s\r\n", end);
}

/* The worst news names the report. */
static const char *
subject(const struct dsn_report *r)
{
	const struct dsn_texts *t = r->texts ? r->texts : &dsn_texts_builtin;
	bool failed = false, delayed = false;

	for (size_t i = 0; i < r->rcpt_count; i++) {
		failed = failed || r->rcpts[i].action == DSN_FAILED;
		delayed = delayed || r->rcpts[i].action == DSN_DELAYED;
	}
	return failed ? t->subject_failed : delayed ? t->subject_delayed : t->subject_notice;
}

static bool
is_8bit(const struct dsn_report *r)
{
	return r->has_8bit && dsn_returns_message(r);
}

static void
put_fields(struct buf *out, const struct dsn_report *r)
{
	struct slice to = sl_sub(r->to, 0, DSN_VALUE_MAX);

	buf_put(out, SL("Date: "));
	date_put_rfc5322(out, r->now_sec, r->offset_minutes);
	buf_put(out, SL("\r\nFrom: "));
	buf_put(out, r->from);
	buf_put(out, SL("\r\nTo: ")); /* R3464-2-c */
	for (size_t i = 0; i < to.n; i++)
		buf_put_byte(out, to.p[i] < ' ' || to.p[i] == 0x7f ? '?' : to.p[i]);
	buf_put(out, SL("\r\nSubject: "));
	/* R3834-3.1.5-b */
	encword_encode(out, sl_str(subject(r)), sizeof("Subject: ") - 1);
	buf_put(out, SL("\r\nMessage-ID: "));
	edit_put_message_id(out, r->unique, r->me);
	buf_put(out,
	    SL("\r\nAuto-Submitted: auto-replied\r\n" /* R3834-5-b, R3834-3.1.7-a */
	       "MIME-Version: 1.0\r\n"
	       "Content-Type: multipart/report; report-type=delivery-status;\r\n" /* R3464-2-a,
										     R6522-3-a */
	       "\tboundary=\""));
	put_boundary(out, r);
	buf_put(out, SL("\"\r\n"));
	if (is_8bit(r)) /* R6522-3-f */
		buf_put(out, SL("Content-Transfer-Encoding: 8bit\r\n"));
}

void
dsn_begin(struct buf *out, const struct dsn_report *r)
{
	put_fields(out, r);
	buf_put(out, SL("\r\nThis is a delivery report in MIME format.\r\n"));
	put_delimiter(out, r, "");
	dsn_human_put(out, r);
	put_delimiter(out, r, "");
	/* R3464-2-b, R6522-3-b, R6522-3-d */
	buf_put(out, SL("Content-Type: message/delivery-status\r\n\r\n"));
	dsn_status_put(out, r);
}

/* ---- the third part ---- */

/* The fields at the start of a message; when they do not end there, up to the last line end. */
static struct slice
header_of(struct slice start)
{
	struct header_parser p;
	size_t used, n;

	start = sl_sub(start, 0, DSN_HEADER_MAX);
	header_parser_init(&p, NULL, NULL);
	if (header_parser_feed(&p, start, &used) == ST_OK)
		n = (size_t)p.at; /* without the empty line */
	else
		n = sl_rfind(start, '\n') < start.n ? sl_rfind(start, '\n') + 1 : start.n;
	header_parser_fini(&p);
	return sl_sub(start, 0, n);
}

void
dsn_put_header(struct buf *out, const struct dsn_report *r, struct slice start)
{
	struct slice header = header_of(start);
	struct qp_enc qp = {.text = true};

	put_delimiter(out, r, "");
	buf_put(out, SL("Content-Type: text/rfc822-headers\r\n")); /* R6522-4-a, R6522-4-b */
	if (dsn_is_plain(header)) {
		buf_put(out, SL("\r\n"));
		buf_put(out, header);
	} else {
		buf_put(out, SL("Content-Transfer-Encoding: quoted-printable\r\n\r\n"));
		qp_enc_feed(&qp, header, out);
		qp_enc_end(&qp, out);
	}
}

void
dsn_put_message(struct buf *out, const struct dsn_report *r)
{
	put_delimiter(out, r, "");
	buf_put(out, SL("Content-Type: message/rfc822\r\n")); /* R6522-3-e */
	if (is_8bit(r))
		buf_put(out, SL("Content-Transfer-Encoding: 8bit\r\n"));
	buf_put(out, SL("\r\n"));
}

void
dsn_end(struct buf *out, const struct dsn_report *r)
{
	put_delimiter(out, r, "--");
}

void
dsn_put(struct buf *out, const struct dsn_report *r, struct slice original)
{
	dsn_begin(out, r);
	if (dsn_returns_message(r)) {
		dsn_put_message(out, r);
		buf_put(out, original);
	} else {
		dsn_put_header(out, r, original);
	}
	dsn_end(out, r);
}
