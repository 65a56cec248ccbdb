/*
 * What a way of asking the system for a password provides; the rest is the same everywhere.
 */
#ifndef PORTS_POSIX_SYSLOGIN_H
#define PORTS_POSIX_SYSLOGIN_H

#include "os/syslogin.h"

/* syslogin_check for a user whose name is fit, and a password that is not empty. */
enum st syslogin_ask(const char *service, const char *user, const char *password, struct fault *f);

#endif
