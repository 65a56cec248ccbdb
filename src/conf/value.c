/*
 * One value: text to C and back, by the type of its row.
 */
#include "conf/value_int.h"

#include "base/ascii.h"
#include "base/ip.h"
#include "base/num.h"
#include "base/utf8.h"

#define STRING_MAX 4096
#define TEXT_MAX 65536
#define PATH_TEXT_MAX 1023
/* As much of a wrong value as a message shows. */
#define SHOWN_MAX 48

struct value_type {
	const char *name;
	enum st (*parse)(
	    const struct conf_row *row, struct slice text, struct arena *a, void *field);
	void (*put)(const struct conf_row *row, const void *field, struct buf *out);
	bool may_be_empty;
	const char *expected; /* limits and words of the row follow */
};

/* --- helpers --------------------------------------------------------------- */

/* The place of word in a list of words (case folded), or -1; *found is its spelling there. */
int
value_word_index(const char *words, struct slice word, struct slice *found)
{
	struct slice rest = sl_str(words), each;

	for (int i = 0; value_word_next(&rest, &each); i++) {
		if (sl_ieq(each, word)) {
			*found = each;
			return i;
		}
	}
	return -1;
}

enum st
value_store_string(struct slice text, struct arena *a, void *field)
{
	const char *s = arena_str(a, text);

	if (s == NULL)
		return ST_LIMIT;
	*(const char **)field = s;
	return ST_OK;
}

void
value_put_string(const struct conf_row *row, const void *field, struct buf *out)
{
	(void)row;
	buf_put_str(out, *(const char *const *)field);
}

/* Printable UTF-8 (HTAB counts); LF too when lines is set. */
bool
value_is_clean(struct slice text, bool lines)
{
	if (!utf8_valid(text))
		return false;
	for (size_t i = 0; i < text.n; i++)
		if (ascii_is_ctl(text.p[i]) && text.p[i] != '\t' && !(lines && text.p[i] == '\n'))
			return false;
	return true;
}

/* --- bool ------------------------------------------------------------------ */

static enum st
parse_bool(const struct conf_row *row, struct slice text, struct arena *a, void *field)
{
	(void)row;
	(void)a;
	if (!sl_eq(text, SL("0")) && !sl_eq(text, SL("1")))
		return ST_SYNTAX;
	*(bool *)field = text.p[0] == '1';
	return ST_OK;
}

static void
put_bool(const struct conf_row *row, const void *field, struct buf *out)
{
	(void)row;
	buf_put_byte(out, *(const bool *)field ? '1' : '0');
}

static enum st
parse_yesno(const struct conf_row *row, struct slice text, struct arena *a, void *field)
{
	(void)row;
	(void)a;
	if (!sl_ieq(text, SL("YES")) && !sl_ieq(text, SL("NO")))
		return ST_SYNTAX;
	*(bool *)field = text.n == 3;
	return ST_OK;
}

static void
put_yesno(const struct conf_row *row, const void *field, struct buf *out)
{
	(void)row;
	buf_put_str(out, *(const bool *)field ? "YES" : "NO");
}

/* --- numbers --------------------------------------------------------------- */

static enum st
parse_uint(const struct conf_row *row, struct slice text, struct arena *a, void *field)
{
	uint64_t value;

	(void)a;
	if (!num_u64(text, row->max, &value) || value < row->min)
		return ST_SYNTAX;
	*(uint64_t *)field = value;
	return ST_OK;
}

static void
put_uint(const struct conf_row *row, const void *field, struct buf *out)
{
	(void)row;
	buf_fmt(out, "%llu", (unsigned long long)*(const uint64_t *)field);
}

static void
put_duration_text(uint64_t sec, struct buf *out)
{
	static const struct {
		unsigned sec;
		char letter;
	} units[] = {{604800, 'w'}, {86400, 'd'}, {3600, 'h'}, {60, 'm'}};

	if (sec == 0)
		buf_put_byte(out, '0');
	for (size_t i = 0; i < COUNT_OF(units); i++) {
		if (sec >= units[i].sec)
			buf_fmt(out, "%llu%c", (unsigned long long)(sec / units[i].sec),
			    units[i].letter);
		sec %= units[i].sec;
	}
	if (sec > 0)
		buf_fmt(out, "%llus", (unsigned long long)sec);
}

