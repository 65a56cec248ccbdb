/* What is said about messages. */
#include "base/check.h"
#include "imap/describe.h"
#include "imap/reply/reply.h"

/* A description of text, in an arena that lives until the next one. */
static struct arena *memory;

static struct imap_description
described(struct slice text, size_t step)
{
	struct imap_description out = {.envelope = SL_NONE};
	struct imap_describer *d;

	arena_free(memory);
	memory = arena_new("test", 2u << 20);
	d = imap_describer_new(memory);
	while (text.n) {
		imap_describer_feed(d, sl_sub(text, 0, step));
		text = sl_skip(text, step);
	}
	CHECK(imap_describer_end(d, &out));
	return out;
}

static void
memory_end(void)
{
	arena_free(memory);
	memory = NULL;
}

static void
check_envelope(const char *header, const char *want)
{
	CHECK_SL(described(sl_str(header), 7).envelope, sl_str(want));
	memory_end();
}

static void
envelopes(void)
{
	check_envelope("", "(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)");
	check_envelope("Date: Sat, 21 Nov 2026 19:05:00 +0000\r\nSubject: a \"b\"\r\n c\\d\r\n"
		       "From: Ann <ann@a.test>\r\nTo: b@b.test, C. D. <\"c d\"@c.test>\r\n"
		       "Message-ID: <1@a>\r\n\r\nx",
	    "(\"Sat, 21 Nov 2026 19:05:00 +0000\" \"a \\\"b\\\" c\\\\d\" "
	    "((\"Ann\" NIL \"ann\" \"a.test\")) ((\"Ann\" NIL \"ann\" \"a.test\")) "
	    "((\"Ann\" NIL \"ann\" \"a.test\")) ((NIL NIL \"b\" \"b.test\")"
	    "(\"C. D.\" NIL \"c d\" \"c.test\")) NIL NIL NIL \"<1@a>\")");
	/* Sender and Reply-To of their own; empty ones are as absent */
	check_envelope("From: a@a\nSender: b@b\nReply-To: c@c\n\n",
	    "(NIL NIL ((NIL NIL \"a\" \"a\")) ((NIL NIL \"b\" \"b\")) ((NIL NIL \"c\" \"c\"))"
	    " NIL NIL NIL NIL NIL)");
	check_envelope("From: a@a\nSender:\nReply-To:  \nSubject:\nCc:\nDate: \n\n",
	    "(\"\" \"\" ((NIL NIL \"a\" \"a\")) ((NIL NIL \"a\" \"a\")) ((NIL NIL \"a\" \"a\"))"
	    " NIL NIL NIL NIL NIL)");
	/* groups, also empty and unclosed ones */
	check_envelope("To: x@x, Team: a@a, b@b; , y@y\nCc: nobody:;\nBcc: open: q@q\n\n",
	    "(NIL NIL NIL NIL NIL ((NIL NIL \"x\" \"x\")(NIL NIL \"Team\" NIL)"
	    "(NIL NIL \"a\" \"a\")(NIL NIL \"b\" \"b\")(NIL NIL NIL NIL)(NIL NIL \"y\" \"y\")) "
	    "((NIL NIL \"nobody\" NIL)(NIL NIL NIL NIL)) "
	    "((NIL NIL \"open\" NIL)(NIL NIL \"q\" \"q\")(NIL NIL NIL NIL)) NIL NIL)");
	/* a route; no domain is no group; comments as names */
	check_envelope("To: <@r1,@r2:u@h>, alone, u@h (The User)\n\n",
	    "(NIL NIL NIL NIL NIL ((NIL \"@r1,@r2\" \"u\" \"h\")(NIL NIL \"alone\" \"\")"
	    "(\"The User\" NIL \"u\" \"h\")) NIL NIL NIL NIL)");
	/* a list in two fields is one; of texts the first counts */
	check_envelope("To: a@a\nSubject: 1\nTo: b@b\nSubject: 2\n\n",
	    "(NIL \"1\" NIL NIL NIL ((NIL NIL \"a\" \"a\")(NIL NIL \"b\" \"b\")) NIL NIL NIL NIL)");
	/* octets that no quoted string holds */
	check_envelope("Subject: gr\xc3\xbc\xc3\x9f\nIn-Reply-To: <a>\n <b>\n\n",
	    "(NIL {6}\r\ngr\xc3\xbc\xc3\x9f NIL NIL NIL NIL NIL NIL \"<a> <b>\" NIL)");
}

