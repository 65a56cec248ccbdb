/*
 * logd: the one writer of the log. Reads the datagrams of all processes from descriptor 4 and
 * appends them to a file, or hands them to syslog. When it cannot keep up, the socket fills and the
 * senders count what they drop: nobody ever waits for a log line.
 *
 * A file that was renamed or removed (rotation) is noticed within a second and opened anew; no
 * signal is needed.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/date.h"
#include "daemon/skel/proc.h"
#include "net/log.h"
#include "os/clock.h"

#define LOG_SOCKET 4
#define DATAGRAM_MAX 16384
#define DATAGRAMS_A_TURN 256
#define OUT_MAX (256u << 10)
#define LOOK_EVERY_MS 1000

struct logd {
	struct watch watch;
	struct timer look;
	struct buf out; /* lines of this turn, written at once */
	int dirfd, fd;  /* of the log file; -1 with syslog */
	char dir[PATHS_MAX], name[256];
	char host[256];
	uint64_t lines, lost;
	const char *write_dirs[2];
};

#define OPEN_FLAGS (O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK)

/*
 * Opens the file for appending; the folder is known. At the start we are root, and the folder may
 * belong to the log's user: only a plain file without a second name is written to, and only one
 * that we have made is given to him. 0 or -errno.
 */
static int
open_file(struct logd *l)
{
	struct stat s, dir;
	int fd = openat(l->dirfd, l->name, OPEN_FLAGS), err = 0;
	bool fresh = fd < 0 && errno == ENOENT;

	if (fresh)
		fd = openat(l->dirfd, l->name, OPEN_FLAGS | O_CREAT | O_EXCL, 0640);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &s) != 0 || fstat(l->dirfd, &dir) != 0)
		err = -errno;
	else if (!S_ISREG(s.st_mode) || s.st_nlink != 1)
		err = -EINVAL;
	else if (fresh && geteuid() == 0 && fchown(fd, dir.st_uid, dir.st_gid) != 0)
		err = -errno;
	if (err) {
		close(fd);
		return err;
	}
	if (l->fd >= 0)
		close(l->fd);
	l->fd = fd;
	return 0;
}

static enum st
open_target(struct logd *l, const char *path, struct fault *f)
{
	const char *slash = strrchr(path, '/');
	size_t dir_n = slash && slash > path ? (size_t)(slash - path) : 1;
	int err;

	l->dirfd = l->fd = -1;
	if (strcmp(path, "syslog") == 0) {
		openlog("courier", LOG_NDELAY, LOG_MAIL);
		return ST_OK;
	}
	if (!slash || !slash[1] || dir_n >= sizeof(l->dir) || strlen(slash + 1) >= sizeof(l->name))
		return fault_set(f, ST_SYNTAX, "",
		    "LOG: found \"%s\", expected syslog or the absolute path of a file", path);
	memcpy(l->dir, path, dir_n);
	memcpy(l->name, slash + 1, strlen(slash + 1));
	l->dirfd = open(l->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	err = l->dirfd < 0 ? -errno : open_file(l);
	if (err == -EINVAL)
		return fault_set(
		    f, ST_PERM, "", "LOG: %s: expected a plain file with one name", path);
	return err ? fault_sys(f, ST_IO, "", -err, "LOG: %s", path) : ST_OK;
}

static enum st
logd_start(struct proc *p, struct fault *f)
{
	struct logd *l = proc_state(p);

	if (gethostname(l->host, sizeof(l->host)) != 0)
		memcpy(l->host, "localhost", sizeof("localhost"));
	l->host[sizeof(l->host) - 1] = '\0';
	buf_init(&l->out, OUT_MAX + LOG_LINE_MAX + 512);
	return open_target(l, proc_conf(p)->courierd.log, f);
}

static void
logd_dirs(struct proc *p, const char *const **write_dirs, const char *const **read_dirs)
{
	struct logd *l = proc_state(p);

	l->write_dirs[0] = l->dir[0] ? l->dir : NULL;
	*write_dirs = l->write_dirs;
	*read_dirs = NULL;
}

static void
write_out(struct logd *l)
{
	struct slice rest = buf_slice(&l->out);

	while (l->fd >= 0 && rest.n) {
		ssize_t n = write(l->fd, rest.p, rest.n);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) { /* disk full: the lines of this turn are lost, the mail is not */
			l->lost++;
			break;
		}
		rest = sl_skip(rest, (size_t)n);
	}
	buf_clear(&l->out);
}

