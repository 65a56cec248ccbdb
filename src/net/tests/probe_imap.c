/*
 * An engine in the shape of IMAP.
 */
#include "base/arena.h"
#include "base/num.h"
#include "net/tests/probe.h"

#define SLOTS 64
#define SEGMENTS 256
#define LINE_BYTES 512
#define BODY_BYTES 4096
#define OUT_BYTES 65536

/* A command under way, or words that have their place among the answers. */
struct slot {
	uint32_t number;
	uint16_t kind;
	bool asked, done, ok;
	char tag[16];
	struct probe_ask ask;
	struct probe_content content;
	const char *words; /* instead of a tagged answer */
};

/* Output: bytes, or a piece of content somebody else has. */
struct segment {
	struct buf b;
	uint32_t handle;
	uint64_t offset, length;
};

enum mode { COMMANDS, LITERAL, LITERAL_END, WAIT, IDLING };

struct probe_imap {
	struct engine e;
	struct engine_state state;
	enum mode mode;
	struct slot slots[SLOTS];
	size_t first, count;
	uint32_t last_number;
	uint32_t cancelled[SLOTS];
	size_t cancelled_n;
	struct segment segments[SEGMENTS];
	size_t seg_first, seg_count, out_bytes;
	struct buf line, body;
	char tag[16];
	uint64_t literal;
	unsigned notices;
	int64_t deadline;
	bool draining, eof;
};

static struct probe_imap *
self(const struct engine *e)
{
	return CONTAINER_OF(e, struct probe_imap, e);
}

static void advance(struct probe_imap *p);

/* --- output ------------------------------------------------------------------------------ */

static struct segment *
segment_new(struct probe_imap *p)
{
	struct segment *s = &p->segments[(p->seg_first + p->seg_count++) % SEGMENTS];

	memset(s, 0, sizeof(*s));
	buf_init(&s->b, 2 * OUT_BYTES);
	return s;
}

static void
say(struct probe_imap *p, const char *words)
{
	struct segment *s = &p->segments[(p->seg_first + p->seg_count + SEGMENTS - 1) % SEGMENTS];

	if (p->seg_count == 0 || s->handle != 0)
		s = segment_new(p);
	buf_put_str(&s->b, words);
	p->out_bytes += strlen(words);
}

static size_t
imap_output(struct engine *e, struct engine_piece *pieces, size_t max)
{
	struct probe_imap *p = self(e);
	size_t n;

	for (n = 0; n < max && n < p->seg_count; n++) {
		const struct segment *s = &p->segments[(p->seg_first + n) % SEGMENTS];

		pieces[n] = (struct engine_piece){
			.bytes = buf_slice(&s->b),
			.handle = s->handle,
			.offset = s->offset,
			.length = s->length,
		};
	}
	return n;
}

static void
imap_output_taken(struct engine *e, uint64_t n, int64_t now_ms)
{
	struct probe_imap *p = self(e);

	p->deadline = now_ms + PROBE_IDLE_MS;
	while (n > 0) {
		struct segment *s = &p->segments[p->seg_first];
		uint64_t have = s->handle ? s->length : s->b.n, took = have < n ? have : n;

		n -= took;
		if (s->handle) {
			s->offset += took;
			s->length -= took;
		} else {
			buf_drop(&s->b, (size_t)took);
			p->out_bytes -= (size_t)took;
		}
		if (took == have) {
			buf_fini(&s->b);
			p->seg_first = (p->seg_first + 1) % SEGMENTS;
			p->seg_count--;
		}
	}
	advance(p);
}

/* --- answers in order -------------------------------------------------------------------- */

static struct slot *
slot_add(struct probe_imap *p, uint16_t kind, struct slice arg, const char *words)
{
	struct slot *s = &p->slots[(p->first + p->count++) % SLOTS];

	memset(s, 0, sizeof(*s));
	s->kind = kind;
	s->number = kind ? ++p->last_number : 0;
	s->done = s->ok = kind == 0;
	s->words = words;
	memcpy(s->tag, p->tag, sizeof(s->tag));
	arg = sl_sub(arg, 0, sizeof(s->ask.arg) - 1);
	if (arg.n > 0)
		memcpy(s->ask.arg, arg.p, arg.n);
	return s;
}

static void
finish(struct probe_imap *p, enum engine_why why, const char *last_words)
{
	for (size_t i = 0; i < p->count; i++) {
		struct slot *s = &p->slots[(p->first + i) % SLOTS];

		if (!s->done && s->asked)
			p->cancelled[p->cancelled_n++] = s->number;
	}
	p->count = 0;
	p->body.n = 0;
	say(p, last_words);
	p->state = (struct engine_state){ENGINE_CLOSING, why};
}

static void
say_slot(struct probe_imap *p, const struct slot *s)
{
	char text[128];

	if (s->words) {
		say(p, s->words);
		return;
	}
	if (s->kind == PROBE_FETCH && s->ok && s->content.length > 0) {
		struct segment *g;

		(void)snprintf(text, sizeof(text), "* FETCH {%llu}\r\n",
		    (unsigned long long)s->content.length);
		say(p, text);
		g = segment_new(p);
		g->handle = s->content.handle;
		g->length = s->content.length;
		say(p, ")\r\n");
	}
	(void)snprintf(text, sizeof(text), "%s %s\r\n", s->tag, s->ok ? "OK" : "NO");
	say(p, text);
}

