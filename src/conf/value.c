/*
 * One value: text to C and back, by the type of its row.
 */
#include "conf/row.h"

#include "base/ascii.h"
#include "base/ip.h"
#include "base/num.h"
#include "base/utf8.h"

#define DOMAIN_MAX 255
#define LABEL_MAX 63
#define STRING_MAX 4096
#define TEXT_MAX 65536
#define PATH_TEXT_MAX 1023
/* As much of a wrong value as a message shows. */
#define SHOWN_MAX 48

struct value_type {
	const char *name;
	enum st (*parse)(const struct conf_row *row, struct slice text, struct arena *a, void *field);
	void (*put)(const struct conf_row *row, const void *field, struct buf *out);
	bool may_be_empty;
	const char *expected; /* limits and words of the row follow */
};

/* --- helpers ---------------------------------------------------------------------------------------- */

/* Takes the next word off *rest; false at the end. */
static bool
word_next(struct slice *rest, struct slice *word)
{
	size_t n = 0;

	*rest = sl_trim(*rest);
	if (rest->n == 0)
		return false;
	while (n < rest->n && !ascii_is_space(rest->p[n]))
		n++;
	*word = sl_sub(*rest, 0, n);
	*rest = sl_skip(*rest, n);
	return true;
}

/* The place of word in a list of words (case folded), or -1; *found is its spelling there. */
static int
word_index(const char *words, struct slice word, struct slice *found)
{
	struct slice rest = sl_str(words), each;

	for (int i = 0; word_next(&rest, &each); i++) {
		if (sl_ieq(each, word)) {
			*found = each;
			return i;
		}
	}
	return -1;
}

static enum st
store_string(struct slice text, struct arena *a, void *field)
{
	const char *s = arena_str(a, text);

	if (s == NULL)
		return ST_LIMIT;
	*(const char **)field = s;
	return ST_OK;
}

static void
put_string(const struct conf_row *row, const void *field, struct buf *out)
{
	(void)row;
	buf_put_str(out, *(const char *const *)field);
}

/* An array for `count` strings; count 0 gives an empty list. */
static bool
list_make(struct arena *a, size_t count, struct conf_list *list)
{
	list->count = 0;
	list->items = arena_get_array(a, count, sizeof(*list->items));
	return list->items != NULL;
}

static bool
list_add(struct arena *a, struct conf_list *list, struct slice item)
{
	const char *s = arena_str(a, item);

	if (s == NULL)
		return false;
	list->items[list->count++] = s;
	return true;
}

static void
list_put(const struct conf_list *list, unsigned char separator, struct buf *out)
{
	for (size_t i = 0; i < list->count; i++) {
		if (i > 0)
			buf_put_byte(out, separator);
		buf_put_str(out, list->items[i]);
	}
}

/* Printable UTF-8 (HTAB counts); LF too when lines is set. */
static bool
is_clean_text(struct slice text, bool lines)
{
	if (!utf8_valid(text))
		return false;
	for (size_t i = 0; i < text.n; i++)
		if (ascii_is_ctl(text.p[i]) && text.p[i] != '\t' && !(lines && text.p[i] == '\n'))
			return false;
	return true;
}

/* --- bool -------------------------------------------------------------------------------------------- */

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

/* --- numbers ------------------------------------------------------------------------------------------ */

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
			buf_fmt(out, "%llu%c", (unsigned long long)(sec / units[i].sec), units[i].letter);
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
	(void)row;
	put_duration_text((uint64_t)*(const int64_t *)field, out);
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

/* --- strings ------------------------------------------------------------------------------------------- */

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
	if (text.n > text_limit(row) || !is_clean_text(text, false))
		return ST_SYNTAX;
	return store_string(text, a, field);
}

static enum st
parse_text(const struct conf_row *row, struct slice text, struct arena *a, void *field)
{
	if (text.n > text_limit(row) || !is_clean_text(text, true))
		return ST_SYNTAX;
	return store_string(text, a, field);
}

static enum st
parse_path(const struct conf_row *row, struct slice text, struct arena *a, void *field)
{
	struct slice word = text;

	if (text.n > 0 && text.p[0] != '/' && (row->words == NULL || word_index(row->words, text, &word) < 0))
		return ST_SYNTAX;
	if (text.n > PATH_TEXT_MAX || !is_clean_text(text, false))
		return ST_SYNTAX;
	return store_string(word, a, field);
}

static enum st
parse_address(const struct conf_row *row, struct slice text, struct arena *a, void *field)
{
	struct ip ip;

	(void)row;
	if (!sl_eq(text, SL("0")) && !ip_parse(text, &ip))
		return ST_SYNTAX;
	return store_string(text, a, field);
}

/* --- words --------------------------------------------------------------------------------------------- */

static enum st
parse_word(const struct conf_row *row, struct slice text, struct arena *a, void *field)
{
	struct slice word = SL_NONE;

	if (text.n > 0 && word_index(row->words, text, &word) < 0)
		return ST_SYNTAX;
	return store_string(word, a, field);
}

