/*
 * Requests in, answers out.
 */
#include "auth/backend/backend.h"

#include <errno.h>
#include <unistd.h>

#define READ_BYTES 4096
#define ANSWER_MAX ((size_t)64 << 20)
#define EXIT_TEMP 75

static bool
write_all(struct slice s)
{
	while (s.n > 0) {
		ssize_t n = write(STDOUT_FILENO, s.p, s.n);

		if (n < 0 && errno != EINTR)
			return false;
		if (n > 0)
			s = sl_skip(s, (size_t)n);
	}
	return true;
}

/* More input. False at the end of file. */
static bool
read_more(struct buf *in)
{
	unsigned char *p = buf_room(in, READ_BYTES);
	ssize_t n;

	if (p == NULL)
		return false;
	do {
		n = read(STDIN_FILENO, p, READ_BYTES);
	} while (n < 0 && errno == EINTR);
	if (n <= 0)
		return false;
	buf_added(in, (size_t)n);
	return true;
}

int
auth_backend_serve(auth_backend_answer *answer, void *arg)
{
	struct buf in, out;
	struct auth_request r;
	struct fault f = FAULT_NONE;
	size_t used = 0;
	enum st st = ST_AGAIN;

	buf_init(&in, AUTH_REQUEST_MAX + READ_BYTES);
	buf_init(&out, ANSWER_MAX);
	while (st == ST_AGAIN || st == ST_OK) {
		st = auth_request_parse(buf_slice(&in), &r, &used, &f);
		if (st == ST_AGAIN) {
			if (!read_more(&in))
				break;
			continue;
		}
		if (st != ST_OK)
			break;
		buf_clear(&out);
		st = answer(arg, &r, &out, &f);
		if (st != ST_OK || !buf_ok(&out) || !write_all(buf_slice(&out)))
			st = ST_TEMP;
		buf_drop(&in, used);
	}
	st = st == ST_AGAIN && in.n == 0 ? ST_OK : st;
	buf_fini(&in);
	buf_fini(&out);
	return st == ST_OK ? 0 : EXIT_TEMP;
}
