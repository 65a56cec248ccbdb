/*
 * Prints courier-config(5), made from the rows. Part of the build, not installed.
 */
#include <stdio.h>

#include "conf/explain.h"

int
main(void)
{
	struct buf out;
	bool written;

	buf_init(&out, (size_t)4 * 1024 * 1024);
	conf_manual(&out);
	written = buf_ok(&out) && fwrite(out.p, 1, out.n, stdout) == out.n && fflush(stdout) == 0;
	buf_fini(&out);
	return written ? 0 : 1;
}
