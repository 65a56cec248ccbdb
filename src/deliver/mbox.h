/*
 * mbox files: one message behind the other, each after a line "From sender date". Lines of the
 * message that begin with "From " behind any number of '>' get one '>' more, so that what was
 * written can be read back. The file must be locked (os/filelock.h) while this works on it.
 */
#ifndef DELIVER_MBOX_H
#define DELIVER_MBOX_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/fault.h"
#include "maildir/body.h"

/* Appends "From sender Thu Nov 21 19:05:00 2026" without a line end; sender empty: MAILER-DAEMON.
 */
void deliver_from_line(struct buf *out, struct slice sender, int64_t sec, int offset_minutes);

/* Quotes a text that comes in pieces of any size. Zero-initialise with is_line_start set. */
struct deliver_quote {
	bool is_line_start;
	size_t marks;     /* '>' held back */
	unsigned matched; /* of "From " behind them */
};

/* Appends what is known of in so far, ">" before each line of the form >*From (mboxrd). */
void deliver_quote(struct deliver_quote *q, struct slice in, struct buf *out);

/* The end of the text: what was held back, and the line end that was missing. */
void deliver_quote_end(struct deliver_quote *q, struct buf *out);

struct deliver_mbox {
	int fd;
	bool created;
	int64_t start; /* length before the message */
};

/*
 * Opens name in parent, makes it (0600) when it is missing. ST_OK, or class 4: it is no plain file,
 * cannot be opened.
 */
enum st deliver_mbox_open(
    int parent, struct slice name, struct deliver_mbox *m, struct fault *f) ATTR_CHECKED;

/*
 * Appends a message: from_line, head (CRLF), body. On any fault the file has its old length again.
 * Not synced: the caller does that, and calls deliver_mbox_undo when it fails.
 */
enum st deliver_mbox_append(struct deliver_mbox *m, struct slice from_line, struct slice head,
    const struct maildir_body *body, struct fault *f) ATTR_CHECKED;

/* Gives the file its old length. */
void deliver_mbox_undo(struct deliver_mbox *m);

/* Closes the file as it is now; no effect on one that is closed. */
void deliver_mbox_close(struct deliver_mbox *m);

#endif
