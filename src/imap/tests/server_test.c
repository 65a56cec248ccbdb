/*
 * The IMAP engine in its small world: each conversation is held in one piece, byte by byte and in
 * odd pieces, with answers at once and later, content and changes in parts, and must sound the
 * same.
 */
#include "base/check.h"
#include "imap/tests/world.h"

#define CAPS "IMAP4rev1 UIDPLUS CHILDREN NAMESPACE UNSELECT IDLE LITERAL+ ID"
#define HELLO "login OK [CAPABILITY " CAPS "] LOGIN completed\r\n"
#define FLAGS "\\Answered \\Flagged \\Deleted \\Seen \\Draft"

struct talk {
	const char *client; /* all at once: pipelined */
	const char *server; /* all that is heard behind HELLO */
	enum engine_why why; /* WHY_NONE: it stays open */
};

static const size_t chunks[] = {0, 1, 2, 3, 7, 64};

/* INBOX with three messages, INBOX.Sent with none. */
static void
fill(struct imap_world *w)
{
	struct store_folder *inbox = store_find(&w->stores[0], SL("INBOX"));

	store_put(inbox, SL("Subject: one\r\n\r\n1\r\n"), IMAP_SEEN, 0, STORE_DATE_SEC);
	store_put(inbox, SL("Subject: two\r\n\r\n2\r\n"), 0, 0, STORE_DATE_SEC);
	store_put(inbox, SL("Subject: three\r\n\r\n3\r\n"), IMAP_FLAGGED, 0, STORE_DATE_SEC);
	store_make(&w->stores[0], SL("INBOX.Sent"));
}

static void
drop_hello(struct drive_conn *c)
{
	if (CHECK(sl_starts(buf_slice(&c->out), SL(HELLO))))
		buf_drop(&c->out, sizeof(HELLO) - 1);
}

static void
hold_once(const struct talk *t, const struct imap_rule *rules, size_t rule_count, size_t how)
{
	struct imap_world w;
	struct drive_conn *c;

	imap_world_init(&w);
	fill(&w);
	w.rules = rules;
	w.rule_count = rule_count;
	w.lazy = how >= COUNT_OF(chunks);
	w.body_step = w.lazy ? 5 : 0;
	w.sync_step = w.lazy ? 1 : 0;
	c = imap_world_enter(&w, 1);
	drop_hello(c);
	drive_send(c, sl_str(t->client), chunks[how % COUNT_OF(chunks)]);
	while (drive_hurry(c))
		;
	CHECK_SL(buf_slice(&c->out), sl_str(t->server));
	CHECK_EQ(c->closed, t->why != ENGINE_WHY_NONE);
	CHECK_EQ(c->why, t->why);
	drive_shut(c);
	while (drive_hurry(c))
		;
	CHECK(c->closed);
	imap_world_fini(&w);
}

static void
hold(const struct talk *t, const struct imap_rule *rules, size_t rule_count)
{
	for (size_t how = 0; how < COUNT_OF(chunks) * 2; how++)
		hold_once(t, rules, rule_count, how);
}

static void
talk(const struct talk *rows, size_t count)
{
	for (size_t i = 0; i < count; i++)
		hold(&rows[i], NULL, 0);
}

#define SELECTED_SAYS                                                     \
	"* FLAGS (" FLAGS ")\r\n* OK [PERMANENTFLAGS (" FLAGS " \\*)] These are kept\r\n" \
	"* 3 EXISTS\r\n* 3 RECENT\r\n* OK [UNSEEN 2] The first one not seen\r\n"          \
	"* OK [UIDVALIDITY 1000000000] UIDs are valid\r\n* OK [UIDNEXT 4] The next UID\r\n"
#define SELECT "s SELECT INBOX\r\n"
#define SELECTED SELECTED_SAYS "s OK [READ-WRITE] SELECT completed\r\n"
#define EXAMINED                                                                          \
	"* FLAGS (" FLAGS ")\r\n* OK [PERMANENTFLAGS ()] Nothing can be changed\r\n"      \
	"* 3 EXISTS\r\n* 3 RECENT\r\n* OK [UNSEEN 2] The first one not seen\r\n"          \
	"* OK [UIDVALIDITY 1000000000] UIDs are valid\r\n* OK [UIDNEXT 4] The next UID\r\n" \
	"s OK [READ-ONLY] EXAMINE completed\r\n"

/*
 * R3501-2.2-a, R3501-2.2.1-a, R3501-2.2.2-a, R3501-3-a, R3501-5.5-a, R3501-5.5-b, R3501-6.2-a,
 * R3501-9-a, R2971-3.1-a, R2342-5-a, R2342-5-b, R2342-6-a
 */
