/*
 * A system without a way to confine a process beyond its ids: the caller says so in its log.
 */
#include "os/sandbox.h"

#include "ports/sandbox_warm.h"

const char *const sandbox_name = "none";

void
sandbox_warm(void)
{
	sandbox_warm_libraries();
}

enum st
sandbox_enter(const struct sandbox_opts *o, const char **applied, struct fault *f)
{
	(void)o;
	*applied = "none";
	return fault_set(f, ST_TEMP, "", "this build has no sandbox");
}
