/*
 * BSD authentication emulated: the password is written over, and an empty or wrong type is refused.
 */
#include <bsd_auth.h>
#include <stddef.h>

#include "ports/stub/logins.h"

int
auth_userokay(char *name, char *style, char *type, char *password)
{
	bool ok = style == NULL && strncmp(type, "auth-", 5) == 0 && type[5] &&
		  stub_login_matches(name, password) && strcmp(name, STUB_EXPIRED) != 0 &&
		  strcmp(name, STUB_CHANGE) != 0 && strcmp(name, STUB_TROUBLE) != 0;

	memset(password, 0, strlen(password));
	return ok;
}
