/*
 * Maildir++ quota.
 */
#include "maildir/quota.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/ascii.h"
#include "base/attr.h"
#include "base/num.h"
#include "maildir/dir.h"
#include "maildir/name.h"
#include "maildir/step.h"
#include "os/clock.h"

#define FILE_NAME "maildirsize"
#define FILE_MAX_BYTES 5120
#define LINE_BYTES 14
#define TRUSTED_SEC (15 * 60)

bool
maildir_quota_parse(struct slice definition, struct maildir_quota *q)
{
	struct slice rest = sl_trim(definition), item;
	bool more = true;

	*q = (struct maildir_quota){0};
	if (rest.n == 0 || rest.n >= sizeof(q->text))
		return false;
	memcpy(q->text, rest.p, rest.n);
	while (more) {
		uint64_t value;

		more = sl_cut(&rest, ',', &item);
		if (item.n == 0)
			return false;
		unsigned char kind = item.p[item.n - 1];
		if (!ascii_is_digit(kind))
			item.n--;
		if (!num_u64(item, INT64_MAX, &value))
			return false;
		if (kind == 'C')
			q->max_count = value;
		else if (kind == 'S' || ascii_is_digit(kind))
			q->max_bytes = value;
		else
			return false;
	}
	q->is_set = q->max_bytes || q->max_count;
	return true;
}

/* ---- counting ---- */

#define OPEN_DIR (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

