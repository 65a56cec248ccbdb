/*
 * What changed in the selected folder: by others, by the system, by this session. RFC 3501 sections
 * 5.2, 7.3, 7.4.1.
 */
#include "daemon/imapd/answer.h"

/* Flags told in one answer: the engine's output has a bound. */
#define FLAGS_AT_ONCE 256

void
sync_notice(struct view *v)
{
	struct imap_client *k = v->arg;

	session_event(k->c.session, &(struct engine_event){.kind = ENGINE_NOTICE});
}

void
sync_clear(struct imap_client *k)
{
	view_changes_fini(&k->changes);
	k->changes = (struct view_changes){0};
	k->told_flags = 0;
	mem_free(k->stored.v);
	k->stored = (struct uid_list){0};
}

/* What STORE was asked to say belongs to what changed: both ascending, each UID once. */
static void
add_stored(struct imap_client *k)
{
	struct view_changes *c = &k->changes;
	size_t i = 0, j = 0, n = 0;
	uint32_t *all;

	if (k->stored.n == 0)
		return;
	all = mem_get((c->flags_count + k->stored.n) * sizeof(*all));
	while (i < c->flags_count || j < k->stored.n) {
		uint32_t a = i < c->flags_count ? c->flags[i] : UINT32_MAX;
		uint32_t b = j < k->stored.n ? k->stored.v[j] : UINT32_MAX;

		all[n++] = a < b ? a : b;
		i += a <= b;
		j += b <= a;
	}
	mem_free(c->flags);
	c->flags = all;
	c->flags_count = n;
	mem_free(k->stored.v);
	k->stored = (struct uid_list){0};
}

/* The next of the changes taken from the view. */
static void
tell(struct imap_client *k, uint32_t number, bool first)
{
	static struct imap_flags flags[FLAGS_AT_ONCE];
	const struct view_changes *c = &k->changes;
	struct imap_changes out = {.flags = flags, .gone = c->is_gone};

	if (first) {
		out.expunged = c->expunged;
		out.expunged_count = c->expunged_count;
		out.has_exists = c->has_new;
		out.exists = c->count;
		out.recent = c->recent;
		keywords_of(k, k->mailbox, &out.keywords);
		out.keywords_changed = out.keywords.count != k->keyword_count;
		k->keyword_count = out.keywords.count;
	}
	while (k->told_flags < c->flags_count && out.flags_count < FLAGS_AT_ONCE) {
		uint32_t seq = view_seq(&k->view, c->flags[k->told_flags++]);
		const struct message *m = seq ? view_message(&k->view, seq) : NULL;

		if (m)
			flags_of(k, m, seq, &flags[out.flags_count++]);
	}
	out.more = k->told_flags < c->flags_count;
	client_answer(&k->c, number, NULL, &out);
	if (!out.more)
		sync_clear(k);
}

static void
sync_now(struct imap_client *k, uint32_t number, bool may_expunge)
{
	if (k->told_flags < k->changes.flags_count) {
		tell(k, number, false);
		return;
	}
	view_sync(&k->view, may_expunge, &k->changes);
	add_stored(k);
	tell(k, number, true);
}

static void
looked(struct store_op *op, const struct fault *f)
{
	struct work *w = op->arg;
	struct imap_client *k = w->k;
	uint32_t number = w->number;
	const bool *may_expunge = w->own;
	bool may = *may_expunge;

	/* A folder that is gone is told by the view; one that cannot be read stays as it was. */
	(void)f;
	work_free(w);
	sync_now(k, number, may);
}

void
ask_sync(struct imap_client *k, const struct engine_ask *a)
{
	const struct imap_sync *q = a->detail;
	struct work *w;

	if (!k->selected) {
		client_answer(&k->c, a->number, NULL, &(struct imap_changes){0});
		return;
	}
	if (!q->look) {
		sync_now(k, a->number, q->may_expunge);
		return;
	}
	w = work_new(k, a, sizeof(bool));
	*(bool *)w->own = q->may_expunge;
	w->op.done = looked;
	mailbox_refresh(k->mailbox, &w->op);
}
