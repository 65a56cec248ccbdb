/*
 * authpwd and authpam: the accounts of the system as mail accounts. One source, two programs: the
 * first compares with the hashes of the passwd and shadow tables, the second asks what the system
 * has for it (PAM, LAM, BSD authentication; os/syslogin.h). Started by authdaemond; the authdaemon
 * protocol on standard input and output (docs/ACCOUNTS.md section 5).
 *
 * Whoever an account is can be said without rights. To check a password the program needs root's
 * (mode 4750, group of authdaemond); then each password is looked at by a process of its own, that
 * has ten seconds and nothing else in its memory.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include "auth/backend/backend.h"
#include "build_config.h"
#include "os/accounts.h"
#include "os/privs.h"
#include "os/syslogin.h"

#define CHECK_SEC 9 /* authdaemond waits for ten */
#define SECRET_MAX 1024
#define EXIT_NO 1
#define EXIT_TEMP 75

extern char **environ;

struct system_accounts {
	const char *module; /* our name */
	struct arena *arena; /* of one request */
};

/* A copy that ends with NUL; NULL when it has one inside, or is too long. */
static const char *
c_string(struct slice s, size_t most, struct arena *a)
{
	return s.n <= most && sl_find(s, '\0') == s.n ? arena_str(a, s) : NULL;
}

/* The name of a person stands before the first comma. */
static struct slice
person(const char *gecos)
{
	struct slice s = sl_str(gecos);

	return sl_sub(s, 0, sl_find(s, ','));
}

static bool
account_of(const struct accounts_entry *e, struct account *acc)
{
	*acc = (struct account){.address = sl_str(e->name),
	    .has_ids = true,
	    .uid = e->uid,
	    .gid = e->gid,
	    .home = sl_str(e->home),
	    .name = person(e->gecos)};
	return e->uid >= BUILD_MIN_UID && e->home[0] == '/' && account_check(acc, NULL) == ST_OK;
}

/* The process of one password; its status is the answer. */
static void
check_and_exit(const char *service, const char *user, const char *password)
{
	struct fault f;
	enum st st;

	alarm(CHECK_SEC);
	close(STDIN_FILENO);
	close(STDOUT_FILENO);
	if (geteuid() == 0 && (setgid(0) != 0 || setuid(0) != 0))
		_exit(EXIT_TEMP);
	st = syslogin_check(service, user, password, &f);
	_exit(st == ST_OK ? 0 : st == ST_DENIED ? EXIT_NO : EXIT_TEMP);
}

static enum st
password_is_right(const struct system_accounts *s, const struct auth_request *r, const char *user)
{
	const char *password = c_string(r->secret, SECRET_MAX, s->arena);
	const char *service = c_string(r->service, 32, s->arena);
	int status = 0;
	pid_t pid;

	/* Services have names of rule files: nothing that leads elsewhere. */
	if (!password || !service || !syslogin_user_is_fit(service))
		return ST_NOENT;
	pid = fork();
	if (pid == 0)
		check_and_exit(service, user, password);
	if (pid < 0)
		return ST_TEMP;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return ST_TEMP;
	status = WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_TEMP;
	return status == 0 ? ST_OK : status == EXIT_NO ? ST_NOENT : ST_TEMP;
}

static enum st
answer_one(const struct system_accounts *s, const struct auth_request *r, struct buf *out)
{
	bool is_login = r->kind == AUTH_LOGIN && sl_eq(r->type, SL("login"));
	const char *user = c_string(r->user, SYSLOGIN_USER_MAX, s->arena);
	struct accounts_entry entry;
	struct account acc = {0};
	enum st st = ST_NOENT;
	int rc;

	if ((is_login || r->kind == AUTH_PRE) && user && syslogin_user_is_fit(user)) {
		rc = accounts_by_name(user, &entry);
		if (rc != 0 && rc != -ENOENT)
			return ST_TEMP;
		if (rc == 0 && account_of(&entry, &acc))
			st = is_login ? password_is_right(s, r, user) : ST_OK;
	}
	if (st != ST_OK && st != ST_NOENT)
		return st;
	auth_answer_put(r->kind, st == ST_OK ? AUTH_YES : AUTH_NO, &acc, out);
	return ST_OK;
}

static bool
list_one(void *arg, const struct accounts_entry *e)
{
	struct auth_list_item item = {.kind = AUTH_LIST_ACCOUNT};
	struct buf *out = arg;

	if (account_of(e, &item.account))
		auth_list_put(&item, out);
	return buf_ok(out);
}

static enum st
answer_list(const struct system_accounts *s, struct buf *out)
{
	struct auth_list_item item = {.kind = AUTH_LIST_MODULE, .module = sl_str(s->module)};

	auth_list_put(&item, out);
	if (accounts_each(list_one, out) != 0)
		return ST_TEMP;
	item.kind = AUTH_LIST_END;
	auth_list_put(&item, out);
	return ST_OK;
}

static enum st
answer(void *arg, const struct auth_request *r, struct buf *out, struct fault *f)
{
	const struct system_accounts *s = arg;

	(void)f;
	arena_reset(s->arena);
	return r->kind == AUTH_ENUMERATE ? answer_list(s, out) : answer_one(s, r, out);
}

int
main(void)
{
	static char path[] = "PATH=/usr/bin:/bin";
	static char *nothing[] = {path, NULL};
	struct system_accounts s = {
	    .module = strcmp(syslogin_kind, "shadow") == 0 ? "authpwd" : "authpam"};
	int status;

	/* It may have rights its caller has not. */
	environ = nothing;
	privs_close_from(3);
	privs_undumpable();
	s.arena = arena_new("request", (size_t)64 * 1024);
	status = auth_backend_serve(answer, &s);
	arena_free(s.arena);
	return status;
}
