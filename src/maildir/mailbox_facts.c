/*
 * The file of facts: loaded, followed, appended to.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/arena.h"
#include "maildir/facts_int.h"
#include "maildir/folder_name.h"
#include "maildir/import.h"
#include "maildir/step.h"
#include "os/filelock.h"
#include "os/random.h"

#define PIECE_BYTES (256u << 10)
#define SMALL_PIECE_BYTES (4u << 10)
#define RECORD_BYTES 140 /* of a message, at a guess */
#define SLACK_MIN_BYTES (4u << 10)
#define SLACK_MAX_BYTES (256u << 10)

static ssize_t
read_at(int fd, void *p, size_t n, uint64_t at)
{
	ssize_t got;

	do
		got = pread(fd, p, n, (off_t)at);
	while (got < 0 && errno == EINTR);
	return got;
}

/* ---- a pass over records ---- */

/* Applies the records of a piece. How it ended: as facts_next. */
static enum st
apply_piece(struct mailbox *m, struct facts_pass *p, struct slice in, size_t *used)
{
	struct slice rest = in;
	struct facts_record r;
	enum st st;

	while ((st = facts_next(&rest, &r)) == ST_OK) {
		bool was_begin = r.kind == FACTS_BEGIN;
		uint64_t at = m->facts_end + *used;

		/* Only the first record is a beginning. */
		if (was_begin != (at == FACTS_HEADER_BYTES))
			return ST_SYNTAX;
		if (r.kind == FACTS_TOGETHER && p->group_left == 0)
			p->group_at = at;
		if (!facts_apply(m, p, &r))
			return ST_SYNTAX;
		*used = (size_t)(rest.p - in.p);
	}
	return st;
}

/*
 * Goes on from facts_end. ST_EOF: that was all of it; ST_AGAIN: the turn is over (bounded);
 * ST_SYNTAX: what stands at facts_end is no record, or not all of one; ST_IO.
 */
static enum st
read_on(struct mailbox *m, struct facts_pass *p, bool bounded, struct fault *f)
{
	size_t piece = SMALL_PIECE_BYTES;
	unsigned char *room = mem_get(piece);
	enum st st = ST_AGAIN;

	while (st == ST_AGAIN) {
		ssize_t n = read_at(m->facts, room, piece, m->facts_end);
		size_t used = 0;

		if (n < 0) {
			st = maildir_fault(f, errno, "reading the facts");
			break;
		}
		st = apply_piece(m, p, sl_mem(room, (size_t)n), &used);
		m->facts_end += used;
		if (st == ST_EOF && (size_t)n - used < 5 && (size_t)n == piece)
			st = ST_AGAIN; /* too little to see what follows */
		if (st == ST_AGAIN && (size_t)n < piece)
			st = ST_SYNTAX;
		if (st != ST_AGAIN || (bounded && !store_has_time(m->store)))
			break;
		if (piece < PIECE_BYTES) {
			piece = PIECE_BYTES;
			mem_free(room);
			room = mem_get(piece);
		}
	}
	mem_free(room);
	return st;
}

static uint64_t
file_size(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 ? (uint64_t)st.st_size : 0;
}

/* ---- damage ---- */

static void
note(struct mailbox *m, const char *event, const char *words)
{
	struct fault f;

	fault_set(&f, ST_IO, "4.3.0", "facts,%s=%s %s", event, m->name, words);
	store_note(m->store, &f);
}

/*
 * Under the lock: facts_end is where a record does not prove itself. Nothing that proves itself
 * behind it: it was being written when the system went down, nobody was told of it, and it is cut
 * off. Else the file was damaged, and we go on behind it.
 */
