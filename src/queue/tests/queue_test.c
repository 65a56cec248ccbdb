/*
 * The queue over the disk of disk.h, in virtual time: formats, the ways of a message, failures of
 * writing.
 */
#include "queue/tests/bench.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/check.h"
#include "net/log.h"
#include "queue/queue_int.h"
#include "queue/record.h"
#include "queue/tests/disk.h"

/* ---- formats ---- */

static void
test_ids(void)
{
	static const char *const good[] = { "60000000.00beef.1", "00000000.000000.0",
	    "123456789.abcdef.ffffffffffffffff" };
	static const char *const bad[] = { "", "6000000.00beef.1", "060000000.00beef.1",
	    "60000000.beef.1", "60000000.00beef.01", "60000000.00BEEF.1",
		"60000000.00beef.", "60000000.00beef.1.1", "60000000.00beef./x",
		    "../../etc/passwd" };
	struct queue_id id;
	char text[QUEUE_ID_MAX + 1];

	for (size_t i = 0; i < COUNT_OF(good); i++) {
		CHECK_EQ(queue_id_parse(sl_str(good[i]), &id), ST_OK);
		queue_id_text(&id, text);
		CHECK_SL(sl_str(text), sl_str(good[i]));
	}
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		CHECK_EQ(queue_id_parse(sl_str(bad[i]), &id), ST_SYNTAX);
}

static void
test_records(void)
{
	struct buf b;
	struct record r;
	size_t at = 0;

	buf_init(&b, 1 << 20);
	for (unsigned n = 0; n < 200; n++) {
		size_t start = record_begin(&b, RECORD_LINES);

		for (unsigned i = 0; i < n; i++)
			buf_put_byte(&b, (unsigned char)n);
		record_end(&b, start, 7, 0);
	}
	record_pad(&b, 7, 0, 1 << 20);
	CHECK_EQ(b.n % QUEUE_BLOCK, 0);
	for (unsigned n = 0; n < 200; n++) {
		CHECK(record_get(buf_slice(&b), 7, at, &r));
		CHECK_EQ(r.payload.n, n);
		CHECK(!record_get(buf_slice(&b), 8, at, &r));
		b.p[at + 35] ^= 1; /* a bit anywhere spoils it */
		CHECK(!record_get(buf_slice(&b), 7, at, &r));
		b.p[at + 35] ^= 1;
		CHECK(record_get(buf_slice(&b), 7, at, &r));
		at = r.end;
	}
	CHECK(record_get(buf_slice(&b), 7, at, &r) && r.type == RECORD_PADDING && r.end == b.n);
	for (size_t cut = 0; cut < 200; cut++)
		CHECK(!record_get(sl_sub(buf_slice(&b), at, b.n - 8 - cut), 7, 0, &r));
	buf_fini(&b);
}

/* Every gap before a block boundary can be filled. */
static void
test_padding(void)
{
	for (size_t used = 8; used <= 2 * QUEUE_BLOCK; used += 8) {
		struct buf b;
		struct record r;

		buf_init(&b, 1 << 20);
		while (b.n < used)
			buf_put_byte(&b, 'x');
		record_pad(&b, 1, 0, 3 * QUEUE_BLOCK);
		CHECK_EQ(b.n % QUEUE_BLOCK, 0);
		CHECK(used % QUEUE_BLOCK == 0 || (record_get(buf_slice(&b), 1, used, &r) &&
		    r.end == b.n));
		buf_fini(&b);
	}
}

static void
test_escapes(void)
{
	struct arena *a = arena_new("test", 1 << 20);
	uint64_t state = 1;

	for (int round = 0; round < 2000; round++) {
		unsigned char raw[32];
		size_t n = (size_t)(check_random(&state) % sizeof(raw));
		struct slice back;
		struct buf b;

		for (size_t i = 0; i < n; i++)
			raw[i] = (unsigned char)(check_random(&state) % 3
			    ? check_random(&state) % 128 : check_random(&state));
		buf_init(&b, 1000);
		text_put(&b, sl_mem(raw, n), round & 1);
		CHECK(sl_find(buf_slice(&b), '\n') == b.n);
		CHECK(!(round & 1) || sl_find(buf_slice(&b), ' ') == b.n);
		CHECK(text_get(a, buf_slice(&b), &back));
		CHECK_SL(back, sl_mem(raw, n));
		buf_fini(&b);
	}
	arena_free(a);
}

