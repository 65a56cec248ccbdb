/*
 * Prints courier-config(5), or with the name of a file of assignments its sample, made from the
 * rows. Part of the build, not installed.
 */
#include <stdio.h>

#include "conf/explain.h"

int
main(int argc, char **argv)
{
	struct buf out;
	bool written = true;

	buf_init(&out, (size_t)4 * 1024 * 1024);
	if (argc > 1)
		written = conf_sample(sl_str(argv[1]), &out);
	else
		conf_manual(&out);
	written = written && buf_ok(&out) && fwrite(out.p, 1, out.n, stdout) == out.n &&
		  fflush(stdout) == 0;
	buf_fini(&out);
	return written ? 0 : 1;
}
