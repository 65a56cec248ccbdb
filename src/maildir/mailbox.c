/*
 * An open folder: life, messages, names of their files.
 */
#include "maildir/mailbox.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/ascii.h"
#include "maildir/cache_int.h"
#include "maildir/folders.h"
#include "maildir/mailbox_int.h"

#define LETTERS 0x3ffffffu

/* ---- files ---- */

static bool
is_base(const struct message *r, struct slice base)
{
	return strncmp(r->base, (const char *)base.p, base.n) == 0 && r->base[base.n] == '\0';
}

struct message *
mailbox_by_hash(struct mailbox *m, struct slice base, uint32_t hash, bool *is_doomed)
{
	struct names *n = &m->names;

	if (!n->slots)
		return NULL;
	for (size_t i = hash & n->mask; n->slots[i].uid; i = (i + 1) & n->mask) {
		struct message *r;

		if (n->slots[i].hash != hash)
			continue;
		*is_doomed = false;
		r = rows_find(&m->all, n->slots[i].uid);
		if (!r) {
			*is_doomed = true;
			r = rows_find(&m->doomed, n->slots[i].uid);
		}
		if (r && is_base(r, base))
			return r;
	}
	return NULL;
}

struct message *
mailbox_by_base(struct mailbox *m, struct slice base, bool *is_doomed)
{
	return mailbox_by_hash(m, base, names_hash(base), is_doomed);
}

static const char *
tail_of(const struct message *r)
{
	return r->more & MORE_TAIL ? r->base + strlen(r->base) + 1 : NULL;
}

size_t
message_file(const struct message *r, char out[MAILDIR_NAME_MAX + 1])
{
	const char *tail = tail_of(r);
	size_t n = strlen(r->base), k = 0;
	bool is_plain = (r->more & MORE_WHERE) == MORE_NEW || (r->more & MORE_WHERE) == MORE_TMP;

	if (!tail && !is_plain)
		return maildir_name_join(
		    sl_mem(r->base, n), r->flags & LETTERS, r->more & MORE_LETTERS, SL_NONE, out);
	if (tail)
		k = strlen(tail);
	if (n + k > MAILDIR_NAME_MAX)
		return 0;
	memcpy(out, r->base, n);
	if (k)
		memcpy(out + n, tail, k);
	out[n + k] = '\0';
	return n + k;
}

int
message_dir(const struct mailbox *m, const struct message *r)
{
	switch (r->more & MORE_WHERE) {
	case MORE_NEW:
		return m->dirs.new;
	case MORE_TMP:
		return m->dirs.tmp;
	default:
		return m->dirs.cur;
	}
}

/* Is this what message_file would write without a tail? */
static bool
is_usual(const struct maildir_parts *p, uint32_t where)
{
	struct slice tail = p->tail;

	if (where == MORE_NEW)
		return tail.n == 0;
	if (!sl_starts(tail, SL(":2,")))
		return false;
	/* Letters, each once, in order. */
	for (size_t i = 3; i < tail.n; i++)
		if (!ascii_is_alpha(tail.p[i]) || (i > 3 && tail.p[i] <= tail.p[i - 1]))
			return false;
	return true;
}

void
message_place(
    struct mailbox *m, struct message *r, const struct maildir_parts *parts, uint32_t where)
{
	bool usual = is_usual(parts, where);
	const char *tail = tail_of(r);

	r->flags = parts->upper;
	r->more &= ~(MORE_LETTERS | MORE_WHERE);
	r->more |= parts->lower | where;
	if (usual) {
		r->more &= ~MORE_TAIL;
	} else if (!tail || !sl_eq(sl_str(tail), parts->tail)) {
		r->base = pool_name(&m->pool, sl_str(r->base), parts->tail, true);
		r->more |= MORE_TAIL;
	}
}

/* ---- life ---- */

static void
close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void
mailbox_free(struct mailbox *m)
{
	list_remove(&m->node);
	store_timer_stop(m->store, &m->warm);
	store_timer_stop(m->store, &m->again);
	cache_free(m);
	maildir_close(&m->dirs);
	close_fd(&m->index);
	close_fd(&m->lock);
	close_fd(&m->facts);
	mem_free(m->all.p);
	mem_free(m->doomed.p);
	mem_free(m->names.slots);
	pool_free(&m->pool);
	for (size_t i = 0; i < m->pop3_count; i++)
		mem_free(m->pop3_ids[i].id);
	mem_free(m->pop3_ids);
	mem_free(m->name);
	mem_free(m);
}

static void
is_cold(void *arg)
{
	struct mailbox *m = arg;

	if (m->refs == 0)
		mailbox_free(m);
}

/* The dirty second is over. */
static void
look_again(void *arg)
{
	struct mailbox *m = arg;

	if (!list_is_empty(&m->views))
		mailbox_poke(m);
}