static void
test_any(void)
{
	static const struct talk rows[] = {
	    {"a CAPABILITY\r\nb NOOP\r\nc noop\r\nd LOGOUT\r\ne NOOP\r\n",
		"* CAPABILITY " CAPS "\r\na OK CAPABILITY completed\r\nb OK NOOP completed\r\n"
		"c OK NOOP completed\r\n* BYE Logging out\r\nd OK LOGOUT completed\r\n",
		ENGINE_WHY_QUIT},
	    {"a NAMESPACE\r\nb ID NIL\r\nc ID (\"name\" \"x\" \"v\" NIL)\r\nd ID ()\r\n"
	     "e ID\r\nf ID x\r\ng ID (\"name\")\r\n",
		"* NAMESPACE ((\"INBOX.\" \".\")) NIL NIL\r\na OK NAMESPACE completed\r\n"
		"* ID (\"name\" \"Courier\")\r\nb OK ID completed\r\n"
		"* ID (\"name\" \"Courier\")\r\nc OK ID completed\r\n"
		"* ID (\"name\" \"Courier\")\r\nd OK ID completed\r\ne BAD something is missing\r\n"
		"f BAD expected a string or NIL\r\ng BAD expected a space\r\n",
		ENGINE_WHY_NONE},
	    {"a FOO\r\nb NOOP x\r\nc  NOOP\r\nd\r\n\r\n* NOOP\r\n+x NOOP\r\n"
	     "e NOOP \r\nf UID NOOP\r\n"
	     "g UID\r\n(\r\n",
		"a BAD Unknown command\r\nb BAD expected the end of the command\r\n"
		"c BAD Expected a command behind the tag\r\n"
		"d BAD Expected a command behind the tag\r\n* BAD Expected a tag\r\n"
		"* BAD Expected a tag\r\n* BAD Expected a tag\r\n"
		"e BAD expected the end of the command\r\nf BAD Unknown command\r\n"
		"g BAD Expected a command behind UID\r\n* BAD Expected a tag\r\n",
		ENGINE_WHY_NONE},
	    {"a LOGIN x y\r\nb AUTHENTICATE PLAIN\r\nc STARTTLS\r\nd CHECK\r\ne CLOSE\r\n"
	     "f EXPUNGE\r\ng STORE 1 FLAGS ()\r\nh UID COPY 1 x\r\ni UNSELECT\r\n",
		"a BAD Already authenticated\r\nb BAD Already authenticated\r\n"
		"c BAD Already authenticated\r\nd BAD No mailbox is selected\r\n"
		"e BAD No mailbox is selected\r\nf BAD No mailbox is selected\r\n"
		"g BAD No mailbox is selected\r\nh BAD No mailbox is selected\r\n"
		"i BAD No mailbox is selected\r\n",
		ENGINE_WHY_NONE},
	    {"a NOOP\nb NOOP\r\n", "a OK NOOP completed\r\nb OK NOOP completed\r\n",
		ENGINE_WHY_NONE},
	};

	talk(rows, COUNT_OF(rows));
}

/* R3501-4.3-b, R3501-4.3-c, R3501-7.5-a, R3501-7.5-b, R7888-3-a, R7888-4-a, R7888-4-b */
static void
test_literals(void)
{
	static const struct talk rows[] = {
	    {"a STATUS {5}\r\nINBOX (MESSAGES)\r\nb STATUS {5+}\r\nINBOX (UIDNEXT)\r\n",
		"+ OK\r\n* STATUS \"INBOX\" (MESSAGES 3)\r\na OK STATUS completed\r\n"
		"* STATUS \"INBOX\" (UIDNEXT 4)\r\nb OK STATUS completed\r\n",
		ENGINE_WHY_NONE},
	    {"a LIST {0+}\r\n {5+}\r\ninbox\r\nb LIST {0}\r\n \"\"\r\n",
		"* LIST (\\HasChildren) \".\" \"INBOX\"\r\na OK LIST completed\r\n"
		"+ OK\r\n* LIST (\\Noselect) \".\" \"\"\r\nb OK LIST completed\r\n",
		ENGINE_WHY_NONE},
	    {"a FOO {5}\r\nb NOOP\r\n", "a BAD Unknown command\r\nb OK NOOP completed\r\n",
		ENGINE_WHY_NONE},
	    {"a FOO {5+}\r\nx\r\n\r\n {3+}\r\nabc {9}\r\nb NOOP\r\n",
		"a BAD Unknown command\r\nb OK NOOP completed\r\n", ENGINE_WHY_NONE},
	    {"a STATUS {70000}\r\nb NOOP\r\n",
		"a BAD [TOOBIG] A literal is too large\r\nb OK NOOP completed\r\n",
		ENGINE_WHY_NONE},
	    {"a STATUS {99999999999999999999999+}\r\nb NOOP\r\n",
		"* BYE [TOOBIG] A literal is too large\r\n", ENGINE_WHY_LIMIT},
	    {"a STATUS \"INBOX{5}\r\nb NOOP\r\n",
		"a BAD a quoted string does not end\r\nb OK NOOP completed\r\n",
		ENGINE_WHY_NONE},
	    {"a STATUS {x}\r\nb STATUS {+}\r\nc STATUS {}\r\nd NOOP {1+}\r\n\n\r\n",
		"a BAD expected a literal as {5} at the end of a line\r\n"
		"b BAD expected a literal as {5} at the end of a line\r\n"
		"c BAD expected a literal as {5} at the end of a line\r\n"
		"d BAD expected the end of the command\r\n",
		ENGINE_WHY_NONE},
	};

	talk(rows, COUNT_OF(rows));
}

