/*
 * The configuration engine: types, files, inheritance, messages, snapshot, explanation.
 */
#include "conf_test.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/check.h"
#include "conf/explain.h"
#include "conf/files.h"
#include "conf/load_int.h"

/* --- files in memory ------------------------------------------------------- */

struct mem_file {
	const char *name, *text;
};

static enum st
mem_file_get(void *arg, const char *name, struct buf *out, struct fault *f)
{
	const struct mem_file *files = arg;

	(void)f;
	for (; files->name != NULL; files++) {
		if (strcmp(files->name, name) == 0) {
			buf_put_str(out, files->text);
			return ST_OK;
		}
	}
	return ST_NOENT;
}

#define FILES(...)                 \
	(struct mem_file[])        \
	{                          \
		__VA_ARGS__,       \
		{                  \
			NULL, NULL \
		}                  \
	}

static enum st
load(struct mem_file *files, struct conf *c, struct buf *messages)
{
	struct conf_source src = {.dir = "/etc/c", .hostname = "mail.example.com"};
	struct conf_report r;
	enum st st;

	conf_report_init(&r);
	st = conf_load_with(&src, mem_file_get, files, c, &r);
	if (messages != NULL)
		conf_report_put(&r, messages);
	else
		CHECK_EQ(r.errors + r.warnings, 0);
	conf_report_fini(&r);
	return st;
}

/* The messages a set of files gives. */
static void
expect_messages(struct mem_file *files, enum st want_st, const char *want)
{
	struct conf c;
	struct buf messages;

	buf_init(&messages, 65536);
	CHECK_EQ(load(files, &c, &messages), want_st);
	CHECK_SL(buf_slice(&messages), sl_str(want));
	buf_fini(&messages);
	conf_fini(&c);
}

/* --- values ---------------------------------------------------------------- */

static void
test_defaults(void)
{
	struct conf c;

	conf_defaults("mail.example.com", &c);
	CHECK_SL(sl_str(c.site.me), SL("mail.example.com"));
	CHECK_SL(sl_str(c.site.defaultdomain), SL("mail.example.com"));
	CHECK_EQ(c.site.locals.count, 1);
	CHECK_SL(sl_str(c.site.locals.items[0]), SL("mail.example.com"));
	CHECK_SL(sl_str(c.site.defaultsep), SL("+"));
	CHECK_EQ(c.site.queuetime_sec, 7 * 86400);
	CHECK_EQ(c.site.warntime_sec, 4 * 3600);
	CHECK_EQ(c.site.retryalpha_sec, 300);
	CHECK_EQ(c.site.sizelimit_bytes, 10485760);
	CHECK_EQ(c.site.dsnlimit_bytes, 32768);
	CHECK_SL(sl_str(c.site.dsnfrom), SL("\"Courier mail server at mail.example.com\" <@>"));
	CHECK(!c.site.locallowercase);
	CHECK_EQ(c.bofh.max_rcpts, 100);
	CHECK_EQ(c.esmtpd.port.items[0].port, 25);
	CHECK_EQ(c.msa.port.items[0].port, 587);
	CHECK_EQ(c.ssl.port.items[0].port, 465);
	CHECK(c.esmtpd.no_add_date && !c.msa.no_add_date && c.ssl.no_add_date);
	CHECK_SL(sl_str(c.courierd.default_delivery), SL("./Maildir"));
	CHECK_EQ(c.local.max_dels, 1000);
	CHECK_EQ(c.esmtp.max_rcpt, 100);
	CHECK_SL(sl_str(c.authdaemon.modules.items[0]), SL("authuserdb"));
	conf_fini(&c);
}

