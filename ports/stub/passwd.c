/*
 * passwd and shadow tables emulated, for the floor: it stands in front of libc's.
 */
#include <errno.h>
#include <pwd.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#ifdef HAVE_CRYPT_H
#include <crypt.h>
#endif
#ifdef HAVE_SHADOW_H
#include <shadow.h>
#define HIDDEN "x" /* look into the other table */
#else
#define HIDDEN "*" /* not for you */
#endif

#include "ports/stub/logins.h"

static char *
hash(void)
{
	static char copy[256];

	snprintf(copy, sizeof(copy), "%s", crypt(STUB_PASSWORD, "$6$saltstring"));
	return copy;
}

struct passwd *
getpwnam(const char *name)
{
	static char copy[300], hidden[] = HIDDEN;
	static struct passwd pw;

	errno = 0;
	if (strcmp(name, STUB_NOBODY) == 0)
		return NULL;
	snprintf(copy, sizeof(copy), "%s", name);
	pw.pw_name = copy;
#ifdef HAVE_SHADOW_H
	pw.pw_passwd = hidden;
#else
	pw.pw_passwd = strcmp(name, STUB_TROUBLE) == 0 ? hidden : hash();
#endif
	return &pw;
}

#ifdef HAVE_SHADOW_H
struct spwd *
getspnam(const char *name)
{
	static struct spwd sp;

	if (strcmp(name, STUB_TROUBLE) == 0)
		return errno = EACCES, NULL;
	sp.sp_pwdp = hash();
	sp.sp_expire = strcmp(name, STUB_EXPIRED) == 0 ? 1 : -1;
	return &sp;
}
#endif
