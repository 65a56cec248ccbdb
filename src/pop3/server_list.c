/*
 * What is said about messages, and their marks: STAT, LIST, UIDL, DELE, RSET of RFC 1939.
 */
#include "base/ascii.h"
#include "base/num.h"
#include "pop3/server_int.h"

bool
pop_is_marked(const struct pop3_server *s, size_t index)
{
	return s->marks && (s->marks[index / 8] >> index % 8 & 1);
}

static bool
is_digits(struct slice s)
{
	size_t n = 0;

	while (n < s.n && ascii_is_digit(s.p[n]))
		n++;
	return n && n == s.n;
}

/* R1939-5-k, R1939-5-m */
bool
pop_message(struct pop3_server *s, struct slice arg, size_t *index)
{
	uint64_t n;

	if (!is_digits(arg)) {
		pop_bad(s, "A message number is expected");
		return false;
	}
	if (!num_u64(arg, s->drop.count, &n) || n == 0) {
		pop3_err(&s->out, NULL, "No such message, there are %zu", s->drop.count);
		return false;
	}
	*index = (size_t)n - 1;
	if (pop_is_marked(s, *index)) {
		pop3_err(&s->out, NULL, "Message %zu is marked as deleted", *index + 1);
		return false;
	}
	return true;
}

/* R1939-5-b, R1939-5-c, R1939-5-d, R1939-4-e */
void
pop_stat(struct pop3_server *s, struct slice args)
{
	(void)args;
	pop3_ok(&s->out, "%zu %llu", s->drop.count - s->marked,
	    (unsigned long long)(s->octets - s->marked_octets));
}

/* RFC 1939 section 7: one to 70 characters from 0x21 to 0x7E. R1939-7-g */
static bool
is_uidl(const char *text)
{
	size_t n = 0;

	while (text && text[n] > 0x20 && text[n] < 0x7f && n <= SERVER_UIDL_MAX)
		n++;
	return n > 0 && n <= SERVER_UIDL_MAX && text[n] == '\0';
}

/* A line of a listing: R1939-4-e, R1939-5-h, R1939-5-l, R1939-7-f, R1939-7-h, R1939-7-i. */
static void
put_line(struct pop3_server *s, enum server_job_kind kind, size_t index)
{
	const struct pop3_message *m = &s->drop.items[index];

	if (kind == JOB_LIST)
		buf_fmt(&s->out, "%zu %llu\r\n", index + 1, (unsigned long long)m->size_bytes);
	else if (is_uidl(m->uidl))
		buf_fmt(&s->out, "%zu %s\r\n", index + 1, m->uidl);
	else
		buf_fmt(&s->out, "%zu UID%lu-%lu\r\n", index + 1, (unsigned long)m->uid,
		    (unsigned long)s->drop.uidvalidity);
}

/* R1939-5-e, R1939-5-f, R1939-5-g, R1939-7-d, R1939-7-e */
static void
list(struct pop3_server *s, enum server_job_kind kind, struct slice args)
{
	size_t index;

	if (args.n) {
		if (!pop_message(s, args, &index))
			return;
		buf_put(&s->out, SL("+OK "));
		put_line(s, kind, index);
		return;
	}
	pop3_ok(&s->out, "%zu messages (%llu octets)", s->drop.count - s->marked,
	    (unsigned long long)(s->octets - s->marked_octets));
	s->job = (struct server_job){.kind = kind, .is_begun = true};
}

void
pop_list(struct pop3_server *s, struct slice args)
{
	list(s, JOB_LIST, args);
}

void
pop_uidl(struct pop3_server *s, struct slice args)
{
	list(s, JOB_UIDL, args);
}

/* R1939-5-i, R1939-7-j: messages marked as deleted are not listed. R1939-3-g: the dot. */
void
pop_list_step(struct pop3_server *s)
{
	while (s->job.index < s->drop.count && pop_waiting(s) < POP3_OUTPUT_HIGH) {
		if (!pop_is_marked(s, s->job.index))
			put_line(s, s->job.kind, s->job.index);
		s->job.index++;
	}
	if (s->job.index < s->drop.count)
		return;
	buf_put(&s->out, SL(".\r\n"));
	s->job.kind = JOB_NONE;
}

/* R1939-5-m, R1939-5-n */
void
pop_dele(struct pop3_server *s, struct slice args)
{
	size_t index;

	if (!pop_message(s, args, &index))
		return;
	if (!s->marks)
		s->marks = arena_get(s->arena, s->drop.count / 8 + 1);
	if (!s->marks) {
		pop3_err(&s->out, "SYS/TEMP", "Out of memory for this session");
		return;
	}
	s->marks[index / 8] |= (unsigned char)(1u << index % 8);
	s->marked++;
	s->marked_octets += s->drop.items[index].size_bytes;
	pop3_ok(&s->out, "Message %zu deleted", index + 1);
}

/* R1939-5-p */
void
pop_rset(struct pop3_server *s, struct slice args)
{
	(void)args;
	if (s->marks)
		memset(s->marks, 0, s->drop.count / 8 + 1);
	s->marked = 0;
	s->marked_octets = 0;
	pop3_ok(&s->out, "%zu messages (%llu octets)", s->drop.count,
	    (unsigned long long)s->octets);
}
