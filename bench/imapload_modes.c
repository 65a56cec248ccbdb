/*
 * imapload_modes.c - what a client does in each mode.
 */
#include "imapload_calls.h"

#include <stdlib.h>
#include <string.h>

int
text_begins(const char *text, size_t n, const char *word)
{
	size_t len = strlen(word);

	return n >= len && memcmp(text, word, len) == 0;
}

int
text_holds(const char *text, size_t n, const char *word)
{
	size_t len = strlen(word), i;

	for (i = 0; i + len <= n; i++)
		if (text[i] == word[0] && memcmp(text + i, word, len) == 0)
			return 1;
	return 0;
}

int64_t
text_number(const char *text, size_t n, size_t *at)
{
	int64_t v = 0;
	size_t i = *at;

	while (i < n && text[i] >= '0' && text[i] <= '9' && i - *at < 18)
		v = v * 10 + (text[i++] - '0');
	if (i == *at)
		return -1;
	*at = i;
	return v;
}

static void
send_login(struct load *load, struct client *c)
{
	char line[600];

	if (load->plan.mode->pop3)
		snprintf(line, sizeof line, "USER %s", client_user(load, c));
	else
		snprintf(line, sizeof line, "LOGIN %s %s", client_user(load, c),
		    load->plan.password);
	client_command(load, c, load->plan.mode->pop3 ? "USER" : "LOGIN", line);
}

static void
send_password(struct load *load, struct client *c)
{
	char line[600];

	snprintf(line, sizeof line, "PASS %s", load->plan.password);
	client_command(load, c, "PASS", line);
}

static void
exists_untagged(struct load *load, struct client *c, const struct reply *r)
{
	size_t at = 2;
	int64_t v = text_number(r->text, r->n, &at);

	(void)load;
	if (v >= 0 && text_begins(r->text + at, r->n - at, " EXISTS"))
		c->exists = v;
}

/* --- logins: connect, LOGIN, SELECT, LOGOUT --- */

static void
logins_ready(struct load *load, struct client *c)
{
	switch (c->stage++) {
	case 0:
		send_login(load, c);
		break;
	case 1:
		client_command(load, c, "SELECT", "SELECT INBOX");
		break;
	default:
		client_end(load, c);
	}
}

static void
pop3_logins_ready(struct load *load, struct client *c)
{
	switch (c->stage++) {
	case 0:
		send_login(load, c);
		break;
	case 1:
		send_password(load, c);
		break;
	default:
		client_end(load, c);
	}
}

/* --- commands, one after the other --- */

static const char *const select_commands[] = { "SELECT INBOX", "CLOSE", "SELECT INBOX", NULL };
static const char *const fetch_commands[] = {
	"SELECT INBOX", "FETCH 1:* (UID FLAGS)", "FETCH 1:* (ENVELOPE BODYSTRUCTURE)",
	"FETCH 1:* (ENVELOPE BODYSTRUCTURE)", "FETCH 1:* (BODY.PEEK[])", NULL
};
static const char *const store_commands[] = {
	"SELECT INBOX", "STORE 1:* +FLAGS (\\Seen)", "STORE 1:* -FLAGS.SILENT (\\Seen)", NULL
};
static const char *const expunge_commands[] = {
	"SELECT INBOX", "STORE 1:%H +FLAGS.SILENT (\\Deleted)", "EXPUNGE", NULL
};
static const char *const search_commands[] = {
	"SELECT INBOX", "SEARCH SUBJECT token", "SEARCH UNSEEN", "SEARCH BODY needle",
	"SEARCH TEXT needle", NULL
};

/* Writes the command with %H as half of the messages, %N as all of them. */
static void
fill_command(const struct client *c, const char *command, char *line, size_t room)
{
	const char *p = strchr(command, '%');
	long long v = (long long)c->exists;

	if (p == NULL || (p[1] != 'H' && p[1] != 'N'))
		snprintf(line, room, "%s", command);
	else
		snprintf(line, room, "%.*s%lld%s", (int)(p - command), command,
		    p[1] == 'H' ? v / 2 : v, p + 2);
}

static void
commands_ready(struct load *load, struct client *c)
{
	const char *const *list = load->plan.mode->commands;
	const char *command;
	char line[1000];

	if (c->stage++ == 0) {
		send_login(load, c);
		return;
	}
	if (list != NULL)
		command = list[c->at];
	else
		command = c->at < load->plan.ncommands ? load->plan.commands[c->at] : NULL;
	c->at++;
	if (command == NULL) {
		client_end(load, c);
		return;
	}
	fill_command(c, command, line, sizeof line);
	client_command(load, c, command, line);
}

/* --- idle, latency: log in, select, wait --- */

static void
idle_ready(struct load *load, struct client *c)
{
	switch (c->stage++) {
	case 0:
		send_login(load, c);
		break;
	case 1:
		client_command(load, c, "SELECT", "SELECT INBOX");
		break;
	case 2:
		client_command(load, c, "IDLE", "IDLE");
		break;
	default:
		client_end(load, c);
	}
}

