#include "fuzz/door.h"

#include "fuzz/fuzz.h"

#define OUT_MAX (1u << 20)

static void
hold(door_new_fn *new_door, struct slice in, enum fuzz_cut cut, bool tls, struct buf *out)
{
	struct door_world w = {.late_ms = 0};
	struct door_opts o;
	uint64_t state = in.n;

	door_world_opts(&o);
	o.plaintext = in.n % 2 == 0;
	o.tls_on = tls;
	door_world_open(&w, new_door, &o);
	while (in.n && !w.conn->closed) {
		drive_send(w.conn, fuzz_piece(cut, &state, &in), 0);
		if (drive_wants_tls(w.conn))
			break; /* what comes now is no plain text */
	}
	while (drive_hurry(w.conn))
		;
	buf_put(out, buf_slice(&w.conn->out));
	buf_put(out, buf_slice(&w.given));
	buf_fmt(out, "%u %u %d %d", w.asked, w.handed, (int)w.conn->closed, (int)w.conn->why);
	door_world_close(&w);
}

/* Each line ends with CRLF, and has no other CR, LF or NUL that a client put there. */
static void
check_lines(struct slice out)
{
	struct slice line;

	while (out.n) {
		FUZZ_CHECK(sl_cut(&out, '\n', &line));
		FUZZ_CHECK(line.n >= 1 && sl_find(line, '\r') == line.n - 1);
		FUZZ_CHECK(sl_find(line, '\0') == line.n);
	}
}

void
fuzz_door(door_new_fn *new_door, struct slice in)
{
	struct buf whole, cut;
	struct door_world w = {.late_ms = 0};
	struct door_opts o;

	door_world_opts(&o);
	door_world_open(&w, new_door, &o);
	drive_send(w.conn, in, 0);
	while (drive_hurry(w.conn))
		;
	check_lines(buf_slice(&w.conn->out));
	door_world_close(&w);
	buf_init(&whole, OUT_MAX);
	buf_init(&cut, OUT_MAX);
	for (int tls = 0; tls < 2; tls++) {
		buf_clear(&whole);
		hold(new_door, in, FUZZ_WHOLE, tls == 1, &whole);
		for (int how = FUZZ_BYTES; how < FUZZ_CUTS; how++) {
			buf_clear(&cut);
			hold(new_door, in, (enum fuzz_cut)how, tls == 1, &cut);
			FUZZ_SAME(buf_slice(&cut), buf_slice(&whole));
		}
	}
	buf_fini(&whole);
	buf_fini(&cut);
}
