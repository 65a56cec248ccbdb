/*
 * The content of a message on its way to another server: read piece by piece, dots doubled, made
 * 7 bit where it must, and compared with what was announced. RFC 5321 section 4.5.2, RFC 6152.
 */
#ifndef DAEMON_COURIERESMTP_BODY_H
#define DAEMON_COURIERESMTP_BODY_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/digest.h"
#include "base/fault.h"
#include "message/downgrade.h"
#include "smtp/client.h"
#include "smtp/stuff.h"

/* The content of a message, as it leaves. */
struct body {
	struct slice bytes; /* inline, when fd is -1 */
	int fd;
	uint64_t length;
	unsigned char digest[DIGEST_MAX];
	uint64_t wire_bytes; /* with doubled dots and the last CRLF */
	bool is_checked;     /* it was all there and right before it began to leave */
	/* on its way */
	void *hash;
	uint64_t read_at; /* octets taken from the source */
	uint64_t window_at;  /* place of the window in what leaves */
	struct buf window;
	struct smtp_stuff stuff;
	bool ended, is_right;
	/* as 7 bit: the plan is made once, and followed until the next rewind */
	struct arena *arena;
	struct downgrade *plan;
	struct downgrade_run run;
	bool is_converted;
};

/* Looks through the content once. ST_OK, or class 4: it is not what was announced. */
enum st body_init(struct body *b, struct fault *f) ATTR_CHECKED;
void body_fini(struct body *b);

/* From the first octet (again), as it is. */
void body_rewind(struct body *b);

/*
 * From the first octet as 7 bit content: *c becomes what leaves then. Reads it all three times.
 * ST_OK, or ST_PERM 5.6.3: it cannot be; or class 4.
 */
enum st
body_convert(struct body *b, struct smtp_client_content *c, struct fault *f) ATTR_CHECKED;

/* Octets of what leaves, at offset; offsets never go back. ST_OK with *n > 0. */
enum st body_read(struct body *b, uint64_t offset, unsigned char *p, size_t max, size_t *n,
    struct fault *f) ATTR_CHECKED;

/* All has left: was it the message? */
enum st body_verdict(const struct body *b, struct fault *f) ATTR_CHECKED;

#endif
