/*
 * Values of the scenario language: escapes, variables, patterns, replies, times.
 */
#include <regex.h>
#include <stdlib.h>

#include "base/ascii.h"
#include "base/buf.h"
#include "base/num.h"
#include "scn.h"

bool
scn_bad(struct scn_mistake *m, struct slice found, const char *expected)
{
	snprintf(m->found, sizeof(m->found), "%.*s", SL_FMT(found));
	m->expected = expected;
	return false;
}

bool
scn_is_name(struct slice s)
{
	if (s.n == 0 || s.n > 31 || !ascii_is_alpha(s.p[0]))
		return false;
	for (size_t i = 1; i < s.n; i++)
		if (!ascii_is_alnum(s.p[i]) && s.p[i] != '_')
			return false;
	return true;
}

bool
scn_is_code(struct slice s)
{
	if (s.n != 3)
		return false;
	for (size_t i = 0; i < 3; i++)
		if (!ascii_is_digit(s.p[i]) && s.p[i] != 'x')
			return false;
	return true;
}

bool
scn_is_status(struct slice s)
{
	return sl_eq(s, SL("OK")) || sl_eq(s, SL("NO")) || sl_eq(s, SL("BAD"));
}

bool
scn_time_parse(struct slice s, int64_t *ms, struct scn_mistake *m)
{
	static const struct {
		const char *unit;
		int64_t ms;
	} rows[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}};
	uint64_t n;

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct slice digits = sl_sub(s, 0, s.n - strlen(rows[i].unit));

		if (sl_ends(s, sl_str(rows[i].unit)) && digits.n <= 6 &&
		    num_u64(digits, 999999, &n)) {
			*ms = (int64_t)n * rows[i].ms;
			return true;
		}
	}
	return scn_bad(m, s, "a time as 250ms, 5s or 10m");
}

bool
scn_number_parse(struct slice s, int64_t low, int64_t high, int64_t *n, struct scn_mistake *m)
{
	static char expected[64];

	if (num_i64(s, low, high, n))
		return true;
	snprintf(expected, sizeof(expected), "a number from %lld to %lld", (long long)low,
	    (long long)high);
	return scn_bad(m, s, expected);
}

/* The end of a list of parts, where the next one goes. */
static struct scn_part *
part_add(struct arena *a, struct scn_part ***end, enum scn_part_kind kind, struct slice text)
{
	struct scn_part *p = arena_get(a, sizeof(*p));

	p->kind = kind;
	p->text = text;
	**end = p;
	*end = &p->next;
	return p;
}

static void
flush_raw(struct arena *a, struct scn_part ***end, struct buf *raw)
{
	if (raw->n)
		part_add(a, end, SCN_TEXT, arena_copy(a, buf_slice(raw)));
	buf_clear(raw);
}

/* A backslash and what follows; *i is moved behind it. */
static bool
escape(struct slice s, size_t *i, struct buf *raw, struct scn_mistake *m)
{
	static const char names[] = "rnt0\\$", values[] = "\r\n\t\0\\$";
	unsigned char c = *i + 1 < s.n ? s.p[*i + 1] : 0;
	uint64_t v;
	const char *at = c ? memchr(names, c, sizeof(names) - 1) : NULL;

	if (at) {
		buf_put_byte(raw, (unsigned char)values[at - names]);
		*i += 2;
		return true;
	}
	if (c == 'x' && *i + 3 < s.n && num_hex(sl_sub(s, *i + 2, *i + 4), &v)) {
		buf_put_byte(raw, (unsigned char)v);
		*i += 4;
		return true;
	}
	return scn_bad(m, sl_sub(s, *i, *i + 4), "an escape: \\r \\n \\t \\0 \\\\ \\$ \\xHH");
}

/* "${b64:", "${scram:" or "${rep:N:" at the start of s. */
struct inner {
	enum scn_part_kind kind;
	size_t head, times;
};

static bool
inner_head(struct slice s, struct inner *in)
{
	struct slice digits = sl_skip(s, 6);
	uint64_t n;

	*in = (struct inner){.kind = SCN_B64, .head = 6};
	if (sl_starts(s, SL("${b64:")))
		return true;
	if (sl_starts(s, SL("${scram:"))) {
		*in = (struct inner){.kind = SCN_SCRAM, .head = 8};
		return true;
	}
	digits = sl_sub(digits, 0, sl_find(digits, ':'));
	if (!sl_starts(s, SL("${rep:")) || digits.n > 9 || !num_u64(digits, 999999999, &n))
		return false;
	*in = (struct inner){.kind = SCN_REP, .head = 6 + digits.n + 1, .times = (size_t)n};
	return true;
}

