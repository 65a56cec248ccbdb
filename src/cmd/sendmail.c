/*
 * sendmail(8): options and environment. Every option that sendmail's callers are known to use is
 * taken; those that mean nothing here are passed over.
 */
#include "cmd/sendmail.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "build_config.h"

#define KNOWN_MAX ((size_t)64 * 1024)

static const char usage[] =
    "usage: sendmail [-f ADDRESS] [-F NAME] [-t] [-bcc] [-N never|success,fail,delay]\n"
    "                [-R full|hdrs] [-V ENVID] [RECIPIENT...] < MESSAGE\n"
    "       sendmail -bs      SMTP on standard input and output\n"
    "       sendmail -bp      the queue (mailq)\n"
    "       sendmail -bi      compiles the aliases (newaliases)\n";

/* ---- what options do ---- */

typedef int option_fn(struct sendmail *s, const char *value);

static int
nothing(struct sendmail *s, const char *value)
{
	(void)s;
	(void)value;
	return EXIT_GOOD;
}

static int
set_from(struct sendmail *s, const char *value)
{
	s->from = value;
	return EXIT_GOOD;
}

static int
set_full_name(struct sendmail *s, const char *value)
{
	s->full_name = value;
	return EXIT_GOOD;
}

static int
set_envid(struct sendmail *s, const char *value)
{
	s->envid = value;
	return EXIT_GOOD;
}

static int
set_never(struct sendmail *s, const char *value)
{
	(void)value;
	s->notify = "NEVER";
	return EXIT_GOOD;
}

static int
set_ret(struct sendmail *s, const char *value)
{
	bool full = sl_ieq(sl_str(value), SL("full"));

	if (!full && !sl_ieq(sl_str(value), SL("hdrs"))) {
		cmd_complain("sendmail", "-R: found %s, expected full or hdrs", value);
		return EXIT_USAGE;
	}
	s->ret = full ? "FULL" : "HDRS";
	return EXIT_GOOD;
}

/* RFC 3461 section 4.1: NEVER alone, or any of the others. */
static int
set_notify(struct sendmail *s, const char *value)
{
	static const struct {
		const char *word;
		unsigned bit;
	} words[] = {{"never", 8}, {"success", 1}, {"fail", 2}, {"failure", 2}, {"delay", 4}};
	static const char *const lists[] = {NULL, "SUCCESS", "FAILURE", "SUCCESS,FAILURE", "DELAY",
	    "SUCCESS,DELAY", "FAILURE,DELAY", "SUCCESS,FAILURE,DELAY", "NEVER"};
	struct slice rest = sl_str(value), word;
	unsigned bits = 0;

	while (rest.n) {
		size_t i = 0;

		sl_cut(&rest, ',', &word);
		while (i < COUNT_OF(words) && !sl_ieq(word, sl_str(words[i].word)))
			i++;
		bits |= i < COUNT_OF(words) ? words[i].bit : 16;
	}
	if (bits == 0 || bits > 8) {
		cmd_complain("sendmail",
		    "-N: found %s, expected never, or a list of success, fail, delay", value);
		return EXIT_USAGE;
	}
	s->notify = lists[bits];
	return EXIT_GOOD;
}

/* -b: what kind of call this is. */
static int
set_mode(struct sendmail *s, const char *value)
{
	if (strcmp(value, "m") == 0)
		return EXIT_GOOD;
	if (strcmp(value, "cc") == 0)
		s->from_header = true;
	else if (strcmp(value, "s") == 0)
		s->smtp = true;
	else {
		cmd_complain("sendmail",
		    "-b%s is not supported; expected -bm, -bs, -bp, -bi or -bcc", value);
		return EXIT_USAGE;
	}
	return EXIT_GOOD;
}

enum takes {
	TAKES_NO,    /* letters may stand together: -it; */
	TAKES_REST,  /* the rest of this word, perhaps nothing: -q30m */
	TAKES_VALUE, /* the rest of this word, or the next one */
};

