/*
 * A disk whose power can fail: stands in for the pool of sync threads (os/durable.h) and notes what
 * each sync made durable, so that a test can have the folder as a power cut would leave it.
 */
#ifndef QUEUE_TESTS_DISK_H
#define QUEUE_TESTS_DISK_H

#include <stdbool.h>
#include <stdint.h>

/* Begins to note; keep_path is an empty folder on the same file system. Forgets an earlier one. */
void disk_start(const char *keep_path);
void disk_end(void);

/*
 * Makes in the empty folder `to` what `from` would be after a power cut. seed 0: exactly what was
 * synced. Else each block and each name that was not synced is there or not, by chance.
 */
void disk_image(const char *from, const char *to, uint64_t seed);

/* The nth sync from now on (1 = the next) fails with this errno; error 0: none does. count: how
 * many in a row. */
void disk_fail(unsigned nth, unsigned count, int error);

/* Ends the process (status 77) at its nth sync, with the image of a power cut there when `to` is
 * given. 0: never. */
void disk_die(unsigned nth, const char *from, const char *to, uint64_t seed);

/* Syncs so far. */
unsigned disk_syncs(void);

/* While held, syncs happen but nobody is told. */
void disk_hold(bool held);

#endif
