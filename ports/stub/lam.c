/*
 * Authentication of AIX emulated: a first answer that is right may be followed by a second
 * question, and messages belong to the caller.
 */
#include <errno.h>
#include <login.h>
#include <string.h>
#include <usersec.h>

#include "ports/stub/logins.h"

int
authenticate(char *user, char *response, int *reenter, char **message)
{
	*reenter = 0;
	if (strcmp(user, STUB_TROUBLE) == 0)
		return errno = EIO, 1;
	if (!stub_login_matches(user, response)) {
		*message = strdup("You entered an invalid login name or password.");
		return errno = ENOENT, 1;
	}
	*reenter = strcmp(user, STUB_CHANGE) == 0;
	return 0;
}

int
loginrestrictions(char *name, int mode, char *tty, char **message)
{
	(void)tty;
	if (mode != 0 || strcmp(name, STUB_EXPIRED) != 0)
		return mode;
	*message = strdup("Your account has expired.");
	return errno = EACCES, -1;
}

int
passwdexpired(char *user, char **message)
{
	(void)user;
	(void)message;
	return 0;
}
