/*
 * The contract of os/service.h. PORT_FLOOR: nothing is sent, whatever the environment says.
 */
#include "os/service.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/check.h"

static char dir[] = "/tmp/service_test.XXXXXX";
static char path[100];
static int manager;

static void
listen_as_manager(void)
{
	struct sockaddr_un name;

	memset(&name, 0, sizeof(name));
	name.sun_family = AF_UNIX;
	snprintf(path, sizeof(path), "%s/notify", dir);
	snprintf(name.sun_path, sizeof(name.sun_path), "%s", path);
	manager = socket(AF_UNIX, SOCK_DGRAM, 0);
	CHECK_EQ(fcntl(manager, F_SETFL, O_NONBLOCK), 0);
	CHECK_EQ(bind(manager, (struct sockaddr *)&name, sizeof(name)), 0);
	setenv("NOTIFY_SOCKET", path, 1);
}

/* The next datagram, "" when there is none. */
static const char *
heard(void)
{
	static char text[1000];
	ssize_t n = recv(manager, text, sizeof(text) - 1, 0);

	text[n > 0 ? n : 0] = '\0';
	return text;
}

static void
told(void)
{
	const char *text;

	listen_as_manager();
	service_ready("serving\nREADY=0 the second line");
	text = heard();
#ifdef PORT_FLOOR
	CHECK(strcmp(text, "") == 0);
	service_reloading();
	service_stopping();
	CHECK(strcmp(heard(), "") == 0);
#else
	CHECK(strcmp(text, "READY=1\nSTATUS=serving\n") == 0);
	service_reloading();
	text = heard();
	CHECK(strncmp(text, "RELOADING=1\nMONOTONIC_USEC=", 27) == 0);
	CHECK(strtoll(text + 27, NULL, 10) > 0);
	service_ready(NULL);
	CHECK(strcmp(heard(), "READY=1\nSTATUS=\n") == 0);
	service_stopping();
	CHECK(strcmp(heard(), "STOPPING=1\n") == 0);
#endif
	close(manager);
	unlink(path);
}

/*
 * Without a manager, with one that is gone, or with nonsense: no effect, no descriptor left open.
 */
static void
no_manager(void)
{
	static const char *const names[] = {
	    "", "@", "relative", "/nowhere/at/all", "@abstract-and-not-there"};
	char longer[300];
	int before = open("/dev/null", O_RDONLY), after;
	size_t i;

	close(before);
	memset(longer, 'x', sizeof(longer));
	longer[0] = '/';
	longer[sizeof(longer) - 1] = '\0';
	for (i = 0; i <= COUNT_OF(names); i++) {
		setenv("NOTIFY_SOCKET", i < COUNT_OF(names) ? names[i] : longer, 1);
		service_ready("x");
		service_stopping();
	}
	unsetenv("NOTIFY_SOCKET");
	service_ready("x");
	after = open("/dev/null", O_RDONLY);
	CHECK_EQ(after, before);
	close(after);
}

#if defined(__linux__) && !defined(PORT_FLOOR)
static void
abstract_address(void)
{
	struct sockaddr_un name;
	char env[64];
	int n;

	n = snprintf(env, sizeof(env), "@service_test-%ld", (long)getpid());
	memset(&name, 0, sizeof(name));
	name.sun_family = AF_UNIX;
	memcpy(name.sun_path, env, (size_t)n);
	name.sun_path[0] = '\0';
	manager = socket(AF_UNIX, SOCK_DGRAM, 0);
	CHECK_EQ(fcntl(manager, F_SETFL, O_NONBLOCK), 0);
	CHECK_EQ(bind(manager, (struct sockaddr *)&name,
		     (socklen_t)(offsetof(struct sockaddr_un, sun_path) + (size_t)n)),
	    0);
	setenv("NOTIFY_SOCKET", env, 1);
	service_stopping();
	CHECK(strcmp(heard(), "STOPPING=1\n") == 0);
	close(manager);
}
#endif

static const struct check_row rows[] = {
	{"told", told},
	{"no_manager", no_manager},
#if defined(__linux__) && !defined(PORT_FLOOR)
	{"abstract_address", abstract_address},
#endif
};

int
main(int argc, char **argv)
{
	int rc;

	if (!mkdtemp(dir)) {
		perror(dir);
		return 1;
	}
	rc = check_main(argc, argv, rows, COUNT_OF(rows));
	rmdir(dir);
	return rc;
}
