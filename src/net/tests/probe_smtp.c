/*
 * An engine in the shape of SMTP.
 */
#include "base/arena.h"
#include "net/tests/probe.h"

#define SLOTS 64
#define LINE_BYTES 512
#define BODY_BYTES 4096
#define OUT_BYTES 65536

/* A reply that has its place; it leaves when it is done and all before it have left. */
struct slot {
	uint32_t number; /* of its question, or 0 */
	uint16_t kind;
	bool asked, done;
	struct probe_ask ask;
	const char *reply;
};

enum mode { COMMANDS, WAIT_DATA, CONTENT, WAIT_COMMIT };

struct probe_smtp {
	struct engine e;
	struct engine_state state;
	enum mode mode;
	struct slot slots[SLOTS];
	size_t first, count;
	uint32_t last_number;
	uint32_t cancelled[SLOTS];
	size_t cancelled_n;
	struct buf line, out, body;
	unsigned dot; /* CONTENT: how much of CRLF.CRLF was seen */
	bool fresh;   /* CONTENT: the CRLF seen so far is the one behind DATA, and no content */
	int64_t deadline;
	bool draining, eof;
};

static struct probe_smtp *
self(const struct engine *e)
{
	return CONTAINER_OF(e, struct probe_smtp, e);
}

static struct slot *
slot_add(struct probe_smtp *p, uint16_t kind, struct slice arg, const char *reply)
{
	struct slot *s = &p->slots[(p->first + p->count++) % SLOTS];

	memset(s, 0, sizeof(*s));
	s->kind = kind;
	s->number = kind ? ++p->last_number : 0;
	s->done = kind == 0;
	s->reply = reply;
	arg = sl_sub(arg, 0, sizeof(s->ask.arg) - 1);
	if (arg.n > 0)
		memcpy(s->ask.arg, arg.p, arg.n);
	return s;
}

/* Questions open, and the end of politeness: those nobody needs are cancelled. */
static void
finish(struct probe_smtp *p, enum engine_why why, const char *last_words)
{
	for (size_t i = 0; i < p->count; i++) {
		struct slot *s = &p->slots[(p->first + i) % SLOTS];

		if (!s->done && s->asked)
			p->cancelled[p->cancelled_n++] = s->number;
	}
	p->count = 0;
	p->body.n = 0;
	buf_put_str(&p->out, last_words);
	p->state = (struct engine_state){ENGINE_CLOSING, why};
	p->deadline = ENGINE_NEVER;
}

/* Moves what is done, in order, to the output. */
static void
advance(struct probe_smtp *p)
{
	while (p->count > 0 && p->slots[p->first].done) {
		struct slot s = p->slots[p->first];

		p->first = (p->first + 1) % SLOTS;
		p->count--;
		buf_put_str(&p->out, s.reply);
		if (sl_starts(sl_str(s.reply), SL("220")))
			p->state.phase = ENGINE_WANTS_TLS;
		if (sl_starts(sl_str(s.reply), SL("354")))
			p->mode = CONTENT;
		else if (s.kind == PROBE_DATA || s.kind == PROBE_COMMIT)
			p->mode = COMMANDS;
		if (sl_starts(sl_str(s.reply), SL("221"))) {
			finish(p, ENGINE_WHY_QUIT, "");
			return;
		}
	}
	if (p->eof && p->mode == CONTENT)
		finish(p, ENGINE_WHY_EOF, "");
	if (p->count > 0 || p->mode != COMMANDS || p->state.phase != ENGINE_OPEN)
		return;
	if (p->draining)
		finish(p, ENGINE_WHY_DRAIN, "421 draining\r\n");
	else if (p->eof)
		finish(p, ENGINE_WHY_EOF, "");
}

static void
command(struct probe_smtp *p, struct slice line)
{
	struct slice verb, rest = line;

	(void)sl_cut(&rest, ' ', &verb);
	if (sl_ieq(verb, SL("NOOP"))) {
		slot_add(p, 0, rest, "250 ok\r\n");
	} else if (sl_ieq(verb, SL("RCPT"))) {
		slot_add(p, PROBE_RCPT, rest, NULL);
	} else if (sl_ieq(verb, SL("DATA"))) {
		slot_add(p, PROBE_DATA, rest, NULL);
		p->mode = WAIT_DATA;
	} else if (sl_ieq(verb, SL("STARTTLS"))) {
		slot_add(p, 0, rest, "220 go\r\n");
		p->mode = WAIT_DATA;
	} else if (sl_ieq(verb, SL("QUIT"))) {
		slot_add(p, 0, rest, "221 bye\r\n");
		p->mode = WAIT_DATA;
	} else {
		slot_add(p, 0, rest, "500 what\r\n");
	}
}

