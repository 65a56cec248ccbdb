/*
 * Texts of messages for SEARCH: fields with their encoded words, bodies with their transfer
 * encodings and charsets, each decoded before it is compared (R3501-6.4.4-c). Parts that are
 * neither text nor message are not looked into (R3501-6.4.4-b).
 */
#include "imap/search_int.h"

#include "base/ascii.h"
#include "base/base64.h"
#include "base/qp.h"
#include "base/utf8.h"
#include "imap/said.h"
#include "message/encword.h"
#include "message/mime.h"

#define TEXT_MAX (256u * 1024) /* of a decoded field */
#define CHUNK_BYTES 32768      /* of decoded body converted at once */

/* ---- envelope and header ---- */

/* Decoded and compared; what is plain text already is not copied for it. */
static bool
value_matches(struct imap_search_eval *e, const struct imap_needle *needle, struct slice value)
{
	struct buf text;
	bool yes;

	if (needle->is_ascii && !utf8_has_8bit(value) && sl_find(value, '\n') == value.n &&
	    sl_search(value, SL("=?")) == value.n)
		return imap_needle_in(needle, value);
	buf_init(&text, TEXT_MAX);
	encword_decode(&text, value, e->cs); /* R3501-6.4.4-c */
	yes = imap_needle_in(needle, buf_slice(&text));
	buf_fini(&text);
	return yes;
}

/* One address (name route mailbox host) as "name <mailbox@host>". */
static bool
address_put(struct slice *list, struct buf *out)
{
	struct slice part[4];

	for (int i = 0; i < 4; i++)
		if (!imap_said_char(list, i ? ' ' : '(') || !imap_said_value(list, &part[i]))
			return false;
	if (imap_said_string(part[0], out))
		buf_put_byte(out, ' ');
	if (sl_eq(part[3], SL("NIL"))) { /* a group: its name, or its end */
		imap_said_string(part[2], out);
		buf_put_byte(out, ':');
	} else {
		buf_put_byte(out, '<');
		imap_said_string(part[2], out);
		buf_put_byte(out, '@');
		imap_said_string(part[3], out);
		buf_put_byte(out, '>');
	}
	buf_put(out, SL(", "));
	return imap_said_char(list, ')');
}

/* The text of an envelope's field; false when it is NIL. */
static bool
field_text(struct slice value, bool is_list, struct buf *out)
{
	if (!is_list)
		return imap_said_string(value, out);
	if (!imap_said_char(&value, '('))
		return false;
	while (value.n && value.p[0] == '(')
		if (!address_put(&value, out))
			break;
	return true;
}

bool
imap_search_envelope(struct imap_search_eval *e, const struct imap_key *key)
{
	struct slice in = e->envelope, value = SL_NONE;
	struct buf text;
	bool yes;

	if (!imap_said_char(&in, '('))
		return false;
	for (int i = 0; i <= (int)key->field; i++)
		if ((i && !imap_said_char(&in, ' ')) || !imap_said_value(&in, &value))
			return false;
	/* a string without escapes need not be copied */
	if (value.n > 1 && value.p[0] == '"' && !memchr(value.p, '\\', value.n))
		return value_matches(e, &key->needle, sl_sub(value, 1, value.n - 1));
	buf_init(&text, TEXT_MAX);
	yes = field_text(value, key->field != IMAP_ENVELOPE_SUBJECT, &text) &&
	      value_matches(e, &key->needle, buf_slice(&text));
	buf_fini(&text);
	return yes;
}

/* A field that HEADER asks for. */
struct header_look {
	struct imap_search_eval *e;
	const struct imap_key *key;
	bool found;
};

static void
header_field(void *arg, const struct header_field *f)
{
	struct header_look *look = arg;

	if (look->found || !sl_ieq(f->name, look->key->name)) /* R3501-6.4.4-l */
		return;
	look->found = value_matches(look->e, &look->key->needle, sl_trim(f->value));
}