/* ---- the ways of a message ---- */

static void
test_commit_complete(void)
{
	struct bench b;
	struct queue_message *m;

	bench_new(&b);
	m = bench_submit_now(&b, 2, 5000);
	CHECK_EQ(bench_count(&b), 1);
	CHECK_SL(queue_text(m, m->sender), SL("from@example.test"));
	CHECK_SL(queue_text(m, m->rcpts[1].address), SL("user1@example.test"));
	CHECK_SL(queue_text(m, m->rcpts[1].original), SL("rfc822;what\\was\nwritten"));
	CHECK_EQ(m->rcpts[0].module, m->rcpts[1].module); /* shared */
	CHECK(bench_body_is(m, bench_counter(m)));
	queue_result(m, 0, QUEUE_SUCCESS, &fault_ok, SL_NONE, 1600000001);
	queue_result(m, 1, QUEUE_SUCCESS, &fault_ok, SL_NONE, 1600000001);
	CHECK_EQ(m->owed_count, 0);
	queue_complete(m);
	CHECK_EQ(bench_count(&b), 0);
	bench_run(&b, 300);
	bench_drop(&b);
	bench_open(&b);
	CHECK_EQ(bench_count(&b), 0);
	bench_end(&b);
}

static void
test_state_survives(void)
{
	struct bench b;
	struct queue_message *m;

	bench_new(&b);
	m = bench_submit_now(&b, 4, 100);
	queue_result(m, 0, QUEUE_SUCCESS, &fault_ok, SL_NONE, 1600000001);
	queue_result(m, 1, QUEUE_FAILURE, &fault_no, SL("dns; mx one"), 1600000002);
	queue_result(m, 2, QUEUE_DEFERRAL, &fault_later, SL_NONE, 1600000003);
	queue_schedule(m, 1600000300, 3);
	queue_cancel(m, 1000, SL("no longer\nwanted"));
	bench_run(&b, 200);
	/* read from the log, then from msgs/, then from there again */
	for (int round = 0; round < 3; round++) {
		bench_drop(&b);
		bench_open(&b);
		CHECK_EQ(bench_count(&b), 1);
		m = queue_due(b.q, 1600000000);
		if (!CHECK(m != NULL))
			break;
		CHECK_EQ(m->owed_count, 2);
		CHECK_EQ(m->rcpts[0].state, QUEUE_SENT);
		CHECK_EQ(m->rcpts[1].state, QUEUE_FAILED);
		CHECK_EQ(m->rcpts[2].state, QUEUE_OWED);
		CHECK_EQ(m->rcpts[3].state, QUEUE_OWED);
		CHECK_SL(queue_note_text(m->rcpts[1].note), SL("User \\ unknown"));
		CHECK_SL(queue_note_peer(m->rcpts[1].note), SL("dns; mx one"));
		CHECK_SL(queue_note_text(m->rcpts[2].note), SL("Mailbox full"));
		CHECK_EQ(m->rcpts[1].esc[0], 5);
		CHECK_EQ(m->next_sec, 1600000300);
		CHECK_EQ(m->attempts, 3);
		CHECK(m->cancelled);
		CHECK_SL(queue_note_text(m->cancel_reason), SL("no longer\nwanted"));
		CHECK_EQ(m->rcpts[2].notify, QUEUE_NOTIFY_FAILURE);
		CHECK(bench_body_is(m, bench_counter(m)));
		queue_park(m, 1600000000);
		bench_run(&b, 7000);
	}
	bench_end(&b);
}

static void
test_large_body(void)
{
	struct bench b;
	struct queue_message *m;
	struct slice body;
	struct fault f;

	bench_new(&b);
	m = bench_submit_now(&b, 1, 200000);
	CHECK_EQ(queue_body(m, &body, &f), ST_NOENT);
	CHECK(bench_body_is(m, bench_counter(m)));
	bench_drop(&b);
	bench_open(&b);
	m = queue_due(b.q, 1);
	CHECK(m && bench_body_is(m, bench_counter(m)));
	queue_complete(m);
	CHECK_EQ(queue_body_open(m = bench_submit_now(&b, 1, 10)), -ENOENT);
	queue_complete(m);
	bench_run(&b, 300);
	bench_end(&b);
}

