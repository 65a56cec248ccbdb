/*
 * Dropping root, limits, and descriptors, by calls that every Unix has.
 */
#include "ports/posix/privs_common.h"

#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/types.h>
#include <unistd.h>

/* Most supplementary groups we pass on. */
#define PRIVS_GROUPS_MAX 1024

/* More descriptors than this are not looked for one by one. */
#define PRIVS_FDS_MOST ((rlim_t)1 << 20)

static int
privs_groups(const struct privs *p)
{
	gid_t list[PRIVS_GROUPS_MAX];
	unsigned short count; /* int here, size_t there: this becomes either */
	size_t i;

	if (p->group_count > PRIVS_GROUPS_MAX) {
		errno = E2BIG;
		return -1;
	}
	for (i = 0; i < p->group_count; i++)
		list[i] = (gid_t)p->groups[i];
	count = (unsigned short)p->group_count;
	return setgroups(count, list);
}

/* Every way back that a forgotten saved id would open. */
static bool
privs_can_regain(const struct privs *p)
{
	if (setuid(0) == 0 || seteuid(0) == 0 || setgid(0) == 0 || setegid(0) == 0)
		return true;
	return getuid() != (uid_t)p->uid || geteuid() != (uid_t)p->uid ||
	       getgid() != (gid_t)p->gid || getegid() != (gid_t)p->gid;
}

static bool
privs_wants_root(const struct privs *p)
{
	size_t i;

	for (i = 0; i < p->group_count; i++)
		if (p->groups[i] == 0)
			return true;
	return p->uid == 0 || p->gid == 0 || (uid_t)p->uid == (uid_t)-1 ||
	       (gid_t)p->gid == (gid_t)-1;
}

enum st
privs_become(const struct privs *p, struct fault *f)
{
	if (privs_wants_root(p))
		return fault_set(f, ST_DENIED, "4.3.5", "refused to become uid %lu gid %lu",
		    (unsigned long)p->uid, (unsigned long)p->gid);
	if (p->root_dir && (chroot(p->root_dir) != 0 || chdir("/") != 0))
		return fault_sys(f, errno == EPERM ? ST_DENIED : ST_IO, "4.3.5", errno, "chroot %s",
		    p->root_dir);
	if (privs_groups(p) != 0)
		return fault_sys(
		    f, errno == EPERM ? ST_DENIED : ST_IO, "4.3.5", errno, "setgroups");
	if (setgid((gid_t)p->gid) != 0)
		return fault_sys(f, errno == EPERM ? ST_DENIED : ST_IO, "4.3.5", errno,
		    "setgid %lu", (unsigned long)p->gid);
	if (setuid((uid_t)p->uid) != 0)
		return fault_sys(f, errno == EPERM ? ST_DENIED : ST_IO, "4.3.5", errno,
		    "setuid %lu", (unsigned long)p->uid);
	if (privs_can_regain(p))
		return fault_set(
		    f, ST_DENIED, "4.3.5", "uid %lu can become root again", (unsigned long)p->uid);
	return ST_OK;
}

void
privs_no_core(void)
{
	struct rlimit none = {0, 0};

	setrlimit(RLIMIT_CORE, &none);
}

size_t
privs_limit_fds(size_t want)
{
	struct rlimit now, next;

	if (getrlimit(RLIMIT_NOFILE, &now) != 0)
		return 0;
	next.rlim_cur = next.rlim_max = (rlim_t)want;
	if (setrlimit(RLIMIT_NOFILE, &next) != 0) {
		/* Not ours to raise: as much of it as the hard limit gives. */
		next.rlim_max = now.rlim_max;
		next.rlim_cur = (rlim_t)want < now.rlim_max ? (rlim_t)want : now.rlim_max;
		if (setrlimit(RLIMIT_NOFILE, &next) != 0)
			next = now;
	}
	return next.rlim_cur == RLIM_INFINITY || next.rlim_cur > INT_MAX ? INT_MAX
									 : (size_t)next.rlim_cur;
}

bool
privs_limit_memory(uint64_t bytes)
{
	struct rlimit now, next;

	if (bytes == 0 || getrlimit(RLIMIT_DATA, &now) != 0)
		return false;
	if (now.rlim_max != RLIM_INFINITY && now.rlim_max <= (rlim_t)bytes)
		return now.rlim_cur <= (rlim_t)bytes;
	next.rlim_cur = next.rlim_max = (rlim_t)bytes;
	return (uint64_t)next.rlim_cur == bytes && setrlimit(RLIMIT_DATA, &next) == 0;
}

void
privs_close_each(int from)
{
	struct rlimit limit;
	rlim_t most = PRIVS_FDS_MOST, fd;

	/*
	 * The hard limit: the soft one may have been lowered after descriptors above it were
	 * opened.
	 */
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_max != RLIM_INFINITY &&
	    limit.rlim_max < most)
		most = limit.rlim_max;
	for (fd = (rlim_t)(from < 0 ? 0 : from); fd < most; fd++)
		close((int)fd);
}