/* new/ or cur/ of a folder; marked messages in cur/ do not count. */
static void
count_messages(int folder, const char *part, bool is_cur, struct maildir_quota *q)
{
	int fd = openat(folder, part, OPEN_DIR);
	struct maildir_walker w;
	const char *name;

	if (fd < 0)
		return;
	if (maildir_walker_open(fd, &w) != 0) {
		close(fd);
		return;
	}
	while ((name = maildir_walker_next(&w)) != NULL) {
		struct stat st;
		uint64_t size;

		if (name[0] == '.' || (is_cur && maildir_name_is_trashed(sl_str(name))))
			continue;
		if (!maildir_name_size(sl_str(name), &size)) {
			if (fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
				continue; /* gone meanwhile */
			size = (uint64_t)st.st_size;
		}
		if (size < (uint64_t)(INT64_MAX - q->bytes))
			q->bytes += (int64_t)size;
		q->count++;
	}
	maildir_walker_close(&w);
	close(fd);
}

static void
count_folder(int folder, struct maildir_quota *q)
{
	count_messages(folder, "new", false, q);
	count_messages(folder, "cur", true, q);
}

/* The top folder, and each .Folder but the trash. */
static int
count_all(int top, struct maildir_quota *q)
{
	struct maildir_walker w;
	const char *name;
	int err = maildir_walker_open(top, &w);

	if (err)
		return err;
	q->bytes = q->count = 0;
	count_folder(top, q);
	while ((name = maildir_walker_next(&w)) != NULL) {
		int fd = name[0] == '.' && !sl_eq(sl_str(name), SL(".Trash"))
			     ? openat(top, name, OPEN_DIR)
			     : -1;

		if (fd < 0)
			continue;
		count_folder(fd, q);
		close(fd);
	}
	maildir_walker_close(&w);
	return 0;
}

/* One line, padded as other programs expect it. */
static size_t
put_line(char *to, size_t size, int64_t bytes, int64_t count)
{
	int n = snprintf(to, size - 1, "%" PRId64 " %" PRId64, bytes, count);
	int width = n < LINE_BYTES - 1 ? LINE_BYTES - 1 : n;

	while (n < width)
		to[n++] = ' ';
	to[n++] = '\n';
	return (size_t)n;
}

static int
write_all(int fd, const char *p, size_t n)
{
	while (n) {
		ssize_t done = write(fd, p, n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return done < 0 ? -errno : -EIO;
		p += done;
		n -= (size_t)done;
	}
	return 0;
}

/* Counts, and puts a new file in the place of the old one. Not being able to write it harms no
 * delivery. */
static enum st
recount(int top, struct maildir_quota *q, struct fault *f)
{
	char name[64], text[128];
	int err = count_all(top, q), fd;
	size_t n;

	if (err)
		return maildir_fault(f, -err, "counting the mailbox");
	q->is_exact = true;
	snprintf(name, sizeof(name), FILE_NAME ".%ld", (long)getpid());
	unlinkat(top, name, 0);
	fd = openat(top, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return ST_OK;
	n = (size_t)snprintf(text, sizeof(text) - 64, "%s\n", q->text);
	n += put_line(text + n, sizeof(text) - n, q->bytes, q->count);
	err = write_all(fd, text, n);
	close(fd);
	if (err || renameat(top, name, top, FILE_NAME) != 0)
		unlinkat(top, name, 0);
	return ST_OK;
}

/* ---- reading ---- */

/* Adds up the lines behind the first one. False when a line is none. */
static bool
add_lines(struct slice rest, struct maildir_quota *q, unsigned *lines)
{
	struct slice line, bytes;

	for (*lines = 0; rest.n; ++*lines) {
		int64_t b, c;

		if (!sl_cut(&rest, '\n', &line))
			return false; /* cut off: somebody writes it now, or could not */
		line = sl_trim(line);
		if (!sl_cut(&line, ' ', &bytes))
			return false;
		if (!num_i64(bytes, -(INT64_C(1) << 60), INT64_C(1) << 60, &b) ||
		    !num_i64(sl_trim(line), -(INT64_C(1) << 60), INT64_C(1) << 60, &c))
			return false;
		if (b > 0 ? q->bytes > (INT64_C(1) << 61) : q->bytes < -(INT64_C(1) << 61))
			return false;
		q->bytes += b;
		q->count += c;
	}
	return q->bytes >= 0 && q->count >= 0;
}

/* ST_OK; ST_NOENT: there is no file; ST_SYNTAX: it must be made again. */
static enum st
read_file(int top, struct slice definition, struct maildir_quota *q)
{
	char text[FILE_MAX_BYTES];
	int fd = openat(top, FILE_NAME, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	struct slice rest, first;
	unsigned lines;
	struct stat st;
	ssize_t n = -1;

	if (fd < 0)
		return errno == ENOENT ? ST_NOENT : ST_SYNTAX;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		n = pread(fd, text, sizeof(text), 0);
	close(fd);
	if (n <= 0)
		return ST_SYNTAX;
	rest = sl_mem(text, (size_t)n);
	sl_cut(&rest, '\n', &first);
	first = sl_trim(first);
	if (definition.n == 0) {
		if (!maildir_quota_parse(first, q))
			return ST_NOENT; /* nobody said what the quota is */
	} else if (!sl_eq(first, definition)) {
		return ST_SYNTAX;
	}
	if ((size_t)n == sizeof(text) || !add_lines(rest, q, &lines))
		return ST_SYNTAX;
	q->is_exact = lines <= 1 && clock_wall_ms() / 1000 - (int64_t)st.st_mtime < TRUSTED_SEC;
	return ST_OK;
}

enum st
maildir_quota_load(int top, struct slice definition, struct maildir_quota *q, struct fault *f)
{
	enum st st;

	*q = (struct maildir_quota){0};
	definition = sl_trim(definition);
	if (definition.n && !maildir_quota_parse(definition, q))
		return fault_set(f, ST_TEMP, "4.3.5", "the account's quota \"%.*s\" is no quota",
		    SL_FMT(definition));
	if (definition.n && !q->is_set)
		return ST_OK;
	st = read_file(top, definition, q);
	if (st == ST_NOENT && definition.n == 0)
		*q = (struct maildir_quota){0};
	return st == ST_OK || (definition.n == 0 && st == ST_NOENT) ? ST_OK : recount(top, q, f);
}

static bool
has_room(const struct maildir_quota *q, uint64_t bytes)
{
	uint64_t used = (uint64_t)q->bytes + (uint64_t)q->pending_bytes,
		 count = (uint64_t)q->count + (uint64_t)q->pending_count;

	return (!q->max_bytes || used + bytes <= q->max_bytes) &&
	       (!q->max_count || count + 1 <= q->max_count);
}

enum st
maildir_quota_admit(int top, struct maildir_quota *q, uint64_t message_bytes, struct fault *f)
{
	enum st st = ST_OK;

	if (!q->is_set || has_room(q, message_bytes))
		return ST_OK;
	if (!q->is_exact)
		st = recount(top, q, f);
	if (st != ST_OK || has_room(q, message_bytes))
		return st;
	return fault_set(f, ST_LIMIT, "4.2.2", "the mailbox is full (%s)", q->text);
}

int
maildir_quota_add(int top, const struct maildir_quota *q, int64_t bytes, int64_t count)
{
	char line[64];
	size_t n = put_line(line, sizeof(line), bytes, count);
	int err = maildir_step(MAILDIR_STEP_COUNT), fd;

	if (!q->is_set)
		return 0;
	if (err)
		return -err;
	fd = openat(top, FILE_NAME, O_WRONLY | O_APPEND | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	err = write_all(fd, line, n);
	close(fd);
	return err;
}
