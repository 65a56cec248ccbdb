/*
 * The configuration as canonical text, docs/CONFIG.md section 6: what master hands to processes
 * that can open no file, and keeps as the last good copy.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/ascii.h"
#include "base/num.h"
#include "conf/assign.h"
#include "conf/load_int.h"
#include "os/durable.h"

#define SNAPSHOT_MAX (CONF_TOTAL_MAX + CONF_TOTAL_MAX / 2)
#define PATH_BYTES 1100
#define FNV_START UINT64_C(0xcbf29ce484222325)
#define FNV_PRIME UINT64_C(0x100000001b3)

/* FNV-1a: against truncation and mixed versions, not against an enemy (the file is root's). */
static uint64_t
fnv(uint64_t sum, struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		sum = (sum ^ s.p[i]) * FNV_PRIME;
	return sum;
}

/* Over file, name and type of each row that has a value. */
static uint64_t
schema_sum(void)
{
	uint64_t sum = FNV_START;

	for (size_t i = 0; i < conf_file_count; i++) {
		const struct conf_row *row;

		for (size_t at = 0; (row = conf_row_at(&conf_files[i], at)) != NULL; at++) {
			if (!conf_row_has_value(row))
				continue;
			sum = fnv(sum, sl_str(conf_files[i].name));
			sum = fnv(sum, SL("\t"));
			sum = fnv(sum, sl_str(row->name));
			sum = fnv(sum, SL("\t"));
			sum = fnv(sum, sl_str(conf_type_name(row->type)));
			sum = fnv(sum, SL("\n"));
		}
	}
	return sum;
}

/* --- writing --------------------------------------------------------------- */

static void
put_quoted(struct slice s, struct buf *out)
{
	buf_put_byte(out, '"');
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = s.p[i];

		if (c == '\\' || c == '"')
			buf_fmt(out, "\\%c", c);
		else if (c == '\n')
			buf_put(out, SL("\\n"));
		else if (ascii_is_ctl(c))
			buf_fmt(out, "\\x%02X", c);
		else
			buf_put_byte(out, c);
	}
	buf_put_byte(out, '"');
}

/* FILE NAME and the blank behind them. Names of bofh rows may have a blank: it becomes an
 * underscore. */
static void
put_label(const struct conf_file *f, const struct conf_row *row, struct buf *out)
{
	if (f->shape == CONF_VALUES) {
		buf_fmt(out, "%s - ", row->name);
		return;
	}
	buf_fmt(out, "%s ", f->name);
	for (const char *c = row->name; *c != '\0'; c++)
		buf_put_byte(out, *c == ' ' ? '_' : (unsigned char)*c);
	buf_put_byte(out, ' ');
}

void
conf_snapshot_put(const struct conf *c, struct buf *out)
{
	unsigned long long count = 0;
	size_t start = out->n;
	struct buf value;

	buf_init(&value, SNAPSHOT_MAX);
	buf_fmt(out, "courier-config 1 %016llx\n", (unsigned long long)schema_sum());
	for (size_t i = 0; i < conf_file_count; i++) {
		const struct conf_file *f = &conf_files[i];
		const struct conf_row *row;

		for (size_t at = 0; (row = conf_row_at(f, at)) != NULL; at++) {
			if (!conf_row_has_value(row))
				continue;
			buf_clear(&value);
			conf_value_put(row, (const char *)c + f->base + row->offset, &value);
			put_label(f, row, out);
			put_quoted(buf_slice(&value), out);
			buf_put_byte(out, '\n');
			count++;
		}
	}
	buf_fini(&value);
	buf_fmt(out, "end %llu %016llx\n", count,
	    (unsigned long long)fnv(FNV_START, sl_skip(buf_slice(out), start)));
}

/* --- reading --------------------------------------------------------------- */

/* "..." to bytes; only the escapes put_quoted writes, in the form it writes them. */
static bool
get_quoted(struct slice s, struct buf *out)
{
	if (s.n < 2 || s.p[0] != '"' || s.p[s.n - 1] != '"')
		return false;
	s = sl_sub(s, 1, s.n - 1);
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = s.p[i];
		uint64_t code;

		if (c == '"' || ascii_is_ctl(c))
			return false;
		if (c != '\\') {
			buf_put_byte(out, c);
			continue;
		}
		if (++i == s.n)
			return false;
		if (s.p[i] == 'n') {
			buf_put_byte(out, '\n');
		} else if (s.p[i] == '\\' || s.p[i] == '"') {
			buf_put_byte(out, s.p[i]);
		} else {
			if (s.p[i] != 'x' || i + 2 >= s.n ||
			    !num_hex(sl_sub(s, i + 1, i + 3), &code))
				return false;
			if (!ascii_is_ctl((unsigned char)code) || code == '\n')
				return false;
			buf_put_byte(out, (unsigned char)code);
			i += 2;
		}
	}
	return buf_ok(out);
}

static enum st
get_row(struct slice *in, const struct conf_file *f, const struct conf_row *row, struct conf *out,
    struct fault *fault)
{
	struct buf label, value;
	struct slice line;
	enum st st = ST_SYNTAX;