bool
imap_search_header(struct imap_search_eval *e, const struct imap_key *key)
{
	struct header_look look = {.e = e, .key = key};
	struct header_parser p;
	size_t used;

	header_parser_init(&p, header_field, &look);
	if (header_parser_feed(&p, e->header, &used) == ST_AGAIN)
		header_parser_end(&p);
	header_parser_fini(&p);
	return look.found;
}

/* ---- the whole message ---- */

/* One pass: which part is being read, and what of it waits. */
struct pass {
	struct imap_search_eval *e;
	const struct mime_part *part; /* of the octets below; NULL: none */
	bool is_text, as_is;          /* to be looked into; without decoding */
	struct qp_dec qp;
	struct base64_dec base64;
	struct buf decoded; /* transfer encoding taken off */
	struct buf text;    /* UTF-8 */
	struct buf folded;
	struct slice piece; /* being fed to the parser */
	struct slice run;   /* octets of it that were not looked at yet */
	size_t left;        /* texts not found */
	bool any_folded;    /* a needle is not ASCII */
};

/*
 * UTF-8, the next of a text, for each needle that is not found yet. not_body: it stands in no body,
 * so only TEXT looks at it.
 */
static void
look(struct pass *p, struct slice text, bool not_body)
{
	const struct imap_search *program = p->e->program;
	struct slice folded = SL_NONE;

	if (p->any_folded) {
		buf_clear(&p->folded);
		utf8_put_folded(&p->folded, text, true);
		folded = buf_slice(&p->folded);
	}
	for (size_t i = 0; i < program->text_count; i++) {
		const struct imap_key *key = program->texts[i];
		struct imap_needle_place *at = &p->e->texts[i];

		/* R3501-6.4.4-m */
		if (at->found || (not_body && key->kind == IMAP_KEY_BODY))
			continue;
		if (imap_needle_feed(&key->needle, at, key->needle.is_ascii ? text : folded))
			p->left--;
	}
}

/* What comes next is another text. */
static void
look_anew(struct pass *p)
{
	for (size_t i = 0; i < p->e->program->text_count; i++)
		p->e->texts[i].matched = 0;
}

static void
on_field(void *arg, struct mime_part *part, const struct header_field *f)
{
	struct pass *p = arg;
	struct buf text;

	if (!p->left)
		return;
	buf_init(&text, TEXT_MAX);
	buf_put(&text, f->name);
	buf_put(&text, SL(": "));
	encword_decode(&text, sl_trim(f->value), p->e->cs);
	look_anew(p);
	/* headers of messages inside are content; those of other parts are for programs */
	look(p, buf_slice(&text), !part->parent || !part->parent->is_message);
	buf_fini(&text);
}

/* Decoded octets of the part, in its charset, up to a line end unless it is the last of it. */
static void
convert(struct pass *p, bool last)
{
	struct slice octets = buf_slice(&p->decoded);
	struct slice charset = content_param_get(&p->part->type, "charset");
	size_t n = last ? octets.n : sl_rfind(octets, '\n') + 1;

	if (n > octets.n)
		n = octets.n; /* a line without end is cut */
	octets.n = n;
	buf_clear(&p->text);
	if (!charset.n || sl_ieq(charset, SL("utf-8")) || sl_ieq(charset, SL("us-ascii")) ||
	    !p->e->cs->to_utf8(p->e->cs->arg, charset, octets, &p->text))
		look(p, octets, false);
	else
		look(p, buf_slice(&p->text), false);
	buf_drop(&p->decoded, n);
}

/* The run of octets that waits is decoded. */
static void
run_end(struct pass *p)
{
	struct slice run = p->run;

	p->run = SL_NONE;
	if (!run.n || !p->is_text || !p->left)
		return;
	if (p->as_is) {
		look(p, run, false);
		return;
	}
	while (run.n) {
		struct slice some = sl_sub(run, 0, CHUNK_BYTES);

		if (p->part->encoding == MIME_QP)
			qp_dec_feed(&p->qp, some, &p->decoded);
		else if (p->part->encoding == MIME_BASE64)
			base64_dec_feed(&p->base64, some, &p->decoded);
		else
			buf_put(&p->decoded, some);
		run = sl_skip(run, some.n);
		if (p->decoded.n >= CHUNK_BYTES)
			convert(p, false);
	}
}

