/*
 * BDAT: content in chunks of announced length. RFC 3030 section 2.
 *
 * The octets of a chunk are read whatever becomes of it (R3030-2-i): a chunk that is refused is
 * refused behind its last octet, and a transaction that lost one is over, so that the chunks
 * behind it, which may be under way already, find none (R3030-2-k).
 */
#include "base/num.h"
#include "smtp/server_cmd.h"

/* R3030-2-b */
static bool
args_read(struct slice args, struct server_chunk *chunk)
{
	struct slice number;

	chunk->last = sl_cut(&args, ' ', &number);
	if (chunk->last && !sl_ieq(sl_trim(args), SL("LAST")))
		return false;
	return num_u64(number, UINT64_MAX, &chunk->left);
}

/*
 * Its octets will be thrown away, and this is the reply then.
 * R3030-2-i
 */
static void
chunk_refuse(struct smtp_server *s, unsigned code, const char *esc, const char *text)
{
	s->chunk.code = code;
	s->chunk.esc = esc;
	s->chunk.text = text;
}

/* The last octet has been read. R3030-2-e, R3030-2-h */
static void
chunk_end(struct smtp_server *s)
{
	const struct server_chunk *chunk = &s->chunk;

	s->mode = MODE_COMMAND;
	if (chunk->fault) {
		server_refuse(s, chunk->fault, REPLY_TO_DATA);
	} else if (chunk->code) {
		server_bad(s, chunk->code, chunk->esc, chunk->text);
	} else if (chunk->last || s->content->refused) {
		s->mode = MODE_DATA;
		server_content_last(s);
	} else {
		server_reply(s, 250, "2.0.0", "Chunk taken");
	}
}

static void
chunk_look(struct smtp_server *s)
{
	if (s->chunk.left == 0)
		chunk_end(s);
}

/* R3030-2-f, R3030-2-r: whether there is anything that the chunk could belong to. */
static bool
chunk_has_place(struct smtp_server *s)
{
	if (s->o.tls_required && !s->tls_on)
		chunk_refuse(s, 530, "5.7.0", "Must issue a STARTTLS command first");
	else if (s->helo.n == 0)
		chunk_refuse(s, 503, "5.5.1", "Send EHLO or HELO first");
	else if (!s->in_transaction)
		chunk_refuse(s, 503, "5.5.1", "Send MAIL first");
	else if (s->accepted == 0 && s->tried)
		chunk_refuse(s, 554, "5.5.1", "No valid recipients");
	else if (s->accepted == 0)
		chunk_refuse(s, 503, "5.5.1", "Send RCPT first");
	return s->chunk.code == 0;
}

void
server_bdat(struct smtp_server *s, struct slice args)
{
	if (!(s->o.extensions & (unsigned)SMTP_EXT_CHUNKING)) {
		server_bad(s, 502, "5.5.1", "Command not implemented");
		return;
	}
	s->chunk = (struct server_chunk){.left = 0};
	if (!args_read(args, &s->chunk)) {
		/* Nobody knows where the next command begins. */
		server_bad(s, 501, "5.5.4", "Syntax: BDAT octets [LAST], closing");
		server_close(s, ENGINE_WHY_PROTOCOL);
		return;
	}
	s->mode = MODE_CHUNK;
	if (chunk_has_place(s) && !s->chunks) {
		s->chunks = true;
		server_data_ask(s);
		return;
	}
	chunk_look(s);
}

/* R3030-2-k */
void
server_chunk_answer(struct smtp_server *s, const struct fault *f)
{
	struct fault *kept;

	if (f->st != ST_OK) {
		kept = arena_get(server_scratch(s), sizeof(*kept));
		if (!kept)
			return;
		*kept = *f;
		s->chunk.fault = kept;
		server_reset(s);
	} else if (!server_content_begin(s, true)) {
		return;
	}
	chunk_look(s);
}

/* R3030-2-d, R3030-2-q */
size_t
server_chunk_feed(struct smtp_server *s, struct slice in)
{
	struct server_chunk *chunk = &s->chunk;
	size_t n = in.n < chunk->left ? in.n : (size_t)chunk->left;

	if (!chunk->code && !chunk->fault)
		n = server_content_feed(s, sl_sub(in, 0, n));
	s->last_ms = s->now_ms;
	chunk->left -= n;
	chunk_look(s);
	return n;
}
