/*
 * Plays scenarios of the client's side (docs/SCENARIOS.md section 9): the file is the server, the
 * engine of src/smtp/client.h is the client. Each is played whole and octet by octet.
 *
 *     clientplay FILE...
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/ascii.h"
#include "base/num.h"
#include "smtp/tests/client_world.h"

#define FILE_MAX 65536

struct play {
	const char *path;
	int line;
	size_t chunk;
	bool begun;
	struct cworld w;
	struct arena *arena;
	char why[400]; /* empty while all is well */
};

static bool
bad(struct play *p, const char *what, struct slice found)
{
	if (!p->why[0])
		snprintf(p->why, sizeof(p->why), "%s, found \"%.*s\"", what,
		    SL_FMT(sl_sub(found, 0, 200)));
	return false;
}

/* \r \n \t \0 \\ \xHH */
static struct slice
unescape(struct play *p, struct slice s)
{
	unsigned char *out = arena_get(p->arena, s.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = s.p[i], d = i + 1 < s.n ? s.p[i + 1] : 0;
		static const char from[] = "rnt0\\", to[] = "\r\n\t\0\\";
		const char *at = d ? strchr(from, d) : NULL;

		if (c != '\\') {
			out[n++] = c;
		} else if (at) {
			out[n++] = (unsigned char)to[at - from];
			i++;
		} else if (d == 'x' && i + 3 < s.n) {
			out[n++] = (unsigned char)(ascii_hex_value(s.p[i + 2]) << 4 |
						   ascii_hex_value(s.p[i + 3]));
			i += 3;
		} else {
			bad(p, "expected an escape", sl_skip(s, i));
			break;
		}
	}
	return sl_mem(out, n);
}

static struct slice
word(struct slice *rest)
{
	struct slice w;

	sl_cut(rest, ' ', &w);
	return w;
}

/* ---- before the first step ---- */

static bool
do_rcpt(struct play *p, struct slice arg)
{
	static const char *const notify[] = {"NEVER", "SUCCESS", "FAILURE", "DELAY"};
	struct smtp_client_rcpt *r = &p->w.rcpts[p->w.message.rcpt_count++];

	if (p->w.message.rcpt_count > CWORLD_RCPTS)
		return bad(p, "too many recipients", arg);
	r->address = unescape(p, word(&arg));
	while (arg.n) {
		struct slice w = word(&arg);
		bool known = false;

		for (unsigned i = 0; i < COUNT_OF(notify); i++)
			if (sl_eq(w, sl_str(notify[i]))) {
				r->notify |= 1u << i;
				known = true;
			}
		if (sl_starts(w, SL("orcpt=")))
			r->orcpt = unescape(p, sl_skip(w, 6));
		else if (!known)
			return bad(p, "expected NEVER, SUCCESS, FAILURE, DELAY or orcpt=", w);
	}
	return true;
}

static bool
do_body(struct play *p, struct slice arg)
{
	struct buf all;

	buf_init(&all, 1 << 20);
	buf_put(&all, p->w.content);
	buf_put(&all, unescape(p, arg));
	buf_put(&all, SL("\r\n"));
	p->w.content = arena_copy(p->arena, buf_slice(&all));
	buf_fini(&all);
	return true;
}

static bool
do_tail(struct play *p, struct slice arg)
{
	struct slice tail = unescape(p, arg);
	struct buf all;

	buf_init(&all, 1 << 20);
	buf_put(&all, p->w.content);
	buf_put(&all, tail);
	p->w.content = arena_copy(p->arena, buf_slice(&all));
	buf_fini(&all);
	return true;
}

static bool
duration(struct play *p, struct slice arg, int64_t *ms)
{
	int64_t sec;

	if (!num_duration_sec(arg, &sec))
		return bad(p, "expected a time such as 90 or 5m", arg);
	*ms = sec * 1000;
	return true;
}

static void
do_login(struct play *p, struct slice arg)
{
	p->w.opts.user = unescape(p, word(&arg));
	p->w.opts.password = unescape(p, arg);
}

static bool
do_option(struct play *p, struct slice arg)
{
	struct slice w = word(&arg);
	struct cworld *k = &p->w;
	uint64_t n;

	if (sl_eq(w, SL("tls")))
		k->opts.tls = sl_eq(arg, SL("must"))   ? SMTP_CLIENT_TLS_MUST
			      : sl_eq(arg, SL("never")) ? SMTP_CLIENT_TLS_NEVER
							: SMTP_CLIENT_TLS_MAY;
	else if (sl_eq(w, SL("8bit")))
		k->message.has_8bit = true;
	else if (sl_eq(w, SL("converts")))
		k->convert = CWORLD_CONVERTS;
	else if (sl_eq(w, SL("login")))
		do_login(p, arg);
	else if (sl_eq(w, SL("check")))
		k->checks_itself = true;
	else if (sl_eq(w, SL("slow")))
		k->slow = true;
	else if (sl_eq(w, SL("wrong")))
		k->checks_itself = k->is_wrong = true;
	else if (sl_eq(w, SL("messages")) && num_u64(arg, 100, &n))
		k->messages = (unsigned)n;
	else if (sl_eq(w, SL("ret")))
		k->message.ret = (char)arg.p[0];
	else if (sl_eq(w, SL("envid")))
		k->message.envid = unescape(p, arg);
	else if (sl_eq(w, SL("idle")))
		return duration(p, arg, &k->opts.timeouts.idle_ms);
	else if (sl_eq(w, SL("ping")))
		return duration(p, arg, &k->opts.timeouts.ping_ms);
	else
		return bad(p, "expected an option", w);
	return true;
}

