/*
 * Delivery into one Maildir folder, in groups: what waits (up to MAILDIR_GROUP messages) is written
 * to tmp/, all files are synced together, renamed into new/, new/ is synced once, and only then is
 * each message reported. One group is under way, the next one fills meanwhile; there is no timer.
 * The base name is a function of queue id and recipient, so a message that is stored again after an
 * unknown outcome is found and not stored twice.
 *
 * Nothing here waits: sync calls go to os/durable.h, and large messages are written in steps.
 */
#ifndef MAILDIR_FOLDER_H
#define MAILDIR_FOLDER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/fault.h"
#include "base/list.h"
#include "maildir/body.h"
#include "maildir/cache.h"
#include "maildir/dir.h"
#include "maildir/name.h"
#include "os/durable.h"

/* Most messages of a group. */
#define MAILDIR_GROUP 32

/* Octets written before maildir_folder_run gives the loop a turn. */
#define MAILDIR_TURN_BYTES (1024 * 1024)

struct maildir_folder;

/*
 * Finds out, while a message is copied, what readers will ask of it. What it says goes into the
 * folder's cache (maildir/cache.h) once the message was reported; whatever goes wrong with that
 * costs a reader time and the delivery nothing.
 */
struct maildir_describer {
	void *(*begin)(void); /* a message begins; NULL: nothing will be said of it */
	void (*feed)(void *d, struct slice in); /* its next octets, as the file has them */
	/* It has ended; false: nothing is known. *entry is good until free. */
	bool (*end)(void *d, struct cache_entry *entry);
	void (*free)(void *d);
};

/* What the process gives, the same for all its folders. */
struct maildir_host {
	struct durable *durable;
	struct slice me; /* this server's name, for file names */
	/* maildir_folder_run(folder) shall be called soon, at the end of this turn of the loop. */
	void (*turn)(void *owner);
	const struct maildir_describer *describer; /* or NULL */
};

/* Where a folder is. All of it must live as long as the folder. */
struct maildir_place {
	/* Opens the directory `path` starts at (the home); -1 with a fault of class 4. Called for
	 * each group. */
	int (*base)(void *owner, struct fault *f);
	void *owner;
	struct slice path;      /* relative: "./Maildir" */
	struct slice quota;     /* definition, or empty: what maildirsize says */
	enum maildir_make make; /* what to do when it is missing */
};

/* One message for the folder. Embedded in the caller's struct; zero-initialise. */
struct maildir_job {
	struct maildir_key key;
	bool is_retry;     /* look for a copy that arrived before */
	struct slice head; /* trace fields with CRLF, in front of the body */
	const struct maildir_body *body;
	/*
	 * Once for each job: f->st is ST_OK, or says why not (always class 4). The job is the
	 * caller's again. It may add jobs, also to this folder, but not free the folder.
	 */
	void (*done)(struct maildir_job *job, const struct fault *f);
	void *arg;
	struct list_node node;         /* private */
	struct maildir_folder *folder; /* private */
};

struct maildir_folder *
maildir_folder_new(const struct maildir_host *host, const struct maildir_place *place);

/* Only when it is idle. */
void maildir_folder_free(struct maildir_folder *f);

/* Nothing waits and nothing is under way. */
bool maildir_folder_is_idle(const struct maildir_folder *f);

/* Adds a message to the next group. */
void maildir_folder_put(struct maildir_folder *f, struct maildir_job *job);

/* Starts the next group, or goes on writing; nothing to do is no mistake. */
void maildir_folder_run(struct maildir_folder *f);

/*
 * The caller wants no message stored any more: job->done is not called. What was written goes away,
 * unless it was renamed already.
 */
void maildir_job_cancel(struct maildir_job *job);

#endif
