/*
 * pledge and unveil of OpenBSD. Both are inherited by nobody here: these processes never exec.
 */
#include "os/sandbox.h"

#include <errno.h>
#include <stddef.h>
#include <unistd.h>

#include "base/attr.h"
#include "ports/sandbox_warm.h"

const char *const sandbox_name = "pledge+unveil";

/* "stdio" has what all need: memory, time, descriptors held already, no path, no new socket. */
static const char *const promises[] = {
	[SANDBOX_PURE] = "stdio sendfd recvfd",
	[SANDBOX_NET_IN] = "stdio sendfd recvfd inet dns",
	[SANDBOX_NET_OUT] = "stdio sendfd recvfd inet dns",
	[SANDBOX_STORE] = "stdio sendfd recvfd rpath wpath cpath fattr flock",
	[SANDBOX_LOOKUP] = "stdio sendfd recvfd rpath flock",
};

void
sandbox_warm(void)
{
	sandbox_warm_libraries();
}

static int
unveil_all(const char *const *dirs, const char *rights)
{
	for (; dirs && *dirs; dirs++)
		if (unveil(*dirs, rights) != 0)
			return -errno;
	return 0;
}

enum st
sandbox_enter(const struct sandbox_opts *o, const char **applied, struct fault *f)
{
	int rc = 0;

	*applied = "none";
	if (o->profile == SANDBOX_STORE || o->profile == SANDBOX_LOOKUP) {
		rc = unveil_all(o->read_dirs, "r");
		if (rc == 0)
			rc = unveil_all(o->write_dirs, "rwc");
		if (rc == 0 && unveil(NULL, NULL) != 0)
			rc = -errno;
	}
	if (rc != 0)
		return fault_sys(f, ST_IO, "4.3.5", -rc, "sandbox: unveil");
	if (pledge(promises[o->profile], NULL) != 0)
		return fault_sys(f, ST_IO, "4.3.5", errno, "sandbox: pledge");
	*applied = sandbox_name;
	return ST_OK;
}
