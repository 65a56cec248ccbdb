/*
 * The questions of a POP3 session (src/pop3/server.h) and what stands in them. Storage is never
 * touched by the engine: it asks, the owner answers, now or later. Everything a question refers to
 * is borrowed until its answer; what an answer refers to is borrowed for that call, but for the
 * messages of the maildrop.
 */
#ifndef POP3_ASK_H
#define POP3_ASK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

/*
 * Questions (engine_ask.kind). Beside each: detail of the question -> detail of the answer yes.
 * One is open at a time.
 */
enum pop3_ask {
	/*
	 * NULL -> struct pop3_maildrop. The first question of a session; the greeting waits for it.
	 * No: "-ERR" with its response code, and the end.
	 */
	POP3_ASK_OPEN,
	/*
	 * struct pop3_read -> struct pop3_octets. No at offset 0: the command is refused; later the
	 * connection is cut, since the reply cannot be taken back.
	 */
	POP3_ASK_READ,
	/*
	 * struct pop3_commit -> NULL. Asked once, at QUIT (RFC 1939 section 6), and only when there
	 * is something to remove, or RETR was used: then its messages may be marked as read now.
	 * Yes: what is to be removed is gone for good. No: the words say what was done.
	 */
	POP3_ASK_COMMIT,
};

struct pop3_message {
	uint64_t size_bytes; /* as sent, without the added dots: RFC 1939 section 11 */
	uint32_t uid;
	/* Its UIDL string. NULL, or not as RFC 1939 wants it: UID<uid>-<uidvalidity>. */
	const char *uidl;
};

/*
 * The messages as they are at the start; numbers count from 1 in this order and do not change.
 * items is the owner's and stays as it is until the engine is freed.
 */
struct pop3_maildrop {
	const struct pop3_message *items;
	size_t count; /* at most UINT32_MAX - 1 */
	uint32_t uidvalidity;
};

/* Octets [offset, offset + max) of a message in its form on the wire (CRLF line ends). */
struct pop3_read {
	size_t index; /* from 0 */
	uint64_t offset;
	size_t max;   /* the owner may give fewer, but at least one unless it is the end */
	bool is_retr; /* all of it is sent; false: TOP, which is not reading */
};

struct pop3_octets {
	struct slice bytes;
	bool is_end; /* nothing follows them */
};

struct pop3_commit {
	const size_t *deleted; /* indexes, ascending; NULL: none */
	size_t count;
};

#endif
