/*
 * The part for programs: message/delivery-status, RFC 3464 section 2.
 */
#include "base/ascii.h"
#include "base/attr.h"
#include "base/date.h"
#include "base/utf8.h"
#include "dsn/dsn_int.h"

static const char *const action_words[DSN_ACTIONS] = {
    [DSN_FAILED] = "failed",
    [DSN_DELAYED] = "delayed",
    [DSN_DELIVERED] = "delivered",
    [DSN_RELAYED] = "relayed",
    [DSN_EXPANDED] = "expanded",
};

const char *
dsn_action_word(enum dsn_action action)
{
	size_t i = (size_t)action;

	return i < COUNT_OF(action_words) && action_words[i] ? action_words[i] : "";
}

void
dsn_put_ascii(struct buf *out, struct slice s)
{
	s = sl_sub(sl_trim(s), 0, DSN_VALUE_MAX);
	for (size_t i = 0; i < s.n; i++) {
		if (ascii_is_space(s.p[i]))
			buf_put_byte(out, ' ');
		else
			buf_put_byte(out, ascii_is_ctl(s.p[i]) || s.p[i] >= 0x80 ? '?' : s.p[i]);
	}
}

struct slice
dsn_untyped(struct slice s)
{
	size_t at = sl_find(s, ';');

	return sl_trim(at < s.n ? sl_skip(s, at + 1) : s);
}

/* R3464-2.3.2-b: what RCPT said, when nobody gave an ORCPT, is the address as it was accepted. */
struct slice
dsn_final(const struct dsn_rcpt *rcpt)
{
	struct slice accepted =
	    sl_starts(rcpt->original, SL(";")) ? sl_skip(rcpt->original, 1) : SL_NONE;

	return accepted.n ? accepted : rcpt->address;
}

/* A field without content is none. */
static void
put_field(struct buf *out, const char *name, const char *type, struct slice value)
{
	if (!sl_trim(value).n)
		return;
	buf_fmt(out, "%s: %s", name, type); /* R3464-2.1.1-a */
	dsn_put_ascii(out, value);
	buf_put(out, SL("\r\n"));
}

/* R3464-2.2.5-a, R3464-2.3.7-a, R3464-2.3.9-b: date_put_rfc5322 writes a numeric zone. */
static void
put_date(struct buf *out, const char *name, int64_t t, int offset_minutes)
{
	if (t <= 0)
		return;
	buf_fmt(out, "%s: ", name);
	date_put_rfc5322(out, t, offset_minutes);
	buf_put(out, SL("\r\n"));
}

/* utf-8-addr-xtext of RFC 6533 section 3: the part stays ASCII, R3464-2.1-a, R6533-3-d. */
static void
put_utf8_address(struct buf *out, struct slice address)
{
	uint32_t point;
	size_t n;

	buf_put(out, SL("utf-8; "));
	address = sl_sub(address, 0, DSN_VALUE_MAX / 8);
	for (; (n = utf8_next(address, &point)) > 0; address = sl_skip(address, n)) {
		if (point > ' ' && point < 0x7f && point != '+' && point != '=' && point != '\\')
			buf_put_byte(out, (unsigned char)point);
		else
			buf_fmt(out, "\\x{%02X}", (unsigned)point); /* R6533-3-k */
	}
}

/* R3464-2.1.2-a */
static void
put_final(struct buf *out, struct slice address)
{
	buf_put(out, SL("Final-Recipient: "));
	if (utf8_has_8bit(address) && utf8_valid(address)) {
		put_utf8_address(out, address);
	} else {
		buf_put(out, SL("rfc822; "));
		dsn_put_ascii(out, address);
	}
	buf_put(out, SL("\r\n"));
}

