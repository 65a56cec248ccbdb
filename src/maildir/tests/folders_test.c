/*
 * Folders: names, the list, made, removed, renamed, subscribed.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/check.h"
#include "maildir/tests/world.h"

#define MSG "Subject: x\n\nline\n"

/* "INBOX/xcs INBOX.a/..." : exists, children, subscribed, above subscribed. */
static struct slice
list(struct world *w, struct buf *out)
{
	struct store_folders l;
	struct fault f;

	buf_clear(out);
	CHECK_EQ(store_folders_read(w->store, &l, &f), ST_OK);
	for (size_t i = 0; i < l.count; i++)
		buf_fmt(out, "%s%s/%s%s%s%s", i ? " " : "", l.rows[i].name,
		    l.rows[i].exists ? "x" : "", l.rows[i].has_children ? "c" : "",
		    l.rows[i].is_subscribed ? "s" : "", l.rows[i].is_above_subscribed ? "a" : "");
	store_folders_free(&l);
	return buf_slice(out);
}

static enum st
create(struct world *w, const char *name)
{
	struct wish x;

	store_folder_create(w->store, sl_str(name), wish(&x));
	return world_await(w, &x);
}

static enum st delete (struct world *w, const char *name) {
	struct wish x;

	store_folder_delete(w->store, sl_str(name), wish(&x));
	return world_await(w, &x);
}

static enum st
rename_to(struct world *w, const char *from, const char *to)
{
	struct wish x;

	store_folder_rename(w->store, sl_str(from), sl_str(to), wish(&x));
	return world_await(w, &x);
}

static enum st
subscribe(struct world *w, const char *name, bool on)
{
	struct wish x;

	store_subscribe(w->store, sl_str(name), on, wish(&x));
	return world_await(w, &x);
}

static void
test_names(void)
{
	static const char *const bad[] = {"", "INBO", "INBOXA", "INBOX.", "INBOX..a", "INBOX.a..b",
	    "INBOX.a/b", "INBOX.a\tb", "INBOX.\x80", "Sent", "INBOX.a.."};
	struct fault f;
	struct world w;
	struct buf out;
	char name[512];

	buf_init(&out, 1 << 16);
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		CHECK_EQ(store_name_check(sl_str(bad[i]), &f), ST_SYNTAX);
	CHECK_EQ(store_name_check(SL("iNbOx.x"), &f), ST_OK);
	memset(name, 'a', sizeof(name));
	memcpy(name, "INBOX.", 6);
	CHECK_EQ(store_name_check(sl_mem(name, STORE_NAME_MAX), &f), ST_OK);
	CHECK_EQ(store_name_check(sl_mem(name, STORE_NAME_MAX + 1), &f), ST_SYNTAX);
	world_open(&w);
	/* UTF-8 on disk; the older form is read, too; what looks like it and is none is itself. */
	CHECK_EQ(create(&w, "INBOX.Entw\xc3\xbcrfe"), ST_OK);
	CHECK(world_has(&w, ".Entw\xc3\xbcrfe/cur"));
	CHECK(world_has(&w, ".Entw\xc3\xbcrfe/maildirfolder"));
	CHECK_EQ(create(&w, "INBOX.R&D"), ST_OK);
	CHECK(world_has(&w, ".R&D/cur"));
	CHECK_EQ(create(&w, "INBOX.a&-b"), ST_OK);
	world_path(&w, ".Entw&APw-rfe2", name);
	CHECK(mkdir(name, 0700) == 0);
	world_path(&w, ".Entw&APw-rfe2/cur", name);
	CHECK(mkdir(name, 0700) == 0);
	CHECK_SL(list(&w, &out), SL("INBOX/xc INBOX.Entw\xc3\xbcrfe/x INBOX.Entw\xc3\xbcrfe2/x "
				    "INBOX.R&D/x INBOX.a&-b/x"));
	CHECK_EQ(store_folder_check(w.store, SL("INBOX.Entw\xc3\xbcrfe2"), &f), ST_OK);
	CHECK_EQ(store_folder_check(w.store, SL("INBOX.a&-b"), &f), ST_OK);
	CHECK_EQ(store_folder_check(w.store, SL("INBOX.a&b"), &f), ST_NOENT);
	CHECK_EQ(create(&w, "INBOX.Entw\xc3\xbcrfe2"), ST_EXISTS);
	CHECK_EQ(create(&w, "inbox.R&D"), ST_EXISTS);
	CHECK_EQ(create(&w, "INBOX"), ST_EXISTS);
	CHECK_EQ(create(&w, "INBOX.a..b"), ST_SYNTAX);
	world_close(&w);
	buf_fini(&out);
}

