/*
 * Privileges of Solaris and illumos: what an ordinary process may by default is a set too, and
 * parts of it can be given up for good: executing, forking, seeing other processes, linking other
 * people's files, and, where the profile does not need it, the network and files at all.
 */
#include "os/sandbox.h"

#include <errno.h>
#include <priv.h>
#include <stddef.h>

#include "base/attr.h"
#include "ports/sandbox_warm.h"

const char *const sandbox_name = "privileges";

void
sandbox_warm(void)
{
	sandbox_warm_libraries();
}

/* Given up by all. The names are those of privileges(7). */
static const char *const for_all[] = {
	"proc_exec", "proc_fork", "proc_info", "proc_session", "file_link_any", NULL,
};

/* And by profile. The basic file_ and net_ privileges came with Solaris 11 and illumos: a name that
 * the system does not know is skipped. */
static const char *const by_profile[][4] = {
	[SANDBOX_PURE] = {"net_access", "file_read", "file_write", NULL},
	[SANDBOX_NET_IN] = {"file_read", "file_write", NULL},
	[SANDBOX_NET_OUT] = {"file_read", "file_write", NULL},
	[SANDBOX_STORE] = {"net_access", NULL},
	[SANDBOX_LOOKUP] = {"net_access", "file_write", NULL},
};

/* Takes names out of a set; unknown ones are no mistake. */
static void
remove_all(priv_set_t *set, const char *const *names)
{
	for (; *names; names++)
		(void)priv_delset(set, *names);
}

enum st
sandbox_enter(const struct sandbox_opts *o, const char **applied, struct fault *f)
{
	static const priv_ptype_t sets[] = {
		PRIV_EFFECTIVE, PRIV_INHERITABLE, PRIV_PERMITTED, PRIV_LIMIT};
	priv_set_t *left = priv_allocset();

	*applied = "none";
	if (!left)
		return fault_sys(f, ST_IO, "4.3.5", errno, "sandbox: privileges");
	if (getppriv(PRIV_PERMITTED, left) != 0) {
		priv_freeset(left);
		return fault_sys(f, ST_IO, "4.3.5", errno, "sandbox: privileges");
	}
	remove_all(left, for_all);
	remove_all(left, by_profile[o->profile]);
	for (size_t i = 0; i < COUNT_OF(sets); i++) {
		if (setppriv(PRIV_SET, sets[i], left) != 0) {
			int sys = errno;

			priv_freeset(left);
			return fault_sys(f, ST_IO, "4.3.5", sys, "sandbox: privileges");
		}
	}
	priv_freeset(left);
	*applied = sandbox_name;
	return ST_OK;
}
