/*
 * Instructions, file names, extensions, environment, exit codes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "deliver/env.h"
#include "deliver/file.h"
#include "deliver/instr.h"
#include "deliver/program.h"

/* Each text, and its canonical form; NULL: a mistake in the line given. */
static const struct {
	const char *text, *form;
	unsigned line;
} texts[] = {
    {"", "", 0},
    {"\n \r\n\t\n", "", 0},
    {"# nothing\n", "#\n", 0},
    {"./Maildir/\n", "./Maildir/\n", 0},
    {"  ./Maildir \r\n/var/mail/x\n", "./Maildir\n/var/mail/x\n", 0},
    {"|prog a b", "| prog a b\n", 0},
    {"| prog a \\\n  b\\\n c\n./x\n", "| prog a   b c\n./x\n", 0},
    {"|echo '\\\\'\\\\\n./x", "| echo '\\\\'\\\\\n./x\n", 0},
    {"|a\\", "| a\n", 0},
    {"||dotforward\n./Maildir", "|| dotforward\n./Maildir\n", 0},
    {"| |x", "| |x\n", 0},
    {"&a@b.test", "&a@b.test\n", 0},
    {"! a@b.test", "&a@b.test\n", 0},
    {"a@b.test, Some One <c@d.test>, e", "&a@b.test, c@d.test, e\n", 0},
    {"&\"two words\"@b.test", "&\"two words\"@b.test\n", 0},
    {"list: a@b.test, c@d.test;", "&a@b.test, c@d.test\n", 0},
    {"./x\n&\n", NULL, 2},
    {"&a b c\n", NULL, 1},
    {"|\n", NULL, 1},
    {"||  \n", NULL, 1},
    {"./x\n\n&<a@b\n", NULL, 3},
};

static void
test_texts(void)
{
	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		struct arena *a = arena_new("test", 1 << 20);
		struct deliver_plan plan;
		struct buf out;
		struct fault f = FAULT_NONE;
		char at[32];
		enum st st = deliver_parse(sl_str(texts[i].text), a, &plan, &f);

		buf_init(&out, 1 << 20);
		if (texts[i].form) {
			if (!CHECK_EQ(st, ST_OK))
				printf("%s: %s\n", texts[i].text, f.text);
			deliver_plan_put(&plan, &out);
			CHECK_SL(buf_slice(&out), sl_str(texts[i].form));
			CHECK_EQ(plan.is_empty, texts[i].form[0] == '\0');
		} else {
			snprintf(at, sizeof(at), "line %u:", texts[i].line);
			CHECK_EQ(st, ST_SYNTAX);
			CHECK(strstr(f.text, at) != NULL && f.esc[0] == 4);
		}
		buf_fini(&out);
		arena_free(a);
	}
}

static void
test_limits(void)
{
	struct arena *a = arena_new("test", 1 << 22);
	struct deliver_plan plan;
	struct buf text;
	struct fault f;

	buf_init(&text, 1 << 20);
	for (int i = 0; i <= DELIVER_LINES_MAX; i++)
		buf_put_str(&text, "./x\n");
	CHECK_EQ(deliver_parse(buf_slice(&text), a, &plan, &f), ST_LIMIT);
	buf_clear(&text);
	for (int i = 0; i <= DELIVER_LINES_MAX; i++)
		buf_put_str(&text, "a@b,");
	CHECK_EQ(deliver_parse(buf_slice(&text), a, &plan, &f), ST_LIMIT);
	buf_clear(&text);
	while (text.n <= DELIVER_TEXT_MAX)
		buf_put_str(&text, "#################\n");
	CHECK_EQ(deliver_parse(buf_slice(&text), a, &plan, &f), ST_LIMIT);
	CHECK_EQ(deliver_parse(SL("./a\0b"), a, &plan, &f), ST_SYNTAX);
	buf_fini(&text);
	arena_free(a);
	a = arena_new("test", 100);
	CHECK_EQ(deliver_parse(SL("./a\n./b\n./c\n./d\n./e\n"), a, &plan, &f), ST_LIMIT);
	arena_free(a);
}

static void
expect_names(const char *ext, const char *const *names, const long *rest)
{
	struct deliver_file file;
	unsigned i = 0;

	for (; names[i]; i++) {
		CHECK(deliver_file_name(".courier", ext, i, &file));
		CHECK_SL(sl_str(file.name), sl_str(names[i]));
		CHECK_EQ(file.is_default ? (long)file.default_at : -1, rest[i]);
	}
	CHECK(!deliver_file_name(".courier", ext, i, &file));
}

