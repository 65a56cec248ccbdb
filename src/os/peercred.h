/*
 * Who is at the other end of a UNIX socket, as the kernel knows it (SO_PEERCRED, getpeereid,
 * getpeerucred).
 */
#ifndef OS_PEERCRED_H
#define OS_PEERCRED_H

#include <stdint.h>

/* Effective uid and gid of the peer when it connected. 0 or -errno (-ENOTSUP: refuse the peer). */
int peercred_get(int sock, uint32_t *uid, uint32_t *gid);

#endif
