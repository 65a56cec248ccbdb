/*
 * The loadable authentication modules of AIX: what SYSTEM and registry in /etc/security/user name
 * for the user. authenticate() may ask more than once (a second password); we have one answer.
 */
#include <errno.h>
#include <login.h>
#include <stdint.h>
#include <stdlib.h>
#include <usersec.h>

#include "ports/posix/syslogin.h"

const char *const syslogin_kind = "lam";

/* 0: yes. What errno says decides between "no" and "cannot be asked". */
static enum st
syslogin_outcome(int rc, int sys, const char *what, struct fault *f)
{
	if (rc == 0)
		return ST_OK;
	if (sys == ENOMEM || sys == EIO || sys == EAGAIN || sys == ETIMEDOUT || sys == ENOSYS)
		return fault_sys(f, ST_TEMP, "4.3.0", sys, "%s", what);
	return fault_set(f, ST_DENIED, "5.7.8", "refused by the system");
}

enum st
syslogin_ask(const char *service, const char *user, const char *password, struct fault *f)
{
	char *name = (char *)(uintptr_t)user, *said = (char *)(uintptr_t)password, *message = NULL;
	int again = 0, rc;
	enum st st;

	(void)service;
	errno = 0;
	rc = authenticate(name, said, &again, &message);
	st = syslogin_outcome(rc == 0 && again ? 1 : rc, errno, "authenticate", f);
	free(message);
	if (st != ST_OK)
		return st;
	message = NULL;
	errno = 0;
	rc = loginrestrictions(name, 0, NULL, &message);
	st = syslogin_outcome(rc, errno, "loginrestrictions", f);
	free(message);
	message = NULL;
	if (st == ST_OK)
		st = syslogin_outcome(passwdexpired(name, &message), 0, "passwdexpired", f);
	free(message);
	return st;
}
