/*
 * SO_PEERCRED: effective ids at connect(2) or socketpair(2).
 */
#include "os/peercred.h"

#include <errno.h>
#include <sys/socket.h>

int
peercred_get(int sock, uint32_t *uid, uint32_t *gid)
{
	struct ucred cred;
	socklen_t n = sizeof(cred);

	if (getsockopt(sock, SOL_SOCKET, SO_PEERCRED, &cred, &n) != 0)
		return -errno;
	/* A socket which is not connected, or not AF_UNIX, has no peer: the kernel says uid -1. */
	if (n != sizeof(cred) || cred.uid == (uid_t)-1)
		return -ENOTCONN;
	*uid = cred.uid;
	*gid = cred.gid;
	return 0;
}
