/*
 * mbox files.
 */
#include "deliver/mbox.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/date.h"
#include "maildir/dir.h"
#include "maildir/step.h"

#define MARKS_MAX 1000 /* a line with more of them is not looked at */

static const char from_word[] = "From ";

void
deliver_from_line(struct buf *out, struct slice sender, int64_t sec, int offset_minutes)
{
	static const char days[] = "SunMonTueWedThuFriSat";
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	struct date d;

	buf_put_str(out, from_word);
	for (size_t i = 0; i < sender.n; i++) /* readers take the first blank for the end */
		buf_put_byte(out, sender.p[i] <= ' ' || sender.p[i] == 0x7f ? '-' : sender.p[i]);
	if (sender.n == 0)
		buf_put_str(out, "MAILER-DAEMON");
	date_from_seconds(sec, offset_minutes, &d);
	buf_fmt(out, " %.3s %.3s %2d %02d:%02d:%02d %d", days + 3 * d.weekday,
	    months + 3 * (d.month - 1), d.day, d.hour, d.minute, d.second, d.year);
}

/* ---- quoting ---- */

static void
put_held(struct deliver_quote *q, struct buf *out)
{
	for (; q->marks; q->marks--)
		buf_put_byte(out, '>');
	buf_put(out, sl_mem(from_word, q->matched));
	q->matched = 0;
}

/* At the start of a line: holds back what may become ">From ". False: c is an ordinary octet. */
static bool
hold(struct deliver_quote *q, unsigned char c, struct buf *out)
{
	if (c == '>' && q->matched == 0 && q->marks < MARKS_MAX) {
		q->marks++;
		return true;
	}
	if (c != (unsigned char)from_word[q->matched]) {
		put_held(q, out);
		q->is_line_start = false;
		return false;
	}
	if (++q->matched == sizeof(from_word) - 1) {
		q->marks++;
		put_held(q, out);
		q->is_line_start = false;
	}
	return true;
}

void
deliver_quote(struct deliver_quote *q, struct slice in, struct buf *out)
{
	while (in.n) {
		size_t n;

		if (q->is_line_start && hold(q, in.p[0], out)) {
			in = sl_skip(in, 1);
			continue;
		}
		n = sl_find(in, '\n');
		q->is_line_start = n < in.n;
		n += n < in.n;
		buf_put(out, sl_sub(in, 0, n));
		in = sl_skip(in, n);
	}
}

void
deliver_quote_end(struct deliver_quote *q, struct buf *out)
{
	bool is_open = !q->is_line_start || q->marks || q->matched;

	put_held(q, out);
	if (is_open)
		buf_put_byte(out, '\n');
	q->is_line_start = true;
}

/* ---- files ---- */

enum st
deliver_mbox_open(int parent, struct slice name, struct deliver_mbox *m, struct fault *f)
{
	const int flags = O_RDWR | O_NONBLOCK | O_NOCTTY;
	char text[256];
	struct stat st;

	*m = (struct deliver_mbox){.fd = -1};
	if (!maildir_name_copy(name, text))
		return fault_set(
		    f, ST_TEMP, "4.2.0", "%.*s: no file can have this name", SL_FMT(name));
	m->fd = openat(parent, text, flags | O_NOFOLLOW | O_CLOEXEC);
	if (m->fd < 0 && errno == ENOENT) {
		m->fd =
		    openat(parent, text, flags | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
		m->created = m->fd >= 0;
	}
	if (m->fd < 0)
		return maildir_fault(f, errno, text);
	if (fstat(m->fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		deliver_mbox_close(m);
		return fault_set(f, ST_TEMP, "4.2.0", "%s is no plain file", text);
	}
	return ST_OK;
}

static enum st
write_out(struct deliver_mbox *m, struct buf *out, struct fault *f)
{
	struct slice left = buf_slice(out);

	while (left.n) {
		int err = maildir_step(MAILDIR_STEP_WRITE);
		ssize_t n = err ? -1 : write(m->fd, left.p, left.n);

		if (n < 0 && !err && errno == EINTR)
			continue;
		if (n <= 0)
			return maildir_fault(f,
			    err     ? err
			    : n < 0 ? errno
				    : EIO,
			    "writing the mailbox");
		left = sl_skip(left, (size_t)n);
	}
	if (!buf_ok(out))
		return fault_set(f, ST_LIMIT, "4.3.0", "no room for a piece of the message");
	buf_clear(out);
	return ST_OK;
}

/* What a crash cut off in the middle must not swallow the next message: an empty line before it. */
static enum st
seek_end(struct deliver_mbox *m, struct buf *out, struct fault *f)
{
	off_t end = lseek(m->fd, 0, SEEK_END);
	char last[2] = {'\n', '\n'};

	if (end < 0)
		return maildir_fault(f, errno, "seeking in the mailbox");
	m->start = (int64_t)end;
	if (end >= 2 && pread(m->fd, last, 2, end - 2) != 2)
		return maildir_fault(f, errno, "reading the mailbox");
	if (end == 1)
		last[1] = '\0';
	if (last[1] != '\n')
		buf_put_str(out, "\n\n");
	else if (last[0] != '\n')
		buf_put_str(out, "\n");
	return ST_OK;
}

static enum st
append(struct deliver_mbox *m, struct slice from_line, struct slice head,
    const struct maildir_body *body, struct fault *f)
{
	struct deliver_quote q = {.is_line_start = true};
	struct maildir_reader r;
	struct buf piece, out;
	enum st st, written = ST_OK;

	buf_init(&piece, MAILDIR_PIECE_BYTES + 1);
	buf_init(&out, 4 * MAILDIR_PIECE_BYTES);
	st = seek_end(m, &out, f);
	buf_put(&out, from_line);
	buf_put_byte(&out, '\n');
	maildir_head_put(&out, head);
	maildir_reader_start(&r, body, false);
	if (st == ST_OK)
		do {
			buf_clear(&piece);
			st = maildir_reader_next(&r, &piece, f);
			deliver_quote(&q, buf_slice(&piece), &out);
			if (st == ST_OK) {
				deliver_quote_end(&q, &out);
				buf_put_byte(&out, '\n');
			}
			if (st == ST_OK || st == ST_AGAIN)
				written = write_out(m, &out, f);
		} while (st == ST_AGAIN && written == ST_OK);
	maildir_reader_stop(&r);
	buf_fini(&piece);
	buf_fini(&out);
	return written != ST_OK ? written : st;
}

enum st
deliver_mbox_append(struct deliver_mbox *m, struct slice from_line, struct slice head,
    const struct maildir_body *body, struct fault *f)
{
	enum st st = append(m, from_line, head, body, f);

	if (st != ST_OK)
		deliver_mbox_undo(m);
	return st;
}

void
deliver_mbox_undo(struct deliver_mbox *m)
{
	int rc;

	do
		rc = ftruncate(m->fd, (off_t)m->start);
	while (rc != 0 && errno == EINTR);
}

void
deliver_mbox_close(struct deliver_mbox *m)
{
	if (m->fd >= 0)
		close(m->fd);
	m->fd = -1;
}
