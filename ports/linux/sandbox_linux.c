/*
 * seccomp and landlock together. Both need no privileges beyond "no new privileges", so a
 * single-user instance is confined exactly as one that was started by root.
 */
#include "ports/linux/sandbox_linux.h"

#include <errno.h>
#include <stddef.h>
#include <sys/prctl.h>

#include "ports/sandbox_warm.h"

const char *const sandbox_name = "seccomp+landlock";

void
sandbox_warm(void)
{
	sandbox_warm_libraries();
}

enum st
sandbox_enter(const struct sandbox_opts *o, const char **applied, struct fault *f)
{
	struct sandbox_landlock landlock;
	enum st st;
	int rc;

	*applied = "none";
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return fault_sys(f, ST_TEMP, "", errno, "sandbox: no_new_privs");
	st = sandbox_landlock_enter(o, &landlock, f);
	if (st != ST_OK)
		return st;
	rc = sandbox_filter_enter(o->profile, landlock.tcp_limited);
	if (rc != 0 && rc != -ENOSYS)
		return fault_sys(f, ST_IO, "4.3.5", -rc, "sandbox: seccomp filter");
	if (rc == 0)
		*applied = landlock.applied ? "seccomp+landlock" : "seccomp";
	else if (landlock.applied)
		*applied = "landlock";
	else
		return fault_set(
		    f, ST_TEMP, "", "this kernel has neither seccomp filters nor landlock");
	return ST_OK;
}
