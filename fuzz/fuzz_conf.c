/*
 * Configuration. First byte: which file the rest is. A configuration that loads makes a snapshot
 * that reads back to the same bytes; one that does not says why; assignments written by us read
 * back.
 */
#include "base/arena.h"
#include "conf/assign.h"
#include "conf/explain.h"
#include "conf/load_int.h"
#include "fuzz/fuzz.h"

struct input {
	const char *name;
	struct slice text;
};

static enum st
get(void *arg, const char *name, struct buf *out, struct fault *f)
{
	const struct input *in = arg;

	(void)f;
	if (strcmp(name, in->name) != 0)
		return ST_NOENT;
	buf_put(out, in->text);
	return ST_OK;
}

static const char *
file_name(uint8_t number)
{
	size_t count = 0;
	const struct conf_row *row;

	while (conf_row_at(&conf_files[0], count) != NULL)
		count++;
	number = (uint8_t)(number % (count + conf_file_count - 1));
	row = conf_row_at(&conf_files[0], number);
	return row != NULL ? row->name : conf_files[1 + number - count].name;
}

static void
snapshot_round_trip(const struct conf *c)
{
	struct buf first, second;
	struct conf again;
	struct fault f;

	buf_init(&first, CONF_TOTAL_MAX);
	buf_init(&second, CONF_TOTAL_MAX);
	conf_snapshot_put(c, &first);
	FUZZ_CHECK(conf_snapshot_get(buf_slice(&first), &again, &f) == ST_OK);
	conf_snapshot_put(&again, &second);
	conf_fini(&again);
	FUZZ_SAME(buf_slice(&second), buf_slice(&first));
	FUZZ_CHECK(
	    conf_snapshot_get(sl_sub(buf_slice(&first), 0, first.n / 2), &again, &f) != ST_OK);
	buf_clear(&second);
	FUZZ_CHECK(conf_show(c, SL_NONE, false, &second) > 0 && buf_ok(&second));
	buf_fini(&first);
	buf_fini(&second);
}

static void
whole(struct input *in)
{
	struct conf_source src = {.dir = "/c", .hostname = "h.example"};
	struct conf_report r;
	struct conf c;
	struct buf words;

	conf_report_init(&r);
	buf_init(&words, 1 << 20);
	if (conf_load_with(&src, get, in, &c, &r) == ST_OK) {
		FUZZ_CHECK(r.errors == 0);
		snapshot_round_trip(&c);
	} else {
		FUZZ_CHECK(r.errors > 0 && r.first != NULL);
	}
	conf_report_put(&r, &words);
	FUZZ_CHECK(buf_ok(&words) && (words.n > 0) == (r.errors + r.warnings > 0));
	buf_fini(&words);
	conf_fini(&c);
	conf_report_fini(&r);
}

struct taken {
	struct buf written, seen;
};

static void
take(void *arg, struct slice name, struct slice value, unsigned line)
{
	struct taken *t = arg;

	(void)line;
	conf_assign_put(name, value, &t->written);
	buf_put(&t->seen, name);
	buf_put_byte(&t->seen, 0);
	buf_put(&t->seen, value);
	buf_put_byte(&t->seen, 0);
}

static void
assign_read(struct slice text, struct taken *t, struct conf_report *r)
{
	struct conf_assign p = {
	    .file = "f", .report = r, .arena = arena_new("fuzz", 1 << 24), .set = take, .arg = t};

	conf_assign_read(&p, text);
	arena_free(p.arena);
}

static void
assignments(struct slice text)
{
	struct taken first, second;
	struct conf_report r;

	conf_report_init(&r);
	buf_init(&first.written, 1 << 24);
	buf_init(&first.seen, 1 << 24);
	buf_init(&second.written, 1 << 24);
	buf_init(&second.seen, 1 << 24);
	assign_read(text, &first, &r);
	conf_report_fini(&r);
	conf_report_init(&r);
	assign_read(buf_slice(&first.written), &second, &r);
	if (buf_ok(&first.written)) {
		FUZZ_CHECK(r.errors == 0);
		FUZZ_SAME(buf_slice(&second.seen), buf_slice(&first.seen));
	}
	conf_report_fini(&r);
	buf_fini(&first.written);
	buf_fini(&first.seen);
	buf_fini(&second.written);
	buf_fini(&second.seen);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in;

	if (size == 0)
		return 0;
	in.name = file_name(data[0]);
	in.text = sl_mem(data + 1, size - 1);
	whole(&in);
	assignments(in.text);
	return 0;
}
