/*
 * Password forms: what others wrote matches, what we write matches, nothing else does.
 */
#include "account/password.h"
#include "base/check.h"

static void
test_passwords(void)
{
	/* The digests of "secret", and crypt(3) forms of it, as other programs print them. */
	static const char *const stored[] = {
	    "{MD5}Xr4ilOzQ4PCOq3aQ0qbuaQ==",
	    "{MD5RAW}5ebe2294ecd0e0f08eab7690d2a6ee69",
	    "{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=",
	    "{sha}5en6G6MezRroT3XKqkdPOmY/BfQ=",
	    "{SHA256}K7gNU3sdo+OL0wNhqoVWhr3g6s1xYv72ol/pe/Unols=",
	    "{SHA512}"
	    "vSsar3708Jvp9Szi2NWZZ02Bqp1qRCFpbcTZPdBhnWgs5WtNZKnvCXdhztmeD2cmW192CF5bDufKRpayrW/"
	    "isg==",
	};

	for (size_t i = 0; i < COUNT_OF(stored); i++) {
		CHECK(password_matches(SL("secret"), sl_str(stored[i])));
		CHECK(!password_matches(SL("Secret"), sl_str(stored[i])));
		CHECK(!password_matches(
		    SL("secret"), sl_sub(sl_str(stored[i]), 0, strlen(stored[i]) - 2)));
	}
	CHECK(!password_matches(SL("secret"), SL("")));
	CHECK(!password_matches(SL(""), SL("")));
	CHECK(!password_matches(SL("secret"), SL("secret")));
	CHECK(!password_matches(SL("secret"), SL("{NOSUCH}secret")));
	CHECK(!password_matches(SL("secret"), SL("!$1$x$")));
	CHECK(!password_matches(SL("sec\0ret"), SL("{CRYPT}*")));
}

static void
test_password_hash(void)
{
	static const char *const kinds[] = {
	    "md5", "md5raw", "sha", "ssha", "sha256", "sha512", "crypt", "crypt-md5"};
	struct buf first, second;

	buf_init(&first, 1024);
	buf_init(&second, 1024);
	for (size_t i = 0; i < COUNT_OF(kinds); i++) {
		buf_clear(&first);
		CHECK(password_hash(kinds[i], SL("p\xc3\xa4ss word"), &first));
		CHECK(password_matches(SL("p\xc3\xa4ss word"), buf_slice(&first)));
		CHECK(!password_matches(SL("p\xc3\xa4ss wore"), buf_slice(&first)));
	}
	buf_clear(&first);
	CHECK(password_hash("ssha", SL("x"), &first) && password_hash("ssha", SL("x"), &second));
	CHECK(!sl_eq(buf_slice(&first), buf_slice(&second)));
	CHECK(!password_hash("rot13", SL("x"), &first));
	buf_fini(&first);
	buf_fini(&second);
}

int
main(int argc, char **argv)
{
	static const struct check_row rows[] = {
	    {"passwords", test_passwords},
	    {"password_hash", test_password_hash},
	};

	return check_main(argc, argv, rows, COUNT_OF(rows));
}
