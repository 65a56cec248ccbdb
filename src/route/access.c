#include "route/access.h"

#include "base/ascii.h"
#include "base/hmap.h"
#include "base/num.h"

#define KEY_MAX 64
#define ACTION_MAX 4096

/* --- blocks ---------------------------------------------------------------- */

struct block {
	struct ip ip;
	unsigned bits;
};

static unsigned
ip_bits(const struct ip *ip)
{
	return ip->family == 4 ? 32 : 128;
}

/* Host bits to zero. */
static void
ip_mask(struct ip *ip, unsigned bits)
{
	for (unsigned i = 0; i < sizeof(ip->bytes); i++) {
		if (bits >= 8 * (i + 1))
			continue;
		if (bits <= 8 * i)
			ip->bytes[i] = 0;
		else
			ip->bytes[i] &= (unsigned char)(0xff << (8 * (i + 1) - bits));
	}
}

static void
block_key(const struct block *b, struct buf *out)
{
	struct ip ip = b->ip;

	ip_mask(&ip, b->bits);
	ip_put(&ip, out);
	buf_fmt(out, "/%u", b->bits);
}

/* "1", "1.2", "1.2.3", with a dot at the end allowed. */
static bool
parse_octets(struct slice s, struct block *b)
{
	b->ip = (struct ip){.family = 4};
	b->bits = 0;
	if (s.n > 1 && s.p[s.n - 1] == '.')
		s.n--;
	for (bool more = true; more && b->bits < 32; b->bits += 8) {
		struct slice part;
		uint64_t value;

		more = sl_cut(&s, '.', &part);
		if (!num_u64(part, 255, &value))
			return false;
		b->ip.bytes[b->bits / 8] = (unsigned char)value;
	}
	return s.n == 0;
}

/* ":2001:0db8": groups from the left. */
static bool
parse_groups(struct slice s, struct block *b)
{
	b->ip = (struct ip){.family = 6};
	b->bits = 0;
	s = sl_skip(s, 1);
	for (bool more = true; more && b->bits < 128; b->bits += 16) {
		struct slice part;
		uint64_t value;

		more = sl_cut(&s, ':', &part);
		if (part.n > 4 || !num_hex(part, &value))
			return false;
		num_put_be16(b->ip.bytes + b->bits / 8, (uint16_t)value);
	}
	return s.n == 0;
}

static bool
parse_block(struct slice s, struct block *b)
{
	struct slice address = s, length = SL_NONE;
	uint64_t bits;

	if (sl_find(s, '/') < s.n) {
		struct slice rest = s;

		sl_cut(&rest, '/', &address);
		length = rest;
		if (!ip_parse(address, &b->ip) || !num_u64(length, ip_bits(&b->ip), &bits))
			return false;
		b->bits = (unsigned)bits;
		return true;
	}
	if (ip_parse(s, &b->ip)) {
		b->bits = ip_bits(&b->ip);
		return true;
	}
	return s.n > 0 && (s.p[0] == ':' ? parse_groups(s, b) : parse_octets(s, b));
}

/* --- actions --------------------------------------------------------------- */

static bool
is_variable_name(struct slice s)
{
	if (s.n == 0 || s.n > ACCESS_NAME_MAX || ascii_is_digit(s.p[0]))
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (!ascii_is_alnum(s.p[i]) && s.p[i] != '_')
			return false;
	return true;
}

/* Takes the next ",NAME[=value]" off *rest, which begins behind the comma. */
static void
variable_next(struct slice *rest, struct access_variable *v)
{
	struct slice item;

	sl_cut(rest, ',', &item);
	item = sl_trim(item);
	v->value = SL("");
	if (sl_find(item, '=') < item.n) {
		sl_cut(&item, '=', &v->name);
		v->value = item;
	} else {
		v->name = item;
	}
}

