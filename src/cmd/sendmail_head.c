/*
 * The header of a message that is submitted: RFC 5322 section 3.6, RFC 6409 section 8.
 */
#include "cmd/sendmail.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/ascii.h"
#include "base/utf8.h"
#include "message/address.h"
#include "message/edit.h"
#include "message/header.h"
#include "os/accounts.h"
#include "os/clock.h"
#include "os/random.h"

#define LIST_MEMORY ((size_t)16 << 20)

/* ---- addresses ---- */

struct slice
sendmail_address(struct sendmail *s, struct slice local, struct slice domain)
{
	struct buf text;
	struct slice full;

	buf_init(&text, 2048);
	address_put_spec(&text, local, domain.n ? domain : sl_str(s->conf.site.defaultdomain));
	full = buf_ok(&text) ? arena_copy(s->arena, buf_slice(&text)) : SL_NONE;
	buf_fini(&text);
	return full;
}

/* Where mail goes is not guessed. */
static bool
is_usable(const struct address *ad)
{
	return ad->local.n && (!ad->is_defect || ad->is_local);
}

static int
add_rcpt(struct sendmail *s, struct slice full)
{
	if (s->rcpts.n == SENDMAIL_RCPTS_MAX) {
		cmd_complain("sendmail", "more than %u recipients", SENDMAIL_RCPTS_MAX);
		return EXIT_DATA;
	}
	s->rcpts.v[s->rcpts.n++] = full;
	return EXIT_GOOD;
}

int
sendmail_add_rcpts(struct sendmail *s, struct slice list)
{
	struct arena *a = arena_new("addresses", LIST_MEMORY);
	struct address_list found;
	int status = EXIT_GOOD;

	address_list_parse(a, list, SENDMAIL_RCPTS_MAX * 2, &found);
	if (found.truncated) {
		cmd_complain("sendmail", "more than %u recipients", SENDMAIL_RCPTS_MAX);
		status = EXIT_DATA;
	}
	for (const struct address *ad = found.first; ad && status == EXIT_GOOD; ad = ad->next) {
		struct slice full;

		if (ad->kind != ADDRESS_MAILBOX ||
		    (!ad->local.n && !ad->domain.n && !ad->is_defect))
			continue;
		full = is_usable(ad) ? sendmail_address(s, ad->local, ad->domain) : SL_NONE;
		if (full.p) {
			status = add_rcpt(s, full);
		} else {
			cmd_complain(
			    "sendmail", "found no address in \"%.*s\"", SL_FMT(sl_trim(list)));
			status = EXIT_NOUSER;
		}
	}
	arena_free(a);
	return status;
}

struct slice
sendmail_qualify(struct sendmail *s, struct slice address)
{
	struct arena *a = arena_new("address", 65536);
	struct address_list found;
	struct slice full = SL_NONE;

	address_list_parse(a, address, 4, &found);
	if (found.count == 1 && found.first->kind == ADDRESS_MAILBOX && is_usable(found.first))
		full = sendmail_address(s, found.first->local, found.first->domain);
	arena_free(a);
	return full;
}

struct slice
sendmail_user(struct sendmail *s, const char *const *variables)
{
	struct accounts_entry e;

	for (; *variables; variables++) {
		struct slice value = sl_str(getenv(*variables));

		if (value.n)
			return arena_copy(s->arena, value);
	}
	if (accounts_by_uid((uint32_t)getuid(), &e) == 0)
		return arena_copy(s->arena, sl_str(e.name));
	snprintf(e.name, sizeof(e.name), "uid%lu", (unsigned long)getuid());
	return arena_copy(s->arena, sl_str(e.name));
}

/* ---- fields ---- */

enum { IS_RCPT = 1, IS_RESENT = 2, IS_DROPPED = 4 };

static const struct {
	const char *name;
	unsigned what;
} field_rows[] = {
    {"To", IS_RCPT}, {"Cc", IS_RCPT}, {"Bcc", IS_RCPT | IS_DROPPED}, /* RFC 5322 section 3.6.3 */
    {"Resent-To", IS_RCPT | IS_RESENT}, {"Resent-Cc", IS_RCPT | IS_RESENT},
    {"Resent-Bcc", IS_RCPT | IS_RESENT | IS_DROPPED},
    {"Return-Path", IS_DROPPED}, /* RFC 5321 section 4.4: the last server's to write */
};

struct reading {
	struct sendmail *s;
	struct slice section; /* all of it */
	struct census census;
	bool resent;  /* there are Resent- recipients: RFC 5322 section 3.6.6 */
	bool collect; /* second pass */
	int status;
};

static unsigned
field_what(struct slice name)
{
	for (size_t i = 0; i < COUNT_OF(field_rows); i++)
		if (sl_ieq(name, sl_str(field_rows[i].name)))
			return field_rows[i].what;
	return 0;
}