static enum st
parse_duration(const struct conf_row *row, struct slice text, struct arena *a, void *field)
{
	int64_t value;

	(void)a;
	if (!num_duration_sec(text, &value) || value < 0)
		return ST_SYNTAX;
	if ((uint64_t)value < row->min || (uint64_t)value > row->max)
		return ST_SYNTAX;
	*(int64_t *)field = value;
	return ST_OK;
}

static void
put_duration(const struct conf_row *row, const void *field, struct buf *out)
{
	int64_t sec = *(const int64_t *)field;

	(void)row;
	put_duration_text((uint64_t)sec, out);
}

static void
put_size_text(uint64_t bytes, struct buf *out)
{
	static const char letters[] = "GMK";

	for (unsigned i = 0; bytes > 0 && i < 3; i++) {
		unsigned shift = 10 * (3 - i);

		if ((bytes & ((UINT64_C(1) << shift) - 1)) == 0) {
			buf_fmt(out, "%llu%c", (unsigned long long)(bytes >> shift), letters[i]);
			return;
		}
	}
	buf_fmt(out, "%llu", (unsigned long long)bytes);
}

static enum st
parse_size(const struct conf_row *row, struct slice text, struct arena *a, void *field)
{
	uint64_t value;

	(void)a;
	if (!num_size_bytes(text, &value) || value < row->min || value > row->max)
		return ST_SYNTAX;
	*(uint64_t *)field = value;
	return ST_OK;
}

static void
put_size(const struct conf_row *row, const void *field, struct buf *out)
{
	(void)row;
	put_size_text(*(const uint64_t *)field, out);
}

/* --- strings --------------------------------------------------------------- */

static uint64_t
text_limit(const struct conf_row *row)
{
	if (row->max != 0)
		return row->max;
	return row->type == CONF_TEXT ? TEXT_MAX : STRING_MAX;
}

static enum st
parse_string(const struct conf_row *row, struct slice text, struct arena *a, void *field)
{
	if (text.n > text_limit(row) || !value_is_clean(text, false))
		return ST_SYNTAX;
	return value_store_string(text, a, field);
}

static enum st
parse_text(const struct conf_row *row, struct slice text, struct arena *a, void *field)
{
	if (text.n > text_limit(row) || !value_is_clean(text, true))
		return ST_SYNTAX;
	return value_store_string(text, a, field);
}

static enum st
parse_path(const struct conf_row *row, struct slice text, struct arena *a, void *field)
{
	struct slice word = text;

	if (text.n > 0 && text.p[0] != '/' &&
	    (row->words == NULL || value_word_index(row->words, text, &word) < 0))
		return ST_SYNTAX;
	if (text.n > PATH_TEXT_MAX || !value_is_clean(text, false))
		return ST_SYNTAX;
	return value_store_string(word, a, field);
}

static enum st
parse_address(const struct conf_row *row, struct slice text, struct arena *a, void *field)
{
	struct ip ip;

	(void)row;
	if (!sl_eq(text, SL("0")) && !ip_parse(text, &ip))
		return ST_SYNTAX;
	return value_store_string(text, a, field);
}

/* --- words ----------------------------------------------------------------- */

static enum st
parse_word(const struct conf_row *row, struct slice text, struct arena *a, void *field)
{
	struct slice word = SL_NONE;

	if (text.n > 0 && value_word_index(row->words, text, &word) < 0)
		return ST_SYNTAX;
	return value_store_string(word, a, field);
}

static enum st
parse_enum(const struct conf_row *row, struct slice text, struct arena *a, void *field)
{
	struct slice word;
	int index = value_word_index(row->words, text, &word);

	(void)a;
	if (index < 0)
		return ST_SYNTAX;
	*(int *)field = index;
	return ST_OK;
}

static void
put_enum(const struct conf_row *row, const void *field, struct buf *out)
{
	struct slice rest = sl_str(row->words), word = SL_NONE;

	for (int i = 0; i <= *(const int *)field && value_word_next(&rest, &word); i++)
		continue;
	buf_put(out, word);
}

/* --- the types ------------------------------------------------------------- */

