/*
 * Becoming somebody else: what is the same on every system with setgroups and chroot.
 */
#ifndef PORTS_PRIVS_COMMON_H
#define PORTS_PRIVS_COMMON_H

#include "os/privs.h"

/* Core size limit 0. */
void privs_no_core(void);

/* Closes from..limit one by one: where there is no better way. */
void privs_close_each(int from);

#endif
