/*
 * What the emulations share: a table of what is asked for, per emulated object, and a look at a
 * descriptor. Tests only: one thread, no great care for speed.
 */
#ifndef PORTS_STUB_H
#define PORTS_STUB_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#define STUB_ROWS 4096

/* One thing somebody asked to be told of. */
struct stub_row {
	int owner; /* the emulated kqueue, port or set: a descriptor; 0: the row is free */
	int kind;  /* filter or source */
	uintptr_t id;
	short events; /* for poll(2) */
	int wd, dirfd;    /* of a directory: the watch, and a descriptor of it */
	bool is_removed;  /* that was told */
	void *user;
	unsigned told; /* events seen and not fetched */
	uint64_t dev, ino; /* of the file when it was asked for */
};

/* The table of one emulation, and where the next answer begins. */
struct stub_table {
	struct stub_row rows[STUB_ROWS];
	int used, start;
};

/* The row of (owner, kind, id), or NULL; with make a new one. */
struct stub_row *stub_find(struct stub_table *t, int owner, int kind, uintptr_t id, bool make);

/* A new object: an inotify descriptor, so that it can be polled and closed as the real one. */
int stub_object(void);

/* Drops what belonged to an object of this number that was closed meanwhile. */
void stub_forget_owner(struct stub_table *t, int owner);

/* Did the descriptor of a row become another file, or none? */
bool stub_is_stale(const struct stub_row *r);
void stub_identify(struct stub_row *r);

/* Files: asks for changes of a directory by path (a wd), and takes in what was told. */
int stub_watch(int owner, const char *path);
void stub_unwatch(struct stub_table *t, int owner, int wd);
void stub_take_changes(struct stub_table *t, int owner);

/*
 * Waits until a row of owner with poll events is ready, or the time is over. Then each row's
 * revents is in `revents`, by place in the table. The number ready, or -1.
 */
int stub_poll(struct stub_table *t, int owner, int timeout_ms, short *revents);

/* Milliseconds of a patience; NULL: for ever. */
int stub_ms(const struct timespec *patience);

#endif
