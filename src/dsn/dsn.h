/*
 * Delivery status notifications: RFC 3464 (fields), RFC 6522 (multipart/report), RFC 3461 section 6
 * (what the parameters of SMTP ask for), RFC 3834 (marks of automatic mail), RFC 6533 (addresses
 * beyond ASCII).
 *
 * A report is written in three steps, so that a large original need not be in memory:
 *
 *     dsn_begin(out, r)                               header, part for people, part for programs
 *     dsn_put_header(out, r, start of the original)   third part: its header alone
 *  or dsn_put_message(out, r)                         third part: the caller adds the original
 * behind it dsn_end(out, r)
 *
 * What is written is wire form: CRLF line ends. The envelope sender of a report is empty:
 * R5321-3.6.3-c.
 */
#ifndef DSN_DSN_H
#define DSN_DSN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/slice.h"

/* How much of a header is returned when the original is not. */
#define DSN_HEADER_MAX ((size_t)128 * 1024)

/* RFC 3464 section 2.3.3. The numbers are part of the frame `report`. */
enum dsn_action {
	DSN_FAILED = 1,
	DSN_DELAYED = 2,
	DSN_DELIVERED = 3,
	DSN_RELAYED = 4,  /* passed to a server that does not report */
	DSN_EXPANDED = 5, /* an alias with several members, or a list */
	DSN_ACTIONS
};

struct dsn_rcpt {
	struct slice address; /* what was delivered to */
	/*
	 * "type;address" as ORCPT gave it, decoded. With an empty type (";address") nobody gave
	 * one, and this is the address as it was accepted: it stands in Final-Recipient then. Or
	 * empty.
	 */
	struct slice original;
	enum dsn_action action;
	uint8_t esc[3];           /* RFC 3463; class 0: not known */
	struct slice text;        /* what went wrong: the reply of peer when there is one */
	struct slice peer;        /* "dns; mx.example", or empty: no other host took part */
	int64_t last_attempt_sec; /* 0: not known */
	int64_t give_up_sec;      /* DSN_DELAYED: tried until then; 0: not known */
};

/* Words for people, UTF-8 with LF line ends. */
struct dsn_texts {
	const char *header; /* [#ME#] [#FROMTIME#] [#FROMMTA#] stand for what this report knows */
	const char *action[DSN_ACTIONS]; /* above the recipients it is true of */
	const char *footer;
	const char *subject_failed, *subject_delayed, *subject_notice;
};

extern const struct dsn_texts dsn_texts_builtin;

/* All slices are borrowed. */
struct dsn_report {
	struct slice me;       /* our name */
	struct slice from;     /* the From field: see dsn_put_from */
	struct slice to;       /* the return path of the original, RFC 5321 Mailbox */
	struct slice envid;    /* ENVID decoded, or empty */
	struct slice from_mta; /* "dns; helo ([ip])", or empty */
	int64_t arrived_sec, now_sec;
	int offset_minutes;
	uint64_t unique[2];           /* random: Message-ID and boundary are made of them */
	uint8_t ret;                  /* RET: 0, 'F', 'H' */
	bool has_8bit;                /* the original has octets above 127 */
	uint64_t length;              /* of the original */
	uint64_t limit;               /* larger originals are not returned */
	const struct dsn_rcpt *rcpts; /* at least one */
	size_t rcpt_count;
	const struct dsn_texts *texts; /* NULL: dsn_texts_builtin */
};

/* Is the original returned, or its header alone? R3461-6.2-a, R6522-3-g, and dsnlimit. */
bool dsn_returns_message(const struct dsn_report *r);

/* Appends the header section and the first two parts. */
void dsn_begin(struct buf *out, const struct dsn_report *r);

/*
 * Appends the third part with the header of the original. start is how the original begins: all of
 * its header, or the first DSN_HEADER_MAX octets.
 */
void dsn_put_header(struct buf *out, const struct dsn_report *r, struct slice start);

/* Appends the header of the third part; the original must follow as it is, its last line ended by
 * CRLF. */
void dsn_put_message(struct buf *out, const struct dsn_report *r);

/* Appends the end. */
void dsn_end(struct buf *out, const struct dsn_report *r);

/* All of it, with an original that is in memory. */
void dsn_put(struct buf *out, const struct dsn_report *r, struct slice original);

/* "failed" ...; "" for what is none. */
const char *dsn_action_word(enum dsn_action action);

/*
 * Appends the value of the From field made of the configuration's dsnfrom: <@> becomes
 * <MAILER-DAEMON@me>, names beyond ASCII become encoded words. What is no address gives
 * MAILER-DAEMON@me.
 */
void dsn_put_from(struct buf *out, struct slice dsnfrom, struct slice me);

#endif