static void
advance(struct probe_imap *p)
{
	while (p->count > 0 && p->slots[p->first].done && p->seg_count + 4 < SEGMENTS) {
		struct slot s = p->slots[p->first];

		p->first = (p->first + 1) % SLOTS;
		p->count--;
		/*
		 * RFC 3501 section 6.2: who is logged in is told so by the one who serves him from
		 * now on.
		 */
		if (s.kind == PROBE_LOGIN && s.ok) {
			p->state.phase = ENGINE_WANTS_HANDOFF;
			return;
		}
		say_slot(p, &s);
		if (s.kind == PROBE_LOGIN || s.kind == PROBE_STORE)
			p->mode = COMMANDS;
		if (s.words && sl_starts(sl_str(s.words), SL("* BYE"))) {
			finish(p, ENGINE_WHY_QUIT, "");
			return;
		}
	}
	if (p->count > 0 || p->state.phase != ENGINE_OPEN)
		return;
	while (p->mode == IDLING && p->notices > 0) {
		say(p, "* EXISTS\r\n");
		p->notices--;
	}
	if (p->mode != COMMANDS && p->mode != IDLING)
		return;
	if (p->draining)
		finish(p, ENGINE_WHY_DRAIN, "* BYE draining\r\n");
	else if (p->eof)
		finish(p, ENGINE_WHY_EOF, "");
}

/* --- input ------------------------------------------------------------------------------- */

static void
append(struct probe_imap *p, struct slice arg)
{
	if (arg.n < 3 || arg.p[0] != '{' || arg.p[arg.n - 1] != '}' ||
	    !num_u64(sl_sub(arg, 1, arg.n - 1), 1000000, &p->literal)) {
		slot_add(p, 0, SL_NONE, "* BAD literal\r\n");
		return;
	}
	slot_add(p, 0, SL_NONE, "+ go\r\n");
	p->mode = p->literal > 0 ? LITERAL : LITERAL_END;
}

static void
command(struct probe_imap *p, struct slice line)
{
	struct slice tag, verb, rest = line;

	if (p->mode == LITERAL_END) {
		slot_add(p, PROBE_STORE, line, NULL);
		p->mode = WAIT;
		return;
	}
	if (p->mode == IDLING) {
		p->mode = COMMANDS;
		slot_add(p, 0, SL_NONE, NULL)->ok = sl_ieq(line, SL("DONE"));
		return;
	}
	(void)sl_cut(&rest, ' ', &tag);
	(void)sl_cut(&rest, ' ', &verb);
	memset(p->tag, 0, sizeof(p->tag));
	if (tag.n > 0)
		memcpy(p->tag, tag.p, tag.n < sizeof(p->tag) ? tag.n : sizeof(p->tag) - 1);
	if (sl_ieq(verb, SL("FETCH"))) {
		slot_add(p, PROBE_FETCH, rest, NULL);
	} else if (sl_ieq(verb, SL("APPEND"))) {
		append(p, rest);
	} else if (sl_ieq(verb, SL("LOGIN"))) {
		slot_add(p, PROBE_LOGIN, rest, NULL);
		p->mode = WAIT;
	} else if (sl_ieq(verb, SL("IDLE"))) {
		slot_add(p, 0, SL_NONE, "+ idling\r\n");
		p->mode = IDLING;
	} else if (sl_ieq(verb, SL("LOGOUT"))) {
		slot_add(p, 0, SL_NONE, "* BYE\r\n");
		p->mode = WAIT;
	} else {
		slot_add(p, 0, SL_NONE, NULL)->ok = sl_ieq(verb, SL("NOOP"));
	}
}

static bool
takes(const struct probe_imap *p)
{
	return p->state.phase == ENGINE_OPEN && p->mode != WAIT && p->count + 1 < SLOTS &&
	       p->out_bytes < OUT_BYTES && p->seg_count + 8 < SEGMENTS && p->body.n < BODY_BYTES;
}

/* Takes some of in; at least one byte. */
static size_t
take(struct probe_imap *p, struct slice in)
{
	size_t n = 1;

	if (p->mode == LITERAL) {
		n = BODY_BYTES - p->body.n;
		n = n < in.n ? n : in.n;
		n = n < p->literal ? n : (size_t)p->literal;
		buf_put(&p->body, sl_sub(in, 0, n));
		p->literal -= n;
		if (p->literal == 0)
			p->mode = LITERAL_END;
		return n;
	}
	buf_put_byte(&p->line, in.p[0]);
	if (in.p[0] == '\n') {
		command(p, sl_trim(buf_slice(&p->line)));
		buf_fini(&p->line);
		advance(p);
	} else if (!buf_ok(&p->line)) {
		finish(p, ENGINE_WHY_LIMIT, "* BYE too long\r\n");
	}
	return n;
}

