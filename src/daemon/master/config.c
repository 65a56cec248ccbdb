/*
 * The configuration as master gets it: read and checked by a child that is an ordinary user, taken over
 * as a snapshot, kept as the last good copy.
 */
#include "daemon/master/master.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "net/log.h"
#include "os/privs.h"

#define REPORT_MAX (256u << 10)

/* The check under way; there is at most one. */
static struct {
	pid_t pid;
	int snapshot_fd, report_fd;
	config_fn *fn;
} checker;

/* A file without a name, for a child to write and us to read. */
static int
scratch_file(struct master *m)
{
	char path[PATHS_MAX + 32];
	int fd;

	snprintf(path, sizeof(path), "%s/config.XXXXXX", m->paths.state_dir);
	fd = mkstemp(path);
	if (fd < 0)
		return -1;
	unlink(path);
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	return fd;
}

static void
write_report(const struct conf_report *r, int fd)
{
	struct buf text;

	buf_init(&text, REPORT_MAX);
	conf_report_put(r, &text);
	if (write(fd, text.p, text.n) < 0)
		_exit(71);
	buf_fini(&text);
}

/* The child: becomes the mail user, reads every file, says what is wrong or writes the snapshot. */
static void
check(struct master *m)
{
	struct conf_source src = { .dir = m->paths.conf_dir };
	struct conf_report report;
	struct ipc_identity id;
	struct conf c = {0};
	struct fault f;
	enum st st;

	if (m->root) {
		if (spawn_identity(m, role_find("courierd"), &id, &f) != ST_OK ||
		    privs_become(&(struct privs){ .uid = id.uid, .gid = id.gid }, &f) != ST_OK)
			_exit(77);
	}
	conf_report_init(&report);
	src.dirfd = open(m->paths.conf_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (src.dirfd < 0) {
		conf_error(&report, m->paths.conf_dir, 0, "%s", strerror(errno));
		write_report(&report, checker.report_fd);
		_exit(78);
	}
	st = conf_load(&src, &c, &report);
	write_report(&report, checker.report_fd);
	if (st != ST_OK || conf_snapshot_write(&c, checker.snapshot_fd, &f) != ST_OK)
		_exit(78);
	_exit(0);
}

void
config_check(struct master *m, config_fn *fn)
{
	if (checker.pid) {
		fn(m, false, SL("another check is under way\n"));
		return;
	}
	checker.snapshot_fd = scratch_file(m);
	checker.report_fd = scratch_file(m);
	checker.fn = fn;
	checker.pid = checker.snapshot_fd < 0 || checker.report_fd < 0 ? -1 : fork();
	if (checker.pid == 0)
		check(m);
	if (checker.pid < 0) {
		checker.pid = 0;
		fn(m, false, SL("the configuration cannot be checked now: no process or no space\n"));
	}
}

/* Two files, so that a crash between them leaves one that is whole: written beside, synced, renamed. */
static void
keep_last_good(struct master *m)
{
	char path[PATHS_MAX + 32], beside[PATHS_MAX + 40];
	struct fault f;
	int fd, dir;

	snprintf(path, sizeof(path), "%s/config.snapshot", m->paths.state_dir);
	snprintf(beside, sizeof(beside), "%s.new", path);
	fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0 || conf_snapshot_write(m->conf, fd, &f) != ST_OK || durable_now(fd, DURABLE_FILE) != 0 ||
	    rename(beside, path) != 0) {
		fault_sys(&f, ST_IO, "", errno, "%s", path);
		log_event(LOG_LEVEL_WARNING, "config", KV_FAULT(&f), KV_END);
	}
	if (fd >= 0)
		close(fd);
	dir = open(m->paths.state_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir >= 0) {
		durable_now(dir, DURABLE_DIR);
		close(dir);
	}
}

/* fd is the snapshot in force from now on. */
static enum st
take_over(struct master *m, int fd, struct fault *f)
{
	struct conf *fresh = mem_get(sizeof(*fresh));
	enum st st;

	memset(fresh, 0, sizeof(*fresh));
	st = conf_snapshot_read(fd, fresh, f);
	if (st == ST_OK)
		st = sockets_bind(m, fresh, f);
	if (st != ST_OK) {
		conf_fini(fresh);
		mem_free(fresh);
		return st;
	}
	if (m->conf) {
		conf_fini(m->conf);
		mem_free(m->conf);
		close(m->snapshot_fd);
	}
	m->conf = fresh;
	m->snapshot_fd = fd;
	m->serial++;
	return ST_OK;
}

bool
config_checked(struct master *m, pid_t pid, int status)
{
	static char text[REPORT_MAX];
	struct fault f;
	ssize_t n;
	bool ok;

	if (pid != checker.pid)
		return false;
	checker.pid = 0;
	n = pread(checker.report_fd, text, sizeof(text) - 256, 0);
	if (n < 0)
		n = 0;
	close(checker.report_fd);
	ok = WIFEXITED(status) && WEXITSTATUS(status) == 0;
	if (!ok && n == 0)
		n = snprintf(text, sizeof(text), "the check of the configuration ended by %s %d\n",
		    WIFSIGNALED(status) ? "signal" : "status", WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
	if (ok && take_over(m, checker.snapshot_fd, &f) != ST_OK) {
		ok = false;
		n += snprintf(text + n, sizeof(text) - (size_t)n, "%s\n", f.text);
	}
	if (ok) {
		m->last_good = false;
		keep_last_good(m);
	} else {
		close(checker.snapshot_fd);
	}
	checker.fn(m, ok, sl_mem(text, (size_t)n));
	return true;
}

enum st
config_last_good(struct master *m, struct fault *f)
{
	char path[PATHS_MAX + 32];
	int fd;
	enum st st;

	snprintf(path, sizeof(path), "%s/config.snapshot", m->paths.state_dir);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return fault_sys(f, ST_NOENT, "", errno, "%s", path);
	st = take_over(m, fd, f);
	if (st != ST_OK)
		close(fd);
	else
		m->last_good = true;
	return st;
}
