/*
 * What the commands share.
 */
#include "cmd/cmd.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

void
cmd_complain(const char *name, const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "%s: ", name);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
}

void
cmd_paths(struct paths *p)
{
	struct fault f;

	if (paths_from_environment(p, &f) == ST_OK)
		return;
	cmd_complain("COURIER_INSTANCE", "%s", f.text);
	exit(EXIT_CONFIG);
}

int
cmd_connect(const struct paths *p, const char *path, struct fault *f)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int n = snprintf(sa.sun_path, sizeof(sa.sun_path), "%s/%s", p->run_dir, path), fd, err;

	if (n < 0 || (size_t)n >= sizeof(sa.sun_path)) {
		fault_set(f, ST_LIMIT, "", "%s/%s: the path is too long for a socket", p->run_dir,
		    path);
		return -1;
	}
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&sa, sizeof(sa)) == 0)
		return fd;
	err = errno;
	if (fd >= 0)
		close(fd);
	if (err == ENOENT || err == ECONNREFUSED)
		fault_set(f, ST_TEMP, "", "the server is not running (%s)", sa.sun_path);
	else
		fault_sys(f, err == EACCES ? ST_DENIED : ST_TEMP, "", err, "%s", sa.sun_path);
	return -1;
}
