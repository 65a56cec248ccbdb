/*
 * The file of facts written anew: at its beginning, after damage, and when most of it counts no
 * more.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/num.h"
#include "maildir/facts_int.h"
#include "maildir/step.h"
#include "os/random.h"

#define NEW_PREFIX "facts.new."
#define LEFT_SEC 3600
#define PIECE_BYTES (256u << 10)
#define ANY_BYTES (1u << 30)
#define LOOKED_AT_MAX_BYTES (64u << 20)

int
facts_writer_open(struct facts_writer *w, int index)
{
	static unsigned counter;

	*w = (struct facts_writer){.fd = -1};
	buf_init(&w->buf, ANY_BYTES);
	/* Each writer has a name of its own: another process may be at the same. */
	snprintf(w->name, sizeof(w->name), NEW_PREFIX "%ld.%u", (long)getpid(), counter++);
	unlinkat(index, w->name, 0);
	w->fd = openat(index, w->name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (w->fd < 0)
		return errno;
	buf_put(&w->buf, SL(FACTS_HEADER));
	return 0;
}

void
facts_writer_close(struct facts_writer *w, int index)
{
	if (w->fd >= 0) {
		close(w->fd);
		unlinkat(index, w->name, 0);
	}
	w->fd = -1;
	buf_fini(&w->buf);
}

void
facts_writer_clean(const struct mailbox *m)
{
	struct maildir_walker w;
	const char *name;
	struct stat st;

	if (maildir_walker_open(m->index, &w) != 0)
		return;
	while ((name = maildir_walker_next(&w)) != NULL)
		if (sl_starts(sl_str(name), SL(NEW_PREFIX)) &&
		    fstatat(m->index, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		    store_wall_sec(m->store) - (int64_t)st.st_mtime > LEFT_SEC)
			unlinkat(m->index, name, 0);
	maildir_walker_close(&w);
}

void
facts_writer_flush(struct facts_writer *w, size_t above)
{
	const unsigned char *p = w->buf.p;
	size_t left = w->buf.n;

	if (left <= above)
		return;
	while (left && !w->err) {
		ssize_t n = write(w->fd, p, left);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			w->err = n < 0 ? errno : EIO;
			break;
		}
		p += n;
		left -= (size_t)n;
		w->written += (uint64_t)n;
	}
	buf_clear(&w->buf);
}

/* What the array does not hold: read from the old file once more. */
struct kept {
	uint32_t uid;
	int64_t saved_sec;
	unsigned char id[FACTS_OBJECT_ID_BYTES];
};

struct old {
	struct kept *rows; /* by UID */
	size_t count, cap, at;
};

static void
old_add(struct old *o, const struct facts_record *r)
{
	if (r->kind != FACTS_ADDED || (o->count && o->rows[o->count - 1].uid >= r->uid))
		return;
	if (o->count == o->cap) {
		o->cap = o->cap ? o->cap * 2 : 64;
		o->rows = mem_resize(o->rows, o->cap * sizeof(*o->rows));
	}
	o->rows[o->count] = (struct kept){.uid = r->uid, .saved_sec = r->saved_sec};
	memcpy(o->rows[o->count++].id, r->object_id.p, FACTS_OBJECT_ID_BYTES);
}

static void
old_read(const struct mailbox *m, struct old *o)
{
	size_t room_bytes = PIECE_BYTES + FACTS_FRAME_BYTES + FACTS_PAYLOAD_MAX;
	unsigned char *room = m->facts < 0 ? NULL : mem_get(room_bytes);
	uint64_t at = FACTS_HEADER_BYTES;

	while (room && at < m->facts_end) {
		ssize_t n = pread(m->facts, room, room_bytes, (off_t)at);
		struct slice rest = sl_mem(room, n > 0 ? (size_t)n : 0);
		struct facts_record r;

		while (facts_next(&rest, &r) == ST_OK)
			old_add(o, &r);
		if (n <= 0 || rest.p == room)
			break; /* damaged there: those behind it get new ids */
		at += (uint64_t)(rest.p - room);
	}
	mem_free(room);
}

static const struct kept *
old_find(struct old *o, uint32_t uid)
{
	while (o->at < o->count && o->rows[o->at].uid < uid)
		o->at++;
	return o->at < o->count && o->rows[o->at].uid == uid ? &o->rows[o->at] : NULL;
}

static void
put_rows(struct mailbox *m, struct facts_writer *w, const struct rows *rows)
{
	struct old old = {0};

	old_read(m, &old);
	for (size_t i = 0; i < rows->count; i++) {
		const struct message *r = &rows->p[i];
		const struct kept *k = old_find(&old, r->uid);
		struct kept fresh = {.saved_sec = store_wall_sec(m->store)};

		if (!k) {
			random_bytes(fresh.id, sizeof(fresh.id));
			k = &fresh;
		}
		facts_put_added(&w->buf, r->uid, r->modseq, k->saved_sec, k->id, sl_str(r->base));
		facts_writer_flush(w, PIECE_BYTES);
	}
	mem_free(old.rows);
}

