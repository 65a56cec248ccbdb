/*
 * Content-Type and Content-Disposition with RFC 2231 parameters.
 */
#include "message/content.h"

#include "base/ascii.h"
#include "base/num.h"
#include "base/utf8.h"
#include "message/token.h"

#define SECTIONS_MAX 100 /* of one continued parameter */
#define VALUE_MAX 65536

/* A parameter as it stands: name, name*, name*3, name*3*. */
struct raw_param {
	struct raw_param *next;
	struct slice name; /* lower case, without stars */
	struct slice value;
	unsigned section;
	bool is_section, is_extended, used;
};

static struct slice
lower_copy(struct arena *a, struct slice s)
{
	unsigned char *p = arena_get(a, s.n);

	if (!p)
		return SL_NONE;
	for (size_t i = 0; i < s.n; i++)
		p[i] = ascii_lower(s.p[i]);
	return sl_mem(p, s.n);
}

/* Takes the stars of RFC 2231 sections 3 and 4 off the name. */
static void
split_name(struct raw_param *r)
{
	struct slice name = r->name, number;
	uint64_t n;
	size_t star;

	if (name.n > 1 && name.p[name.n - 1] == '*') {
		r->is_extended = true;
		name.n--;
	}
	star = sl_rfind(name, '*');
	number = sl_skip(name, star + 1);
	if (star < name.n && star > 0 && num_u64(number, SECTIONS_MAX - 1, &n) &&
	    (number.n == 1 || number.p[0] != '0')) {
		r->is_section = true;
		r->section = (unsigned)n;
		name.n = star;
	}
	r->name = name;
}

/* A token in which 8-bit characters stand, as careless writers have them. */
static struct slice
word_8bit(struct slice *s)
{
	size_t n = 0;

	while (n < s->n && (token_is_mime(s->p[n]) || s->p[n] > 127))
		n++;
	*s = sl_skip(*s, n);
	return sl_mem(s->p - n, n);
}

/*
 * One value: a token or a quoted string (R2045-5.1-b); what people write instead goes to the ';'.
 */
static struct slice
value_read(struct arena *a, struct slice *s, bool *defect)
{
	struct slice word, rest, copy;
	struct buf quoted;
	bool open = false;

	buf_init(&quoted, VALUE_MAX);
	if (token_quoted(s, &quoted, &open)) {
		*defect = *defect || open;
		copy = arena_copy(a, buf_slice(&quoted));
		buf_fini(&quoted);
		return copy;
	}
	rest = *s;
	word = word_8bit(&rest);
	*defect = *defect || utf8_has_8bit(word);
	token_skip(&rest, NULL);
	if (word.n == 0 || (rest.n && rest.p[0] != ';')) { /* blanks or specials without quotes */
		*defect = true;
		word = sl_trim(sl_sub(*s, 0, sl_find(*s, ';')));
		rest = sl_skip(*s, sl_find(*s, ';'));
	}
	*s = rest;
	return arena_copy(a, word);
}

/* All parameters as they stand; R2045-3-a: comments may be anywhere. */
static struct raw_param *
params_read(struct arena *a, struct slice s, bool *defect)
{
	struct raw_param *first = NULL, **end = &first, *r;
	struct slice name;
	unsigned count = 0;

	for (token_skip(&s, NULL); s.n; token_skip(&s, NULL)) {
		if (s.p[0] == ';') {
			s = sl_skip(s, 1);
			continue;
		}
		name = token_word(&s);
		token_skip(&s, NULL);
		if (!name.n || !s.n || s.p[0] != '=' || count == CONTENT_PARAMS_MAX * 4) {
			*defect = true;
			s = sl_skip(s, sl_find(s, ';'));
			continue;
		}
		s = sl_skip(s, 1);
		token_skip(&s, NULL);
		r = arena_get(a, sizeof(*r));
		if (!r)
			break;
		r->name = lower_copy(a, name);
		r->value = value_read(a, &s, defect);
		split_name(r);
		*end = r;
		end = &r->next;
		count++;
	}
	return first;
}

/* Percent decoding, RFC 2231 section 4. R2231-4-d. */
static void
percent_decode(struct buf *out, struct slice s)
{
	for (size_t i = 0; i < s.n; i++) {
		int hi = s.p[i] == '%' && i + 2 < s.n ? ascii_hex_value(s.p[i + 1]) : -1;
		int lo = s.p[i] == '%' && i + 2 < s.n ? ascii_hex_value(s.p[i + 2]) : -1;

		if (hi >= 0 && lo >= 0) {
			buf_put_byte(out, (unsigned char)(hi * 16 + lo));
			i += 2;
		} else {
			buf_put_byte(out, s.p[i]);
		}
	}
}

