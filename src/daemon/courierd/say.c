/*
 * What is logged about a message, in Courier's words, so that log tools for it go on working.
 */
#include "base/ascii.h"
#include "daemon/courierd/courierd.h"
#include "net/log.h"

static struct buf line, angle[2];

static struct buf *
line_begin(void)
{
	if (!line.max) {
		buf_init(&line, LOG_LINE_MAX);
		buf_init(&angle[0], LOG_LINE_MAX);
		buf_init(&angle[1], LOG_LINE_MAX);
	}
	buf_clear(&line);
	return &line;
}

/* Words as they are, control bytes as '?'. */
static void
put_words(struct buf *out, struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		buf_put_byte(out, ascii_is_ctl(s.p[i]) ? '?' : s.p[i]);
}

static struct slice
in_angles(struct buf *b, struct slice address)
{
	buf_clear(b);
	buf_put_byte(b, '<');
	buf_put(b, address);
	buf_put_byte(b, '>');
	return buf_slice(b);
}

static void
line_end(enum log_level level)
{
	static const struct kv none[] = {{.type = KV_TYPE_END}};
	const char *text = buf_str(&line);

	if (text)
		log_event_pairs(level, text, none);
}

/* newmsg,id=ID, auth=LOGIN: dns; HELO ([IP]) */
void
say_new(const struct queue_message *m)
{
	struct buf *b = line_begin();
	struct slice auth = queue_text(m, m->auth), mta = queue_text(m, m->from_mta);

	buf_fmt(b, "newmsg,id=%s", m->id);
	if (auth.n) {
		buf_put_str(b, ", auth=");
		put_words(b, auth);
	}
	buf_put_str(b, ": ");
	put_words(b, mta.n ? mta : SL("dns; localhost (localhost [127.0.0.1])"));
	line_end(LOG_LEVEL_INFO);
}

void
say_started(const struct delivery *d, uint32_t number)
{
	const struct queue_message *m = d->m;
	const struct queue_rcpt *r = &m->rcpts[number];
	struct slice host = queue_text(m, r->host);

	line_begin();
	log_event(LOG_LEVEL_INFO, "started", KV_STR("id", m->id),
	    KV_SL("from", in_angles(&angle[0], queue_text(m, m->sender))),
	    KV_SL("module", queue_text(m, r->module)),
	    KV_SL("host", host.n ? host : queue_text(m, r->account)),
	    KV_SL("addr", in_angles(&angle[1], queue_text(m, r->address))), KV_END);
}

/* id=ID,from=<>,addr=<>,size=N,success: words    or    ...,status: deferred    with the words in a
 *                                                line before */
void
say_result(const struct queue_message *m, uint32_t number, const struct fault *f)
{
	struct buf *b = line_begin(), pairs;
	const struct kv list[] = {
	    KV_STR("id", m->id),
	    KV_SL("from", in_angles(&angle[0], queue_text(m, m->sender))),
	    KV_SL("addr", in_angles(&angle[1], queue_text(m, m->rcpts[number].address))),
	    KV_U64("size", m->length),
	    KV_END,
	};
	const char *word = f->st == ST_OK ? ",success: " : f->esc[0] == 5 ? ",status: failure: "
	    : ",status: deferred: ";

	buf_init(&pairs, LOG_LINE_MAX);
	kv_put(&pairs, "", list);
	buf_put(b, sl_skip(buf_slice(&pairs), 1)); /* without the comma behind the empty name */
	buf_fini(&pairs);
	buf_put_str(b, word);
	if (f->st != ST_OK && f->esc[0])
		buf_fmt(b, "%u.%u.%u ", f->esc[0], f->esc[1], f->esc[2]);
	put_words(b, f->st == ST_OK && !f->text[0] ? SL("Message delivered.") : sl_str(f->text));
	line_end(LOG_LEVEL_INFO);
}

void
say_completed(const struct queue_message *m)
{
	log_event(LOG_LEVEL_INFO, "completed", KV_STR("id", m->id), KV_END);
}
