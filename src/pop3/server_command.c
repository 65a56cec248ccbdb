/*
 * The commands of the transaction state as rows: RFC 1939 section 5, RFC 2449 section 5.
 */
#include "base/attr.h"
#include "pop3/server_int.h"

struct command_row {
	const char *verb;
	unsigned args_min, args_max;
	void (*run)(struct pop3_server *s, struct slice args);
};

static void
cmd_noop(struct pop3_server *s, struct slice args)
{
	(void)args;
	pop3_ok(&s->out, "%s", ""); /* R1939-5-o */
}

/* R2449-5-a */
static void
cmd_capa(struct pop3_server *s, struct slice args)
{
	(void)args;
	pop3_capa_put(&s->out, &s->o.capa);
}

static void
goodbye(struct pop3_server *s)
{
	if (s->marked)
		pop3_ok(
		    &s->out, "%.*s closing, %zu removed", SL_FMT(s->o.host), s->marked);
	else
		pop3_ok(&s->out, "%.*s closing", SL_FMT(s->o.host));
	pop_close(s, ENGINE_WHY_QUIT); /* R1939-6-d */
}

/* R1939-6-a, R1939-6-b */
static void
cmd_quit(struct pop3_server *s, struct slice args)
{
	size_t *deleted = NULL, n = 0;

	(void)args;
	if (s->marked == 0 && !s->retrieved) {
		goodbye(s);
		return;
	}
	if (s->marked)
		deleted = arena_get_array(s->arena, s->marked, sizeof(*deleted));
	if (s->marked && !deleted) {
		pop3_err(&s->out, "SYS/TEMP", "No message removed: out of memory for this session");
		s->marked = 0;
		pop_close(s, ENGINE_WHY_LIMIT);
		return;
	}
	for (size_t i = 0; i < s->drop.count && n < s->marked; i++)
		if (pop_is_marked(s, i))
			deleted[n++] = i;
	s->commit = (struct pop3_commit){.deleted = deleted, .count = n};
	s->quitting = true;
	pop_ask(s, POP3_ASK_COMMIT, &s->commit);
}

/* R1939-6-c, R1939-6-d: the positive answer comes when the removal is durable, not before. */
void
pop_commit_answer(struct pop3_server *s, const struct engine_answer *a)
{
	if (a->fault.st == ST_OK) {
		goodbye(s);
		return;
	}
	pop3_fault(&s->out, &a->fault, "Some deleted messages not removed");
	s->marked = 0;
	pop_close(s, ENGINE_WHY_QUIT);
}

/* R1939-3-f, R2595-4-b, R5034-4-g, R4422-3.8-a: they belong to the state before the login. */
static void
cmd_too_late(struct pop3_server *s, struct slice args)
{
	(void)args;
	pop_bad(s, "Already logged in");
}

/*
 * Arguments: R1939-3-e, R1939-5-q. A verb counts in any case: R1939-3-a.
 */
static const struct command_row command_rows[] = {
	{"RETR", 1, 1, pop_retr},
	{"DELE", 1, 1, pop_dele},
	{"UIDL", 0, 1, pop_uidl},
	{"LIST", 0, 1, pop_list},
	{"TOP", 2, 2, pop_top},
	{"STAT", 0, 0, pop_stat},
	{"NOOP", 0, 0, cmd_noop},
	{"RSET", 0, 0, pop_rset},
	{"QUIT", 0, 0, cmd_quit},
	{"CAPA", 0, 0, cmd_capa},
	{"USER", 0, 99, cmd_too_late},
	{"PASS", 0, 99, cmd_too_late},
	{"AUTH", 0, 99, cmd_too_late},
	{"APOP", 0, 99, cmd_too_late},
	{"STLS", 0, 99, cmd_too_late},
};

/* How many arguments there are; two blanks in a row are an empty one, which is no argument. */
static bool
args_count(struct slice args, unsigned *count)
{
	struct slice arg;

	for (*count = 0; args.n; (*count)++) {
		sl_cut(&args, ' ', &arg);
		if (arg.n == 0)
			return false;
	}
	return true;
}

/* R1939-3-e, R1939-5-a, R2449-6.6-a */
void
pop_command(struct pop3_server *s, struct slice line)
{
	struct slice verb;
	unsigned count;
	bool well_formed;

	while (line.n && line.p[line.n - 1] == ' ')
		line.n--;
	sl_cut(&line, ' ', &verb);
	well_formed = args_count(line, &count);
	for (size_t i = 0; i < COUNT_OF(command_rows); i++) {
		const struct command_row *row = &command_rows[i];

		if (!sl_ieq(verb, sl_str(row->verb)))
			continue;
		if (row->run == cmd_too_late) {
			cmd_too_late(s, line);
		} else if (!well_formed || count < row->args_min || count > row->args_max) {
			pop_bad(s, row->args_max ? "Wrong arguments" : "No argument expected");
		} else {
			s->errors_in_row = 0;
			row->run(s, line);
		}
		return;
	}
	pop_bad(s, "Unknown command");
}
