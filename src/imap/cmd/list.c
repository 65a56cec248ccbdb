/* LIST LSUB: RFC 3501 sections 6.3.8 and 6.3.9, with the attributes of RFC 3348. */
#include "base/ascii.h"
#include "imap/reply/reply.h"
#include "imap/server_cmd.h"

static const struct {
	unsigned attribute;
	const char *name;
} attribute_rows[] = {
	{IMAP_NOSELECT, "\\Noselect"}, {IMAP_NOINFERIORS, "\\Noinferiors"},
	{IMAP_MARKED, "\\Marked"}, {IMAP_HAS_CHILDREN, "\\HasChildren"},
	{IMAP_HAS_NO_CHILDREN, "\\HasNoChildren"},
};

/*
 * R3501-5.1.1-a, R3501-7.2.2-a, R3501-7.2.2-c, R9051-6.3.9.3-a, R9051-7.3.1-e; R3348-3-a: both of
 * its attributes never stand together.
 */
static void
say_folder(struct imap_server *s, struct slice name, unsigned attributes)
{
	struct buf *out = imap_out(s);
	const char *space = "";

	if (attributes & IMAP_NOSELECT) /* R3501-7.2.2-b, R9051-7.3.1-c */
		attributes &= ~(unsigned)IMAP_MARKED;
	if (attributes & IMAP_HAS_CHILDREN)
		attributes &= ~(unsigned)(IMAP_HAS_NO_CHILDREN | IMAP_NOINFERIORS);
	buf_put(out, SL("* "));
	buf_put_str(out, s->run.row->verb);
	buf_put(out, SL(" ("));
	for (size_t i = 0; i < COUNT_OF(attribute_rows); i++) {
		if (!(attributes & attribute_rows[i].attribute))
			continue;
		buf_put_str(out, space);
		buf_put_str(out, attribute_rows[i].name);
		space = " ";
	}
	buf_put(out, SL(") \".\" "));
	imap_put_mailbox(out, name);
	buf_put(out, SL("\r\n"));
}

/* R3501-6.3.8-b: an empty pattern asks for the separator and the root of the reference. */
static void
say_root(struct imap_server *s, struct slice reference)
{
	size_t dot = sl_find(reference, '.');

	say_folder(s, dot < reference.n ? sl_sub(reference, 0, dot + 1) : SL_NONE, IMAP_NOSELECT);
}

/*
 * Does name match, "*" standing for anything and "%" for anything within a level? Where the last
 * "%" cannot be stretched any more, the last "*" is; earlier ones never need to be: a "*" behind
 * them could have taken what they would. R3501-6.3.8-c, R3501-6.3.8-d, R3501-6.3.8-e,
 * R3501-6.3.8-f, R9051-6.3.9-f
 */
bool
imap_list_match(struct slice pattern, struct slice name)
{
	size_t inbox = sl_eq(name, SL("INBOX")) || sl_starts(name, SL("INBOX.")) ? 5 : 0;
	size_t star_p = SIZE_MAX, star_n = 0, percent_p = SIZE_MAX, percent_n = 0, p = 0, n = 0;

	for (;;) {
		unsigned char want = p < pattern.n ? pattern.p[p] : 0;

		if (p < pattern.n && want == '*') {
			star_p = ++p;
			star_n = n;
			percent_p = SIZE_MAX;
		} else if (p < pattern.n && want == '%') {
			percent_p = ++p;
			percent_n = n;
		} else if (p == pattern.n && n == name.n) {
			return true;
		} else if (p < pattern.n && n < name.n &&
			   (want == name.p[n] || (n < inbox && ascii_upper(want) == name.p[n]))) {
			p++;
			n++;
		} else if (percent_p != SIZE_MAX && percent_n < name.n &&
			   name.p[percent_n] != '.') {
			p = percent_p;
			n = ++percent_n;
		} else if (star_p != SIZE_MAX && star_n < name.n) {
			p = star_p;
			n = ++star_n;
			percent_p = SIZE_MAX;
		} else {
			return false;
		}
	}
}