static void
test_tree(void)
{
	struct world w;
	struct buf out;
	struct mailbox *m;
	uint32_t validity;
	struct fault f;

	buf_init(&out, 1 << 16);
	world_open(&w);
	w.wall_sec = 1700000000;
	CHECK_EQ(create(&w, "INBOX.a.b.c."), ST_OK);
	CHECK_EQ(create(&w, "INBOX.a-"), ST_OK);
	CHECK_SL(list(&w, &out), SL("INBOX/xc INBOX.a/xc INBOX.a-/x INBOX.a.b/xc INBOX.a.b.c/x"));
	/* With children the name stays. */
	CHECK_EQ(delete (&w, "INBOX.a.b"), ST_OK);
	CHECK_SL(list(&w, &out), SL("INBOX/xc INBOX.a/xc INBOX.a-/x INBOX.a.b/c INBOX.a.b.c/x"));
	CHECK_EQ(delete (&w, "INBOX.a.b"), ST_NOENT);
	CHECK_EQ(delete (&w, "INBOX"), ST_DENIED);
	/* An open one says that it is gone, and all of it goes. */
	world_file(&w, ".a.b.c/cur/1.x:2,", MSG);
	m = world_mailbox(&w, "INBOX.a.b.c");
	validity = mailbox_uidvalidity(m);
	CHECK_EQ(delete (&w, "INBOX.a.b.c"), ST_OK);
	CHECK(mailbox_is_gone(m));
	CHECK_EQ(world_refresh(&w, m), ST_NOENT);
	mailbox_close(m);
	world_settle(&w);
	CHECK_EQ(world_count(&w, "courierindex"), 1); /* only the file of the UIDVALIDITY */
	CHECK_EQ(store_folder_check(w.store, SL("INBOX.a.b.c"), &f), ST_NOENT);
	/* Made again in the same second it is another one. */
	CHECK_EQ(create(&w, "INBOX.a.b.c"), ST_OK);
	m = world_mailbox(&w, "INBOX.a.b.c");
	CHECK(mailbox_uidvalidity(m) > validity);
	mailbox_close(m);
	world_close(&w);
	buf_fini(&out);
}

static void
test_rename(void)
{
	struct world w;
	struct buf out;
	struct mailbox *m, *n;
	uint32_t validity;

	buf_init(&out, 1 << 16);
	world_open(&w);
	w.wall_sec = 1700000000;
	CHECK_EQ(create(&w, "INBOX.a.b"), ST_OK);
	CHECK_EQ(create(&w, "INBOX.ab"), ST_OK);
	world_file(&w, ".a/cur/1.x:2,S", MSG);
	m = world_mailbox(&w, "INBOX.a");
	validity = mailbox_uidvalidity(m);
	CHECK_EQ(rename_to(&w, "INBOX.a", "INBOX.new.place"), ST_OK);
	CHECK_SL(list(&w, &out),
	    SL("INBOX/xc INBOX.ab/x INBOX.new/xc INBOX.new.place/xc INBOX.new.place.b/x"));
	CHECK_SL(mailbox_name(m), SL("INBOX.new.place"));
	CHECK_EQ(mailbox_uidvalidity(m), validity);
	CHECK_EQ(world_refresh(&w, m), ST_OK);
	CHECK_SL(world_list(m, &out), SL("1:S"));
	CHECK_EQ(create(&w, "INBOX.a"), ST_OK);
	n = world_mailbox(&w, "INBOX.a");
	CHECK(n != m && mailbox_uidvalidity(n) > validity);
	mailbox_close(n);
	mailbox_close(m);
	CHECK_EQ(rename_to(&w, "INBOX.a", "INBOX.ab"), ST_EXISTS);
	CHECK_EQ(rename_to(&w, "INBOX.none", "INBOX.x"), ST_NOENT);
	CHECK_EQ(rename_to(&w, "INBOX.a", "INBOX.a.c"), ST_DENIED);
	CHECK_EQ(rename_to(&w, "INBOX.a", "INBOX.a"), ST_EXISTS);
	CHECK_EQ(rename_to(&w, "INBOX.a", "x"), ST_SYNTAX);
	/* A name in the way of a child: nothing is renamed. */
	CHECK_EQ(create(&w, "INBOX.a.child"), ST_OK);
	CHECK_EQ(create(&w, "INBOX.to.child"), ST_OK);
	CHECK_EQ(delete (&w, "INBOX.to"), ST_OK);
	CHECK_EQ(rename_to(&w, "INBOX.a", "INBOX.to"), ST_EXISTS);
	CHECK(world_has(&w, ".a/cur") && world_has(&w, ".a.child/cur"));
	world_close(&w);
	buf_fini(&out);
}

