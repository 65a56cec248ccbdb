/*
 * aliases: reading the text. alias_expand.c replaces aliases in aliases.
 */
#include "route/alias_int.h"

#include "base/ascii.h"

/* Memory of all aliases together. */
#define TABLE_BYTES_MAX ((size_t)512 * 1024 * 1024)
#define TEXT_MAX CONF_FILE_MAX

struct alias_table *
alias_table_new(struct route_map *m, const struct conf *conf, alias_include_fn *include, void *arg)
{
	struct alias_table *t = mem_get(sizeof(*t));

	*t = (struct alias_table){.map = m, .conf = conf, .include = include, .include_arg = arg};
	t->arena = arena_new("aliases", TABLE_BYTES_MAX);
	hmap_init(&t->by_key);
	return t;
}

void
alias_table_free(struct alias_table *t)
{
	if (t == NULL)
		return;
	hmap_fini(&t->by_key);
	mem_free(t->sorted);
	arena_free(t->arena);
	mem_free(t);
}

struct alias_entry *
alias_entry_find(const struct alias_table *t, struct slice key)
{
	struct hmap_node *at;

	for (at = hmap_first(&t->by_key, hmap_hash(key)); at != NULL; at = hmap_next(at))
		if (sl_eq(CONTAINER_OF(at, struct alias_entry, node)->key, key))
			return CONTAINER_OF(at, struct alias_entry, node);
	return NULL;
}

/* --- one member ------------------------------------------------------------ */

/* The place of a definition while its members are read. */
struct place {
	struct alias_table *table;
	struct conf_report *report;
	const char *file;
	unsigned line;
	struct alias_entry *entry;
	unsigned depth; /* of :include: */
};

static void
place_error(const struct place *p, struct slice found, const char *expected)
{
	conf_error(p->report, p->file, p->line, "found \"%.*s\", expected %s",
	    SL_FMT(sl_sub(found, 0, 60)), expected);
}

/* Without comments in parentheses (they nest); blanks stay. False: they do not close. */
static bool
strip_comments(struct slice s, struct buf *out)
{
	unsigned depth = 0;
	bool quoted = false;

	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = s.p[i];

		if (c == '\\' && i + 1 < s.n) {
			if (depth == 0)
				buf_put(out, sl_sub(s, i, i + 2));
			i++;
			continue;
		}
		if (depth == 0 && c == '"')
			quoted = !quoted;
		if (!quoted && c == '(')
			depth++;
		else if (!quoted && c == ')' && depth > 0)
			depth--;
		else if (depth == 0)
			buf_put_byte(out, c);
	}
	return depth == 0 && !quoted;
}

/* Index of c outside quotes, or s.n. */
static size_t
find_unquoted(struct slice s, unsigned char c)
{
	bool quoted = false;

	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '\\') {
			i++;
			continue;
		}
		if (s.p[i] == '"')
			quoted = !quoted;
		else if (!quoted && s.p[i] == c)
			return i;
	}
	return s.n;
}

/* What stands in "phrase <address>", or all of it. */
static struct slice
bare_address(struct slice s)
{
	size_t open = find_unquoted(s, '<');
	size_t close = find_unquoted(s, '>');

	if (open < close && close < s.n && sl_trim(sl_skip(s, close + 1)).n == 0)
		return sl_trim(sl_sub(s, open + 1, close));
	return sl_trim(s);
}

/* How long the quoted string at the start of s is; 0 when it does not end. */
static size_t
quoted_length(struct slice s)
{
	for (size_t i = 1; i < s.n; i++) {
		if (s.p[i] == '\\')
			i++;
		else if (s.p[i] == '"')
			return i + 1;
	}
	return 0;
}

/* Without control characters, blanks and what has a meaning in lists of addresses. */
static bool
is_plain(struct slice s, bool domain)
{
	const struct slice special = domain ? SL(" <>(),;\"\\@") : SL(" <>(),;\"\\@:[]");

	for (size_t i = 0; i < s.n; i++)
		if (ascii_is_ctl(s.p[i]) || sl_find(special, s.p[i]) < special.n)
			return false;
	return s.n > 0;
}

/* One address: a local part, quoted as a whole or plain, and perhaps a domain. */
static bool
is_address(struct slice s)
{
	struct slice local = s, domain;
	size_t n;

	if (s.n == 0 || s.n > ALIAS_ADDRESS_MAX)
		return false;
	n = s.p[0] == '"' ? quoted_length(s) : sl_find(s, '@');
	local = sl_sub(s, 0, n);
	domain = sl_skip(s, n);
	if (s.p[0] != '"' && !is_plain(local, false))
		return false;
	for (size_t i = 0; i < local.n; i++)
		if (ascii_is_ctl(local.p[i]))
			return false;
	return n > 0 &&
	       (domain.n == 0 || (domain.p[0] == '@' && is_plain(sl_skip(domain, 1), true)));
}

