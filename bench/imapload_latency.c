/*
 * imapload_latency.c - deliveries, and when a client that idles hears of them.
 *
 * A delivery is a file renamed into new/, as foreign programs do it, or a message sent by SMTP; the
 * time counts from the return of rename(2), or from the reply to the final dot.
 */
#include "imapload_calls.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { WAIT_MS = 60000 };

static const char message[] =
    "From: latency@sender.test\r\nSubject: latency\r\n\r\nsee when this is heard of\r\n";

/* Puts a file into the user's new/; returns when it was there. */
static int64_t
deliver_file(const struct load *load, const char *user, int number)
{
	char box[512], from[700], to[700], name[100];
	struct stat st;
	int fd;

	snprintf(box, sizeof box, "%s/%s/Maildir", load->plan.maildir_root, user);
	snprintf(name, sizeof name, "%lld.P%ldQ%d.latency", (long long)time(NULL), (long)getpid(),
	    number);
	snprintf(from, sizeof from, "%s/tmp/%s", box, name);
	snprintf(to, sizeof to, "%s/new/%s", box, name);
	fd = open(from, O_WRONLY | O_CREAT | O_EXCL, 0600);
	if (fd < 0 || stat(box, &st) < 0 ||
	    (geteuid() == 0 && fchown(fd, st.st_uid, st.st_gid) < 0))
		load_die(from, strerror(errno));
	if (write(fd, message, sizeof message - 1) < 0 || fsync(fd) < 0 || close(fd) < 0 ||
	    rename(from, to) < 0)
		load_die(to, strerror(errno));
	return load_now_ns();
}

static void
smtp_read(int fd, char code)
{
	char line[2000];
	size_t n = 0, start;

	for (;;) {
		ssize_t got = recv(fd, line + n, sizeof line - 1 - n, 0);

		if (got <= 0)
			load_die("SMTP", "the server closed the connection");
		n += (size_t)got;
		if (line[n - 1] != '\n')
			continue;
		for (start = n - 1; start > 0 && line[start - 1] != '\n'; start--)
			continue;
		if (n - start > 3 && line[start + 3] != '-')
			break;
	}
	line[n] = '\0';
	if (line[0] != code)
		load_die("SMTP", line);
}

static void
smtp_say(int fd, const char *text, char code)
{
	if (send(fd, text, strlen(text), MSG_NOSIGNAL) != (ssize_t)strlen(text))
		load_die("SMTP", strerror(errno));
	smtp_read(fd, code);
}

static int
smtp_open(const struct load *load)
{
	struct sockaddr_in to = load->plan.server;
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	to.sin_port = htons((uint16_t)load->plan.smtp_port);
	if (fd < 0 || connect(fd, (const struct sockaddr *)&to, sizeof to) < 0)
		load_die("SMTP", strerror(errno));
	smtp_read(fd, '2');
	smtp_say(fd, "EHLO latency.test\r\n", '2');
	return fd;
}

/* Sends a message; returns when the server has taken it. */
static int64_t
deliver_smtp(const struct load *load, int fd, const char *user)
{
	char line[600];

	smtp_say(fd, "MAIL FROM:<latency@sender.test>\r\n", '2');
	snprintf(line, sizeof line, "RCPT TO:<%s@%s>\r\n", user, load->plan.domain);
	smtp_say(fd, line, '2');
	smtp_say(fd, "DATA\r\n", '3');
	snprintf(line, sizeof line, "%s.\r\n", message);
	smtp_say(fd, line, '2');
	return load_now_ns();
}

void
latency_run(struct load *load)
{
	int n = load->plan.connections, smtp = -1, i;

	while (load->ready < n && load_turn(load, 20) == n)
		continue;
	if (load->ready < n)
		return;
	if (load->plan.smtp_port != 0)
		smtp = smtp_open(load);
	load->stats.first_ns = load_now_ns();
	for (i = 0; i < load->plan.count && !load->stopping; i++) {
		struct client *c = &load->clients[i % n];
		int64_t end, begun;

		load->heard = c->number;
		load->heard_ns = 0;
		begun = smtp >= 0 ? deliver_smtp(load, smtp, client_user(load, c)) :
		    deliver_file(load, client_user(load, c), i);
		end = begun + (int64_t)WAIT_MS * 1000000;
		while (load->heard_ns == 0 && load_now_ns() < end && load_turn(load, 1000) == n)
			continue;
		if (load->heard_ns == 0) {
			stats_error(&load->stats, "not heard of", client_user(load, c),
			    strlen(client_user(load, c)));
			break;
		}
		load->heard = -1;
		stats_operation(&load->stats, load->heard_ns - begun);
		end = load_now_ns() + load->plan.pause_ms * 1000000;
		while (load_now_ns() < end && load_turn(load, (int)load->plan.pause_ms) == n)
			continue;
	}
	if (smtp >= 0)
		close(smtp);
}
