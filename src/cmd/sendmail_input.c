/*
 * Standard input with one kind of line end.
 */
#include "cmd/sendmail.h"

#include <errno.h>
#include <unistd.h>

#define BLOCK ((size_t)64 * 1024)

void
input_init(struct input *in, int fd)
{
	*in = (struct input){.fd = fd, .in_header = true, .line_empty = true};
	buf_init(&in->out, SENDMAIL_HEADER_MAX + 4 * BLOCK);
}

void
input_fini(struct input *in)
{
	buf_fini(&in->out);
}

static void
end_line(struct input *in)
{
	in->crs = 0;
	buf_put(&in->out, SL("\r\n"));
	if (in->line_empty)
		in->in_header = false;
	in->line_empty = true;
}

/* CRs that were followed by something else. */
static void
bare_crs(struct input *in)
{
	size_t n = in->crs;

	in->crs = 0;
	for (; n > 0; n--) {
		if (in->in_header)
			buf_put_byte(&in->out, ' ');
		else
			end_line(in);
	}
}

static void
take(struct input *in, struct slice raw)
{
	while (raw.n) {
		size_t n = 0;

		while (n < raw.n && raw.p[n] != '\r' && raw.p[n] != '\n' && raw.p[n] != '\0')
			n++;
		if (n > 0 || raw.p[0] == '\0') {
			bare_crs(in);
			in->line_empty = false;
		}
		buf_put(&in->out, sl_sub(raw, 0, n));
		raw = sl_skip(raw, n);
		if (!raw.n)
			break;
		if (raw.p[0] == '\r')
			in->crs++;
		else if (raw.p[0] == '\n')
			end_line(in);
		else if (n == 0)
			buf_put_byte(&in->out, '?');
		else
			continue;
		raw = sl_skip(raw, 1);
	}
}

bool
input_fill(struct input *in)
{
	unsigned char block[BLOCK];
	ssize_t n;

	if (in->eof || in->error)
		return false;
	do {
		n = read(in->fd, block, sizeof(block));
	} while (n < 0 && errno == EINTR);
	if (n > 0) {
		take(in, sl_mem(block, (size_t)n));
		return true;
	}
	if (n < 0) {
		in->error = errno;
		return false;
	}
	in->eof = true;
	if (in->crs || !in->line_empty) {
		in->crs = 0;
		in->line_empty = false;
		end_line(in);
	}
	return false;
}

void
input_drain(struct input *in)
{
	do {
		buf_clear(&in->out);
	} while (input_fill(in));
}
