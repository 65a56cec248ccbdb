/*
 * Values that are lists: words, uids, lines, domains, routes, ports.
 */
#include "conf/value_int.h"

#include "base/ascii.h"
#include "base/ip.h"
#include "base/num.h"
#include "base/utf8.h"
#include "conf/route_line.h"

#define DOMAIN_MAX 255
#define LABEL_MAX 63

/* Takes the next word off *rest; false at the end. */
bool
value_word_next(struct slice *rest, struct slice *word)
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

enum st
value_parse_words(const struct conf_row *row, struct slice text, struct arena *a, void *field)
{
	struct conf_list list;
	struct slice rest = text, word;
	size_t count = 0;

	while (value_word_next(&rest, &word))
		count++;
	if (!list_make(a, count, &list))
		return ST_LIMIT;
	for (rest = text; value_word_next(&rest, &word);) {
		if (!value_is_clean(word, false) ||
		    (row->words != NULL && value_word_index(row->words, word, &word) < 0))
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

enum st
value_parse_uids(const struct conf_row *row, struct slice text, struct arena *a, void *field)
{
	struct slice rest = text, word;
	uint64_t first, last;

	while (value_word_next(&rest, &word))
		if (!uid_range(word, &first, &last))
			return ST_SYNTAX;
	return value_parse_words(row, text, a, field);
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

void
value_put_words(const struct conf_row *row, const void *field, struct buf *out)
{
	(void)row;
	list_put(field, ' ', out);
}

/* --- lists of lines -------------------------------------------------------- */

static size_t
line_count(struct slice text)
{
	size_t count = text.n > 0;

	for (size_t i = 0; i < text.n; i++)
		count += text.p[i] == '\n';
	return count;
}

enum st
value_parse_lines(const struct conf_row *row, struct slice text, struct arena *a, void *field)
{
	struct conf_list list;
	struct slice line;

	(void)row;
	if (!value_is_clean(text, true))
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

void
value_put_lines(const struct conf_row *row, const void *field, struct buf *out)
{
	(void)row;
	list_put(field, '\n', out);
}

/* --- domains --------------------------------------------------------------- */

bool
value_is_domain(struct slice s)
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

enum st
value_parse_domain(const struct conf_row *row, struct slice text, struct arena *a, void *field)
{
	struct slice bare = text;

	if ((row->flags & CONF_MASK) && sl_starts(text, SL("*.")))
		bare = sl_skip(text, 2);
	if (!value_is_domain(bare))
		return ST_SYNTAX;
	*(const char **)field = lower_copy(text, a);
	return *(const char **)field != NULL ? ST_OK : ST_LIMIT;
}

enum st
value_parse_domains(const struct conf_row *row, struct slice text, struct arena *a, void *field)
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
		if (!value_is_domain(bare))
			return ST_SYNTAX;
		list.items[list.count] = lower_copy(line, a);
		if (list.items[list.count++] == NULL)
			return ST_LIMIT;
	}
	*(struct conf_list *)field = list;
	return ST_OK;
}

/* --- routes --------------------------------------------------------------- */

enum st
value_parse_routes(const struct conf_row *row, struct slice text, struct arena *a, void *field)
{
	struct conf_route route;
	const char *expected;
	struct slice rest = text, line;

	while (rest.n > 0) {
		sl_cut(&rest, '\n', &line);
		line = sl_trim(line);
		if (line.n > 0 && !conf_route_parse(line, &route, &expected))
			return ST_SYNTAX;
	}
	return value_parse_lines(row, text, a, field);
}

/* --- ports ----------------------------------------------------------------- */

/* The services a port may be named by; getservbyname would depend on the system. */
static bool
port_number(struct slice text, uint16_t *port)
{
	static const struct {
		const char *name;
		uint16_t port;
	} services[] = {
	    {"smtp", 25},
	    {"submission", 587},
	    {"submissions", 465},
	    {"smtps", 465},
	    {"ssmtp", 465},
	    {"imap", 143},
	    {"imap2", 143},
	    {"imaps", 993},
	    {"pop3", 110},
	    {"pop3s", 995},
	    {"sieve", 4190},
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
	return value_store_string(ip, a, &port->ip);
}

enum st
value_parse_ports(const struct conf_row *row, struct slice text, struct arena *a, void *field)
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

void
value_put_ports(const struct conf_row *row, const void *field, struct buf *out)
{
	const struct conf_ports *ports = field;

	(void)row;
	for (size_t i = 0; i < ports->count; i++) {
		const struct conf_port *port = &ports->items[i];

		buf_fmt(out, "%s%s%s%u", i > 0 ? "," : "", port->ip, port->ip[0] != '\0' ? "." : "",
		    (unsigned)port->port);
	}
}
