/*
 * What a record of the facts means for the mailbox.
 */
#include "maildir/facts_int.h"

static struct slice
base_of(const struct message *r)
{
	return sl_str(r->base);
}

/* The flags others told of last; letters that stand in no record stay. */
static void
set_flags(struct message *r, uint8_t bits)
{
	r->flags = (r->flags & ~MESSAGE_FLAGS) | facts_flags_unpack(bits);
}

static bool
apply_begin(struct mailbox *m, struct facts_pass *p, const struct facts_record *r)
{
	if (p->reloading && m->uidvalidity != r->uidvalidity)
		p->other_validity = true;
	m->uidvalidity = r->uidvalidity;
	m->uidnext = r->uidnext > m->uidnext ? r->uidnext : m->uidnext;
	p->highest_known = true;
	return true;
}

static bool
apply_added(struct mailbox *m, struct facts_pass *p, const struct facts_record *r)
{
	struct message row = {
	    .uid = r->uid, .modseq = r->modseq, .date_sec = INT64_MIN, .more = MORE_UNKNOWN};
	struct message *old;
	uint32_t hash = names_hash(r->name);
	bool is_doomed;

	p->highest_known = true;
	if (p->group_left)
		p->group_left--;
	if (p->reloading)
		uids_add(&p->seen, r->uid);
	if (m->all.count && r->uid <= m->all.p[m->all.count - 1].uid)
		return true; /* known, or long gone */
	old = mailbox_by_hash(m, r->name, hash, &is_doomed);
	if (old) {
		/* The name came back: what it stood for before is gone. */
		names_remove(&m->names, r->name, old->uid);
		uids_add(is_doomed ? &p->gone : &p->dead, old->uid);
	}
	row.base = pool_name(&m->pool, r->name, SL_NONE, false);
	if (!maildir_name_size(r->name, &row.file_bytes))
		row.file_bytes = 0;
	if (!maildir_name_wire_size(r->name, &row.wire_bytes))
		row.wire_bytes = 0;
	rows_add(&m->all, &row);
	names_put(&m->names, hash, r->uid);
	p->changed = true;
	if (m->uidnext <= r->uid)
		m->uidnext = r->uid + 1;
	return true;
}

static bool
apply_keyword(struct mailbox *m, struct facts_pass *p, const struct facts_record *r)
{
	(void)p;
	if (r->number >= MAILBOX_KEYWORDS)
		return true;
	m->words_saved |= UINT64_C(1) << r->number;
	if (!sl_eq(m->keywords[r->number], r->name))
		m->keywords[r->number] =
		    sl_mem(pool_name(&m->pool, r->name, SL_NONE, false), r->name.n);
	return true;
}

static bool
apply_flags(struct mailbox *m, struct facts_pass *p, const struct facts_record *r)
{
	for (uint32_t i = 0; i < r->count; i++) {
		struct facts_flags f = facts_flags_at(r, i);
		struct message *row = rows_find(&m->all, f.uid);

		if (!row || row->modseq > r->modseq)
			continue;
		row->keywords = f.keywords;
		row->modseq = r->modseq;
		set_flags(row, f.flags);
		p->changed = true;
	}
	return true;
}

static bool
apply_expunged(struct mailbox *m, struct facts_pass *p, const struct facts_record *r)
{
	for (uint32_t i = 0; i < r->count; i++) {
		uint32_t uid = facts_uid_at(r, i);
		struct message *row = rows_find(&m->all, uid);

		if (!row || rows_find(&m->doomed, uid))
			continue;
		rows_add(&m->doomed, row)->more &= ~MORE_SEEN;
		uids_add(&p->dead, uid);
	}
	return true;
}

static bool
apply_gone(struct mailbox *m, struct facts_pass *p, const struct facts_record *r)
{
	for (uint32_t i = 0; i < r->count; i++) {
		uint32_t uid = facts_uid_at(r, i);
		struct message *doomed = rows_find(&m->doomed, uid),
			       *row = doomed ? doomed : rows_find(&m->all, uid);

		if (!row)
			continue;
		names_remove(&m->names, base_of(row), uid);
		uids_add(doomed ? &p->gone : &p->dead, uid);
	}
	return true;
}

static bool
apply_highest(struct mailbox *m, struct facts_pass *p, const struct facts_record *r)
{
	m->uidnext = r->uidnext > m->uidnext ? r->uidnext : m->uidnext;
	p->highest_known = true;
	return true;
}

static bool
apply_together(struct mailbox *m, struct facts_pass *p, const struct facts_record *r)
{
	p->group_left = r->count;
	p->group_uidnext = m->uidnext;
	return true;
}

static bool
apply_pop3_id(struct mailbox *m, struct facts_pass *p, const struct facts_record *r)
{
	(void)p;
	/* Others are known: a reload. */
	if (m->pop3_count == 0 || m->pop3_ids[m->pop3_count - 1].uid < r->uid)
		mailbox_add_pop3_id(m, r->uid, r->name);
	return true;
}

bool
facts_apply(struct mailbox *m, struct facts_pass *p, const struct facts_record *r)
{
	static const struct {
		enum facts_kind kind;
		bool (*apply)(
		    struct mailbox *m, struct facts_pass *p, const struct facts_record *r);
		bool is_change;
	} rows[] = {
	    {FACTS_ADDED, apply_added, false},
	    {FACTS_FLAGS, apply_flags, false},
	    {FACTS_EXPUNGED, apply_expunged, true},
	    {FACTS_GONE, apply_gone, true},
	    {FACTS_KEYWORD, apply_keyword, false},
	    {FACTS_HIGHEST, apply_highest, false},
	    {FACTS_BEGIN, apply_begin, false},
	    {FACTS_TOGETHER, apply_together, false},
	    {FACTS_POP3_ID, apply_pop3_id, false},
	};

	m->modseq = r->modseq > m->modseq ? r->modseq : m->modseq;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		if (rows[i].kind != r->kind)
			continue;
		p->changed |= rows[i].is_change;
		return rows[i].apply(m, p, r);
	}
	return false;
}

/* A group of which not all is there does not count. */
void
facts_undo_after(struct mailbox *m, uint32_t uidnext)
{
	size_t at = rows_index(&m->all, uidnext);

	for (size_t i = at; i < m->all.count; i++)
		names_remove(&m->names, base_of(&m->all.p[i]), m->all.p[i].uid);
	m->all.count = at;
	m->uidnext = uidnext;
}

void
facts_pass_end(struct mailbox *m, struct facts_pass *p)
{
	if (p->group_left) {
		facts_undo_after(m, p->group_uidnext);
		m->facts_end = p->group_at;
	}
	if (p->reloading && !p->other_validity) {
		uids_sort(&p->seen);
		for (size_t i = 0, k = 0; i < m->all.count; i++) {
			uint32_t uid = m->all.p[i].uid;

			while (k < p->seen.n && p->seen.p[k] < uid)
				k++;
			if (k < p->seen.n && p->seen.p[k] == uid)
				continue;
			names_remove(&m->names, base_of(&m->all.p[i]), uid);
			uids_add(&p->dead, uid);
		}
	}
	uids_sort(&p->dead);
	uids_sort(&p->gone);
	mailbox_take_out(m, p->dead.p, p->dead.n);
	rows_remove(&m->doomed, p->gone.p, p->gone.n);
	if (p->changed)
		mailbox_changed(m);
	uids_free(&p->dead);
	uids_free(&p->gone);
	uids_free(&p->seen);
}