static void
nul_and_endless(void)
{
	static const char nul[] = "Subject: a\0b\nFrom: x\0y <z@z>\n\n";
	struct imap_description d = described(sl_mem(nul, sizeof(nul) - 1), 1);
	struct buf long_to;

	CHECK_SL(d.envelope, SL("(NIL \"ab\" ((\"xy\" NIL \"z\" \"z\")) ((\"xy\" NIL \"z\" \"z\")) "
				"((\"xy\" NIL \"z\" \"z\")) NIL NIL NIL NIL NIL)"));
	buf_init(&long_to, 4u << 20);
	for (int i = 0; i < 30; i++) {
		buf_put(&long_to, SL("To: "));
		for (int k = 0; k < 5000; k++)
			buf_put(&long_to, SL("a@b,"));
		buf_put(&long_to, SL("\nSubject: x\nCc: team: a, b, c;\n"));
	}
	d = described(buf_slice(&long_to), 4096);
	CHECK(d.envelope.n > 60000 && d.envelope.n <= IMAP_ENVELOPE_MAX);
	CHECK(sl_ends(d.envelope, SL(")")));
	buf_fini(&long_to);
	memory_end();
}

static const char report[] =
    "From: a@a\r\nContent-Type: multipart/mixed; boundary=\"out\"\r\n\r\npreamble\r\n--out\r\n"
    "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n"
    "Content-ID: <1@x>\r\nContent-Description: words\r\n\r\none\r\ntwo\r\n\r\n--out\r\n"
    "Content-Type: message/rfc822\r\n\r\nSubject: inner\r\nFrom: b@b\r\n"
    "Content-Type: multipart/alternative; boundary=in\r\n\r\n--in\r\n\r\nplain\r\n--in\r\n"
    "Content-Type: text/html\r\nContent-Language: de, en\r\n\r\n<p>\r\n--in--\r\n--out\r\n"
    "Content-Type: image/png; name*=iso-8859-1''%e4.png\r\n"
    "Content-Disposition: attachment; filename=\"a b.png\"; size=3\r\n"
    "Content-Transfer-Encoding: base64\r\nContent-MD5: abc==\r\n"
    "Content-Location: http://x/\r\n\r\nAAAA\r\n--out--\r\nepilogue\r\n";