/*
 * R3501-6.3.1-a, R3501-6.3.1-b, R3501-6.3.1-c, R3501-6.3.1-d, R3501-6.3.2-a, R3501-6.3.2-b,
 * R3501-6.4.2-a, R3501-6.4.2-b, R3691-2-a, R3691-2-b, R3501-7.1-b, R3501-7.2.6-a, R3501-2.3.1.1-b
 */
static void
test_select(void)
{
	static const struct talk rows[] = {
	    {SELECT "a CHECK\r\nb CLOSE\r\nc CHECK\r\n",
		SELECTED "a OK CHECK completed\r\nb OK CLOSE completed\r\n"
			 "c BAD No mailbox is selected\r\n",
		ENGINE_WHY_NONE},
	    {SELECT "a SELECT nowhere\r\nb CHECK\r\n",
		SELECTED "a NO [NONEXISTENT] There is no such mailbox\r\n"
			 "b BAD No mailbox is selected\r\n",
		ENGINE_WHY_NONE},
	    {"s EXAMINE inbox\r\na STORE 1 +FLAGS (\\Deleted)\r\nb EXPUNGE\r\nc CLOSE\r\n"
	     "d STATUS INBOX (MESSAGES RECENT)\r\n",
		EXAMINED "a NO [READ-ONLY] The mailbox is selected read-only\r\n"
			 "b NO [READ-ONLY] The mailbox is selected read-only\r\n"
			 "c OK CLOSE completed\r\n"
			 "* STATUS \"INBOX\" (MESSAGES 3 RECENT 3)\r\nd OK STATUS completed\r\n",
		ENGINE_WHY_NONE},
	    {SELECT "a STORE 1:2 +FLAGS.SILENT (\\Deleted)\r\nb CLOSE\r\n"
		    "c STATUS INBOX (MESSAGES)\r\n",
		SELECTED "a OK STORE completed\r\nb OK CLOSE completed\r\n"
			 "* STATUS \"INBOX\" (MESSAGES 1)\r\nc OK STATUS completed\r\n",
		ENGINE_WHY_NONE},
	    {SELECT "a STORE 1:2 +FLAGS.SILENT (\\Deleted)\r\nb UNSELECT\r\n"
		    "c STATUS INBOX (MESSAGES)\r\n",
		SELECTED "a OK STORE completed\r\nb OK UNSELECT completed\r\n"
			 "* STATUS \"INBOX\" (MESSAGES 3)\r\nc OK STATUS completed\r\n",
		ENGINE_WHY_NONE},
	};

	talk(rows, COUNT_OF(rows));
}

/*
 * R3501-6.3.3-a, R3501-6.3.3-b, R3501-6.3.4-a, R3501-6.3.5-a, R3501-6.3.5-b, R3501-6.3.5-c,
 * R3501-6.3.6-a, R3501-6.3.6-b, R3501-6.3.7-a, R3501-6.3.8-a, R3501-6.3.8-b, R3501-6.3.9-a,
 * R3501-6.3.9-b, R3348-3-a, R3348-3-b, R3501-7.2.2-a, R5530-3-a, R5530-3-d
 */