static void
test_values(void)
{
	struct conf c;

	CHECK_EQ(load(FILES({"me", "Mx.Example.ORG\n"},
			  {"locals", "# ours\nexample.org\n.Example.NET\n\n!x.example.net\r\n"},
			  {"queuetime", "1w2d3h4m5s"}, {"sizelimit", "20M\n# twenty\n"},
			  {"locallowercase", ""}, {"defaultsep", "\n"}, {"dotextension", "QMAIL"},
			  {"esmtpgreeting", "mx ESMTP\r\n  hello\r\n"},
			  {"enablefiltering", "esmtp local"}),
		     &c, NULL),
	    ST_OK);
	CHECK_SL(sl_str(c.site.me), SL("mx.example.org"));
	CHECK_SL(sl_str(c.site.msgidhost), SL("mx.example.org"));
	CHECK_EQ(c.site.locals.count, 3);
	CHECK_SL(sl_str(c.site.locals.items[1]), SL(".example.net"));
	CHECK_SL(sl_str(c.site.locals.items[2]), SL("!x.example.net"));
	CHECK_EQ(c.site.queuetime_sec, 604800 + 2 * 86400 + 3 * 3600 + 4 * 60 + 5);
	CHECK_EQ(c.site.sizelimit_bytes, 20 << 20);
	CHECK(c.site.locallowercase);
	CHECK_SL(sl_str(c.site.defaultsep), SL(""));
	CHECK_EQ(c.site.dotextension, CONF_DOT_QMAIL);
	CHECK_SL(sl_str(c.site.esmtpgreeting), SL("mx ESMTP\n  hello"));
	CHECK_EQ(c.site.enablefiltering.count, 2);
	conf_fini(&c);
}

static void
test_uids(void)
{
	struct conf c;

	CHECK_EQ(load(FILES({"courierd", "VIRTUALUIDS='5000-5002  7'\n"}), &c, NULL), ST_OK);
	CHECK(conf_uid_listed(&c.courierd.virtual_uids, 5000) &&
	      conf_uid_listed(&c.courierd.virtual_uids, 5002));
	CHECK(conf_uid_listed(&c.courierd.virtual_uids, 7));
	CHECK(!conf_uid_listed(&c.courierd.virtual_uids, 5003) &&
	      !conf_uid_listed(&c.courierd.virtual_uids, 4999));
	conf_fini(&c);
	expect_messages(FILES({"courierd", "VIRTUALUIDS=9-8\n"}), ST_SYNTAX,
	    "/etc/c/courierd:1: VIRTUALUIDS: found \"9-8\", expected uids and ranges such as "
	    "5000-5999, separated by blanks\n");
}

static void
test_me_mask(void)
{
	struct conf c;

	CHECK_EQ(load(FILES({"me", "*.corp.example\n"}), &c, NULL), ST_OK);
	CHECK_SL(sl_str(c.site.me), SL("mail.corp.example"));
	CHECK_SL(sl_str(c.site.locals.items[0]), SL("mail.corp.example"));
	conf_fini(&c);
}

static void
test_inheritance(void)
{
	struct conf c;

	CHECK_EQ(
	    load(FILES({"esmtpd", "PORT=2525,127.0.0.1.2526,::1.2527\nMAXPERIP=7\nMAXPERC="
				  "9\nNOADDDATE=1\nESMTPDSTART=YES\nACCESSFILE=$sysconfdir/acc"},
		     {"esmtpd-msa", "MAXPERIP=8\nAUTH_REQUIRED=1\nESMTPAUTH_TLS=\"plain LOGIN\""},
		     {"esmtpd-ssl", "SSLPORT=8465\nESMTPDSSLSTART=yes\nSSLADDRESS=127.0.0."
				    "1\nACCESSFILE=${ACCESSFILE}-ssl"}),
		&c, NULL),
	    ST_OK);
	CHECK_EQ(c.esmtpd.port.count, 3);
	CHECK_SL(sl_str(c.esmtpd.port.items[1].ip), SL("127.0.0.1"));
	CHECK_SL(sl_str(c.esmtpd.port.items[2].ip), SL("::1"));
	CHECK_EQ(c.esmtpd.port.items[2].port, 2527);
	CHECK_EQ(c.msa.port.items[0].port, 587);
	CHECK_EQ(c.ssl.port.items[0].port, 8465);
	CHECK(c.esmtpd.start && !c.msa.start && c.ssl.start);
	CHECK_EQ(c.msa.max_per_ip, 8);
	CHECK_EQ(c.ssl.max_per_ip, 7);
	CHECK_EQ(c.msa.max_per_c, 9);
	CHECK(c.ssl.no_add_date && !c.msa.no_add_date);
	CHECK(c.msa.auth_required && !c.esmtpd.auth_required);
	CHECK_EQ(c.msa.auth_tls.count, 2);
	CHECK_SL(sl_str(c.msa.auth_tls.items[0]), SL("PLAIN"));
	CHECK_SL(sl_str(c.ssl.access_file), SL("/etc/c/acc-ssl"));
	CHECK_SL(sl_str(c.ssl.address), SL("127.0.0.1"));
	conf_fini(&c);
}