/* Parts from s[*i] on, to the end or, nested, to the closing brace (*i is then behind it). */
static bool
parts_parse(struct arena *a, struct slice s, size_t *i, bool nested, struct scn_part **first,
    struct scn_mistake *m)
{
	struct scn_part **end = first;
	struct buf raw;
	struct inner inner;
	bool ok = true, closed = false;

	*first = NULL;
	buf_init(&raw, s.n);
	while (ok && *i < s.n && !closed) {
		struct slice rest = sl_skip(s, *i);

		if (nested && rest.p[0] == '}') {
			closed = true;
			++*i;
		} else if (rest.p[0] == '\\') {
			ok = escape(s, i, &raw, m);
		} else if (inner_head(rest, &inner) && !nested) {
			struct scn_part *part;

			flush_raw(a, &end, &raw);
			part = part_add(a, &end, inner.kind, SL_NONE);
			part->times = inner.times;
			*i += inner.head;
			ok = parts_parse(a, s, i, true, &part->inner, m);
		} else if (sl_starts(rest, SL("${"))) {
			struct slice name = sl_sub(rest, 2, sl_find(rest, '}'));

			flush_raw(a, &end, &raw);
			if (!scn_is_name(name) || 2 + name.n >= rest.n)
				ok = scn_bad(m, rest, "a variable as ${NAME}");
			part_add(a, &end, SCN_VAR, name);
			*i += name.n + 3;
		} else {
			buf_put_byte(&raw, rest.p[0]);
			++*i;
		}
	}
	flush_raw(a, &end, &raw);
	buf_fini(&raw);
	return ok && nested && !closed ? scn_bad(m, s, "} behind b64: or rep:") : ok;
}

bool
scn_text_parse(struct arena *a, struct slice s, struct scn_part **parts, struct scn_mistake *m)
{
	size_t i = 0;

	return parts_parse(a, s, &i, false, parts, m);
}

/* The body of a pattern into expression and variables; "\/" is a slash. */
static bool
pattern_parts(struct arena *a, struct slice body, struct scn_part **first, struct scn_mistake *m)
{
	struct scn_part **end = first;
	struct buf raw;

	*first = NULL;
	buf_init(&raw, body.n);
	for (size_t i = 0; i < body.n; i++) {
		struct slice rest = sl_skip(body, i);

		if (sl_starts(rest, SL("${"))) {
			struct slice name = sl_sub(rest, 2, sl_find(rest, '}'));

			if (!scn_is_name(name)) {
				buf_fini(&raw);
				return scn_bad(m, rest, "a variable as ${NAME}");
			}
			flush_raw(a, &end, &raw);
			part_add(a, &end, SCN_VAR, name);
			i += name.n + 2;
		} else if (rest.p[0] == '\\' && rest.n > 1) {
			if (rest.p[1] != '/')
				buf_put_byte(&raw, '\\');
			buf_put_byte(&raw, rest.p[1]);
			i++;
		} else {
			buf_put_byte(&raw, rest.p[0]);
		}
	}
	flush_raw(a, &end, &raw);
	buf_fini(&raw);
	return true;
}

/* Is it a regular expression of the common subset? */
static bool
pattern_check(struct arena *a, const struct scn_pattern *p, size_t *groups, struct scn_mistake *m)
{
	struct buf text;
	regex_t re;
	bool ok = true;

	(void)a;
	buf_init(&text, 8192);
	for (const struct scn_part *part = p->parts; part; part = part->next)
		buf_put(&text, part->kind == SCN_TEXT ? part->text : SL("v"));
	for (size_t i = 0; ok && i + 1 < text.n; i++) {
		if (text.p[i] == '\\' && ascii_is_alnum(text.p[i + 1]))
			ok = false;
		if (text.p[i] == '\\')
			i++;
		else if (text.p[i] == '[' && text.p[i + 1] == ':')
			ok = false;
	}
	if (ok && buf_str(&text) && regcomp(&re, (const char *)text.p, REG_EXTENDED) == 0) {
		*groups = re.re_nsub;
		regfree(&re);
	} else {
		ok = scn_bad(m, p->source, "a regular expression of the common subset");
	}
	buf_fini(&text);
	return ok;
}

static size_t
pattern_close(struct slice s)
{
	for (size_t i = 1; i < s.n; i++) {
		if (s.p[i] == '/')
			return i;
		if (s.p[i] == '\\')
			i++;
	}
	return s.n;
}

bool
scn_pattern_parse(struct arena *a, struct slice *s, bool captures, struct scn_pattern **out,
    struct scn_mistake *m)
{
	struct scn_pattern *p = arena_get(a, sizeof(*p));
	size_t close = pattern_close(*s), groups = 0, names = 0;
	struct slice word, rest;

