/* Words, strings and numbers of the grammar; what is made of them stands in lexer_more.c. */
#include "imap/lexer.h"

#include "base/ascii.h"
#include "base/num.h"

/*
 * Classes of RFC 3501 section 9, one bit each: ATOM-CHAR, resp-specials "]", list-wildcards, and
 * names of ours. Built by class_of(), looked up per byte.
 */
enum { CLASS_ATOM = 1, CLASS_ASTRING = 2, CLASS_LIST = 4, CLASS_NAME = 8, CLASS_TAG = 16 };

#define ATOM (CLASS_ATOM | CLASS_ASTRING | CLASS_LIST | CLASS_TAG)
#define NAME (ATOM | CLASS_NAME)

static const unsigned char classes[256] = {
	['!'] = ATOM, ['#'] = ATOM, ['$'] = ATOM, ['&'] = ATOM, ['\''] = ATOM, [','] = ATOM,
	['/'] = ATOM, [':'] = ATOM, [';'] = ATOM, ['<'] = ATOM, ['='] = ATOM, ['>'] = ATOM,
	['?'] = ATOM, ['@'] = ATOM, ['['] = ATOM, ['^'] = ATOM, ['`'] = ATOM, ['|'] = ATOM,
	['}'] = ATOM, ['~'] = ATOM,
	['+'] = ATOM & ~CLASS_TAG, [']'] = CLASS_ASTRING | CLASS_LIST | CLASS_TAG,
	['%'] = CLASS_LIST, ['*'] = CLASS_LIST,
	['-'] = NAME, ['.'] = NAME, ['_'] = NAME,
	['0'] = NAME, ['1'] = NAME, ['2'] = NAME, ['3'] = NAME, ['4'] = NAME, ['5'] = NAME,
	['6'] = NAME, ['7'] = NAME, ['8'] = NAME, ['9'] = NAME,
	['A'] = NAME, ['B'] = NAME, ['C'] = NAME, ['D'] = NAME, ['E'] = NAME, ['F'] = NAME,
	['G'] = NAME, ['H'] = NAME, ['I'] = NAME, ['J'] = NAME, ['K'] = NAME, ['L'] = NAME,
	['M'] = NAME, ['N'] = NAME, ['O'] = NAME, ['P'] = NAME, ['Q'] = NAME, ['R'] = NAME,
	['S'] = NAME, ['T'] = NAME, ['U'] = NAME, ['V'] = NAME, ['W'] = NAME, ['X'] = NAME,
	['Y'] = NAME, ['Z'] = NAME,
	['a'] = NAME, ['b'] = NAME, ['c'] = NAME, ['d'] = NAME, ['e'] = NAME, ['f'] = NAME,
	['g'] = NAME, ['h'] = NAME, ['i'] = NAME, ['j'] = NAME, ['k'] = NAME, ['l'] = NAME,
	['m'] = NAME, ['n'] = NAME, ['o'] = NAME, ['p'] = NAME, ['q'] = NAME, ['r'] = NAME,
	['s'] = NAME, ['t'] = NAME, ['u'] = NAME, ['v'] = NAME, ['w'] = NAME, ['x'] = NAME,
	['y'] = NAME, ['z'] = NAME,
};

void
imap_lex_init(struct imap_lexer *lx, struct slice in, struct arena *a)
{
	*lx = (struct imap_lexer){.in = in, .a = a};
}

bool
imap_lex_fail(struct imap_lexer *lx, const char *words)
{
	if (!lx->error)
		lx->error = words;
	return false;
}

bool
imap_lex_maybe(struct imap_lexer *lx, unsigned char c)
{
	if (lx->in.n == 0 || lx->in.p[0] != c)
		return false;
	lx->in = sl_skip(lx->in, 1);
	return true;
}

/* R3501-9-a, R3501-2.2.2-b: exactly one, never several. */
bool
imap_lex_space(struct imap_lexer *lx)
{
	if (!imap_lex_maybe(lx, ' '))
		return imap_lex_fail(lx, lx->in.n ? "expected a space" : "something is missing");
	if (imap_lex_peek(lx) == ' ')
		return imap_lex_fail(lx, "expected one space, found more");
	return true;
}