static bool
do_mail(struct play *p, struct slice arg)
{
	p->w.message.sender = unescape(p, arg);
	return true;
}

static bool
do_nothing(struct play *p, struct slice arg)
{
	(void)p;
	return arg.n > 0;
}

/* ---- steps ---- */

static bool
do_server(struct play *p, struct slice arg)
{
	struct buf line;

	buf_init(&line, FILE_MAX);
	buf_put(&line, unescape(p, arg));
	buf_put(&line, SL("\r\n"));
	cworld_hear(&p->w, buf_slice(&line), p->chunk);
	buf_fini(&line);
	return true;
}

static bool
do_server_raw(struct play *p, struct slice arg)
{
	cworld_hear(&p->w, unescape(p, arg), p->chunk);
	return true;
}

/* The next line of the client; a star at the end stands for anything. */
static bool
do_client(struct play *p, struct slice arg)
{
	struct slice said = buf_slice(&p->w.said), got, want = unescape(p, arg);
	size_t n = sl_search(said, SL("\r\n"));
	bool same;

	if (n == said.n)
		return bad(p, "expected a line of the client", said);
	got = sl_sub(said, 0, n);
	same = want.n && want.p[want.n - 1] == '*' ? sl_starts(got, sl_sub(want, 0, want.n - 1))
						   : sl_eq(got, want);
	if (!same)
		return bad(p, "expected another line", got);
	buf_drop(&p->w.said, n + 2);
	return true;
}

static bool
do_quiet(struct play *p, struct slice arg)
{
	(void)arg;
	return p->w.said.n == 0 || bad(p, "expected silence", buf_slice(&p->w.said));
}

static bool
do_tls(struct play *p, struct slice arg)
{
	(void)arg;
	return cworld_start_tls(&p->w) || bad(p, "the client does not wait for TLS", SL_NONE);
}

static bool
do_eof(struct play *p, struct slice arg)
{
	(void)arg;
	cworld_shut(&p->w);
	return true;
}

static bool
do_wait(struct play *p, struct slice arg)
{
	int64_t ms = 0;

	if (!duration(p, arg, &ms))
		return false;
	cworld_wait(&p->w, ms);
	return true;
}

static bool
do_next(struct play *p, struct slice arg)
{
	(void)arg;
	return cworld_next(&p->w) || bad(p, "the client does not wait for a message", SL_NONE);
}

static bool
do_take(struct play *p, struct slice arg)
{
	uint64_t n;

	if (!num_u64(arg, FILE_MAX, &n))
		return bad(p, "expected a number", arg);
	cworld_take(&p->w, n);
	return true;
}

static bool
do_event(struct play *p, struct slice arg)
{
	if (!sl_eq(arg, SL("drain")) && !sl_eq(arg, SL("kick")))
		return bad(p, "expected drain or kick", arg);
	cworld_event(&p->w, sl_eq(arg, SL("drain")) ? ENGINE_DRAIN : ENGINE_KICK);
	return true;
}

static bool
do_open(struct play *p, struct slice arg)
{
	enum engine_why why;

	(void)arg;
	return !cworld_is_closed(&p->w, &why) || bad(p, "the session is closed", SL_NONE);
}

static bool
do_closed(struct play *p, struct slice arg)
{
	static const char *const names[] = {[ENGINE_WHY_QUIT] = "quit", [ENGINE_WHY_EOF] = "eof",
	    [ENGINE_WHY_TIMEOUT] = "timeout", [ENGINE_WHY_PROTOCOL] = "protocol",
	    [ENGINE_WHY_DRAIN] = "drain", [ENGINE_WHY_TROUBLE] = "trouble",
	    [ENGINE_WHY_LIMIT] = "limit", [ENGINE_WHY_NONE] = "none"};
	enum engine_why why;

	if (!cworld_is_closed(&p->w, &why))
		return bad(p, "the session is open", SL_NONE);
	(void)cworld_cut(&p->w);
	return sl_eq(arg, sl_str(names[why])) ||
	       bad(p, "it closed for another reason", sl_str(names[why]));
}

