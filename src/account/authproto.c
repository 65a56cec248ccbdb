#include "account/authproto.h"

#include "base/ascii.h"
#include "base/num.h"

static enum st
again(struct slice in, struct fault *f)
{
	if (in.n >= AUTH_REQUEST_MAX)
		return fault_set(f, ST_LIMIT, "", "account request: found no end within %d bytes",
		    AUTH_REQUEST_MAX);
	return fault_set(f, ST_AGAIN, "", "account request: not complete yet");
}

static bool
has_control(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (ascii_is_ctl(s.p[i]))
			return true;
	return false;
}

/* --- requests, reading ----------------------------------------------------- */

/* "PRE MODULE SERVICE USER": the user is the rest, blanks included. */
static enum st
parse_pre(struct slice rest, struct auth_request *r, struct fault *f)
{
	r->kind = AUTH_PRE;
	if (!sl_cut(&rest, ' ', &r->module) || !sl_cut(&rest, ' ', &r->service) || rest.n == 0 ||
	    r->module.n == 0 || r->service.n == 0)
		return fault_set(
		    f, ST_SYNTAX, "", "account request: expected PRE MODULE SERVICE USER");
	r->user = rest;
	return has_control(rest) || has_control(r->service) || has_control(r->module)
		   ? fault_set(
			 f, ST_SYNTAX, "", "account request: found a control character in PRE")
		   : ST_OK;
}

static enum st
parse_passwd(struct slice rest, struct auth_request *r, struct fault *f)
{
	r->kind = AUTH_PASSWD;
	r->module = SL(".");
	if (!sl_cut(&rest, '\t', &r->service) || !sl_cut(&rest, '\t', &r->user) ||
	    !sl_cut(&rest, '\t', &r->secret) || r->user.n == 0)
		return fault_set(f, ST_SYNTAX, "",
		    "account request: expected PASSWD SERVICE, USER, OLD and NEW with tabs "
		    "between");
	r->new_secret = rest;
	return has_control(rest) || has_control(r->secret) || has_control(r->user) ||
		       has_control(r->service)
		   ? fault_set(
			 f, ST_SYNTAX, "", "account request: found a control character in PASSWD")
		   : ST_OK;
}

/* What stands behind "AUTH LENGTH". */
static enum st
parse_auth_data(struct slice data, struct auth_request *r, struct fault *f)
{
	r->kind = AUTH_LOGIN;
	r->module = SL(".");
	if (!sl_cut(&data, '\n', &r->service) || !sl_cut(&data, '\n', &r->type) ||
	    r->service.n == 0 || r->type.n == 0)
		return fault_set(f, ST_SYNTAX, "",
		    "account request: expected a service line and a type line in AUTH");
	if (!sl_eq(r->type, SL("login"))) {
		r->secret = data;
		return ST_OK;
	}
	if (!sl_cut(&data, '\n', &r->user) || r->user.n == 0)
		return fault_set(f, ST_SYNTAX, "",
		    "account request: expected a user line and a password line in AUTH");
	sl_cut(&data, '\n', &r->secret);
	if (data.n > 0 || has_control(r->user) || has_control(r->service))
		return fault_set(f, ST_SYNTAX, "",
		    "account request: found more than a user and a password in AUTH");
	return ST_OK;
}

/* in begins behind the line "AUTH LENGTH". */
static enum st
parse_auth(struct slice whole, struct slice length, struct slice in, struct auth_request *r,
    size_t *used, struct fault *f)
{
	uint64_t n;

	if (!num_u64(length, AUTH_REQUEST_MAX, &n))
		return fault_set(f, ST_SYNTAX, "",
		    "account request: found length \"%.*s\", expected a number up to %d",
		    SL_FMT(sl_sub(length, 0, 20)), AUTH_REQUEST_MAX);
	if (in.n < n)
		return again(whole, f);
	*used = whole.n - in.n + (size_t)n;
	return parse_auth_data(sl_sub(in, 0, (size_t)n), r, f);
}

/* NAME=value before the request proper. */
static bool
is_metadata(struct slice line)
{
	size_t equals = sl_find(line, '='), n = 0;

	while (n < equals &&
	       (ascii_is_upper(line.p[n]) || ascii_is_digit(line.p[n]) || line.p[n] == '_'))
		n++;
	return n > 0 && n == equals && equals < line.n;
}

static bool
take_word(struct slice *line, const char *word)
{
	if (!sl_starts(*line, sl_str(word)))
		return false;
	*line = sl_skip(*line, strlen(word));
	return true;
}

