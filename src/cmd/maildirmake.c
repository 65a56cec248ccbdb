/*
 * maildirmake(1): makes a Maildir, a folder in one, sets its quota, renames folders from the older
 * form of their names. The caller becomes the owner of what is made; it works on Maildirs of the
 * caller only.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "maildir/dir.h"
#include "maildir/folders.h"
#include "maildir/quota.h"

#define NAME "maildirmake"

static int
complain(const struct fault *f)
{
	cmd_complain(NAME, "%s", f->text);
	return f->st == ST_SYNTAX ? EXIT_USAGE : f->st == ST_EXISTS ? EXIT_UNAVAILABLE : EXIT_IO;
}

/* The directory above path, which the kernel may find through links: the caller named it. *last is
 * its last name. -1: said why. */
static int
open_parent(const char *path, struct slice *last)
{
	struct slice rest = sl_str(path);
	char parent[4096];
	size_t at;
	int fd;

	while (rest.n > 1 && rest.p[rest.n - 1] == '/')
		rest.n--;
	at = sl_rfind(rest, '/');
	*last = at < rest.n ? sl_skip(rest, at + 1) : rest;
	if (at == rest.n)
		snprintf(parent, sizeof(parent), ".");
	else
		snprintf(parent, sizeof(parent), "%.*s", (int)(at ? at : 1), path);
	if (last->n == 0 || at >= sizeof(parent)) {
		cmd_complain(NAME, "%s: found no name of a Maildir", path);
		return -1;
	}
	fd = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		cmd_complain(NAME, "%s: %s", parent, strerror(errno));
	return fd;
}

static int
make_maildir(const char *path)
{
	struct slice last;
	struct maildir m;
	struct fault f;
	char name[256];
	int parent = open_parent(path, &last), rc = EXIT_GOOD;

	if (parent < 0)
		return EXIT_IO;
	if (!maildir_name_copy(last, name)) {
		cmd_complain(NAME, "%s: found no name of a Maildir", path);
		rc = EXIT_USAGE;
	} else if (mkdirat(parent, name, 0700) != 0) {
		/* Who asks for it may write there, whoever the folder belongs to. */
		cmd_complain(NAME, "%s: %s", path, strerror(errno));
		rc = errno == EEXIST ? EXIT_UNAVAILABLE : EXIT_IO;
	} else if (maildir_open(parent, last, MAILDIR_MAKE, &m, &f) != ST_OK) {
		rc = complain(&f);
	} else {
		maildir_close(&m);
	}
	close(parent);
	return rc;
}

/* The Maildir's directory, or -1: said why. */
static int
open_maildir(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		cmd_complain(NAME, "%s: %s", path, strerror(errno));
	else if (maildir_kind_of(fd, SL("cur")) != MAILDIR_IS_DIR) {
		cmd_complain(NAME, "%s: this is no Maildir", path);
		close(fd);
		fd = -1;
	}
	return fd;
}

/* Counts what is there, when the quota is another one than before. */
static int
set_quota(int top, const char *definition)
{
	struct maildir_quota q;
	struct fault f;

	if (!maildir_quota_parse(sl_str(definition), &q)) {
		cmd_complain(NAME,
		    "found quota '%s', expected bytes and messages as in 10000000S,1000C",
		    definition);
		return EXIT_USAGE;
	}
	return maildir_quota_load(top, sl_str(definition), &q, &f) == ST_OK ? EXIT_GOOD
									     : complain(&f);
}

static int
make_folder(int top, const char *name)
{
	char full[STORE_NAME_MAX + 8];
	struct fault f;

	if (strlen(name) > STORE_NAME_MAX - 6) {
		cmd_complain(NAME, "found a name of %zu bytes, expected at most %d", strlen(name),
		    STORE_NAME_MAX - 6);
		return EXIT_USAGE;
	}
	snprintf(full, sizeof(full), "INBOX.%s", name);
	return folder_make_with_parents(top, sl_str(full), &f) == ST_OK ? EXIT_GOOD
									 : complain(&f);
}

/* Folders whose names are in modified UTF-7: shown, or renamed. */
static int
older_names(int top, bool rename)
{
	struct maildir_walker w;
	int err = maildir_walker_open(top, &w), rc = EXIT_GOOD;
	const char *dir;

	while (!err && (dir = maildir_walker_next(&w)) != NULL) {
		char now[MAILDIR_NAME_MAX + 1];
		struct buf name;
		struct fault f;

		buf_init(&name, 4096);
		if (dir[0] == '.' && folder_name_from_disk(sl_str(dir), &name) &&
		    folder_name_to_disk(buf_slice(&name), now, &f) == ST_OK &&
		    strcmp(now, dir) != 0) {
			printf("%s: %s\n", dir, now);
			if (rename && renameat(top, dir, top, now) != 0) {
				cmd_complain(NAME, "%s: %s", dir, strerror(errno));
				rc = EXIT_IO;
			}
		}
		buf_fini(&name);
	}
	if (err) {
		cmd_complain(NAME, "%s", strerror(-err));
		return EXIT_IO;
	}
	maildir_walker_close(&w);
	return rc;
}

static int
usage(void)
{
	fputs("usage: maildirmake DIR\n"
	      "       maildirmake -q QUOTA DIR\n"
	      "       maildirmake -f FOLDER DIR\n"
	      "       maildirmake --checkutf8 DIR\n"
	      "       maildirmake --convutf8 DIR\n",
	    stderr);
	return EXIT_USAGE;
}

int
main(int argc, char **argv)
{
	const char *option = argc > 1 ? argv[1] : "";
	bool is_folder = strcmp(option, "-f") == 0 || strcmp(option, "-F") == 0,
	     is_quota = strcmp(option, "-q") == 0, is_check = strcmp(option, "--checkutf8") == 0,
	     is_convert = strcmp(option, "--convutf8") == 0;
	int top, rc;

	umask(077);
	if (argc == 2 && option[0] != '-')
		return make_maildir(option);
	if (argc != 3 + (is_folder || is_quota) ||
	    !(is_folder || is_quota || is_check || is_convert))
		return usage();
	top = open_maildir(argv[argc - 1]);
	if (top < 0)
		return EXIT_IO;
	if (is_quota)
		rc = set_quota(top, argv[2]);
	else if (is_folder)
		rc = make_folder(top, argv[2]);
	else
		rc = older_names(top, is_convert);
	close(top);
	return rc;
}
