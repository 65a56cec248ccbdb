/*
 * Trace fields.
 */
#include "message/trace.h"

#include "base/date.h"

/* Words that came from outside stand in comments and must not end them, nor the line. */
static void
put_safe(struct buf *out, struct slice s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = s.p[i];

		buf_put_byte(out,
		    c <= ' ' || c >= 0x7f || c == '(' || c == ')' || c == '\\' || c == ';' ? '?'
											   : c);
	}
}

static void
put_literal(struct buf *out, struct slice ip)
{
	buf_put_str(out, sl_find(ip, ':') < ip.n
			     ? "[IPv6:"
			     : "["); /* R5321-4.1.3: the tag belongs to IPv6 alone */
	put_safe(out, ip);
	buf_put_byte(out, ']');
}

/* R5321-4.4-f, R6531-3.7.3-c */
void
trace_put_received(struct buf *out, const struct trace_received *r)
{
	/* R5321-4.4-b: the name as it was given, and the address beside it. */
	buf_put_str(out, "Received: from ");
	if (r->helo.n)
		put_safe(out, r->helo);
	else
		buf_put_str(out, r->client_ip.n ? "unknown" : "localhost");
	buf_put_str(out, " (");
	if (r->client_name.n) {
		put_safe(out, r->client_name);
		buf_put_byte(out, ' ');
	}
	if (r->client_ip.n)
		put_literal(out, r->client_ip);
	else
		buf_put_str(out, "local user");
	if (r->auth.n) {
		buf_put_str(out, r->client_ip.n ? ", AUTH " : " ");
		put_safe(out, r->auth);
	}
	buf_put_str(out, ")");
	if (r->tls.n) {
		buf_put_str(out, "\r\n  (");
		for (struct slice rest = r->tls, word; rest.n;) {
			sl_cut(&rest, ' ', &word);
			put_safe(out, word);
			if (rest.n)
				buf_put_byte(out, ' ');
		}
		buf_put_byte(out, ')');
	}
	buf_put_str(out, "\r\n  by ");
	buf_put(out, r->by);
	buf_fmt(out, " with %s\r\n  id ", r->with);
	buf_put(out, r->id);
	/* R5321-4.4-e: one address; with several recipients the caller gives none. */
	if (r->for_one.n) {
		buf_put_str(out, "\r\n  for <");
		put_safe(out, r->for_one);
		buf_put_byte(out, '>');
	}
	/* R8314-4.3-a */
	if (r->cipher.n) {
		buf_put_str(out, "\r\n  tls ");
		put_safe(out, r->cipher);
	}
	buf_put_str(out, "; ");
	/* R5321-4.4-g, R5321-F.5-a */
	date_put_rfc5322(out, r->seconds, r->offset_minutes);
	buf_put_str(out, "\r\n");
}

void
trace_put_return_path(struct buf *out, struct slice sender, const char *eol)
{
	buf_put_str(out, "Return-Path: <");
	buf_put(out, sender);
	buf_put_str(out, ">");
	buf_put_str(out, eol);
}

void
trace_put_delivered_to(struct buf *out, struct slice address, const char *eol)
{
	buf_put_str(out, "Delivered-To: ");
	buf_put(out, address);
	buf_put_str(out, eol);
}

/* R8098-2.3-a, R8098-2.3-b */
void
trace_put_original_recipient(struct buf *out, struct slice original, const char *eol)
{
	struct slice type;

	if (!sl_cut(&original, ';', &type) || !sl_trim(type).n || !sl_trim(original).n)
		return;
	buf_put_str(out, "Original-Recipient: ");
	put_safe(out, sl_trim(type));
	buf_put_str(out, "; ");
	original = sl_trim(original);
	for (size_t i = 0; i < original.n; i++) {
		unsigned char c = original.p[i];

		buf_put_byte(out, c < ' ' || c >= 0x7f ? '?' : c);
	}
	buf_put_str(out, eol);
}