static void
test_names(void)
{
	char ext[DELIVER_EXT_MAX + 1], longest[DELIVER_EXT_MAX + 1];
	struct deliver_file file;

	expect_names("", (const char *const[]){".courier", NULL}, (const long[]){-1});
	expect_names("a-b.c",
	    (const char *const[]){".courier-a-b:c", ".courier-a-default", ".courier-default", NULL},
	    (const long[]){-1, 2, 0});
	expect_names("x.y-z",
	    (const char *const[]){
		".courier-x:y-z", ".courier-x:y-default", ".courier-default", NULL},
	    (const long[]){-1, 4, 0});
	expect_names("-", (const char *const[]){".courier--", ".courier-default", NULL},
	    (const long[]){-1, 0});
	expect_names("../../etc/passwd", (const char *const[]){NULL}, NULL);
	memset(longest, 'x', DELIVER_EXT_MAX);
	longest[DELIVER_EXT_MAX] = '\0';
	CHECK(deliver_file_name(".courier", longest, 0, &file) && file.name[0] == '\0');
	CHECK(deliver_file_name(".courier", longest, 1, &file));
	CHECK_SL(sl_str(file.name), SL(".courier-default"));
	CHECK(deliver_extension(SL("a+b-c"), SL("+"), ext));
	CHECK_SL(sl_str(ext), SL("a-b-c"));
	CHECK(!deliver_extension(SL("a\0b"), SL("+"), ext));
	CHECK(!deliver_extension(sl_mem(longest, 256), SL("+"), ext));
}

static bool
has(char **env, const char *var)
{
	for (; *env; env++)
		if (strcmp(*env, var) == 0)
			return true;
	printf("missing %s\n", var);
	return false;
}

static void
test_env(void)
{
	static const char *const want[] = {
	    "HOME=/home/u",
	    "USER=u",
	    "SHELL=/bin/sh",
	    "PATH=/bin",
	    "SENDER=s@x.test",
	    "RECIPIENT=u-a-b-c-d@y.test",
	    "LOCAL=u-a-b-c-d",
	    "HOST=y.test",
	    "EXT=a-b-c-d",
	    "EXT2=b-c-d",
	    "EXT3=c-d",
	    "EXT4=d",
	    "DEFAULT=c-d",
	    "UFLINE=From s@x.test Tue Nov 14 22:13:20 2023",
	    "RPLINE=Return-Path: <s@x.test>",
	    "DTLINE=Delivered-To: u-a-b-c-d@y.test",
	    "MAILDIRQUOTA=10S",
	    "MAILDROPDEFAULT=./Maildir",
	    "DEFAULTDELIVERY=./Maildir",
	};
	struct deliver_env e = {
	    .home = "/home/u",
	    .shell = "/bin/sh",
	    .path = "/bin",
	    .user = SL("u"),
	    .sender = SL("s@x.test"),
	    .recipient = SL("u-a-b-c-d@y.test"),
	    .extension = "a-b-c-d",
	    .rest = "c-d",
	    .quota = SL("10S"),
	    .maildrop_default = "./Maildir",
	    .default_delivery = "./Maildir",
	    .arrived_sec = 1700000000,
	};
	struct arena *a = arena_new("test", 1 << 20);
	char **env = deliver_env_make(&e, a);

	CHECK(env != NULL);
	for (size_t i = 0; env && i < COUNT_OF(want); i++)
		CHECK(has(env, want[i]));
	e = (struct deliver_env){.home = "/",
	    .shell = "",
	    .path = "",
	    .recipient = SL("local"),
	    .extension = "",
	    .maildrop_default = "",
	    .default_delivery = ""};
	env = deliver_env_make(&e, a);
	CHECK(env && has(env, "LOCAL=local") && has(env, "HOST=") && has(env, "EXT4=") &&
	      has(env, "SENDER="));
	CHECK(env && has(env, "UFLINE=From MAILER-DAEMON Thu Jan  1 00:00:00 1970"));
	for (; env && *env; env++)
		CHECK(strncmp(*env, "DEFAULT=", 8) != 0 && strncmp(*env, "MAILDIRQUOTA=", 13) != 0);
	arena_free(a);
	a = arena_new("test", 300);
	CHECK(deliver_env_make(&e, a) == NULL);
	arena_free(a);
}

int
main(int argc, char **argv)
{
	static const struct check_row rows[] = {
	    {"texts", test_texts},
	    {"limits", test_limits},
	    {"names", test_names},
	    {"env", test_env},
	};

	return check_main(argc, argv, rows, COUNT_OF(rows));
}
