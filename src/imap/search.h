/*
 * A SEARCH program (RFC 3501 section 6.4.4): parsed by the engine, evaluated by the owner message
 * by message with imap_search_match(), which asks for what it needs, cheapest first.
 */
#ifndef IMAP_SEARCH_H
#define IMAP_SEARCH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/fault.h"
#include "base/slice.h"
#include "imap/ask.h"
#include "message/charset.h"

/* How much must be known of a message to decide. */
enum imap_search_cost {
	IMAP_SEARCH_INDEX,  /* flags, numbers, dates of arrival */
	IMAP_SEARCH_CACHE,  /* sizes, envelope */
	IMAP_SEARCH_HEADER, /* the header section */
	IMAP_SEARCH_BODY,   /* all of it */
};

/* The most that any key of the program may need. */
enum imap_search_cost imap_search_cost(const struct imap_search *p);

/* One message, as far as it was asked for. */
struct imap_candidate {
	uint32_t seq, uid, seq_max, uid_max; /* *_max: what "*" stands for */
	unsigned flags;
	uint64_t keywords;
	struct imap_keywords names;
	int64_t date_sec; /* of arrival */
	/* Called at most once each, when a key needs it; false: the message cannot be read. */
	bool (*size)(void *arg, uint64_t *octets);
	bool (*envelope)(void *arg, struct slice *envelope); /* as IMAP_PART_ENVELOPE */
	bool (*header)(void *arg, struct slice *header);
	/*
	 * The message from its first byte in pieces: `piece` until it is empty. rewind begins anew.
	 */
	bool (*piece)(void *arg, struct slice *piece);
	bool (*rewind)(void *arg);
	void *arg;
};

/*
 * Does it match? Text is compared in UTF-8 without regard to case (the base/utf8 folding), after
 * decoding encoded words, transfer encodings and charsets. scratch is reset by the caller between
 * messages. ST_OK with *yes, ST_AGAIN: the message vanished.
 */
enum st imap_search_match(const struct imap_search *p, const struct imap_candidate *m,
    const struct charset_ops *cs, struct arena *scratch, bool *yes);

#endif