static void
member_add(const struct place *p, struct slice address)
{
	struct alias_member *m = arena_get(p->table->arena, sizeof(*m));
	struct slice copy = arena_copy(p->table->arena, address);

	if (m == NULL || copy.p == NULL) {
		conf_error(
		    p->report, p->file, p->line, "found more aliases than fit, expected less");
		return;
	}
	m->address = copy;
	*p->entry->members_end = m;
	p->entry->members_end = &m->next;
}

static void read_members(const struct place *p, struct slice text);

/* ":include:/path" */
static void
read_include(const struct place *p, struct slice path)
{
	struct place inner = *p;
	struct buf name, text;
	struct fault f = FAULT_NONE;

	if (path.n == 0 || path.p[0] != '/' || p->depth == ALIAS_DEPTH_MAX) {
		place_error(p, path,
		    p->depth == ALIAS_DEPTH_MAX ? "less :include: inside :include:"
						: "a path that begins with / behind :include:");
		return;
	}
	buf_init(&name, 4096);
	buf_init(&text, TEXT_MAX + 65536);
	buf_put(&name, path);
	if (!buf_ok(&name) || p->table->include == NULL)
		place_error(p, path, "a path that can be read");
	else if (p->table->include(p->table->include_arg, buf_str(&name), &text, &f) != ST_OK)
		conf_error(p->report, p->file, p->line, "%s: %s", buf_str(&name), f.text);
	else {
		inner.file = buf_str(&name);
		inner.line = 1;
		inner.depth++;
		read_members(&inner, buf_slice(&text));
	}
	buf_fini(&name);
	buf_fini(&text);
}

static void
read_member(const struct place *p, struct slice item)
{
	struct buf clean;
	struct slice address;

	buf_init(&clean, 65536);
	if (!strip_comments(item, &clean) || !buf_ok(&clean)) {
		place_error(p, item, "an address whose quotes and parentheses close");
		buf_fini(&clean);
		return;
	}
	address = bare_address(buf_slice(&clean));
	if (sl_istarts(address, SL(":include:")))
		read_include(p, sl_trim(sl_skip(address, 9)));
	else if (address.n > 0 && (address.p[0] == '|' || sl_starts(address, SL("\"|"))))
		place_error(p, address,
		    "an address (programs as members are not supported; use an account with a "
		    ".courier file)");
	else if (address.n > 0 && (address.p[0] == '/' || sl_starts(address, SL("\"/"))))
		place_error(p, address,
		    "an address (files as members are not supported; use an account with a "
		    ".courier file)");
	else if (sl_find(address, '!') < address.n && sl_find(address, '@') == address.n)
		place_error(p, address, "an address (UUCP paths are not supported)");
	else if (address.n > 0 && is_address(address))
		member_add(p, address);
	else if (address.n > 0)
		place_error(p, address, "one mail address between commas");
	buf_fini(&clean);
}

/* End of the item at the start of s: a comma, line end or end of a group, outside quotes and
 * parentheses. */
static size_t
item_end(struct slice s)
{
	unsigned depth = 0;
	bool quoted = false;

	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = s.p[i];

		if (c == '\n')
			return i;
		if (c == '\\' && i + 1 < s.n && s.p[i + 1] != '\n')
			i++;
		else if (depth == 0 && c == '"')
			quoted = !quoted;
		else if (!quoted && c == '(')
			depth++;
		else if (!quoted && c == ')' && depth > 0)
			depth--;
		else if (!quoted && depth == 0 && (c == ',' || c == ';'))
			return i;
	}
	return s.n;
}

/*
 * Length of "phrase:" that begins a group (RFC 5322 section 3.4) at the start of text, whose first
 * item ends at end; or 0. Without the ";" that closes it it is a mistake: a definition that was
 * indented.
 */
static size_t
group_begin(struct slice text, size_t end)
{
	struct slice item = sl_sub(text, 0, end);
	size_t colon = find_unquoted(item, ':');

	if (colon == 0 || colon == item.n || find_unquoted(item, '@') < colon ||
	    find_unquoted(text, ';') == text.n)
		return 0;
	return colon + 1;
}

/* Members between commas or line ends, alone or in groups; lines that begin with "#" are
 * comments. */