static void
test_mailboxes(void)
{
	static const struct talk rows[] = {
	    {"a CREATE INBOX.a.b.\r\nb LIST \"\" *\r\n",
		"a OK CREATE completed\r\n* LIST (\\HasChildren) \".\" \"INBOX\"\r\n"
		"* LIST (\\HasNoChildren) \".\" \"INBOX.Sent\"\r\n"
		"* LIST (\\Noselect \\HasChildren) \".\" \"INBOX.a\"\r\n"
		"* LIST (\\HasNoChildren) \".\" \"INBOX.a.b\"\r\nb OK LIST completed\r\n",
		ENGINE_WHY_NONE},
	    {"a CREATE inbox\r\nb CREATE INBOX.Sent\r\nc CREATE \"INBOX.a*\"\r\n"
	     "d CREATE INBOX.a..b\r\n"
	     "e CREATE \"\"\r\nf CREATE other\r\n",
		"a NO [ALREADYEXISTS] INBOX always exists\r\nb NO [ALREADYEXISTS] It exists\r\n"
		"c NO [CANNOT] % and * cannot stand in a name\r\n"
		"d NO [CANNOT] A level of a name cannot be empty\r\n"
		"e NO [CANNOT] A level of a name cannot be empty\r\n"
		"f NO [CANNOT] Names begin with INBOX.\r\n",
		ENGINE_WHY_NONE},
	    {"a DELETE INBOX\r\nb DELETE INBOX.none\r\nc DELETE INBOX.Sent\r\nd LIST \"\" %\r\n"
	     "e LIST INBOX. %\r\n",
		"a NO [CANNOT] INBOX cannot be deleted\r\n"
		"b NO [NONEXISTENT] There is no such mailbox\r\nc OK DELETE completed\r\n"
		"* LIST (\\HasNoChildren) \".\" \"INBOX\"\r\nd OK LIST completed\r\n"
		"e OK LIST completed\r\n",
		ENGINE_WHY_NONE},
	    {"s SELECT INBOX.Sent\r\na DELETE INBOX.Sent\r\nb RENAME INBOX.Sent INBOX.x\r\n",
		"* FLAGS (" FLAGS ")\r\n* OK [PERMANENTFLAGS (" FLAGS " \\*)] These are kept\r\n"
		"* 0 EXISTS\r\n* 0 RECENT\r\n* OK [UIDVALIDITY 1000000001] UIDs are valid\r\n"
		"* OK [UIDNEXT 1] The next UID\r\ns OK [READ-WRITE] SELECT completed\r\n"
		"a NO [INUSE] This session has it selected\r\n"
		"b NO [INUSE] This session has it selected, or one below it\r\n",
		ENGINE_WHY_NONE},
	    {"a CREATE INBOX.Sent.x\r\nb RENAME INBOX.Sent INBOX.Out\r\nc LIST INBOX. *\r\n"
	     "d RENAME INBOX INBOX.Old\r\ne STATUS INBOX (MESSAGES)\r\n"
	     "f STATUS INBOX.Old (MESSAGES)\r\ng RENAME INBOX.no INBOX.y\r\n"
	     "h RENAME INBOX.Old INBOX.Out\r\ni RENAME INBOX.Old INBOX.Old.x\r\n",
		"a OK CREATE completed\r\nb OK RENAME completed\r\n"
		"* LIST (\\HasChildren) \".\" \"INBOX.Out\"\r\n"
		"* LIST (\\HasNoChildren) \".\" \"INBOX.Out.x\"\r\nc OK LIST completed\r\n"
		"d OK RENAME completed\r\n* STATUS \"INBOX\" (MESSAGES 0)\r\n"
		"e OK STATUS completed\r\n* STATUS \"INBOX.Old\" (MESSAGES 3)\r\n"
		"f OK STATUS completed\r\ng NO [NONEXISTENT] There is no such mailbox\r\n"
		"h NO [ALREADYEXISTS] It exists\r\n"
		"i NO [CANNOT] A mailbox cannot move below itself\r\n",
		ENGINE_WHY_NONE},
	    {"a SUBSCRIBE INBOX.x.y\r\nb SUBSCRIBE INBOX.Sent\r\nc LSUB \"\" INBOX.%\r\n"
	     "d LSUB \"\" *\r\ne UNSUBSCRIBE INBOX.x.y\r\nf LSUB \"\" *\r\n"
	     "g UNSUBSCRIBE INBOX.q\r\nh LSUB \"\" \"\"\r\ni LIST INBOX.z \"\"\r\n",
		"a OK SUBSCRIBE completed\r\nb OK SUBSCRIBE completed\r\n"
		"* LSUB (\\HasNoChildren) \".\" \"INBOX.Sent\"\r\n"
		"* LSUB (\\Noselect) \".\" \"INBOX.x\"\r\nc OK LSUB completed\r\n"
		"* LSUB (\\HasNoChildren) \".\" \"INBOX.Sent\"\r\n"
		"* LSUB () \".\" \"INBOX.x.y\"\r\nd OK LSUB completed\r\n"
		"e OK UNSUBSCRIBE completed\r\n"
		"* LSUB (\\HasNoChildren) \".\" \"INBOX.Sent\"\r\nf OK LSUB completed\r\n"
		"g NO [NONEXISTENT] It is not subscribed\r\n"
		"* LSUB (\\Noselect) \".\" \"\"\r\nh OK LSUB completed\r\n"
		"* LIST (\\Noselect) \".\" \"INBOX.\"\r\ni OK LIST completed\r\n",
		ENGINE_WHY_NONE},
	};

	talk(rows, COUNT_OF(rows));
}

/* R3501-6.3.10-a, R3501-6.3.10-b, R3501-7.2.4-a, R3501-5.1.3-a, R3501-5.1.3-d */
static void
test_status(void)
{
	static const struct talk rows[] = {
	    {"a STATUS INBOX (UIDVALIDITY messages UNSEEN RECENT UIDNEXT)\r\n" SELECT,
		"* STATUS \"INBOX\" (MESSAGES 3 RECENT 3 UIDNEXT 4 UIDVALIDITY 1000000000 UNSEEN 2)"
		"\r\na OK STATUS completed\r\n" SELECTED,
		ENGINE_WHY_NONE},
	    {"a STATUS INBOX ()\r\nb STATUS INBOX (FOO)\r\nc STATUS INBOX\r\n"
	     "d STATUS no (UIDNEXT)\r\n",
		"a BAD expected a name\r\n"
		"b BAD expected MESSAGES, RECENT, UIDNEXT, UIDVALIDITY or UNSEEN\r\n"
		"c BAD something is missing\r\nd NO [NONEXISTENT] There is no such mailbox\r\n",
		ENGINE_WHY_NONE},
	    {"a CREATE \"INBOX.&AOQ-&-\"\r\nb STATUS \"INBOX.&AOQ-&-\" (MESSAGES)\r\n"
	     "c STATUS \"INBOX.&AGE-\" (MESSAGES)\r\nd STATUS \"INBOX.\xc3\xa4\" (MESSAGES)\r\n",
		"a OK CREATE completed\r\n* STATUS \"INBOX.&AOQ-&-\" (MESSAGES 0)\r\n"
		"b OK STATUS completed\r\nc BAD a mailbox name is not in modified UTF-7\r\n"
		"d BAD a mailbox name is not in modified UTF-7\r\n",
		ENGINE_WHY_NONE},
	};

	talk(rows, COUNT_OF(rows));
}

