/*
 * Facts about the machine that have no portable call.
 */
#ifndef OS_SYSINFO_H
#define OS_SYSINFO_H

#include <stdbool.h>
#include <stdint.h>

/* Processors in use, at least 1. */
unsigned sysinfo_cpus(void);

struct sysinfo_space {
	uint64_t free_bytes, total_bytes; /* for an ordinary user */
	uint64_t free_inodes;             /* UINT64_MAX where the file system has no fixed number */
	bool is_network;                  /* NFS and the like: no queue there, no watching */
	bool is_read_only;
};

/* The file system behind an open descriptor. 0 or -errno. */
int sysinfo_space(int fd, struct sysinfo_space *out);

#endif