/* A header_fn. The parser cuts long fields; the section has them in full. */
static void
on_field(void *arg, const struct header_field *field)
{
	struct reading *r = arg;
	struct slice all =
	    sl_sub(r->section, (size_t)field->at, (size_t)(field->at + field->length));
	unsigned what = field_what(field->name);

	if (!r->collect) {
		census_field(&r->census, field);
		r->resent = r->resent || (what & IS_RESENT);
		return;
	}
	if (!(what & IS_DROPPED))
		buf_put(&r->s->head, all);
	if (r->s->from_header && (what & IS_RCPT) && r->resent == !!(what & IS_RESENT) &&
	    r->status == EXIT_GOOD)
		r->status = sendmail_add_rcpts(r->s, sl_skip(all, sl_find(all, ':') + 1));
}

/* Reads until the header has ended; where its fields end and the body begins. */
static int
find_end(struct sendmail *s, size_t *fields, size_t *body)
{
	struct header_parser p;
	size_t fed = 0, used;
	enum st st = ST_AGAIN;

	header_parser_init(&p, NULL, NULL);
	while (st == ST_AGAIN && fed <= SENDMAIL_HEADER_MAX) {
		if (fed == s->in.out.n && !input_fill(&s->in) && fed == s->in.out.n)
			break;
		st = header_parser_feed(&p, sl_skip(buf_slice(&s->in.out), fed), &used);
		fed += used;
	}
	if (st == ST_AGAIN)
		header_parser_end(&p);
	*fields = (size_t)p.at;
	*body = (size_t)p.consumed;
	header_parser_fini(&p);
	if (s->in.error) {
		cmd_complain("sendmail", "standard input: %s", strerror(s->in.error));
		return EXIT_IO;
	}
	if (st == ST_AGAIN && !s->in.eof) {
		cmd_complain(
		    "sendmail", "the header is larger than %zu bytes", SENDMAIL_HEADER_MAX);
		return EXIT_DATA;
	}
	return EXIT_GOOD;
}

static void
pass(struct reading *r, bool collect)
{
	struct header_parser p;
	size_t used;

	r->collect = collect;
	header_parser_init(&p, on_field, r);
	if (header_parser_feed(&p, r->section, &used) != ST_OK)
		header_parser_end(&p);
	header_parser_fini(&p);
}

/* ---- what is missing ---- */

static struct slice
full_name(struct sendmail *s)
{
	static const char *const variables[] = {"MAILNAME", "NAME", NULL};
	struct accounts_entry e;
	struct slice name = sl_str(s->full_name);
	bool ours =
	    !s->full_name && !s->from; /* the caller's name stands beside the caller's address */

	for (size_t i = 0; ours && !name.n && variables[i]; i++)
		name = sl_str(getenv(variables[i]));
	if (ours && !name.n && accounts_by_uid((uint32_t)getuid(), &e) == 0)
		name = sl_sub(sl_str(e.gecos), 0, sl_find(sl_str(e.gecos), ','));
	for (size_t i = 0; i < name.n; i++)
		if (ascii_is_ctl(name.p[i]))
			return SL_NONE;
	return utf8_valid(name) ? arena_copy(s->arena, name) : SL_NONE;
}

/* Who -f says, else who we run for. */
static void
put_from(struct sendmail *s)
{
	static const char *const users[] = {"MAILUSER", "LOGNAME", "USER", NULL};
	struct address ad = {.kind = ADDRESS_MAILBOX};
	struct address_list given = {NULL};

	if (s->from)
		address_list_parse(s->arena, s->sender, 1, &given);
	if (given.first) {
		ad = *given.first;
	} else {
		ad.local = sendmail_user(s, users);
		ad.domain = sl_str(getenv("MAILHOST"));
	}
	if (!ad.domain.n)
		ad.domain = sl_str(s->conf.site.defaultdomain);
	ad.name = full_name(s);
	buf_put(&s->head, SL("From: "));
	address_put_encoded(&s->head, &ad, sizeof("From: ") - 1);
	buf_put(&s->head, SL("\r\n"));
}

static void
put_missing(struct sendmail *s, const struct census *c)
{
	int64_t now_ms = clock_wall_ms();
	struct edit_missing m = {
	    .host = sl_str(s->conf.site.msgidhost),
	    .unique = {(uint64_t)now_ms},
	    .at_sec = now_ms / 1000,
	    .offset_minutes = clock_offset_minutes(now_ms / 1000),
	};

	random_bytes(&m.unique[1], sizeof(m.unique[1]));
	if (!c->count[CENSUS_FROM])
		put_from(s);
	edit_put_missing(&s->head, c, &m);
}

int
sendmail_read_head(struct sendmail *s)
{
	struct reading r = {.s = s, .status = EXIT_GOOD};
	size_t fields = 0, body = 0;
	int status = find_end(s, &fields, &body);

	if (status != EXIT_GOOD)
		return status;
	r.section = sl_sub(buf_slice(&s->in.out), 0, fields);
	pass(&r, false);
	pass(&r, true);
	put_missing(s, &r.census);
	buf_put(&s->head, SL("\r\n"));
	buf_drop(&s->in.out, body);
	if (r.status == EXIT_GOOD && !buf_ok(&s->head)) {
		cmd_complain(
		    "sendmail", "the header is larger than %zu bytes", SENDMAIL_HEADER_MAX);
		return EXIT_DATA;
	}
	return r.status;
}