/* "ok", or the code and maybe words: "5.1.1 550 5.1.1 unknown". */
static bool
same_fault(struct play *p, const struct fault *f, struct slice want)
{
	char got[300];
	struct slice text;

	if (f->st == ST_OK)
		snprintf(got, sizeof(got), "ok %s", f->text);
	else
		snprintf(got, sizeof(got), "%u.%u.%u %s", f->esc[0], f->esc[1], f->esc[2], f->text);
	text = sl_str(got);
	if (sl_starts(text, want) && (text.n == want.n || text.p[want.n] == ' '))
		return true;
	return bad(p, "expected another result", text);
}

static bool
do_result(struct play *p, struct slice arg)
{
	uint64_t n;

	if (!num_u64(word(&arg), CWORLD_RCPTS, &n) || n == 0)
		return bad(p, "expected the number of a recipient", arg);
	return same_fault(p, &p->w.results[n - 1], arg);
}

static bool
do_trouble(struct play *p, struct slice arg)
{
	const struct fault *f = smtp_client_trouble(p->w.c);

	if (sl_eq(arg, SL("none")))
		return f->st == ST_OK || bad(p, "there is trouble", sl_str(f->text));
	return f->st != ST_OK ? same_fault(p, f, arg) : bad(p, "there is no trouble", arg);
}

static bool
do_fact(struct play *p, struct slice arg)
{
	const struct cworld *w = &p->w;
	struct {
		const char *name;
		bool is;
	} facts[] = {{"untouched", w->untouched}, {"touched", !w->untouched},
	    {"reports", w->will_report}, {"no-reports", !w->will_report},
	    {"done", w->done > 0}, {"not-done", w->done == 0}, {"checked", w->checked > 0},
	    {"not-checked", w->checked == 0}, {"waits", w->next != 0},
	    {"tls", smtp_client_tls_on(w->c)}};

	for (size_t i = 0; i < COUNT_OF(facts); i++)
		if (sl_eq(arg, sl_str(facts[i].name)))
			return facts[i].is || bad(p, "this is not so", arg);
	return bad(p, "expected a fact", arg);
}

static const struct {
	const char *word;
	bool is_step;
	bool (*run)(struct play *p, struct slice arg);
} rows[] = {
    {"title:", false, do_nothing}, {"req:", false, do_nothing}, {"side:", false, do_nothing},
    {"mail", false, do_mail}, {"rcpt", false, do_rcpt}, {"body", false, do_body},
    {"tail", false, do_tail}, {"option", false, do_option},
    {"S:", true, do_server}, {"S-:", true, do_server_raw}, {"C:", true, do_client},
    {"quiet", true, do_quiet}, {"tls", true, do_tls}, {"eof", true, do_eof},
    {"wait", true, do_wait}, {"next", true, do_next}, {"take", true, do_take},
    {"event", true, do_event},
    {"open", true, do_open}, {"closed", true, do_closed}, {"result", true, do_result},
    {"trouble", true, do_trouble}, {"fact", true, do_fact},
};

static bool
run_line(struct play *p, struct slice line)
{
	struct slice arg = line, first = word(&arg);

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		if (!sl_eq(first, sl_str(rows[i].word)))
			continue;
		if (!rows[i].is_step && p->begun)
			return bad(p, "this comes before the first step", line);
		if (rows[i].is_step && !p->begun) {
			p->begun = true;
			if (p->w.message.rcpt_count == 0)
				return bad(p, "expected a rcpt first", line);
			cworld_begin(&p->w);
		}
		return rows[i].run(p, arg);
	}
	return bad(p, "expected a word of this language", line);
}

static bool
play(const char *path, struct slice data, size_t chunk)
{
	struct play *p = mem_get(sizeof(*p));
	struct slice line;
	bool good = true;

	*p = (struct play){.path = path, .chunk = chunk};
	p->arena = arena_new("scenario", 4u << 20);
	cworld_init(&p->w);
	while (good && data.n) {
		p->line++;
		sl_cut(&data, '\n', &line);
		if (line.n && line.p[0] != '#')
			good = run_line(p, line) && !p->why[0];
	}
	if (good && !p->begun)
		good = bad(p, "expected steps", SL_NONE);
	if (good && p->w.said.n)
		good = bad(p, "the client said more than the file expects", buf_slice(&p->w.said));
	if (!good)
		printf("%s:%d: %s (pieces of %zu)\n", path, p->line,
		    p->why[0] ? p->why : "wrong", chunk);
	cworld_fini(&p->w);
	arena_free(p->arena);
	mem_free(p);
	return good;
}

static bool
play_file(const char *path)
{
	static unsigned char room[FILE_MAX];
	FILE *f = fopen(path, "rb");
	size_t n;

	if (!f) {
		perror(path);
		return false;
	}
	n = fread(room, 1, sizeof(room), f);
	fclose(f);
	return play(path, sl_mem(room, n), 0) && play(path, sl_mem(room, n), 1);
}

int
main(int argc, char **argv)
{
	unsigned passed = 0, failed = 0;

	for (int i = 1; i < argc; i++) {
		if (play_file(argv[i]))
			passed++;
		else
			failed++;
	}
	printf("clientplay: %u passed, %u failed\n", passed, failed);
	return failed || !passed;
}
