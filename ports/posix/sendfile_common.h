/*
 * Sending file bytes by way of our own memory: the floor, and what faster ways fall back to.
 */
#ifndef PORTS_SENDFILE_COMMON_H
#define PORTS_SENDFILE_COMMON_H

#include "os/sendfile.h"

/* As sendfile_some. */
long sendfile_by_copy(int sock, int fd, uint64_t offset, size_t n);

#endif
