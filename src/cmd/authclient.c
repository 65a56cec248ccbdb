#include "cmd/authclient.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cmd/cmd.h"

static enum st
send_all(int fd, struct slice s, struct fault *f)
{
	while (s.n > 0) {
		ssize_t n = send(fd, s.p, s.n, MSG_NOSIGNAL);

		if (n < 0 && errno != EINTR)
			return fault_sys(f, ST_TEMP, "", errno, "authdaemond does not listen");
		if (n > 0)
			s = sl_skip(s, (size_t)n);
	}
	return ST_OK;
}

static enum st
read_all(int fd, struct buf *out, struct fault *f)
{
	for (;;) {
		unsigned char *p = buf_room(out, 8192);
		ssize_t n;

		if (p == NULL)
			return fault_set(f, ST_LIMIT, "", "the answer of authdaemond is too long");
		n = recv(fd, p, 8192, 0);
		if (n == 0)
			return ST_OK;
		if (n < 0 && errno != EINTR)
			return fault_sys(f, ST_TEMP, "", errno, "authdaemond does not answer");
		if (n > 0)
			buf_added(out, (size_t)n);
	}
}

enum st
authclient_ask(
    const struct paths *p, const struct auth_request *r, struct buf *answer, struct fault *f)
{
	struct buf text;
	enum st st;
	int fd;

	if (!auth_request_is_clean(r))
		return fault_set(
		    f, ST_SYNTAX, "", "found a control character or an empty name in the request");
	fd = cmd_connect(p, "auth/socket", f);
	if (fd < 0)
		return f->st;
	buf_init(&text, AUTH_REQUEST_MAX);
	auth_request_put(r, &text);
	st = buf_ok(&text) ? send_all(fd, buf_slice(&text), f)
			   : fault_set(f, ST_LIMIT, "", "the request is too long");
	if (st == ST_OK)
		st = read_all(fd, answer, f);
	buf_fini(&text);
	close(fd);
	return st;
}

enum st
authclient_account(const struct paths *p, const struct auth_request *r, struct arena *a,
    struct account *acc, struct fault *f)
{
	enum auth_outcome outcome = AUTH_TROUBLE;
	struct buf answer;
	size_t used;
	enum st st;

	buf_init(&answer, (size_t)2 * ACCOUNT_RECORD_MAX);
	st = authclient_ask(p, r, &answer, f);
	if (st == ST_OK && answer.n == 0)
		st = fault_set(f, ST_TEMP, "", "authdaemond cannot ask its back ends now");
	else if (st == ST_OK)
		st = auth_answer_parse(r->kind, buf_slice(&answer), a, &outcome, acc, &used, f);
	if (st == ST_AGAIN)
		st = fault_set(f, ST_TEMP, "", "the answer of authdaemond is not complete");
	buf_fini(&answer);
	return st == ST_OK && outcome == AUTH_NO ? ST_NOENT : st;
}
