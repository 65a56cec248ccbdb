/*
 * Loops.
 */
#include "deliver/loop.h"

#include <errno.h>
#include <unistd.h>

#include "message/header.h"

#define PIECE 16384
#define HEADER_LOOKED_AT (1024 * 1024) /* a longer header is looked at no further */

struct look {
	struct slice address;
	bool found;
};

static void
on_field(void *arg, const struct header_field *field)
{
	struct look *look = arg;

	if (sl_ieq(field->name, SL("Delivered-To")) && sl_ieq(sl_trim(field->value), look->address))
		look->found = true;
}

static enum st
feed_file(struct header_parser *p, const struct maildir_body *body, const struct look *look,
    struct fault *f)
{
	unsigned char piece[PIECE];
	uint64_t at = 0;

	while (at < body->length && at < HEADER_LOOKED_AT && !look->found) {
		ssize_t n = pread(body->fd, piece, sizeof(piece), (off_t)at);
		size_t used;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fault_sys(f, ST_IO, "4.3.0", errno, "reading the message");
		if (n == 0 || header_parser_feed(p, sl_mem(piece, (size_t)n), &used) == ST_OK)
			return ST_OK;
		at += (uint64_t)n;
	}
	return ST_OK;
}

enum st
deliver_loop_check(const struct maildir_body *body, struct slice address, struct fault *f)
{
	struct look look = {.address = address};
	struct header_parser p;
	enum st st = ST_OK;
	size_t used;

	header_parser_init(&p, on_field, &look);
	if (body->fd >= 0)
		st = feed_file(&p, body, &look, f);
	else if (header_parser_feed(&p, body->bytes, &used) == ST_AGAIN)
		header_parser_end(&p);
	header_parser_fini(&p);
	if (st == ST_OK && look.found)
		return fault_req(f, ST_PERM, "5.4.6", "R5321-6.3-a",
		    "mail loop: the message was delivered here before");
	return st;
}