enum st
auth_request_parse(struct slice in, struct auth_request *out, size_t *used, struct fault *f)
{
	struct slice whole = sl_sub(in, 0, AUTH_REQUEST_MAX), rest = whole, line;

	*out = (struct auth_request){0};
	while (sl_cut(&rest, '\n', &line)) {
		if (is_metadata(line)) {
			if (take_word(&line, "TCPREMOTEIP="))
				out->remote_ip = line;
			continue;
		}
		*used = whole.n - rest.n;
		if (take_word(&line, "PRE "))
			return parse_pre(line, out, f);
		if (take_word(&line, "AUTH "))
			return parse_auth(whole, line, rest, out, used, f);
		if (take_word(&line, "PASSWD "))
			return parse_passwd(line, out, f);
		if (sl_eq(line, SL("ENUMERATE"))) {
			out->kind = AUTH_ENUMERATE;
			out->module = SL(".");
			return ST_OK;
		}
		return fault_set(f, ST_SYNTAX, "",
		    "account request: found \"%.*s\", expected PRE, AUTH, PASSWD or ENUMERATE",
		    SL_FMT(sl_sub(line, 0, 20)));
	}
	return again(in, f);
}

/* --- requests, writing ----------------------------------------------------- */

bool
auth_request_is_clean(const struct auth_request *r)
{
	bool words = r->service.n > 0 && sl_find(r->service, ' ') == r->service.n &&
		     !has_control(r->service) && !has_control(r->user) &&
		     !has_control(r->remote_ip);

	switch (r->kind) {
	case AUTH_PRE:
		return words && r->user.n > 0 && r->module.n > 0 &&
		       sl_find(r->module, ' ') == r->module.n && !has_control(r->module);
	case AUTH_LOGIN:
		if (!words || r->type.n == 0 || has_control(r->type))
			return false;
		return !sl_eq(r->type, SL("login")) ||
		       (r->user.n > 0 && sl_find(r->secret, '\n') == r->secret.n);
	case AUTH_PASSWD:
		return words && r->user.n > 0 && !has_control(r->secret) &&
		       !has_control(r->new_secret);
	default:
		return true;
	}
}

static void
put_auth(const struct auth_request *r, struct buf *out)
{
	bool login = sl_eq(r->type, SL("login"));
	size_t n = r->service.n + 1 + r->type.n + 1 + (login ? r->user.n + 1 : 0) + r->secret.n +
		   (login ? 1 : 0);

	buf_fmt(out, "AUTH %zu\n", n);
	buf_put(out, r->service);
	buf_put_byte(out, '\n');
	buf_put(out, r->type);
	buf_put_byte(out, '\n');
	if (login) {
		buf_put(out, r->user);
		buf_put_byte(out, '\n');
	}
	buf_put(out, r->secret);
	if (login)
		buf_put_byte(out, '\n');
}

void
auth_request_put(const struct auth_request *r, struct buf *out)
{
	if (r->remote_ip.n > 0) {
		buf_put(out, SL("TCPREMOTEIP="));
		buf_put(out, r->remote_ip);
		buf_put_byte(out, '\n');
	}
	switch (r->kind) {
	case AUTH_PRE:
		buf_fmt(out, "PRE %.*s %.*s ", SL_FMT(r->module), SL_FMT(r->service));
		buf_put(out, r->user);
		buf_put_byte(out, '\n');
		break;
	case AUTH_LOGIN:
		put_auth(r, out);
		break;
	case AUTH_PASSWD:
		buf_fmt(out, "PASSWD %.*s\t%.*s\t", SL_FMT(r->service), SL_FMT(r->user));
		buf_put(out, r->secret);
		buf_put_byte(out, '\t');
		buf_put(out, r->new_secret);
		buf_put_byte(out, '\n');
		break;
	case AUTH_ENUMERATE:
		buf_put(out, SL("ENUMERATE\n"));
		break;
	}
}

/* --- answers --------------------------------------------------------------- */

enum st
auth_answer_parse(enum auth_kind kind, struct slice in, struct arena *a, enum auth_outcome *outcome,
    struct account *acc, size_t *used, struct fault *f)
{
	const struct slice fail = SL("FAIL\n"), ok = SL("OK\n");

	if (sl_starts(in, fail)) {
		*outcome = AUTH_NO;
		*used = fail.n;
		return ST_OK;
	}
	if (sl_starts(fail, in))
		return fault_set(f, ST_AGAIN, "", "account answer: not complete yet");
	*outcome = AUTH_YES;
	if (kind != AUTH_PASSWD)
		return account_decode(in, a, acc, used, f);
	if (sl_starts(in, ok)) {
		*used = ok.n;
		return ST_OK;
	}
	if (sl_starts(ok, in))
		return fault_set(f, ST_AGAIN, "", "account answer: not complete yet");
	return fault_set(f, ST_SYNTAX, "", "account answer: found \"%.*s\", expected OK or FAIL",
	    SL_FMT(sl_sub(in, 0, 20)));
}