static const struct {
	char letter;
	enum takes takes;
	option_fn *fn;
} options[] = {
    {'A', TAKES_REST, nothing},
    {'b', TAKES_VALUE, set_mode},
    {'B', TAKES_VALUE, nothing},
    {'C', TAKES_VALUE, nothing},
    {'d', TAKES_REST, nothing},
    {'e', TAKES_REST, nothing},
    {'f', TAKES_VALUE, set_from},
    {'F', TAKES_VALUE, set_full_name},
    {'G', TAKES_NO, nothing},
    {'h', TAKES_VALUE, nothing},
    {'i', TAKES_NO, nothing},
    {'L', TAKES_VALUE, nothing},
    {'m', TAKES_NO, nothing},
    {'n', TAKES_NO, set_never},
    {'N', TAKES_VALUE, set_notify},
    {'o', TAKES_VALUE, nothing},
    {'O', TAKES_VALUE, nothing},
    {'p', TAKES_VALUE, nothing},
    {'r', TAKES_VALUE, set_from},
    {'R', TAKES_VALUE, set_ret},
    {'S', TAKES_VALUE, nothing},
    {'t', TAKES_NO, nothing},
    {'U', TAKES_NO, nothing},
    {'v', TAKES_NO, nothing},
    {'V', TAKES_VALUE, set_envid},
    {'X', TAKES_VALUE, nothing},
};

static size_t
find_option(char letter)
{
	size_t i = 0;

	while (i < COUNT_OF(options) && options[i].letter != letter)
		i++;
	return i;
}

/* One word of options; *at is moved over a value in the next word. */
static int
take_word(struct sendmail *s, int argc, char **argv, int *at)
{
	const char *word = argv[*at];

	if (strcmp(word, "-verp") == 0)
		return EXIT_GOOD;
	for (const char *p = word + 1; *p; p++) {
		size_t i = find_option(*p);
		int status;

		if (i == COUNT_OF(options)) {
			cmd_complain("sendmail", "unknown option -%c\n%s", *p, usage);
			return EXIT_USAGE;
		}
		if (options[i].takes == TAKES_NO) {
			options[i].fn(s, NULL);
			continue;
		}
		if (options[i].takes == TAKES_VALUE && !p[1] && *at + 1 == argc) {
			cmd_complain("sendmail", "-%c needs a value\n%s", *p, usage);
			return EXIT_USAGE;
		}
		if (options[i].takes == TAKES_VALUE && !p[1])
			status = options[i].fn(s, argv[++*at]);
		else
			status = options[i].fn(s, p + 1);
		return status;
	}
	return EXIT_GOOD;
}

/* ---- other programs ---- */

/* Runs name beside our own program, else where it was installed. Does not come back when there is
 * one. */
static int
run_other(const char *self, const char *name)
{
	const char *slash = strrchr(self, '/');
	char path[PATHS_MAX + 64];
	const char *const argv[] = {name, NULL};

	if (slash) {
		snprintf(path, sizeof(path), "%.*s/%s", (int)(slash - self), self, name);
		execv(path, (char *const *)(uintptr_t)argv);
	}
	snprintf(path, sizeof(path), "%s/%s", BUILD_BIN_DIR, name);
	execv(path, (char *const *)(uintptr_t)argv);
	cmd_complain("sendmail", "%s: found no such program", path);
	return EXIT_UNAVAILABLE;
}

/* ---- main ---- */

