/*
 * systemd's notification protocol: a datagram of NAME=value lines to the socket that NOTIFY_SOCKET
 * names, an absolute path or, with a leading '@', an abstract address (sd_notify(3)).
 */
#include "os/service.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "os/clock.h"

static void
service_send(const char *text)
{
	const char *name = getenv("NOTIFY_SOCKET");
	struct sockaddr_un to;
	size_t n = name ? strlen(name) : 0;
	int sock;

	memset(&to, 0, sizeof(to));
	to.sun_family = AF_UNIX;
	if (n < 2 || n >= sizeof(to.sun_path) || (name[0] != '/' && name[0] != '@'))
		return;
	memcpy(to.sun_path, name, n);
	if (name[0] == '@')
		to.sun_path[0] = '\0';
	sock = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (sock < 0)
		return;
	/* Whether it arrives is the manager's business: it has its own timeout. */
	while (sendto(sock, text, strlen(text), MSG_NOSIGNAL, (const struct sockaddr *)&to,
		   (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n)) < 0 &&
	       errno == EINTR)
		continue;
	close(sock);
}

void
service_ready(const char *status)
{
	char text[300];

	/* A line break in the status would start another assignment. */
	snprintf(text, sizeof(text), "READY=1\nSTATUS=%.*s\n",
	    (int)(status ? strcspn(status, "\r\n") : 0), status ? status : "");
	service_send(text);
}

void
service_reloading(void)
{
	char text[80];

	snprintf(text, sizeof(text), "RELOADING=1\nMONOTONIC_USEC=%" PRId64 "\n", clock_mono_us());
	service_send(text);
}

void
service_stopping(void)
{
	service_send("STOPPING=1\n");
}