static void
test_rename_inbox(void)
{
	struct slice words[] = {SL("work")};
	struct mailbox_change c = {.how = MAILBOX_ADD, .words = words, .word_count = 1};
	struct world w;
	struct buf out;
	struct mailbox *m, *n;
	struct wish x;

	buf_init(&out, 1 << 16);
	world_open(&w);
	CHECK_EQ(create(&w, "INBOX.sub"), ST_OK);
	world_file(&w, "cur/1.x:2,S", MSG);
	world_file(&w, "new/2.x", MSG);
	m = world_mailbox(&w, "INBOX");
	mailbox_mark(m, (const uint32_t[]){1}, 1, &c, wish(&x));
	CHECK_EQ(world_await(&w, &x), ST_OK);
	CHECK_EQ(rename_to(&w, "INBOX", "INBOX.old.mail"), ST_OK);
	CHECK_SL(world_list(m, &out), SL(""));
	CHECK_EQ(world_count(&w, "cur") + world_count(&w, "new"), 0);
	n = world_mailbox(&w, "INBOX.old.mail");
	CHECK_SL(world_list(n, &out), SL("1:S 2:"));
	CHECK_EQ(mailbox_find(n, 1)->keywords, 1);
	CHECK_SL(list(&w, &out), SL("INBOX/xc INBOX.old/xc INBOX.old.mail/x INBOX.sub/x"));
	CHECK_EQ(rename_to(&w, "INBOX", "INBOX.old.mail"), ST_EXISTS);
	mailbox_close(m);
	mailbox_close(n);
	world_close(&w);
	buf_fini(&out);
}

static void
test_subscribe(void)
{
	struct world w;
	struct buf out;
	struct wish x, y;

	buf_init(&out, 1 << 16);
	world_open(&w);
	CHECK_EQ(create(&w, "INBOX.a"), ST_OK);
	CHECK_EQ(subscribe(&w, "INBOX.a", true), ST_OK);
	CHECK_EQ(subscribe(&w, "INBOX.not.there", true), ST_OK);
	CHECK_EQ(subscribe(&w, "inbox", true), ST_OK);
	CHECK_SL(list(&w, &out), SL("INBOX/xcsa INBOX.a/xs INBOX.not/a INBOX.not.there/s"));
	CHECK_SL(
	    world_read(&w, "courierimapsubscribed", &out), SL("INBOX.a\nINBOX.not.there\nINBOX\n"));
	CHECK_EQ(subscribe(&w, "INBOX.a", false), ST_OK);
	CHECK_EQ(subscribe(&w, "INBOX.a", false), ST_OK);
	CHECK_SL(list(&w, &out), SL("INBOX/xcsa INBOX.a/x INBOX.not/a INBOX.not.there/s"));
	/* The older form, from another server; removed by its new name. */
	world_file(&w, "courierimapsubscribed", "INBOX.Entw&APw-rfe\n../x\nINBOX.a\n\n");
	CHECK_SL(list(&w, &out), SL("INBOX/xca INBOX.Entw\xc3\xbcrfe/s INBOX.a/xs"));
	CHECK_EQ(subscribe(&w, "INBOX.Entw\xc3\xbcrfe", false), ST_OK);
	CHECK_SL(list(&w, &out), SL("INBOX/xca INBOX.a/xs"));
	CHECK_EQ(subscribe(&w, "x", true), ST_SYNTAX);
	/* Two at once lose nothing. */
	store_subscribe(w.store, SL("INBOX.x"), true, wish(&x));
	store_subscribe(w.store, SL("INBOX.y"), true, wish(&y));
	CHECK_EQ(world_await(&w, &x), ST_OK);
	CHECK_EQ(world_await(&w, &y), ST_OK);
	CHECK_SL(list(&w, &out), SL("INBOX/xca INBOX.a/xs INBOX.x/s INBOX.y/s"));
	world_close(&w);
	buf_fini(&out);
}

static const struct check_row rows[] = {
    {"names", test_names},
    {"tree", test_tree},
    {"rename", test_rename},
    {"rename_inbox", test_rename_inbox},
    {"subscribe", test_subscribe},
};

int
main(int argc, char **argv)
{
	return check_main(argc, argv, rows, COUNT_OF(rows));
}