	buf_init(&label, 256);
	buf_init(&value, CONF_TOTAL_MAX);
	put_label(f, row, &label);
	if (!sl_cut(in, '\n', &line) || !sl_starts(line, buf_slice(&label)))
		fault_set(fault, st, "", "found \"%.*s\", expected %s", SL_FMT(sl_sub(line, 0, 40)),
		    buf_str(&label));
	else if (!get_quoted(sl_skip(line, label.n), &value))
		fault_set(fault, st, "", "%sis not quoted as it should be", buf_str(&label));
	else if ((st = conf_value_parse(
		      row, buf_slice(&value), out->arena, conf_row_field(out, f, row))) != ST_OK)
		fault_set(fault, st, "", "%shas a value that is not allowed", buf_str(&label));
	buf_fini(&label);
	buf_fini(&value);
	return st;
}

static enum st
get_head(struct slice *in, struct fault *f)
{
	struct slice line;
	uint64_t schema;

	if (!sl_cut(in, '\n', &line) || !sl_starts(line, SL("courier-config 1 ")))
		return fault_set(f, ST_SYNTAX, "", "not a configuration snapshot of version 1");
	if (!num_hex(sl_skip(line, 17), &schema) || schema != schema_sum())
		return fault_set(f, ST_SYNTAX, "",
		    "a configuration snapshot of another version of this program");
	return ST_OK;
}

static enum st
get_end(struct slice whole, struct slice in, unsigned long long count, struct fault *f)
{
	struct buf want;
	bool same;

	buf_init(&want, 128);
	buf_fmt(&want, "end %llu %016llx\n", count,
	    (unsigned long long)fnv(FNV_START, sl_sub(whole, 0, whole.n - in.n)));
	same = sl_eq(in, buf_slice(&want));
	buf_fini(&want);
	if (same)
		return ST_OK;
	return fault_set(
	    f, ST_SYNTAX, "", "the snapshot is not whole: its end line is missing or does not fit");
}

enum st
conf_snapshot_get(struct slice in, struct conf *out, struct fault *f)
{
	struct slice whole = in;
	unsigned long long count = 0;
	enum st st = get_head(&in, f);

	*out = (struct conf){0};
	if (st != ST_OK)
		return st;
	out->arena = arena_new("conf", CONF_TOTAL_MAX);
	out->where =
	    arena_get_array(out->arena, conf_file_count * CONF_ROWS_MAX, sizeof(*out->where));
	for (size_t i = 0; st == ST_OK && i < conf_file_count; i++) {
		const struct conf_row *row;

		for (size_t at = 0; st == ST_OK && (row = conf_row_at(&conf_files[i], at)) != NULL;
		     at++) {
			if (!conf_row_has_value(row))
				continue;
			st = get_row(&in, &conf_files[i], row, out, f);
			count++;
		}
	}
	if (st == ST_OK)
		st = get_end(whole, in, count, f);
	if (st != ST_OK)
		conf_fini(out);
	return st;
}

/* --- descriptors ----------------------------------------------------------- */

enum st
conf_snapshot_write(const struct conf *c, int fd, struct fault *f)
{
	struct buf text;
	size_t done = 0;
	enum st st = ST_OK;

	buf_init(&text, SNAPSHOT_MAX);
	conf_snapshot_put(c, &text);
	if (!buf_ok(&text))
		st = fault_set(
		    f, ST_LIMIT, "", "the configuration is larger than %zu bytes", SNAPSHOT_MAX);
	while (st == ST_OK && done < text.n) {
		ssize_t n = write(fd, text.p + done, text.n - done);

		if (n >= 0)
			done += (size_t)n;
		else if (errno != EINTR)
			st = fault_sys(
			    f, ST_IO, "", errno, "the configuration snapshot cannot be written");
	}
	buf_fini(&text);
	return st;
}

enum st
conf_snapshot_read(int fd, struct conf *out, struct fault *f)
{
	struct buf text;
	ssize_t n = 1;
	enum st st = ST_OK;

	*out = (struct conf){0};
	buf_init(&text, SNAPSHOT_MAX);
	while (st == ST_OK && n > 0) {
		unsigned char *p = buf_room(&text, 65536);

		if (p == NULL) {
			st = fault_set(f, ST_LIMIT, "",
			    "the configuration snapshot is larger than %zu bytes", SNAPSHOT_MAX);
			break;
		}
		n = pread(fd, p, 65536, (off_t)text.n);
		if (n >= 0)
			buf_added(&text, (size_t)n);
		else if (errno != EINTR)
			st = fault_sys(
			    f, ST_IO, "", errno, "the configuration snapshot cannot be read");
		else
			n = 1;
	}
	if (st == ST_OK)
		st = conf_snapshot_get(buf_slice(&text), out, f);
	buf_fini(&text);
	return st;
}

enum st
conf_snapshot_keep(const struct conf *c, const char *path, int *fd, struct fault *f)
{
	char beside[PATH_BYTES];
	int out;
	enum st st;

	*fd = -1;
	if ((size_t)snprintf(beside, sizeof(beside), "%s.new", path) >= sizeof(beside))
		return fault_set(f, ST_LIMIT, "", "%s: the path is too long", path);
	out = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (out < 0)
		return fault_sys(f, ST_IO, "", errno, "%s", beside);
	st = conf_snapshot_write(c, out, f);
	if (st == ST_OK)
		*fd = open(beside, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (st == ST_OK &&
	    (*fd < 0 || durable_now(out, DURABLE_FILE) != 0 || rename(beside, path) != 0))
		st = fault_sys(f, ST_IO, "", errno, "%s", beside);
	close(out);
	if (st == ST_OK)
		return ST_OK;
	unlink(beside);
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
	return st;
}
