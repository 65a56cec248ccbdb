/*
 * From a row of the table to a process: who it will be, fork, exec.
 */
#include "daemon/master/master.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "build_config.h"
#include "os/accounts.h"
#include "os/fdpass.h"
#include "os/privs.h"

/* uid and gid a role runs with. */
static enum st
role_user(struct master *m, const char *user, unsigned offset, uint32_t *uid, uint32_t *gid, struct fault *f)
{
	struct accounts_entry e;

	if (!m->root) {
		*uid = (uint32_t)getuid();
		*gid = (uint32_t)getgid();
		return ST_OK;
	}
	if (m->process_uids) {
		*uid = *gid = m->process_uids + offset;
		return ST_OK;
	}
	if (accounts_by_name(user, &e) != 0)
		return fault_set(f, ST_NOENT, "", "user %s: found no such user, expected it to exist (it runs a process of the mail server)",
		    user);
	*uid = e.uid;
	*gid = e.gid;
	return ST_OK;
}

enum st
spawn_identity(struct master *m, const struct role *role, struct ipc_identity *id, struct fault *f)
{
	uint32_t uid = UINT32_MAX, gid = UINT32_MAX, mail_uid, mail_gid;
	enum st st = ST_OK;

	if (role->user)
		st = role_user(m, role->user, role->uid_offset, &uid, &gid, f);
	if (st == ST_OK)
		st = role_user(m, BUILD_USER_MAIL, 0, &mail_uid, &mail_gid, f);
	if (st != ST_OK)
		return st;
	*id = (struct ipc_identity){
		.role = sl_str(role->name), .become = m->root && role->user, .uid = uid, .gid = gid,
		.extra_gid = role->mail_group ? mail_gid : UINT32_MAX,
		.root_dir = m->root && role->empty_root ? sl_str(m->paths.empty_dir) : SL_NONE,
		.conf_dir = sl_str(m->paths.conf_dir), .state_dir = sl_str(m->paths.state_dir), .run_dir = sl_str(m->paths.run_dir),
		.queue_dir = sl_str(m->paths.queue_dir), .log_dir = sl_str(m->paths.log_dir),
		.module_dir = sl_str(m->paths.module_dir),
	};
	return ST_OK;
}

enum st
spawn_check_users(struct master *m, struct fault *f)
{
	struct ipc_identity id;
	enum st st = ST_OK;

	for (size_t i = 0; i < role_count && st == ST_OK; i++)
		st = spawn_identity(m, &roles[i], &id, f);
	return st;
}

/* In the child: descriptor `from` becomes `to`, open over the exec. */
static void
put_at(int from, int to)
{
	if (from == to)
		fcntl(to, F_SETFD, 0);
	else if (dup2(from, to) < 0)
		_exit(71); /* EX_OSERR */
}

/* The child's life before its program: no memory is allocated, nothing is logged. */
static void
run_program(struct master *m, const struct role *role, const struct ipc_account *account, const char *path, int control)
{
	char name[64];
	char *argv[] = { name, NULL };
	char *envp[4] = { (char *)(uintptr_t)"PATH=/usr/bin:/bin", NULL, NULL, NULL };
	static char tz[128];
	const char *zone = getenv("TZ");
	int n = 1, log = role->user && strcmp(role->name, "logd") == 0 ? m->log_fds[0] : m->log_fds[1];
	sigset_t all;

	if (zone && (size_t)snprintf(tz, sizeof(tz), "TZ=%s", zone) < sizeof(tz))
		envp[n++] = tz;
	if (durable_disabled)
		envp[n] = (char *)(uintptr_t)"COURIER_TEST_NOSYNC=1";
	/* Both may stand in each other's place: move them up first. */
	control = fcntl(control, F_DUPFD, 10);
	log = fcntl(log, F_DUPFD, 10);
	if (control < 0 || log < 0)
		_exit(71);
	int null = open("/dev/null", O_RDWR);
	if (null < 0)
		_exit(71);
	put_at(null, 0);
	if (!m->foreground) { /* in the foreground a crash may say why on the terminal */
		put_at(null, 1);
		put_at(null, 2);
	}
	put_at(control, 3);
	put_at(log, 4);
	privs_close_from(5);
	privs_limit_fds(role->fds(m->conf));
	sigemptyset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	for (int s = 1; s < 32; s++)
		signal(s, SIG_DFL);
	umask(077);
	if (account) {
		struct privs who = { .uid = account->uid, .gid = account->gid };
		struct fault f;

		setsid();
		if (m->root && privs_become(&who, &f) != ST_OK)
			_exit(77); /* EX_NOPERM */
	}
	snprintf(name, sizeof(name), "%s", role->name);
	execve(path, argv, envp);
	_exit(72); /* EX_OSFILE */
}

int
spawn_process(struct master *m, const struct role *role, const struct ipc_account *account, pid_t *pid, int *control)
{
	char path[PATHS_MAX + 64];
	int pair[2], err;

	if ((size_t)snprintf(path, sizeof(path), "%s/%s", m->paths.daemon_dir, role->name) >= sizeof(path))
		return -ENAMETOOLONG;
	if (access(path, X_OK) != 0)
		return -errno;
	err = fdpass_pair(pair);
	if (err)
		return err;
	*pid = fork();
	if (*pid == 0)
		run_program(m, role, account, path, pair[1]);
	err = *pid < 0 ? -errno : 0;
	close(pair[1]);
	if (err)
		close(pair[0]);
	*control = pair[0];
	return err;
}
