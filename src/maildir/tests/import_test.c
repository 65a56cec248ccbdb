/*
 * Folders that other servers used before.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/check.h"
#include "maildir/export.h"
#include "maildir/tests/world.h"

#define MSG "Subject: x\n\nline\n"

static void
fill(struct world *w)
{
	world_open(w);
	world_file(w, "cur/1001.a,S=17:2,S", MSG);
	world_file(w, "cur/1002.b,S=17,W=20:2,Sac", MSG);
	world_file(w, "new/1003.c", MSG);
	world_file(w, "cur/1004.d:2,", MSG);
}

static struct mailbox *
again(struct world *w, struct mailbox *m)
{
	mailbox_close(m);
	world_stop(w);
	world_start(w);
	return world_mailbox(w, "INBOX");
}

static void
test_courier(void)
{
	struct world w;
	struct mailbox *m;
	struct buf out;
	char path[512];

	buf_init(&out, 1 << 16);
	fill(&w);
	world_file(&w, "courierimapuiddb",
	    "1 712345678 90\n10 1001.a,S=17\n12 gone\n15 1004.d\nx\n15 again\n");
	world_path(&w, "courierimapkeywords", path);
	CHECK(mkdir(path, 0700) == 0);
	world_file(&w, "courierimapkeywords/:list",
	    "$Forwarded\nwork\n\n1001.a,S=17:0 1\n1004.d:1\ngone:0\n1003.c:77\n");
	world_file(&w, "courierimapkeywords/1004.d", "later\n");
	world_file(&w, "courierimapkeywords/.5.1001.a,S=17", "work\nlater\n");
	world_file(&w, "courierpop3dsizelist",
	    "/3 300 699999999\n1001.a,S=17:2,S 20 200:699999999:0\n1002.b,S=17,W=20 20 7:0:0\n"
	    "1003.c 20 201:699999999:1\n1004.d 20\n");
	m = world_mailbox(&w, "INBOX");
	for (int i = 0; i < 2; i++) {
		CHECK_EQ(mailbox_uidvalidity(m), 712345678);
		CHECK_SL(world_list(m, &out), SL("10:S 15: 90:S 91:"));
		CHECK_EQ(mailbox_uidnext(m), 92);
		CHECK_SL(sl_str(mailbox_find(m, 15)->base), SL("1004.d"));
		CHECK_SL(sl_str(mailbox_find(m, 90)->base), SL("1002.b,S=17,W=20"));
		CHECK_EQ(mailbox_find(m, 10)->keywords, 2 | 4);
		CHECK_EQ(mailbox_find(m, 15)->keywords, 4);
		CHECK_EQ(mailbox_find(m, 91)->keywords, 0);
		CHECK_SL(mailbox_keyword(m, 0), SL("$Forwarded"));
		CHECK_SL(mailbox_keyword(m, 2), SL("later"));
		CHECK_SL(sl_str(mailbox_pop3_id(m, 10)), SL("UID200-699999999"));
		CHECK_SL(sl_str(mailbox_pop3_id(m, 90)), SL("UID7"));
		CHECK_SL(sl_str(mailbox_pop3_id(m, 91)), SL("UID201-699999999"));
		CHECK(mailbox_pop3_id(m, 15) == NULL);
		m = again(&w, m);
	}
	mailbox_close(m);
	world_close(&w);
	buf_fini(&out);
}

static void
test_dovecot(void)
{
	struct world w;
	struct mailbox *m;
	struct buf out;

	buf_init(&out, 1 << 16);
	fill(&w);
	world_file(&w, "dovecot-uidlist",
	    "3 V1276528487 N250 Gabcdef0123456789\n"
	    "17 W20 :1001.a,S=17\n18 :1002.b,S=17,W=20:2,a\n19 S17 W20 :1003.c\n");
	world_file(&w, "dovecot-keywords", "0 work\n1 unused\n2 $Junk\n");
	m = world_mailbox(&w, "INBOX");
	for (int i = 0; i < 2; i++) {
		CHECK_EQ(mailbox_uidvalidity(m), 1276528487);
		CHECK_SL(world_list(m, &out), SL("17:S 18:S 19: 250:"));
		CHECK_EQ(mailbox_find(m, 18)->keywords, 1 | 4);
		CHECK_EQ(mailbox_find(m, 17)->keywords, 0);
		CHECK_SL(mailbox_keyword(m, 0), SL("work"));
		CHECK_SL(mailbox_keyword(m, 2), SL("$Junk"));
		m = again(&w, m);
	}
	/* Later it is ours: what the lists say then does not matter. */
	world_file(&w, "dovecot-uidlist", "3 V5 N5\n1 :1001.a,S=17\n");
	m = again(&w, m);
	CHECK_EQ(mailbox_uidvalidity(m), 1276528487);
	CHECK_SL(world_list(m, &out), SL("17:S 18:S 19: 250:"));
	mailbox_close(m);
	world_close(&w);
	buf_fini(&out);
}