struct mailbox *
mailbox_find_open(struct store *s, dev_t dev, ino_t ino)
{
	LIST_EACH (&s->mailboxes, n) {
		struct mailbox *m = CONTAINER_OF(n, struct mailbox, node);

		if (m->dev == dev && m->ino == ino && !m->gone)
			return m;
	}
	return NULL;
}

void
mailbox_hold(struct mailbox *m)
{
	if (m->refs++ == 0)
		store_timer_stop(m->store, &m->warm);
}

/* The one that has been warm longest, when there are too many. */
static void
cool_one(struct store *s)
{
	struct mailbox *first = NULL;
	size_t warm = 0;

	LIST_EACH (&s->mailboxes, n) {
		struct mailbox *m = CONTAINER_OF(n, struct mailbox, node);

		if (m->refs > 0)
			continue;
		warm++;
		first = first ? first : m;
	}
	if (warm > STORE_WARM_MAX)
		store_timer_set(s, &first->warm, 0);
}

void
mailbox_close(struct mailbox *m)
{
	if (--m->refs > 0)
		return;
	list_remove(&m->node);
	list_append(&m->store->mailboxes, &m->node);
	store_timer_set(m->store, &m->warm, m->gone ? 0 : STORE_WARM_MS);
	cool_one(m->store);
}

void
mailbox_gone(struct mailbox *m, const struct fault *why)
{
	if (m->gone)
		return;
	m->gone = true;
	m->gone_why = *why;
	mailbox_changed(m);
}

enum st
mailbox_check(const struct mailbox *m, struct fault *f)
{
	if (!m->gone)
		return ST_OK;
	*f = m->gone_why;
	return f->st;
}

void
mailbox_changed(struct mailbox *m)
{
	m->changed = true;
}

/* ---- opening ---- */

