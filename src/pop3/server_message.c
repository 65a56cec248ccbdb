/*
 * Messages going out: RETR and TOP of RFC 1939. Pieces come from the owner by POP3_ASK_READ and are
 * stuffed straight into the output.
 */
#include "base/num.h"
#include "pop3/server_int.h"

static void
begin(struct pop3_server *s, enum server_job_kind kind, size_t index, uint64_t lines)
{
	s->job = (struct server_job){
		.kind = kind,
		.index = index,
		.lines_left = lines,
		.in_header = true,
		.line_is_blank = true,
	};
}

/* R1939-5-j */
void
pop_retr(struct pop3_server *s, struct slice args)
{
	size_t index;

	if (pop_message(s, args, &index))
		begin(s, JOB_RETR, index, 0);
}

/* R1939-7-a */
void
pop_top(struct pop3_server *s, struct slice args)
{
	struct slice which;
	uint64_t lines;
	size_t index;

	sl_cut(&args, ' ', &which);
	if (!num_u64(args, UINT64_MAX, &lines))
		pop_bad(s, "A number of lines is expected");
	else if (pop_message(s, which, &index))
		begin(s, JOB_TOP, index, lines);
}

void
pop_message_step(struct pop3_server *s)
{
	bool is_retr = s->job.kind == JOB_RETR;

	if (s->state.phase != ENGINE_OPEN || s->question.number ||
	    pop_waiting(s) >= POP3_OUTPUT_HIGH)
		return;
	s->read = (struct pop3_read){
		.index = s->job.index,
		.offset = s->job.offset,
		.max = is_retr || s->job.offset ? POP3_READ_MAX : SERVER_TOP_READ,
		.is_retr = is_retr,
	};
	pop_ask(s, POP3_ASK_READ, &s->read);
}

/* How much of a piece TOP wants; *enough: nothing behind it. R1939-7-b, R1939-7-c */
static size_t
top_part(struct server_job *j, struct slice bytes, bool *enough)
{
	size_t at = 0;

	while (at < bytes.n) {
		struct slice rest = sl_skip(bytes, at);
		size_t lf = sl_find(rest, '\n');

		if (!j->in_header && j->lines_left == 0) {
			*enough = true;
			break;
		}
		for (size_t i = 0; j->in_header && j->line_is_blank && i < lf; i++)
			j->line_is_blank = rest.p[i] == '\r';
		at += lf < rest.n ? lf + 1 : rest.n;
		if (lf == rest.n)
			break;
		if (!j->in_header)
			j->lines_left--;
		else if (j->line_is_blank)
			j->in_header = false;
		j->line_is_blank = true;
	}
	*enough = *enough || (!j->in_header && j->lines_left == 0);
	return at;
}

/* A dot in front of each line that begins with one: R1939-3-h, R1939-11-b. */
static void
put_stuffed(struct pop3_server *s, struct slice bytes)
{
	size_t from = 0, at = 0;

	while (at < bytes.n) {
		if (!s->job.in_line && bytes.p[at] == '.') {
			buf_put(&s->out, sl_sub(bytes, from, at));
			buf_put_byte(&s->out, '.');
			from = at;
		}
		at += sl_find(sl_skip(bytes, at), '\n') + 1;
		s->job.in_line = at > bytes.n;
	}
	buf_put(&s->out, sl_skip(bytes, from));
}

/* R1939-3-g, R1939-3-d: the last line has its end, then the dot. */
static void
finish(struct pop3_server *s)
{
	if (s->job.in_line)
		buf_put(&s->out, SL("\r\n"));
	buf_put(&s->out, SL(".\r\n"));
	s->retrieved = s->retrieved || s->job.kind == JOB_RETR;
	s->job.kind = JOB_NONE;
}

/* The first piece is here, or the reason why there is none. */
static bool
say_begin(struct pop3_server *s, const struct engine_answer *a)
{
	uint64_t size = s->drop.items[s->job.index].size_bytes;

	if (a->fault.st != ST_OK) {
		pop3_fault(&s->out, &a->fault, "The message cannot be read");
		s->job.kind = JOB_NONE;
		return false;
	}
	if (s->job.kind == JOB_RETR)
		pop3_ok(&s->out, "%llu octets", (unsigned long long)size);
	else
		pop3_ok(&s->out, "Top of message follows");
	s->job.is_begun = true;
	return true;
}

void
pop_read_answer(struct pop3_server *s, const struct engine_answer *a)
{
	const struct pop3_octets *octets = a->detail;
	uint64_t *count =
	    s->job.kind == JOB_RETR ? &s->facts.retr_octets : &s->facts.top_octets;
	struct slice bytes;
	bool enough;

	if (!s->job.is_begun && !say_begin(s, a))
		return;
	/* What was begun cannot be taken back, and a false end would be taken for the true one. */
	if (a->fault.st != ST_OK || !octets || (octets->bytes.n == 0 && !octets->is_end)) {
		pop_close(s, ENGINE_WHY_TROUBLE);
		return;
	}
	bytes = sl_sub(octets->bytes, 0, s->read.max);
	enough = octets->is_end;
	if (s->job.kind == JOB_TOP)
		bytes.n = top_part(&s->job, bytes, &enough);
	put_stuffed(s, bytes);
	s->job.offset += bytes.n;
	*count += bytes.n;
	if (enough)
		finish(s);
}
