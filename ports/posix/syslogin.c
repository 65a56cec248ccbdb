/*
 * What holds for every way of asking the system: which names and passwords never get that far.
 */
#include "ports/posix/syslogin.h"

#include <string.h>

bool
syslogin_user_is_fit(const char *user)
{
	static const char letters[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
	size_t n = strlen(user);

	return n > 0 && n <= SYSLOGIN_USER_MAX && user[0] != '-' && strspn(user, letters) == n;
}

enum st
syslogin_check(const char *service, const char *user, const char *password, struct fault *f)
{
	if (!syslogin_user_is_fit(user) || password[0] == '\0')
		return fault_set(f, ST_DENIED, "5.7.8", "no");
	return syslogin_ask(service, user, password, f);
}
