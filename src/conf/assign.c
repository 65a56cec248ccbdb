#include "conf/assign.h"

#include "base/ascii.h"

/* As much of a wrong word as a message shows. */
#define SHOWN_MAX 32

struct cursor {
	struct slice rest;
	unsigned line;
};

static bool
at_end(const struct cursor *c)
{
	return c->rest.n == 0;
}

static unsigned char
peek(const struct cursor *c)
{
	return c->rest.n > 0 ? c->rest.p[0] : '\n';
}

static void
skip(struct cursor *c)
{
	if (peek(c) == '\n')
		c->line++;
	c->rest = sl_skip(c->rest, 1);
}

/* Space, tab, or the CR of a CRLF line end. */
static bool
at_blank(const struct cursor *c)
{
	return ascii_is_wsp(peek(c)) ||
	       (c->rest.n >= 2 && c->rest.p[0] == '\r' && c->rest.p[1] == '\n');
}

static void
skip_blanks(struct cursor *c)
{
	while (!at_end(c) && at_blank(c))
		skip(c);
}

/* To behind the next LF. */
static void
skip_line(struct cursor *c)
{
	while (!at_end(c) && peek(c) != '\n')
		skip(c);
	if (!at_end(c))
		skip(c);
}

static bool
is_name_byte(unsigned char c, bool first)
{
	return ascii_is_alpha(c) || c == '_' || (!first && ascii_is_digit(c));
}

static struct slice
take_name(struct cursor *c)
{
	size_t n = 0;

	while (n < c->rest.n && is_name_byte(c->rest.p[n], n == 0))
		n++;
	struct slice name = sl_sub(c->rest, 0, n);

	c->rest = sl_skip(c->rest, n);
	return name;
}

/* What stands at the cursor, for a message: up to the end of the line, not too much of it. */
static struct slice
shown(const struct cursor *c)
{
	size_t end = sl_find(c->rest, '\n');

	return sl_trim(sl_sub(c->rest, 0, end < SHOWN_MAX ? end : SHOWN_MAX));
}

bool
conf_var_get(const struct conf_var *vars, struct slice name, struct slice *value)
{
	for (; vars != NULL; vars = vars->next) {
		if (sl_eq(vars->name, name)) {
			*value = vars->value;
			return true;
		}
	}
	return false;
}

void
conf_var_expand(const struct conf_var *vars, struct slice text, struct buf *out)
{
	struct cursor c = {text, 1};

	while (!at_end(&c)) {
		struct slice name, value;

		if (peek(&c) != '$') {
			buf_put_byte(out, peek(&c));
			skip(&c);
			continue;
		}
		skip(&c);
		name = take_name(&c);
		if (conf_var_get(vars, name, &value)) {
			buf_put(out, value);
		} else {
			buf_put_byte(out, '$');
			buf_put(out, name);
		}
	}
}

/* --- one value ------------------------------------------------------------- */

static bool
take_variable(struct conf_assign *p, struct cursor *c, struct buf *out)
{
	struct slice name, value;
	bool braces;

	skip(c); /* $ */
	if (peek(c) == '(') {
		conf_error(p->report, p->file, c->line,
		    "found \"$(\", expected a value: commands are not executed here");
		return false;
	}
	braces = peek(c) == '{';
	if (braces)
		skip(c);
	name = take_name(c);
	if (name.n == 0 || (braces && peek(c) != '}')) {
		conf_error(p->report, p->file, c->line,
		    "found \"$\" without a name, expected $NAME or ${NAME} (or \\$ for a dollar "
		    "sign)");
		return false;
	}
	if (braces)
		skip(c);
	if (!conf_var_get(p->vars, name, &value)) {
		conf_error(p->report, p->file, c->line,
		    "found \"$%.*s\", expected a name that has a value above this line",
		    SL_FMT(name));
		return false;
	}
	buf_put(out, value);
	return true;
}

static bool
take_single_quoted(struct conf_assign *p, struct cursor *c, struct buf *out)
{
	unsigned line = c->line;

	skip(c);
	while (peek(c) != '\'' && !at_end(c)) {
		buf_put_byte(out, peek(c));
		skip(c);
	}
	if (at_end(c)) {
		conf_error(p->report, p->file, line,
		    "found no end of the text that begins with ', expected another '");
		return false;
	}
	skip(c);
	return true;
}

/* A backslash inside double quotes: only before these it is more than itself. */
static void
take_quoted_backslash(struct cursor *c, struct buf *out)
{
	skip(c);
	if (peek(c) == '\n' && !at_end(c)) {
		skip(c);
		return;
	}
	if (at_end(c) || sl_find(SL("\"\\$`"), peek(c)) == 4) {
		buf_put_byte(out, '\\');
		return;
	}
	buf_put_byte(out, peek(c));
	skip(c);
}