/* Appends one piece; the first extended one names charset and language. R2231-4-a. */
static void
piece_add(struct buf *out, struct raw_param *r, struct content_param *p, bool first)
{
	struct slice value = r->value;

	r->used = true;
	if (!r->is_extended) {
		buf_put(out, value);
		return;
	}
	if (first) {
		struct slice rest = value;

		if (sl_cut(&rest, '\'', &p->charset) && sl_cut(&rest, '\'', &p->language))
			value = rest;
		else
			p->charset = p->language = SL_NONE;
	}
	percent_decode(out, value);
}

/* R2231-3-a, R2231-3-b */
static struct raw_param *
section_find(struct raw_param *list, struct slice name, unsigned section)
{
	for (struct raw_param *r = list; r; r = r->next)
		if (r->is_section && r->section == section && !r->used && sl_eq(r->name, name))
			return r;
	return NULL;
}

/*
 * The whole value of the parameter that r begins, into p. R2231-3-c, R2231-4.1-a, R2231-4.1-b.
 */
static void
param_value(struct arena *a, struct raw_param *list, struct raw_param *r,
    const struct charset_ops *cs, struct content_param *p)
{
	struct buf octets, text;
	unsigned section = 0;

	buf_init(&octets, VALUE_MAX);
	buf_init(&text, VALUE_MAX * 3);
	if (!r->is_section) {
		piece_add(&octets, r, p, true);
	} else {
		for (r = section_find(list, r->name, 0); r;
		     r = section_find(list, r->name, section)) {
			piece_add(&octets, r, p, section == 0);
			section++;
		}
	}
	/* charset and language point into the value as it was read */
	p->octets = p->charset.p ? arena_copy(a, buf_slice(&octets)) : SL_NONE;
	if (p->charset.n && cs->to_utf8(cs->arg, p->charset, buf_slice(&octets), &text))
		p->value = arena_copy(a, buf_slice(&text));
	else
		p->value = arena_copy(a, buf_slice(&octets));
	buf_fini(&octets);
	buf_fini(&text);
}

static struct content_param *
param_find(const struct content *c, struct slice name)
{
	for (struct content_param *p = c->params; p; p = p->next)
		if (sl_eq(p->name, name))
			return p;
	return NULL;
}

/*
 * Joins continuations; the extended form of a name wins over a plain one, the first over later
 * ones.
 */
static void
params_join(
    struct arena *a, struct raw_param *list, const struct charset_ops *cs, struct content *c)
{
	struct content_param **end = &c->params, *p;
	unsigned count = 0;

	for (struct raw_param *r = list; r && count < CONTENT_PARAMS_MAX; r = r->next) {
		struct content_param value = {.name = r->name};
		bool better = r->is_extended || r->is_section;

		if (r->used || (r->is_section && !section_find(list, r->name, 0)))
			continue;
		p = param_find(c, r->name);
		if (p && !better)
			continue;
		param_value(a, list, r, cs ? cs : &charset_builtin, &value);
		if (p) {
			value.next = p->next;
			*p = value;
			continue;
		}
		p = arena_get(a, sizeof(*p));
		if (!p || !value.value.p)
			break;
		*p = value;
		*end = p;
		end = &p->next;
		count++;
	}
}

void
content_type_parse(
    struct arena *a, struct slice value, const struct charset_ops *cs, struct content *c)
{
	struct slice type, subtype = SL_NONE;

	*c = (struct content){.is_defect = false};
	token_skip(&value, NULL);
	type = token_word(&value);
	token_skip(&value, NULL);
	if (value.n && value.p[0] == '/') {
		value = sl_skip(value, 1);
		token_skip(&value, NULL);
		subtype = token_word(&value);
		token_skip(&value, NULL);
	}
	if (!type.n || !subtype.n || (value.n && value.p[0] != ';')) { /* R2045-5.2-b */
		c->type = SL("text");
		c->subtype = SL("plain");
		c->is_defect = true;
		return;
	}
	c->type = lower_copy(a, type); /* R2045-5.1-a */
	c->subtype = lower_copy(a, subtype);
	params_join(a, params_read(a, value, &c->is_defect), cs, c);
}

/* R2183-2-a, R2183-2-b */
void
content_disposition_parse(
    struct arena *a, struct slice value, const struct charset_ops *cs, struct content *c)
{
	*c = (struct content){.is_defect = false};
	token_skip(&value, NULL);
	c->type = lower_copy(a, token_word(&value));
	token_skip(&value, NULL);
	c->is_defect = !c->type.n || (value.n && value.p[0] != ';');
	params_join(a, params_read(a, value, &c->is_defect), cs, c);
}

struct slice
content_param_get(const struct content *c, const char *name)
{
	struct content_param *p = param_find(c, sl_str(name));

	return p ? p->value : SL_NONE;
}

bool
content_is(const struct content *c, const char *type, const char *subtype)
{
	return sl_eq(c->type, sl_str(type)) && (!subtype || sl_eq(c->subtype, sl_str(subtype)));
}
