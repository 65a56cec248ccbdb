/*
 * Quota and keywords of changes.
 */
#include "maildir/change.h"

#include <sys/stat.h>

#include "base/arena.h"
#include "base/ascii.h"
#include "maildir/quota.h"

/* ---- quota ---- */

static bool
counts(const struct mailbox *m, const struct message *r)
{
	return !(r->flags & MESSAGE_DELETED) && !sl_eq(sl_str(m->name), SL("INBOX.Trash"));
}

static enum st
load(struct mailbox *m, struct maildir_quota *q, struct fault *f)
{
	return maildir_quota_load(m->store->top, m->store->host.quota, q, f);
}

void
quota_change_add(struct quota_change *c, struct mailbox *m, struct message *r, int sign)
{
	uint64_t bytes = r->file_bytes;
	struct fault f;

	/* Before the change: what counts the folders anew must not count it too. */
	if (!c->was_loaded && load(m, &c->quota, &f) != ST_OK)
		c->quota.is_set = false;
	c->was_loaded = true;
	if (!c->quota.is_set || !counts(m, r))
		return;
	if (bytes == 0 && message_measure(m, r->uid, false, &f) == ST_OK)
		bytes = rows_find(&m->all, r->uid)->file_bytes;
	c->bytes += sign * (int64_t)bytes;
	c->count += sign;
}

void
quota_change_apply(struct quota_change *c, struct mailbox *m)
{
	struct fault f;
	int err;

	if (c->count || c->bytes) {
		err = maildir_quota_add(m->store->top, &c->quota, c->bytes, c->count);
		if (err) {
			maildir_fault(&f, -err, "maildirsize");
			store_note(m->store, &f);
		}
	}
	*c = (struct quota_change){0};
}

enum st
quota_check(struct mailbox *m, uint64_t bytes, uint64_t count, struct fault *f)
{
	struct maildir_quota q;
	enum st st;

	if (sl_eq(sl_str(m->name), SL("INBOX.Trash")))
		return ST_OK;
	st = load(m, &q, f);
	if (st != ST_OK || !q.is_set || count == 0)
		return st;
	q.pending_count = (int64_t)count - 1;
	return maildir_quota_admit(m->store->top, &q, bytes, f);
}

/* ---- keywords ---- */

/* RFC 3501 section 9, flag-keyword: an atom. */
static bool
is_atom(struct slice s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = s.p[i];

		if (c <= ' ' || c >= 0x7f || memchr("(){%*\"\\]", c, 8))
			return false;
	}
	return s.n > 0 && s.n <= MAILBOX_KEYWORD_MAX;
}

static size_t
free_numbers(const struct mailbox *m)
{
	size_t n = 0;

	for (size_t i = 0; i < MAILBOX_KEYWORDS; i++)
		n += m->keywords[i].n == 0;
	return n;
}

enum st
change_words(struct mailbox *m, const struct mailbox_change *c, uint64_t *bits, struct buf *out,
    struct fault *f)
{
	size_t fresh = 0;

	*bits = 0;
	for (size_t i = 0; i < c->word_count; i++) {
		if (!is_atom(c->words[i]))
			return fault_set(f, ST_SYNTAX, "5.5.4", "that is no keyword");
		fresh += mailbox_keyword_find(m, c->words[i]) < 0;
	}
	if (c->how == MAILBOX_REMOVE)
		fresh = 0;
	if (c->word_count && m->store->host.no_keywords)
		return fault_set(f, ST_DENIED, "5.3.3", "keywords are off");
	if (fresh > free_numbers(m))
		return fault_set(
		    f, ST_LIMIT, "5.3.4", "a folder has at most %d keywords", MAILBOX_KEYWORDS);
	for (size_t i = 0; i < c->word_count; i++) {
		int n = c->how == MAILBOX_REMOVE ? mailbox_keyword_find(m, c->words[i])
						 : facts_keyword(m, c->words[i], out);

		if (n >= 0)
			*bits |= UINT64_C(1) << n;
	}
	return ST_OK;
}

void
change_copy(struct change *to, const struct mailbox_change *from)
{
	to->change = *from;
	to->words = mem_get((from->word_count + 1) * sizeof(*to->words));
	for (size_t i = 0; i < from->word_count; i++)
		to->words[i] = sl_mem(mem_str(from->words[i]), from->words[i].n);
	to->change.words = to->words;
}

void
change_free(struct change *c)
{
	for (size_t i = 0; i < c->change.word_count; i++)
		mem_free((void *)(uintptr_t)c->words[i].p);
	mem_free(c->words);
	*c = (struct change){0};
}

enum st
store_quota_read(struct store *s, struct store_quota *out, struct fault *f)
{
	struct maildir_quota q;
	enum st st = maildir_quota_load(s->top, s->host.quota, &q, f);

	*out = (struct store_quota){0};
	if (st != ST_OK || !q.is_set)
		return st;
	*out = (struct store_quota){.is_set = true,
	    .max_bytes = q.max_bytes,
	    .max_count = q.max_count,
	    .bytes = q.bytes > 0 ? (uint64_t)q.bytes : 0,
	    .count = q.count > 0 ? (uint64_t)q.count : 0};
	return ST_OK;
}

/* ---- records ---- */

void
message_told(const struct message *r, struct buf *out)
{
	struct facts_flags told = {
	    .uid = r->uid, .keywords = r->keywords, .flags = facts_flags_pack(r->flags)};

	if (told.flags || told.keywords)
		facts_put_flags(out, r->modseq, &told, 1);
}

void
facts_drop(struct mailbox *m, uint32_t uid)
{
	struct message *r = rows_find(&m->all, uid);
	struct fault f;
	struct buf out;

	if (!r)
		return;
	buf_init(&out, 256);
	facts_put_uids(&out, FACTS_GONE, m->modseq, &uid, 1);
	names_remove(&m->names, sl_str(r->base), uid);
	mailbox_take_out(m, &uid, 1);
	/* Not written: the next one who opens the folder finds it gone himself. */
	if (facts_append(m, &out, &f) != ST_OK)
		store_note(m->store, &f);
	buf_fini(&out);
}
