/*
 * courierdsn: reports about mail come into being. courierd asks for one; it is written (src/dsn),
 * addressed to the return path by routed, and given into courierd's custody on the same channel.
 * Only then is the question answered. It opens no file: originals and bodies come as descriptors.
 */
#ifndef DAEMON_COURIERDSN_COURIERDSN_H
#define DAEMON_COURIERDSN_COURIERDSN_H

#include "base/arena.h"
#include "base/list.h"
#include "daemon/skel/proc.h"
#include "dsn/dsn.h"

struct courierdsn {
	struct proc *proc;
	struct list jobs;   /* struct job */
	char id_prefix[32]; /* of our channel to courierd; empty while there is none */
	uint64_t id_counter;
	uint64_t written, refused;
	bool draining;
};

/* Begins with a question of courierd. fd is the original, or -1; taken over. */
void job_new(
    struct courierdsn *d, struct channel *c, uint32_t sequence, const struct ipc_report *m, int fd);

/* courierd is gone on this channel: nobody waits for these any more. */
void jobs_drop(struct courierdsn *d, const struct channel *c);

#endif
