/*
 * What is missing in a submitted header, and Message-IDs.
 */
#include "message/edit.h"

#include "base/attr.h"
#include "base/date.h"
#include "message/address.h"
#include "message/token.h"

static const char *const census_names[CENSUS_FIELDS] = {
	[CENSUS_DATE] = "Date",
	[CENSUS_FROM] = "From",
	[CENSUS_SENDER] = "Sender",
	[CENSUS_REPLY_TO] = "Reply-To",
	[CENSUS_TO] = "To",
	[CENSUS_CC] = "Cc",
	[CENSUS_BCC] = "Bcc",
	[CENSUS_MESSAGE_ID] = "Message-ID",
	[CENSUS_SUBJECT] = "Subject",
	[CENSUS_MIME_VERSION] = "MIME-Version",
	[CENSUS_RECEIVED] = "Received",
	[CENSUS_RETURN_PATH] = "Return-Path",
	[CENSUS_DELIVERED_TO] = "Delivered-To",
	[CENSUS_RESENT] = "Resent-", /* a prefix */
};

void
census_field(void *census, const struct header_field *field)
{
	struct census *c = census;

	c->total++;
	for (size_t i = 0; i < CENSUS_FIELDS; i++) {
		struct slice name = sl_str(census_names[i]);

		if (i == CENSUS_RESENT ? sl_istarts(field->name, name) : sl_ieq(field->name, name))
			c->count[i]++;
	}
}

/* R6409-8.2-a, R6409-8.3-a */
void
edit_put_missing(struct buf *out, const struct census *c, const struct edit_missing *m)
{
	size_t at;

	if (!c->count[CENSUS_DATE]) {
		buf_put(out, SL("Date: "));
		date_put_rfc5322(out, m->at_sec, m->offset_minutes);
		buf_put(out, SL("\r\n"));
	}
	if (!c->count[CENSUS_FROM] && m->from.n) {
		at = sl_rfind(m->from, '@');
		buf_put(out, SL("From: "));
		address_put_spec(out, sl_sub(m->from, 0, at), sl_skip(m->from, at + 1));
		buf_put(out, SL("\r\n"));
	}
	if (!c->count[CENSUS_MESSAGE_ID]) {
		buf_put(out, SL("Message-ID: "));
		edit_put_message_id(out, m->unique, m->host);
		buf_put(out, SL("\r\n"));
	}
}

/* R5322-3.6.4-b, R5322-3.6.4-c */
void
edit_put_message_id(struct buf *out, const uint64_t unique[2], struct slice host)
{
	buf_fmt(out, "<%llx.%llx@%.*s>", (unsigned long long)unique[0],
	    (unsigned long long)unique[1], SL_FMT(host));
}

bool
edit_message_id_next(struct slice *value, struct slice *id)
{
	struct slice word;
	size_t end;
	bool open;

	for (token_skip(value, NULL); value->n; token_skip(value, NULL)) {
		if (value->p[0] == '<') {
			end = sl_find(*value, '>');
			if (end == value->n)
				return false;
			*id = sl_sub(*value, 0, end + 1);
			*value = sl_skip(*value, end + 1);
			if (sl_find(*id, '@') < id->n && sl_find(*id, ' ') == id->n)
				return true;
			continue;
		}
		/* Words between ids are old In-Reply-To phrases: R5322-4.5-a. */
		word = token_atom(value);
		if (!word.n && !token_quoted(value, NULL, &open))
			*value = sl_skip(*value, 1);
	}
	return false;
}
