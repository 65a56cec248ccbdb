/*
 * imapload_stress.c - random commands, each reply checked against what the client knows.
 *
 * Checked besides OK: the number of messages shrinks by EXPUNGE alone, and not while FETCH, STORE
 * or SEARCH run (RFC 3501, 7.4.1); message numbers exist; the UID of a message never changes and
 * UIDs ascend; UIDVALIDITY stays; the size and the octets of a UID are the same whenever and by
 * whomever they are asked for.  Other clients expunge: NO [EXPUNGEISSUED] is no error.
 */
#include "imapload_calls.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	VIEW_MAX = 20000,		/* messages of one mailbox */
	FACTS_BITS = 20,
	KEEP_MIN = 30, KEEP_MAX = 400	/* messages: below APPEND, above delete */
};

/* What one client knows about its selected mailbox. */
struct mailbox_view {
	int64_t exists, uidvalidity, uidnext;
	uint32_t uid[VIEW_MAX];		/* 0: not known */
	int numbers_fixed;		/* a command runs that allows no EXPUNGE */
	int selected;
	int folders;			/* made so far */
	int folder_stage;
};

/* What is known about a UID of an account, by any client. */
struct message_fact {
	uint64_t key;			/* account and UID; 0: free */
	int64_t size;			/* -1: not known */
	uint64_t hash;			/* of BODY[], 0: not known */
};

static struct message_fact *facts;
static int64_t *validities;		/* of INBOX, by account */

static uint64_t
client_random(struct client *c)
{
	/* xorshift64*: the same seed gives the same commands */
	c->random ^= c->random >> 12;
	c->random ^= c->random << 25;
	c->random ^= c->random >> 27;
	return c->random * UINT64_C(2685821657736338717);
}

static int64_t
below(struct client *c, int64_t n)
{
	return n > 0 ? (int64_t)((client_random(c) >> 11) % (uint64_t)n) : 0;
}

static struct message_fact *
fact_of(const struct load *load, const struct client *c, uint32_t uid)
{
	uint64_t account = (uint64_t)c->number % load->plan.nusers + 1;
	uint64_t key = account << 32 | uid;
	size_t mask = ((size_t)1 << FACTS_BITS) - 1;
	size_t at = (size_t)(key * UINT64_C(0x9E3779B97F4A7C15) >> 20) & mask, tries;

	for (tries = 0; tries < 1000; tries++, at = (at + 1) & mask) {
		if (facts[at].key == key)
			return &facts[at];
		if (facts[at].key == 0) {
			facts[at].key = key;
			facts[at].size = -1;
			return &facts[at];
		}
	}
	return NULL;
}

static void
wrong(struct load *load, const char *what, const struct reply *r)
{
	stats_error(&load->stats, what, r->text, r->n);
}

void
stress_begins(struct load *load, struct client *c)
{
	uint64_t seed = (uint64_t)load->plan.seed;

	if (facts == NULL) {
		facts = calloc((size_t)1 << FACTS_BITS, sizeof *facts);
		validities = calloc(load->plan.nusers, sizeof *validities);
		if (facts == NULL || validities == NULL)
			load_die("out of memory", "calloc");
	}
	if (c->view == NULL) {
		c->view = load_realloc(NULL, sizeof *c->view);
		memset(c->view, 0, sizeof *c->view);
		c->random = (seed + 1) * UINT64_C(0x9E3779B97F4A7C15) +
		    (uint64_t)c->number * UINT64_C(0xD1B54A32D192ED03);
		c->random |= 1;
	}
	c->view->selected = 0;
}

void
stress_fini(struct client *c)
{
	free(c->view);
	c->view = NULL;
}

/* --- what comes back --- */

static void
on_exists(struct load *load, struct client *c, int64_t n, const struct reply *r)
{
	struct mailbox_view *v = c->view;

	if (n < v->exists && v->selected)
		wrong(load, "EXISTS shrinks", r);
	if (n > VIEW_MAX)
		load_die("stress", "a mailbox with more than 20,000 messages");
	for (; v->exists < n; v->exists++)
		v->uid[v->exists] = 0;
	v->exists = n;
}