static bool
load_names(struct sendmail *s)
{
	struct conf_source src = {.dir = s->paths.conf_dir};
	struct conf_report report;
	enum st st;

	conf_report_init(&report);
	src.dirfd = open(s->paths.conf_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	st = conf_load_names(&src, &s->conf, &report);
	if (st != ST_OK && report.first)
		cmd_complain("sendmail", "%s:%u: %s", report.first->file, report.first->line,
		    report.first->text);
	if (src.dirfd >= 0)
		close(src.dirfd);
	conf_report_fini(&report);
	return st == ST_OK;
}

static int
set_sender(struct sendmail *s)
{
	static const char *const users[] = {"MAILSUSER", "MAILUSER", "LOGNAME", "USER", NULL};
	const char *host = getenv("MAILSHOST");

	if (s->from && (!*s->from || strcmp(s->from, "<>") == 0))
		return EXIT_GOOD;
	if (!host || !*host)
		host = getenv("MAILHOST");
	if (s->from)
		s->sender = sendmail_qualify(s, sl_str(s->from));
	else
		s->sender = sendmail_address(s, sendmail_user(s, users), sl_str(host));
	if (s->sender.p)
		return EXIT_GOOD;
	cmd_complain("sendmail", "found no address in \"%s\"", s->from ? s->from : "LOGNAME");
	return EXIT_NOUSER;
}

static int
by_text(const void *a, const void *b)
{
	return sl_cmp(*(const struct slice *)a, *(const struct slice *)b);
}

/* One copy for each, however often it was named. */
static void
drop_doubles(struct sendmail_rcpts *r)
{
	uint32_t n = 0;

	qsort(r->v, r->n, sizeof(*r->v), by_text);
	for (uint32_t i = 0; i < r->n; i++)
		if (i == 0 || !sl_eq(r->v[i], r->v[i - 1]))
			r->v[n++] = r->v[i];
	r->n = n;
}

static int
submit(struct sendmail *s, int argc, char **argv)
{
	int status;

	if (!load_names(s))
		return EXIT_CONFIG;
	s->from_header = s->from_header || argc == 0;
	status = set_sender(s);
	for (int i = 0; i < argc && status == EXIT_GOOD; i++)
		status = sendmail_add_rcpts(s, sl_str(argv[i]));
	if (status == EXIT_GOOD)
		status = sendmail_read_head(s);
	if (status != EXIT_GOOD)
		return status;
	if (s->rcpts.n == 0) {
		cmd_complain(
		    "sendmail", "found no recipients, neither as arguments nor in the header");
		return EXIT_USAGE;
	}
	drop_doubles(&s->rcpts);
	/* A message that fits in here is known in full before the server is asked. */
	while (s->in.out.n < KNOWN_MAX && input_fill(&s->in))
		continue;
	return sendmail_deliver(s);
}

/* The words before the recipients; the index of the first recipient, or -1 with *status. */
static int
read_options(struct sendmail *s, int argc, char **argv, int *status)
{
	int at;

	for (at = 1; at < argc && argv[at][0] == '-' && argv[at][1]; at++) {
		if (strcmp(argv[at], "--") == 0)
			return at + 1;
		if (strncmp(argv[at], "-q", 2) == 0) /* the server runs its queue itself */
			*status = EXIT_GOOD;
		else if (strcmp(argv[at], "-bp") == 0)
			*status = run_other(argv[0], "mailq");
		else if (strcmp(argv[at], "-bi") == 0 || strcmp(argv[at], "-I") == 0)
			*status = run_other(argv[0], "newaliases");
		else if ((*status = take_word(s, argc, argv, &at)) == EXIT_GOOD)
			continue;
		return -1;
	}
	return at;
}

int
main(int argc, char **argv)
{
	struct sendmail s = {.smtp = false};
	int status = EXIT_GOOD, first = read_options(&s, argc, argv, &status);

	if (first < 0)
		return status;
	signal(SIGPIPE, SIG_IGN);
	cmd_paths(&s.paths);
	if (s.smtp)
		return sendmail_relay(&s);
	s.arena = arena_new("sendmail", (size_t)64 << 20);
	s.rcpts.v = arena_get_array(s.arena, SENDMAIL_RCPTS_MAX, sizeof(*s.rcpts.v));
	buf_init(&s.head, SENDMAIL_HEADER_MAX + 65536);
	input_init(&s.in, STDIN_FILENO);
	status = submit(&s, argc - first, argv + first);
	if (status != EXIT_GOOD)
		input_drain(&s.in);
	input_fini(&s.in);
	buf_fini(&s.head);
	conf_fini(&s.conf);
	arena_free(s.arena);
	return status;
}