void
facts_writer_flags(struct facts_writer *w, const struct rows *rows, size_t from, size_t to)
{
	struct facts_flags list[256];
	uint32_t n = 0;

	for (size_t i = from; i < to; i++) {
		const struct message *r = &rows->p[i];
		uint8_t flags = facts_flags_pack(r->flags);

		if (flags || r->keywords)
			list[n++] = (struct facts_flags){
			    .uid = r->uid, .keywords = r->keywords, .flags = flags};
		/* One record has one modseq. */
		if (n &&
		    (n == COUNT_OF(list) || i + 1 == to || rows->p[i + 1].modseq != r->modseq)) {
			facts_put_flags(&w->buf, r->modseq, list, n);
			facts_writer_flush(w, PIECE_BYTES);
			n = 0;
		}
	}
}

void
facts_writer_begin(struct facts_writer *w, const struct mailbox *m)
{
	facts_put_begin(&w->buf, m->uidvalidity, m->uidnext, m->modseq);
	for (unsigned i = 0; i < MAILBOX_KEYWORDS; i++)
		if (m->keywords[i].n)
			facts_put_keyword(&w->buf, (uint8_t)i, m->keywords[i]);
}

void
facts_writer_end(struct facts_writer *w, const struct mailbox *m)
{
	for (size_t i = 0; i < m->doomed.count; i++)
		facts_put_uids(&w->buf, FACTS_EXPUNGED, m->modseq, &m->doomed.p[i].uid, 1);
	for (size_t i = 0; i < m->pop3_count; i++)
		if (rows_find(&m->all, m->pop3_ids[i].uid))
			facts_put_pop3_id(&w->buf, m->pop3_ids[i].uid, sl_str(m->pop3_ids[i].id));
	facts_writer_flush(w, 0);
}

int
facts_writer_switch(struct facts_writer *w, struct mailbox *m)
{
	struct stat st;
	int err = w->err ? w->err : maildir_step(MAILDIR_STEP_FACTS_NEW);

	if (!err && fstat(w->fd, &st) != 0)
		err = errno;
	if (!err && renameat(m->index, w->name, m->index, "facts") != 0)
		err = errno;
	if (err)
		return err;
	if (m->facts >= 0)
		close(m->facts);
	m->facts = w->fd;
	w->fd = -1;
	m->facts_dev = st.st_dev;
	m->facts_ino = st.st_ino;
	m->facts_end = m->facts_size = w->written;
	m->facts_live = w->written;
	m->facts_is_new = true;
	return 0;
}

/* Rows of both kinds in the order of their UIDs, as a reader wants them. */
static void
put_all(struct mailbox *m, struct facts_writer *w)
{
	struct rows both = {0};

	facts_writer_begin(w, m);
	for (size_t i = 0; i < m->all.count; i++)
		rows_add(&both, &m->all.p[i]);
	for (size_t i = 0; i < m->doomed.count; i++)
		rows_add(&both, &m->doomed.p[i]);
	put_rows(m, w, &both);
	mem_free(both.p);
	facts_writer_flags(w, &m->all, 0, m->all.count);
	facts_writer_end(w, m);
}

enum st
facts_rewrite(struct mailbox *m, struct fault *f)
{
	struct facts_writer w;
	int err = facts_writer_open(&w, m->index);

	if (!err) {
		put_all(m, &w);
		/* Whoever is told of it waits for its sync first (facts_is_new). */
		err = facts_writer_switch(&w, m);
	}
	facts_writer_close(&w, m->index);
	if (err)
		return maildir_fault(f, err, "writing the facts");
	for (unsigned i = 0; i < MAILBOX_KEYWORDS; i++)
		if (m->keywords[i].n)
			m->words_saved |= UINT64_C(1) << i;
	return ST_OK;
}

uint64_t
facts_find_next(int fd, uint64_t from, uint64_t size)
{
	size_t room_bytes = PIECE_BYTES + FACTS_FRAME_BYTES + FACTS_PAYLOAD_MAX;
	unsigned char *room = mem_get(room_bytes);
	uint64_t looked = 0, found = 0;

	while (from < size && looked < LOOKED_AT_MAX_BYTES && !found) {
		ssize_t n = pread(fd, room, room_bytes, (off_t)from);
		size_t at;

		if (n <= 0)
			break;
		for (at = 0; at < (size_t)n && at < PIECE_BYTES && !found; at++) {
			struct slice rest = sl_mem(room + at, (size_t)n - at);
			struct facts_record r;

			if (rest.n < FACTS_FRAME_BYTES || rest.p[4] < 'A' || rest.p[4] > 'X')
				continue;
			if (num_get_be32(rest.p) > FACTS_PAYLOAD_MAX)
				continue;
			looked += num_get_be32(rest.p);
			if (facts_next(&rest, &r) == ST_OK)
				found = from + at;
		}
		from += at;
	}
	mem_free(room);
	return found;
}