static bool
take_double_quoted(struct conf_assign *p, struct cursor *c, struct buf *out)
{
	unsigned line = c->line;

	skip(c);
	while (!at_end(c) && peek(c) != '"') {
		switch (peek(c)) {
		case '$':
			if (!take_variable(p, c, out))
				return false;
			break;
		case '\\':
			take_quoted_backslash(c, out);
			break;
		case '`':
			conf_error(p->report, p->file, c->line,
			    "found \"`\", expected a value: commands are not executed here");
			return false;
		default:
			buf_put_byte(out, peek(c));
			skip(c);
			break;
		}
	}
	if (at_end(c)) {
		conf_error(p->report, p->file, line,
		    "found no end of the text that begins with \", expected another \"");
		return false;
	}
	skip(c);
	return true;
}

static bool
take_piece(struct conf_assign *p, struct cursor *c, struct buf *out)
{
	switch (peek(c)) {
	case '\'':
		return take_single_quoted(p, c, out);
	case '"':
		return take_double_quoted(p, c, out);
	case '$':
		return take_variable(p, c, out);
	case '\\':
		skip(c);
		if (at_end(c)) {
			conf_error(p->report, p->file, c->line,
			    "found the end of the file behind \\, expected a character");
			return false;
		}
		if (peek(c) != '\n')
			buf_put_byte(out, peek(c));
		skip(c);
		return true;
	case '`':
	case ';':
	case '&':
	case '|':
	case '<':
	case '>':
	case '(':
	case ')':
		conf_error(p->report, p->file, c->line,
		    "found \"%c\", expected it in quotes: commands are not executed here", peek(c));
		return false;
	default:
		buf_put_byte(out, peek(c));
		skip(c);
		return true;
	}
}

/* The pieces up to an unquoted blank or line end; then nothing but a comment may follow. */
static bool
take_value(struct conf_assign *p, struct cursor *c, struct buf *out)
{
	while (!at_end(c) && peek(c) != '\n' && !at_blank(c))
		if (!take_piece(p, c, out))
			return false;
	skip_blanks(c);
	if (!at_end(c) && peek(c) != '\n' && peek(c) != '#') {
		conf_error(p->report, p->file, c->line,
		    "found \"%.*s\" behind the value, expected the end of the line (a value with "
		    "blanks needs quotes)",
		    SL_FMT(shown(c)));
		return false;
	}
	if (!buf_ok(out)) {
		conf_error(p->report, p->file, c->line,
		    "found a longer value, expected at most %zu bytes", CONF_VALUE_MAX);
		return false;
	}
	return true;
}

/* --- one line -------------------------------------------------------------- */

static void
keep(struct conf_assign *p, struct slice name, struct slice value, unsigned line)
{
	struct conf_var *var = arena_get(p->arena, sizeof(*var));

	if (var == NULL)
		goto full;
	var->name = arena_copy(p->arena, name);
	var->value = arena_copy(p->arena, value);
	if (var->name.p == NULL || var->value.p == NULL)
		goto full;
	var->next = p->vars;
	p->vars = var;
	p->set(p->arg, var->name, var->value, line);
	return;
full:
	conf_error(p->report, p->file, line,
	    "found more than %zu bytes in all files, expected less", CONF_TOTAL_MAX);
}

/* NAME=value at the cursor; at its end the cursor is before the line end or a comment. */
static bool
take_assignment(struct conf_assign *p, struct cursor *c)
{
	struct slice start = shown(c), name = take_name(c);
	unsigned line = c->line;
	struct buf value;
	bool good;

	if (name.n == 0 || peek(c) != '=' || at_end(c)) {
		conf_error(p->report, p->file, line,
		    "found \"%.*s\", expected NAME=value without blanks around \"=\" (this file is "
		    "read, not executed)",
		    SL_FMT(start));
		return false;
	}
	skip(c);
	buf_init(&value, CONF_VALUE_MAX);
	good = take_value(p, c, &value);
	if (good)
		keep(p, name, buf_slice(&value), line);
	buf_fini(&value);
	return good;
}

void
conf_assign_read(struct conf_assign *p, struct slice text)
{
	struct cursor c = {text, 1};

	while (!at_end(&c)) {
		skip_blanks(&c);
		if (at_end(&c))
			break;
		if (peek(&c) != '#' && peek(&c) != '\n')
			(void)take_assignment(p, &c);
		skip_line(&c);
	}
}

void
conf_assign_put(struct slice name, struct slice value, struct buf *out)
{
	buf_put(out, name);
	buf_put(out, SL("='"));
	for (size_t i = 0; i < value.n; i++) {
		if (value.p[i] == '\'')
			buf_put(out, SL("'\\''"));
		else
			buf_put_byte(out, value.p[i]);
	}
	buf_put(out, SL("'\n"));
}
