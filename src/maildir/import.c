/*
 * The first use of a folder: what other servers knew of it.
 */
#include "maildir/import.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/num.h"
#include "maildir/change.h"
#include "maildir/folder_name.h"

#define LIST_MAX_BYTES (128u << 20)
#define SMALL_MAX_BYTES (64u << 10)
#define PIECE_BYTES 16384u

/* ---- files ---- */

/* True and its content; out is initialised. False: there is none, or it cannot be read (noted). */
static bool
read_file(struct mailbox *m, int dir, const char *name, size_t max, struct buf *out)
{
	int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	unsigned char *room = NULL;
	struct fault f;
	struct stat st;
	ssize_t n = -1;

	buf_init(out, max + PIECE_BYTES);
	if (fd < 0 && errno == ENOENT)
		return false;
	if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
		n = 0;
		while ((room = buf_room(out, PIECE_BYTES)) != NULL &&
		       (n = read(fd, room, PIECE_BYTES)) > 0)
			buf_added(out, (size_t)n);
	}
	if (fd >= 0)
		close(fd);
	if (n == 0 && room)
		return true;
	fault_set(&f, ST_IO, "4.3.0", "facts,import=%s cannot read %s", m->name, name);
	store_note(m->store, &f);
	return false;
}

static int64_t
mtime_of(int dir, const char *name)
{
	struct stat st;

	return fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 ? stat_mtime_ns(&st) : -1;
}

/* ---- UIDs ---- */

static void
add_row(struct mailbox *m, uint32_t uid, struct slice base)
{
	struct message row = {.uid = uid,
	    .modseq = m->modseq,
	    .date_sec = INT64_MIN,
	    .more = MORE_UNKNOWN,
	    .base = pool_name(&m->pool, base, SL_NONE, false)};

	if (!maildir_name_size(base, &row.file_bytes))
		row.file_bytes = 0;
	if (!maildir_name_wire_size(base, &row.wire_bytes))
		row.wire_bytes = 0;
	rows_add(&m->all, &row);
	names_put(&m->names, names_hash(base), uid);
	if (m->uidnext <= uid)
		m->uidnext = uid + 1;
}

/* Each UID once, each name once; lists are in order, what is not is left out. */
static void
import_uids(struct mailbox *m, struct slice text)
{
	struct import_head head;
	struct import_row row;
	bool is_doomed;

	if (!import_uidlist_head(&text, &head))
		return;
	m->uidvalidity = head.uidvalidity;
	while (import_uidlist_next(&text, &row)) {
		if (row.uid < m->uidnext || mailbox_by_base(m, row.base, &is_doomed))
			continue;
		add_row(m, row.uid, row.base);
	}
	if (head.uidnext > m->uidnext && head.uidnext < UINT32_MAX)
		m->uidnext = head.uidnext;
}

/* ---- POP3 ---- */

static void
add_pop3_id(struct mailbox *m, uint32_t uid, const struct import_row *row)
{
	char id[40];

	if (row->validity)
		snprintf(id, sizeof(id), "UID%" PRIu32 "-%" PRIu32, row->uid, row->validity);
	else
		snprintf(id, sizeof(id), "UID%" PRIu32, row->uid);
	mailbox_add_pop3_id(m, uid, sl_str(id));
}

static int
pop3_cmp(const void *a, const void *b)
{
	const struct pop3_id *x = a, *y = b;

	return x->uid < y->uid ? -1 : x->uid > y->uid;
}

/* Messages nobody has given a UID yet get one here, in the order of the list. */
static void
import_pop3(struct mailbox *m, struct slice text)
{
	struct import_head head;
	struct import_row row;

	if (!import_sizelist_head(&text, &head))
		return;
	while (import_sizelist_next(&text, &row)) {
		bool is_doomed;
		struct message *r = mailbox_by_base(m, row.base, &is_doomed);

		if (!r && m->uidnext < UINT32_MAX - 1) {
			add_row(m, m->uidnext, row.base);
			r = mailbox_by_base(m, row.base, &is_doomed);
		}
		if (r && row.uid)
			add_pop3_id(m, r->uid, &row);
	}
	if (m->pop3_count)
		qsort(m->pop3_ids, m->pop3_count, sizeof(*m->pop3_ids), pop3_cmp);
}

/* ---- keywords ---- */