static void
on_expunge(struct load *load, struct client *c, int64_t n, const struct reply *r)
{
	struct mailbox_view *v = c->view;

	if (v->numbers_fixed)
		wrong(load, "EXPUNGE during a command that forbids it", r);
	if (c->outstanding == 0)
		wrong(load, "EXPUNGE with no command in progress", r);
	if (n < 1 || n > v->exists) {
		wrong(load, "EXPUNGE of a number that does not exist", r);
		return;
	}
	memmove(&v->uid[n - 1], &v->uid[n], (size_t)(v->exists - n) * sizeof v->uid[0]);
	v->exists--;
}

/* The number behind a word such as " UID ", or -1. */
static int64_t
number_behind(const struct reply *r, const char *word)
{
	size_t len = strlen(word), i;

	for (i = 0; i + len < r->n; i++) {
		if (memcmp(r->text + i, word, len) == 0) {
			i += len;
			return text_number(r->text, r->n, &i);
		}
	}
	return -1;
}

static void
check_uid(struct load *load, struct client *c, int64_t n, uint32_t uid, const struct reply *r)
{
	struct mailbox_view *v = c->view;
	int64_t i;

	if (v->uid[n - 1] != 0 && v->uid[n - 1] != uid)
		wrong(load, "the UID of a message changed", r);
	v->uid[n - 1] = uid;
	for (i = n - 2; i >= 0 && i > n - 5; i--)
		if (v->uid[i] != 0 && v->uid[i] >= uid)
			wrong(load, "UIDs do not ascend", r);
	for (i = n; i < v->exists && i < n + 4; i++)
		if (v->uid[i] != 0 && v->uid[i] <= uid)
			wrong(load, "UIDs do not ascend", r);
}

static void
on_fetch(struct load *load, struct client *c, int64_t n, const struct reply *r)
{
	struct mailbox_view *v = c->view;
	int64_t uid, size = -1;
	struct message_fact *fact;
	uint64_t hash = 0;

	if (n < 1 || n > v->exists) {
		wrong(load, "FETCH of a number that does not exist", r);
		return;
	}
	uid = number_behind(r, "UID ");
	if (uid > 0)
		check_uid(load, c, n, (uint32_t)uid, r);
	if (v->uid[n - 1] == 0)
		return;
	size = number_behind(r, "RFC822.SIZE ");
	if (r->literals == 1 && text_holds(r->text, r->n, "BODY[] {")) {
		if (size >= 0 && size != r->literal_bytes)
			wrong(load, "RFC822.SIZE is not the size of BODY[]", r);
		size = r->literal_bytes;
		hash = r->literal_hash;
	}
	fact = fact_of(load, c, v->uid[n - 1]);
	/* No octets: another client expunged it (RFC 2180, 4.1.3). */
	if (fact == NULL || size <= 0)
		return;
	if (fact->size >= 0 && fact->size != size)
		wrong(load, "a message has another size than before", r);
	if (hash != 0 && fact->hash != 0 && fact->hash != hash)
		wrong(load, "a message has other octets than before", r);
	fact->size = size;
	if (hash != 0)
		fact->hash = hash;
}

static void
on_validity(struct load *load, struct client *c, int64_t validity, const struct reply *r)
{
	int64_t *known = &validities[(size_t)c->number % load->plan.nusers];

	if (*known != 0 && *known != validity)
		wrong(load, "UIDVALIDITY changed", r);
	*known = validity;
}

void
stress_untagged(struct load *load, struct client *c, const struct reply *r)
{
	size_t at = 2;
	int64_t n = text_number(r->text, r->n, &at);
	const char *rest = r->text + at;
	size_t left = r->n - at;

	if (n >= 0 && text_begins(rest, left, " FETCH "))
		on_fetch(load, c, n, r);
	else if (n >= 0 && text_begins(rest, left, " EXISTS"))
		on_exists(load, c, n, r);
	else if (n >= 0 && text_begins(rest, left, " EXPUNGE"))
		on_expunge(load, c, n, r);
	else if (text_begins(r->text, r->n, "* OK [UIDVALIDITY "))
		on_validity(load, c, number_behind(r, "[UIDVALIDITY "), r);
	else if (text_begins(r->text, r->n, "* BAD"))
		wrong(load, "untagged BAD", r);
}

