/*
 * The structure of a MIME message, RFC 2045 and 2046, found in one pass over pieces of any size.
 * The result is a tree of parts with offsets; nothing is decoded. The same input gives the same
 * tree however it is cut.
 *
 * Sizes: "bytes" count what was fed (LF or CRLF files), "octets" count every line end as CRLF, as
 * protocols do. Lines are line ends within the range.
 */
#ifndef MESSAGE_MIME_H
#define MESSAGE_MIME_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/slice.h"
#include "message/content.h"
#include "message/header.h"

/* A place in the message. */
struct mime_pos {
	uint64_t bytes, octets, lines;
};

enum mime_encoding { MIME_7BIT, MIME_8BIT, MIME_BINARY, MIME_QP, MIME_BASE64, MIME_UNKNOWN };

struct mime_part {
	struct mime_part *parent, *first, *last, *next; /* a message/rfc822 part has one child */
	unsigned depth;                                 /* of the root: 0 */
	struct mime_pos header;                         /* where the header begins */
	struct mime_pos body,
	    end;             /* where the body begins and ends (before the delimiter's line end) */
	struct content type; /* the default when there was none */
	bool has_type;       /* a Content-Type field was there */
	struct content disposition; /* type is empty when there was none */
	enum mime_encoding encoding;
	struct slice id, description, location, language, md5,
	    encoding_text; /* raw values, unfolded */
	bool is_multipart; /* children are its parts */
	bool is_message;   /* message/rfc822 or message/global whose child is the message inside */
	bool closed;       /* a multipart whose last delimiter was seen */
	void *mark;        /* the caller's, NULL at first */
};

struct mime_limits {
	unsigned depth_max; /* deeper composite parts are taken as leaves (default 32) */
	unsigned parts_max; /* further parts are not opened (default 1000) */
};
#define MIME_LIMITS_DEFAULT ((struct mime_limits){.depth_max = 32, .parts_max = 1000})

struct mime_parser;

/* Each field of each part, or NULL. part is the part whose header is being read. */
typedef void mime_field_fn(void *arg, struct mime_part *part, const struct header_field *field);

/*
 * A parser whose tree and memory live in a.
 *   limits  what is beyond them is not looked into; truncated then says so
 *   cs      for parameters with charsets (RFC 2231); may be NULL: charset_builtin
 */
struct mime_parser *mime_parser_new(struct arena *a, const struct mime_limits *limits,
    const struct charset_ops *cs, mime_field_fn *field, void *arg);

/*
 * Octets of the body of a part, as they stand, in order: not of delimiters, but with the line end
 * before one; of a multipart what stands before, between and behind its parts. part says by now
 * what it is. text is borrowed for the call.
 */
typedef void mime_body_fn(void *arg, struct mime_part *part, struct slice text);

/* Bodies are given to body too, with the arg of mime_parser_new. Before the first piece. */
void mime_parser_on_body(struct mime_parser *p, mime_body_fn *body);

/* The next piece of the message. */
void mime_parser_feed(struct mime_parser *p, struct slice in);

/* The message has ended; the root of the tree. *truncated (may be NULL): a limit was reached. */
struct mime_part *mime_parser_end(struct mime_parser *p, bool *truncated);

#endif