static void
read_members(const struct place *p, struct slice text)
{
	struct place here = *p;

	while (text.n > 0) {
		size_t end;

		if (text.p[0] == '\n') {
			here.line++;
			text = sl_skip(text, 1);
			continue;
		}
		if (text.p[0] == ',' || text.p[0] == ';' || ascii_is_space(text.p[0])) {
			text = sl_skip(text, 1);
			continue;
		}
		end = text.p[0] == '#' ? sl_find(text, '\n') : item_end(text);
		if (text.p[0] != '#' && group_begin(text, end) > 0)
			end = group_begin(text, end);
		else if (text.p[0] != '#')
			read_member(&here, sl_trim(sl_sub(text, 0, end)));
		text = sl_skip(text, end);
	}
}

/* --- definitions ----------------------------------------------------------- */

/* Makes an entry; NULL after an error. */
static struct alias_entry *
entry_add(const struct place *p, struct slice key, bool is_prefix)
{
	struct alias_table *t = p->table;
	struct alias_entry *e = alias_entry_find(t, key);

	if (e != NULL) {
		conf_error(p->report, p->file, p->line,
		    "found a second definition of %.*s, expected one (the first is %s:%u)",
		    SL_FMT(sl_sub(key, 0, 60)), e->file, e->line);
		return NULL;
	}
	e = arena_get(t->arena, sizeof(*e));
	if (e == NULL || (e->key = arena_copy(t->arena, key)).p == NULL ||
	    (e->file = arena_str(t->arena, sl_str(p->file))) == NULL) {
		conf_error(
		    p->report, p->file, p->line, "found more aliases than fit, expected less");
		return NULL;
	}
	e->line = p->line;
	e->is_prefix = is_prefix;
	e->members_end = &e->members;
	hmap_put(&t->by_key, &e->node, hmap_hash(e->key));
	t->count++;
	return e;
}

/* "@domain: account" */
static void
define_domain(struct place *p, struct slice domain, struct slice right)
{
	struct buf key;
	struct slice account = sl_trim(right);

	buf_init(&key, 1024);
	route_alias_key(SL_NONE, domain, &key);
	if (domain.n == 0 || !buf_ok(&key) || sl_find(account, '@') < account.n ||
	    !is_address(account)) {
		place_error(p, account,
		    "@domain: account (one local account, whose extensions are the addresses of "
		    "the domain)");
	} else {
		p->entry = entry_add(p, buf_slice(&key), true);
		if (p->entry != NULL)
			member_add(p, account);
	}
	buf_fini(&key);
}

static void
define_name(struct place *p, struct slice left, struct slice right)
{
	struct buf key;
	struct fault f = FAULT_NONE;

	buf_init(&key, 2048);
	if (!is_address(left) || left.p[0] == '@')
		place_error(p, left, "a name or an address before the colon");
	else if (alias_key(p->table->map, left, &key, &f) != ST_OK)
		conf_error(p->report, p->file, p->line, "%s", f.text);
	else if ((p->entry = entry_add(p, buf_slice(&key), false)) != NULL) {
		unsigned errors = p->report->errors;

		read_members(p, right);
		if (p->entry->members == NULL && p->report->errors == errors)
			conf_error(p->report, p->file, p->line,
			    "found no members of %.*s, expected at least one",
			    SL_FMT(sl_sub(left, 0, 60)));
	}
	buf_fini(&key);
}

static void
define(struct place *p, struct slice text)
{
	size_t colon = find_unquoted(text, ':');
	struct slice left = sl_trim(sl_sub(text, 0, colon)), right = sl_skip(text, colon + 1);

	p->entry = NULL;
	if (colon == text.n || sl_find(left, '\n') < left.n)
		place_error(p, sl_sub(text, 0, sl_find(text, '\n')), "name: member, member");
	else if (left.n > 0 && left.p[0] == '@')
		define_domain(p, sl_skip(left, 1), right);
	else
		define_name(p, left, right);
}

/* Length of a definition at the start of text: its line and those that begin with a blank. */
static size_t
definition_length(struct slice text)
{
	size_t end = sl_find(text, '\n');

	while (end + 1 < text.n && ascii_is_wsp(text.p[end + 1]))
		end += 1 + sl_find(sl_skip(text, end + 1), '\n');
	return end < text.n ? end + 1 : text.n;
}

void
alias_table_read(struct alias_table *t, const char *file, struct slice text, struct conf_report *r)
{
	struct place p = {.table = t, .report = r, .file = file, .line = 1};

	while (text.n > 0) {
		size_t length =
		    text.p[0] == '#' ? sl_find(text, '\n') + 1 : definition_length(text);
		struct slice one = sl_sub(text, 0, length);

		if (sl_trim(one).n > 0 && one.p[0] != '#')
			define(&p, one);
		for (size_t i = 0; i < one.n; i++)
			p.line += one.p[i] == '\n';
		text = sl_skip(text, length);
	}
}