bool
imap_lex_char(struct imap_lexer *lx, unsigned char c)
{
	static const struct {
		unsigned char c;
		const char *words;
	} rows[] = {
		{'(', "expected ("}, {')', "expected )"}, {'[', "expected ["},
		{']', "expected ]"}, {'"', "expected a quote"}, {'>', "expected >"},
	};

	if (imap_lex_maybe(lx, c))
		return true;
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		if (rows[i].c == c)
			return imap_lex_fail(lx, rows[i].words);
	return imap_lex_fail(lx, "unexpected character");
}

/*
 * R3501-2.2.2-b; R4466-2.1-a, R4466-2.2-a, R4466-2.3-a, R4466-2.4-a: no extension with parameters
 * is known.
 */
bool
imap_lex_end(struct imap_lexer *lx)
{
	return lx->in.n == 0 || imap_lex_fail(lx, "expected the end of the command");
}

/* A run of at least one byte of a class. */
static bool
take_run(struct imap_lexer *lx, unsigned class, struct slice *out, const char *words)
{
	size_t n = 0;

	while (n < lx->in.n && classes[lx->in.p[n]] & class)
		n++;
	if (n == 0)
		return imap_lex_fail(lx, words);
	*out = sl_sub(lx->in, 0, n);
	lx->in = sl_skip(lx->in, n);
	return true;
}

bool
imap_lex_atom(struct imap_lexer *lx, struct slice *out)
{
	return take_run(lx, CLASS_ATOM, out, "expected an atom");
}

bool
imap_lex_name(struct imap_lexer *lx, struct slice *out)
{
	return take_run(lx, CLASS_NAME, out, "expected a name");
}

/* R9051-2.2.1-b: nothing remembers tags. */
bool
imap_lex_tag(struct imap_lexer *lx, struct slice *out)
{
	return take_run(lx, CLASS_TAG, out, "expected a tag");
}

/* Where the closing quote of a quoted string stands; its size when there is none. */
static size_t
quote_end(struct slice s, bool *escapes)
{
	size_t i = 1;

	*escapes = false;
	for (; i < s.n && s.p[i] != '"'; i++) {
		if (s.p[i] == '\r' || s.p[i] == '\n' || s.p[i] == '\0')
			return s.n;
		if (s.p[i] == '\\') {
			*escapes = true;
			i++;
		}
	}
	return i < s.n ? i : s.n;
}

/* R3501-9-b: only a quote and a backslash stand behind a backslash. */
static bool
unescape(struct imap_lexer *lx, struct slice in, struct slice *out)
{
	unsigned char *p = arena_get(lx->a, in.n);
	size_t n = 0;

	if (!p)
		return false;
	for (size_t i = 0; i < in.n; i++) {
		if (in.p[i] == '\\') {
			i++;
			if (i == in.n || (in.p[i] != '"' && in.p[i] != '\\'))
				return imap_lex_fail(lx, "only \\\" and \\\\ are escapes");
		}
		p[n++] = in.p[i];
	}
	*out = sl_mem(p, n);
	return true;
}

static bool
take_quoted(struct imap_lexer *lx, struct slice *out)
{
	bool escapes;
	size_t end = quote_end(lx->in, &escapes);
	struct slice inner;

	if (end == lx->in.n)
		return imap_lex_fail(lx, "a quoted string does not end");
	inner = sl_sub(lx->in, 1, end);
	if (escapes && !unescape(lx, inner, &inner))
		return false;
	*out = inner;
	lx->in = sl_skip(lx->in, end + 1);
	return true;
}

/* The reader has put "{n}" CRLF and n octets there. */
static bool
take_literal(struct imap_lexer *lx, struct slice *out)
{
	size_t line = sl_search(lx->in, SL("\r\n"));
	uint64_t n;
	bool is_sync;

	if (line == lx->in.n || !imap_lex_literal_head(sl_sub(lx->in, 0, line), &n, &is_sync) ||
	    sl_find(lx->in, '}') != line - 1)
		return imap_lex_fail(lx, "expected a literal as {5} at the end of a line");
	if (n > lx->in.n - line - 2)
		return imap_lex_fail(lx, "a literal is missing");
	*out = sl_sub(lx->in, line + 2, line + 2 + (size_t)n);
	if (memchr(out->p, '\0', out->n)) /* R3501-4.3-a: CHAR8 is any octet but NUL */
		return imap_lex_fail(lx, "a literal has a NUL");
	lx->in = sl_skip(lx->in, line + 2 + (size_t)n);
	return true;
}

