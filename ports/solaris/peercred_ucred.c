/*
 * getpeerucred(3C) of Solaris and illumos: effective ids at connect(3SOCKET).
 */
#include "os/peercred.h"

#include <errno.h>
#include <stddef.h>
#include <ucred.h>

int
peercred_get(int sock, uint32_t *uid, uint32_t *gid)
{
	ucred_t *cred = NULL;
	int rc = 0;
	uid_t u;
	gid_t g;

	if (getpeerucred(sock, &cred) != 0)
		return -errno;
	u = ucred_geteuid(cred);
	g = ucred_getegid(cred);
	ucred_free(cred);
	if (u == (uid_t)-1 || g == (gid_t)-1)
		rc = -ENOTCONN;
	*uid = (uint32_t)u;
	*gid = (uint32_t)g;
	return rc;
}