/* A body file of another length, a number nobody gave, a dropped one. */
static void
test_wrong_body(void)
{
	struct bench b;
	struct answer a = {0};
	struct fault f;
	uint32_t number;
	int fd;

	bench_new(&b);
	CHECK_EQ(queue_body_create(b.q, &number, &fd, &f), ST_OK);
	CHECK_EQ(write(fd, "abc", 3), 3);
	close(fd);
	queue_commit(b.q, bench_message(b.q, bench_next++, 1, 100000), SL_NONE, number, NULL,
	    bench_answered, &a);
	CHECK(!a.came);
	bench_run(&b, 20);
	CHECK(a.came && a.f.st == ST_SYNTAX && a.f.esc[0] == 4);
	a.came = false;
	queue_commit(b.q, bench_message(b.q, bench_next++, 1, 100000), SL_NONE, number, NULL,
	    bench_answered, &a);
	bench_run(&b, 20);
	CHECK(a.came && a.f.st == ST_NOENT);
	CHECK_EQ(queue_body_create(b.q, &number, &fd, &f), ST_OK);
	close(fd);
	queue_body_drop(b.q, number);
	queue_body_drop(b.q, number);
	a.came = false;
	queue_commit(b.q, bench_message(b.q, bench_next++, 1, 5), SL("four"), 0, NULL,
	    bench_answered, &a);
	bench_run(&b, 20);
	CHECK(a.came && a.f.st == ST_SYNTAX);
	CHECK_EQ(bench_count(&b), 0);
	bench_end(&b);
}

static void
test_refused_envelopes(void)
{
	struct queue_envelope_rcpt r = { .address = SL("a@b"), .module = SL("local") };
	unsigned char digest[32] = {0};
	struct queue_envelope e = { .id = SL("60000000.00beef.abc"), .digest = sl_mem(digest, 32),
	    .rcpts = &r, .rcpt_count = 1 };
	struct queue_message *m, *other;
	struct fault f;
	struct bench b;

	bench_new(&b);
	CHECK_EQ(queue_message_new(b.q, &e, &m, &f), ST_OK);
	CHECK_EQ(queue_message_new(b.q, &e, &other, &f), ST_EXISTS);
	e.id = SL("60000000.00beef.ABC");
	CHECK_EQ(queue_message_new(b.q, &e, &other, &f), ST_SYNTAX);
	e.id = SL("60000000.00beef.abd");
	e.digest.n = 31;
	CHECK_EQ(queue_message_new(b.q, &e, &other, &f), ST_SYNTAX);
	e.digest.n = 32;
	e.rcpt_count = 0;
	CHECK_EQ(queue_message_new(b.q, &e, &other, &f), ST_SYNTAX);
	e.rcpt_count = QUEUE_RCPTS_MAX + 1;
	e.rcpts = mem_get(e.rcpt_count * sizeof(r));
	for (uint32_t i = 0; i < e.rcpt_count; i++)
		((struct queue_envelope_rcpt *)(uintptr_t)e.rcpts)[i] = r;
	CHECK_EQ(queue_message_new(b.q, &e, &other, &f), ST_LIMIT);
	mem_free((void *)(uintptr_t)e.rcpts);
	bench_end(&b);
}

static void
test_parking(void)
{
	struct bench b;
	struct queue_counts c;
	struct queue_message *m;
	struct queue_look look;
	char id[64];

	bench_new(&b);
	m = bench_submit_now(&b, 1, 3000);
	snprintf(id, sizeof(id), "%s", m->id);
	queue_result(m, 0, QUEUE_DEFERRAL, &fault_later, SL_NONE, 1600000001);
	queue_schedule(m, 1600000300, 1);
	queue_park(m, 1600000300);
	CHECK_EQ(queue_due_sec(b.q), 1600000300);
	CHECK(queue_due(b.q, 1600000299) == NULL);
	queue_count(b.q, &c);
	CHECK_EQ(c.resident, 1);
	bench_run(&b, 8000);
	queue_count(b.q, &c);
	CHECK_EQ(c.moves, 1);
	CHECK_EQ(c.resident, 0);
	CHECK_EQ(c.parked, 1);
	CHECK_EQ(c.body_bytes, 0);
	if (CHECK(queue_look(b.q, sl_str(id), &look))) {
		CHECK(look.parked && look.is_copy && look.due_sec == 1600000300);
		queue_look_done(&look);
	}
	CHECK(queue_flush_one(b.q, sl_str(id)));
	m = queue_due(b.q, 5);
	if (CHECK(m != NULL)) {
		CHECK_EQ(m->attempts, 1);
		CHECK(bench_body_is(m, bench_counter(m)));
		queue_complete(m);
	}
	CHECK_EQ(bench_count(&b), 0);
	bench_drop(&b);
	bench_open(&b);
	CHECK_EQ(bench_count(&b), 0);
	bench_end(&b);
}

