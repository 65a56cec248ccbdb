/*
 * The points at which storing a message can fail, named, so that tests can make each of them fail,
 * or end the process there. In production the hook is NULL.
 */
#ifndef MAILDIR_STEP_H
#define MAILDIR_STEP_H

enum maildir_step {
	MAILDIR_STEP_OPEN,     /* a directory */
	MAILDIR_STEP_SCAN,     /* looking for a copy that arrived before */
	MAILDIR_STEP_CREATE,   /* the file in tmp/ */
	MAILDIR_STEP_WRITE,    /* each write to it */
	MAILDIR_STEP_SYNC,     /* the file */
	MAILDIR_STEP_RENAME,   /* into new/ */
	MAILDIR_STEP_COUNT,    /* in maildirsize */
	MAILDIR_STEP_SYNC_DIR, /* new/ */
	MAILDIR_STEP_REPORT,   /* everything is done, nobody was told */

	/* Reading a folder, and changing what is in it. */
	MAILDIR_STEP_FACTS_NEW,     /* a new file of facts takes the old one's place */
	MAILDIR_STEP_FACTS_APPEND,  /* before records are written */
	MAILDIR_STEP_FACTS_WRITTEN, /* and after it */
	MAILDIR_STEP_FACTS_SYNCED,
	MAILDIR_STEP_TO_CUR, /* renaming from new/ or tmp/ into cur/ */
	MAILDIR_STEP_FLAGS,  /* renaming within cur/ */
	MAILDIR_STEP_UNLINK, /* an expunged message */
	MAILDIR_STEP_LINK,   /* a copy in tmp/ */
	MAILDIR_STEP_DONE,   /* everything is on disk, nobody was told */
	MAILDIR_STEPS
};

/* Returns 0, or the errno with which the step shall fail. */
extern int (*maildir_step_hook)(enum maildir_step step);

static inline int
maildir_step(enum maildir_step step)
{
	return maildir_step_hook ? maildir_step_hook(step) : 0;
}

#endif