/*
 * The first n bytes of CRLF.CRLF were content after all; a dot at the start of a line was only
 * cover.
 */
static void
content_held(struct probe_smtp *p, size_t n)
{
	static const char held[] = "\r\n\r";
	size_t from = p->fresh && n > 0 ? 2 : 0;

	buf_put(&p->body, sl_sub(SL(held), from, n > 2 ? n - 1 : n));
	p->fresh = false;
}

/* One byte of content. RFC 5321 section 4.5.2 in five states. */
static void
content_byte(struct probe_smtp *p, unsigned char c)
{
	static const char end[] = "\r\n.\r\n";

	if (c == (unsigned char)end[p->dot]) {
		if (++p->dot < 5)
			return;
		content_held(p, 2);
		slot_add(p, PROBE_COMMIT, SL_NONE, NULL);
		p->mode = WAIT_COMMIT;
		return;
	}
	content_held(p, p->dot);
	p->dot = c == '\r' ? 1 : 0;
	if (p->dot == 0)
		buf_put_byte(&p->body, c);
}

static bool
takes(const struct probe_smtp *p)
{
	return p->state.phase == ENGINE_OPEN && (p->mode == COMMANDS || p->mode == CONTENT) &&
	       p->count < SLOTS && p->out.n < OUT_BYTES && p->body.n < BODY_BYTES;
}

static void
take_byte(struct probe_smtp *p, unsigned char c)
{
	if (p->mode == CONTENT) {
		content_byte(p, c);
		return;
	}
	buf_put_byte(&p->line, c);
	if (c == '\n') {
		struct slice line = sl_trim(buf_slice(&p->line));

		command(p, line);
		buf_fini(&p->line);
		advance(p);
	} else if (!buf_ok(&p->line)) {
		finish(p, ENGINE_WHY_LIMIT, "500 too long\r\n");
	}
}

static size_t
smtp_feed(struct engine *e, struct slice in, bool eof, int64_t now_ms)
{
	struct probe_smtp *p = self(e);
	size_t n = 0;

	if (p->state.phase == ENGINE_CLOSING)
		return in.n;
	if (now_ms >= p->deadline) {
		finish(p, ENGINE_WHY_TIMEOUT, "421 timeout\r\n");
		return 0;
	}
	if (p->body.n > 0)
		return 0;
	while (n < in.n && takes(p))
		take_byte(p, in.p[n++]);
	if (p->state.phase == ENGINE_CLOSING)
		return in.n;
	p->deadline = now_ms + PROBE_IDLE_MS;
	if (eof && n == in.n) {
		p->eof = true;
		advance(p);
	}
	return n;
}

static bool
smtp_ask(struct engine *e, struct engine_ask *ask)
{
	struct probe_smtp *p = self(e);

	/* The last question comes when the content is away. */
	if (p->body.n > 0)
		return false;
	for (size_t i = 0; i < p->count; i++) {
		struct slot *s = &p->slots[(p->first + i) % SLOTS];

		if (s->number == 0 || s->asked)
			continue;
		s->asked = true;
		*ask = (struct engine_ask){.number = s->number, .kind = s->kind, .detail = &s->ask};
		return true;
	}
	return false;
}

static void
smtp_answer(struct engine *e, const struct engine_answer *a, int64_t now_ms)
{
	static const char *const replies[][2] = {
		[PROBE_RCPT] = {"250 rcpt\r\n", "550 rcpt\r\n"},
		[PROBE_DATA] = {"354 data\r\n", "554 data\r\n"},
		[PROBE_COMMIT] = {"250 committed\r\n", "451 later\r\n"},
	};
	struct probe_smtp *p = self(e);

	for (size_t i = 0; i < p->count; i++) {
		struct slot *s = &p->slots[(p->first + i) % SLOTS];

		if (s->number != a->number || s->done)
			continue;
		s->done = true;
		s->reply = replies[s->kind][a->fault.st == ST_OK ? 0 : 1];
		if (s->kind == PROBE_DATA) {
			p->dot = 2;
			p->fresh = true;
		}
		p->deadline = now_ms + PROBE_IDLE_MS;
		advance(p);
		return;
	}
}