/* 60 messages of 60 KiB through segments of 256 KiB: they are moved away, cleaned and used
 * again. */
static void
test_recycling(void)
{
	struct bench b;
	struct queue_counts c;
	struct queue_message *kept[8];

	bench_new(&b);
	for (int i = 0; i < 8; i++)
		kept[i] = bench_submit_now(&b, 1, 60000);
	for (int i = 0; i < 60; i++)
		queue_complete(bench_submit_now(&b, 1, 60000));
	bench_run(&b, 3000);
	queue_count(b.q, &c);
	CHECK(c.segments <= 15);
	CHECK(c.moves >= 4);
	for (int i = 0; i < 8; i++) {
		CHECK(bench_body_is(kept[i], bench_counter(kept[i])));
		queue_complete(kept[i]);
	}
	bench_run(&b, 3000);
	queue_count(b.q, &c);
	CHECK_EQ(c.messages, 0);
	CHECK(c.segments_clean >= 2);
	bench_end(&b);
}

/* A report and the word about it are one record: both are there, or none. */
static void
test_report(void)
{
	struct bench b;
	struct queue_message *m, *report;
	struct answer a = {0};
	uint32_t rcpts[] = { 0, 1 };
	struct queue_report_of about = { .rcpts = rcpts, .rcpt_count = 2 };
	size_t alone = 0, both = 0;

	bench_new(&b);
	m = bench_submit_now(&b, 3, 10);
	queue_result(m, 0, QUEUE_FAILURE, &fault_no, SL_NONE, 1600000001);
	bench_run(&b, 200);
	about.about = m;
	report = bench_message(b.q, bench_next++, 1, 3);
	queue_commit(b.q, report, SL("abc"), 0, &about, bench_answered, &a);
	bench_run(&b, 20);
	CHECK(a.came && a.f.st == ST_OK);
	CHECK(m->rcpts[0].reported);
	CHECK(m->rcpts[1].warned && !m->rcpts[1].reported);
	CHECK(!m->rcpts[2].warned && !m->rcpts[2].reported);
	bench_drop(&b);
	bench_open(&b);
	while ((m = queue_due(b.q, 1))) {
		alone += m->rcpt_count == 3 && m->rcpts[0].reported && m->rcpts[1].warned;
		both += m->rcpt_count == 1;
	}
	CHECK_EQ(alone, 1);
	CHECK_EQ(both, 1);
	bench_end(&b);
}

static void
nothing_more(void *arg)
{
	*(bool *)arg = true;
}

static void
test_clean_stop(void)
{
	struct bench b;
	struct queue_message *m;
	struct fault f;
	bool done = false;

	bench_new(&b);
	m = bench_submit_now(&b, 1, 10);
	queue_park(m, 1700000000);
	bench_run(&b, 8000);
	queue_complete(bench_submit_now(&b, 1, 10));
	queue_stop(b.q, nothing_more, &done);
	CHECK_EQ(queue_may_take(b.q, &f), ST_TEMP);
	bench_run(&b, 200);
	CHECK(done);
	bench_drop(&b);
	bench_open(&b);
	CHECK_EQ(bench_count(&b), 1);
	CHECK_EQ(queue_due_sec(b.q), 1700000000); /* the index said so */
	queue_flush(b.q);
	CHECK(queue_due_sec(b.q) < 1);
	m = queue_due(b.q, 1);
	CHECK(m && m->flushed);
	bench_end(&b);
}

static void
count_message(void *arg, const struct queue_message *m)
{
	*(size_t *)arg += m->rcpt_count;
}

