/*
 * master: started as root (or as the single user of a private instance), stays root, and therefore does
 * little: binds, forks, becomes users against tickets, watches.
 */
#include "daemon/master/master.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/hmap.h"
#include "base/num.h"
#include "build_config.h"
#include "net/log.h"
#include "os/filelock.h"
#include "os/privs.h"
#include "os/proctitle.h"
#include "os/random.h"
#include "os/service.h"
#include "os/sysinfo.h"

#define STOP_WITHIN_MS 10000
#define START_PATIENCE_MS 30000

static const char usage[] =
    "usage: master [--foreground] [--single-user] [--instance DIR] [--process-uids FIRST]\n"
    "  --foreground      stay in the foreground; Ctrl-C stops the server\n"
    "  --single-user     run everything as the user who starts it (not root)\n"
    "  --instance DIR    use DIR/etc, DIR/var and DIR/libexec instead of the installed folders\n"
    "  --process-uids N  as root: use the uids N, N+1 ... for the processes instead of the named users\n";

static int
fail(const struct fault *f)
{
	fprintf(stderr, "courier: %s\n", f->text);
	return 78; /* EX_CONFIG */
}

/* ---- start ---- */

static enum st
read_options(struct master *m, int argc, char **argv, const char **instance, struct fault *f)
{
	bool single = false;

	for (int i = 1; i < argc; i++) {
		uint64_t uid;

		if (strcmp(argv[i], "--foreground") == 0)
			m->foreground = true;
		else if (strcmp(argv[i], "--single-user") == 0)
			single = true;
		else if (strcmp(argv[i], "--instance") == 0 && i + 1 < argc)
			*instance = argv[++i];
		else if (strcmp(argv[i], "--process-uids") == 0 && i + 1 < argc && num_u64(sl_str(argv[i + 1]), 1u << 30, &uid) && uid) {
			m->process_uids = (uint32_t)uid;
			i++;
		} else {
			fputs(usage, stderr);
			return fault_set(f, ST_SYNTAX, "", "%s: found an argument that is not understood", argv[i]);
		}
	}
	if (single && getuid() == 0)
		return fault_set(f, ST_DENIED, "", "--single-user: found root, expected an ordinary user (user programs would run as root)");
	if (!single && getuid() != 0)
		return fault_set(f, ST_DENIED, "", "found user %lu, expected root (or --single-user)", (unsigned long)getuid());
	m->root = getuid() == 0;
	return ST_OK;
}

/* One master for an instance; the file says which. */
static enum st
take_lock(struct master *m, struct fault *f)
{
	char path[PATHS_MAX + 32], text[32] = {0};
	int fd, err;

	snprintf(path, sizeof(path), "%s/courier.pid", m->paths.state_dir);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (fd < 0)
		return fault_sys(f, ST_IO, "", errno, "%s", path);
	err = filelock_try(fd);
	if (err) {
		if (pread(fd, text, sizeof(text) - 1, 0) < 0)
			text[0] = '\0';
		close(fd);
		return fault_set(f, ST_EXISTS, "", "%s: the server is running already, pid %.10s", path, text);
	}
	snprintf(text, sizeof(text), "%ld\n", (long)getpid());
	if (ftruncate(fd, 0) != 0 || pwrite(fd, text, strlen(text), 0) < 0) {
		err = errno;
		close(fd);
		return fault_sys(f, ST_IO, "", err, "%s", path);
	}
	m->lock_fd = fd;
	return ST_OK;
}

/* All lines of all processes go through one datagram socket; logd has the other end. */
static enum st
open_log(struct master *m, struct fault *f)
{
	int size = 1 << 20;

	if (socketpair(AF_UNIX, SOCK_DGRAM, 0, m->log_fds) != 0)
		return fault_sys(f, ST_IO, "", errno, "log socket");
	for (int i = 0; i < 2; i++) {
		fcntl(m->log_fds[i], F_SETFD, FD_CLOEXEC);
		fcntl(m->log_fds[i], F_SETFL, O_NONBLOCK);
		setsockopt(m->log_fds[i], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size)); /* as far as the system allows */
		setsockopt(m->log_fds[i], SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	}
	log_open(m->log_fds[1], "courier");
	return ST_OK;
}

/* What the hungriest row needs must fit the hard limit; children take what is theirs of it. The name to lower is said. */
static enum st
check_limits(const struct master *m, struct fault *f)
{
	const struct role *most = &roles[0];
	size_t need, have;

	for (size_t i = 1; i < role_count; i++)
		if (roles[i].fds(m->conf) > most->fds(m->conf))
			most = &roles[i];
	need = most->fds(m->conf);
	have = privs_limit_fds(need);
	if (have >= need)
		return ST_OK;
	return fault_set(f, ST_LIMIT, "", "%s needs %zu descriptors, the system allows %zu: raise the limit or lower %s", most->name, need,
	    have, strcmp(most->name, "esmtpd") == 0 ? "MAXDAEMONS" : "MAXDELS and WORKERMAX");
}