static void
structures(void)
{
	struct imap_description d = described(sl_str(report), 5);
	struct buf body;

	CHECK_SL(d.structure,
	    SL("((\"text\" \"plain\" (\"charset\" \"utf-8\") \"<1@x>\" \"words\" "
	       "\"quoted-printable\" 10 2 NIL NIL NIL NIL)"
	       "(\"message\" \"rfc822\" NIL NIL NIL \"7bit\" 164 "
	       "(NIL \"inner\" ((NIL NIL \"b\" \"b\")) ((NIL NIL \"b\" \"b\")) "
	       "((NIL NIL \"b\" \"b\")) NIL NIL NIL NIL NIL) "
	       "((\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\" 5 0 NIL NIL NIL "
	       "NIL)(\"text\" \"html\" NIL NIL NIL \"7bit\" 3 0 NIL NIL (\"de\" \"en\") NIL) "
	       "\"alternative\" (\"boundary\" \"in\") NIL NIL NIL) 12 NIL NIL NIL NIL)"
	       "(\"image\" \"png\" (\"name*\" \"iso-8859-1''%E4.png\") NIL NIL \"base64\" 4 "
	       "\"abc==\" (\"attachment\" (\"filename\" \"a b.png\" \"size\" \"3\")) NIL "
	       "\"http://x/\") \"mixed\" (\"boundary\" \"out\") NIL NIL NIL)"));
	buf_init(&body, IMAP_STRUCTURE_MAX);
	CHECK(imap_structure_to_body(d.structure, &body));
	CHECK_SL(buf_slice(&body),
	    SL("((\"text\" \"plain\" (\"charset\" \"utf-8\") \"<1@x>\" \"words\" "
	       "\"quoted-printable\" 10 2)(\"message\" \"rfc822\" NIL NIL NIL \"7bit\" 164 "
	       "(NIL \"inner\" ((NIL NIL \"b\" \"b\")) ((NIL NIL \"b\" \"b\")) "
	       "((NIL NIL \"b\" \"b\")) NIL NIL NIL NIL NIL) "
	       "((\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\" 5 0)"
	       "(\"text\" \"html\" NIL NIL NIL \"7bit\" 3 0) \"alternative\") 12)"
	       "(\"image\" \"png\" (\"name*\" \"iso-8859-1''%E4.png\") NIL NIL \"base64\" 4) "
	       "\"mixed\")"));
	buf_fini(&body);
	CHECK_EQ(d.sizes.file_bytes, sizeof(report) - 1);
	CHECK_EQ(d.sizes.octets, sizeof(report) - 1);
	CHECK_SL(sl_mem(report + d.sizes.header_bytes, 8), SL("preamble"));
	memory_end();
}

static void
check_structure(const char *text, const char *want)
{
	struct imap_description d = described(sl_str(text), 3);
	struct buf body;

	CHECK_SL(d.structure, sl_str(want));
	buf_init(&body, IMAP_STRUCTURE_MAX);
	CHECK(imap_structure_to_body(d.structure, &body));
	buf_fini(&body);
	memory_end();
}

#define EMPTY "(\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\" 0 0 NIL NIL NIL NIL)"

static void
odd_structures(void)
{
	check_structure("", EMPTY);
	check_structure("Subject: cut", EMPTY);
	check_structure("\nx\ny\n",
	    "(\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\" "
	    "6 2 NIL NIL NIL NIL)");
	check_structure("Content-Type: nonsense\n\nx",
	    "(\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\" 1 0 NIL NIL NIL NIL)");
	/* a multipart without parts, and one without boundary */
	check_structure("Content-Type: multipart/mixed; boundary=b\n\nno part\n",
	    "(" EMPTY " \"mixed\" (\"boundary\" \"b\") NIL NIL NIL)");
	check_structure("Content-Type: multipart/mixed\n\nabc\n",
	    "(\"application\" \"octet-stream\" NIL NIL NIL \"7bit\" 5 NIL NIL NIL NIL)");
	/* a message that is encoded is none */
	check_structure(
	    "Content-Type: message/rfc822\nContent-Transfer-Encoding: BASE64 (x)\n\nQQ==",
	    "(\"application\" \"octet-stream\" NIL NIL NIL \"BASE64\" 4 NIL NIL NIL NIL)");
	/* folded and 8-bit parameters */
	check_structure("Content-Type: image/gif; name=a b\n c; x=\"\xe4\"\n\n",
	    "(\"image\" \"gif\" (\"name\" \"a b c\" \"x\" {1}\r\n\xe4) NIL NIL \"7bit\" 0 "
	    "NIL NIL NIL NIL)");
	check_structure(
	    "Content-Type: multipart/digest; boundary=b\n\n--b\n\nSubject: s\n\nt\n--b--\n",
	    "((\"message\" \"rfc822\" NIL NIL NIL \"7bit\" 15 (NIL \"s\" NIL NIL NIL NIL NIL NIL "
	    "NIL NIL) (\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\" 1 0 NIL "
	    "NIL NIL NIL) 2 NIL NIL NIL NIL) \"digest\" (\"boundary\" \"b\") NIL NIL NIL)");
}

