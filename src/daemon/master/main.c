/*
 * master: started as root (or as the single user of a private instance), stays root, and therefore
 * does little: binds, forks, becomes users against tickets, watches.
 */
#include "daemon/master/master.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/hmap.h"
#include "base/num.h"
#include "build_config.h"
#include "net/listener.h"
#include "net/log.h"
#include "os/accounts.h"
#include "os/background.h"
#include "os/pidfile.h"
#include "os/proctitle.h"
#include "os/random.h"
#include "os/service.h"

#define STOP_WITHIN_MS 10000
#define FAILED_WITHIN_MS 1000

enum { EXIT_WRONG_USE = 64, EXIT_SYSTEM = 71, EXIT_NOT_STARTED = 78 };

static const char usage[] =
    "usage: master [--foreground] [--single-user] [--instance DIR] [--process-uids FIRST]\n"
    "  --foreground      stay in the foreground; Ctrl-C stops the server\n"
    "  --single-user     run everything as the user who starts it (not root)\n"
    "  --instance DIR    use DIR/etc, DIR/var and DIR/libexec instead of the installed folders\n"
    "  --process-uids N  as root: use the uids N, N+1 ... for the processes instead of users\n";

/* ---- the end ---- */

void
master_over(struct master *m)
{
	m->over = true;
	loop_stop(m->loop);
}

static void
stop_failed(struct deferred *d)
{
	children_stop(d->arg, FAILED_WITHIN_MS);
}

void
master_failed(struct master *m, const char *what, const char *why)
{
	static struct deferred later; /* callers are in the middle of starting */
	struct fault f;

	if (m->failed)
		return;
	m->failed = true;
	fault_set(&f, ST_IO, "", "%s%s%s", what, *what ? ": " : "", why);
	fprintf(stderr, "courier: not started: %s\n", f.text);
	loop_defer(m->loop, &later, stop_failed, m);
}

/* ---- the start ---- */

static enum st
read_options(struct master *m, int argc, char **argv, const char **instance, struct fault *f)
{
	bool single = false;

	for (int i = 1; i < argc; i++) {
		const char *next = i + 1 < argc ? argv[i + 1] : "";
		uint64_t uid = 0;

		if (strcmp(argv[i], "--foreground") == 0) {
			m->foreground = true;
		} else if (strcmp(argv[i], "--single-user") == 0) {
			single = true;
		} else if (strcmp(argv[i], "--instance") == 0 && *next) {
			*instance = argv[++i];
		} else if (strcmp(argv[i], "--process-uids") == 0 &&
			   num_u64(sl_str(next), 1u << 30, &uid) && uid) {
			m->process_uids = (uint32_t)uid;
			i++;
		} else {
			fputs(usage, stderr);
			return fault_set(
			    f, ST_SYNTAX, "", "found \"%s\", expected an option", argv[i]);
		}
	}
	m->root = getuid() == 0;
	if (single && m->root)
		return fault_set(f, ST_DENIED, "",
		    "--single-user: found root, expected another user (programs run as it)");
	if (!single && !m->root)
		return fault_set(f, ST_DENIED, "",
		    "found user %lu, expected root (or --single-user)", (unsigned long)getuid());
	return ST_OK;
}

/* uid and gid of a process user, looked up once. */
static enum st
find_user(
    const struct master *m, const char *user, unsigned offset, struct privs *who, struct fault *f)
{
	struct accounts_entry e = {.uid = (uint32_t)getuid(), .gid = (uint32_t)getgid()};

	if (m->process_uids)
		e.uid = e.gid = m->process_uids + offset;
	else if (m->root && accounts_by_name(user, &e) != 0)
		return fault_set(f, ST_NOENT, "",
		    "user %s: found no such user, expected one for processes of the server", user);
	*who = (struct privs){.uid = e.uid, .gid = e.gid};
	return ST_OK;
}

static enum st
find_users(struct master *m, struct fault *f)
{
	enum st st = find_user(m, BUILD_USER_MAIL, 0, &m->mail, f);

	for (size_t i = 0; i < role_count && st == ST_OK; i++)
		if (roles[i].user)
			st = find_user(m, roles[i].user, roles[i].uid_offset, &m->who[i], f);
	return st;
}

