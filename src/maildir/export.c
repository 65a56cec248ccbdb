/*
 * Lists of UIDs, keywords and POP3 names for other servers.
 */
#include "maildir/export.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/num.h"
#include "maildir/change.h"

#define TEXT_MAX_BYTES (1u << 30)
#define LETTERS 26

/* Puts text in the place of dir/name, on disk. */
static enum st
replace(int dir, const char *name, const struct buf *text, struct fault *f)
{
	char fresh[64];
	int fd, err = 0;

	snprintf(fresh, sizeof(fresh), "%.40s.new", name);
	unlinkat(dir, fresh, 0);
	fd = openat(dir, fresh, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0 || !buf_ok(text))
		err = fd < 0 ? errno : EFBIG;
	for (size_t at = 0; !err && at < text->n;) {
		ssize_t n = write(fd, text->p + at, text->n - at);

		if (n > 0)
			at += (size_t)n;
		else if (n == 0 || errno != EINTR)
			err = n < 0 ? errno : EIO;
	}
	if (!err)
		err = -durable_now(fd, DURABLE_FILE);
	if (fd >= 0)
		close(fd);
	if (!err && renameat(dir, fresh, dir, name) != 0)
		err = errno;
	if (!err)
		err = -durable_now(dir, DURABLE_DIR);
	return err ? maildir_fault(f, err, name) : ST_OK;
}

/* ---- Courier ---- */

static void
put_uids(const struct mailbox *m, struct buf *out)
{
	buf_fmt(out, "1 %" PRIu32 " %" PRIu32 "\n", m->uidvalidity, m->uidnext);
	for (size_t i = 0; i < m->shown; i++)
		buf_fmt(out, "%" PRIu32 " %s\n", m->all.p[i].uid, m->all.p[i].base);
}

static void
put_keywords(const struct mailbox *m, struct buf *out)
{
	int number[MAILBOX_KEYWORDS], count = 0;

	for (unsigned k = 0; k < MAILBOX_KEYWORDS; k++) {
		number[k] = -1;
		if (m->keywords[k].n == 0)
			continue;
		number[k] = count++;
		buf_put(out, m->keywords[k]);
		buf_put_byte(out, '\n');
	}
	buf_put_byte(out, '\n');
	for (size_t i = 0; i < m->shown; i++) {
		const struct message *r = &m->all.p[i];
		char before = ':';

		for (unsigned k = 0; k < MAILBOX_KEYWORDS; k++) {
			if (!(r->keywords >> k & 1) || number[k] < 0)
				continue;
			buf_fmt(out, "%s%c%d", before == ':' ? r->base : "", before, number[k]);
			before = ' ';
		}
		if (before == ' ')
			buf_put_byte(out, '\n');
	}
}

/* "UIDn-validity" or "UIDn"; anything else keeps the folder's own numbers. */
static void
pop3_numbers(const struct mailbox *m, uint32_t uid, uint32_t *n, uint32_t *validity)
{
	struct slice id = sl_str(mailbox_pop3_id(m, uid)), first;
	uint64_t a, b = 0;
	bool has_validity;

	*n = uid;
	*validity = m->uidvalidity;
	if (!sl_starts(id, SL("UID")))
		return;
	id = sl_skip(id, 3);
	has_validity = sl_cut(&id, '-', &first);
	if (!num_u64(first, UINT32_MAX, &a) || (has_validity && !num_u64(id, UINT32_MAX, &b)))
		return;
	*n = (uint32_t)a;
	*validity = (uint32_t)b;
}