static enum st
parse_enum(const struct conf_row *row, struct slice text, struct arena *a, void *field)
{
	struct slice word;
	int index = word_index(row->words, text, &word);

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

	for (int i = 0; i <= *(const int *)field && word_next(&rest, &word); i++)
		continue;
	buf_put(out, word);
}

static enum st
parse_words(const struct conf_row *row, struct slice text, struct arena *a, void *field)
{
	struct conf_list list;
	struct slice rest = text, word;
	size_t count = 0;

	while (word_next(&rest, &word))
		count++;
	if (!list_make(a, count, &list))
		return ST_LIMIT;
	for (rest = text; word_next(&rest, &word);) {
		if (!is_clean_text(word, false) || (row->words != NULL && word_index(row->words, word, &word) < 0))
			return ST_SYNTAX;
		if (!list_add(a, &list, word))
			return ST_LIMIT;
	}
	*(struct conf_list *)field = list;
	return ST_OK;
}

/* "5000" or "5000-5999". */
static bool
uid_range(struct slice text, uint64_t *first, uint64_t *last)
{
	struct slice from;
	bool is_range = sl_cut(&text, '-', &from);

	if (!num_u64(from, UINT32_MAX - 1, first))
		return false;
	*last = *first;
	return !is_range || (num_u64(text, UINT32_MAX - 1, last) && *last >= *first);
}

static enum st
parse_uids(const struct conf_row *row, struct slice text, struct arena *a, void *field)
{
	struct slice rest = text, word;
	uint64_t first, last;

	while (word_next(&rest, &word))
		if (!uid_range(word, &first, &last))
			return ST_SYNTAX;
	return parse_words(row, text, a, field);
}

bool
conf_uid_listed(const struct conf_list *uids, uint32_t uid)
{
	uint64_t first, last;

	for (size_t i = 0; i < uids->count; i++)
		if (uid_range(sl_str(uids->items[i]), &first, &last) && uid >= first && uid <= last)
			return true;
	return false;
}

static void
put_words(const struct conf_row *row, const void *field, struct buf *out)
{
	(void)row;
	list_put(field, ' ', out);
}

/* --- lists of lines ------------------------------------------------------------------------------------- */

static size_t
line_count(struct slice text)
{
	size_t count = text.n > 0;

	for (size_t i = 0; i < text.n; i++)
		count += text.p[i] == '\n';
	return count;
}

static enum st
parse_lines(const struct conf_row *row, struct slice text, struct arena *a, void *field)
{
	struct conf_list list;
	struct slice line;

	(void)row;
	if (!is_clean_text(text, true))
		return ST_SYNTAX;
	if (!list_make(a, line_count(text), &list))
		return ST_LIMIT;
	while (text.n > 0) {
		sl_cut(&text, '\n', &line);
		line = sl_trim(line);
		if (line.n > 0 && !list_add(a, &list, line))
			return ST_LIMIT;
	}
	*(struct conf_list *)field = list;
	return ST_OK;
}

static void
put_lines(const struct conf_row *row, const void *field, struct buf *out)
{
	(void)row;
	list_put(field, '\n', out);
}

/* --- domains -------------------------------------------------------------------------------------------- */

static bool
is_domain(struct slice s)
{
	size_t label = 0;

	if (s.n == 0 || s.n > DOMAIN_MAX || !utf8_valid(s))
		return false;
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = s.p[i];

		if (c == '.') {
			if (label == 0)
				return false;
			label = 0;
			continue;
		}
		if (!ascii_is_alnum(c) && c != '-' && c != '_' && c < 0x80)
			return false;
		if (++label > LABEL_MAX)
			return false;
	}
	return label > 0;
}

/* A copy in lower case. */
static const char *
lower_copy(struct slice s, struct arena *a)
{
	char *copy = arena_str(a, s);

	for (size_t i = 0; copy != NULL && i < s.n; i++)
		copy[i] = (char)ascii_lower((unsigned char)copy[i]);
	return copy;
}

static enum st
parse_domain(const struct conf_row *row, struct slice text, struct arena *a, void *field)
{
	struct slice bare = text;

	if ((row->flags & CONF_MASK) && sl_starts(text, SL("*.")))
		bare = sl_skip(text, 2);
	if (!is_domain(bare))
		return ST_SYNTAX;
	*(const char **)field = lower_copy(text, a);
	return *(const char **)field != NULL ? ST_OK : ST_LIMIT;
}

static enum st
parse_domains(const struct conf_row *row, struct slice text, struct arena *a, void *field)
{
	struct conf_list list;
	struct slice line;

	(void)row;
	if (!list_make(a, line_count(text), &list))
		return ST_LIMIT;
	while (text.n > 0) {
		struct slice bare;

		sl_cut(&text, '\n', &line);
		line = sl_trim(line);
		if (line.n == 0)
			continue;
		bare = line.p[0] == '!' || line.p[0] == '.' ? sl_skip(line, 1) : line;
		if (!is_domain(bare))
			return ST_SYNTAX;
		list.items[list.count] = lower_copy(line, a);
		if (list.items[list.count++] == NULL)
			return ST_LIMIT;
	}
	*(struct conf_list *)field = list;
	return ST_OK;
}

