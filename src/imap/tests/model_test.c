/*
 * Several sessions on one folder do what comes to mind, and each is followed by a client that only
 * counts: EXISTS, EXPUNGE and FETCH must always make sense to it, and in the end its messages are
 * those of the folder. R3501-2.3.1.2-a, R3501-5.2-a, R3501-7.3.1-a, R3501-7.4.1-a, R3501-7.4.1-b
 */
#include "base/arena.h"
#include "base/check.h"
#include "base/num.h"
#include "imap/tests/world.h"

#define SESSIONS 3
#define STEPS 300
#define ROUNDS 40
#define MESSAGES_MAX 4096

/* What a client knows. */
struct client {
	struct drive_conn *c;
	uint32_t uids[MESSAGES_MAX]; /* 0: not told yet */
	size_t count;
	bool may_expunge; /* the command under way allows it */
	bool is_idling;
	unsigned tag;
};

struct play {
	struct imap_world w;
	struct client clients[SESSIONS];
	uint64_t random;
};

static void
exists(struct client *k, uint64_t n)
{
	CHECK(n >= k->count && n <= MESSAGES_MAX);
	while (k->count < n && k->count < MESSAGES_MAX)
		k->uids[k->count++] = 0;
}

static void
expunge(struct client *k, uint64_t n)
{
	CHECK(k->may_expunge);
	if (!CHECK(n >= 1 && n <= k->count))
		return;
	memmove(&k->uids[n - 1], &k->uids[n], (k->count - (size_t)n) * sizeof(k->uids[0]));
	k->count--;
}

/* "n FETCH (UID u ...": the same message as ever. */
static void
fetched(struct client *k, uint64_t n, struct slice rest)
{
	struct slice digits;
	uint64_t uid;

	if (!CHECK(n >= 1 && n <= k->count) || !sl_starts(rest, SL("FETCH (UID ")))
		return;
	digits = sl_skip(rest, sizeof("FETCH (UID ") - 1);
	digits = sl_sub(digits, 0, sl_find(digits, ' '));
	digits = sl_sub(digits, 0, sl_find(digits, ')'));
	if (!CHECK(num_u64(digits, UINT32_MAX, &uid)))
		return;
	CHECK(k->uids[n - 1] == 0 || k->uids[n - 1] == uid);
	k->uids[n - 1] = (uint32_t)uid;
}

/* All that was said; no literals come here. */
static void
listen(struct client *k)
{
	struct slice heard = buf_slice(&k->c->out), line, word;
	uint64_t n;

	while (heard.n) {
		CHECK(sl_cut(&heard, '\n', &line));
		line = sl_trim(line);
		sl_cut(&line, ' ', &word);
		if (!sl_eq(word, SL("*")))
			continue;
		sl_cut(&line, ' ', &word);
		CHECK(!sl_eq(word, SL("BYE")));
		if (!num_u64(word, UINT32_MAX, &n))
			continue;
		if (sl_eq(line, SL("EXISTS")))
			exists(k, n);
		else if (sl_eq(line, SL("EXPUNGE")))
			expunge(k, n);
		else if (sl_starts(line, SL("FETCH")))
			fetched(k, n, line);
	}
	buf_clear(&k->c->out);
}

/* A command, in pieces; what it is answered is heard, and what others heard of it. */
static void
say(struct play *p, struct client *k, bool may_expunge, const char *text)
{
	struct buf line;
	bool more = true;

	buf_init(&line, 65536);
	buf_fmt(&line, "t%u %s\r\n", ++k->tag, text);
	k->may_expunge = may_expunge;
	drive_send(k->c, buf_slice(&line), check_below(&p->random, 3) * 7);
	buf_fini(&line);
	while (more) {
		more = false;
		for (size_t i = 0; i < SESSIONS; i++)
			more = drive_hurry(p->clients[i].c) || more;
	}
	for (size_t i = 0; i < SESSIONS; i++)
		listen(&p->clients[i]);
	k->may_expunge = k->is_idling;
}

