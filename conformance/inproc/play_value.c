/*
 * Transcript, variables, patterns.
 */
#include "base/ascii.h"
#include "base/base64.h"
#include "play.h"

static void
put_shown(struct buf *out, struct slice s)
{
	for (size_t i = 0; i < s.n && i < 160; i++)
		if (s.p[i] == '\r' || s.p[i] == '\n' || (s.p[i] >= 32 && s.p[i] < 127))
			buf_put_byte(out, s.p[i] == '\n' || s.p[i] == '\r' ? '~' : s.p[i]);
		else
			buf_fmt(out, "\\x%02x", s.p[i]);
}

void
play_note(struct play *p, const char *who, struct slice s)
{
	struct slice line;
	bool more = s.n > 0;

	while (more && p->transcript.n < TRANSCRIPT_MAX / 2) {
		more = sl_cut(&s, '\n', &line);
		if (!more && line.n == 0)
			break;
		buf_fmt(&p->transcript, "    %s: ", who);
		put_shown(&p->transcript, line);
		buf_put_byte(&p->transcript, '\n');
	}
}

bool
play_fail(struct play *p, const struct scn_step *s, const char *expected, struct slice found)
{
	struct buf text;

	buf_init(&text, 8192);
	put_shown(&text, found);
	fprintf(p->err, "%s:%d: %.*s: expected %s, found '%.*s' (pieces of %zu)\n", p->scn->path,
	    s->line, SL_FMT(s->source), expected, SL_FMT(buf_slice(&text)), p->chunk);
	buf_fini(&text);
	p->failed = true;
	return false;
}

/* --- values --------------------------------------------------------------------------------- */

struct slice *
play_var(struct play *p, struct slice name)
{
	for (size_t i = 0; i < p->var_count; i++)
		if (sl_eq(p->vars[i].name, name))
			return &p->vars[i].value;
	return NULL;
}

void
play_var_set(struct play *p, struct slice name, struct slice value)
{
	struct slice *old = play_var(p, name);

	value = arena_copy(p->a, value);
	if (old)
		*old = value;
	else if (p->var_count < VARS_MAX)
		p->vars[p->var_count++] = (struct var){name, value};
}

bool
play_put_text(
    struct play *p, const struct scn_step *s, const struct scn_part *part, struct buf *out)
{
	struct buf inner;
	struct slice *v;
	bool ok = true;

	for (; ok && part; part = part->next) {
		if (part->kind == SCN_TEXT) {
			buf_put(out, part->text);
		} else if (part->kind == SCN_VAR) {
			v = play_var(p, part->text);
			ok = v ? (buf_put(out, *v), true)
			       : play_fail(p, s, "a variable that is set", part->text);
		} else if (part->kind == SCN_SCRAM) {
			ok = play_fail(p, s, "what is computed in process", SL("scram:"));
		} else {
			buf_init(&inner, COLLECT_MAX);
			ok = play_put_text(p, s, part->inner, &inner);
			if (part->kind == SCN_B64)
				base64_put(out, buf_slice(&inner));
			for (size_t i = 0; i < part->times; i++)
				buf_put(out, buf_slice(&inner));
			buf_fini(&inner);
		}
	}
	return ok;
}

/* Compiles a pattern with its variables put in as plain text. */
bool
play_pattern_ready(
    struct play *p, const struct scn_step *s, const struct scn_pattern *pat, regex_t *re)
{
	struct buf text;
	struct slice *v;
	bool ok;

	buf_init(&text, 65536);
	for (const struct scn_part *part = pat->parts; part; part = part->next) {
		if (part->kind == SCN_TEXT) {
			buf_put(&text, part->text);
			continue;
		}
		v = play_var(p, part->text);
		for (size_t i = 0; v && i < v->n; i++) {
			if (!ascii_is_alnum(v->p[i]))
				buf_put_byte(&text, '\\');
			buf_put_byte(&text, v->p[i]);
		}
		if (!v)
			play_fail(p, s, "a variable that is set", part->text);
	}
	ok = buf_str(&text) && regcomp(re, (const char *)text.p,
				   REG_EXTENDED | (pat->ignore_case ? REG_ICASE : 0)) == 0;
	if (!ok)
		play_fail(p, s, "a regular expression", pat->source);
	buf_fini(&text);
	return ok;
}

/* Searches one line; captures become variables. */
bool
play_pattern_search(
    struct play *p, const struct scn_pattern *pat, const regex_t *re, struct slice line)
{
	regmatch_t at[10];
	struct slice names = pat->names, name, text = arena_copy(p->a, line);

	if (regexec(re, (const char *)text.p, COUNT_OF(at), at, 0) != 0)
		return false;
	for (size_t i = 1; i < COUNT_OF(at) && names.n; i++, names = sl_trim(names)) {
		sl_cut(&names, ' ', &name);
		play_var_set(p, name,
		    at[i].rm_so < 0 ? SL_NONE
				    : sl_sub(text, (size_t)at[i].rm_so, (size_t)at[i].rm_eo));
	}
	return true;
}