/* 0 or -errno, or *fd is the directory of our own files, which is made when it is missing. */
static int
open_index(int top, int *fd)
{
	if (mkdirat(top, "courierindex", 0700) != 0 && errno != EEXIST)
		return -errno;
	*fd = openat(top, "courierindex", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return *fd < 0 ? -errno : 0;
}

static int
open_own_files(struct mailbox *m)
{
	int err = open_index(m->dirs.top, &m->index);

	if (err)
		return err;
	m->lock =
	    openat(m->index, "lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0600);
	return m->lock < 0 ? -errno : 0;
}

static struct mailbox *
mailbox_new(struct store *s, struct slice name, struct maildir *dirs, const struct stat *st)
{
	struct mailbox *m = mem_get(sizeof(*m));
	int err;

	*m = (struct mailbox){.store = s,
	    .name = folder_name_keep(name),
	    .dev = st->st_dev,
	    .ino = st->st_ino,
	    .warm = {.fn = is_cold, .arg = m},
	    .again = {.fn = look_again, .arg = m},
	    .dirs = *dirs,
	    .index = -1,
	    .lock = -1,
	    .facts = -1,
	    .new_seen = {.mtime_ns = -1},
	    .cur_seen = {.mtime_ns = -1},
	    .force_scan = true};
	list_init(&m->refresh_now);
	list_init(&m->refresh_next);
	list_init(&m->views);
	list_append(&s->mailboxes, &m->node);
	err = open_own_files(m);
	if (err) {
		/* A disk without room, or a Maildir we may only read: it can be read all the same.
		 */
		struct fault f;

		fault_sys(&f, ST_IO, "4.3.0", -err, "facts,unsaved=%s", m->name);
		store_note(s, &f);
		m->unsaved = true;
	}
	return m;
}

/* The folder's directories; the mailbox that has them already, or a new one. */
static struct mailbox *
mailbox_get(struct store *s, struct slice name, struct fault *f)
{
	char dir[MAILDIR_NAME_MAX + 1];
	struct maildir dirs;
	struct mailbox *m;
	struct stat st;

	if (folder_name_find(s->top, name, dir, f) != ST_OK)
		return NULL;
	if (maildir_open(s->top, sl_str(dir), MAILDIR_NEVER, &dirs, f) != ST_OK) {
		/* A part of it is missing: it is mended, when it is there at all. */
		if (f->st != ST_NOENT || maildir_kind_of(s->top, sl_str(dir)) != MAILDIR_IS_DIR)
			return NULL;
		if (maildir_open(s->top, sl_str(dir), MAILDIR_MAKE, &dirs, f) != ST_OK)
			return NULL;
	}
	if (fstat(dirs.top, &st) != 0) {
		maildir_fault(f, errno, "looking at the folder");
		maildir_close(&dirs);
		return NULL;
	}
	m = mailbox_find_open(s, st.st_dev, st.st_ino);
	if (!m)
		return mailbox_new(s, name, &dirs, &st);
	maildir_close(&dirs);
	return m;
}

static void
open_result(struct task *t, struct store_op *op)
{
	mailbox_hold(t->mailbox);
	op->mailbox = t->mailbox;
}

static enum step
run_done(struct task *t)
{
	(void)t;
	return STEP_DONE;
}

void
mailbox_open(struct store *s, struct slice name, bool read_write, struct store_op *op)
{
	struct fault f;
	struct mailbox *m = mailbox_get(s, name, &f);
	struct task *t;

	(void)read_write; /* what it means is up to the views */
	if (!s->cleaned) {
		s->cleaned = true;
		folders_clean(s);
	}
	if (!m) {
		task_fail(s, op, &f);
		return;
	}
	t = task_new(s, sizeof(*t), m, op, run_done);
	t->result = open_result;
	refresh_wait(m, t, false);
}

void
mailbox_refresh(struct mailbox *m, struct store_op *op)
{
	struct task *t = task_new(m->store, sizeof(*t), m, op, run_done);

	refresh_wait(m, t, false);
}

void
mailbox_poke(struct mailbox *m)
{
	if (!m->poked && !m->gone) {
		m->poked = true;
		mailbox_refresh(m, NULL);
	}
}

/* ---- what others see ---- */

int
mailbox_new_fd(const struct mailbox *m)
{
	return m->dirs.new;
}

int
mailbox_cur_fd(const struct mailbox *m)
{
	return m->dirs.cur;
}

const struct message *
mailbox_messages(const struct mailbox *m, size_t *count)
{
	*count = m->shown;
	return m->all.p;
}

const struct message *
mailbox_find(const struct mailbox *m, uint32_t uid)
{
	size_t i = rows_index(&m->all, uid);

	return i < m->shown && m->all.p[i].uid == uid ? &m->all.p[i] : NULL;
}

size_t
mailbox_index(const struct mailbox *m, uint32_t uid)
{
	size_t i = rows_index(&m->all, uid);

	return i < m->shown ? i : m->shown;
}

struct slice
mailbox_name(const struct mailbox *m)
{
	return sl_str(m->name);
}

struct store *
mailbox_store(const struct mailbox *m)
{
	return m->store;
}

uint32_t
mailbox_uidvalidity(const struct mailbox *m)
{
	return m->uidvalidity;
}

uint32_t
mailbox_uidnext(const struct mailbox *m)
{
	/* Those not shown yet are announced when they are. */
	return m->shown < m->all.count ? m->all.p[m->shown].uid : m->uidnext;
}

uint64_t
mailbox_modseq(const struct mailbox *m)
{
	return m->modseq;
}

bool
mailbox_is_gone(const struct mailbox *m)
{
	return m->gone;
}

struct slice
mailbox_keyword(const struct mailbox *m, unsigned n)
{
	return n < MAILBOX_KEYWORDS ? m->keywords[n] : SL_NONE;
}

int
mailbox_keyword_find(const struct mailbox *m, struct slice name)
{
	for (int i = 0; i < MAILBOX_KEYWORDS && name.n; i++)
		if (sl_ieq(m->keywords[i], name))
			return i;
	return -1;
}

void
mailbox_add_pop3_id(struct mailbox *m, uint32_t uid, struct slice id)
{
	if (m->pop3_count == m->pop3_cap) {
		m->pop3_cap = m->pop3_cap ? m->pop3_cap * 2 : 16;
		m->pop3_ids = mem_resize(m->pop3_ids, m->pop3_cap * sizeof(*m->pop3_ids));
	}
	m->pop3_ids[m->pop3_count++] = (struct pop3_id){.uid = uid, .id = mem_str(id)};
}

const char *
mailbox_pop3_id(const struct mailbox *m, uint32_t uid)
{
	size_t lo = 0, hi = m->pop3_count;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (m->pop3_ids[mid].uid < uid)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < m->pop3_count && m->pop3_ids[lo].uid == uid ? m->pop3_ids[lo].id : NULL;
}

/* The array without those rows, the names without their bases. */
void
mailbox_take_out(struct mailbox *m, const uint32_t *uids, size_t count)
{
	size_t shown;

	if (count == 0)
		return;
	views_removed(m, uids, count);
	shown = m->shown;
	for (size_t i = 0; i < count; i++) {
		size_t at = rows_index(&m->all, uids[i]);

		if (at < m->shown && m->all.p[at].uid == uids[i])
			shown--;
	}
	rows_remove(&m->all, uids, count);
	m->shown = shown;
	mailbox_changed(m);
}

void
mailbox_show(struct mailbox *m, uint32_t uid)
{
	size_t to = rows_index(&m->all, uid);

	if (to < m->all.count && m->all.p[to].uid == uid)
		to++;
	if (to > m->shown) {
		m->shown = to;
		mailbox_changed(m);
	}
}