static void
limits(void)
{
	struct buf text, body;
	struct imap_description d;

	buf_init(&text, 64u << 20);
	buf_init(&body, IMAP_STRUCTURE_MAX);
	for (int i = 0; i < 100; i++)
		buf_fmt(
		    &text, "Content-Type: multipart/mixed; boundary=\"b%d.\"\n\n--b%d.\n", i, i);
	buf_put_str(&text, "\nx\n");
	d = described(buf_slice(&text), 4096);
	CHECK(sl_search(d.structure, SL("\"application\" \"octet-stream\"")) < d.structure.n);
	CHECK(imap_structure_to_body(d.structure, &body));

	buf_clear(&text);
	buf_clear(&body);
	buf_put_str(&text, "Content-Type: multipart/mixed; boundary=b\n\n");
	for (int i = 0; i < 10000; i++)
		buf_put_str(&text, "--b\nContent-Type: image/png; name=picture.png\n\nx\n");
	d = described(buf_slice(&text), 4096);
	CHECK(d.structure.n < IMAP_STRUCTURE_MAX && d.structure.n > 300000);
	CHECK(d.outline.n <= IMAP_OUTLINE_MAX);
	CHECK(imap_structure_to_body(d.structure, &body));

	/* more than may be said: in brief, and still a structure */
	buf_clear(&text);
	buf_clear(&body);
	buf_put_str(&text, "Content-Type: multipart/mixed; boundary=b\n\n");
	for (int i = 0; i < 200; i++) {
		buf_put_str(&text, "--b\nContent-Type: image/png; name=\"");
		for (int k = 0; k < 5000; k++)
			buf_put_byte(&text, (unsigned char)(k % 2 ? '\\' : 'p'));
		buf_put_str(&text, "\"\n\nx\n");
	}
	for (int i = 0; i < 200; i++)
		buf_put_str(&text, "--b\nContent-Type: message/rfc822\n\nTo: a@b\n\nx\n");
	d = described(buf_slice(&text), 4096);
	CHECK(d.structure.n > 10000 && d.structure.n <= IMAP_STRUCTURE_MAX);
	CHECK(imap_structure_to_body(d.structure, &body));
	buf_fini(&body);
	buf_fini(&text);
	memory_end();
}

static void
not_structures(void)
{
	static const char *const rows[] = {"", "(", "()", "NIL", "(\"text\" \"plain\")",
	    "(\"text\" \"plain\" NIL NIL NIL \"7bit\" 1)", "(\"a\" \"b\" NIL NIL NIL \"7bit\" 1",
	    "(\"a\" \"b\" NIL NIL NIL \"7bit\" 1) ", "(\"a\" \"b\" NIL NIL NIL {9}\r\n7bit 1)"};
	struct buf out;

	buf_init(&out, 4096);
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		CHECK(!imap_structure_to_body(sl_str(rows[i]), &out));
	CHECK(imap_structure_to_body(SL("(\"a\" \"b\" NIL NIL NIL {4}\r\n7b)t 1)"), &out));
	buf_fini(&out);
}

/* "1.2.HEADER" of the outline, as text of the message; NULL: there is no such part. */
static void
check_section(
    struct slice outline, enum imap_section_kind kind, const uint32_t *part, const char *want)
{
	struct imap_section section = {.kind = kind};
	struct imap_place from, to;

	while (part[section.depth]) {
		section.part[section.depth] = part[section.depth];
		section.depth++;
	}
	if (!CHECK(imap_section_find(outline, &section, &from, &to) == (want != NULL)) || !want)
		return;
	CHECK_SL(sl_sub(sl_str(report), (size_t)from.bytes, (size_t)to.bytes), sl_str(want));
	CHECK_EQ(to.octets - from.octets, strlen(want));
}

