/*
 * The users the emulations of authentication know. Their passwords: see STUB_PASSWORD.
 */
#ifndef PORTS_STUB_LOGINS_H
#define PORTS_STUB_LOGINS_H

#include <stdbool.h>
#include <string.h>

#define STUB_PASSWORD "correct horse"
#define STUB_GOOD "alice"      /* may */
#define STUB_EXPIRED "bob"     /* his account is over */
#define STUB_CHANGE "carol"    /* must choose another password first (not with shadow) */
#define STUB_NOBODY "mallory"  /* is not there */
#define STUB_TROUBLE "trouble" /* whoever asks for him is told of an error */

static inline bool
stub_login_matches(const char *user, const char *password)
{
	return strcmp(user, STUB_NOBODY) != 0 && password && strcmp(password, STUB_PASSWORD) == 0;
}

#endif
