/*
 * Writing addresses: only what RFC 5322 section 3.4 generates, nothing obsolete (R5322-4-b).
 */
#include "message/address.h"

#include "base/utf8.h"
#include "message/encword.h"
#include "message/token.h"

#define FOLD_COLUMN 78 /* R5322-2.1.1-b */

/* Words of atext with single blanks between them. */
static bool
is_phrase(struct slice s)
{
	bool word = false;

	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == ' ' ? !word : !token_is_atext(s.p[i]))
			return false;
		word = s.p[i] != ' ';
	}
	return word;
}

static void
put_name(struct buf *out, struct slice name)
{
	if (is_phrase(name))
		buf_put(out, name);
	else
		token_put_quoted(out, name);
}

/* R5322-3.4.1-a */
void
address_put_spec(struct buf *out, struct slice local, struct slice domain)
{
	if (token_is_dot_atom(local))
		buf_put(out, local);
	else
		token_put_quoted(out, local);
	if (!domain.n)
		return;
	buf_put_byte(out, '@');
	for (size_t i = 0; i < domain.n; i++)
		buf_put_byte(out, domain.p[i] <= ' ' || domain.p[i] == 127 ? '?' : domain.p[i]);
}

void
address_put(struct buf *out, const struct address *ad)
{
	if (ad->name.n) {
		put_name(out, ad->name);
		buf_put_byte(out, ' ');
	}
	if (!ad->name.n && (ad->local.n || ad->domain.n)) {
		address_put_spec(out, ad->local, ad->domain);
		return;
	}
	buf_put_byte(out, '<');
	if (ad->local.n || ad->domain.n)
		address_put_spec(out, ad->local, ad->domain);
	buf_put_byte(out, '>');
}

/* R2047-5-a */
void
address_put_encoded(struct buf *out, const struct address *ad, size_t column)
{
	size_t start = out->n;

	if (!utf8_has_8bit(ad->name)) {
		address_put(out, ad);
		return;
	}
	encword_encode(out, ad->name, column);
	buf_put(out, column + out->n - start > FOLD_COLUMN / 2 ? SL("\r\n <") : SL(" <"));
	address_put_spec(out, ad->local, ad->domain);
	buf_put_byte(out, '>');
}

static void
put_entry(struct buf *out, const struct address *ad)
{
	switch (ad->kind) {
	case ADDRESS_MAILBOX:
		address_put(out, ad);
		break;
	case ADDRESS_GROUP_BEGIN:
		put_name(out, ad->name);
		buf_put_byte(out, ':');
		break;
	case ADDRESS_GROUP_END:
		buf_put_byte(out, ';');
		break;
	}
}

/* What separates two entries. */
static struct slice
separator(const struct address *before, const struct address *ad)
{
	if (ad->kind == ADDRESS_GROUP_END)
		return SL_NONE;
	return before->kind == ADDRESS_GROUP_BEGIN ? SL(" ") : SL(", ");
}

void
address_list_put(struct buf *out, const struct address_list *list, size_t column)
{
	const struct address *before = NULL;
	struct slice sep;
	size_t start;

	for (const struct address *ad = list->first; ad; before = ad, ad = ad->next) {
		struct buf entry;

		buf_init(&entry, out->max);
		put_entry(&entry, ad);
		sep = before ? separator(before, ad) : SL_NONE;
		if (sep.n && column + sep.n + entry.n + 1 > FOLD_COLUMN) {
			sep.n--; /* its blank becomes the fold's */
			buf_put(out, sep);
			buf_put(out, SL("\r\n "));
			column = 1;
		} else {
			buf_put(out, sep);
			column += sep.n;
		}
		start = out->n;
		buf_put(out, buf_slice(&entry));
		column += out->n - start;
		if (!buf_ok(&entry))
			out->failed = true;
		buf_fini(&entry);
	}
}
