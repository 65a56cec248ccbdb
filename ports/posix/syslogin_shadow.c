/*
 * The floor: the hash of the passwd or shadow table. Its rights are those of whoever reads it.
 */
#include <errno.h>
#include <pwd.h>
#include <string.h>
#include <time.h>
#ifdef HAVE_SHADOW_H
#include <shadow.h>
#endif

#include "os/accounts.h"
#include "ports/posix/syslogin.h"

#define SYSLOGIN_DAY_SEC 86400

const char *const syslogin_kind = "shadow";

/* The hash of a user whose passwd entry is pw; NULL: none to be had, or expired (then *is_over). */
static const char *
syslogin_hash(const struct passwd *pw, bool *is_over)
{
	*is_over = false;
#ifdef HAVE_SHADOW_H
	const struct spwd *sp = getspnam(pw->pw_name);

	if (!sp)
		return strcmp(pw->pw_passwd, "x") == 0 ? NULL : pw->pw_passwd;
	*is_over = sp->sp_expire > 0 && time(NULL) / SYSLOGIN_DAY_SEC >= sp->sp_expire;
	return sp->sp_pwdp;
#else
	/* The BSDs give the hash to root in the entry itself, and an asterisk to all others. */
	return strcmp(pw->pw_passwd, "*") == 0 || strcmp(pw->pw_passwd, "x") == 0 ? NULL
										  : pw->pw_passwd;
#endif
}

enum st
syslogin_ask(const char *service, const char *user, const char *password, struct fault *f)
{
	const struct passwd *pw;
	const char *hash;
	bool is_over;

	(void)service;
	errno = 0;
	pw = getpwnam(user);
	if (!pw && errno != 0 && errno != ENOENT && errno != ESRCH)
		return fault_sys(f, ST_TEMP, "4.3.0", errno, "getpwnam");
	if (!pw)
		return fault_set(f, ST_DENIED, "5.7.8", "no such user");
	errno = 0;
	hash = syslogin_hash(pw, &is_over);
	if (!hash)
		return fault_sys(
		    f, ST_TEMP, "4.3.0", errno ? errno : EACCES, "the hash of %s", user);
	if (is_over || !accounts_crypt_matches(password, hash))
		return fault_set(f, ST_DENIED, "5.7.8", is_over ? "expired" : "wrong password");
	return ST_OK;
}