/* One master for an instance. */
static enum st
take_lock(struct master *m, struct fault *f)
{
	char path[PATHS_MAX + 32];
	long pid;
	int err;

	snprintf(path, sizeof(path), "%s/courier.pid", m->paths.state_dir);
	err = pidfile_take(path, &pid);
	if (err == -EAGAIN)
		return fault_set(
		    f, ST_EXISTS, "", "%s: the server is running already, pid %ld", path, pid);
	return err ? fault_sys(f, ST_IO, "", -err, "%s", path) : ST_OK;
}

static enum st
prepare(struct master *m, const char *instance, struct fault *f)
{
	enum st st = paths_init(instance, &m->paths, f);

	umask(022);
	if (st == ST_OK)
		st = find_users(m, f);
	if (st == ST_OK)
		st = folders_make(m, f);
	if (st == ST_OK)
		st = take_lock(m, f);
	if (st == ST_OK && (log_socket(m->log_fds) != 0 || chdir("/") != 0))
		st = fault_sys(f, ST_IO, "", errno, "log socket");
	return st;
}

/* The first check of the configuration has ended. */
static void
first_config(struct master *m, bool ok, struct slice report)
{
	struct fault f = FAULT_NONE;
	enum st st = ST_OK;

	if (m->stopping || m->failed)
		return;
	fprintf(stderr, "%.*s", SL_FMT(report));
	if (!ok) {
		st = config_last_good(m, &f);
		if (st == ST_OK) {
			fputs("courier: starting with the last good copy of the configuration\n",
			    stderr);
			log_event(LOG_LEVEL_ALERT, "config", KV_STR("using", "last good copy"),
			    KV_SL("report", sl_trim(report)), KV_END);
		}
	}
	if (st == ST_OK)
		st = commands_open(m, &f);
	if (st == ST_OK)
		children_start(m);
	else
		master_failed(m, ok ? "" : "there is no last good copy", f.text);
}

static void
on_signal(void *arg, int signo)
{
	struct master *m = arg;
	int status;
	pid_t pid;

	if (signo == SIGHUP)
		command_hangup(m);
	else if (signo != SIGCHLD)
		children_stop(m, STOP_WITHIN_MS);
	while (signo == SIGCHLD && (pid = waitpid(-1, &status, WNOHANG)) > 0)
		child_ended(m, pid, status);
}

int
master_spawn(const struct master *m, const char *program, struct spawn *s, long *pid)
{
	char path[PATHS_MAX + 64], zone[128];
	const char *env[4] = {"PATH=/usr/bin:/bin"}, *tz = getenv("TZ");
	int n = 1;

	snprintf(path, sizeof(path), "%s/%s", m->paths.daemon_dir, program);
	if (tz && (size_t)snprintf(zone, sizeof(zone), "TZ=%s", tz) < sizeof(zone))
		env[n++] = zone;
	if (durable_disabled)
		env[n] = "COURIER_TEST_NOSYNC=1";
	s->path = path;
	s->env = env;
	return spawn_program(s, pid);
}

int
main(int argc, char **argv)
{
	static const int signals[] = {SIGCHLD, SIGHUP, SIGTERM, SIGINT};
	static struct master m;
	const char *instance = NULL;
	unsigned char seed[16];
	struct fault f;

	proctitle_init(argc, argv);
	bound_init(&m.sockets);
	list_init(&m.children);
	list_init(&m.tickets);
	list_init(&m.alone);
	if (read_options(&m, argc, argv, &instance, &f) != ST_OK) {
		fprintf(stderr, "courier: %s\n", f.text);
		return EXIT_WRONG_USE;
	}
	if (!m.foreground && background_start() != 0)
		return EXIT_SYSTEM;
	durable_disabled = getenv("COURIER_TEST_NOSYNC") != NULL; /* handed on to the processes */
	random_bytes(seed, sizeof(seed));
	hmap_seed(seed);
	channel_identify("master", BUILD_VERSION);
	if (prepare(&m, instance, &f) != ST_OK) {
		fprintf(stderr, "courier: not started: %s\n", f.text);
		return EXIT_NOT_STARTED;
	}
	log_open(m.log_fds[1], "courier");
	proctitle_set("courier: master");
	m.loop = loop_new(NULL, NULL, 0);
	for (size_t i = 0; i < COUNT_OF(signals); i++)
		loop_signal(m.loop, signals[i], on_signal, &m);
	config_check(&m, first_config);
	if (!m.over)
		loop_run(m.loop);
	if (!m.ready && !m.failed)
		fputs("courier: stopped before every process was ready\n", stderr);
	listener_free(m.commands);
	return m.ready ? 0 : EXIT_NOT_STARTED;
}
