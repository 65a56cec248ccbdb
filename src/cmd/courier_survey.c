/*
 * courier status, who, kick, revoke: every process is asked, master hands on what each says. What
 * comes may be written by a process of a user: it is one line for one thing, without signs that a
 * terminal obeys, and in front of it stands what master knows about who said it.
 */
#include "cmd/courier.h"

#include <stdio.h>

#include "base/buf.h"
#include "cmd/cmd.h"

#define TEXT_MAX ((size_t)1 << 30)

enum { ASK_STATUS, ASK_WHO, ASK_KICK, ASK_REVOKE }; /* of the frame ask_status */

struct survey {
	uint32_t what;
	struct buf processes, said;
	size_t sessions;
};

static void
put_clean(struct slice s, struct buf *out)
{
	for (size_t i = 0; i < s.n; i++)
		buf_put_byte(out, s.p[i] < ' ' || s.p[i] == 127 ? '?' : s.p[i]);
}

static void
take_process(struct survey *v, const struct ipc_cmd_process *m)
{
	static const char *const stages[] = {"WAITS-TO-START", "starting", "ready", "draining"};

	buf_fmt(&v->processes, "process=%.*s.%u pid=%llu state=%s sandbox=", SL_FMT(m->role),
	    (unsigned)m->index, (unsigned long long)m->pid,
	    m->stage < COUNT_OF(stages) ? stages[m->stage] : "-");
	put_clean(m->sandbox.n ? m->sandbox : SL("-"), &v->processes);
	buf_fmt(&v->processes, " up=%llus", (unsigned long long)m->up_sec);
	if (m->key.n) {
		buf_put_str(&v->processes, " for=");
		put_clean(m->key, &v->processes);
	}
	if (m->failed.n) {
		buf_put_str(&v->processes, " failed=");
		put_clean(m->failed, &v->processes);
	}
	buf_put_byte(&v->processes, '\n');
}

/* "session=17 ..." becomes "session=imapd.3.17 pid=812 ..." */
static void
take_line(struct survey *v, const struct ipc_cmd_part *m, struct slice line)
{
	struct slice number;

	if (v->what == ASK_STATUS) {
		buf_fmt(&v->said, "%.*s.%u.", SL_FMT(m->role), (unsigned)m->index);
	} else {
		sl_cut(&line, '=', &number);
		sl_cut(&line, ' ', &number);
		buf_fmt(&v->said, "session=%.*s.%u.", SL_FMT(m->role), (unsigned)m->index);
		put_clean(number, &v->said);
		buf_fmt(&v->said, " pid=%llu ", (unsigned long long)m->pid);
		v->sessions++;
	}
	put_clean(line, &v->said);
	buf_put_byte(&v->said, '\n');
}

static void
take_part(void *arg, uint16_t type, const void *message)
{
	struct survey *v = arg;

	if (type == IPC_cmd_process) {
		take_process(v, message);
	} else if (type == IPC_cmd_part) {
		const struct ipc_cmd_part *m = message;
		struct slice rest = m->text, line;

		while (rest.n) {
			sl_cut(&rest, '\n', &line);
			take_line(v, m, line);
		}
	}
}

static void
print(const struct buf *b)
{
	if (b->n)
		fwrite(b->p, 1, b->n, stdout);
}

/* The end of a status is its beginning: version, configuration. Of the others only what is amiss.
 */
static void
take_end(void *arg, struct slice text)
{
	struct survey *v = arg;
	struct slice line;

	while (text.n) {
		sl_cut(&text, '\n', &line);
		if (v->what == ASK_STATUS || sl_starts(line, SL("unanswered=")))
			printf("%.*s\n", SL_FMT(line));
	}
	print(&v->processes);
	print(&v->said);
}

static int
survey(uint32_t what, const char *name, size_t *sessions)
{
	struct survey v = {.what = what};
	struct courier_reply r = {.part = take_part, .end = take_end, .arg = &v};
	int status;

	buf_init(&v.processes, TEXT_MAX);
	buf_init(&v.said, TEXT_MAX);
	status = courier_ask("control/master", IPC_cmd_status,
	    &(struct ipc_cmd_status){.what = what, .name = sl_str(name)}, &r);
	buf_fini(&v.processes);
	buf_fini(&v.said);
	*sessions = v.sessions;
	return status;
}

int
cmd_status(int argc, char **argv)
{
	size_t n;

	(void)argc;
	(void)argv;
	return survey(ASK_STATUS, "", &n);
}

int
cmd_who(int argc, char **argv)
{
	size_t n;

	(void)argc;
	(void)argv;
	return survey(ASK_WHO, "", &n);
}

static int
end_sessions(int argc, char **argv, uint32_t what, const char *expected)
{
	size_t n;
	int status;

	if (argc != 2 || !*argv[1]) {
		cmd_complain("courier", "%s: expected %s", argv[0], expected);
		return EXIT_USAGE;
	}
	status = survey(what, argv[1], &n);
	if (status == EXIT_GOOD)
		printf("ended=%zu\n", n);
	return status;
}

int
cmd_kick(int argc, char **argv)
{
	return end_sessions(
	    argc, argv, ASK_KICK, "an account, an IP address or a session as courier who shows it");
}

int
cmd_revoke(int argc, char **argv)
{
	return end_sessions(argc, argv, ASK_REVOKE, "an account");
}
