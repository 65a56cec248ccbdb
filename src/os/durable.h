/*
 * Making writes survive a power cut, without making anybody wait. Sync calls block, so they run in
 * a fixed pool of threads which do nothing else (ports/posix/durable_pool.c: the only threads in
 * the product). The pool starts at the first use and its threads end after some idle seconds.
 *
 * The order the caller must keep (docs/QUEUE.md, docs/FACTS.md): sync the files, rename, sync the
 * directories, report. A failed sync is never tried again on the same file: the data may already be
 * gone from memory; the file is abandoned.
 */
#ifndef OS_DURABLE_H
#define OS_DURABLE_H

#include <stdbool.h>
#include <stddef.h>

struct durable;

enum durable_kind {
	DURABLE_DATA, /* content and what is needed to read it back (fdatasync) */
	DURABLE_FILE, /* content and all metadata (fsync) */
	DURABLE_DIR,  /* the entries of a directory, by a descriptor of the directory */
};

struct durable_item {
	int fd; /* open until done() */
	enum durable_kind kind;
	int result; /* out: 0 or -errno */
};

/* A group is done when each of its items is. The memory is the caller's until done(). */
struct durable_group {
	struct durable_item *items;
	size_t count;
	/* Runs in the loop's thread, from durable_dispatch. */
	void (*done)(struct durable_group *g);
	void *arg;
	struct durable_group *next; /* private */
	size_t left;                /* private */
};

/* A pool of at most max_threads (1-64). 0 or -errno. */
int durable_new(struct durable **out, unsigned max_threads);

/* Waits for what is under way, without calling done(), and frees the pool. */
void durable_free(struct durable *d);

/* Readable when durable_dispatch has something to do. Never changes. */
int durable_fd(const struct durable *d);

/*
 * Starts syncing all items at once, as far as threads are free; a group of no items is done at the
 * next dispatch.
 */
void durable_submit(struct durable *d, struct durable_group *g);

/* Calls done() for the groups that are complete. */
void durable_dispatch(struct durable *d);

/* Groups submitted and not yet dispatched. */
size_t durable_pending(const struct durable *d);

/* For commands and tests: sync now, in this thread. 0 or -errno. */
int durable_now(int fd, enum durable_kind kind);

/*
 * Test only, set once at start: every sync reports success without being done (the mutant of
 * tests/crash).
 */
extern bool durable_disabled;

#endif