/* imapd-ssl begins with imapd, also with what it assigned; TLS stands in the -ssl files. */
static void
test_mail_services(void)
{
	struct conf c;
	struct buf messages;

	buf_init(&messages, 4096);
	CHECK_EQ(
	    load(
		FILES({"imapd", "MAXPERIP=7\nIMAPDSTART=YES\nIMAP_CAPABILITY=\"IMAP4rev1 IDLE\"\n"
				"IMAP_CAPABILITY_TLS=\"$IMAP_CAPABILITY AUTH=PLAIN\"\n"},
		    {"imapd-ssl", "SSLPORT=8993\nIMAP_TLS_REQUIRED=0\nMAXDAEMONS=9\n"
				  "TLS_CERTFILE=$sysconfdir/x.pem\nMAILDIRPATH=$IMAP_CAPABILITY\n"},
		    {"pop3d", "POP3AUTH=plain\nPOP3DSTART=YES\n"}),
		&c, NULL),
	    ST_OK);
	CHECK(c.imap.start && !c.imaps.start && c.pop3.start && !c.pop3s.start);
	CHECK_EQ(c.imap.port.items[0].port, 143);
	CHECK_EQ(c.imaps.port.items[0].port, 8993);
	CHECK_EQ(c.pop3.port.items[0].port, 110);
	CHECK_EQ(c.pop3s.port.items[0].port, 995);
	CHECK_EQ(c.imaps.max_per_ip, 7);
	CHECK(c.imap.max_daemons == 40 && c.imaps.max_daemons == 9);
	CHECK_EQ(c.imaps.capability_tls.count, 3);
	CHECK_SL(sl_str(c.imaps.maildir), SL("IMAP4rev1 IDLE"));
	CHECK(!c.imaps.tls_required && c.pop3s.tls_required && c.imaps.start_tls);
	CHECK_SL(sl_str(c.imaps.tls.certfile), SL("/etc/c/x.pem"));
	CHECK_SL(sl_str(c.pop3s.tls.certfile), SL("/etc/c/pop3d.pem"));
	CHECK_SL(sl_str(c.pop3.auth.items[0]), SL("PLAIN"));
	conf_fini(&c);
	CHECK_EQ(load(FILES({"imapd", "TLS_CERTFILE=/x\n"}), &c, &messages), ST_SYNTAX);
	CHECK_EQ(load(FILES({"pop3d", "IMAP_KEYWORDS=1\n"}), &c, &messages), ST_SYNTAX);
	buf_fini(&messages);
}

