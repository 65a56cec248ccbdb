/*
 * The grammar of NAME=value files.
 */
#include "base/check.h"
#include "conf/assign.h"
#include "conf_test.h"

struct taken {
	struct buf text;
};

static void
take(void *arg, struct slice name, struct slice value, unsigned line)
{
	struct taken *t = arg;

	buf_fmt(&t->text, "%u:%.*s=[", line, SL_FMT(name));
	buf_put(&t->text, value);
	buf_put(&t->text, SL("] "));
}

/* What a text gives: assignments, then messages. */
static void
expect(const char *text, const char *want)
{
	struct conf_report r;
	struct taken t;
	struct conf_assign p = {
	    .file = "f", .report = &r, .arena = arena_new("test", 1 << 20), .set = take, .arg = &t};
	struct conf_var home = {SL("home"), SL("/h"), NULL};

	conf_report_init(&r);
	buf_init(&t.text, 65536);
	p.vars = &home;
	conf_assign_read(&p, sl_str(text));
	conf_report_put(&r, &t.text);
	CHECK_SL(buf_slice(&t.text), sl_str(want));
	buf_fini(&t.text);
	arena_free(p.arena);
	conf_report_fini(&r);
}

void
test_assign_forms(void)
{
	expect("", "");
	expect("# only\n\n   # comments", "");
	expect("A=1\nB=2", "1:A=[1] 2:B=[2] ");
	expect("A=1\r\n  B=2 # why\r\n", "1:A=[1] 2:B=[2] ");
	expect("A=\n_b2=x#y", "1:A=[] 2:_b2=[x#y] ");
	expect("A='one two'\"three four\"five\\ six", "1:A=[one twothree fourfive six] ");
	expect("A='a\nb'\nB=\"c\nd\"\nC=1", "1:A=[a\nb] 3:B=[c\nd] 5:C=[1] ");
	expect("A=a\\\nb\nB=\"c\\\nd\"", "1:A=[ab] 3:B=[cd] ");
	expect("A='$x \\ `'\nB=\"\\$x \\\\ \\` \\\" \\n\"", "1:A=[$x \\ `] 2:B=[$x \\ ` \" \\n] ");
	expect("A=$home/x\nB=\"${A}y\"\nC=$A$B", "1:A=[/h/x] 2:B=[/h/xy] 3:C=[/h/x/h/xy] ");
	expect("A=1\nA=2\nB=$A", "1:A=[1] 2:A=[2] 3:B=[2] ");
}

void
test_assign_errors(void)
{
	expect("if true; then\nA=1",
	    "2:A=[1] f:1: found \"if true; then\", expected NAME=value without blanks around \"=\" "
	    "(this file is read, not executed)\n");
	expect(". /etc/x", "f:1: found \". /etc/x\", expected NAME=value without blanks around "
			   "\"=\" (this file is read, not executed)\n");
	expect("A = 1", "f:1: found \"A = 1\", expected NAME=value without blanks around \"=\" "
			"(this file is read, not executed)\n");
	expect("A", "f:1: found \"A\", expected NAME=value without blanks around \"=\" (this file "
		    "is read, not executed)\n");
	expect("9A=1", "f:1: found \"9A=1\", expected NAME=value without blanks around \"=\" (this "
		       "file is read, not executed)\n");
	expect("A=one two", "f:1: found \"two\" behind the value, expected the end of the line (a "
			    "value with blanks needs quotes)\n");
	expect(
	    "A=x;rm", "f:1: found \";\", expected it in quotes: commands are not executed here\n");
	expect("A=`id`\nB=\"`id`\"\nC=$(id)",
	    "f:1: found \"`\", expected it in quotes: commands are not executed here\n"
	    "f:2: found \"`\", expected a value: commands are not executed here\n"
	    "f:3: found \"$(\", expected a value: commands are not executed here\n");
	expect("A=$\nB=${A\nC=$no",
	    "f:1: found \"$\" without a name, expected $NAME or ${NAME} (or \\$ for a dollar "
	    "sign)\n"
	    "f:2: found \"$\" without a name, expected $NAME or ${NAME} (or \\$ for a dollar "
	    "sign)\n"
	    "f:3: found \"$no\", expected a name that has a value above this line\n");
	expect("B=1\nA='x\n\n",
	    "1:B=[1] f:2: found no end of the text that begins with ', expected another '\n");
	expect("A=\"x", "f:1: found no end of the text that begins with \", expected another \"\n");
	expect("A=x\\", "f:1: found the end of the file behind \\, expected a character\n");
}

void
test_assign_put(void)
{
	static const char *const values[] = {
	    "", "plain", "two words", "it's", "''", "$x `y` \\ \"z\"\nline\n", "#", "\t\r\n"};

	for (size_t i = 0; i < COUNT_OF(values); i++) {
		struct conf_report r;
		struct taken t;
		struct conf_assign p = {.file = "f",
		    .report = &r,
		    .arena = arena_new("test", 1 << 20),
		    .set = take,
		    .arg = &t};
		struct buf written, want;

		conf_report_init(&r);
		buf_init(&t.text, 65536);
		buf_init(&written, 65536);
		buf_init(&want, 65536);
		conf_assign_put(SL("N"), sl_str(values[i]), &written);
		conf_assign_read(&p, buf_slice(&written));
		buf_fmt(&want, "1:N=[%s] ", values[i]);
		CHECK_SL(buf_slice(&t.text), buf_slice(&want));
		CHECK_EQ(r.errors, 0);
		buf_fini(&want);
		buf_fini(&written);
		buf_fini(&t.text);
		arena_free(p.arena);
		conf_report_fini(&r);
	}
}
