/*
 * authtest(8): looks an account up, checks its password, changes it; as the services see it.
 */
#include <stdio.h>
#include <unistd.h>

#include "cmd/authclient.h"
#include "cmd/cmd.h"

#define EXIT_NO 1

static const char usage[] =
    "usage: authtest [-s SERVICE] [-m MODULE] ADDRESS [PASSWORD [NEWPASSWORD]]\n"
    "  looks the account up; with PASSWORD checks it; with NEWPASSWORD changes it\n"
    "  -s  the service that asks (login; imap, pop3, esmtp, courier ...)\n"
    "  -m  asks one back end only (authuserdb ...)\n";

static void
show(const char *label, struct slice value)
{
	printf("%18s: %.*s\n", label, SL_FMT(value.n > 0 ? value : SL("(none)")));
}

static void
show_account(const struct account *acc)
{
	if (acc->has_ids)
		printf("%18s: %.*s  (uid %u, gid %u)\n", "Authenticated", SL_FMT(acc->address),
		    acc->uid, acc->gid);
	else
		printf("%18s: %.*s  (system username: %.*s)\n", "Authenticated",
		    SL_FMT(acc->address), SL_FMT(acc->username));
	show("Home Directory", acc->home);
	show("Maildir", acc->maildir);
	show("Quota", acc->quota);
	show("Encrypted Password", acc->password);
	show("Cleartext Password", acc->clear);
	show("Options", acc->options);
	if (acc->delivery.n > 0)
		show("Default Delivery", acc->delivery);
	if (acc->name.n > 0)
		show("Name", acc->name);
}

int
main(int argc, char **argv)
{
	struct auth_request r = {.module = SL("."), .service = SL("login"), .type = SL("login")};
	struct account acc;
	struct arena *a;
	struct paths p;
	struct fault f = FAULT_NONE;
	enum st st;
	int c, n;

	while ((c = getopt(argc, argv, "s:m:")) != -1) {
		if (c == 's')
			r.service = sl_str(optarg);
		else if (c == 'm')
			r.module = sl_str(optarg);
		else
			break;
	}
	n = argc - optind;
	if (c != -1 || n < 1 || n > 3) {
		fputs(usage, stderr);
		return EXIT_USAGE;
	}
	cmd_paths(&p);
	r.user = sl_str(argv[optind]);
	r.kind = n == 1 ? AUTH_PRE : n == 2 ? AUTH_LOGIN : AUTH_PASSWD;
	r.secret = n > 1 ? sl_str(argv[optind + 1]) : SL_NONE;
	r.new_secret = n > 2 ? sl_str(argv[optind + 2]) : SL_NONE;
	a = arena_new("authtest", 65536);
	st = authclient_account(&p, &r, a, &acc, &f);
	if (st == ST_OK && r.kind == AUTH_PASSWD)
		puts("Password changed.");
	else if (st == ST_OK)
		puts("Authentication succeeded.\n"), show_account(&acc);
	else if (st == ST_NOENT)
		cmd_complain("authtest", "authentication failed: %s",
		    n == 1   ? "no such account"
		    : n == 2 ? "no such account, or a wrong password"
			     : "not changed");
	else
		cmd_complain("authtest", "%s", f.text);
	arena_free(a);
	return st == ST_OK ? EXIT_GOOD : st == ST_NOENT ? EXIT_NO : EXIT_TEMP;
}
