/*
 * Header sections: cuts change nothing and every octet is in one place. On the side: encoded words
 * and parameters made of the input read back.
 */
#include "base/utf8.h"
#include "fuzz/fuzz.h"
#include "message/content.h"
#include "message/encword.h"
#include "message/header.h"

#define OUT_MAX (16u << 20)

struct seen {
	struct buf text;
	uint64_t at; /* where the next field must begin, or later behind an mbox line */
};

static void
on_field(void *arg, const struct header_field *f)
{
	struct seen *s = arg;

	FUZZ_CHECK(f->at >= s->at && f->name.n > 0 && f->raw.n <= f->length);
	FUZZ_CHECK(f->is_cut || f->raw.n == f->length);
	s->at = f->at + f->length;
	buf_fmt(&s->text, "%llu %llu %zu %zu:", (unsigned long long)f->at,
	    (unsigned long long)f->length, f->name.n, f->value.n);
	buf_put(&s->text, f->raw);
}

static void
read_header(struct slice in, enum fuzz_cut cut, struct seen *s)
{
	struct header_parser p;
	struct slice rest = in, piece;
	uint64_t state = in.n, taken = 0;
	enum st st = ST_AGAIN;
	size_t used;

	buf_clear(&s->text);
	s->at = 0;
	header_parser_init(&p, on_field, s);
	while (rest.n && st == ST_AGAIN) {
		piece = fuzz_piece(cut, &state, &rest);
		st = header_parser_feed(&p, piece, &used);
		FUZZ_CHECK(st == ST_OK ? used <= piece.n : used == piece.n);
		taken += used;
	}
	header_parser_end(&p);
	FUZZ_CHECK(p.consumed + header_parser_rest(&p).n == taken);
	buf_fmt(&s->text, "end %llu %llu %d", (unsigned long long)p.consumed,
	    (unsigned long long)p.lines, p.body_in_line);
	header_parser_fini(&p);
}

/* R2047-6.3-a, R2047-5-c: what is written reads back, if it is text. */
static void
check_words(struct slice in)
{
	struct buf coded, back;

	buf_init(&coded, OUT_MAX);
	buf_init(&back, OUT_MAX);
	encword_decode(&back, in, NULL);
	FUZZ_CHECK(utf8_valid(buf_slice(&back)));
	buf_clear(&back);
	if (in.n < 4096 && utf8_valid(in) && utf8_has_8bit(in)) {
		encword_encode(&coded, in, 9);
		encword_decode(&back, buf_slice(&coded), NULL);
		FUZZ_SAME(sl_trim(buf_slice(&back)), sl_trim(in));
	}
	buf_fini(&coded);
	buf_fini(&back);
}

static bool
is_text(struct slice in)
{
	for (size_t i = 0; i < in.n; i++)
		if (in.p[i] == '\r' || in.p[i] == '\n' || in.p[i] == '\0')
			return false;
	return in.n < 2000 && utf8_valid(in);
}

static void
check_params(struct slice in)
{
	struct arena *a = arena_new("fuzz", 64u << 20);
	struct content c;
	struct buf out;

	buf_init(&out, OUT_MAX);
	content_type_parse(a, in, NULL, &c);
	FUZZ_CHECK(c.type.n > 0 && c.subtype.n > 0);
	content_disposition_parse(a, in, NULL, &c);
	if (is_text(in)) {
		buf_put_str(&out, "a/b");
		content_put_param(&out, "name", in);
		content_type_parse(a, buf_slice(&out), NULL, &c);
		FUZZ_CHECK(!c.is_defect);
		FUZZ_SAME(content_param_get(&c, "name"), in);
	}
	buf_fini(&out);
	arena_free(a);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice in = sl_mem(data, size);
	struct seen whole, cut;

	buf_init(&whole.text, OUT_MAX);
	buf_init(&cut.text, OUT_MAX);
	read_header(in, FUZZ_WHOLE, &whole);
	for (int how = FUZZ_BYTES; how < FUZZ_CUTS; how++) {
		read_header(in, (enum fuzz_cut)how, &cut);
		FUZZ_SAME(buf_slice(&cut.text), buf_slice(&whole.text));
	}
	buf_fini(&whole.text);
	buf_fini(&cut.text);
	check_words(in);
	check_params(in);
	return 0;
}