int
stress_tolerates(struct load *load, struct client *c, const struct reply *r)
{
	(void)load;
	(void)c;
	return text_holds(r->text, r->n, "[EXPUNGEISSUED]");
}

/* --- what is sent --- */

/* The literal of APPEND goes out, or IDLE ends. */
void
stress_more(struct load *load, struct client *c)
{
	char text[6000];
	size_t n = (size_t)c->asked, i;

	if (strcmp(load->stats.kinds[c->kind].name, "IDLE") == 0) {
		client_put(c, "DONE\r\n", 6);
		return;
	}
	i = (size_t)snprintf(text, sizeof text, "From: stress@sender.test\r\nSubject: stress %d\r\n"
	    "Message-ID: <%llx@stress.test>\r\n\r\n", c->number,
	    (unsigned long long)client_random(c));
	for (; i < n; i++)
		text[i] = i % 72 == 70 ? '\r' : i % 72 == 71 ? '\n' : (char)('a' + i % 26);
	memcpy(text + n - 2, "\r\n", 2);
	client_put(c, text, n);
	client_put(c, "\r\n", 2);
}

static void
send_append(struct load *load, struct client *c)
{
	char line[100];

	c->asked = 400 + below(c, 4000);
	/* no lone CR or LF at the cut */
	if (c->asked % 72 == 1 || c->asked % 72 == 0)
		c->asked += 4;
	snprintf(line, sizeof line, "APPEND INBOX (\\Draft) {%lld}", (long long)c->asked);
	client_command(load, c, "APPEND", line);
}

/* A range of at most `most` messages, as "N" or "N:M". */
static void
random_range(struct client *c, int64_t most, char *text, size_t room)
{
	int64_t first = 1 + below(c, c->view->exists);
	int64_t last = first + below(c, most);

	if (last > c->view->exists)
		last = c->view->exists;
	if (last <= first)
		snprintf(text, room, "%lld", (long long)first);
	else
		snprintf(text, room, "%lld:%lld", (long long)first, (long long)last);
}

/* A command about messages: %s is a range of message numbers or of UIDs. */
struct template {
	int weight;
	const char *kind, *form;
	int64_t most;			/* messages; 0: no range */
	int needs_messages;
	int numbers_fixed;
};

static const struct template templates[] = {
	{ 12, "FETCH FLAGS", "FETCH %s (FLAGS)", 50, 1, 1 },
	{ 8, "FETCH UID SIZE", "FETCH %s (UID FLAGS INTERNALDATE RFC822.SIZE)", 50, 1, 1 },
	{ 8, "FETCH ENVELOPE", "FETCH %s (UID ENVELOPE BODYSTRUCTURE)", 20, 1, 1 },
	{ 10, "FETCH BODY[]", "FETCH %s (UID RFC822.SIZE BODY.PEEK[])", 5, 1, 1 },
	{ 5, "FETCH HEADER", "FETCH %s (UID BODY.PEEK[HEADER.FIELDS (SUBJECT FROM)])", 20, 1, 1 },
	{ 3, "FETCH partial", "FETCH %s BODY.PEEK[TEXT]<10.200>", 3, 1, 1 },
	{ 10, "STORE +FLAGS", "STORE %s +FLAGS (\\Seen \\Flagged)", 10, 1, 1 },
	{ 6, "STORE -FLAGS", "STORE %s -FLAGS (\\Seen)", 10, 1, 1 },
	{ 3, "STORE keyword", "STORE %s +FLAGS.SILENT ($Stress)", 10, 1, 1 },
	{ 4, "UID FETCH", "UID FETCH 1:%s (FLAGS)", 1, 1, 0 },
	{ 3, "UID FETCH gone", "UID FETCH 4000000000:4000000010 (FLAGS)", 0, 0, 0 },
	{ 5, "SEARCH", "SEARCH UNSEEN FLAGGED", 0, 0, 1 },
	{ 3, "SEARCH SUBJECT", "SEARCH SUBJECT stress", 0, 0, 1 },
	{ 3, "UID SEARCH", "UID SEARCH OR DELETED SINCE 1-Jan-2020", 0, 0, 0 },
	{ 2, "COPY", "COPY %s INBOX", 2, 1, 0 },
	{ 3, "STATUS", "STATUS INBOX (MESSAGES UIDNEXT UNSEEN)", 0, 0, 0 },
	{ 2, "LIST", "LIST \"\" *", 0, 0, 0 },
	{ 6, "NOOP", "NOOP", 0, 0, 0 },
	{ 1, "CHECK", "CHECK", 0, 0, 0 },
	{ 2, "IDLE", "IDLE", 0, 0, 0 },
	{ 0, NULL, NULL, 0, 0, 0 }
};