static const struct value_type types[] = {
    [CONF_BOOL] = {"bool", parse_bool, put_bool, false, "0 or 1"},
    [CONF_YESNO] = {"yes/no", parse_yesno, put_yesno, false, "YES or NO"},
    [CONF_PRESENT] = {"presence", parse_bool, put_bool, false, "a file that exists or not"},
    [CONF_UINT] = {"number", parse_uint, put_uint, false, "a number"},
    [CONF_DURATION] = {"duration", parse_duration, put_duration, false,
	"a time such as 90, 15m or 1w2d"},
    [CONF_SIZE] = {"size", parse_size, put_size, false, "a size such as 500000, 32K or 10M"},
    [CONF_STRING] = {"string", parse_string, value_put_string, true, "one line of text"},
    [CONF_TEXT] = {"text", parse_text, value_put_string, true, "text"},
    [CONF_PATH] = {"path", parse_path, value_put_string, true, "a path that begins with /"},
    [CONF_ADDRESS] = {"address", parse_address, value_put_string, false, "0 or an IP address"},
    [CONF_WORD] = {"word", parse_word, value_put_string, false, "one of"},
    [CONF_ENUM] = {"word", parse_enum, put_enum, false, "one of"},
    [CONF_WORDS] = {"words", value_parse_words, value_put_words, true, "words out of"},
    [CONF_UIDS] = {"uids", value_parse_uids, value_put_words, true,
	"uids and ranges such as 5000-5999, separated by blanks"},
    [CONF_LINES] = {"list", value_parse_lines, value_put_lines, true, "lines of text"},
    [CONF_DOMAIN] = {"domain", value_parse_domain, value_put_string, false, "a domain"},
    [CONF_DOMAINS] = {"domain list", value_parse_domains, value_put_lines, true,
	"domains such as example.com, .example.com or !host.example.com"},
    [CONF_ROUTES] = {"routes", value_parse_routes, value_put_lines, true,
	"DOMAIN:RELAY,PORT/FLAGS such as example.com:relay.example.net,587/SECURITY=REQUIRED"},
    [CONF_PORTS] = {"ports", value_parse_ports, value_put_ports, false,
	"ports such as 587, or address.port, separated by commas"},
    [CONF_NOEFFECT] = {"no effect", NULL, NULL, true, "anything"},
    [CONF_TABLE] = {"table", NULL, NULL, true, "a table"},
};

static void
put_uint_text(uint64_t value, struct buf *out)
{
	buf_fmt(out, "%llu", (unsigned long long)value);
}

void
conf_value_put_expected(const struct conf_row *row, struct buf *out)
{
	void (*put_limit)(uint64_t, struct buf *) = NULL;

	buf_put_str(out, types[row->type].expected);
	if (row->type == CONF_UINT)
		put_limit = put_uint_text;
	else if (row->type == CONF_DURATION)
		put_limit = put_duration_text;
	else if (row->type == CONF_SIZE)
		put_limit = put_size_text;
	if (put_limit != NULL) {
		buf_put_str(out, " from ");
		put_limit(row->min, out);
		buf_put_str(out, " to ");
		put_limit(row->max, out);
	}
	if (row->words != NULL)
		buf_fmt(out, "%s %s", row->type == CONF_PATH ? ", or" : "", row->words);
	if (row->flags & CONF_MASK)
		buf_put_str(out, ", with or without *. in front");
	if (row->type == CONF_STRING || row->type == CONF_TEXT)
		buf_fmt(out, " of at most %llu bytes", (unsigned long long)text_limit(row));
}

bool
conf_value_may_be_empty(const struct conf_row *row)
{
	return types[row->type].may_be_empty;
}

const char *
conf_type_name(enum conf_type type)
{
	return types[type].name;
}

enum st
conf_value_parse(const struct conf_row *row, struct slice text, struct arena *a, void *field)
{
	return types[row->type].parse(row, text, a, field);
}

void
conf_value_put_problem(const struct conf_row *row, struct slice text, enum st st, struct buf *out)
{
	if (st == ST_LIMIT) {
		buf_fmt(
		    out, "found more than %zu bytes in all files, expected less", CONF_TOTAL_MAX);
		return;
	}
	buf_fmt(out, "found \"%.*s\"%s, expected ", SL_FMT(sl_sub(text, 0, SHOWN_MAX)),
	    text.n > SHOWN_MAX ? "..." : "");
	conf_value_put_expected(row, out);
}

void
conf_value_put(const struct conf_row *row, const void *field, struct buf *out)
{
	types[row->type].put(row, field, out);
}

const char *
conf_when_name(enum conf_when when)
{
	static const char *const names[] = {"reload", "restart", "command"};

	return names[when];
}