void
auth_answer_put(
    enum auth_kind kind, enum auth_outcome outcome, const struct account *acc, struct buf *out)
{
	if (outcome == AUTH_NO)
		buf_put(out, SL("FAIL\n"));
	else if (outcome == AUTH_YES && kind == AUTH_PASSWD)
		buf_put(out, SL("OK\n"));
	else if (outcome == AUTH_YES)
		account_encode(acc, out);
}

/* --- ENUMERATE ------------------------------------------------------------- */

static enum st
parse_listed(struct slice line, struct account *acc, struct fault *f)
{
	struct slice uid, gid;
	uint64_t u, g;

	*acc = (struct account){.has_ids = true};
	if (!sl_cut(&line, '\t', &acc->address) || !sl_cut(&line, '\t', &uid) ||
	    !sl_cut(&line, '\t', &gid) || !sl_cut(&line, '\t', &acc->home))
		return fault_set(
		    f, ST_SYNTAX, "", "account list: found a line with too few fields");
	sl_cut(&line, '\t', &acc->maildir);
	acc->options = line;
	if (!num_u64(uid, UINT32_MAX - 1, &u) || !num_u64(gid, UINT32_MAX - 1, &g))
		return fault_set(f, ST_SYNTAX, "", "account list: found an id that is no number");
	acc->uid = (uint32_t)u;
	acc->gid = (uint32_t)g;
	return account_check(acc, f);
}

enum st
auth_list_parse(struct slice in, struct auth_list_item *out, size_t *used, struct fault *f)
{
	struct slice rest = sl_sub(in, 0, ACCOUNT_RECORD_MAX), line;

	*out = (struct auth_list_item){0};
	if (!sl_cut(&rest, '\n', &line)) {
		if (in.n >= ACCOUNT_RECORD_MAX)
			return fault_set(f, ST_LIMIT, "",
			    "account list: found a line of more than %d bytes", ACCOUNT_RECORD_MAX);
		return fault_set(f, ST_AGAIN, "", "account list: not complete yet");
	}
	*used = line.n + 1;
	if (sl_eq(line, SL("."))) {
		out->kind = AUTH_LIST_END;
		return ST_OK;
	}
	if (!sl_starts(line, SL("# "))) {
		out->kind = AUTH_LIST_ACCOUNT;
		return parse_listed(line, &out->account, f);
	}
	/* An empty line belongs to the head of a back end. */
	if (rest.n == 0)
		return fault_set(f, ST_AGAIN, "", "account list: not complete yet");
	if (rest.p[0] != '\n')
		return fault_set(
		    f, ST_SYNTAX, "", "account list: found no empty line behind \"# NAME\"");
	*used += 1;
	out->kind = AUTH_LIST_MODULE;
	out->module = sl_skip(line, 2);
	if (has_control(out->module))
		return fault_set(f, ST_SYNTAX, "",
		    "account list: found a control character in the name of a back end");
	return ST_OK;
}

void
auth_list_put(const struct auth_list_item *item, struct buf *out)
{
	const struct account *acc = &item->account;

	switch (item->kind) {
	case AUTH_LIST_MODULE:
		buf_fmt(out, "# %.*s\n\n", SL_FMT(item->module));
		break;
	case AUTH_LIST_ACCOUNT:
		buf_fmt(out, "%.*s\t%u\t%u\t%.*s\t%.*s\t%.*s\n", SL_FMT(acc->address), acc->uid,
		    acc->gid, SL_FMT(acc->home), SL_FMT(acc->maildir), SL_FMT(acc->options));
		break;
	case AUTH_LIST_END:
		buf_put(out, SL(".\n"));
		break;
	}
}

/* --- the walk through the back ends ---------------------------------------- */

enum st
auth_walk_start(
    struct auth_walk *w, const struct auth_request *r, const char *const *names, size_t count)
{
	*w = (struct auth_walk){.count = count, .kind = r->kind, .outcome = AUTH_NO};
	if (!sl_eq(r->module, SL("."))) {
		while (w->at < count && !sl_eq(r->module, sl_str(names[w->at])))
			w->at++;
		w->count = w->at < count ? w->at + 1 : 0;
	}
	if (w->at < w->count)
		return ST_OK;
	w->done = true;
	w->outcome = r->kind == AUTH_ENUMERATE ? AUTH_YES : AUTH_NO;
	return ST_NOENT;
}

void
auth_walk_answer(struct auth_walk *w, enum auth_outcome outcome)
{
	w->at++;
	if (outcome == AUTH_TROUBLE || (outcome == AUTH_YES && w->kind != AUTH_ENUMERATE) ||
	    w->at == w->count) {
		w->done = true;
		w->outcome = outcome;
	}
}
