/*
 * makeuserdb(8): userdb to userdb.dat, and its passwords to userdbshadow.dat.
 */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "account/userdb.h"
#include "base/hmap.h"
#include "build_config.h"
#include "cmd/table.h"
#include "os/accounts.h"

#define TEXT_MAX ((size_t)1 << 30)

static const char usage[] = "usage: makeuserdb [-f FILE]\n"
			    "  compiles FILE (default: userdb in the configuration folder, a file "
			    "or a folder of files) into FILE.dat, and\n"
			    "  its passwords into FILEshadow.dat\n";

/* An address or uid that was there before. */
struct known {
	struct hmap_node node;
	struct slice name;
	const char *file;
	unsigned line;
};

/* All accounts, once. */
struct building {
	struct table_cmd *cmd;
	struct arena *arena;
	struct hmap names, uids;
	struct buf keys; /* lines "key TAB fields LF", good ones */
	bool secrets;    /* which of the two tables is filled */
};

static struct known *
known_find(const struct hmap *m, struct slice name)
{
	struct hmap_node *at;

	for (at = hmap_first(m, hmap_hash(name)); at != NULL; at = hmap_next(at))
		if (sl_eq(CONTAINER_OF(at, struct known, node)->name, name))
			return CONTAINER_OF(at, struct known, node);
	return NULL;
}

static void
known_add(struct building *b, struct hmap *m, struct slice name, const char *file, unsigned line)
{
	struct known *k = arena_get(b->arena, sizeof(*k));

	if (k == NULL || (k->name = arena_copy(b->arena, name)).p == NULL ||
	    (k->file = arena_str(b->arena, sl_str(file))) == NULL) {
		conf_error(
		    &b->cmd->report, file, line, "found more accounts than fit, expected less");
		return;
	}
	k->line = line;
	hmap_put(m, &k->node, hmap_hash(k->name));
}

static void
read_line(struct building *b, const char *file, unsigned line, struct slice text)
{
	struct slice key, fields, value;
	struct fault f = FAULT_NONE;
	const struct known *old;
	enum st st = userdb_line_parse(text, &key, &fields, &f);

	if (st == ST_NOENT)
		return;
	if (st != ST_OK) {
		conf_error(&b->cmd->report, file, line, "%s", f.text);
		return;
	}
	old = known_find(&b->names, key);
	if (old != NULL) {
		conf_error(&b->cmd->report, file, line,
		    "found the address %.*s again, expected it once (the first is %s:%u)",
		    SL_FMT(key), old->file, old->line);
		return;
	}
	if (!userdb_field(fields, SL("uid"), &value) || !userdb_field(fields, SL("gid"), &value) ||
	    !userdb_field(fields, SL("home"), &value))
		conf_warning(&b->cmd->report, file, line,
		    "%.*s has no uid, gid or home: it is no account yet", SL_FMT(key));
	known_add(b, &b->names, key, file, line);
	buf_put(&b->keys, key);
	buf_put_byte(&b->keys, '\t');
	buf_put(&b->keys, fields);
	buf_put_byte(&b->keys, '\n');
}

static void
read_file(void *arg, const char *path, struct slice text)
{
	struct building *b = arg;
	struct slice line;

	for (unsigned n = 1; text.n > 0; n++) {
		sl_cut(&text, '\n', &line);
		read_line(b, path, n, line);
	}
}

/* The fields of one kind, joined again. */
static void
fields_select(struct slice fields, bool secrets, struct buf *out)
{
	struct slice name, value;

	while (userdb_field_next(&fields, &name, &value)) {
		if (userdb_field_is_secret(name) != secrets)
			continue;
		if (out->n > 0)
			buf_put_byte(out, '|');
		buf_put(out, name);
		buf_put_byte(out, '=');
		buf_put(out, value);
	}
}