/* A set of sequence numbers that exist, or UIDs whether or not. */
static void
put_set(struct play *p, const struct client *k, bool by_uid, struct buf *out)
{
	size_t most = by_uid ? 60 : k->count;

	buf_fmt(out, "%zu", 1 + check_below(&p->random, most));
	if (check_below(&p->random, 2))
		buf_fmt(out, ":%zu", 1 + check_below(&p->random, most));
	if (check_below(&p->random, 4) == 0)
		buf_put(out, SL(",*"));
}

static void
by_set(struct play *p, struct client *k, bool by_uid, const char *verb, const char *arguments,
    bool may_expunge)
{
	struct buf text;

	if (k->count == 0)
		return;
	buf_init(&text, 4096);
	buf_fmt(&text, "%s%s ", by_uid ? "UID " : "", verb);
	put_set(p, k, by_uid, &text);
	buf_put_str(&text, arguments);
	say(p, k, by_uid || may_expunge, buf_str(&text));
	buf_fini(&text);
}

static void
step(struct play *p)
{
	struct client *k = &p->clients[check_below(&p->random, SESSIONS)];
	bool by_uid = check_below(&p->random, 2);

	if (k->is_idling) {
		k->is_idling = false;
		drive_send(k->c, SL("DONE\r\n"), 0);
		say(p, k, true, "NOOP");
		return;
	}
	switch (check_below(&p->random, 12)) {
	case 0:
	case 1:
		say(p, k, true, "APPEND INBOX {5+}\r\nA: b\n");
		break;
	case 2:
	case 3:
		by_set(p, k, by_uid, "STORE", " +FLAGS (\\Deleted)", false);
		break;
	case 4:
		by_set(p, k, by_uid, "STORE", " -FLAGS.SILENT (\\Deleted x)", false);
		break;
	case 5:
		by_set(p, k, by_uid, "STORE", " +FLAGS (x \\Seen)", false);
		break;
	case 6:
		say(p, k, true, "EXPUNGE");
		break;
	case 7:
		by_set(p, k, true, "EXPUNGE", "", true);
		break;
	case 8:
		by_set(p, k, by_uid, "COPY", " INBOX", true);
		break;
	case 9:
		by_set(p, k, by_uid, "FETCH", " (UID FLAGS)", false);
		break;
	case 10:
		k->is_idling = true;
		say(p, k, true, "IDLE");
		break;
	default:
		say(p, k, by_uid, by_uid ? "NOOP" : "SEARCH DELETED");
		break;
	}
}

/* Everybody looks, and sees what is there. */
static void
compare(struct play *p)
{
	const struct store_folder *f = store_find(&p->w.stores[0], SL("INBOX"));

	for (size_t i = 0; i < SESSIONS; i++) {
		struct client *k = &p->clients[i];

		if (k->is_idling)
			drive_send(k->c, SL("DONE\r\n"), 0);
		k->is_idling = false;
		say(p, k, true, "NOOP");
		if (k->count)
			say(p, k, false, "FETCH 1:* (UID)");
		if (!CHECK_EQ(k->count, f->count))
			continue;
		for (size_t n = 0; n < k->count; n++)
			CHECK_EQ(k->uids[n], f->messages[n]->uid);
	}
}

static void
test_model(void)
{
	struct play *p = mem_get(sizeof(*p));

	for (unsigned round = 0; round < ROUNDS; round++) {
		p->random = round;
		imap_world_init(&p->w);
		p->w.lazy = round % 2;
		p->w.sync_step = round % 3;
		p->w.fetch_step = round % 4;
		for (size_t i = 0; i < SESSIONS; i++)
			p->clients[i] = (struct client){.c = imap_world_enter(&p->w, 1)};
		for (size_t i = 0; i < SESSIONS; i++)
			say(p, &p->clients[i], true, "SELECT INBOX");
		for (unsigned i = 0; i < STEPS; i++)
			step(p);
		compare(p);
		imap_world_fini(&p->w);
	}
	mem_free(p);
}

int
main(int argc, char **argv)
{
	static const struct check_row rows[] = {{"model", test_model}};

	return check_main(argc, argv, rows, COUNT_OF(rows));
}