/* The longest string without control bytes is one write; others get '?' there. */
static void
put_words(struct buf *out, struct slice s)
{
	for (size_t i = 0, from = 0; i <= s.n; i++) {
		if (i < s.n && s.p[i] >= ' ' && s.p[i] != 127)
			continue;
		buf_put(out, sl_sub(s, from, i));
		if (i < s.n)
			buf_put_byte(out, '?');
		from = i + 1;
	}
}

/*
 * One line: a digit (syslog's severity), then "role[pid]: event,...". Processes of users write here
 * too: whatever it says, it ends where its line feed is.
 */
static void
put_line(struct logd *l, struct slice text, struct slice prefix)
{
	int severity = text.p[0] >= '0' && text.p[0] <= '7' ? text.p[0] - '0' : LOG_INFO;

	text = sl_sub(text, 1, LOG_LINE_MAX);
	l->lines++;
	if (l->fd < 0) {
		put_words(&l->out, text);
		syslog(LOG_MAIL | severity, "%.*s", SL_FMT(buf_slice(&l->out)));
		buf_clear(&l->out);
		return;
	}
	buf_put(&l->out, prefix);
	put_words(&l->out, text);
	buf_put_byte(&l->out, '\n');
	if (l->out.n > OUT_MAX)
		write_out(l);
}

static void
put_lines(struct logd *l, struct slice datagram, struct slice prefix)
{
	struct slice line;

	while (datagram.n) {
		sl_cut(&datagram, '\n', &line);
		if (line.n > 1)
			put_line(l, line, prefix);
	}
}

static void
read_lines(struct watch *w, unsigned ready)
{
	struct logd *l = w->arg;
	static unsigned char datagram[DATAGRAM_MAX];
	struct buf prefix;

	(void)ready;
	buf_init(&prefix, sizeof(l->host) + 64);
	date_put_iso_ms(&prefix, clock_wall_ms());
	buf_fmt(&prefix, " %s ", l->host);
	for (int i = 0; i < DATAGRAMS_A_TURN; i++) {
		ssize_t n = read(w->fd, datagram, sizeof(datagram));

		if (n < 0)
			break;
		put_lines(l, sl_mem(datagram, (size_t)n), buf_slice(&prefix));
	}
	buf_fini(&prefix);
	write_out(l);
}

/* Is the file still the one with our name? */
static void
look(struct timer *t)
{
	struct proc *p = t->arg;
	struct logd *l = proc_state(p);
	struct stat ours, named;

	loop_timer_at(proc_loop(p), t, loop_now(proc_loop(p)) + LOOK_EVERY_MS, look, p);
	if (l->fd < 0 || fstat(l->fd, &ours) != 0)
		return;
	if (fstatat(l->dirfd, l->name, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
	    named.st_ino == ours.st_ino && named.st_dev == ours.st_dev)
		return;
	open_file(l); /* when that fails the old file goes on; next second again */
}

static void
logd_serve(struct proc *p)
{
	struct logd *l = proc_state(p);

	loop_watch(proc_loop(p), &l->watch, LOG_SOCKET, POLLER_READ, read_lines, l);
	loop_timer_at(proc_loop(p), &l->look, loop_now(proc_loop(p)) + LOOK_EVERY_MS, look, p);
}

static void
logd_drain(struct proc *p, uint32_t within_ms)
{
	struct logd *l = proc_state(p);

	(void)within_ms;
	for (uint64_t before = UINT64_MAX;
	     l->watch.loop && before != l->lines;) { /* until a look brings nothing new */
		before = l->lines;
		read_lines(&l->watch, POLLER_READ);
	}
	proc_exit(p, 0);
}

static void
logd_status(struct proc *p, struct buf *out)
{
	struct logd *l = proc_state(p);

	buf_fmt(out, "target=%s%s%s\nlines=%llu\nwrite_errors=%llu\n",
	    l->fd < 0 ? "syslog" : l->dir, l->fd < 0 ? "" : "/", l->name,
	    (unsigned long long)l->lines, (unsigned long long)l->lost);
}

int
main(int argc, char **argv)
{
	static const struct proc_def def = {
	    .role = "logd",
	    .log_name = NULL,
	    .state_bytes = sizeof(struct logd),
	    .has_sandbox = true,
	    .sandbox = SANDBOX_STORE,
	    .start = logd_start,
	    .sandbox_dirs = logd_dirs,
	    .serve = logd_serve,
	    .drain = logd_drain,
	    .status = logd_status,
	};

	return proc_main(argc, argv, &def);
}