/* --- ports ------------------------------------------------------------------------------------------------ */

/* The services a port may be named by; getservbyname would depend on the system. */
static bool
port_number(struct slice text, uint16_t *port)
{
	static const struct {
		const char *name;
		uint16_t port;
	} services[] = {
		{"smtp", 25}, {"submission", 587}, {"submissions", 465}, {"smtps", 465}, {"ssmtp", 465},
		{"imap", 143}, {"imap2", 143}, {"imaps", 993}, {"pop3", 110}, {"pop3s", 995}, {"sieve", 4190},
	};
	uint64_t number;

	for (size_t i = 0; i < COUNT_OF(services); i++) {
		if (sl_ieq(text, sl_str(services[i].name))) {
			*port = services[i].port;
			return true;
		}
	}
	if (!num_u64(text, 65535, &number) || number == 0)
		return false;
	*port = (uint16_t)number;
	return true;
}

/* "587", "smtp", "127.0.0.1.2525", "::1.25": the address stands before the last dot. */
static enum st
parse_one_port(struct slice text, struct arena *a, struct conf_port *port)
{
	size_t dot = sl_rfind(text, '.');
	struct slice ip = dot < text.n ? sl_sub(text, 0, dot) : SL_NONE;
	struct slice number = dot < text.n ? sl_skip(text, dot + 1) : text;

	struct ip parsed;

	if (dot < text.n && sl_eq(ip, SL("0")))
		ip = SL_NONE;
	else if (dot < text.n && !ip_parse(ip, &parsed))
		return ST_SYNTAX;
	if (!port_number(number, &port->port))
		return ST_SYNTAX;
	return store_string(ip, a, &port->ip);
}

static enum st
parse_ports(const struct conf_row *row, struct slice text, struct arena *a, void *field)
{
	struct conf_ports ports = {NULL, 0};
	struct slice rest = text, item;
	size_t count = 1;
	bool more = true;

	(void)row;
	for (size_t i = 0; i < text.n; i++)
		count += text.p[i] == ',';
	ports.items = arena_get_array(a, count, sizeof(*ports.items));
	if (ports.items == NULL)
		return ST_LIMIT;
	while (more) {
		enum st st;

		more = sl_cut(&rest, ',', &item);
		st = parse_one_port(sl_trim(item), a, &ports.items[ports.count++]);
		if (st != ST_OK)
			return st;
	}
	*(struct conf_ports *)field = ports;
	return ST_OK;
}

static void
put_ports(const struct conf_row *row, const void *field, struct buf *out)
{
	const struct conf_ports *ports = field;

	(void)row;
	for (size_t i = 0; i < ports->count; i++) {
		const struct conf_port *port = &ports->items[i];

		buf_fmt(out, "%s%s%s%u", i > 0 ? "," : "", port->ip, port->ip[0] != '\0' ? "." : "", (unsigned)port->port);
	}
}

/* --- the types ---------------------------------------------------------------------------------------------- */

static const struct value_type types[] = {
	[CONF_BOOL] = {"bool", parse_bool, put_bool, false, "0 or 1"},
	[CONF_YESNO] = {"yes/no", parse_yesno, put_yesno, false, "YES or NO"},
	[CONF_PRESENT] = {"presence", parse_bool, put_bool, false, "a file that exists or not"},
	[CONF_UINT] = {"number", parse_uint, put_uint, false, "a number"},
	[CONF_DURATION] = {"duration", parse_duration, put_duration, false, "a time such as 90, 15m or 1w2d"},
	[CONF_SIZE] = {"size", parse_size, put_size, false, "a size such as 500000, 32K or 10M"},
	[CONF_STRING] = {"string", parse_string, put_string, true, "one line of text"},
	[CONF_TEXT] = {"text", parse_text, put_string, true, "text"},
	[CONF_PATH] = {"path", parse_path, put_string, true, "a path that begins with /"},
	[CONF_ADDRESS] = {"address", parse_address, put_string, false, "0 or an IP address"},
	[CONF_WORD] = {"word", parse_word, put_string, false, "one of"},
	[CONF_ENUM] = {"word", parse_enum, put_enum, false, "one of"},
	[CONF_WORDS] = {"words", parse_words, put_words, true, "words out of"},
	[CONF_UIDS] = {"uids", parse_uids, put_words, true, "uids and ranges such as 5000-5999, separated by blanks"},
	[CONF_LINES] = {"list", parse_lines, put_lines, true, "lines of text"},
	[CONF_DOMAIN] = {"domain", parse_domain, put_string, false, "a domain"},
	[CONF_DOMAINS] = {"domain list", parse_domains, put_lines, true, "domains such as example.com, .example.com or !host.example.com"},
	[CONF_PORTS] = {"ports", parse_ports, put_ports, false, "ports such as 587, or address.port, separated by commas"},
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
		buf_fmt(out, "found more than %zu bytes in all files, expected less", CONF_TOTAL_MAX);
		return;
	}
	buf_fmt(out, "found \"%.*s\"%s, expected ", SL_FMT(sl_sub(text, 0, SHOWN_MAX)), text.n > SHOWN_MAX ? "..." : "");
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