/* The bit of a name; 0 when there are too many, or it is none for us. */
static uint64_t
bit_of(struct mailbox *m, struct slice name)
{
	struct mailbox_change c = {.how = MAILBOX_ADD, .words = &name, .word_count = 1};
	uint64_t bits = 0;
	struct fault f;
	struct buf unused;

	buf_init(&unused, 1024);
	if (change_words(m, &c, &bits, &unused, &f) != ST_OK)
		bits = 0;
	buf_fini(&unused);
	return bits;
}

static void
import_courier_list(struct mailbox *m, struct slice text)
{
	uint64_t bits[256];
	size_t count = 0;
	struct slice name, base, numbers, w;

	while (import_keyword_name(&text, &name)) {
		uint64_t bit = bit_of(m, name);

		if (count < COUNT_OF(bits))
			bits[count++] = bit;
	}
	while (import_keyword_row(&text, &base, &numbers)) {
		bool is_doomed;
		struct message *r = mailbox_by_base(m, base, &is_doomed);
		uint64_t n;

		while (r && numbers.n) {
			sl_cut(&numbers, ' ', &w);
			if (num_u64(w, UINT32_MAX, &n) && n < count)
				r->keywords |= bits[n];
		}
	}
}

/* A file named like the message is later than the list: names one a line. */
static void
import_courier_file(struct mailbox *m, struct slice name, struct slice text)
{
	bool is_doomed;
	struct message *r = mailbox_by_base(m, sl_sub(name, 0, sl_find(name, ':')), &is_doomed);
	struct slice line;

	if (!r)
		return;
	r->keywords = 0;
	while (text.n) {
		sl_cut(&text, '\n', &line);
		line = sl_trim(line);
		if (line.n)
			r->keywords |= bit_of(m, line);
	}
}

/* ".17.name": aged before it becomes a part of the list. */
static struct slice
without_age(struct slice name)
{
	struct slice rest = name, age;

	if (!sl_starts(name, SL(".")))
		return name;
	rest = sl_skip(name, 1);
	return sl_cut(&rest, '.', &age) ? rest : name;
}

static void
import_courier_keywords(struct mailbox *m)
{
	int dir = openat(
	    m->dirs.top, "courierimapkeywords", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct maildir_walker w;
	const char *name;
	struct buf text;

	if (dir < 0)
		return;
	if (read_file(m, dir, ":list", LIST_MAX_BYTES, &text))
		import_courier_list(m, buf_slice(&text));
	buf_fini(&text);
	/* Aged ones first: those without an age are later. */
	for (int pass = 0; pass < 2 && maildir_walker_open(dir, &w) == 0; pass++) {
		while ((name = maildir_walker_next(&w)) != NULL) {
			if (name[0] == ':' || (name[0] == '.') != (pass == 0))
				continue;
			if (read_file(m, dir, name, SMALL_MAX_BYTES, &text))
				import_courier_file(m, without_age(sl_str(name)), buf_slice(&text));
			buf_fini(&text);
		}
		maildir_walker_close(&w);
	}
	close(dir);
}

/* Lower-case letters in file names stand for keywords: known when the files are seen. */
static void
import_dovecot_keywords(struct mailbox *m, struct slice text)
{
	uint32_t number;
	struct slice name;

	while (import_dovecot_keyword(&text, &number, &name)) {
		if (number < COUNT_OF(m->letters)) {
			m->letters[number] = bit_of(m, name);
			m->has_letters = true;
		}
	}
}

void
import_all(struct mailbox *m)
{
	const char *list =
	    mtime_of(m->dirs.top, "courierimapuiddb") >= mtime_of(m->dirs.top, "dovecot-uidlist")
		? "courierimapuiddb"
		: "dovecot-uidlist";
	struct buf text;

	if (read_file(m, m->dirs.top, list, LIST_MAX_BYTES, &text))
		import_uids(m, buf_slice(&text));
	buf_fini(&text);
	if (read_file(m, m->dirs.top, "courierpop3dsizelist", LIST_MAX_BYTES, &text))
		import_pop3(m, buf_slice(&text));
	buf_fini(&text);
	import_courier_keywords(m);
	if (read_file(m, m->dirs.top, "dovecot-keywords", SMALL_MAX_BYTES, &text))
		import_dovecot_keywords(m, buf_slice(&text));
	buf_fini(&text);
	if (m->uidvalidity && folder_validity_note(m->store->top, m->uidvalidity) != 0)
		m->uidvalidity = 0;
}
