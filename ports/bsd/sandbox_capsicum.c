/*
 * Capsicum of FreeBSD, for the processes that open files by folder descriptor alone and neither
 * connect nor resolve. In capability mode there is no path, no connect and no bind; descriptors
 * that are held, or come from others, go on working. For the others ids, chroot and limits are
 * what holds.
 */
#include "os/sandbox.h"

#include <sys/types.h>

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/capsicum.h>

#include "ports/sandbox_warm.h"

const char *const sandbox_name = "capsicum";

void
sandbox_warm(void)
{
	sandbox_warm_libraries();
}

enum st
sandbox_enter(const struct sandbox_opts *o, const char **applied, struct fault *f)
{
	bool fits = o->profile == SANDBOX_PURE || o->profile == SANDBOX_STORE;

	*applied = "none";
	if (!fits)
		return fault_set(f, ST_TEMP, "",
		    "this profile connects or opens paths: capability mode does not fit");
	if (cap_enter() != 0) {
		if (errno == ENOSYS)
			return fault_set(f, ST_TEMP, "", "this kernel has no capability mode");
		return fault_sys(f, ST_IO, "4.3.5", errno, "sandbox: cap_enter");
	}
	*applied = sandbox_name;
	return ST_OK;
}
