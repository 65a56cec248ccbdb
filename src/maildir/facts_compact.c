/*
 * Facts written anew, when more than half of them count no more, beside the work: from the records
 * there are, in steps; synced; then, under the lock, what was appended meanwhile is copied behind
 * them, until there is nothing; then the new file takes the old one's place.
 *
 * Records that say again what is known change nothing, so what changes between the steps does no
 * harm: its record is copied too.
 */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/arena.h"
#include "maildir/facts_int.h"

#define WORTH_BYTES (64u << 10)
#define PIECE_BYTES (64u << 10)
#define ROWS_A_STEP 4096
#define ROUNDS_MAX 8

struct compact {
	struct task t; /* first */
	enum { STATE_ADDED, STATE_FLAGS, STATE_REST, STATE_SWITCH, STATE_SWITCHED } state;
	struct facts_writer w;
	uint64_t at, to; /* of the old file */
	ino_t ino;       /* of the old file */
	uint32_t from;   /* flags: the next UID */
	unsigned rounds;
};

/* Bytes at a place of the old file; what there is, into room. */
static struct slice
read_old(const struct mailbox *m, uint64_t at, unsigned char *room, size_t n)
{
	ssize_t got;

	do
		got = pread(m->facts, room, n, (off_t)at);
	while (got < 0 && errno == EINTR);
	return sl_mem(room, got > 0 ? (size_t)got : 0);
}

/* The A records of messages that are there. False: the file cannot be read on. */
static bool
copy_added(struct compact *c)
{
	struct mailbox *m = c->t.mailbox;
	size_t n = PIECE_BYTES + FACTS_FRAME_BYTES + FACTS_PAYLOAD_MAX;
	unsigned char *room = mem_get(n);
	struct slice in = read_old(m, c->at, room, n), rest = in;
	struct facts_record r;
	size_t used;

	while (facts_next(&rest, &r) == ST_OK) {
		const struct message *row;

		if (r.kind != FACTS_ADDED)
			continue;
		row = rows_find(&m->all, r.uid);
		if (!row)
			row = rows_find(&m->doomed, r.uid);
		if (row && sl_eq(sl_str(row->base), r.name))
			facts_put_added(
			    &c->w.buf, r.uid, row->modseq, r.saved_sec, r.object_id.p, r.name);
	}
	used = (size_t)(rest.p - in.p);
	mem_free(room);
	c->at += used;
	facts_writer_flush(&c->w, PIECE_BYTES);
	return used > 0 && c->at <= c->to;
}

static void
copy_flags(struct compact *c)
{
	struct mailbox *m = c->t.mailbox;
	size_t from = rows_index(&m->all, c->from), to = from + ROWS_A_STEP;

	to = to < m->all.count ? to : m->all.count;
	facts_writer_flags(&c->w, &m->all, from, to);
	if (to < m->all.count) {
		c->from = m->all.p[to].uid;
		return;
	}
	c->state = STATE_REST;
}

/* What was appended since, as it is. 0 or errno. */
static int
copy_tail(struct compact *c)
{
	struct mailbox *m = c->t.mailbox;
	unsigned char *room = mem_get(PIECE_BYTES);
	int err = 0;

	while (c->to < m->facts_end && !err) {
		uint64_t left = m->facts_end - c->to;
		struct slice in =
		    read_old(m, c->to, room, left < PIECE_BYTES ? (size_t)left : PIECE_BYTES);

		if (in.n == 0)
			err = EIO;
		buf_put(&c->w.buf, in);
		c->to += in.n;
		facts_writer_flush(&c->w, 0);
	}
	mem_free(room);
	return err ? err : c->w.err;
}

static enum step
sync_new(struct compact *c)
{
	task_sync(&c->t, &(struct durable_item){.fd = c->w.fd, .kind = DURABLE_FILE}, 1);
	return STEP_WAIT;
}

static enum step
run_switch(struct compact *c)
{
	struct mailbox *m = c->t.mailbox;
	enum step step;
	bool more;
	int err = c->t.sync_result;

	if (err || !task_lock(&c->t, &step))
		return err ? STEP_DONE : step;
	/* Somebody was faster. */
	if (m->facts_ino != c->ino) {
		facts_unlock(m);
		return STEP_DONE;
	}
	more = c->to < m->facts_end;
	err = more ? copy_tail(c) : facts_writer_switch(&c->w, m);
	facts_unlock(m);
	if (err || (more && c->rounds++ == ROUNDS_MAX))
		return STEP_DONE;
	if (more)
		return sync_new(c);
	c->state = STATE_SWITCHED;
	facts_sync(&c->t, -1);
	return STEP_WAIT;
}

static enum step
run_compact(struct task *t)
{
	struct compact *c = (struct compact *)t;
	struct mailbox *m = t->mailbox;

	if (m->gone || c->w.err || (c->state < STATE_SWITCH && m->facts_ino != c->ino))
		return STEP_DONE;
	switch (c->state) {
	case STATE_ADDED:
		if (!copy_added(c))
			return STEP_DONE;
		if (c->at == c->to)
			c->state = STATE_FLAGS;
		return STEP_MORE;
	case STATE_FLAGS:
		copy_flags(c);
		return STEP_MORE;
	case STATE_REST:
		facts_writer_end(&c->w, m);
		c->state = STATE_SWITCH;
		return c->w.err ? STEP_DONE : sync_new(c);
	case STATE_SWITCH:
		return run_switch(c);
	case STATE_SWITCHED:
		(void)facts_synced(t);
		break;
	}
	return STEP_DONE;
}

static void
compact_end(struct task *t)
{
	struct compact *c = (struct compact *)t;

	facts_writer_close(&c->w, t->mailbox->index);
	t->mailbox->compactor = NULL;
}

static uint64_t
live_bytes(const struct mailbox *m)
{
	uint64_t n = 1024;

	for (size_t i = 0; i < m->all.count; i++) {
		const struct message *r = &m->all.p[i];

		n += strlen(r->base) + 45;
		if (r->keywords || r->flags)
			n += 34;
	}
	return n;
}

void
facts_compact(struct mailbox *m)
{
	struct compact *c;
	struct facts_writer w;

	if (m->compactor || m->unsaved || m->facts < 0 || m->facts_end < WORTH_BYTES ||
	    m->facts_end < 2 * m->facts_live)
		return;
	/* Counting costs as much as half a scan: only when the file has doubled. */
	m->facts_live = live_bytes(m);
	if (m->facts_end < 2 * m->facts_live)
		return;
	if (facts_writer_open(&w, m->index) != 0) {
		facts_writer_close(&w, m->index);
		m->facts_live = m->facts_end;
		return;
	}
	c = task_new(m->store, sizeof(*c), m, NULL, run_compact);
	c->t.fini = compact_end;
	c->w = w;
	c->at = FACTS_HEADER_BYTES;
	c->to = m->facts_end;
	c->ino = m->facts_ino;
	m->compactor = &c->t;
	facts_writer_begin(&c->w, m);
}
