/*
 * sendmail(8): a message from standard input into the server's custody, over the local socket of
 * esmtpd. It has no rights of its own: the server knows the caller by the socket's credentials.
 *
 *     sendmail.c        options, environment, the other programs it stands for
 *     sendmail_input.c  standard input with one kind of line end
 *     sendmail_head.c   recipients out of the header, what the header lacks
 *     sendmail_smtp.c   the conversation with the server
 */
#ifndef CMD_SENDMAIL_H
#define CMD_SENDMAIL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "cmd/cmd.h"
#include "conf/conf.h"

#define SENDMAIL_HEADER_MAX ((size_t)1024 * 1024)
#define SENDMAIL_RCPTS_MAX 5000u

/* ---- input ---- */

/*
 * What is read: LF and CRLF end lines, and so does CR in the body; in the header CR becomes a
 * blank, so that nobody hides a field behind it; NUL becomes '?'. The last line gets its end.
 */
struct input {
	int fd;
	struct buf out;  /* lines ended by CRLF, not yet taken */
	size_t crs;      /* CRs whose follower is not known */
	bool in_header;  /* no empty line yet */
	bool line_empty; /* nothing in the current line yet */
	bool eof;
	int error; /* errno of a read that failed */
};

/* An input of fd, which stays the caller's; and the end of it. */
void input_init(struct input *in, int fd);
void input_fini(struct input *in);

/* Reads once more; false at the end (eof) or when reading failed (error). */
bool input_fill(struct input *in);

/* Reads the rest and throws it away: who writes to us shall see our exit status, not SIGPIPE. */
void input_drain(struct input *in);

/* ---- the call ---- */

struct sendmail_rcpts {
	struct slice *v; /* local@domain, SENDMAIL_RCPTS_MAX of them */
	uint32_t n;
};

struct sendmail {
	struct paths paths;
	struct conf conf;
	struct arena *arena;
	struct input in;

	bool smtp;             /* -bs: SMTP on standard input and output */
	bool from_header;      /* take recipients from the header */
	const char *from;      /* -f; NULL: not given */
	const char *full_name; /* -F */
	const char *ret;       /* "FULL", "HDRS" or NULL */
	const char *notify;    /* "NEVER", "SUCCESS,FAILURE" ... or NULL */
	const char *envid;     /* -V or NULL */

	struct slice sender; /* envelope; empty: <> */
	struct sendmail_rcpts rcpts;
	struct buf head; /* header to send, with its empty line */
};

/*
 * Adds the mailboxes of an address list; those without a domain get the default one. EXIT_GOOD, or
 * EXIT_NOUSER, EXIT_DATA after a line on stderr.
 */
int sendmail_add_rcpts(struct sendmail *s, struct slice list);

/* local@domain, our domain when there is none; p == NULL: too long. */
struct slice sendmail_address(struct sendmail *s, struct slice local, struct slice domain);

/* An address from outside the message (-f) in full; p == NULL: it is none. */
struct slice sendmail_qualify(struct sendmail *s, struct slice address);

/*
 * Reads the header, makes s->head, adds recipients. What follows is in s->in. EXIT_GOOD, or another
 * status after a line on stderr.
 */
int sendmail_read_head(struct sendmail *s);

/* Gives the message to the server; the exit status. */
int sendmail_deliver(struct sendmail *s);

/* -bs: carries bytes both ways until both have ended; the exit status. */
int sendmail_relay(struct sendmail *s);

/* Whom we run for: the value of the first of these variables that is set, else the system's name of
 * our uid. */
struct slice sendmail_user(struct sendmail *s, const char *const *variables);

#endif