static void
part_end(struct pass *p)
{
	if (!p->part)
		return;
	run_end(p);
	if (p->is_text && !p->as_is) {
		if (p->part->encoding == MIME_QP)
			qp_dec_end(&p->qp, &p->decoded);
		convert(p, true);
	}
	buf_clear(&p->decoded);
	p->part = NULL;
}

/* May the octets be compared as they stand? A needle in ASCII is found in any such text. */
static bool
is_as_is(const struct pass *p, const struct mime_part *part)
{
	struct slice charset = content_param_get(&part->type, "charset");

	if (part->encoding == MIME_QP || part->encoding == MIME_BASE64)
		return false;
	if (!charset.n || sl_ieq(charset, SL("us-ascii")) || sl_ieq(charset, SL("utf-8")))
		return !p->any_folded;
	return !p->any_folded &&
	       (sl_istarts(charset, SL("iso-8859-")) || sl_istarts(charset, SL("windows-")) ||
		   sl_istarts(charset, SL("koi8-")));
}

static void
part_begin(struct pass *p, const struct mime_part *part)
{
	part_end(p);
	p->part = part;
	/* R3501-6.4.4-b */
	p->is_text = content_is(&part->type, "text", NULL) ||
		     content_is(&part->type, "message", NULL) || !part->type.type.n;
	p->as_is = is_as_is(p, part);
	p->qp = (struct qp_dec){.held_n = 0};
	p->base64 = (struct base64_dec){.n = 0};
	look_anew(p);
}

static bool
is_inside(struct slice whole, const unsigned char *at)
{
	return whole.n && (uintptr_t)at - (uintptr_t)whole.p < whole.n;
}

/* R2049-2-d */
static void
on_body(void *arg, struct mime_part *part, struct slice text)
{
	struct pass *p = arg;

	if (!p->left)
		return;
	if (part != p->part)
		part_begin(p, part);
	if (!p->is_text)
		return;
	if (p->run.n &&
	    p->run.p + p->run.n == text.p) { /* lines of one piece are looked at together */
		p->run.n += text.n;
		return;
	}
	run_end(p);
	p->run = text;
	if (!is_inside(p->piece, text.p))
		run_end(p); /* it is the parser's own memory */
}

static void
pass_begin(struct pass *p, struct imap_search_eval *e)
{
	const struct imap_search *program = e->program;

	*p = (struct pass){.e = e, .left = program->text_count};
	buf_init(&p->decoded, CHUNK_BYTES * 4);
	buf_init(&p->text, CHUNK_BYTES * 16);
	buf_init(&p->folded, CHUNK_BYTES * 48);
	for (size_t i = 0; i < program->text_count; i++)
		p->any_folded = p->any_folded || !program->texts[i]->needle.is_ascii;
}

static void
pass_end(struct pass *p)
{
	buf_fini(&p->decoded);
	buf_fini(&p->text);
	buf_fini(&p->folded);
}

void
imap_search_texts(struct imap_search_eval *e)
{
	static const struct mime_limits limits = {IMAP_SECTION_DEPTH, 1000};
	const struct imap_candidate *m = e->m;
	struct mime_parser *parser;
	struct slice piece;
	struct pass p;

	e->texts = arena_get_array(e->scratch, e->program->text_count, sizeof(*e->texts));
	pass_begin(&p, e);
	parser = mime_parser_new(e->scratch, &limits, e->cs, on_field, &p);
	if (!e->texts || !parser || !m->rewind(m->arg)) {
		e->gone = true;
		pass_end(&p);
		return;
	}
	mime_parser_on_body(parser, on_body);
	while (p.left && !e->gone) {
		e->gone = !m->piece(m->arg, &piece);
		if (e->gone || !piece.n)
			break;
		p.piece = piece;
		mime_parser_feed(parser, piece);
		run_end(&p);
	}
	p.piece = SL_NONE;
	if (p.left && !e->gone) {
		mime_parser_end(parser, NULL);
		part_end(&p);
	}
	pass_end(&p);
}