static void
test_offline(void)
{
	struct bench b;
	struct queue_message *m;
	struct fault f;
	size_t rcpts = 0;
	unsigned wrong = 99;
	char path[160];
	struct buf out;
	int fd;

	bench_new(&b);
	m = bench_submit_now(&b, 2, 10);
	queue_park(m, 1700000000);
	bench_submit_now(&b, 3, 100000);
	bench_run(&b, 8000);
	bench_drop(&b);
	fd = open(b.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CHECK_EQ(queue_read_offline(fd, count_message, &rcpts, &f), ST_OK);
	CHECK_EQ(rcpts, 5);
	buf_init(&out, 10000);
	CHECK_EQ(queue_check(fd, &out, &wrong, &f), ST_OK);
	CHECK_EQ(wrong, 0);
	snprintf(path, sizeof(path), "%s/body/ab/60000000.00beef.ffab", b.path);
	mkdirat(fd, "body/ab", 0700);
	close(open(path, O_WRONLY | O_CREAT, 0600));
	CHECK_EQ(queue_check(fd, &out, &wrong, &f), ST_OK);
	CHECK_EQ(wrong, 1);
	CHECK(sl_search(buf_slice(&out), SL("belongs to no message")) < out.n);
	buf_fini(&out);
	close(fd);
	bench_open(&b);
	CHECK_EQ(bench_count(&b), 2);
	CHECK(access(path, F_OK) != 0); /* the start removed it */
	bench_end(&b);
}

/* A move of which only a part came through (here: an empty .env): the log still has the message. */
static void
test_half_a_move(void)
{
	struct bench b;
	struct queue_message *m;
	unsigned counter;
	char path[200];

	bench_new(&b);
	m = bench_submit_now(&b, 1, 1000);
	counter = bench_counter(m);
	snprintf(path, sizeof(path), "%s/msgs/%02x", b.path, counter & 0xff);
	CHECK_EQ(mkdir(path, 0700), 0);
	snprintf(path, sizeof(path), "%s/msgs/%02x/%s.env", b.path, counter & 0xff, m->id);
	bench_drop(&b);
	close(open(path, O_WRONLY | O_CREAT, 0600));
	bench_open(&b);
	CHECK_EQ(bench_count(&b), 1);
	CHECK(access(path, F_OK) != 0);
	m = queue_due(b.q, 1);
	CHECK(m && bench_body_is(m, counter));
	bench_end(&b);
}

/* ---- failures ---- */

static void
test_sync_fails(void)
{
	struct bench b;
	struct queue_message *before, *after;
	struct answer a;

	bench_new(&b);
	before = bench_submit_now(&b, 2, 1000);
	queue_result(before, 0, QUEUE_FAILURE, &fault_no, SL_NONE, 1600000001);
	disk_fail(1, 1, EIO);
	bench_submit(b.q, bench_next++, 1, 1000, &a);
	bench_run(&b, 20);
	CHECK(a.came && a.f.st == ST_IO && a.f.esc[0] == 4);
	after = bench_submit_now(&b, 1, 1000); /* at once, in the next segment */
	bench_run(&b, 3000);
	CHECK(bench_body_is(before, bench_counter(before)) &&
	    bench_body_is(after, bench_counter(after)));
	bench_drop(&b);
	bench_open(&b);
	CHECK_EQ(bench_count(&b), 2); /* the refused one does not come back */
	for (struct queue_message *m; (m = queue_due(b.q, 1));)
		CHECK(m->rcpt_count == 1 || m->rcpts[0].state == QUEUE_FAILED);
	bench_end(&b);
}

static void
test_disk_broken(void)
{
	struct bench b;
	struct queue_message *m;
	struct answer a;
	struct fault f;

	bench_new(&b);
	m = bench_submit_now(&b, 2, 1000);
	disk_fail(1, 1000000, EIO);
	for (int i = 0; i < 3; i++) {
		bench_submit(b.q, bench_next++, 1, 1000, &a);
		bench_run(&b, 20);
		CHECK(a.came && a.f.st != ST_OK && a.f.esc[0] == 4);
	}
	CHECK_EQ(queue_may_take(b.q, &f), ST_TEMP);
	queue_result(m, 0, QUEUE_FAILURE, &fault_no, SL_NONE, 1600000001);
	CHECK(bench_body_is(m, bench_counter(m)));
	bench_run(&b, 3000);
	disk_fail(1, 0, 0); /* somebody repaired it */
	bench_run(&b, 3000);
	CHECK_EQ(queue_may_take(b.q, &f), ST_OK);
	bench_submit_now(&b, 1, 1000);
	bench_run(&b, 300);
	bench_drop(&b);
	bench_open(&b);
	CHECK_EQ(bench_count(&b), 2);
	for (struct queue_message *x; (x = queue_due(b.q, 1));)
		CHECK(x->rcpt_count == 1 || x->rcpts[0].state == QUEUE_FAILED);
	bench_end(&b);
}

/* Syncs of the move fail, one after the other: the message stays where it is, and moves in the
 * end. */
static void
test_move_fails(void)
{
	for (unsigned nth = 1; nth <= 4; nth++) {
		struct bench b;
		struct queue_message *m;
		struct queue_counts c;

		bench_new(&b);
		m = bench_submit_now(&b, 1, 1000);
		bench_run(&b, 200);
		queue_park(m, 1700000000);
		bench_run(&b, 4500); /* not yet */
		disk_fail(nth, 1, EIO);
		bench_run(&b, 3000);
		queue_count(b.q, &c);
		CHECK_EQ(c.messages, 1);
		bench_run(&b, 20000);
		queue_count(b.q, &c);
		CHECK_EQ(c.moves, 1);
		CHECK_EQ(c.resident, 0);
		bench_drop(&b);
		bench_open(&b);
		m = queue_due(b.q, 1);
		CHECK(m && bench_body_is(m, bench_counter(m)));
		bench_end(&b);
	}
}

/* Results of a moved message whose .env cannot be synced are written anew. */
static void
test_append_fails(void)
{
	struct bench b;
	struct queue_message *m;

	bench_new(&b);
	m = bench_submit_now(&b, 3, 1000);
	queue_park(m, 5);
	bench_run(&b, 8000);
	m = queue_due(b.q, 10);
	if (CHECK(m != NULL)) {
		disk_fail(1, 1, EIO);
		queue_result(m, 0, QUEUE_FAILURE, &fault_no, SL_NONE, 1600000001);
		bench_run(&b, 2000);
		queue_result(m, 1, QUEUE_SUCCESS, &fault_ok, SL_NONE, 1600000001);
		bench_run(&b, 2000);
	}
	bench_drop(&b);
	bench_open(&b);
	m = queue_due(b.q, 10);
	CHECK(m && m->rcpts[0].state == QUEUE_FAILED && m->rcpts[1].state == QUEUE_SENT &&
	    m->owed_count == 1);
	bench_end(&b);
}

/* Nothing is told before it is durable: while syncs are held back nobody hears anything. */
static void
test_told_after_sync(void)
{
	struct bench b;
	struct answer a;

	bench_new(&b);
	queue_complete(bench_submit_now(&b, 1, 10));
	bench_run(&b, 300);
	disk_hold(true);
	bench_submit(b.q, bench_next++, 1, 1000, &a);
	bench_run(&b, 500);
	CHECK(!a.came);
	disk_hold(false);
	bench_run(&b, 20);
	CHECK(a.came);
	bench_end(&b);
}

static const struct check_row rows[] = {
	{ "ids", test_ids },
	{ "records", test_records },
	{ "padding", test_padding },
	{ "escapes", test_escapes },
	{ "commit_complete", test_commit_complete },
	{ "state_survives", test_state_survives },
	{ "large_body", test_large_body },
	{ "wrong_body", test_wrong_body },
	{ "refused_envelopes", test_refused_envelopes },
	{ "parking", test_parking },
	{ "recycling", test_recycling },
	{ "report", test_report },
	{ "clean_stop", test_clean_stop },
	{ "offline", test_offline },
	{ "half_a_move", test_half_a_move },
	{ "sync_fails", test_sync_fails },
	{ "disk_broken", test_disk_broken },
	{ "move_fails", test_move_fails },
	{ "append_fails", test_append_fails },
	{ "told_after_sync", test_told_after_sync },
};

int
main(int argc, char **argv)
{
	log_open(open("/dev/null", O_WRONLY | O_CLOEXEC), "queue_test");
	return check_main(argc, argv, rows, COUNT_OF(rows));
}
