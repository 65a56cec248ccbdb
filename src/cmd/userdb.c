/*
 * userdb(8): edits the text of userdb; makeuserdb puts it into force.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "account/userdb.h"
#include "cmd/table.h"
#include "os/durable.h"

#define TEXT_MAX (CONF_FILE_MAX + 65536)
#define VALUE_MAX 4096

static const char usage[] =
    "usage: userdb [-f FILE] ADDRESS set FIELD=VALUE... | set FIELD | unset FIELD... | del\n"
    "       userdb [-f FILE] -show [ADDRESS]\n"
    "  edits FILE (default: userdb in the configuration folder); \"set FIELD\" reads the value "
    "from standard input.\n"
    "  When userdb is a folder of files, ADDRESS is NAME/ADDRESS, and the file is userdb/NAME.\n"
    "  makeuserdb puts the changes into force.\n";

struct edit {
	struct table_cmd cmd;
	struct slice address;
	char **words; /* set, unset, del and what follows */
	int count;
	char path[PATHS_MAX]; /* of the file, below its folder */
};

static bool
complain(const char *what, const struct fault *f)
{
	cmd_complain("userdb", "%s: %s", what, f->text);
	return false;
}

/* --- fields ---------------------------------------------------------------- */

static void
field_put(struct slice name, struct slice value, struct buf *out)
{
	if (out->n > 0)
		buf_put_byte(out, '|');
	buf_put(out, name);
	buf_put_byte(out, '=');
	buf_put(out, value);
}

/* Copies fields but one. */
static void
fields_without(struct slice fields, struct slice without, struct buf *out)
{
	struct slice name, value;

	while (userdb_field_next(&fields, &name, &value))
		if (!sl_eq(name, without))
			field_put(name, value, out);
}

/* The first line of standard input. */
static bool
read_value(struct buf *out)
{
	char c;
	ssize_t n;

	while ((n = read(STDIN_FILENO, &c, 1)) == 1 && c != '\n')
		buf_put_byte(out, (unsigned char)c);
	return n >= 0 && buf_ok(out) && out->n > 0;
}

/* One FIELD=VALUE or FIELD of set. */
static bool
field_set(const char *word, struct buf *fields)
{
	struct slice rest = sl_str(word), name;
	struct buf kept, value;
	struct fault f = FAULT_NONE;
	bool given = sl_cut(&rest, '=', &name), good;

	buf_init(&kept, USERDB_LINE_MAX);
	buf_init(&value, VALUE_MAX);
	if (given)
		buf_put(&value, rest);
	good = given || read_value(&value);
	if (!good)
		cmd_complain("userdb", "found no value of %s on standard input", word);
	else if (userdb_field_check(name, buf_slice(&value), &f) != ST_OK)
		good = complain(word, &f);
	fields_without(buf_slice(fields), name, &kept);
	field_put(name, buf_slice(&value), &kept);
	buf_clear(fields);
	buf_put(fields, buf_slice(&kept));
	buf_fini(&kept);
	buf_fini(&value);
	return good;
}

static void
field_unset(const char *word, struct buf *fields)
{
	struct buf kept;

	buf_init(&kept, USERDB_LINE_MAX);
	fields_without(buf_slice(fields), sl_str(word), &kept);
	buf_clear(fields);
	buf_put(fields, buf_slice(&kept));
	buf_fini(&kept);
}

/* Applies the words to the fields of the address. False after words on stderr. */
static bool
edit_fields(const struct edit *e, struct buf *fields)
{
	bool set = strcmp(e->words[0], "set") == 0 || strcmp(e->words[0], "-set") == 0;

	for (int i = 1; i < e->count; i++) {
		if (set && !field_set(e->words[i], fields))
			return false;
		if (!set)
			field_unset(e->words[i], fields);
	}
	return true;
}

/* --- the file -------------------------------------------------------------- */

static bool
line_is_for(struct slice line, struct slice address)
{
	struct slice key;

	return line.n > 0 && line.p[0] != '#' && sl_cut(&line, '\t', &key) && sl_eq(key, address);
}

/* The text with the line of the address replaced, or added. False after words on stderr. */
static bool
edit_text(const struct edit *e, struct slice text, struct buf *out)
{
	bool del = strcmp(e->words[0], "del") == 0, found = false, good = true;
	struct buf fields;

	buf_init(&fields, USERDB_LINE_MAX);
	while (text.n > 0) {
		struct slice line, key;

		sl_cut(&text, '\n', &line);
		if (!line_is_for(line, e->address)) {
			buf_put(out, line);
			buf_put_byte(out, '\n');
			continue;
		}
		found = true;
		sl_cut(&line, '\t', &key);
		buf_clear(&fields);
		buf_put(&fields, line);
		good = good && (del || edit_fields(e, &fields));
		if (!del)
			buf_fmt(
			    out, "%.*s\t%.*s\n", SL_FMT(e->address), SL_FMT(buf_slice(&fields)));
	}
	if (!found && !del && strcmp(e->words[0], "unset") != 0) {
		buf_clear(&fields);
		good = edit_fields(e, &fields);
		buf_fmt(out, "%.*s\t%.*s\n", SL_FMT(e->address), SL_FMT(buf_slice(&fields)));
		found = true;
	}
	if (!found)
		cmd_complain("userdb", "found no address %.*s in %s", SL_FMT(e->address), e->path);
	if (good && (!buf_ok(out) || !buf_ok(&fields)))
		cmd_complain("userdb", "found a line or file that is too long, expected less");
	good = good && found && buf_ok(out) && buf_ok(&fields);
	buf_fini(&fields);
	return good;
}

