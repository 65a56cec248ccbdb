/*
 * The question FETCH of imap/ask.h: which messages, what of them, and how they come.
 * RFC 3501 sections 6.4.5 and 7.4.2.
 */
#ifndef IMAP_ASK_FETCH_H
#define IMAP_ASK_FETCH_H

#include "imap/ask_message.h"

enum imap_want {
	IMAP_WANT_FLAGS = 1,
	IMAP_WANT_UID = 2,
	IMAP_WANT_DATE = 4,
	IMAP_WANT_SIZE = 8,
	IMAP_WANT_ENVELOPE = 16,
	IMAP_WANT_STRUCTURE = 32, /* BODYSTRUCTURE */
	IMAP_WANT_BODY = 64,      /* BODY without section: the same without extension data */
	IMAP_WANT_MODSEQ = 128,
};

/* What of a part, RFC 3501 section 6.4.5. */
enum imap_section_kind {
	IMAP_SECTION_ALL,    /* BODY[], BODY[1.2] */
	IMAP_SECTION_HEADER, /* BODY[HEADER], BODY[1.HEADER]: of a message */
	IMAP_SECTION_FIELDS,
	IMAP_SECTION_FIELDS_NOT,
	IMAP_SECTION_TEXT,
	IMAP_SECTION_MIME,
};

#define IMAP_SECTION_DEPTH 32

struct imap_section {
	enum imap_section_kind kind;
	uint32_t part[IMAP_SECTION_DEPTH]; /* from 1 */
	unsigned depth;                    /* 0: the message itself */
	const struct slice *fields;        /* names, of FIELDS and FIELDS_NOT */
	size_t field_count;
};

/*
 * The next messages of the set behind sequence number `after`, at most `max` of them. The owner may
 * give fewer, and says whether there are more.
 */
struct imap_fetch {
	struct imap_set set;
	uint32_t after;
	uint32_t max;
	unsigned want; /* bits of enum imap_want */
	const struct imap_section *sections;
	size_t section_count;
	bool mark_seen; /* \Seen is set on each, and has_flags says where that changed it */
};

/*
 * A section's octets (CRLF line ends), before <partial> is applied, which is the engine's work:
 * bytes, or a handle with their place in what it stands for. The handle is valid until
 * IMAP_ASK_RELEASE names it, or the session ends.
 */
struct imap_octets {
	bool is_nil; /* there is no such part */
	struct slice bytes;
	uint32_t handle; /* not 0: the octets are offset, length of it */
	uint64_t offset, length;
};

struct imap_message {
	uint32_t seq, uid;
	bool is_gone;   /* it vanished from the disk: nothing below is filled */
	bool has_flags; /* flags were changed by mark_seen: the client is told */
	unsigned flags;
	uint64_t keywords;
	uint64_t modseq;
	int64_t date_sec;
	uint64_t size_bytes;
	struct slice envelope, structure, body; /* as they are said, see imap/describe.h */
	const struct imap_octets *sections;     /* section_count of them */
};

struct imap_fetched {
	const struct imap_message *items;
	size_t count;
	struct imap_keywords keywords;
	bool more;
};

struct imap_release {
	uint32_t handle;
};

#endif