void
imap_run_list(struct imap_server *s)
{
	const struct imap_list_args *d = s->run.data;

	if (d->is_root) {
		say_root(s, d->pattern);
		imap_done(s, "LIST completed");
		return;
	}
	imap_ask(s, IMAP_ASK_LIST, NULL);
}

void
imap_answered_list(struct imap_server *s, const struct engine_answer *a)
{
	const struct imap_list_args *d = s->run.data;
	const struct imap_folders *all = a->detail;

	if (a->fault.st != ST_OK) {
		imap_failed(s, &a->fault);
		return;
	}
	for (size_t i = 0; i < all->count; i++)
		if (!(all->items[i].attributes & IMAP_NONEXISTENT) &&
		    imap_list_match(d->pattern, all->items[i].name))
			say_folder(s, all->items[i].name, all->items[i].attributes);
	imap_done(s, "LIST completed");
}

void
imap_run_lsub(struct imap_server *s)
{
	const struct imap_list_args *d = s->run.data;

	if (d->is_root) {
		say_root(s, d->pattern);
		imap_done(s, "LSUB completed");
		return;
	}
	imap_ask(s, IMAP_ASK_LIST, NULL);
}

/* Levels above subscribed names that were said already, or need not be. */
struct levels {
	struct slice *names;
	size_t count, room;
};

static bool
level_is_known(const struct levels *l, struct slice name)
{
	for (size_t i = l->count; i > 0; i--)
		if (sl_eq(l->names[i - 1], name))
			return true;
	return false;
}

static bool
is_subscribed(const struct imap_folders *all, struct slice name)
{
	for (size_t i = 0; i < all->count; i++)
		if (all->items[i].attributes & IMAP_SUBSCRIBED && sl_eq(all->items[i].name, name))
			return true;
	return false;
}

static void
level_remember(struct imap_server *s, struct levels *l, struct slice name)
{
	struct slice *more;

	if (l->count == l->room) {
		l->room = l->room ? l->room * 2 : 16;
		more = arena_get_array(s->run.a, l->room, sizeof(*more));
		if (!more) {
			l->room = l->count;
			return;
		}
		if (l->count)
			memcpy(more, l->names, l->count * sizeof(*more));
		l->names = more;
	}
	l->names[l->count++] = name;
}

/*
 * R3501-6.3.9-a: a name that does not match, but whose upper level does, by "%": that level is
 * said with \Noselect, unless it is subscribed itself.
 */
static void
say_levels(struct imap_server *s, struct levels *l, const struct imap_folders *all,
    struct slice name)
{
	const struct imap_list_args *d = s->run.data;

	for (size_t dot = 0; dot < name.n; dot++) {
		struct slice level = sl_sub(name, 0, dot);

		if (name.p[dot] != '.' || !imap_list_match(d->pattern, level) ||
		    level_is_known(l, level))
			continue;
		if (!is_subscribed(all, level))
			say_folder(s, level, IMAP_NOSELECT);
		level_remember(s, l, level);
	}
}

/* R3501-6.3.9-b: subscribed names, whether or not they exist. */
void
imap_answered_lsub(struct imap_server *s, const struct engine_answer *a)
{
	const struct imap_list_args *d = s->run.data;
	const struct imap_folders *all = a->detail;
	bool by_level = d->pattern.n && d->pattern.p[d->pattern.n - 1] == '%';
	struct levels levels = {0};

	if (a->fault.st != ST_OK) {
		imap_failed(s, &a->fault);
		return;
	}
	for (size_t i = 0; i < all->count; i++) {
		const struct imap_folder *f = &all->items[i];

		if (!(f->attributes & IMAP_SUBSCRIBED))
			continue;
		if (imap_list_match(d->pattern, f->name))
			say_folder(s, f->name, f->attributes & ~(unsigned)IMAP_NOSELECT);
		else if (by_level)
			say_levels(s, &levels, all, f->name);
	}
	imap_done(s, "LSUB completed");
}