/*
 * R3501-6.3.11-a, R3501-6.3.11-b, R3501-6.3.11-c, R3501-6.3.11-d, R3501-7.1-a, R3501-7.3.1-a,
 * R3501-7.3.2-a, R4315-3-b, R5530-3-b
 */
static void
test_append(void)
{
	static const struct talk rows[] = {
	    {"a APPEND INBOX.Sent (\\Seen $x) \"21-Nov-2026 19:05:00 +0100\" {5+}\r\nA: b\n\r\n"
	     "b STATUS INBOX.Sent (MESSAGES UNSEEN)\r\n",
		"a OK [APPENDUID 1000000001 1] APPEND completed\r\n"
		"* STATUS \"INBOX.Sent\" (MESSAGES 1 UNSEEN 0)\r\nb OK STATUS completed\r\n",
		ENGINE_WHY_NONE},
	    {"a APPEND {10+}\r\nINBOX.Sent {0}\r\n\r\nb APPEND INBOX.Sent {3}\r\nabc\r\n",
		"+ OK\r\na OK [APPENDUID 1000000001 1] APPEND completed\r\n"
		"+ OK\r\nb OK [APPENDUID 1000000001 2] APPEND completed\r\n",
		ENGINE_WHY_NONE},
	    {SELECT "a APPEND INBOX {3+}\r\nabc\r\n",
		SELECTED "* 4 EXISTS\r\n* 4 RECENT\r\n"
			 "a OK [APPENDUID 1000000000 4] APPEND completed\r\n",
		ENGINE_WHY_NONE},
	    {"a APPEND INBOX.no {3}\r\nb APPEND INBOX.no {3+}\r\nabc\r\nc NOOP\r\n",
		"a NO [TRYCREATE] There is no such mailbox\r\n"
		"b NO [TRYCREATE] There is no such mailbox\r\nc OK NOOP completed\r\n",
		ENGINE_WHY_NONE},
	    {"a APPEND INBOX {99999999}\r\nb NOOP\r\nc APPEND INBOX {99999999+}\r\n",
		"a NO [TOOBIG] The message is too large\r\nb OK NOOP completed\r\n"
		"* BYE [TOOBIG] A literal is too large\r\n",
		ENGINE_WHY_LIMIT},
	    {"a APPEND INBOX (\\Recent) {3}\r\nb APPEND INBOX () x {3+}\r\nabc\r\n"
	     "c APPEND INBOX\r\n"
	     "d APPEND INBOX \"abc\"\r\ne APPEND INBOX \"32-Nov-2026 00:00:00 +0000\" {3}\r\n",
		"a BAD \\Recent cannot be set\r\nb BAD expected a message as a literal\r\n"
		"c BAD something is missing\r\n"
		"d BAD expected a date as \"21-Nov-2026 19:05:00 +0000\"\r\n"
		"e BAD expected a date as \"21-Nov-2026 19:05:00 +0000\"\r\n",
		ENGINE_WHY_NONE},
	    {"a APPEND INBOX.Sent {3+}\r\nabc {3+}\r\ndef\r\nb STATUS INBOX.Sent (MESSAGES)\r\n",
		"a BAD Expected the end of the command behind the message\r\n"
		"* STATUS \"INBOX.Sent\" (MESSAGES 0)\r\nb OK STATUS completed\r\n",
		ENGINE_WHY_NONE},
	};

	talk(rows, COUNT_OF(rows));
}

/*
 * R3501-6.4.6-a, R3501-6.4.6-b, R3501-6.4.6-c, R3501-2.3.2-a, R3501-2.3.2-b, R3501-9-c,
 * R3501-9-d
 */
static void
test_store(void)
{
	static const struct talk rows[] = {
	    {SELECT "a STORE 2:1 +FLAGS (\\Deleted)\r\nb STORE 2,3 -FLAGS.SILENT \\Flagged\r\n"
		    "c STORE * FLAGS \\Seen \\Draft\r\n",
		SELECTED "* 1 FETCH (FLAGS (\\Deleted \\Seen \\Recent))\r\n"
			 "* 2 FETCH (FLAGS (\\Deleted \\Recent))\r\na OK STORE completed\r\n"
			 "b OK STORE completed\r\n"
			 "* 3 FETCH (FLAGS (\\Seen \\Draft \\Recent))\r\nc OK STORE completed\r\n",
		ENGINE_WHY_NONE},
	    {SELECT "a UID STORE 3,99 FLAGS ($x)\r\nb STORE 4 FLAGS ()\r\nc STORE 0 FLAGS ()\r\n"
		    "d STORE 1 FLAG ()\r\ne STORE 1 FLAGS (\\Foo)\r\nf STORE 1,, FLAGS ()\r\n"
		    "g STORE 1 FLAGS (\\Recent)\r\nh STORE 1 FLAGS (a(\r\n",
		SELECTED "* FLAGS (" FLAGS " $x)\r\n"
			 "* OK [PERMANENTFLAGS (" FLAGS " $x \\*)] These are kept\r\n"
			 "* 3 FETCH (UID 3 FLAGS (\\Recent $x))\r\na OK STORE completed\r\n"
			 "b BAD no message has this number\r\nc BAD numbers begin with 1\r\n"
			 "d BAD expected FLAGS, +FLAGS or -FLAGS, or one with .SILENT\r\n"
			 "e BAD there is no such system flag\r\n"
			 "f BAD expected a number\r\ng BAD \\Recent cannot be set\r\n"
			 "h BAD expected )\r\n",
		ENGINE_WHY_NONE},
	};

	talk(rows, COUNT_OF(rows));
}

