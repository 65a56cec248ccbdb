#include "base/qp.h"

#include "base/ascii.h"

/* RFC 2045 section 6.7 (5): 76 characters, the "=" of a soft line break included. */
#define LINE_CONTENT 75

static const char hex[] = "0123456789ABCDEF";

/* Makes room for n characters on the line. */
static void
make_room(struct qp_enc *e, unsigned n, struct buf *out)
{
	if (e->column + n > LINE_CONTENT) {
		buf_put(out, SL("=\r\n"));
		e->column = 0;
	}
	e->column += n;
}

static void
put_literal(struct qp_enc *e, unsigned char c, struct buf *out)
{
	make_room(e, 1, out);
	buf_put_byte(out, c);
}

static void
put_encoded(struct qp_enc *e, unsigned char c, struct buf *out)
{
	unsigned char triple[3] = {'=', (unsigned char)hex[c >> 4], (unsigned char)hex[c & 15]};

	make_room(e, 3, out);
	buf_put(out, sl_mem(triple, sizeof(triple)));
}

/* What was held is not at the end of a line: white space stays, a CR alone is encoded. */
static void
release_held(struct qp_enc *e, struct buf *out)
{
	for (unsigned i = 0; i < e->held_n; i++)
		if (e->held[i] == '\r')
			put_encoded(e, '\r', out);
		else
			put_literal(e, e->held[i], out);
	e->held_n = 0;
}

/* A line ends here: white space before it must not be bare, section 6.7 (3). */
static void
encode_held_space(struct qp_enc *e, struct buf *out)
{
	if (e->held_n > 0 && e->held[0] != '\r')
		put_encoded(e, e->held[0], out);
}

static void
enc_byte(struct qp_enc *e, unsigned char c, struct buf *out)
{
	bool after_cr = e->held_n > 0 && e->held[e->held_n - 1] == '\r';

	if (after_cr && c == '\n') {
		encode_held_space(e, out);
		buf_put(out, SL("\r\n"));
		e->held_n = 0;
		e->column = 0;
		return;
	}
	if (e->text && c == '\r' && !after_cr) {
		e->held[e->held_n++] = c;
		return;
	}
	release_held(e, out);
	if (ascii_is_wsp(c) || (e->text && c == '\r'))
		e->held[e->held_n++] = c;
	else if (ascii_is_ctl(c) || c >= 0x80 || c == '=')
		put_encoded(e, c, out);
	else
		put_literal(e, c, out);
}

void
qp_enc_feed(struct qp_enc *e, struct slice in, struct buf *out)
{
	for (size_t i = 0; i < in.n; i++)
		enc_byte(e, in.p[i], out);
}

void
qp_enc_end(struct qp_enc *e, struct buf *out)
{
	if (e->held_n == 1 && e->held[0] != '\r') {
		put_encoded(e, e->held[0], out);
		e->held_n = 0;
	}
	release_held(e, out);
	e->column = 0;
}

/* What was held means itself. */
static void
pass_held(struct qp_dec *d, struct buf *out)
{
	buf_put(out, sl_mem(d->held, d->held_n));
	d->held_n = 0;
}

/*
 * A line ends behind what is held: white space there was added in transit and is deleted (section
 * 6.7 (3)), an "=" before it makes the break a soft one. R2045-6.7-c, R2045-6.7-e.
 */
static void
dec_line_end(struct qp_dec *d, struct buf *out)
{
	bool soft = d->held_n > 0 && d->held[0] == '=';
	bool crlf = d->held_n > 0 && d->held[d->held_n - 1] == '\r';

	if (!soft)
		buf_put(out, crlf ? SL("\r\n") : SL("\n"));
	d->held_n = 0;
}

/* Can c follow what is held, so that its meaning is still open? */
static bool
stays_open(const struct qp_dec *d, unsigned char c)
{
	unsigned char last = d->held_n == 0 ? 0 : d->held[d->held_n - 1];

	if (d->held_n == sizeof(d->held))
		return false;
	if (d->held_n == 0)
		return c == '=' || ascii_is_wsp(c);
	if (ascii_is_wsp(last))
		return ascii_is_wsp(c) || c == '\r';
	if (last == '=')
		return ascii_is_wsp(c) || c == '\r' || ascii_hex_value(c) >= 0;
	return false;
}

/* R2045-6.7-a, R2045-6.7-b, R2045-6.7-f */
static void
dec_byte(struct qp_dec *d, unsigned char c, struct buf *out)
{
	bool half = d->held_n == 2 && d->held[0] == '=' && ascii_hex_value(d->held[1]) >= 0;

	if (half && ascii_hex_value(c) >= 0) {
		int byte = ascii_hex_value(d->held[1]) << 4 | ascii_hex_value(c);

		buf_put_byte(out, (unsigned char)byte);
		d->held_n = 0;
	} else if (c == '\n' && !half) {
		dec_line_end(d, out);
	} else if (stays_open(d, c)) {
		d->held[d->held_n++] = c;
	} else if (d->held_n > 0) {
		/* What was held means itself; c starts anew. */
		d->garbage = d->garbage || d->held[0] == '=' || d->held_n == sizeof(d->held);
		pass_held(d, out);
		if (stays_open(d, c))
			d->held[d->held_n++] = c;
		else
			buf_put_byte(out, c);
	} else {
		buf_put_byte(out, c);
	}
}

/* How much at the front stands for itself, when nothing is held: most of a usual text. */
static size_t
plain_run(struct slice s)
{
	size_t n = 0;

	for (; n < s.n && s.p[n] != '='; n++)
		if (ascii_is_wsp(s.p[n]) && (n + 1 == s.n || ascii_is_space(s.p[n + 1])))
			break; /* it may be at the end of a line */
	return n;
}

void
qp_dec_feed(struct qp_dec *d, struct slice in, struct buf *out)
{
	while (in.n) {
		size_t n = d->held_n ? 0 : plain_run(in);

		if (n) {
			buf_put(out, sl_sub(in, 0, n));
		} else {
			dec_byte(d, in.p[0], out);
			n = 1;
		}
		in = sl_skip(in, n);
	}
}

void
qp_dec_end(struct qp_dec *d, struct buf *out)
{
	bool only_space = d->held_n > 0 && d->held[0] != '=' && d->held[d->held_n - 1] != '\r';

	if (only_space)
		d->held_n = 0;
	d->garbage = d->garbage || d->held_n > 0;
	pass_held(d, out);
}
