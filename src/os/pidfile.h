/*
 * One process for an instance: a file that is locked as long as it lives, and says its number.
 */
#ifndef OS_PIDFILE_H
#define OS_PIDFILE_H

#include <stdbool.h>

/*
 * Makes path, takes its lock and writes our number; both stay until we end. 0; -EAGAIN when
 * somebody else has it, then *pid is his number or 0; -errno.
 */
int pidfile_take(const char *path, long *pid);

/* Does somebody have it? */
bool pidfile_is_taken(const char *path);

#endif
