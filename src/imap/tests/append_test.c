/* Messages that do not come to their end: nothing of them is kept; the next command is heard. */
#include "base/check.h"
#include "imap/tests/world.h"

static const size_t chunks[] = {0, 1, 2, 3, 7, 64};

/* R3501-4.3-a, R3501-9-i: wherever it stands, nothing is kept and all of it is read. */
static void
test_append_nul(void)
{
	static const char text[] = "a APPEND INBOX {4+}\r\n0123\r\n"
				   "b STATUS INBOX (MESSAGES)\r\n";
	struct drive_conn *c;
	struct imap_world w;
	char line[sizeof(text)];

	for (size_t at = 0; at < 4; at++) {
		for (size_t i = 0; i < COUNT_OF(chunks); i++) {
			imap_world_init(&w);
			w.lazy = i % 2;
			c = imap_world_enter(&w, 1);
			buf_clear(&c->out);
			memcpy(line, text, sizeof(line));
			line[sizeof("a APPEND INBOX {4+}\r\n") - 1 + at] = '\0';
			drive_send(c, sl_mem(line, sizeof(line) - 1), chunks[i]);
			while (drive_hurry(c))
				;
			CHECK_SL(buf_slice(&c->out),
			    SL("a NO [CANNOT] A message has no NUL\r\n"
			       "* STATUS \"INBOX\" (MESSAGES 0)\r\n"
			       "b OK STATUS completed\r\n"));
			CHECK_EQ(imap_world_view(c)->append_body.n, 0);
			imap_world_fini(&w);
		}
	}
}

/* A session that ends in the middle of a message: the owner is told, nothing is kept. */
static void
test_append_cut(void)
{
	static const char head[] = "a APPEND INBOX {10+}\r\nabc";

	for (size_t n = 1; n < sizeof(head); n++) {
		struct imap_world w;
		struct drive_conn *c;

		imap_world_init(&w);
		w.lazy = n % 2;
		c = imap_world_enter(&w, 1);
		drive_send(c, sl_mem(head, n), 0);
		while (drive_hurry(c))
			;
		drive_shut(c);
		CHECK(c->closed && c->why == ENGINE_WHY_EOF);
		CHECK_EQ(store_find(&w.stores[0], SL("INBOX"))->count, 0);
		CHECK_EQ(imap_world_view(c)->append_body.n, 0);
		imap_world_fini(&w);
	}
}

int
main(int argc, char **argv)
{
	static const struct check_row rows[] = {
		{"append_nul", test_append_nul},
		{"append_cut", test_append_cut},
	};

	return check_main(argc, argv, rows, COUNT_OF(rows));
}
