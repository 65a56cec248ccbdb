/*
 * A password, asked of the system itself: PAM, LAM (AIX), BSD authentication (OpenBSD), or its
 * passwd and shadow tables. What is asked may sleep, load modules and take what rights it needs:
 * call it in a process that is there for one question.
 */
#ifndef OS_SYSLOGIN_H
#define OS_SYSLOGIN_H

#include <stdbool.h>

#include "base/fault.h"

#define SYSLOGIN_USER_MAX 255

/* "pam", "lam", "bsdauth" or "shadow": which one this is. */
extern const char *const syslogin_kind;

/* Letters, digits, . _ - (no - in front), at most 255: what is ever passed on as a user. */
bool syslogin_user_is_fit(const char *user);

/*
 * Is this the user's password, and may he use the service ("imap", "pop3", "esmtp", "webmail": the
 * name under which the system keeps its rules)? ST_OK; ST_DENIED: no, whatever the reason (wrong,
 * empty, no such user, a name that is not fit, locked, expired, must be changed first); ST_TEMP:
 * the system could not be asked, f says why.
 */
enum st syslogin_check(
    const char *service, const char *user, const char *password, struct fault *f);

#endif