static void
test_bofh(void)
{
	struct conf c;

	CHECK_EQ(load(FILES({"bofh", "# no\nbadfrom a@example.com\nbadfrom   "
				     "@.example.net\nmaxrcpts 50 hard\nopt BOFHHEADERLIMIT=2000\n"
				     "freemail one.example two.example\n"}),
		     &c, NULL),
	    ST_OK);
	CHECK_EQ(c.bofh.badfrom.count, 2);
	CHECK_SL(sl_str(c.bofh.badfrom.items[1]), SL("@.example.net"));
	CHECK_EQ(c.bofh.max_rcpts, 50);
	CHECK(c.bofh.max_rcpts_hard);
	CHECK_EQ(c.bofh.header_limit_bytes, 2000);
	CHECK_SL(sl_str(c.bofh.freemail.items[0]), SL("one.example two.example"));
	conf_fini(&c);
	expect_messages(
	    FILES({"bofh",
		"badform x\nmaxrcpts many\nopt X\nbadfrom\nmaxrcpts 3 soft\nopt BOFHSPFHELO=pass"}),
	    ST_SYNTAX,
	    "/etc/c/bofh:1: found the unknown name \"badform\", expected a name of this file; the "
	    "nearest is badfrom\n"
	    "/etc/c/bofh:2: maxrcpts: found \"many\", expected a number from 1 to 100000\n"
	    "/etc/c/bofh:3: found \"opt\" without \"=\", expected opt NAME=value\n"
	    "/etc/c/bofh:4: found \"badfrom\" without a value, expected one behind it\n"
	    "/etc/c/bofh:5: maxrcpts: found \"3 soft\", expected a number from 1 to 100000\n"
	    "/etc/c/bofh:6: warning: BOFHSPFHELO has no effect: Sender policy of the HELO name. "
	    "This version makes no such check.\n");
}

/* --- mistakes -------------------------------------------------------------- */

static void
test_messages(void)
{
	expect_messages(FILES({"esmtpd", "MAXDAEMONS=many\n\nMAXPERIPP=3\nPORT=0\nADDRESS=1.2."
					 "3\nESMTPDSTART=1\nTLS_VERIFYPEER=MAYBE"}),
	    ST_SYNTAX,
	    "/etc/c/esmtpd:1: MAXDAEMONS: found \"many\", expected a number from 1 to 1000000\n"
	    "/etc/c/esmtpd:3: found the unknown name \"MAXPERIPP\", expected a name of this file; "
	    "the nearest is MAXPERIP\n"
	    "/etc/c/esmtpd:4: PORT: found \"0\", expected ports such as 587, or address.port, "
	    "separated by commas\n"
	    "/etc/c/esmtpd:5: ADDRESS: found \"1.2.3\", expected 0 or an IP address\n"
	    "/etc/c/esmtpd:6: ESMTPDSTART: found \"1\", expected YES or NO\n"
	    "/etc/c/esmtpd:7: TLS_VERIFYPEER: found \"MAYBE\", expected one of NONE PEER "
	    "REQUIREPEER\n");
	expect_messages(
	    FILES({"queuetime", "soon"}, {"me", "two\nlines"},
		{"locals", "good.example\nbad..example\n-ok\nx y\n"}, {"retrybeta", "0"}),
	    ST_SYNTAX,
	    "/etc/c/me:2: found a second line, expected the value on the first line and nothing "
	    "but comments behind it\n"
	    "/etc/c/locals:2: found \"bad..example\", expected domains such as example.com, "
	    ".example.com or !host.example.com\n"
	    "/etc/c/locals:4: found \"x y\", expected domains such as example.com, .example.com or "
	    "!host.example.com\n"
	    "/etc/c/queuetime:1: found \"soon\", expected a time such as 90, 15m or 1w2d from 1m "
	    "to 52w2d\n"
	    "/etc/c/retrybeta:1: found \"0\", expected a number from 1 to 1000\n");
	expect_messages(FILES({"courierd", "WORKERIDEL=1\nLOG=here\nWORKER=mailbox\n"}), ST_SYNTAX,
	    "/etc/c/courierd:1: found the unknown name \"WORKERIDEL\", expected a name of this "
	    "file; the nearest is WORKERIDLE\n"
	    "/etc/c/courierd:2: LOG: found \"here\", expected a path that begins with /, or "
	    "syslog\n"
	    "/etc/c/courierd:3: WORKER: found \"mailbox\", expected one of account uid session\n");
	expect_messages(FILES({"esmtpd", "BLACKLISTS=\nTCPDOPTS=-x\n"}), ST_OK,
	    "/etc/c/esmtpd:2: warning: TCPDOPTS has no effect: Options of a listener program that "
	    "this server does not have.\n");
	expect_messages(FILES({"esmtpd", "BOFHNOSUCHTHINGATALL=1\n"}), ST_SYNTAX,
	    "/etc/c/esmtpd:1: found the unknown name \"BOFHNOSUCHTHINGATALL\", expected a name of "
	    "this file\n");
	expect_messages(FILES({"esmtpd-ssl", "PORT=1\n"}), ST_SYNTAX,
	    "/etc/c/esmtpd-ssl:1: found the unknown name \"PORT\", expected a name of this file; "
	    "the nearest is SSLPORT\n");
}