/* R3464-2.3.4-a, R3461-6.3-f, R3463-2-a, R3463-2-b, R3463-3.1-a */
static void
put_status(struct buf *out, const struct dsn_rcpt *rcpt)
{
	static const uint8_t classes[DSN_ACTIONS] = {
	    [DSN_FAILED] = 5,
	    [DSN_DELAYED] = 4,
	    [DSN_DELIVERED] = 2,
	    [DSN_RELAYED] = 2,
	    [DSN_EXPANDED] = 2,
	};
	bool known = rcpt->esc[0] == 2 || rcpt->esc[0] == 4 || rcpt->esc[0] == 5;

	if (known)
		buf_fmt(out, "Status: %u.%u.%u\r\n", rcpt->esc[0], rcpt->esc[1], rcpt->esc[2]);
	else
		buf_fmt(out, "Status: %u.0.0\r\n", classes[rcpt->action]);
}

/*
 * R3464-2.3.5-a, R3461-6.3-e, R3464-2.3.6-a, R3461-9.2-a: what another host said, or what went
 * wrong here. Our own words are no SMTP reply, so their type is one of ours.
 */
static void
put_diagnostic(struct buf *out, const struct dsn_rcpt *rcpt)
{
	if (dsn_untyped(rcpt->peer).n) {
		put_field(out, "Remote-MTA", "dns; ", dsn_untyped(rcpt->peer));
		put_field(out, "Diagnostic-Code", "smtp; ",
		    sl_trim(rcpt->text).n ? rcpt->text : SL("no reply"));
	} else if (rcpt->text.n && (rcpt->action == DSN_FAILED || rcpt->action == DSN_DELAYED)) {
		put_field(out, "Diagnostic-Code", "x-courier; ", rcpt->text);
	}
}

/* "type;address": R3464-2.1.2-a */
static bool
is_typed(struct slice s)
{
	size_t at = sl_find(s, ';');

	for (size_t i = 0; i < at; i++)
		if (!ascii_is_alnum(s.p[i]) && s.p[i] != '-')
			return false;
	return at > 0 && sl_trim(sl_skip(s, at + 1)).n > 0;
}

static void
put_recipient(struct buf *out, const struct dsn_report *r, const struct dsn_rcpt *rcpt)
{
	/* R3461-6.3-c, R3464-2.3.1-a, R3464-3-a, R6533-3-i: only when ORCPT was given, as it was */
	if (is_typed(rcpt->original))
		put_field(out, "Original-Recipient", "", rcpt->original);
	put_final(out, dsn_final(rcpt)); /* R3464-2.3.2-a, R3461-6.3-d, R3461-9.1-a */
	buf_fmt(out, "Action: %s\r\n", dsn_action_word(rcpt->action)); /* R3464-2.3.3-a */
	put_status(out, rcpt);
	put_diagnostic(out, rcpt);
	put_date(out, "Last-Attempt-Date", rcpt->last_attempt_sec, r->offset_minutes);
	if (rcpt->action == DSN_DELAYED) /* R3464-2.3.9-a */
		put_date(out, "Will-Retry-Until", rcpt->give_up_sec, r->offset_minutes);
}

void
dsn_status_put(struct buf *out, const struct dsn_report *r)
{
	/* R3464-2.2.2-a, R3464-2.2.2-b, R3461-6.3-b, R3461-9.3-a: a name without a dot is not what
	 * DNS knows us by */
	const char *type = sl_find(r->me, '.') < r->me.n ? "dns; " : "x-local-hostname; ";

	/* R3461-6.3-a, R3464-2.2.1-a, R3464-2.2.1-b, R3464-2.2.1-c */
	put_field(out, "Original-Envelope-Id", "", r->envid);
	put_field(out, "Reporting-MTA", type, r->me);
	put_field(out, "Received-From-MTA", "dns; ", dsn_untyped(r->from_mta)); /* R3464-2.2.4-a */
	/* R3464-2.2.3-a: DSN-Gateway stands here never, we are none; nor fields of our own,
	 * R3464-2.4-a */
	put_date(out, "Arrival-Date", r->arrived_sec, r->offset_minutes);
	for (size_t i = 0; i < r->rcpt_count; i++) { /* R3464-2.1-b */
		buf_put(out, SL("\r\n"));
		put_recipient(out, r, &r->rcpts[i]);
	}
}
