/*
 * One message as the octets of the protocols: CRLF line ends, whatever the file has. Files of ours
 * end lines with LF; those of others may have CRLF, or both. The octets of an open text are always
 * those of one message: a file that vanished, or was cut short, is a fault and never other bytes.
 *
 * RFC 3501 section 2.3.4 (size), 6.4.5 (partial); RFC 1939 section 11; docs/FACTS.md.
 */
#ifndef MAILDIR_TEXT_H
#define MAILDIR_TEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/fault.h"
#include "maildir/mailbox.h"

/* A place in a message: octets with CRLF before it, and bytes of the file. */
struct text_place {
	uint64_t wire, file;
};

/* The mailbox must stay open as long as the text is. */
struct text {
	int fd; /* -1: closed */
	uint64_t file_bytes;
	uint64_t wire_bytes; /* UINT64_MAX: not known yet, see text_size */
	int64_t date_sec;    /* mtime: the internal date */

	/* private */
	struct mailbox *mailbox;
	uint32_t uid;
	enum { TEXT_LOOSE, TEXT_EXACT, TEXT_UNDECIDED } form;
	struct text_place at, hint; /* where reading stopped; a place somebody knows */
	bool after_cr, owes_lf;
};
#define TEXT_CLOSED ((struct text){.fd = -1})

/*
 * Opens the message with this UID. ST_AGAIN: its file is not where it was; refresh the mailbox and
 * try again, ST_NOENT: it is gone (the mailbox does not have it), ST_IO. Opens one descriptor.
 */
enum st text_open(struct mailbox *m, uint32_t uid, struct text *t, struct fault *f);
void text_close(struct text *t);

/*
 * The number of octets. Known by the file's name when it has ",W=", else the file is read once; the
 * mailbox remembers it. ST_OK, ST_IO.
 */
enum st text_size(struct text *t, uint64_t *wire_bytes, struct fault *f);

/*
 * Appends octets from offset `wire`, at most max of them (and at most 1 MiB). ST_OK: there is more;
 * ST_EOF: these were the last, maybe none. ST_IO: the file was cut short meanwhile, cannot be
 * read, or has not the length its name says (asked again, it has the right one); out is as it was.
 * Going on where the last call stopped costs nothing extra; another offset is looked for from the
 * start of the file or from the hint.
 */
enum st text_read(struct text *t, uint64_t wire, size_t max, struct buf *out, struct fault *f);

/*
 * A place somebody found while reading this very file (cache.h): used when it is nearer than what
 * the text knows. It must be the beginning of a line. Refused (false) when it cannot be right.
 */
bool text_hint(struct text *t, const struct text_place *place);

#endif