static void
send_template(struct load *load, struct client *c, const struct template *t)
{
	char range[64] = "", line[200];
	const char *mark = strstr(t->form, "%s");

	if (t->needs_messages && c->view->exists == 0) {
		client_command(load, c, "NOOP", "NOOP");
		return;
	}
	if (t->most > 0)
		random_range(c, t->most, range, sizeof range);
	c->view->numbers_fixed = t->numbers_fixed;
	if (mark == NULL)
		snprintf(line, sizeof line, "%s", t->form);
	else
		snprintf(line, sizeof line, "%.*s%s%s", (int)(mark - t->form), t->form, range,
		    mark + 2);
	client_command(load, c, t->kind, line);
}

static void
send_random(struct load *load, struct client *c)
{
	const struct template *t;
	int64_t sum = 0, pick;

	for (t = templates; t->form != NULL; t++)
		sum += t->weight;
	pick = below(c, sum);
	for (t = templates; pick >= t->weight; t++)
		pick -= t->weight;
	send_template(load, c, t);
}

/* A folder of the client's own is made, renamed and removed, a step at a time. */
static void
send_folder(struct load *load, struct client *c)
{
	static const char *const verbs[] = { "CREATE", "RENAME", "DELETE" };
	struct mailbox_view *v = c->view;
	char line[100];
	int stage = v->folder_stage;

	v->folder_stage = (stage + 1) % 3;
	if (stage == 0)
		v->folders++;
	if (stage == 1)
		snprintf(line, sizeof line, "RENAME INBOX.stress%ld-%d-%dx INBOX.stress%ld-%d-%dy",
		    (long)getpid(), c->number, v->folders, (long)getpid(), c->number,
		    v->folders);
	else
		snprintf(line, sizeof line, "%s INBOX.stress%ld-%d-%d%s", verbs[stage],
		    (long)getpid(), c->number, v->folders, stage == 2 ? "y" : "x");
	client_command(load, c, verbs[stage], line);
}

static void
send_delete(struct load *load, struct client *c)
{
	char range[64], line[100];

	random_range(c, 10, range, sizeof range);
	snprintf(line, sizeof line, "STORE %s +FLAGS.SILENT (\\Deleted)", range);
	c->view->numbers_fixed = 1;
	client_command(load, c, "STORE deleted", line);
}

static void
send_select(struct load *load, struct client *c, const char *command)
{
	c->view->exists = 0;
	c->view->selected = 0;
	client_command(load, c, "SELECT", command);
}

void
stress_ready(struct load *load, struct client *c)
{
	struct mailbox_view *v = c->view;
	char line[600];
	int64_t dice;

	v->numbers_fixed = 0;
	if (c->stage == 0) {
		c->stage = 1;
		snprintf(line, sizeof line, "LOGIN %s %s", client_user(load, c),
		    load->plan.password);
		client_command(load, c, "LOGIN", line);
		return;
	}
	if (c->stage == 1) {
		c->stage = 2;
		send_select(load, c, "SELECT INBOX");
		return;
	}
	v->selected = 1;
	c->stage = 3;
	if (!load_begin(load)) {
		/* What was begun is finished: the account is left without folders of ours. */
		if (v->folder_stage != 0)
			send_folder(load, c);
		else
			client_end(load, c);
		return;
	}
	dice = below(c, 1000);
	if (v->exists < KEEP_MIN || dice < 60)
		send_append(load, c);
	else if (dice < 90 || (v->exists > KEEP_MAX && dice < 400))
		send_delete(load, c);
	else if (dice < 140)
		client_command(load, c, "EXPUNGE", "EXPUNGE");
	else if (dice < 160)
		send_folder(load, c);
	else if (dice < 180)
		send_select(load, c, "SELECT INBOX");
	else if (dice < 220)
		client_end(load, c);
	else
		send_random(load, c);
}
