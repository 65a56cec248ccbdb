/*
 * landlock: which files by name, which TCP ports, no signals and no abstract sockets to the
 * outside. The constants are the kernel's interface and stand here because many systems' headers
 * are older than their kernels. What a kernel does not know yet is left out, by the version it
 * reports.
 */
#include "ports/linux/sandbox_linux.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Numbers which are the same on every architecture but Alpha. */
#define CALL_CREATE_RULESET 444
#define CALL_ADD_RULE 445
#define CALL_RESTRICT_SELF 446
#define CREATE_RULESET_VERSION 1u
#define RULE_PATH_BENEATH 1
#define RULE_NET_PORT 2

#define FS_EXECUTE (1ull << 0)
#define FS_WRITE_FILE (1ull << 1)
#define FS_READ_FILE (1ull << 2)
#define FS_READ_DIR (1ull << 3)
#define FS_REMOVE_DIR (1ull << 4)
#define FS_REMOVE_FILE (1ull << 5)
#define FS_MAKE_DIR (1ull << 7)
#define FS_MAKE_REG (1ull << 8)
#define FS_FIRST (0x1fffull)      /* all of version 1 */
#define FS_REFER (1ull << 13)     /* version 2: link and rename between directories */
#define FS_TRUNCATE (1ull << 14)  /* version 3 */
#define FS_IOCTL_DEV (1ull << 15) /* version 5 */
#define NET_BIND_TCP (1ull << 0)  /* version 4 */
#define NET_CONNECT_TCP (1ull << 1)
#define SCOPE_ABSTRACT_SOCKET (1ull << 0) /* version 6 */
#define SCOPE_SIGNAL (1ull << 1)

#define RIGHTS_READ (FS_READ_FILE | FS_READ_DIR)
#define RIGHTS_WRITE                                                                  \
	(RIGHTS_READ | FS_WRITE_FILE | FS_REMOVE_DIR | FS_REMOVE_FILE | FS_MAKE_DIR | \
	    FS_MAKE_REG | FS_REFER | FS_TRUNCATE)
/* What may be said of something that is not a directory. */
#define RIGHTS_OF_A_FILE (FS_READ_FILE | FS_WRITE_FILE | FS_TRUNCATE)

struct ruleset_attr {
	uint64_t handled_fs, handled_net, scoped;
};

struct path_attr {
	uint64_t allowed;
	int32_t parent_fd;
};

struct port_attr {
	uint64_t allowed, port;
};

static const uint16_t dns_ports[] = {53, 0};

static uint64_t
landlock_files(long version)
{
	uint64_t all = FS_FIRST | FS_REFER;

	if (version >= 3)
		all |= FS_TRUNCATE;
	if (version >= 5)
		all |= FS_IOCTL_DEV;
	return all;
}

static enum st
landlock_path(int ruleset, const char *path, uint64_t rights, struct fault *f)
{
	struct path_attr attr;
	struct stat st;
	enum st rc = ST_OK;

	memset(&attr, 0, sizeof(attr));
	attr.parent_fd = open(path, O_PATH | O_CLOEXEC);
	if (attr.parent_fd < 0)
		return fault_sys(f, ST_IO, "4.3.5", errno, "sandbox: %s", path);
	if (fstat(attr.parent_fd, &st) == 0 && !S_ISDIR(st.st_mode))
		rights &= RIGHTS_OF_A_FILE;
	attr.allowed = rights;
	if (syscall(CALL_ADD_RULE, ruleset, RULE_PATH_BENEATH, &attr, 0u) != 0)
		rc = fault_sys(f, ST_IO, "4.3.5", errno, "sandbox: rule for %s", path);
	close(attr.parent_fd);
	return rc;
}

static enum st
landlock_paths(int ruleset, const char *const *paths, uint64_t rights, struct fault *f)
{
	enum st rc = ST_OK;
	size_t i;

	for (i = 0; rc == ST_OK && paths && paths[i]; i++)
		rc = landlock_path(ruleset, paths[i], rights, f);
	return rc;
}

static enum st
landlock_ports(int ruleset, const uint16_t *ports, struct fault *f)
{
	struct port_attr attr;
	size_t i;

	for (i = 0; ports[i]; i++) {
		attr.allowed = NET_CONNECT_TCP;
		attr.port = ports[i];
		if (syscall(CALL_ADD_RULE, ruleset, RULE_NET_PORT, &attr, 0u) != 0)
			return fault_sys(f, ST_IO, "4.3.5", errno, "sandbox: rule for port %u",
			    (unsigned)ports[i]);
	}
	return ST_OK;
}

static enum st
landlock_rules(
    int ruleset, const struct sandbox_opts *o, const struct ruleset_attr *attr, struct fault *f)
{
	enum st rc = ST_OK;

	if (o->profile == SANDBOX_STORE)
		rc = landlock_paths(ruleset, o->write_dirs, RIGHTS_WRITE & attr->handled_fs, f);
	if (rc == ST_OK && (o->profile == SANDBOX_STORE || o->profile == SANDBOX_LOOKUP))
		rc = landlock_paths(ruleset, o->read_dirs, RIGHTS_READ, f);
	if (rc == ST_OK && o->profile == SANDBOX_NET_IN && attr->handled_net)
		rc = landlock_ports(ruleset, o->dns_ports ? o->dns_ports : dns_ports, f);
	return rc;
}

enum st
sandbox_landlock_enter(
    const struct sandbox_opts *o, struct sandbox_landlock *result, struct fault *f)
{
	struct ruleset_attr attr;
	long version;
	int ruleset;
	enum st rc;

	memset(result, 0, sizeof(*result));
	version = syscall(CALL_CREATE_RULESET, NULL, (size_t)0, CREATE_RULESET_VERSION);
	/*
	 * Version 1 refuses every rename from one directory to another: no delivery would come
	 * through.
	 */
	if (version < 2)
		return ST_OK;
	memset(&attr, 0, sizeof(attr));
	attr.handled_fs = landlock_files(version);
	if (version >= 4 && o->profile != SANDBOX_NET_OUT)
		attr.handled_net = NET_BIND_TCP | NET_CONNECT_TCP;
	if (version >= 6)
		attr.scoped = SCOPE_ABSTRACT_SOCKET | SCOPE_SIGNAL;
	/* Older kernels take the longer struct as long as what they do not know is zero. */
	ruleset = (int)syscall(CALL_CREATE_RULESET, &attr, sizeof(attr), 0u);
	if (ruleset < 0)
		return fault_sys(f, ST_IO, "4.3.5", errno, "sandbox: landlock ruleset");
	rc = landlock_rules(ruleset, o, &attr, f);
	if (rc == ST_OK && syscall(CALL_RESTRICT_SELF, ruleset, 0u) != 0)
		rc = fault_sys(f, ST_IO, "4.3.5", errno, "sandbox: landlock");
	close(ruleset);
	result->applied = rc == ST_OK;
	result->tcp_limited = result->applied && attr.handled_net != 0;
	return rc;
}
