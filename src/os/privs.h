/*
 * Becoming somebody else, for good. Only master's children call this, as root, between fork and the
 * first byte they read.
 */
#ifndef OS_PRIVS_H
#define OS_PRIVS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fault.h"

struct privs {
	uint32_t uid, gid;
	const uint32_t *groups; /* supplementary groups */
	size_t group_count;
	const char *root_dir; /* chroot there first, or NULL */
};

/*
 * chroot, groups, gid, uid, in that order, then proves that uid 0 cannot be regained. uid 0 and gid
 * 0 are refused. ST_OK, or ST_DENIED / ST_IO (the caller must exit).
 */
enum st privs_become(const struct privs *p, struct fault *f);

/* No core dump and not traceable by the same uid, where the system can; no effect elsewhere. */
void privs_undumpable(void);

/* Soft and hard limit of descriptors; the value in force afterwards. */
size_t privs_limit_fds(size_t want);

/*
 * The most memory this process and what it starts may have of its own, for good; shared libraries
 * and mapped files do not count. 0: no limit of ours. True when it is in force: where the system
 * counts something else, or has a smaller limit, nothing changes.
 */
bool privs_limit_memory(uint64_t bytes);

/* Closes every descriptor >= from. */
void privs_close_from(int from);

#endif