bool
imap_lex_string(struct imap_lexer *lx, struct slice *out)
{
	unsigned char c = imap_lex_peek(lx);

	if (c == '"')
		return take_quoted(lx, out);
	if (c == '{')
		return take_literal(lx, out);
	return imap_lex_fail(lx, "expected a string");
}

bool
imap_lex_nstring(struct imap_lexer *lx, struct slice *out, bool *is_nil)
{
	unsigned char c = imap_lex_peek(lx);
	struct imap_lexer before = *lx;

	*is_nil = false;
	if (c == '"' || c == '{')
		return imap_lex_string(lx, out);
	if (!imap_lex_atom(lx, out) || !sl_ieq(*out, SL("NIL"))) {
		*lx = before;
		return imap_lex_fail(lx, "expected a string or NIL");
	}
	*out = SL_NONE;
	*is_nil = true;
	return true;
}

bool
imap_lex_astring(struct imap_lexer *lx, struct slice *out)
{
	unsigned char c = imap_lex_peek(lx);

	if (c == '"' || c == '{')
		return imap_lex_string(lx, out);
	return take_run(lx, CLASS_ASTRING, out, "expected a word or a string");
}

bool
imap_lex_list_mailbox(struct imap_lexer *lx, struct slice *out)
{
	unsigned char c = imap_lex_peek(lx);

	if (c == '"' || c == '{')
		return imap_lex_string(lx, out);
	return take_run(lx, CLASS_LIST, out, "expected a pattern of names");
}

static bool
take_digits(struct imap_lexer *lx, uint64_t max, uint64_t *v)
{
	size_t n = 0;

	while (n < lx->in.n && ascii_is_digit(lx->in.p[n]))
		n++;
	if (n == 0)
		return imap_lex_fail(lx, "expected a number");
	if (!num_u64(sl_sub(lx->in, 0, n), max, v))
		return imap_lex_fail(lx, "a number is too large");
	lx->in = sl_skip(lx->in, n);
	return true;
}

bool
imap_lex_number64(struct imap_lexer *lx, uint64_t *out)
{
	return take_digits(lx, UINT64_MAX, out);
}

bool
imap_lex_number(struct imap_lexer *lx, uint32_t *out)
{
	uint64_t v;

	if (!take_digits(lx, UINT32_MAX, &v))
		return false;
	*out = (uint32_t)v;
	return true;
}

bool
imap_lex_nz_number(struct imap_lexer *lx, uint32_t *out)
{
	struct slice before = lx->in;

	if (!imap_lex_number(lx, out))
		return false;
	if (*out > 0)
		return true;
	lx->in = before;
	return imap_lex_fail(lx, "numbers begin with 1");
}

/* Is a quoted string open at the end of text? */
static bool
in_quotes(struct slice text)
{
	bool open = false;

	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == '"')
			open = !open;
		else if (text.p[i] == '\\' && open)
			i++;
	}
	return open;
}

/* R3501-4.3-b, R7888-3-a */
bool
imap_lex_literal_head(struct slice text, uint64_t *n, bool *is_sync)
{
	size_t open = sl_rfind(text, '{');
	struct slice number;

	if (open == text.n || text.p[text.n - 1] != '}')
		return false;
	number = sl_sub(text, open + 1, text.n - 1);
	*is_sync = !sl_ends(number, SL("+"));
	if (!*is_sync)
		number.n--;
	if (number.n == 0)
		return false;
	for (size_t i = 0; i < number.n; i++)
		if (!ascii_is_digit(number.p[i]))
			return false;
	if (in_quotes(sl_sub(text, 0, open)))
		return false;
	if (!num_u64(number, UINT64_MAX - 1, n))
		*n = UINT64_MAX;
	return true;
}
