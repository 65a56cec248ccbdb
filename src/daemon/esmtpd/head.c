/*
 * Headers of submitted messages.
 */
#include "daemon/esmtpd/head.h"

#include <string.h>

#include "base/arena.h"
#include "base/buf.h"

struct head {
	struct header_parser parser;
	struct census census;
	struct edit_missing missing;
	bool add_date, add_id, ended;
	struct buf held; /* the header as it came */
	struct buf out;  /* what goes on */
};

struct head *
head_new(bool add_date, bool add_id, const struct edit_missing *missing)
{
	struct head *h = mem_get(sizeof(*h));

	memset(h, 0, sizeof(*h));
	h->add_date = add_date;
	h->add_id = add_id;
	h->missing = *missing;
	header_parser_init(&h->parser, census_field, &h->census);
	buf_init(&h->held, HEAD_MAX);
	buf_init(&h->out, 2 * HEAD_MAX);
	return h;
}

void
head_free(struct head *h)
{
	if (!h)
		return;
	header_parser_fini(&h->parser);
	buf_fini(&h->held);
	buf_fini(&h->out);
	mem_free(h);
}

/* The header is whole: what it lacks, then itself. */
static void
let_go(struct head *h)
{
	bool had_fields = h->census.total > 0;

	/* R6409-8.2-a, R6409-8.3-a: a submission server may add what is missing */
	if (!h->add_date)
		h->census.count[CENSUS_DATE]++;
	if (!h->add_id)
		h->census.count[CENSUS_MESSAGE_ID]++;
	edit_put_missing(&h->out, &h->census, &h->missing);
	if (!had_fields && h->parser.body_in_line)
		/* it began with its body: that must not become a field */
		buf_put(&h->out, SL("\r\n"));
	buf_put(&h->out, buf_slice(&h->held));
	buf_fini(&h->held);
	h->ended = true;
}

struct slice
head_feed(struct head *h, struct slice chunk)
{
	size_t used = 0;

	if (h->ended)
		return chunk;
	buf_clear(&h->out);
	enum st st = header_parser_feed(&h->parser, chunk, &used);
	bool fits = h->held.n + used <= HEAD_MAX;
	if (fits)
		buf_put(&h->held, sl_sub(chunk, 0, used));
	if (st == ST_AGAIN && fits)
		return SL_NONE;
	if (fits) {
		let_go(h);
		buf_put(&h->out, sl_skip(chunk, used));
	} else {
		buf_put(&h->out, buf_slice(&h->held));
		buf_put(&h->out, chunk);
		buf_fini(&h->held);
		h->ended = true;
	}
	return buf_slice(&h->out);
}

struct slice
head_end(struct head *h)
{
	if (h->ended)
		return SL_NONE;
	buf_clear(&h->out);
	header_parser_end(&h->parser);
	let_go(h);
	return buf_slice(&h->out);
}
