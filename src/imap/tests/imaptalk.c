/*
 * The engine over the store in memory, on standard input and output: for comparing it with other
 * servers (tests/interop/imap-describe). No greeting but PREAUTH; ends when the input ends.
 */
#include <stdio.h>
#include <unistd.h>

#include "imap/tests/world.h"

static void
no_login(struct imap_server_opts *o)
{
	o->first_tag = SL_NONE;
	o->append_max_bytes = (uint64_t)256 << 20;
	o->errors_max = 0;
}

static bool
write_all(struct buf *out)
{
	size_t done = 0;

	while (done < out->n) {
		ssize_t n = write(1, out->p + done, out->n - done);

		if (n <= 0)
			return false;
		done += (size_t)n;
	}
	buf_clear(out);
	return true;
}

int
main(void)
{
	static unsigned char in[65536];
	struct imap_world w;
	struct drive_conn *c;
	ssize_t n;

	imap_world_init(&w);
	w.tune = no_login;
	c = imap_world_enter(&w, 1);
	while (write_all(&c->out) && !c->closed && (n = read(0, in, sizeof(in))) > 0)
		drive_send(c, sl_mem(in, (size_t)n), 0);
	write_all(&c->out);
	imap_world_fini(&w);
	return 0;
}