static void
test_empty_is_default(void)
{
	struct conf c;

	CHECK_EQ(
	    load(FILES({"queuetime", ""}, {"esmtpd", "MAXDAEMONS=\nPORT=''\n"}, {"locals", ""}), &c,
		NULL),
	    ST_OK);
	CHECK_EQ(c.site.queuetime_sec, 604800);
	CHECK_EQ(c.esmtpd.max_daemons, 40);
	CHECK_EQ(c.esmtpd.port.items[0].port, 25);
	CHECK_EQ(c.site.locals.count, 0);
	conf_fini(&c);
}

/* --- the rows themselves --------------------------------------------------- */

static void
test_rows(void)
{
	for (size_t i = 0; i < conf_file_count; i++) {
		const struct conf_row *row;
		size_t at;

		for (at = 0; (row = conf_row_at(&conf_files[i], at)) != NULL; at++) {
			size_t found = 0;

			CHECK(row->dflt != NULL && row->doc != NULL);
			if (row->doc == NULL)
				continue;
			CHECK(sl_ends(sl_str(row->doc), SL(".")) && strlen(row->doc) > 25);
			CHECK(conf_row_find(&conf_files[i], sl_str(row->name), &found) == row &&
			      found == at);
			CHECK(!conf_row_has_value(row) || row->offset < conf_files[i].size);
			CHECK((row->type != CONF_UINT && row->type != CONF_DURATION &&
				  row->type != CONF_SIZE) ||
			      row->max > 0);
		}
		CHECK(at > 0 && at <= CONF_ROWS_MAX);
	}
}

/* --- snapshot -------------------------------------------------------------- */

static void
test_snapshot(void)
{
	struct conf c, d;
	struct buf first, second;
	struct fault f;

	CHECK_EQ(load(FILES({"me", "mx.example"},
			  {"courierd", "DEFAULTDELIVERY='./Maildir\n| \"prog\" \\x \xc3\xa9\t'"},
			  {"defaultsep", "\n"},
			  {"bofh", "badfrom a@b.example\nbadfrom @c.example\nmaxrcpts 7 hard"},
			  {"esmtpd", "PORT=0.2525,::1.26"}),
		     &c, NULL),
	    ST_OK);
	buf_init(&first, 1 << 20);
	buf_init(&second, 1 << 20);
	conf_snapshot_put(&c, &first);
	CHECK(buf_ok(&first));
	CHECK_EQ(conf_snapshot_get(buf_slice(&first), &d, &f), ST_OK);
	conf_snapshot_put(&d, &second);
	CHECK_SL(buf_slice(&second), buf_slice(&first));
	CHECK_SL(sl_str(d.courierd.default_delivery), sl_str(c.courierd.default_delivery));
	CHECK_SL(sl_str(d.bofh.badfrom.items[1]), SL("@c.example"));
	CHECK_SL(sl_str(d.site.defaultsep), SL(""));
	CHECK(d.bofh.max_rcpts_hard);
	conf_fini(&d);

	/* Every cut and every changed byte is noticed. */
	for (size_t n = 0; n < first.n; n += 1 + n / 50)
		CHECK(conf_snapshot_get(sl_sub(buf_slice(&first), 0, n), &d, &f) == ST_SYNTAX);
	for (size_t n = 0; n < first.n; n += 7) {
		first.p[n] ^= 1;
		CHECK(conf_snapshot_get(buf_slice(&first), &d, &f) == ST_SYNTAX);
		first.p[n] ^= 1;
	}
	buf_put(&first, SL("x"));
	CHECK(conf_snapshot_get(buf_slice(&first), &d, &f) == ST_SYNTAX);
	buf_fini(&first);
	buf_fini(&second);
	conf_fini(&c);
}