static bool
put_uid(struct building *b, struct slice key, struct slice fields,
    bool (*put)(void *, struct slice, struct slice), void *put_arg)
{
	struct slice uid;
	struct buf name;
	bool good = true;

	if (!userdb_field(fields, SL("uid"), &uid) || known_find(&b->uids, uid) != NULL)
		return true;
	known_add(b, &b->uids, uid, "", 0);
	buf_init(&name, 64);
	buf_put(&name, SL("uid="));
	buf_put(&name, uid);
	good = buf_ok(&name) && put(put_arg, buf_slice(&name), key);
	buf_fini(&name);
	return good;
}

static bool
fill(void *arg, bool (*put)(void *put_arg, struct slice key, struct slice value), void *put_arg)
{
	struct building *b = arg;
	struct slice rest = buf_slice(&b->keys), line, key;
	struct buf selected;
	bool good = true;

	buf_init(&selected, 2 * USERDB_LINE_MAX);
	while (good && rest.n > 0) {
		sl_cut(&rest, '\n', &line);
		sl_cut(&line, '\t', &key);
		buf_clear(&selected);
		fields_select(line, b->secrets, &selected);
		good = (selected.n == 0 && b->secrets) || put(put_arg, key, buf_slice(&selected));
		if (good && !b->secrets)
			good = put_uid(b, key, line, put, put_arg);
	}
	buf_fini(&selected);
	return good;
}

/* authdaemond reads the passwords: as root, the table belongs to its group. */
static unsigned
shadow_mode(void)
{
	struct accounts_entry e;

	if (geteuid() == 0 && accounts_by_name(BUILD_USER_AUTH, &e) == 0 &&
	    setegid((gid_t)e.gid) == 0)
		return 0640;
	return 0600;
}

static int
write_tables(struct building *b, int fd, const char *dir, const char *name)
{
	char dat[PATHS_MAX + 16];
	gid_t gid = getegid();
	unsigned mode;
	int status;

	/* Passwords first: an account that is there without them cannot log in, the other way round
	 * it could not exist. */
	b->secrets = true;
	mode = shadow_mode();
	snprintf(dat, sizeof(dat), "%sshadow.dat", name);
	status = table_cmd_write(b->cmd->name, fd, dir, dat, mode, fill, b);
	if (getegid() != gid && setegid(gid) != 0)
		return EXIT_NOPERM;
	if (status != EXIT_GOOD)
		return status;
	b->secrets = false;
	snprintf(dat, sizeof(dat), "%s.dat", name);
	return table_cmd_write(b->cmd->name, fd, dir, dat, 0644, fill, b);
}

static int
build(struct table_cmd *cmd, const char *file)
{
	struct building b = {.cmd = cmd, .arena = arena_new("userdb", TEXT_MAX)};
	char dir[PATHS_MAX];
	const char *name;
	int fd = table_cmd_folder(cmd, file, dir, &name), status = EXIT_CONFIG;

	hmap_init(&b.names);
	hmap_init(&b.uids);
	buf_init(&b.keys, TEXT_MAX);
	if (fd >= 0) {
		if (conf_table_read(
			fd, dir, name, S_IRWXG | S_IRWXO, read_file, &b, &cmd->report) == ST_NOENT)
			conf_error(&cmd->report, file, 0, "does not exist");
		if (!buf_ok(&b.keys))
			conf_error(&cmd->report, file, 0,
			    "found more than %zu bytes, expected less", TEXT_MAX);
		status = table_cmd_report(cmd);
		if (status == EXIT_GOOD)
			status = write_tables(&b, fd, dir, name);
		close(fd);
	}
	buf_fini(&b.keys);
	hmap_fini(&b.names);
	hmap_fini(&b.uids);
	arena_free(b.arena);
	return status;
}

int
main(int argc, char **argv)
{
	const char *file = "userdb";
	struct table_cmd cmd;
	int status;

	if (argc == 3 && strcmp(argv[1], "-f") == 0) {
		file = argv[2];
	} else if (argc != 1) {
		fputs(usage, stderr);
		return EXIT_USAGE;
	}
	status = table_cmd_open(&cmd, "makeuserdb", false);
	if (status != EXIT_GOOD)
		return status;
	status = build(&cmd, file);
	table_cmd_close(&cmd);
	return status;
}