static enum st
begin(struct master *m, struct fault *f)
{
	enum st st = check_limits(m, f);

	if (st == ST_OK)
		st = commands_open(m, f);
	if (st == ST_OK)
		children_start_all(m);
	return st;
}

/* The first check of the configuration has ended. */
static void
first_config(struct master *m, bool ok, struct slice report)
{
	struct fault f = FAULT_NONE;
	enum st st = ST_OK;

	if (report.n)
		fprintf(stderr, "%.*s", SL_FMT(report));
	if (!ok) {
		st = config_last_good(m, &f);
		if (st == ST_OK) {
			fprintf(stderr, "courier: the configuration has mistakes; starting with the last good copy\n");
			log_event(LOG_LEVEL_ALERT, "config", KV_STR("using", "last good copy"), KV_SL("report", sl_trim(report)), KV_END);
		} else {
			fprintf(stderr, "courier: not started: the configuration has mistakes and there is no last good copy\n");
		}
	}
	if (st == ST_OK)
		st = begin(m, &f);
	if (st == ST_OK)
		return;
	if (ok)
		fail(&f);
	m->stopping = true;
	loop_stop(m->loop);
}

/* ---- signals ---- */

static void
on_signal(void *arg, int signo)
{
	struct master *m = arg;

	if (signo == SIGCHLD)
		children_reap(m);
	else if (signo == SIGHUP)
		config_check(m, master_reloaded);
	else
		children_stop(m, STOP_WITHIN_MS);
}

/* ---- background ---- */

/* In the parent: waits until the server is ready or gone, but not for ever when a process cannot be started. */
static int
wait_for(pid_t child, int ready)
{
	struct pollfd p = { .fd = ready, .events = POLLIN };
	int status, some;
	ssize_t n;
	char c;

	while ((some = poll(&p, 1, START_PATIENCE_MS)) < 0 && errno == EINTR)
		;
	if (some == 0) {
		fprintf(stderr, "courier: started, but not every process is ready after %d s; the log says why\n",
		    START_PATIENCE_MS / 1000);
		return 75; /* EX_TEMPFAIL */
	}
	while ((n = read(ready, &c, 1)) < 0 && errno == EINTR)
		;
	if (n == 1)
		return 0;
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 71;
}

/* Leaves the terminal. Returns in the child; the parent exits when the child is ready. */
static void
background(struct master *m)
{
	int p[2];
	pid_t child;

	if (pipe(p) != 0 || (child = fork()) < 0) {
		fprintf(stderr, "courier: %s\n", strerror(errno));
		exit(71);
	}
	if (child > 0) {
		close(p[1]);
		exit(wait_for(child, p[0]));
	}
	close(p[0]);
	fcntl(p[1], F_SETFD, FD_CLOEXEC);
	m->ready_fd = p[1];
	setsid();
}

static enum st
prepare(struct master *m, const char *instance, struct fault *f)
{
	enum st st = paths_init(instance, &m->paths, f);

	umask(022);
	if (st == ST_OK)
		st = spawn_check_users(m, f);
	if (st == ST_OK)
		st = folders_make(m, f);
	if (st == ST_OK)
		st = take_lock(m, f);
	return st;
}

int
main(int argc, char **argv)
{
	static struct master m;
	const char *instance = NULL;
	unsigned char seed[16];
	struct fault f;

	proctitle_init(argc, argv);
	m.ready_fd = -1;
	list_init(&m.sockets);
	list_init(&m.children);
	list_init(&m.vacancies);
	workers_init(&m);
	if (read_options(&m, argc, argv, &instance, &f) != ST_OK)
		return fail(&f), 64;
	if (!m.foreground)
		background(&m);
	durable_disabled = getenv("COURIER_TEST_NOSYNC") != NULL; /* handed on to the processes */
	random_bytes(seed, sizeof(seed));
	hmap_seed(seed);
	channel_identify("master", BUILD_VERSION);
	if (prepare(&m, instance, &f) != ST_OK || open_log(&m, &f) != ST_OK)
		return fail(&f);
	if (chdir("/") != 0)
		return 71;
	proctitle_set("courier: master");
	m.loop = loop_new(NULL, NULL, 0);
	const int signals[] = { SIGCHLD, SIGHUP, SIGTERM, SIGINT };
	for (size_t i = 0; i < COUNT_OF(signals); i++)
		loop_signal(m.loop, signals[i], on_signal, &m);
	loop_signal(m.loop, SIGPIPE, NULL, NULL);
	config_check(&m, first_config);
	loop_run(m.loop);
	return m.conf && m.ready ? 0 : 78;
}
