/*
 * Closing the door behind a process (docs/PROCESSES.md: which process enters which profile, and
 * what each system really applies). For processes that never exec: a sandbox is inherited.
 */
#ifndef OS_SANDBOX_H
#define OS_SANDBOX_H

#include <stdint.h>

#include "base/fault.h"

enum sandbox_profile {
	/* Sockets it holds, received descriptors; no path, no new socket: tallyd, courierdsn. */
	SANDBOX_PURE,
	/* + accept on sockets it was given, and DNS: esmtpd, login. */
	SANDBOX_NET_IN,
	/* + socket and connect to the internet: courieresmtp. */
	SANDBOX_NET_OUT,
	/* + files below the directories listed: courierd (queue), imapd, pop3d (Maildir), logd. */
	SANDBOX_STORE,
	/* + reading below the directories listed: routed. */
	SANDBOX_LOOKUP,
};

struct sandbox_opts {
	enum sandbox_profile profile;
	/*
	 * NULL-terminated, or NULL; looked up now, so after a chroot below the new root. Each must
	 * exist.
	 */
	const char *const *write_dirs;
	const char *const *read_dirs;
	/* NET_IN: where TCP may connect to; ends with 0; NULL: port 53. */
	const uint16_t *dns_ports;
};

/*
 * Loads what libraries open lazily (time zone, charsets, random source). Call before sandbox_enter.
 */
void sandbox_warm(void);

/*
 * Enters the profile for good. ST_OK; ST_TEMP when the system lacks the mechanism (the caller logs
 * "sandbox,applied=none" and goes on); ST_IO when it failed half-way (the caller must exit).
 * applied (static string) names what is in force: "seccomp+landlock", "none".
 */
enum st sandbox_enter(const struct sandbox_opts *o, const char **applied, struct fault *f);

/* Name of the mechanism this build has. */
extern const char *const sandbox_name;

#endif
