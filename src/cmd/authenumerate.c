/*
 * authenumerate(8): all accounts the back ends can list, a line each.
 */
#include <stdio.h>
#include <unistd.h>

#include "cmd/authclient.h"
#include "cmd/cmd.h"

static const char usage[] =
    "usage: authenumerate [-s] [-o]\n"
    "  prints address, uid, gid, home, maildir of each account, with tabs between\n"
    "  -s  leaves out accounts with the option disableshared\n"
    "  -o  prints the options too\n";

#define ANSWER_MAX ((size_t)256 << 20)

struct choice {
	bool shared_only, options;
};

static void
print_account(const struct account *acc, const struct choice *want)
{
	struct slice value;

	if (want->shared_only && account_option(acc->options, SL("disableshared"), &value) &&
	    !sl_eq(value, SL("0")))
		return;
	printf("%.*s\t%u\t%u\t%.*s\t%.*s", SL_FMT(acc->address), acc->uid, acc->gid,
	    SL_FMT(acc->home), SL_FMT(acc->maildir));
	if (want->options)
		printf("\t%.*s", SL_FMT(acc->options));
	putchar('\n');
}

/* All items up to the final dot; without it the list is not complete. */
static enum st
print_list(struct slice in, const struct choice *want, struct fault *f)
{
	struct auth_list_item item;
	size_t used;
	enum st st;

	while ((st = auth_list_parse(in, &item, &used, f)) == ST_OK) {
		if (item.kind == AUTH_LIST_END)
			return ST_OK;
		if (item.kind == AUTH_LIST_ACCOUNT)
			print_account(&item.account, want);
		in = sl_skip(in, used);
	}
	return st == ST_AGAIN ? fault_set(f, ST_TEMP, "",
				    "the list is not complete: a back end cannot be asked now")
			      : st;
}

int
main(int argc, char **argv)
{
	struct auth_request r = {.kind = AUTH_ENUMERATE, .module = SL(".")};
	struct choice want = {false, false};
	struct fault f = FAULT_NONE;
	struct buf answer;
	struct paths p;
	enum st st;
	int c;

	while ((c = getopt(argc, argv, "so")) == 's' || c == 'o')
		*(c == 's' ? &want.shared_only : &want.options) = true;
	if (c != -1 || optind != argc) {
		fputs(usage, stderr);
		return EXIT_USAGE;
	}
	cmd_paths(&p);
	buf_init(&answer, ANSWER_MAX);
	st = authclient_ask(&p, &r, &answer, &f);
	if (st == ST_OK)
		st = print_list(buf_slice(&answer), &want, &f);
	if (st != ST_OK)
		cmd_complain("authenumerate", "%s", f.text);
	buf_fini(&answer);
	if (fflush(stdout) != 0)
		return EXIT_IO;
	return st == ST_OK ? EXIT_GOOD : EXIT_TEMP;
}