/* Written back they say the same. */
static void
test_export(void)
{
	struct world w;
	struct mailbox *m;
	struct buf out;
	struct fault f;

	buf_init(&out, 1 << 16);
	fill(&w);
	world_file(&w, "courierimapuiddb", "1 712345678 90\n10 1001.a,S=17\n15 1004.d\n");
	world_file(&w, "courierpop3dsizelist",
	    "/3 300 699999999\n1001.a,S=17:2,S 20 200:699999999:0\n1002.b,S=17,W=20 20 7:0:0\n");
	world_file(&w, "dovecot-keywords", "0 work\n2 $Junk\n");
	m = world_mailbox(&w, "INBOX");
	CHECK_EQ(export_courier(m, &f), ST_OK);
	CHECK_SL(world_read(&w, "courierimapuiddb", &out),
	    SL("1 712345678 92\n10 1001.a,S=17\n15 1004.d\n90 1002.b,S=17,W=20\n91 1003.c\n"));
	CHECK_SL(world_read(&w, "courierimapkeywords/:list", &out),
	    SL("work\n$Junk\n\n1002.b,S=17,W=20:0 1\n"));
	CHECK_SL(world_read(&w, "courierpop3dsizelist", &out),
	    SL("/3 92 712345678\n1001.a,S=17:2,S 20 200:699999999:0\n"
	       "1004.d:2, 20 15:712345678:0\n1002.b,S=17,W=20:2,Sac 20 7:0:0\n"
	       "1003.c 20 91:712345678:0\n"));
	CHECK_EQ(export_dovecot(m, &f), ST_OK);
	CHECK_SL(world_read(&w, "dovecot-uidlist", &out),
	    SL("3 V712345678 N92\n10 :1001.a,S=17\n15 :1004.d\n90 :1002.b,S=17,W=20\n"
	       "91 :1003.c\n"));
	CHECK_SL(world_read(&w, "dovecot-keywords", &out), SL("0 work\n1 $Junk\n"));
	/* $Junk is keyword 1 here: its letter is b now. */
	CHECK(world_has(&w, "cur/1002.b,S=17,W=20:2,Sab"));
	mailbox_close(m);
	world_close(&w);
	buf_fini(&out);
}

/* Nothing useful in them: as if they were not there. */
static void
test_nonsense(void)
{
	static const char *const texts[] = {"", "\n", "1\n", "2 5 5\n1 1001.a\n", "1 0 5\n",
	    "1 99999999999 1\n", "3 N5\n", "3 Vx N1\n", "1 x\n\n"};

	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		struct world w;
		struct mailbox *m;
		struct buf out;

		buf_init(&out, 1 << 16);
		fill(&w);
		world_file(&w, i % 2 ? "courierimapuiddb" : "dovecot-uidlist", texts[i]);
		world_file(&w, "courierpop3dsizelist", texts[i]);
		m = world_mailbox(&w, "INBOX");
		CHECK(mailbox_uidvalidity(m) > 1500000000);
		CHECK_SL(world_list(m, &out), SL("1:S 2:S 3: 4:"));
		CHECK(mailbox_pop3_id(m, 1) == NULL);
		mailbox_close(m);
		world_close(&w);
		buf_fini(&out);
	}
}

static const struct check_row rows[] = {
    {"courier", test_courier},
    {"dovecot", test_dovecot},
    {"nonsense", test_nonsense},
    {"export", test_export},
};

int
main(int argc, char **argv)
{
	return check_main(argc, argv, rows, COUNT_OF(rows));
}