static void
test_snapshot_fd(void)
{
	char path[] = "/tmp/conf_test.XXXXXX";
	int fd = mkstemp(path);
	struct conf c, d;
	struct fault f;

	unlink(path);
	conf_defaults("mail.example.com", &c);
	CHECK_EQ(conf_snapshot_write(&c, fd, &f), ST_OK);
	CHECK_EQ(conf_snapshot_read(fd, &d, &f), ST_OK);
	CHECK_SL(sl_str(d.site.me), SL("mail.example.com"));
	CHECK_EQ(d.courierd.min_uid, c.courierd.min_uid);
	conf_fini(&c);
	conf_fini(&d);
	close(fd);
	CHECK_EQ(conf_snapshot_read(fd, &d, &f), ST_IO);
}

/* --- real files ------------------------------------------------------------ */

static char folder[] = "/tmp/conf_test_dir.XXXXXX";

static void
write_file(int dirfd, const char *name, const char *text, mode_t mode)
{
	int fd = openat(dirfd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	CHECK(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text) &&
	      fchmod(fd, mode) == 0);
	close(fd);
}

static void
collect(void *arg, const char *path, struct slice text)
{
	buf_fmt(arg, "%s=", strrchr(path, '/') + 1);
	buf_put(arg, text);
	buf_put(arg, SL(";"));
}

static void
expect_table(int dirfd, const char *name, unsigned forbidden, enum st want_st, const char *want)
{
	struct buf out;
	struct conf_report r;

	conf_report_init(&r);
	buf_init(&out, 65536);
	CHECK_EQ(conf_table_read(dirfd, "D", name, forbidden, collect, &out, &r), want_st);
	conf_report_put(&r, &out);
	CHECK_SL(buf_slice(&out), sl_str(want));
	buf_fini(&out);
	conf_report_fini(&r);
}

