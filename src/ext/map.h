/*
 * Compiled read-only tables ("userdb.dat", "aliases.dat", ...): Berkeley DB files, built beside,
 * synced and renamed into place, never changed afterwards; opened by ordinary processes, never by
 * set-id ones.
 */
#ifndef EXT_MAP_H
#define EXT_MAP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/dict.h"

struct map_writer;

/*
 * Starts dir/name.tmp.PID; rename and sync happen in map_writer_commit. Keys may come in any order;
 * a second value for a key replaces the first.
 */
enum st map_writer_new(int dirfd, const char *dir, const char *name, uint32_t mode,
    struct map_writer **out, struct fault *f);
enum st map_writer_put(struct map_writer *w, struct slice key, struct slice value, struct fault *f);
enum st map_writer_commit(struct map_writer *w, struct fault *f); /* frees w in every case */
void map_writer_abandon(struct map_writer *w);

/* Opens a table. dir/name is the path. ST_NOENT when there is none. */
enum st map_open(const char *dir, const char *name, struct dict **out, struct fault *f);

/* Has the file been replaced since map_open? (inode, mtime or size differ.) */
bool map_is_stale(const struct dict *d);

/* All pairs, in the table's order; fn false stops. */
enum st map_each(struct dict *d, bool (*fn)(void *arg, struct slice key, struct slice value),
    void *arg, struct fault *f);

#endif
