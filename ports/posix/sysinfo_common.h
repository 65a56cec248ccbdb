/*
 * What fstatvfs says of a file system; is_network stays false.
 */
#ifndef PORTS_SYSINFO_COMMON_H
#define PORTS_SYSINFO_COMMON_H

#include "os/sysinfo.h"

/* 0 or -errno. */
int sysinfo_space_statvfs(int fd, struct sysinfo_space *out);

#endif