/*
 * R3501-6.4.3-a, R3501-6.4.7-c, R3501-6.4.8-a, R3501-7.4.1-b, R4315-2.1-a, R4315-3-c, R4315-3-d
 */
static void
test_expunge_copy(void)
{
	static const struct talk rows[] = {
	    {SELECT "a STORE 1,3 +FLAGS.SILENT (\\Deleted)\r\nb UID EXPUNGE 2:3\r\nc EXPUNGE\r\n"
		    "d EXPUNGE\r\n",
		SELECTED "a OK STORE completed\r\n* 3 EXPUNGE\r\nb OK EXPUNGE completed\r\n"
			 "* 1 EXPUNGE\r\nc OK EXPUNGE completed\r\nd OK EXPUNGE completed\r\n",
		ENGINE_WHY_NONE},
	    {SELECT "a STORE 1:* +FLAGS.SILENT (\\Deleted)\r\nb EXPUNGE\r\n",
		SELECTED "a OK STORE completed\r\n* 1 EXPUNGE\r\n* 1 EXPUNGE\r\n* 1 EXPUNGE\r\n"
			 "b OK EXPUNGE completed\r\n",
		ENGINE_WHY_NONE},
	    {SELECT "a COPY 1,3 INBOX.Sent\r\nb UID COPY 77 INBOX.Sent\r\n"
		    "c UID COPY 2:3 INBOX.Sent\r\n"
		    "d COPY 1 INBOX.none\r\ne COPY 1 INBOX\r\n",
		SELECTED "a OK [COPYUID 1000000001 1,3 1:2] COPY completed\r\n"
			 "b OK COPY completed\r\n"
			 "c OK [COPYUID 1000000001 2:3 3:4] COPY completed\r\n"
			 "d NO [TRYCREATE] There is no such mailbox\r\n* 4 EXISTS\r\n* 4 RECENT\r\n"
			 "e OK [COPYUID 1000000000 1 4] COPY completed\r\n",
		ENGINE_WHY_NONE},
	};

	talk(rows, COUNT_OF(rows));
}

/* R2177-3-a, R2177-3-b, R2177-3-d */
static void
test_idle(void)
{
	static const struct talk rows[] = {
	    {"a IDLE\r\nDONE\r\nb IDLE\r\ndone\r\nc IDLE\r\nNOOP\r\nd NOOP\r\n",
		"+ idling\r\na OK IDLE completed\r\n+ idling\r\nb OK IDLE completed\r\n"
		"+ idling\r\nc BAD Expected DONE\r\nd OK NOOP completed\r\n",
		ENGINE_WHY_NONE},
	    {SELECT "a IDLE\r\nDONE\r\nb IDLE x\r\nc NOOP\r\n",
		SELECTED "+ idling\r\na OK IDLE completed\r\n"
			 "b BAD expected the end of the command\r\nc OK NOOP completed\r\n",
		ENGINE_WHY_NONE},
	};

	talk(rows, COUNT_OF(rows));
}

/* R3501-7.4.1-a, R3501-5.2-a, R2177-3-c, R3501-7.4.1-b: what another session does. */
static void
test_two_sessions(void)
{
	struct imap_world w;
	struct drive_conn *a, *b;

	imap_world_init(&w);
	fill(&w);
	a = imap_world_enter(&w, 1);
	b = imap_world_enter(&w, 1);
	drive_send(a, SL(SELECT "i IDLE\r\n"), 0);
	drive_send(b, SL(SELECT "x STORE 1:2 +FLAGS.SILENT (\\Deleted)\r\n"), 0);
	buf_clear(&b->out);
	CHECK(sl_ends(buf_slice(&a->out),
	    SL("+ idling\r\n* 1 FETCH (FLAGS (\\Deleted \\Seen \\Recent))\r\n"
	       "* 2 FETCH (FLAGS (\\Deleted \\Recent))\r\n")));
	buf_clear(&a->out);
	drive_send(a, SL("DONE\r\n"), 0);
	drive_send(b, SL("y EXPUNGE\r\nz APPEND INBOX {1+}\r\nx\r\n"), 0);
	CHECK_SL(buf_slice(&a->out), SL("i OK IDLE completed\r\n"));
	buf_clear(&a->out);
	/* Not during STORE by number; then at once. */
	drive_send(a, SL("1 STORE 3 +FLAGS (\\Seen)\r\n2 UID STORE 3 -FLAGS (\\Seen)\r\n"), 0);
	CHECK_SL(buf_slice(&a->out),
	    SL("* 4 EXISTS\r\n* 3 RECENT\r\n* 3 FETCH (FLAGS (\\Flagged \\Seen \\Recent))\r\n"
	       "1 OK STORE completed\r\n* 1 EXPUNGE\r\n* 1 EXPUNGE\r\n"
	       "* 1 FETCH (UID 3 FLAGS (\\Flagged \\Recent))\r\n2 OK STORE completed\r\n"));
	buf_clear(&a->out);
	drive_send(a, SL("3 NOOP\r\n4 STORE 3 FLAGS ()\r\n"), 0);
	CHECK_SL(buf_slice(&a->out),
	    SL("3 OK NOOP completed\r\n4 BAD no message has this number\r\n"));
	imap_world_fini(&w);
}

