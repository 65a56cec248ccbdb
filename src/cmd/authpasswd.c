/*
 * authpasswd(8), userdbpw(8): the hash of a password read from the terminal or standard input. One
 * source, two programs (MAKE_USERDBPW).
 */
#include <stdio.h>
#include <string.h>

#include "account/password.h"
#include "base/arena.h"
#include "cmd/cmd.h"
#include "cmd/password_in.h"

struct choice {
	const char *argument; /* NULL: the default */
	const char *form;     /* of password_hash; NULL: not supported */
};

#ifdef MAKE_USERDBPW
#define COMMAND "userdbpw"
static const struct choice choices[] = {
    {NULL, "crypt"}, {"-md5", "crypt-md5"}, {"-hmac-md5", NULL}, {"-hmac-sha1", NULL}};
static const char usage[] = "usage: userdbpw [-md5] | userdb ADDRESS set systempw\n"
			    "  prints the hash of a password, for userdb\n";
#else
#define COMMAND "authpasswd"
static const struct choice choices[] = {{NULL, "crypt"}, {"crypt", "crypt"}, {"md5", "md5"},
    {"md5raw", "md5raw"}, {"sha1", "sha1"}, {"ssha", "ssha"}, {"sha256", "sha256"},
    {"sha512", "sha512"}};
static const char usage[] =
    "usage: authpasswd [crypt|md5|md5raw|sha1|ssha|sha256|sha512]\n"
    "  prints the hash of a password (default: crypt, the best the system has)\n";
#endif

static const struct choice *
choose(const char *argument)
{
	for (size_t i = 0; i < COUNT_OF(choices); i++)
		if (argument == NULL ||
		    (choices[i].argument != NULL && strcmp(choices[i].argument, argument) == 0))
			return &choices[i];
	return NULL;
}

int
main(int argc, char **argv)
{
	const struct choice *choice = argc <= 2 ? choose(argc == 2 ? argv[1] : NULL) : NULL;
	struct buf password, hash;
	bool good;

	if (choice == NULL) {
		fputs(usage, stderr);
		return EXIT_USAGE;
	}
	if (choice->form == NULL) {
		cmd_complain(
		    COMMAND, "%s: secrets for the CRAM mechanisms are not supported", argv[1]);
		return EXIT_UNAVAILABLE;
	}
	buf_init(&password, 4096);
	buf_init(&hash, 4096);
	good = password_in(COMMAND, &password);
	if (good && !password_hash(choice->form, buf_slice(&password), &hash)) {
		cmd_complain(
		    COMMAND, "this system cannot make hashes of the form %s", choice->form);
		good = false;
	}
	if (good)
		good = printf("%.*s\n", SL_FMT(buf_slice(&hash))) > 0 && fflush(stdout) == 0;
	if (password.n > 0)
		memset(password.p, 0, password.n);
	buf_fini(&password);
	buf_fini(&hash);
	return good ? EXIT_GOOD : EXIT_DATA;
}