#define PART(...) ((const uint32_t[]){__VA_ARGS__})

static void
sections(void)
{
	struct slice o = described(sl_str(report), 100).outline;

	check_section(o, IMAP_SECTION_ALL, PART(0), report);
	check_section(o, IMAP_SECTION_HEADER, PART(0),
	    "From: a@a\r\nContent-Type: multipart/mixed; boundary=\"out\"\r\n\r\n");
	check_section(o, IMAP_SECTION_TEXT, PART(0), strstr(report, "preamble"));
	check_section(o, IMAP_SECTION_MIME, PART(0), NULL);
	check_section(o, IMAP_SECTION_ALL, PART(1, 0), "one\r\ntwo\r\n");
	check_section(o, IMAP_SECTION_MIME, PART(1, 0),
	    "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: "
	    "quoted-printable\r\nContent-ID: <1@x>\r\nContent-Description: words\r\n\r\n");
	check_section(o, IMAP_SECTION_HEADER, PART(1, 0), NULL);
	check_section(o, IMAP_SECTION_TEXT, PART(1, 0), NULL);
	check_section(o, IMAP_SECTION_ALL, PART(1, 1, 0), NULL);
	check_section(o, IMAP_SECTION_MIME, PART(2, 0), "Content-Type: message/rfc822\r\n\r\n");
	check_section(o, IMAP_SECTION_HEADER, PART(2, 0),
	    "Subject: inner\r\nFrom: b@b\r\nContent-Type: multipart/alternative; "
	    "boundary=in\r\n\r\n");
	check_section(o, IMAP_SECTION_TEXT, PART(2, 0),
	    "--in\r\n\r\nplain\r\n--in\r\nContent-Type: text/html\r\nContent-Language: de, en\r\n"
	    "\r\n<p>\r\n--in--");
	check_section(o, IMAP_SECTION_ALL, PART(2, 1, 0), "plain");
	check_section(o, IMAP_SECTION_MIME, PART(2, 1, 0), "\r\n");
	check_section(o, IMAP_SECTION_ALL, PART(2, 2, 0), "<p>");
	check_section(o, IMAP_SECTION_ALL, PART(2, 3, 0), NULL);
	check_section(o, IMAP_SECTION_ALL, PART(3, 0), "AAAA");
	check_section(o, IMAP_SECTION_ALL, PART(4, 0), NULL);
	check_section(SL_NONE, IMAP_SECTION_ALL, PART(0), NULL);
	check_section(SL("\x40\xff"), IMAP_SECTION_ALL, PART(0), NULL);
	memory_end();
}

static void
single_part_sections(void)
{
	struct imap_section s = {.depth = 1, .part = {1}};
	struct imap_place from, to;
	struct slice o = described(SL("A: b\n\nx\ny\n"), 100).outline;

	CHECK(imap_section_find(o, &s, &from, &to));
	CHECK(from.bytes == 6 && from.octets == 8 && to.bytes == 10 && to.octets == 14);
	s.kind = IMAP_SECTION_MIME;
	CHECK(imap_section_find(o, &s, &from, &to));
	CHECK(from.bytes == 0 && to.bytes == 6);
	s.kind = IMAP_SECTION_ALL;
	s.part[0] = 2;
	CHECK(!imap_section_find(o, &s, &from, &to));
	s = (struct imap_section){.depth = 2, .part = {1, 1}};
	CHECK(!imap_section_find(o, &s, &from, &to));
	/* a message whose body is a message */
	o = described(SL("Content-Type: message/rfc822\n\nB: c\n\nin\n"), 100).outline;
	CHECK(imap_section_find(o, &s, &from, &to));
	CHECK(from.bytes == 36 && to.bytes == 39);
	s = (struct imap_section){.kind = IMAP_SECTION_HEADER, .depth = 1, .part = {1}};
	CHECK(imap_section_find(o, &s, &from, &to));
	CHECK(from.bytes == 30 && to.bytes == 36);
	memory_end();
}