/* R3501-3.4-a, R3501-5.4-a, R3501-5.4-b, R2177-3-e */
static void
test_ends(void)
{
	struct imap_world w;
	struct drive_conn *c;

	imap_world_init(&w);
	fill(&w);
	c = imap_world_enter(&w, 1);
	drop_hello(c);
	drive_wait(&w.drive, (int64_t)30 * 60 * 1000 - 1);
	CHECK(!c->closed);
	drive_wait(&w.drive, 1);
	CHECK(c->closed && c->why == ENGINE_WHY_TIMEOUT);
	CHECK_SL(buf_slice(&c->out), SL("* BYE Nothing was heard for too long\r\n"));
	c = imap_world_enter(&w, 1);
	drive_send(c, SL("a NO"), 0);
	drive_event(c, ENGINE_DRAIN);
	CHECK(!c->closed);
	drive_send(c, SL("OP\r\n"), 0);
	CHECK(c->closed && c->why == ENGINE_WHY_DRAIN);
	CHECK(sl_ends(buf_slice(&c->out),
	    SL("a OK NOOP completed\r\n* BYE [UNAVAILABLE] The server ends this session\r\n")));
	for (enum engine_event_kind kind = ENGINE_DRAIN; kind <= ENGINE_KICK; kind++) {
		c = imap_world_enter(&w, 1);
		drive_send(c, SL(SELECT "i IDLE\r\n"), 0);
		drive_event(c, kind);
		CHECK(c->closed && c->why == ENGINE_WHY_DRAIN);
		CHECK(sl_ends(buf_slice(&c->out),
		    SL("+ idling\r\n* BYE [UNAVAILABLE] The server ends this session\r\n")));
	}
	imap_world_fini(&w);
}

/* The store says no in every way that has a code. R5530-3-a, R5530-3-c */
static void
test_faults(void)
{
	static const struct {
		struct fault fault;
		const char *says;
	} rows[] = {
	    {{.st = ST_DENIED, .text = "no"}, "a NO [NOPERM] no\r\n"},
	    {{.st = ST_LIMIT, .esc = {5, 2, 2}, .text = "full"}, "a NO [OVERQUOTA] full\r\n"},
	    {{.st = ST_LIMIT, .text = "many"}, "a NO [LIMIT] many\r\n"},
	    {{.st = ST_PERM, .text = "never"}, "a NO [CANNOT] never\r\n"},
	    {{.st = ST_AGAIN, .text = "busy"}, "a NO [INUSE] busy\r\n"},
	    {{.st = ST_TEMP, .text = ""}, "a NO [UNAVAILABLE] No more is known\r\n"},
	    {{.st = ST_IO, .text = "[x] \xc3\xa4\r\n"}, "a NO [UNAVAILABLE] '[x] ????\r\n"},
	    {{.st = ST_BUG, .text = "oops"}, "a NO [SERVERBUG] oops\r\n"},
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct imap_rule rule = {.kind = IMAP_ASK_CREATE, .key = SL("INBOX.x"),
		    .after_ms = 30, .fault = rows[i].fault};
		struct talk t = {"a CREATE INBOX.x\r\n", rows[i].says, ENGINE_WHY_NONE};

		hold(&t, &rule, 1);
	}
}

static void
no_errors_tune(struct imap_server_opts *o)
{
	o->errors_max = 3;
	o->line_max_bytes = 50;
	o->keywords = false;
	o->has_id = false;
}

static void
no_append_limit(struct imap_server_opts *o)
{
	o->append_max_bytes = 0;
}

/* Without a limit of its own a message has the size a client can be told: RFC 3501 section 9. */
static void
test_append_sizes(void)
{
	struct imap_world w;
	struct drive_conn *c;

	imap_world_init(&w);
	fill(&w);
	w.tune = no_append_limit;
	c = imap_world_enter(&w, 1);
	drop_hello(c);
	drive_send(c, SL("a APPEND INBOX {4294967296}\r\n"
			 "b APPEND INBOX {9223372036854775808}\r\n"
			 "c APPEND INBOX {99999999999999999999}\r\n"
			 "d APPEND INBOX {4294967295}\r\n"),
	    0);
	CHECK_SL(buf_slice(&c->out), SL("a NO [TOOBIG] The message is too large\r\n"
					"b NO [TOOBIG] The message is too large\r\n"
					"c NO [TOOBIG] The message is too large\r\n"
					"+ OK\r\n"));
	imap_world_fini(&w);
}