	if (s->n < 2 || s->p[0] != '/' || close == s->n)
		return scn_bad(m, *s, "a pattern as /ERE/ or /ERE/i");
	p->source = sl_sub(*s, 0, close + 1);
	if (!pattern_parts(a, sl_sub(*s, 1, close), &p->parts, m) ||
	    !pattern_check(a, p, &groups, m))
		return false;
	rest = sl_skip(*s, close + 1);
	if (rest.n && rest.p[0] == 'i') {
		p->ignore_case = true;
		rest = sl_skip(rest, 1);
	}
	if (rest.n && rest.p[0] != ' ')
		return scn_bad(m, *s, "a blank behind the pattern");
	rest = sl_trim(rest);
	if (captures && sl_starts(rest, SL("->"))) {
		struct slice list =
		    sl_trim(sl_sub(sl_skip(rest, 2), 0, sl_find(sl_skip(rest, 2), '|')));

		rest = sl_skip(rest, 2 + sl_find(sl_skip(rest, 2), '|'));
		p->names = list;
		for (list = sl_trim(list); list.n; list = sl_trim(list)) {
			sl_cut(&list, ' ', &word);
			if (!scn_is_name(word))
				return scn_bad(m, word, "a variable name");
			names++;
		}
		if (names != groups)
			return scn_bad(m, p->names, "one name for each group");
	}
	*s = rest;
	*out = p;
	return true;
}

static bool
is_enhanced(struct slice s)
{
	struct slice part;
	bool more = true;

	for (int i = 0; i < 3; i++) {
		if (!more)
			return false;
		more = sl_cut(&s, '.', &part);
		if (!sl_eq(part, SL("x")) &&
		    (part.n > 3 || part.n == 0 || !ascii_is_digit(part.p[0])))
			return false;
	}
	return !more;
}

/* eof | TAG OK|NO|BAD [PATTERN] | + [PATTERN] | * PATTERN */
static bool
imap_alternative_parse(
    struct arena *a, struct slice *s, struct scn_alternative *alt, struct scn_mistake *m)
{
	struct slice rest = sl_trim(*s);

	sl_cut(&rest, ' ', &alt->tag);
	alt->is_eof = sl_eq(alt->tag, SL("eof"));
	*s = sl_trim(rest);
	if (alt->is_eof)
		return true;
	if (!sl_eq(alt->tag, SL("+")) && !sl_eq(alt->tag, SL("*"))) {
		sl_cut(&rest, ' ', &alt->code);
		if (!scn_is_status(alt->code))
			return scn_bad(m, alt->code, "OK, NO or BAD behind a tag");
		*s = sl_trim(rest);
	}
	if (s->n && s->p[0] == '/')
		return scn_pattern_parse(a, s, true, &alt->pattern, m);
	return true;
}

/* One alternative off the front of *s, which is left at '|' or empty. */
static bool
alternative_parse(
    struct arena *a, struct slice *s, struct scn_alternative *alt, struct scn_mistake *m)
{
	struct slice word, rest = sl_trim(*s), peek;

	sl_cut(&rest, ' ', &word);
	alt->is_eof = sl_eq(word, SL("eof"));
	alt->code = word;
	if (!alt->is_eof && !scn_is_code(word))
		return scn_bad(m, word, "a reply code of three digits or x, or eof");
	*s = sl_trim(rest);
	if (alt->is_eof)
		return true;
	peek = *s;
	sl_cut(&peek, ' ', &word);
	if (is_enhanced(word)) {
		alt->enhanced = word;
		*s = sl_trim(peek);
	}
	if (s->n && s->p[0] == '/')
		return scn_pattern_parse(a, s, true, &alt->pattern, m);
	return true;
}

bool
scn_reply_parse(struct arena *a, struct slice s, bool is_imap, struct scn_alternative **first,
    struct scn_mistake *m)
{
	struct scn_alternative **end = first;

	for (;;) {
		struct scn_alternative *alt = arena_get(a, sizeof(*alt));

		if (is_imap ? !imap_alternative_parse(a, &s, alt, m)
			    : !alternative_parse(a, &s, alt, m))
			return false;
		*end = alt;
		end = &alt->next;
		if (s.n == 0)
			return true;
		if (s.p[0] != '|')
			return scn_bad(
			    m, s, "an enhanced code, a pattern, | or the end of the line");
		s = sl_skip(s, 1);
	}
}

bool
scn_line_parse(struct arena *a, struct slice s, struct scn_alternative **first,
    struct scn_mistake *m)
{
	struct scn_alternative *alt = arena_get(a, sizeof(*alt));

	*first = alt;
	if (s.p[0] != '/')
		return scn_text_parse(a, s, &alt->line, m);
	return scn_pattern_parse(a, &s, true, &alt->pattern, m) &&
	       (s.n == 0 || scn_bad(m, s, "the end of the line"));
}
