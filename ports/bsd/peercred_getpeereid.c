/*
 * getpeereid(3), of the BSDs and of AIX: effective ids at connect(2).
 */
#include "os/peercred.h"

#include <sys/types.h>

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

int
peercred_get(int sock, uint32_t *uid, uint32_t *gid)
{
	uid_t u;
	gid_t g;

	if (getpeereid(sock, &u, &g) != 0)
		return -errno;
	*uid = (uint32_t)u;
	*gid = (uint32_t)g;
	return 0;
}