/* Limits, each with its goodbye; and a server without keywords. */
static void
test_limits(void)
{
	struct imap_world w;
	struct drive_conn *c;

	imap_world_init(&w);
	fill(&w);
	w.tune = no_errors_tune;
	c = imap_world_enter(&w, 1);
	drop_hello(c);
	drive_send(c, SL("a X\r\nb X\r\nc NOOP\r\nd X\r\ne X\r\nf X\r\ng NOOP\r\n"), 0);
	CHECK(c->closed && c->why == ENGINE_WHY_LIMIT);
	CHECK(sl_ends(buf_slice(&c->out),
	    SL("f BAD Unknown command\r\n* BYE Too many mistakes\r\n")));
	c = imap_world_enter(&w, 1);
	drop_hello(c);
	drive_send(c, SL("a NOOP xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"), 1);
	CHECK(c->closed && c->why == ENGINE_WHY_LIMIT);
	CHECK_SL(buf_slice(&c->out), SL("* BYE [TOOBIG] A command line is too long\r\n"));
	c = imap_world_enter(&w, 1);
	drive_send(c, SL(SELECT), 0);
	buf_clear(&c->out);
	drive_send(c, SL("i ID NIL\r\n"), 0);
	CHECK_SL(buf_slice(&c->out), SL("i BAD Unknown command\r\n"));
	buf_clear(&c->out);
	drive_send(c, SL("a STORE 1 FLAGS (x \\Seen)\r\n"), 0);
	CHECK_SL(buf_slice(&c->out),
	    SL("* 1 FETCH (FLAGS (\\Seen \\Recent))\r\na OK STORE completed\r\n"));
	imap_world_fini(&w);
}

/* R4315-3-a; and a mailbox that is full, R5530-3-c. */
static void
test_odd_stores(void)
{
	struct imap_world w;
	struct drive_conn *c;

	imap_world_init(&w);
	fill(&w);
	w.stores[0].uid_not_sticky = true;
	w.stores[0].limit_bytes = 60;
	c = imap_world_enter(&w, 1);
	drive_send(c, SL(SELECT), 0);
	CHECK(sl_search(buf_slice(&c->out), SL("\r\n* NO [UIDNOTSTICKY] ")) < c->out.n);
	buf_clear(&c->out);
	drive_send(c, SL("a COPY 1 INBOX\r\nb APPEND INBOX {5}\r\n"), 0);
	CHECK_SL(buf_slice(&c->out), SL("a NO [OVERQUOTA] The mailbox is full\r\n"
					"b NO [OVERQUOTA] The mailbox is full\r\n"));
	imap_world_fini(&w);
}

/* The selected folder goes: the session ends, whoever removed it. */
static void
test_gone(void)
{
	struct imap_world w;
	struct drive_conn *a, *b;

	imap_world_init(&w);
	fill(&w);
	a = imap_world_enter(&w, 1);
	b = imap_world_enter(&w, 1);
	drive_send(a, SL("s SELECT INBOX.Sent\r\n"), 0);
	drive_send(b, SL("d DELETE INBOX.Sent\r\n"), 0);
	drive_send(a, SL("n NOOP\r\n"), 0);
	CHECK(a->closed && a->why == ENGINE_WHY_TROUBLE);
	CHECK(sl_ends(buf_slice(&a->out), SL("* BYE The selected mailbox was deleted\r\n")));
	imap_world_fini(&w);
}

/* What is said of a session. */
static void
test_facts(void)
{
	struct imap_world w;
	struct drive_conn *c;
	struct imap_facts facts;

	imap_world_init(&w);
	fill(&w);
	c = imap_world_enter(&w, 1);
	drive_send(c, SL(SELECT "i IDLE\r\n"), 0);
	imap_server_facts(imap_world_server(c), &facts);
	CHECK(facts.is_idling);
	CHECK_EQ(facts.commands, 2);
	CHECK_SL(facts.selected, SL("INBOX"));
	drive_send(c, SL("DONE\r\nx FOO\r\n"), 0);
	imap_server_facts(imap_world_server(c), &facts);
	CHECK(!facts.is_idling);
	CHECK_EQ(facts.errors, 1);
	imap_world_fini(&w);
}

int
main(int argc, char **argv)
{
	static const struct check_row rows[] = {
		{"any", test_any},
		{"literals", test_literals},
		{"select", test_select},
		{"mailboxes", test_mailboxes},
		{"status", test_status},
		{"append", test_append},
		{"store", test_store},
		{"expunge_copy", test_expunge_copy},
		{"idle", test_idle},
		{"two_sessions", test_two_sessions},
		{"ends", test_ends},
		{"faults", test_faults},
		{"limits", test_append_sizes},
		{"limits", test_limits},
		{"odd_stores", test_odd_stores},
		{"gone", test_gone},
		{"facts", test_facts},
	};

	return check_main(argc, argv, rows, COUNT_OF(rows));
}
