/*
 * BSD authentication of OpenBSD: a program of /usr/libexec/auth decides, by the class of the user
 * in login.conf; "auth-SERVICE" there counts before "auth". It says yes or no and not why.
 */
#include <sys/types.h>

#include <bsd_auth.h>
#include <login_cap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ports/posix/syslogin.h"

const char *const syslogin_kind = "bsdauth";

enum st
syslogin_ask(const char *service, const char *user, const char *password, struct fault *f)
{
	char name[SYSLOGIN_USER_MAX + 1], type[64];
	char *secret = strdup(password); /* it is written over by the call */
	int ok;

	if (!secret)
		return fault_set(f, ST_TEMP, "4.3.0", "no memory");
	snprintf(name, sizeof(name), "%s", user);
	snprintf(type, sizeof(type), "auth-%s", service);
	ok = auth_userokay(name, NULL, type, secret);
	free(secret);
	return ok ? ST_OK : fault_set(f, ST_DENIED, "5.7.8", "refused by the system");
}