static void
filters(void)
{
	static const char header[] = "To: a\r\n b\r\nX-To: q\r\nSUBJECT : s\r\nto: c\r\n\r\n";
	const struct slice names[] = {SL("TO"), SL("Subject")};
	struct imap_section s = {.kind = IMAP_SECTION_FIELDS, .fields = names, .field_count = 2};
	struct buf out;

	buf_init(&out, 4096);
	imap_section_filter(&out, sl_str(header), &s);
	CHECK_SL(buf_slice(&out), SL("To: a\r\n b\r\nSUBJECT : s\r\nto: c\r\n\r\n"));
	buf_clear(&out);
	s.kind = IMAP_SECTION_FIELDS_NOT;
	imap_section_filter(&out, sl_str(header), &s);
	CHECK_SL(buf_slice(&out), SL("X-To: q\r\n\r\n"));
	buf_clear(&out);
	s.field_count = 0;
	imap_section_filter(&out, SL("A: b\r\nB: cut"), &s);
	CHECK_SL(buf_slice(&out), SL("A: b\r\nB: cut\r\n"));
	buf_clear(&out);
	s.kind = IMAP_SECTION_FIELDS;
	imap_section_filter(&out, sl_str(header), &s);
	CHECK_SL(buf_slice(&out), SL("\r\n"));
	buf_fini(&out);
}

static void
sizes(void)
{
	struct imap_sizes s = {5, 7, 2, 3}, back;
	struct buf b;

	buf_init(&b, 64);
	imap_sizes_put(&b, &s);
	CHECK_EQ(b.n, 32);
	CHECK(imap_sizes_get(buf_slice(&b), &back));
	CHECK(back.file_bytes == 5 && back.octets == 7 && back.header_bytes == 2 &&
	      back.header_octets == 3);
	CHECK(!imap_sizes_get(sl_sub(buf_slice(&b), 0, 31), &back));
	b.p[31] = 8;
	CHECK(!imap_sizes_get(buf_slice(&b), &back));
	buf_fini(&b);
}

static void
values(void)
{
	struct buf b;

	buf_init(&b, 4096);
	imap_put_nstring(&b, SL_NONE);
	imap_put_nstring(&b, SL(""));
	imap_put_date(&b, 0);
	imap_put_date(&b, 1795287900);
	CHECK_SL(buf_slice(&b),
	    SL("NIL\"\"\" 1-Jan-1970 00:00:00 +0000\""
	       "\"21-Nov-2026 19:05:00 +0000\""));
	buf_fini(&b);
}

static void
cuts_change_nothing(void)
{
	struct imap_description d = described(sl_str(report), sizeof(report));
	struct buf want, got;

	buf_init(&want, 1u << 20);
	buf_init(&got, 1u << 20);
	buf_put(&want, d.envelope);
	buf_put(&want, d.structure);
	buf_put(&want, d.outline);
	for (size_t step = 1; step < 80; step++) {
		d = described(sl_str(report), step);
		buf_clear(&got);
		buf_put(&got, d.envelope);
		buf_put(&got, d.structure);
		buf_put(&got, d.outline);
		CHECK(sl_eq(buf_slice(&got), buf_slice(&want)));
	}
	buf_fini(&want);
	buf_fini(&got);
	memory_end();
}

int
main(int argc, char **argv)
{
	static const struct check_row rows[] = {
	    {"envelopes", envelopes},
	    {"nul_and_endless", nul_and_endless},
	    {"structures", structures},
	    {"odd_structures", odd_structures},
	    {"limits", limits},
	    {"not_structures", not_structures},
	    {"sections", sections},
	    {"single_part_sections", single_part_sections},
	    {"filters", filters},
	    {"sizes", sizes},
	    {"values", values},
	    {"cuts_change_nothing", cuts_change_nothing},
	};

	return check_main(argc, argv, rows, COUNT_OF(rows));
}