static void
test_tables(void)
{
	int dirfd, sub;

	CHECK(mkdtemp(folder) != NULL);
	dirfd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	expect_table(dirfd, "t", 0, ST_NOENT, "");
	write_file(dirfd, "single", "x", 0640);
	expect_table(dirfd, "single", 0, ST_OK, "single=x;");
	expect_table(dirfd, "single", S_IRWXG | S_IRWXO, ST_SYNTAX,
	    "D/single: found mode 640, expected a file that group and others cannot use (chmod go= "
	    "it)\n");
	CHECK(mkdirat(dirfd, "t", 0700) == 0);
	sub = openat(dirfd, "t", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	write_file(sub, "b", "2", 0600);
	write_file(sub, "a", "1", 0600);
	write_file(sub, ".hidden", "no", 0600);
	write_file(sub, "a~", "no", 0600);
	write_file(sub, "b.dist", "no", 0600);
	write_file(sub, "b", "2", 0600);
	expect_table(dirfd, "t", 0077, ST_OK, "a=1;b=2;");
	write_file(sub, "a.dpkg-old", "no", 0600);
	write_file(sub, "z.dist", "no", 0600);
	CHECK(mkdirat(sub, "d", 0700) == 0);
	expect_table(dirfd, "t", 0, ST_SYNTAX,
	    "a=1;b=2;D/t/a.dpkg-old: found what a package upgrade left behind, expected a "
	    "decision: merge it into the file of that name, then remove it\n"
	    "D/t/d: found a folder or device, expected a file\n"
	    "D/t/z.dist: found what a package upgrade left behind, expected a decision: merge it "
	    "into the file of that name, then remove it\n");
	unlinkat(sub, "d", AT_REMOVEDIR);
	for (const char *const *name = (const char *const[]){"a", "b", ".hidden", "a~", "b.dist",
		 "a.dpkg-old", "z.dist", NULL};
	     *name; name++)
		unlinkat(sub, *name, 0);
	close(sub);
	unlinkat(dirfd, "t", AT_REMOVEDIR);
	unlinkat(dirfd, "single", 0);
	close(dirfd);
	rmdir(folder);
}

static void
test_load_folder(void)
{
	char path[] = "/tmp/conf_test_load.XXXXXX";
	struct conf_source src = {.hostname = "h.example"};
	struct conf_report r;
	struct conf c;

	CHECK(mkdtemp(path) != NULL);
	src.dir = path;
	src.dirfd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	write_file(src.dirfd, "queuetime", "2d\n", 0600);
	CHECK(mkdirat(src.dirfd, "courierd", 0700) == 0);
	conf_report_init(&r);
	CHECK_EQ(conf_load(&src, &c, &r), ST_SYNTAX);
	CHECK_EQ(r.errors, 1);
	unlinkat(src.dirfd, "courierd", AT_REMOVEDIR);
	CHECK_EQ(conf_load(&src, &c, &r), ST_OK);
	CHECK_EQ(c.site.queuetime_sec, 2 * 86400);
	CHECK(sl_starts(sl_str(c.esmtpd.access_file), sl_str(path)));
	conf_report_fini(&r);
	conf_fini(&c);
	unlinkat(src.dirfd, "queuetime", 0);
	close(src.dirfd);
	rmdir(path);
}

/* --- explanation ----------------------------------------------------------- */

static void
test_explain(void)
{
	struct conf c;
	struct buf out;

	buf_init(&out, 1 << 20);
	CHECK_EQ(load(FILES({"esmtpd", "\nMAXPERIP=9\n"}), &c, NULL), ST_OK);
	CHECK_EQ(conf_explain(&c, SL("esmtpd-msa:MAXPERIP"), &out), 1);
	CHECK_SL(buf_slice(&out),
	    SL("esmtpd-msa:MAXPERIP\n  type     number: a number from 1 to 1000000 (sessions)\n"
	       "  default  5, unless esmtpd says otherwise\n  value    9 (/etc/c/esmtpd:2)\n"
	       "  when     takes effect at courier reload\n"
	       "    Most sessions at once from one address. MAXCPERIP in smtpaccess overrides\n"
	       "    it for some clients.\n"));
	buf_clear(&out);
	CHECK_EQ(conf_explain(&c, SL("MAXPERC"), &out), 3);
	buf_clear(&out);
	CHECK_EQ(conf_explain(&c, SL("nosuchthing"), &out), 0);
	CHECK_EQ(out.n, 0);
	conf_explain_nearest(SL("queuetim"), &out);
	CHECK_SL(buf_slice(&out), SL("; the nearest is queuetime"));
	buf_clear(&out);
	CHECK(conf_show(&c, SL_NONE, true, &out) > 100);
	CHECK_SL(buf_slice(&out),
	    SL("esmtpd:MAXPERIP=9\t# /etc/c/esmtpd:2\nesmtpd-msa:MAXPERIP=9\t# /etc/c/esmtpd:2\n"
	       "esmtpd-ssl:MAXPERIP=9\t# /etc/c/esmtpd:2\n"));
	buf_clear(&out);
	conf_show(&c, SL("dsnfrom"), false, &out);
	CHECK_SL(buf_slice(&out),
	    SL("dsnfrom=\"\\\"Courier mail server at mail.example.com\\\" <@>\"\t# default\n"));
	buf_fini(&out);
	conf_fini(&c);
}

int
main(int argc, char **argv)
{
	static const struct check_row rows[] = {
	    {"assign_forms", test_assign_forms},
	    {"assign_errors", test_assign_errors},
	    {"assign_put", test_assign_put},
	    {"rows", test_rows},
	    {"defaults", test_defaults},
	    {"values", test_values},
	    {"uids", test_uids},
	    {"me_mask", test_me_mask},
	    {"inheritance", test_inheritance},
	    {"mail services", test_mail_services},
	    {"bofh", test_bofh},
	    {"messages", test_messages},
	    {"empty_is_default", test_empty_is_default},
	    {"snapshot", test_snapshot},
	    {"snapshot_fd", test_snapshot_fd},
	    {"tables", test_tables},
	    {"load_folder", test_load_folder},
	    {"explain", test_explain},
	};

	return check_main(argc, argv, rows, COUNT_OF(rows));
}
