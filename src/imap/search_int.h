/*
 * A SEARCH program from the inside: keys in a tree, the cheap ones first. parse/search.c builds
 * it, search.c evaluates it, search_text.c looks into messages.
 */
#ifndef IMAP_SEARCH_INT_H
#define IMAP_SEARCH_INT_H

#include "imap/describe_int.h"
#include "imap/needle.h"
#include "imap/search.h"

#define IMAP_SEARCH_DEPTH 32  /* of NOT, OR and parentheses */
#define IMAP_SEARCH_KEYS 1000 /* of one program */

enum imap_key_kind {
	IMAP_KEY_ALL,
	IMAP_KEY_AND, /* of its children */
	IMAP_KEY_OR,
	IMAP_KEY_NOT, /* has one */
	IMAP_KEY_FLAG,
	IMAP_KEY_KEYWORD,
	IMAP_KEY_SET,
	IMAP_KEY_BEFORE, /* of arrival */
	IMAP_KEY_ON,
	IMAP_KEY_SINCE,
	IMAP_KEY_SENTBEFORE,
	IMAP_KEY_SENTON,
	IMAP_KEY_SENTSINCE,
	IMAP_KEY_LARGER,
	IMAP_KEY_SMALLER,
	IMAP_KEY_ENVELOPE, /* a field of it */
	IMAP_KEY_HEADER,
	IMAP_KEY_BODY,
	IMAP_KEY_TEXT,
};

struct imap_key {
	struct imap_key *next, *first; /* sibling, child */
	enum imap_key_kind kind;
	enum imap_search_cost cost;
	unsigned flag;     /* FLAG */
	struct slice name; /* KEYWORD, HEADER */
	struct imap_set set;
	int64_t day; /* days since 1970 */
	uint64_t size_bytes;
	enum imap_envelope_field field;
	struct imap_needle needle;
	size_t text; /* BODY, TEXT: which of the program's texts */
};

struct imap_search {
	struct imap_key *root;
	struct imap_key **texts; /* all keys BODY and TEXT */
	size_t text_count;
};

/* A SEARCH command. */
struct imap_search_run {
	struct imap_search_ask ask;
	struct imap_search program;
	bool unknown_charset;
};

/* What is known of the message while a program is evaluated. */
struct imap_search_eval {
	const struct imap_search *program;
	const struct imap_candidate *m;
	const struct charset_ops *cs;
	struct arena *scratch;
	bool gone; /* it cannot be read */
	bool has_size, has_envelope, has_header, has_texts;
	uint64_t size_bytes;
	struct slice envelope, header;
	struct imap_needle_place *texts; /* of the program's texts */
};

/*
 * Sets cost of a key from its kind and children, and puts the children of AND and OR in the order
 * of their costs.
 */
void imap_key_settle(struct imap_key *key);

/* Does the field of an envelope contain the needle, decoded? */
bool imap_search_envelope(struct imap_search_eval *e, const struct imap_key *key);

/* Has the header a field of this name that contains the needle, decoded? */
bool imap_search_header(struct imap_search_eval *e, const struct imap_key *key);

/* Looks for all texts of the program in one pass over the message. */
void imap_search_texts(struct imap_search_eval *e);

#endif