static enum st
pass_damage(struct mailbox *m, struct facts_pass *p, struct fault *f)
{
	uint64_t size = file_size(m->facts), next;

	next = facts_find_next(m->facts, m->facts_end + 1, size);
	if (next == 0) {
		note(m, "cut", "an unfinished record at the end");
		if (ftruncate(m->facts, (off_t)m->facts_end) != 0)
			return maildir_fault(f, errno, "cutting the facts");
		return ST_EOF;
	}
	note(m, "damaged", "records are missing");
	if (p->group_left) {
		facts_undo_after(m, p->group_uidnext);
		p->group_left = 0;
	}
	p->damaged = true;
	p->highest_known = false;
	m->facts_damaged = true;
	m->facts_end = next;
	return ST_AGAIN;
}

/* The same as read_on, under the lock, to the very end. ST_OK or a fault. */
static enum st
read_all(struct mailbox *m, struct facts_pass *p, struct fault *f)
{
	enum st st;

	do {
		st = read_on(m, p, false, f);
		if (st == ST_SYNTAX)
			st = pass_damage(m, p, f);
	} while (st == ST_AGAIN);
	if (st != ST_EOF)
		return st;
	m->facts_size = file_size(m->facts);
	if (p->damaged && !p->highest_known) {
		/* UIDs that were given away may be unknown: none of the old ones may mean anything.
		 */
		m->uidvalidity = facts_new_validity(m, m->uidvalidity);
		note(m, "lost", "new UIDVALIDITY");
	}
	return ST_OK;
}

/* ---- beginning ---- */

/* R3501-2.3.1.1-d, R3501-6.3.3-d: greater than all before it, of whatever folder. */
uint32_t
facts_new_validity(struct mailbox *m, uint32_t above)
{
	int64_t now = store_wall_sec(m->store);
	uint32_t v = now > 0 && now < UINT32_MAX ? (uint32_t)now : 1;
	uint32_t floor = folder_validity_floor(m->store->top);
	struct fault f;
	int err;

	above = above > floor ? above : floor;
	v = v > above ? v : above + 1;
	/* No two folders of an account have the same: then none gets it by a rename either. */
	err = folder_validity_note(m->store->top, v);
	if (err) {
		maildir_fault(&f, -err, "noting the UIDVALIDITY");
		store_note(m->store, &f);
	}
	return v;
}

static void
identify(struct mailbox *m)
{
	struct stat st;

	if (fstat(m->facts, &st) != 0)
		return;
	m->facts_dev = st.st_dev;
	m->facts_ino = st.st_ino;
	m->facts_size = (uint64_t)st.st_size;
}

/* UIDs for this process only: what cannot be kept must not come back. */
static void
begin_unsaved(struct mailbox *m)
{
	m->unsaved = true;
	m->uidvalidity = facts_new_validity(m, 0);
	m->uidnext = 1;
	m->modseq = 1;
	m->loaded = true;
}

/* Under the lock: the first facts of this folder, or new ones for lost ones. */
static enum st
begin(struct mailbox *m, uint32_t above, struct fault *f)
{
	struct fault why;

	m->uidvalidity = 0;
	m->uidnext = 1;
	m->modseq = 1;
	if (above == 0)
		import_all(m);
	if (m->uidvalidity == 0)
		m->uidvalidity = facts_new_validity(m, above);
	if (facts_rewrite(m, &why) != ST_OK) {
		store_note(m->store, &why);
		if (why.sys != ENOSPC && why.sys != EDQUOT && why.sys != EROFS &&
		    why.sys != EACCES) {
			*f = why;
			return why.st;
		}
		m->unsaved = true;
	}
	m->loaded = true;
	return ST_OK;
}

/* Is this our file at all? The header, and a V that can be read. Else *above is the old validity.
 */
static bool
has_beginning(struct mailbox *m, uint32_t *above)
{
	unsigned char head[FACTS_HEADER_BYTES + FACTS_FRAME_BYTES + 16];
	struct facts_record r;
	struct slice rest;

	*above = 0;
	if (read_at(m->facts, head, sizeof(head), 0) != (ssize_t)sizeof(head))
		return false;
	rest = sl_skip(sl_mem(head, sizeof(head)), FACTS_HEADER_BYTES);
	if (facts_next(&rest, &r) != ST_OK || r.kind != FACTS_BEGIN)
		return false;
	*above = r.uidvalidity;
	return memcmp(head, FACTS_HEADER, FACTS_HEADER_BYTES) == 0;
}