/* Writes beside, syncs, renames, syncs the folder. */
static bool
replace_file(int dirfd, const char *name, struct slice text)
{
	char beside[PATHS_MAX + 32];
	struct fault f;
	ssize_t n = -1;
	int fd, err;

	snprintf(beside, sizeof(beside), "%s~%ld", name, (long)getpid());
	fd = openat(dirfd, beside, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd >= 0) {
		n = write(fd, text.p, text.n);
		err = n == (ssize_t)text.n ? durable_now(fd, DURABLE_FILE)
					   : -(n < 0 ? errno : ENOSPC);
		close(fd);
		if (err == 0 && renameat(dirfd, beside, dirfd, name) == 0)
			return durable_now(dirfd, DURABLE_DIR) == 0;
		errno = err != 0 ? -err : errno;
		fault_sys(&f, ST_IO, "", errno, "cannot be written");
		unlinkat(dirfd, beside, 0);
		return complain(name, &f);
	}
	fault_sys(&f, ST_IO, "", errno, "cannot be written");
	return complain(name, &f);
}

static int
edit_file(struct edit *e, int dirfd, const char *name)
{
	struct buf text, out;
	struct fault f = FAULT_NONE;
	enum st st;
	bool good;

	buf_init(&text, TEXT_MAX);
	buf_init(&out, TEXT_MAX);
	st = conf_file_read(dirfd, name, &text, &f);
	good = st == ST_OK || st == ST_NOENT || complain(e->path, &f);
	good = good && edit_text(e, buf_slice(&text), &out) &&
	       replace_file(dirfd, name, buf_slice(&out));
	buf_fini(&text);
	buf_fini(&out);
	return good ? EXIT_GOOD : EXIT_DATA;
}

/* Addresses, or the fields of one, a line each. */
static int
show_file(const struct edit *e, int dirfd, const char *name)
{
	struct buf text;
	struct slice rest, line, key, field, value;
	struct fault f = FAULT_NONE;
	bool found = e->address.n == 0;

	buf_init(&text, TEXT_MAX);
	if (conf_file_read(dirfd, name, &text, &f) != ST_OK)
		return complain(e->path, &f) ? EXIT_GOOD : EXIT_IO;
	for (rest = buf_slice(&text); rest.n > 0;) {
		sl_cut(&rest, '\n', &line);
		if (line.n == 0 || line.p[0] == '#' || !sl_cut(&line, '\t', &key))
			continue;
		if (e->address.n == 0)
			printf("%.*s\n", SL_FMT(key));
		if (e->address.n == 0 || !sl_eq(key, e->address))
			continue;
		found = true;
		while (userdb_field_next(&line, &field, &value))
			printf("%.*s=%.*s\n", SL_FMT(field), SL_FMT(value));
	}
	if (!found)
		cmd_complain("userdb", "found no address %.*s in %s", SL_FMT(e->address), e->path);
	buf_fini(&text);
	return found ? EXIT_GOOD : EXIT_NOUSER;
}

/* --- arguments ------------------------------------------------------------- */

/* In a folder of files the address is NAME/ADDRESS. */
static bool
find_file(struct edit *e, const char *file)
{
	struct stat sb;
	size_t slash = sl_rfind(e->address, '/');
	int n = snprintf(e->path, sizeof(e->path), "%s", file);

	if (fstatat(e->cmd.dirfd, file, &sb, 0) == 0 && S_ISDIR(sb.st_mode)) {
		if (slash == e->address.n) {
			cmd_complain("userdb", "%s is a folder: expected NAME/ADDRESS", file);
			return false;
		}
		n = snprintf(e->path, sizeof(e->path), "%s/%.*s", file,
		    SL_FMT(sl_sub(e->address, 0, slash)));
		e->address = sl_skip(e->address, slash + 1);
	}
	return n > 0 && (size_t)n < sizeof(e->path);
}

static int
run(struct edit *e, const char *file, bool show)
{
	char dir[PATHS_MAX];
	const char *name;
	struct fault f = FAULT_NONE;
	int fd, status;

	if (!find_file(e, file))
		return EXIT_USAGE;
	if (!show && userdb_key_check(e->address, &f) != ST_OK) {
		complain("ADDRESS", &f);
		return EXIT_DATA;
	}
	fd = table_cmd_folder(&e->cmd, e->path, dir, &name);
	if (fd < 0)
		return EXIT_IO;
	status = show ? show_file(e, fd, name) : edit_file(e, fd, name);
	close(fd);
	return status;
}

static bool
words_are_good(const struct edit *e, bool show)
{
	if (show)
		return e->count == 0;
	if (e->count == 0)
		return false;
	if (strcmp(e->words[0], "del") == 0)
		return e->count == 1;
	return e->count > 1 &&
	       (strcmp(e->words[0], "set") == 0 || strcmp(e->words[0], "-set") == 0 ||
		   strcmp(e->words[0], "unset") == 0);
}

int
main(int argc, char **argv)
{
	struct edit e = {.address = SL_NONE};
	const char *file = "userdb";
	bool show = false;
	int i = 1, status;

	for (; i < argc && argv[i][0] == '-'; i++) {
		if (strcmp(argv[i], "-show") == 0)
			show = true;
		else if (strcmp(argv[i], "-f") == 0 && i + 1 < argc)
			file = argv[++i];
		else
			break;
	}
	if (i < argc && argv[i][0] != '-')
		e.address = sl_str(argv[i++]);
	e.words = argv + i;
	e.count = argc - i;
	if ((!show && e.address.n == 0) || !words_are_good(&e, show)) {
		fputs(usage, stderr);
		return EXIT_USAGE;
	}
	status = table_cmd_open(&e.cmd, "userdb", false);
	if (status != EXIT_GOOD)
		return status;
	status = run(&e, file, show);
	table_cmd_close(&e.cmd);
	return status;
}