static size_t
imap_feed(struct engine *e, struct slice in, bool eof, int64_t now_ms)
{
	struct probe_imap *p = self(e);
	size_t n = 0;

	if (p->state.phase == ENGINE_CLOSING)
		return in.n;
	if (now_ms >= p->deadline) {
		finish(p, ENGINE_WHY_TIMEOUT, "* BYE timeout\r\n");
		return 0;
	}
	if (p->body.n > 0)
		return 0;
	advance(p);
	while (n < in.n && takes(p))
		n += take(p, sl_skip(in, n));
	if (p->state.phase == ENGINE_CLOSING)
		return in.n;
	p->deadline = now_ms + PROBE_IDLE_MS;
	if (eof && n == in.n) {
		p->eof = true;
		if (p->mode == LITERAL || p->mode == LITERAL_END)
			finish(p, ENGINE_WHY_EOF, "");
		else
			advance(p);
	}
	return n;
}

/* --- questions, content, events ---------------------------------------------------------- */

static bool
imap_ask(struct engine *e, struct engine_ask *ask)
{
	struct probe_imap *p = self(e);

	for (size_t i = 0; i < p->count; i++) {
		struct slot *s = &p->slots[(p->first + i) % SLOTS];

		if (s->number == 0 || s->asked || (s->kind == PROBE_STORE && p->body.n > 0))
			continue;
		s->asked = true;
		*ask = (struct engine_ask){.number = s->number, .kind = s->kind, .detail = &s->ask};
		return true;
	}
	return false;
}

static void
imap_answer(struct engine *e, const struct engine_answer *a, int64_t now_ms)
{
	struct probe_imap *p = self(e);

	for (size_t i = 0; i < p->count; i++) {
		struct slot *s = &p->slots[(p->first + i) % SLOTS];

		if (s->number != a->number || s->done)
			continue;
		s->done = true;
		s->ok = a->fault.st == ST_OK;
		if (s->ok && s->kind == PROBE_FETCH)
			s->content = *(const struct probe_content *)a->detail;
		p->deadline = now_ms + PROBE_IDLE_MS;
		advance(p);
		return;
	}
}

static bool
imap_cancelled(struct engine *e, uint32_t *number)
{
	struct probe_imap *p = self(e);

	if (p->cancelled_n == 0)
		return false;
	*number = p->cancelled[--p->cancelled_n];
	return true;
}

static struct slice
imap_body(struct engine *e)
{
	return buf_slice(&self(e)->body);
}

static void
imap_body_taken(struct engine *e, size_t n, int64_t now_ms)
{
	struct probe_imap *p = self(e);

	buf_drop(&p->body, n);
	p->deadline = now_ms + PROBE_IDLE_MS;
}

static void
imap_event(struct engine *e, const struct engine_event *ev, int64_t now_ms)
{
	struct probe_imap *p = self(e);

	if (p->state.phase == ENGINE_CLOSING)
		return;
	switch (ev->kind) {
	case ENGINE_DRAIN:
		p->draining = true;
		advance(p);
		break;
	case ENGINE_KICK:
		finish(p, ENGINE_WHY_DRAIN, "* BYE kicked\r\n");
		break;
	case ENGINE_NOTICE:
		p->notices++;
		p->deadline = now_ms + PROBE_IDLE_MS;
		advance(p);
		break;
	case ENGINE_TLS_ON:
		break;
	}
}

static int64_t
imap_deadline(const struct engine *e)
{
	const struct probe_imap *p = self(e);
	bool ours = p->body.n > 0 || p->state.phase != ENGINE_OPEN;

	for (size_t i = 0; i < p->count; i++)
		ours = ours || !p->slots[(p->first + i) % SLOTS].done;
	return ours ? ENGINE_NEVER : p->deadline;
}

static struct engine_state
imap_state(const struct engine *e)
{
	return self(e)->state;
}

static const struct engine_ops imap_ops = {
	.name = "probe_imap",
	.feed = imap_feed,
	.ask = imap_ask,
	.answer = imap_answer,
	.cancelled = imap_cancelled,
	.body = imap_body,
	.body_taken = imap_body_taken,
	.output = imap_output,
	.output_taken = imap_output_taken,
	.event = imap_event,
	.deadline = imap_deadline,
	.state = imap_state,
};

struct engine *
probe_imap_new(int64_t now_ms)
{
	struct probe_imap *p = mem_get(sizeof(*p));

	memset(p, 0, sizeof(*p));
	p->e.ops = &imap_ops;
	buf_init(&p->line, LINE_BYTES);
	buf_init(&p->body, BODY_BYTES);
	say(p, "* OK probe\r\n");
	p->deadline = now_ms + PROBE_IDLE_MS;
	return &p->e;
}

void
probe_imap_free(struct engine *e)
{
	struct probe_imap *p = self(e);

	for (size_t i = 0; i < p->seg_count; i++)
		buf_fini(&p->segments[(p->seg_first + i) % SEGMENTS].b);
	buf_fini(&p->line);
	buf_fini(&p->body);
	mem_free(p);
}
