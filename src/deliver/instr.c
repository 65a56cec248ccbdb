/*
 * Reading instructions.
 */
#include "deliver/instr.h"

#include "base/ascii.h"
#include "message/address.h"
#include "message/token.h"

struct parse {
	struct arena *arena;
	struct slice rest;
	unsigned line; /* number of the one being read */
	struct deliver_plan *plan;
	struct deliver_instr **tail;
	struct fault *f;
};

static enum st
complain(struct parse *p, enum st st, const char *words)
{
	return fault_set(p->f, st, "4.3.5", "delivery instructions, line %u: %s", p->line, words);
}

/* The next line without its end (LF or CRLF). */
static bool
next_line(struct parse *p, struct slice *line)
{
	if (p->rest.n == 0)
		return false;
	sl_cut(&p->rest, '\n', line);
	while (line->n && line->p[line->n - 1] == '\r')
		line->n--;
	p->line++;
	return true;
}

static struct deliver_instr *
add(struct parse *p, enum deliver_kind kind)
{
	struct deliver_instr *i = NULL;

	if (p->plan->count < DELIVER_LINES_MAX)
		i = arena_get(p->arena, sizeof(*i));
	if (!i)
		return NULL;
	i->kind = kind;
	*p->tail = i;
	p->tail = &i->next;
	p->plan->count++;
	return i;
}

/* An odd number of backslashes at the end: the last one is not escaped. */
static bool
ends_in_backslash(struct slice s)
{
	size_t n = 0;

	while (n < s.n && s.p[s.n - 1 - n] == '\\')
		n++;
	return n % 2 == 1;
}

static enum st
read_command(struct parse *p, struct slice line)
{
	enum deliver_kind kind = line.n > 1 && line.p[1] == '|' ? DELIVER_DYNAMIC : DELIVER_PROGRAM;
	struct deliver_instr *i = add(p, kind);
	struct slice part = sl_skip(line, kind == DELIVER_DYNAMIC ? 2 : 1);
	enum st st = ST_OK;
	struct buf text;

	if (!i)
		return complain(p, ST_LIMIT, "more instructions than are allowed");
	buf_init(&text, DELIVER_TEXT_MAX);
	for (bool more = true; more;) {
		more = ends_in_backslash(part);
		if (more)
			part.n--;
		buf_put(&text, part);
		more = more && next_line(p, &part);
	}
	/* What joining uncovered at the end would not be read the same way again. */
	while (text.n && (text.p[text.n - 1] == '\r' || ends_in_backslash(buf_slice(&text))))
		text.n--;
	part = buf_slice(&text);
	while (part.n && ascii_is_wsp(part.p[0]))
		part = sl_skip(part, 1);
	i->text = arena_copy(p->arena, part);
	if (!buf_ok(&text) || !i->text.p)
		st = complain(p, ST_LIMIT, "a command that is too long");
	else if (i->text.n == 0)
		st = complain(p, ST_SYNTAX, "found no command");
	buf_fini(&text);
	return st;
}

/* A name without a domain is no address of RFC 5322, but people write it, and mean one of ours. */
static bool
is_usable(const struct address *ad)
{
	if (!ad->is_defect)
		return ad->local.n > 0;
	for (size_t i = 0; i < ad->local.n; i++)
		if (!token_is_atext(ad->local.p[i]) && ad->local.p[i] != '.')
			return false;
	return ad->local.n > 0 && ad->domain.n == 0;
}

static enum st
read_addresses(struct parse *p, struct slice line)
{
	struct deliver_instr *i = add(p, DELIVER_FORWARD);
	struct address_list list;
	struct buf spec;
	bool ok = true;

	if (!i)
		return complain(p, ST_LIMIT, "more instructions than are allowed");
	if (line.p[0] == '&' || line.p[0] == '!')
		line = sl_trim(sl_skip(line, 1));
	address_list_parse(p->arena, line, DELIVER_LINES_MAX, &list);
	if (list.truncated)
		return complain(p, ST_LIMIT, "more addresses than are allowed");
	i->addresses = arena_get_array(p->arena, list.count + 1, sizeof(*i->addresses));
	if (!i->addresses)
		return complain(p, ST_LIMIT, "more addresses than are allowed");
	buf_init(&spec, DELIVER_TEXT_MAX);
	for (const struct address *ad = list.first; ad && ok; ad = ad->next) {
		if (ad->kind != ADDRESS_MAILBOX)
			continue;
		buf_clear(&spec);
		address_put_spec(&spec, ad->local, ad->domain);
		i->addresses[i->address_count] = arena_copy(p->arena, buf_slice(&spec));
		ok = is_usable(ad) && buf_ok(&spec) && i->addresses[i->address_count].p != NULL;
		i->address_count++;
	}
	buf_fini(&spec);
	if (!ok || i->address_count == 0)
		return complain(
		    p, ST_SYNTAX, "found what is no address, no command and no mailbox");
	return ST_OK;
}

static enum st
read_mailbox(struct parse *p, struct slice line)
{
	struct deliver_instr *i = add(p, DELIVER_MAILBOX);

	if (!i)
		return complain(p, ST_LIMIT, "more instructions than are allowed");
	i->text = arena_copy(p->arena, line);
	return i->text.p ? ST_OK : complain(p, ST_LIMIT, "a path that is too long");
}

static enum st
read_line(struct parse *p, struct slice line)
{
	struct slice start = line;

	while (start.n && ascii_is_wsp(start.p[0]))
		start = sl_skip(start, 1);
	if (start.n && start.p[0] == '|') {
		p->plan->is_empty = false;
		return read_command(p, start);
	}
	line = sl_trim(line);
	if (line.n == 0)
		return ST_OK;
	p->plan->is_empty = false;
	if (line.p[0] == '#')
		return ST_OK;
	return line.p[0] == '.' || line.p[0] == '/' ? read_mailbox(p, line)
						    : read_addresses(p, line);
}

enum st
deliver_parse(struct slice text, struct arena *a, struct deliver_plan *plan, struct fault *f)
{
	struct parse p = {.arena = a, .rest = text, .plan = plan, .tail = &plan->first, .f = f};
	struct slice line;
	enum st st = ST_OK;

	*plan = (struct deliver_plan){.is_empty = true};
	if (text.n > DELIVER_TEXT_MAX)
		return complain(&p, ST_LIMIT, "the text is too long");
	if (sl_find(text, '\0') < text.n)
		return complain(&p, ST_SYNTAX, "found a NUL byte");
	while (st == ST_OK && next_line(&p, &line))
		st = read_line(&p, line);
	return st;
}

void
deliver_plan_put(const struct deliver_plan *plan, struct buf *out)
{
	static const char *const marks[] = {
	    [DELIVER_MAILBOX] = "",
	    [DELIVER_PROGRAM] = "| ",
	    [DELIVER_DYNAMIC] = "|| ",
	    [DELIVER_FORWARD] = "&",
	};

	if (!plan->is_empty && !plan->first)
		buf_put_str(out, "#\n");
	for (const struct deliver_instr *i = plan->first; i; i = i->next) {
		buf_put_str(out, marks[i->kind]);
		buf_put(out, i->text);
		for (size_t k = 0; k < i->address_count; k++) {
			buf_put_str(out, k ? ", " : "");
			buf_put(out, i->addresses[k]);
		}
		buf_put_byte(out, '\n');
	}
}