/* NULL, or what is wrong with an action, for a message. */
static const char *
action_problem(struct slice action, struct access_variable *bad)
{
	struct slice rest = action, word;
	size_t count = 0;

	*bad = (struct access_variable){0};
	if (action.n > ACTION_MAX)
		return "an action that long";
	if (sl_eq(action, SL("deny")))
		return NULL;
	sl_cut(&rest, ',', &word);
	if (sl_eq(word, SL("deny")))
		return "variables behind deny";
	if (!sl_eq(word, SL("allow"))) {
		bad->name = word;
		return "this action";
	}
	while (rest.n > 0) {
		variable_next(&rest, bad);
		if (!is_variable_name(bad->name))
			return "this variable name";
		if (bad->value.n > ACCESS_VALUE_MAX)
			return "a value that long";
		if (++count > ACCESS_VARIABLES_MAX)
			return "that many variables";
		if (sl_eq(bad->name, SL("RELAYCLIENT")) && bad->value.n > 0)
			return "RELAYCLIENT with a value, which is not supported";
	}
	return NULL;
}

/* --- lookup ---------------------------------------------------------------- */

static enum st
policy_decode(struct slice action, struct arena *a, struct access_policy *out, struct fault *f)
{
	struct access_variable bad;
	struct slice rest = action, word;

	if (action_problem(action, &bad) != NULL)
		return fault_set(f, ST_TEMP, "4.3.5",
		    "the compiled smtpaccess table is damaged; run makesmtpaccess");
	sl_cut(&rest, ',', &word);
	out->deny = sl_eq(word, SL("deny"));
	out->variables = arena_get_array(a, ACCESS_VARIABLES_MAX, sizeof(*out->variables));
	if (out->variables == NULL)
		return fault_set(
		    f, ST_TEMP, "4.3.0", "no room left for the variables of smtpaccess");
	while (rest.n > 0)
		variable_next(&rest, &out->variables[out->count++]);
	return ST_OK;
}

/* The block of these bits around ip, if the table has it. */
static enum st
lookup_bits(struct dict *d, const struct ip *ip, unsigned bits, struct arena *a,
    struct slice *action, struct fault *f)
{
	struct block b = {*ip, bits};
	struct buf key;
	enum st st;

	buf_init(&key, KEY_MAX);
	block_key(&b, &key);
	st = dict_get(d, buf_slice(&key), a, action, f);
	buf_fini(&key);
	return st;
}

enum st
access_lookup(struct dict *d, const struct ip *ip, struct arena *a, struct access_policy *out,
    struct fault *f)
{
	struct ip plain = *ip;
	struct slice lengths, action, length;
	enum st st;

	*out = (struct access_policy){0};
	if (d == NULL || ip->family == 0)
		return ST_OK;
	ip_unmap(&plain);
	st = dict_get(d, plain.family == 4 ? SL("bits4") : SL("bits6"), a, &lengths, f);
	while (st == ST_OK && lengths.n > 0) {
		uint64_t bits;

		sl_cut(&lengths, ' ', &length);
		if (!num_u64(length, ip_bits(&plain), &bits))
			return fault_set(f, ST_TEMP, "4.3.5",
			    "the compiled smtpaccess table is damaged; run makesmtpaccess");
		st = lookup_bits(d, &plain, (unsigned)bits, a, &action, f);
		if (st == ST_OK)
			return policy_decode(action, a, out, f);
		if (st == ST_NOENT)
			st = ST_OK;
	}
	return st == ST_NOENT ? ST_OK : st;
}

bool
access_variable(const struct access_policy *p, struct slice name, struct slice *value)
{
	for (size_t i = p->count; i > 0; i--) {
		if (sl_eq(p->variables[i - 1].name, name)) {
			*value = p->variables[i - 1].value;
			return true;
		}
	}
	return false;
}

/* --- compiling ------------------------------------------------------------- */

struct entry {
	struct hmap_node node;
	struct entry *next;
	struct slice key, action;
	const char *file;
	unsigned line;
};

struct access_table {
	struct arena *arena;
	struct hmap by_key;
	struct entry *first, **last;
	bool bits4[33], bits6[129];
};

struct access_table *
access_table_new(void)
{
	struct access_table *t = mem_get(sizeof(*t));

	*t = (struct access_table){.arena = arena_new("smtpaccess", CONF_TOTAL_MAX)};
	hmap_init(&t->by_key);
	t->last = &t->first;
	return t;
}

void
access_table_free(struct access_table *t)
{
	if (t == NULL)
		return;
	hmap_fini(&t->by_key);
	arena_free(t->arena);
	mem_free(t);
}

