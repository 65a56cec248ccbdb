/*
 * The contract of os/peercred.h. PORT_FLOOR: the implementation that knows nothing.
 */
#include "os/peercred.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/check.h"
#include "os/fdpass.h"

#ifdef PORT_FLOOR

static void
knows_nothing(void)
{
	uint32_t uid = 1, gid = 2;
	int pair[2];

	CHECK_EQ(fdpass_pair(pair), 0);
	CHECK_EQ(peercred_get(pair[0], &uid, &gid), -ENOTSUP);
	close(pair[0]);
	close(pair[1]);
}

static const struct check_row rows[] = {
	{"knows_nothing", knows_nothing},
};

#else

static void
own_pair(void)
{
	uint32_t uid = 12345, gid = 12345;
	int pair[2];

	CHECK_EQ(fdpass_pair(pair), 0);
	CHECK_EQ(peercred_get(pair[0], &uid, &gid), 0);
	CHECK_EQ(uid, geteuid());
	CHECK_EQ(gid, getegid());
	close(pair[0]);
	close(pair[1]);
}

static void
no_peer(void)
{
	uint32_t uid, gid;
	int sock = socket(AF_UNIX, SOCK_STREAM, 0);

	CHECK(peercred_get(sock, &uid, &gid) < 0);
	close(sock);
	CHECK_EQ(peercred_get(-1, &uid, &gid), -EBADF);
	CHECK(peercred_get(0, &uid, &gid) < 0); /* not a socket, or not one of ours */
}

/* As root: a client with other ids, which it changes again after connect. */
static void
another_user(void)
{
	struct sockaddr_un name;
	uint32_t uid = 0, gid = 0;
	int listener, conn, status;
	pid_t pid;
	char dir[] = "/tmp/peercred_test.XXXXXX", go;
	int fds[2];

	CHECK(mkdtemp(dir) != NULL);
	memset(&name, 0, sizeof(name));
	name.sun_family = AF_UNIX;
	snprintf(name.sun_path, sizeof(name.sun_path), "%s/s", dir);
	listener = socket(AF_UNIX, SOCK_STREAM, 0);
	CHECK_EQ(bind(listener, (struct sockaddr *)&name, sizeof(name)), 0);
	CHECK_EQ(listen(listener, 1), 0);
	CHECK_EQ(pipe(fds), 0);
	pid = fork();
	if (pid == 0) {
		int sock = socket(AF_UNIX, SOCK_STREAM, 0);

		if (setegid(4322) != 0 || seteuid(4321) != 0 || seteuid(0) != 0 ||
		    chown(name.sun_path, 4321, 4322) != 0 || chmod(dir, 0755) != 0 ||
		    seteuid(4321) != 0 ||
		    connect(sock, (struct sockaddr *)&name, sizeof(name)) != 0)
			_exit(1);
		if (seteuid(0) != 0 || setegid(0) != 0)
			_exit(2);
		_exit(read(fds[0], &go, 1) == 1 ? 0 : 3);
	}
	conn = accept(listener, NULL, NULL);
	CHECK_EQ(peercred_get(conn, &uid, &gid), 0);
	CHECK_EQ(uid, 4321);
	CHECK_EQ(gid, 4322);
	CHECK_EQ(write(fds[1], "g", 1), 1);
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK_EQ(status, 0);
	CHECK_EQ(peercred_get(conn, &uid, &gid), 0); /* also when it is gone */
	CHECK_EQ(uid, 4321);
	close(conn);
	close(listener);
	unlink(name.sun_path);
	rmdir(dir);
	close(fds[0]);
	close(fds[1]);
}

/* The last row needs root. */
static const struct check_row rows[] = {
	{"own_pair", own_pair},
	{"no_peer", no_peer},
	{"another_user", another_user},
};

#endif

int
main(int argc, char **argv)
{
	size_t count = COUNT_OF(rows);

	if (geteuid() != 0 && count > 1) {
		printf("another_user: skipped: needs root\n");
		count--;
	}
	return check_main(argc, argv, rows, count);
}
