#include "pop3/login.h"

#include "pop3/capa.h"
#include "pop3/reply.h"

#define LINE_MAX 255 /* R2449-4-a: with its end */
#define RESPONSE_MAX DOOR_LINE_MAX
#define NAME_MAX_OCTETS 250

static void
bad(struct door *d, const char *words)
{
	pop3_err(door_out(d), NULL, "%s", words);
	door_mistake(d);
}

/* R1939-4-a */
static void
greet(struct door *d)
{
	pop3_ok(door_out(d), "%.*s is ready", SL_FMT(door_opts(d)->host));
}

static void
bye(struct door *d, const char *words)
{
	pop3_err(door_out(d), "SYS/TEMP", "%s", words);
}

/* ---- commands; args is what stands behind the word ---- */

/* R2595-4-a, R2595-4-i, R5034-3-a, R2449-5-a */
static void
run_capa(struct door *d, struct slice args)
{
	struct pop3_capa c = {
	    .user = door_takes_passwords(d),
	    .sasl = door_mechanisms(d),
	    .stls = door_offers_tls(d),
	    .auth_codes = true,
	    .expire = SL("NEVER"), /* R2449-6.7-b: as the worker says it */
	};

	(void)args;
	pop3_capa_put(door_out(d), &c);
}

/* R1939-4-f */
static void
run_quit(struct door *d, struct slice args)
{
	(void)args;
	pop3_ok(door_out(d), "%.*s says goodbye", SL_FMT(door_opts(d)->host));
	door_close(d, ENGINE_WHY_QUIT);
}

/* R2595-4-b, R2595-4-c, R2595-4-f, R8314-3.1-b, R8314-3.1-c */
static void
run_stls(struct door *d, struct slice args)
{
	(void)args;
	if (!door_offers_tls(d)) {
		bad(d, door_tls_on(d) ? "TLS is on already" : "STLS is not offered");
		return;
	}
	pop3_ok(door_out(d), "Begin TLS negotiation now");
	door_tag(d, SL_NONE);
	door_start_tls(d);
}

static bool
may_log_in(struct door *d)
{
	if (door_takes_passwords(d))
		return true;
	bad(d, "Passwords are taken under TLS only, use STLS first"); /* R2595-2.3-a */
	return false;
}

/* R1939-7-k, R1939-7-n: whether there is such a name is not said here. */
static void
run_user(struct door *d, struct slice args)
{
	if (!may_log_in(d))
		return;
	if (args.n == 0 || args.n > NAME_MAX_OCTETS) {
		bad(d, "USER expects a name");
		return;
	}
	door_tag(d, args);
	pop3_ok(door_out(d), "Now the password");
}

/* R1939-7-l, R1939-7-m */
static void
run_pass(struct door *d, struct slice args)
{
	struct slice user = door_tag_of(d);

	if (!may_log_in(d))
		return;
	if (user.n == 0) {
		bad(d, "Say USER first");
		return;
	}
	door_ask_auth(d, "USER", user, args);
	door_tag(d, SL_NONE);
}

/* R5034-4-a, R5034-4-b, R5034-4-f */
static void
run_auth(struct door *d, struct slice args)
{
	struct slice mechanism;
	bool has_initial = sl_cut(&args, ' ', &mechanism);

	if (!may_log_in(d))
		return;
	if (mechanism.n == 0 || !door_sasl(d, mechanism, has_initial, args))
		bad(d, "There is no such mechanism here");
}

/* R1939-3-a, R1939-4-g */
static const struct {
	const char *name;
	bool has_arguments;
	void (*run)(struct door *d, struct slice args);
} rows[] = {
    {"CAPA", false, run_capa},
    {"QUIT", false, run_quit},
    {"STLS", false, run_stls},
    {"USER", true, run_user},
    {"PASS", true, run_pass},
    {"AUTH", true, run_auth},
};

static bool
is_clean(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < ' ' || s.p[i] == 127)
			return false;
	return true;
}

static enum door_line
line(struct door *d, struct slice text, struct slice last)
{
	struct slice args = text, word;

	(void)last;
	sl_cut(&args, ' ', &word);
	/* R5034-4-h, R2449-4-b: an initial response may make the line of AUTH longer */
	if (text.n + 2 > (sl_ieq(word, SL("AUTH")) ? RESPONSE_MAX : LINE_MAX) || !is_clean(text)) {
		bad(d, "A command is one short line without control characters");
		return DOOR_DONE;
	}
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		if (!sl_ieq(word, sl_str(rows[i].name)))
			continue;
		if (rows[i].has_arguments || sl_trim(args).n == 0)
			rows[i].run(d, args);
		else
			bad(d, "This command has no arguments");
		return DOOR_DONE;
	}
	bad(d, "There is no such command before the login"); /* R1939-3-e */
	return DOOR_DONE;
}

/* ---- what our side answers ---- */

/*
 * R3206-5-a, R3206-4-a, R3206-4-b, R5034-4-e, R1939-7-o, R1939-4-h: the client can tell a wrong
 * password from a server in trouble, but not from a user that is not there: R4422-3.6-b.
 */
static void
failed(struct door *d, const struct fault *f)
{
	bool denied = f->st == ST_DENIED;

	pop3_err(door_out(d), denied ? "AUTH" : "SYS/TEMP",
	    denied ? "Login failed" : "The password cannot be checked now");
}

/* R5034-4-c, R5034-4-d */
static void
wrong(struct door *d, const char *words)
{
	bad(d, words);
}

static void
refused(struct door *d, const struct fault *f)
{
	pop3_err(door_out(d), "SYS/TEMP", "%s",
	    f && f->text[0] ? f->text : "The mailbox cannot be opened now");
}

static const struct door_rules rules = {
    .name = "pop3-login",
    .greet = greet,
    .bye = bye,
    .line = line,
    .failed = failed,
    .wrong = wrong,
    .refused = refused,
};

struct door *
pop3_login_new(struct arena *a, const struct door_opts *o, int64_t now_ms)
{
	return door_new(a, &rules, o, now_ms);
}
