/*
 * courierd(8), and by hand: courierd --fsck [FOLDER], the check of a queue nobody runs.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "daemon/courierd/courierd.h"

static int
fsck(const char *folder)
{
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	unsigned wrong = 0;
	struct fault f;
	struct buf out;
	enum st st;

	if (fd < 0) {
		fprintf(stderr, "courierd: %s: %s\n", folder, strerror(errno));
		return 66; /* EX_NOINPUT */
	}
	buf_init(&out, (size_t)64 << 20);
	st = queue_check(fd, &out, &wrong, &f);
	if (out.n)
		fwrite(out.p, 1, out.n, stdout);
	buf_fini(&out);
	close(fd);
	if (st != ST_OK) {
		fprintf(stderr, "courierd: %s: %s\n", folder, f.text);
		return 75; /* EX_TEMPFAIL */
	}
	printf("%s: %u wrong\n", folder, wrong);
	return wrong ? 1 : 0;
}

int
main(int argc, char **argv)
{
	struct paths paths;
	struct fault f;

	if (argc < 2 || strcmp(argv[1], "--fsck") != 0)
		return proc_main(argc, argv, &courierd_def);
	if (argc > 2)
		return fsck(argv[2]);
	if (paths_from_environment(&paths, &f) != ST_OK) {
		fprintf(stderr, "courierd: %s\n", f.text);
		return 78; /* EX_CONFIG */
	}
	return fsck(paths.queue_dir);
}