static bool
smtp_cancelled(struct engine *e, uint32_t *number)
{
	struct probe_smtp *p = self(e);

	if (p->cancelled_n == 0)
		return false;
	*number = p->cancelled[--p->cancelled_n];
	return true;
}

static struct slice
smtp_body(struct engine *e)
{
	return buf_slice(&self(e)->body);
}

static void
smtp_body_taken(struct engine *e, size_t n, int64_t now_ms)
{
	struct probe_smtp *p = self(e);

	buf_drop(&p->body, n);
	p->deadline = now_ms + PROBE_IDLE_MS;
}

static size_t
smtp_output(struct engine *e, struct engine_piece *pieces, size_t max)
{
	struct probe_smtp *p = self(e);

	if (p->out.n == 0 || max == 0)
		return 0;
	pieces[0] = (struct engine_piece){.bytes = buf_slice(&p->out)};
	return 1;
}

static void
smtp_output_taken(struct engine *e, uint64_t n, int64_t now_ms)
{
	struct probe_smtp *p = self(e);

	buf_drop(&p->out, (size_t)n);
	if (p->state.phase == ENGINE_OPEN)
		p->deadline = now_ms + PROBE_IDLE_MS;
	if (p->out.n == 0)
		buf_fini(&p->out);
}

static void
smtp_event(struct engine *e, const struct engine_event *ev, int64_t now_ms)
{
	struct probe_smtp *p = self(e);

	if (p->state.phase == ENGINE_CLOSING)
		return;
	switch (ev->kind) {
	case ENGINE_TLS_ON:
		p->state.phase = ENGINE_OPEN;
		p->mode = COMMANDS;
		p->deadline = now_ms + PROBE_IDLE_MS;
		advance(p);
		break;
	case ENGINE_DRAIN:
		p->draining = true;
		advance(p);
		break;
	case ENGINE_KICK:
		finish(p, ENGINE_WHY_DRAIN, "421 kicked\r\n");
		break;
	case ENGINE_NOTICE:
		break;
	}
}

static int64_t
smtp_deadline(const struct engine *e)
{
	const struct probe_smtp *p = self(e);
	bool ours = p->body.n > 0;

	/* While our own side makes the peer wait, its clock stands still. */
	for (size_t i = 0; i < p->count; i++)
		ours = ours || !p->slots[(p->first + i) % SLOTS].done;
	return ours ? ENGINE_NEVER : p->deadline;
}

static struct engine_state
smtp_state(const struct engine *e)
{
	return self(e)->state;
}

static void
smtp_free(struct probe_smtp *p)
{
	buf_fini(&p->line);
	buf_fini(&p->out);
	buf_fini(&p->body);
	mem_free(p);
}

static const struct engine_ops smtp_ops = {
	.name = "probe_smtp",
	.feed = smtp_feed,
	.ask = smtp_ask,
	.answer = smtp_answer,
	.cancelled = smtp_cancelled,
	.body = smtp_body,
	.body_taken = smtp_body_taken,
	.output = smtp_output,
	.output_taken = smtp_output_taken,
	.event = smtp_event,
	.deadline = smtp_deadline,
	.state = smtp_state,
};

struct engine *
probe_smtp_new(int64_t now_ms)
{
	struct probe_smtp *p = mem_get(sizeof(*p));

	memset(p, 0, sizeof(*p));
	p->e.ops = &smtp_ops;
	buf_init(&p->line, LINE_BYTES);
	buf_init(&p->out, 2 * OUT_BYTES);
	buf_init(&p->body, BODY_BYTES + 16);
	buf_put_str(&p->out, "220 probe\r\n");
	p->deadline = now_ms + PROBE_IDLE_MS;
	return &p->e;
}

void
probe_free(struct engine *e)
{
	if (e && e->ops == &smtp_ops)
		smtp_free(self(e));
	else if (e)
		probe_imap_free(e);
}