static void
close_facts(struct mailbox *m)
{
	if (m->facts >= 0)
		close(m->facts);
	m->facts = -1;
}

static int
open_facts(struct mailbox *m)
{
	m->facts = openat(m->index, "facts", O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	if (m->facts < 0)
		return -errno;
	identify(m);
	return 0;
}

static enum st
lock_only(struct mailbox *m, struct fault *f)
{
	struct stat st;
	int err = filelock_try(m->lock);

	if (err == -EAGAIN)
		return ST_AGAIN;
	if (err)
		return maildir_fault(f, -err, "locking the folder");
	if (fstat(m->lock, &st) != 0 || st.st_nlink == 0) {
		facts_unlock(m);
		fault_set(f, ST_IO, "4.3.0", "the facts of %s were removed", m->name);
		mailbox_gone(m, f);
		return f->st;
	}
	return ST_OK;
}

void
facts_unlock(struct mailbox *m)
{
	if (m->lock >= 0 && filelock_release(m->lock) != 0)
		note(m, "unlock", "failed");
}

/* Under the lock, when reading without it came to the end or to something odd. */
static enum st
load_end(struct mailbox *m, struct facts_pass *p, struct fault *f)
{
	enum st st = read_all(m, p, f);

	if (st != ST_OK)
		return st;
	facts_pass_end(m, p);
	m->loaded = true;
	if (!m->facts_damaged)
		return ST_OK;
	m->facts_damaged = false;
	return facts_rewrite(m, f);
}

static enum st
load_locked(struct mailbox *m, struct fault *f)
{
	struct facts_pass p = {0};
	uint32_t above = 0;
	int err = m->facts >= 0 ? 0 : open_facts(m);

	facts_writer_clean(m);
	if (err == -ENOENT)
		return begin(m, 0, f);
	if (err == -EACCES || err == -EROFS) {
		begin_unsaved(m);
		return ST_OK;
	}
	if (err)
		return maildir_fault(f, -err, "opening the facts");
	if (!has_beginning(m, &above)) {
		note(m, "lost", "new UIDVALIDITY");
		close_facts(m);
		return begin(m, above ? above : 1, f);
	}
	m->facts_end = FACTS_HEADER_BYTES;
	m->uidnext = 1;
	names_reserve(&m->names, (size_t)(file_size(m->facts) / RECORD_BYTES));
	return load_end(m, &p, f);
}

enum st
facts_load(struct mailbox *m, struct fault *f)
{
	enum st st;

	if (m->unsaved) {
		begin_unsaved(m);
		return ST_OK;
	}
	st = lock_only(m, f);
	if (st != ST_OK)
		return st;
	st = load_locked(m, f);
	facts_unlock(m);
	return st;
}

/* ---- following ---- */

/* Another process wrote the file anew: what it has is what counts. */
static enum st
reload(struct mailbox *m, struct fault *f)
{
	struct facts_pass p = {.reloading = true, .changed = true};
	uint32_t above;
	enum st st;

	close_facts(m);
	if (open_facts(m) != 0) {
		/* Removed under us: what we know becomes the file. */
		return facts_rewrite(m, f);
	}
	if (!has_beginning(m, &above)) {
		fault_set(f, ST_IO, "4.3.0", "the facts of %s were damaged", m->name);
		mailbox_gone(m, f);
		return f->st;
	}
	m->facts_end = FACTS_HEADER_BYTES;
	st = read_all(m, &p, f);
	facts_pass_end(m, &p);
	if (st == ST_OK && p.other_validity) {
		fault_set(f, ST_IO, "4.3.0", "the facts of %s were replaced", m->name);
		mailbox_gone(m, f);
		st = f->st;
	}
	return st;
}

static bool
is_replaced(const struct mailbox *m)
{
	struct stat st;

	return fstatat(m->index, "facts", &st, AT_SYMLINK_NOFOLLOW) != 0 ||
	       st.st_ino != m->facts_ino || st.st_dev != m->facts_dev;
}

/* Does something stand where our next record would? */
static bool
has_more(const struct mailbox *m)
{
	unsigned char head[5];
	ssize_t n = read_at(m->facts, head, sizeof(head), m->facts_end);

	for (ssize_t i = 0; i < n; i++)
		if (head[i])
			return true;
	return false;
}

enum st
facts_lock(struct mailbox *m, struct fault *f)
{
	struct facts_pass p = {0};
	enum st st = mailbox_check(m, f);

	m->words_put = 0; /* records that were made and not written do not count */
	if (st != ST_OK || m->unsaved)
		return st;
	st = lock_only(m, f);
	if (st != ST_OK)
		return st;
	if (is_replaced(m)) {
		st = reload(m, f);
	} else if (has_more(m)) {
		st = read_all(m, &p, f);
		facts_pass_end(m, &p);
	}
	if (st != ST_OK)
		facts_unlock(m);
	return st;
}

enum st
facts_catch_up(struct mailbox *m, bool *changed, struct fault *f)
{
	struct facts_pass p = {0};
	enum st st;

	*changed = false;
	if (m->unsaved)
		return ST_OK;
	if (is_replaced(m)) {
		st = facts_lock(m, f);
		if (st == ST_OK)
			facts_unlock(m);
		*changed = st == ST_OK;
		return st;
	}
	if (!has_more(m))
		return ST_OK;
	st = read_on(m, &p, false, f);
	facts_pass_end(m, &p);
	*changed = p.changed;
	/* Something unfinished at the end: who writes next looks at it under the lock. */
	return st == ST_EOF || st == ST_SYNTAX ? ST_OK : st;
}

bool
task_lock(struct task *t, enum step *step)
{
	enum st st = facts_lock(t->mailbox, &t->fault);
	int64_t now = store_mono_ms(t->store);

	if (st == ST_OK) {
		t->lock_since_ms = 0;
		return true;
	}
	*step = STEP_DONE;
	if (st != ST_AGAIN)
		return false;
	if (t->lock_since_ms == 0)
		t->lock_since_ms = now;
	if (now - t->lock_since_ms > STORE_LOCK_MAX_MS) {
		fault_set(&t->fault, ST_TEMP, "4.3.0", "another program holds the folder's lock");
		return false;
	}
	task_later(t, STORE_LOCK_RETRY_MS);
	*step = STEP_WAIT;
	return false;
}

/* ---- writing ---- */

static int
write_at(int fd, const unsigned char *p, size_t n, uint64_t at)
{
	while (n) {
		ssize_t done = pwrite(fd, p, n, (off_t)at);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return done < 0 ? errno : EIO;
		p += done;
		n -= (size_t)done;
		at += (uint64_t)done;
	}
	return 0;
}

/* Zeros behind the records, so that a full disk does not keep anybody from removing mail, and a
 * sync has no length to write. */
static void
add_slack(struct mailbox *m, uint64_t need)
{
	uint64_t slack = need / 8;
	unsigned char *zeros;

	slack = slack < SLACK_MIN_BYTES ? SLACK_MIN_BYTES : slack;
	slack = slack > SLACK_MAX_BYTES ? SLACK_MAX_BYTES : slack;
	zeros = mem_get((size_t)slack);
	if (write_at(m->facts, zeros, (size_t)slack, need) == 0)
		m->facts_size = need + slack;
	mem_free(zeros);
}

enum st
facts_append(struct mailbox *m, const struct buf *records, struct fault *f)
{
	uint64_t end = m->facts_end + records->n;
	int err = maildir_step(MAILDIR_STEP_FACTS_APPEND);

	if (!buf_ok(records))
		return fault_set(f, ST_BUG, "4.3.0", "records of facts without end");
	if (m->unsaved || records->n == 0)
		return ST_OK; /* names of keywords need not be saved */
	if (!err)
		err = write_at(m->facts, records->p, records->n, m->facts_end);
	if (err) {
		/* What did get there must not be taken for a record. */
		if (ftruncate(m->facts, (off_t)m->facts_end) != 0)
			note(m, "cut", "failed");
		m->facts_size = m->facts_end;
		return maildir_fault(f, err, "writing the facts");
	}
	m->words_saved |= m->words_put;
	m->words_put = 0;
	m->facts_end = end;
	if (end > m->facts_size)
		add_slack(m, end);
	maildir_step(MAILDIR_STEP_FACTS_WRITTEN);
	return ST_OK;
}

/* R3501-2.3.1.1-a, R3501-2.3.1.1-c, R9051-2.3.1.1-f */
struct message *
facts_add_message(struct mailbox *m, struct slice base, int64_t saved_sec, struct buf *out)
{
	unsigned char id[FACTS_OBJECT_ID_BYTES];
	struct message row = {
	    .uid = m->uidnext, .modseq = m->modseq, .date_sec = INT64_MIN, .more = MORE_UNKNOWN};

	random_bytes(id, sizeof(id));
	facts_put_added(out, row.uid, row.modseq, saved_sec, id, base);
	row.base = pool_name(&m->pool, base, SL_NONE, false);
	if (!maildir_name_size(base, &row.file_bytes))
		row.file_bytes = 0;
	if (!maildir_name_wire_size(base, &row.wire_bytes))
		row.wire_bytes = 0;
	names_put(&m->names, names_hash(base), row.uid);
	m->uidnext++;
	return rows_add(&m->all, &row);
}

int
facts_keyword(struct mailbox *m, struct slice name, struct buf *out)
{
	int n = mailbox_keyword_find(m, name);
	uint64_t bit;

	for (int i = 0; n < 0 && i < MAILBOX_KEYWORDS; i++) {
		if (m->keywords[i].n)
			continue;
		n = i;
		m->keywords[i] = sl_mem(pool_name(&m->pool, name, SL_NONE, false), name.n);
	}
	if (n < 0)
		return n;
	bit = UINT64_C(1) << n;
	if (!((m->words_saved | m->words_put) & bit)) {
		m->words_put |= bit;
		facts_put_keyword(out, (uint8_t)n, m->keywords[n]);
	}
	return n;
}

/* ---- syncing ---- */

void
facts_sync(struct task *t, int dir)
{
	const struct mailbox *m = t->mailbox;
	const struct durable_item items[] = {
	    {.fd = m->facts, .kind = m->facts_is_new ? DURABLE_FILE : DURABLE_DATA},
	    {.fd = dir, .kind = DURABLE_DIR},
	    {.fd = m->facts_is_new ? m->index : -1, .kind = DURABLE_DIR},
	    {.fd = m->facts_is_new ? m->dirs.top : -1, .kind = DURABLE_DIR},
	};

	t->synced_new = m->facts_is_new ? m->facts_ino : 0;
	task_sync(t, items, COUNT_OF(items));
}

enum st
facts_synced(struct task *t)
{
	struct mailbox *m = t->mailbox;
	int err = t->sync_result ? t->sync_result : maildir_step(MAILDIR_STEP_FACTS_SYNCED);

	if (t->synced_new && t->synced_new == m->facts_ino && !err)
		m->facts_is_new = false;
	if (!err)
		return ST_OK;
	/* What is in memory may not be on disk: nobody may rely on it, and a failed
	 * sync is never tried again. */
	maildir_fault(&t->fault, err, "making the facts durable");
	mailbox_gone(m, &t->fault);
	return t->fault.st;
}