static const struct entry *
entry_find(const struct access_table *t, struct slice key)
{
	struct hmap_node *at;

	for (at = hmap_first(&t->by_key, hmap_hash(key)); at != NULL; at = hmap_next(at))
		if (sl_eq(CONTAINER_OF(at, struct entry, node)->key, key))
			return CONTAINER_OF(at, struct entry, node);
	return NULL;
}

static void
entry_add(struct access_table *t, const struct block *b, struct slice action, const char *file,
    unsigned line, struct conf_report *r)
{
	struct entry *e = arena_get(t->arena, sizeof(*e));
	const struct entry *old;
	struct buf key;

	buf_init(&key, KEY_MAX);
	block_key(b, &key);
	old = entry_find(t, buf_slice(&key));
	if (old != NULL) {
		conf_error(r, file, line,
		    "found a second entry for %s, expected one (the first is %s:%u)", buf_str(&key),
		    old->file, old->line);
	} else if (e == NULL || (e->key = arena_copy(t->arena, buf_slice(&key))).p == NULL ||
		   (e->action = arena_copy(t->arena, action)).p == NULL ||
		   (e->file = arena_str(t->arena, sl_str(file))) == NULL) {
		conf_error(r, file, line, "found more entries than fit, expected less");
	} else {
		e->line = line;
		hmap_put(&t->by_key, &e->node, hmap_hash(e->key));
		*t->last = e;
		t->last = &e->next;
		*(b->ip.family == 4 ? &t->bits4[b->bits] : &t->bits6[b->bits]) = true;
	}
	buf_fini(&key);
}

static void
read_line(struct access_table *t, struct slice text, const char *file, unsigned line,
    struct conf_report *r)
{
	struct slice block_text, action;
	struct access_variable bad;
	struct block b;
	const char *problem;
	size_t n = 0;

	while (n < text.n && !ascii_is_wsp(text.p[n]))
		n++;
	block_text = sl_sub(text, 0, n);
	action = sl_trim(sl_skip(text, n));
	if (action.n == 0) {
		conf_error(r, file, line,
		    "found \"%.*s\" without an action, expected address, tab, allow or deny",
		    SL_FMT(sl_sub(text, 0, 48)));
		return;
	}
	problem = action_problem(action, &bad);
	if (problem != NULL) {
		conf_error(r, file, line,
		    "found %s (\"%.*s\"), expected deny, or allow and ,NAME=value", problem,
		    SL_FMT(sl_sub(bad.name.n > 0 ? bad.name : action, 0, 48)));
		return;
	}
	if (sl_eq(block_text, SL("*"))) {
		entry_add(t, &(struct block){{.family = 4}, 0}, action, file, line, r);
		entry_add(t, &(struct block){{.family = 6}, 0}, action, file, line, r);
	} else if (parse_block(block_text, &b)) {
		entry_add(t, &b, action, file, line, r);
	} else {
		conf_error(r, file, line,
		    "found \"%.*s\", expected an address, its first bytes (192.0.2), address/bits "
		    "or *",
		    SL_FMT(sl_sub(block_text, 0, 48)));
	}
}

void
access_table_read(
    struct access_table *t, const char *file, struct slice text, struct conf_report *r)
{
	struct slice line;

	for (unsigned n = 1; text.n > 0; n++) {
		sl_cut(&text, '\n', &line);
		line = sl_trim(line);
		if (line.n > 0 && line.p[0] != '#')
			read_line(t, line, file, n, r);
	}
}

static bool
put_lengths(const bool *used, unsigned max, struct slice key,
    bool (*fn)(void *arg, struct slice key, struct slice value), void *arg)
{
	struct buf list;
	bool going;

	buf_init(&list, 1024);
	for (unsigned bits = max + 1; bits-- > 0;)
		if (used[bits])
			buf_fmt(&list, "%s%u", list.n > 0 ? " " : "", bits);
	going = list.n == 0 || fn(arg, key, buf_slice(&list));
	buf_fini(&list);
	return going;
}

bool
access_table_each(const struct access_table *t,
    bool (*fn)(void *arg, struct slice key, struct slice value), void *arg)
{
	for (const struct entry *e = t->first; e != NULL; e = e->next)
		if (!fn(arg, e->key, e->action))
			return false;
	return put_lengths(t->bits4, 32, SL("bits4"), fn, arg) &&
	       put_lengths(t->bits6, 128, SL("bits6"), fn, arg);
}
