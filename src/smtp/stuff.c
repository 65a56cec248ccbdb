/*
 * Transparency.
 */
#include "smtp/stuff.h"

/* Takes the octets up to and with the next dot that needs another one in front; false: none. */
static bool
next_dot(struct smtp_stuff *s, struct slice *rest, struct slice *before)
{
	size_t at = 0;

	while (at < rest->n) {
		if (!s->in_line && rest->p[at] == '.') {
			s->in_line = true;
			*before = sl_sub(*rest, 0, at + 1);
			*rest = sl_skip(*rest, at + 1);
			return true;
		}
		at += sl_find(sl_skip(*rest, at), '\n');
		s->in_line = at >= rest->n;
		at += !s->in_line;
	}
	return false;
}

/* R5321-4.5.2-b */
void
smtp_stuff_put(struct smtp_stuff *s, struct slice in, struct buf *out)
{
	struct slice before;

	while (next_dot(s, &in, &before)) {
		buf_put(out, before);
		buf_put_byte(out, '.');
	}
	buf_put(out, in);
}

uint64_t
smtp_stuff_count(struct smtp_stuff *s, struct slice in)
{
	uint64_t n = in.n;
	struct slice before;

	while (next_dot(s, &in, &before))
		n++;
	return n;
}

/* R5321-4.1.1.4-f, R5321-4.1.1.4-i */
void
smtp_stuff_end(const struct smtp_stuff *s, struct buf *out)
{
	if (s->in_line)
		buf_put(out, SL("\r\n"));
}

uint64_t
smtp_stuff_end_count(const struct smtp_stuff *s)
{
	return s->in_line ? 2 : 0;
}