static void
put_sizes(struct mailbox *m, struct buf *out)
{
	buf_fmt(out, "/3 %" PRIu32 " %" PRIu32 "\n", m->uidnext, m->uidvalidity);
	for (size_t i = 0; i < m->shown; i++) {
		const struct message *r = &m->all.p[i];
		char name[MAILDIR_NAME_MAX + 1];
		uint32_t n, validity;
		struct fault f;

		/* A message that vanished meanwhile is none of theirs either. */
		if (message_measure(m, r->uid, true, &f) != ST_OK || message_file(r, name) == 0)
			continue;
		pop3_numbers(m, r->uid, &n, &validity);
		buf_fmt(out, "%s %" PRIu64 " %" PRIu32 ":%" PRIu32 ":0\n", name, r->wire_bytes, n,
		    validity);
	}
}

static enum st
courier_keywords(struct mailbox *m, struct buf *text, struct fault *f)
{
	enum st st;
	int dir;

	put_keywords(m, text);
	if (text->n == 1)
		return ST_OK; /* no names */
	if (mkdirat(m->dirs.top, "courierimapkeywords", 0700) != 0 && errno != EEXIST)
		return maildir_fault(f, errno, "courierimapkeywords");
	dir = openat(
	    m->dirs.top, "courierimapkeywords", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dir < 0)
		return maildir_fault(f, errno, "courierimapkeywords");
	st = replace(dir, ":list", text, f);
	close(dir);
	return st;
}

enum st
export_courier(struct mailbox *m, struct fault *f)
{
	struct buf text;
	enum st st;

	buf_init(&text, TEXT_MAX_BYTES);
	put_uids(m, &text);
	st = replace(m->dirs.top, "courierimapuiddb", &text, f);
	buf_clear(&text);
	if (st == ST_OK)
		st = courier_keywords(m, &text, f);
	buf_clear(&text);
	if (st == ST_OK) {
		put_sizes(m, &text);
		st = replace(m->dirs.top, "courierpop3dsizelist", &text, f);
	}
	buf_fini(&text);
	return st;
}

/* ---- Dovecot ---- */

/* The letters of a message's keywords in its name. */
static enum st
write_letters(struct mailbox *m, struct message *r, struct fault *f)
{
	uint32_t letters = (uint32_t)(r->keywords & ((1u << LETTERS) - 1));
	char old[MAILDIR_NAME_MAX + 1], name[MAILDIR_NAME_MAX + 1];
	struct maildir_parts parts;
	size_t n;

	if (letters == (r->more & MORE_LETTERS))
		return ST_OK;
	n = maildir_name_join(sl_str(r->base), r->flags, letters, SL_NONE, name);
	if (n == 0 || message_file(r, old) == 0)
		return fault_set(f, ST_IO, "4.3.0", "a name is too long");
	if (renameat(message_dir(m, r), old, m->dirs.cur, name) != 0)
		return errno == ENOENT ? ST_OK : maildir_fault(f, errno, "renaming a message");
	maildir_name_split(sl_mem(name, n), &parts);
	message_place(m, r, &parts, MORE_CUR);
	return ST_OK;
}

enum st
export_dovecot(struct mailbox *m, struct fault *f)
{
	enum st st = ST_OK;
	struct buf text;

	buf_init(&text, TEXT_MAX_BYTES);
	buf_fmt(&text, "3 V%" PRIu32 " N%" PRIu32 "\n", m->uidvalidity, m->uidnext);
	for (size_t i = 0; i < m->shown; i++)
		buf_fmt(&text, "%" PRIu32 " :%s\n", m->all.p[i].uid, m->all.p[i].base);
	for (size_t i = 0; st == ST_OK && i < m->shown; i++)
		st = write_letters(m, &m->all.p[i], f);
	if (st == ST_OK)
		st = replace(m->dirs.top, "dovecot-uidlist", &text, f);
	buf_clear(&text);
	for (unsigned k = 0; k < LETTERS; k++)
		if (m->keywords[k].n)
			buf_fmt(&text, "%u %.*s\n", k, SL_FMT(m->keywords[k]));
	if (st == ST_OK && text.n)
		st = replace(m->dirs.top, "dovecot-keywords", &text, f);
	buf_fini(&text);
	return st;
}