static void
idle_more(struct load *load, struct client *c)
{
	if (!c->idling)
		load->ready++;
	c->idling = 1;
}

static void
idle_untagged(struct load *load, struct client *c, const struct reply *r)
{
	int64_t before = c->exists;

	exists_untagged(load, c, r);
	if (c->idling && c->got == 0 && c->exists > before) {
		c->got = 1;
		load->stats.messages++;
	}
}

static void
latency_untagged(struct load *load, struct client *c, const struct reply *r)
{
	int64_t before = c->exists;

	exists_untagged(load, c, r);
	if (c->exists > before && c->idling && load->heard == c->number && load->heard_ns == 0)
		load->heard_ns = load_now_ns();
}

/* --- RETR --- */

static void
retr_ready(struct load *load, struct client *c)
{
	char line[40];

	switch (c->stage) {
	case 0:
		if (c->outstanding > 0)
			return;
		send_login(load, c);
		c->stage = 1;
		return;
	case 1:
		if (c->outstanding > 0)
			return;
		send_password(load, c);
		c->stage = 2;
		return;
	case 2:
		if (c->outstanding > 0)
			return;
		client_command(load, c, "STAT", "STAT");
		c->stage = 3;
		return;
	default:
		break;
	}
	if (c->outstanding == 0 && c->asked == 0)
		load->stats.first_ns = load->stats.messages == 0 ? load_now_ns() :
		    load->stats.first_ns;
	c->needs_more = 1;
	while (c->asked < c->exists && c->outstanding < load->plan.window) {
		snprintf(line, sizeof line, "RETR %lld", (long long)++c->asked);
		client_command(load, c, "RETR", line);
	}
	if (c->outstanding == 0) {
		c->needs_more = 0;
		client_end(load, c);
	}
}

static void
retr_untagged(struct load *load, struct client *c, const struct reply *r)
{
	size_t at = 4;

	if (c->stage == 3 && !c->needs_more && text_begins(r->text, r->n, "+OK "))
		c->exists = text_number(r->text, r->n, &at);
	if (c->needs_more && c->state == CLIENT_OPEN) {
		load->stats.messages++;
		c->got++;
	}
}

/* --- the table --- */

#define ROW .ready = commands_ready, .untagged = exists_untagged, .comes_again = load_never

static const struct mode modes[] = {
	{ .name = "logins", .help = "connect, LOGIN, SELECT, LOGOUT, close are one operation",
	  .operation_is_cycle = 1, .ready = logins_ready, .comes_again = load_begin },
	{ .name = "select", .help = "SELECT, CLOSE and SELECT again", ROW,
	  .commands = select_commands },
	{ .name = "fetch", .help = "FETCH of FLAGS, ENVELOPE BODYSTRUCTURE (twice), BODY[]", ROW,
	  .commands = fetch_commands },
	{ .name = "store", .help = "STORE to all messages", ROW, .commands = store_commands },
	{ .name = "expunge", .help = "EXPUNGE of half of the messages", ROW,
	  .commands = expunge_commands },
	{ .name = "search", .help = "SEARCH by subject, flag, content", ROW,
	  .commands = search_commands },
	{ .name = "commands", .help = "the commands of --command", ROW },
	{ .name = "stress", .help = "random commands; each reply is checked against a model",
	  .ready = stress_ready, .untagged = stress_untagged, .more = stress_more,
	  .tolerates = stress_tolerates, .begins = stress_begins,
	  .comes_again = load_wants_more },
	{ .name = "idle",
	  .help = "LOGIN, SELECT, IDLE; prints \"ready N\"; holds until stdin ends,\n"
	  "            says \"heard N\" for each line of it: sessions with new mail",
	  .ready = idle_ready, .untagged = idle_untagged, .more = idle_more,
	  .comes_again = load_never },
	{ .name = "latency", .help = "time from a delivery to EXISTS at a client that idles",
	  .ready = idle_ready, .untagged = latency_untagged, .more = idle_more,
	  .comes_again = load_never },
	{ .name = "pop3", .help = "connect, USER, PASS, QUIT, close are one operation",
	  .pop3 = 1, .operation_is_cycle = 1, .ready = pop3_logins_ready,
	  .comes_again = load_begin },
	{ .name = "retr", .help = "POP3: RETR of each message, --window of them sent ahead",
	  .pop3 = 1, .ready = retr_ready, .untagged = retr_untagged,
	  .comes_again = load_never },
	{ .name = NULL }
};

const struct mode *
mode_find(const char *name)
{
	const struct mode *m;

	for (m = modes; m->name != NULL; m++)
		if (strcmp(m->name, name) == 0)
			return m;
	return NULL;
}

void
modes_print(FILE *f)
{
	const struct mode *m;

	for (m = modes; m->name != NULL; m++)
		fprintf(f, "  %-9s %s\n", m->name, m->help);
}
