/*
 * aliaslookup(8): what an address becomes, by the tables in force and the accounts authdaemond
 * knows.
 */
#include <stdio.h>
#include <string.h>

#include "cmd/authclient.h"
#include "cmd/table.h"
#include "route/route.h"

static const char usage[] =
    "usage: aliaslookup [-m MODULE] ADDRESS...\n"
    "  prints what each address becomes: \"local: address (account, extension)\" or \"esmtp: "
    "address (domain)\"\n"
    "  -m  the source of the mail: local (default), or esmtp for a stranger\n";

struct lookup {
	struct table_cmd cmd;
	struct route_map *map;
	struct dict *aliases, *hosted, *accepted;
};

static bool
open_one(const struct lookup *l, const char *name, struct dict **out)
{
	struct fault f;
	enum st st = map_open(l->cmd.paths.conf_dir, name, out, &f);

	if (st == ST_OK || st == ST_NOENT)
		return true;
	cmd_complain("aliaslookup", "%s/%s: %s", l->cmd.paths.conf_dir, name, f.text);
	return false;
}

/* Answers the questions of a job from authdaemond. */
static void
answer(const struct lookup *l, struct route_job *j, struct slice account)
{
	struct auth_request r = {
	    .kind = AUTH_PRE, .module = SL("."), .service = SL("courier"), .user = account};
	struct arena *a = arena_new("account", 65536);
	struct account acc;
	struct fault f = FAULT_NONE;
	enum st st = auth_request_is_clean(&r) ? authclient_account(&l->cmd.paths, &r, a, &acc, &f)
					       : ST_NOENT;

	route_job_answer(j, st, st == ST_OK ? acc.address : SL_NONE, &f);
	arena_free(a);
}

static void
print_recipient(const struct route_recipient *r)
{
	printf("%.*s: %.*s ", SL_FMT(r->module), SL_FMT(r->address));
	if (!sl_eq(r->module, SL("local")))
		printf("(%.*s)\n", SL_FMT(r->host));
	else if (r->extension.n > 0)
		printf("(%.*s, extension %.*s)\n", SL_FMT(r->account), SL_FMT(r->extension));
	else
		printf("(%.*s)\n", SL_FMT(r->account));
}

static int
look_up(const struct lookup *l, const char *address, bool stranger)
{
	/* A local sender's unknown recipient would be accepted, and bounce; here the answer is
	 * wanted. */
	struct route_request r = {
	    .source = SL("esmtp"), .may_relay = !stranger, .address = sl_str(address)};
	struct route_job *j = route_job_new(l->map, &r);
	const struct route_recipient *list;
	size_t count, missing;
	struct slice account;
	struct fault f = FAULT_NONE;
	enum st st;

	while (route_job_run(j, &account) == ROUTE_ASKS)
		answer(l, j, account);
	st = route_job_result(j, &list, &count, &missing, &f);
	for (size_t i = 0; i < count; i++)
		print_recipient(&list[i]);
	fflush(stdout); /* before what goes to stderr */
	if (missing > 0)
		cmd_complain("aliaslookup", "%s: %zu members do not exist", address, missing);
	if (st != ST_OK)
		cmd_complain("aliaslookup", "%s: %s", address, f.text);
	route_job_free(j);
	return st == ST_OK ? EXIT_GOOD : fault_is_temporary(&f) ? EXIT_TEMP : EXIT_NOUSER;
}

static int
run(struct lookup *l, int argc, char **argv, bool stranger)
{
	int status = EXIT_GOOD;

	if (!open_one(l, "aliases.dat", &l->aliases) ||
	    !open_one(l, "hosteddomains.dat", &l->hosted) ||
	    !open_one(l, "esmtpacceptmailfor.dat", &l->accepted))
		return EXIT_IO;
	l->map = route_map_new(&l->cmd.conf);
	route_map_set_aliases(l->map, l->aliases);
	route_map_set_hosted(l->map, l->hosted);
	route_map_set_accepted(l->map, l->accepted);
	for (int i = 0; i < argc; i++) {
		int one = look_up(l, argv[i], stranger);

		status = one > status ? one : status;
	}
	route_map_free(l->map);
	return status;
}

int
main(int argc, char **argv)
{
	struct lookup l = {.map = NULL};
	bool stranger = false;
	int first = 1, status;

	if (argc > 2 && strcmp(argv[1], "-m") == 0) {
		stranger = strcmp(argv[2], "esmtp") == 0;
		first = stranger || strcmp(argv[2], "local") == 0 ? 3 : argc;
	}
	if (first >= argc || argv[first][0] == '-') {
		fputs(usage, stderr);
		return EXIT_USAGE;
	}
	status = table_cmd_open(&l.cmd, "aliaslookup", true);
	if (status != EXIT_GOOD)
		return status;
	status = run(&l, argc - first, argv + first, stranger);
	dict_close(l.aliases);
	dict_close(l.hosted);
	dict_close(l.accepted);
	table_cmd_close(&l.cmd);
	return status;
}
