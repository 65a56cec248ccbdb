/*
 * smtpload.c - SMTP load generator: options, the poll loop, the report.
 *
 * One process, one thread, poll(2).  See usage() for what it can do.
 */
#include "smtpload.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

const char load_tool[] = "smtpload";

enum { GRACE_MS = 20000, ADDRESS_BYTES = 64 };

static volatile sig_atomic_t stop_asked;

static void
usage(FILE *f)
{
	fputs("usage: smtpload [options] ADDRESS:PORT RECIPIENT...\n"
	    "Sends generated messages by SMTP and measures the reply to the final dot.\n"
	    "ADDRESS is a loopback IPv4 address; messages rotate over the RECIPIENTs.\n"
	    "  --connections N   sessions at once (20)\n"
	    "  --messages N      messages in all (1000; 0: until --time is over)\n"
	    "  --size BYTES      octets of a message with its header (4096)\n"
	    "  --rcpts N         recipients of a message (1)\n"
	    "  --per-connection N  messages before QUIT and a new connection (0: no limit)\n"
	    "  --no-pipelining   wait for each reply (pipelining is used when offered)\n"
	    "  --sources N       rotate over N source addresses 127.1.x.y (0: one)\n"
	    "  --time SECONDS    start no message after this time\n"
	    "  --give-up SECONDS stop when nothing was accepted for so long (30; 0: never)\n"
	    "  --from ADDRESS    envelope sender (load@sender.test)\n"
	    "  --helo NAME       argument of EHLO (load.test)\n"
	    "  --token PREFIX    first part of each message's token (time and process id)\n"
	    "  --acked FILE      append \"TOKEN RECIPIENT,...\" after each 250 of a final dot;\n"
	    "                    with --time, lost connections are opened again until then\n"
	    "  --idle N          open N sessions, say EHLO, print \"ready N\", hold until stdin "
	    "ends\n"
	    "  --json            print the result as one line of JSON\n"
	    "Exit: 0 all accepted, 1 something refused or lost, 2 wrong usage.\n", f);
}

static void
parse_recipients(struct load_plan *plan, int argc, char **argv)
{
	int i;

	if (!plan->idle && argc == 0)
		load_usage("no recipient", "give at least one address");
	for (i = 0; i < argc; i++)
		if (strlen(argv[i]) > ADDRESS_BYTES)
			load_usage("recipient longer than 64 octets", argv[i]);
	plan->addresses = argv;
	plan->naddresses = (size_t)argc;
	if (strlen(plan->token) > LOAD_TOKEN_BYTES - 24)
		load_usage("token prefix too long", plan->token);
	if (strlen(plan->from) > 256)
		load_usage("sender too long", plan->from);
}

/* Fills load->plan; returns whether JSON is wanted. */
static int
parse_options(struct load *load, int argc, char **argv)
{
	struct load_plan *plan = &load->plan;
	int64_t connections = 20, rcpts = 1, sources = 0, seconds = 0, give_up = 30, idle = 0;
	const struct load_option options[] = {
		{ "--connections", NULL, &connections, 1, LOAD_CONN_MAX },
		{ "--messages", NULL, &plan->messages, 0, INT64_C(1000000000) },
		{ "--size", NULL, &plan->size_bytes, 1, INT64_C(1) << 30 },
		{ "--rcpts", NULL, &rcpts, 1, LOAD_RCPT_MAX },
		{ "--per-connection", NULL, &plan->per_connection, 0, INT64_C(1000000000) },
		{ "--sources", NULL, &sources, 0, 60000 },
		{ "--time", NULL, &seconds, 0, 1000000 },
		{ "--give-up", NULL, &give_up, 0, 1000000 },
		{ "--idle", NULL, &idle, 1, LOAD_CONN_MAX },
		{ "--from", &plan->from, NULL, 0, 0 },
		{ "--helo", &plan->helo, NULL, 0, 0 },
		{ "--token", &plan->token, NULL, 0, 0 },
		{ "--acked", &plan->acked_path, NULL, 0, 0 },
		{ NULL, NULL, NULL, 0, 0 }
	};
	int json = 0, i;

	for (i = 1; i < argc && strncmp(argv[i], "--", 2) == 0; i++) {
		const char *text = i + 1 < argc ? argv[i + 1] : NULL;

		if (strcmp(argv[i], "--help") == 0) {
			usage(stdout);
			exit(0);
		}
		if (strcmp(argv[i], "--json") == 0)
			json = 1;
		else if (strcmp(argv[i], "--no-pipelining") == 0)
			plan->pipelining = 0;
		else if (load_option(options, argv[i], text))
			i++;
		else
			load_usage("unknown option", argv[i]);
	}
	if (i >= argc)
		load_usage("missing", "ADDRESS:PORT");
	plan->connections = (int)(idle != 0 ? idle : connections);
	plan->rcpts = (int)rcpts;
	plan->sources = (int)sources;
	plan->run_ms = seconds * 1000;
	plan->idle = (int)idle;
	plan->lost_ms = plan->acked_path != NULL && seconds != 0 ? 0 : give_up * 1000;
	if (plan->messages == 0 && seconds == 0 && !idle)
		load_usage("--messages 0 needs", "--time");
	load_server(argv[i], &plan->server);
	parse_recipients(plan, argc - i - 1, argv + i + 1);
	return json;
}

static void
on_signal(int sig)
{
	(void)sig;
	stop_asked = 1;
}

static void
raise_fd_limit(int connections)
{
	struct rlimit rl;

	if (getrlimit(RLIMIT_NOFILE, &rl) < 0 || rl.rlim_cur >= (rlim_t)connections + 64)
		return;
	rl.rlim_cur = (rlim_t)connections + 64;
	if (rl.rlim_max < rl.rlim_cur)
		rl.rlim_max = rl.rlim_cur;
	if (setrlimit(RLIMIT_NOFILE, &rl) < 0)
		fprintf(stderr, "smtpload: cannot open %d connections: %s\n", connections,
		    strerror(errno));
}

/* Decides whether new messages may start and whether to end now; returns 1 to end. */
static int
check_clock(struct load *load, int64_t now)
{
	if (stop_asked)
		load->stopping = 1;
	if (load->deadline_ns != 0 && now >= load->deadline_ns)
		load->stopping = 1;
	if (load->plan.lost_ms != 0 && now - load->progress_ns > load->plan.lost_ms * 1000000) {
		fprintf(stderr, "smtpload: nothing accepted for %lld s, giving up\n",
		    (long long)(load->plan.lost_ms / 1000));
		return 1;
	}
	if (load->deadline_ns == 0 && load->stopping)
		load->deadline_ns = now;
	return load->stopping && now > load->deadline_ns + (int64_t)GRACE_MS * 1000000;
}

/* Runs all sessions until they are done. */
static void
load_run(struct load *load, struct pollfd *fds)
{
	int n = load->plan.connections, alive = n, i;

	while (alive > 0) {
		alive = 0;
		for (i = 0; i < n; i++) {
			struct session *s = &load->sessions[i];

			session_step(load, s, s->fd >= 0 ? fds[i].revents : 0);
			if (s->state != SESSION_DONE)
				alive++;
			fds[i].fd = s->fd;
			fds[i].events = session_events(s);
			fds[i].revents = 0;
		}
		if (alive == 0 || check_clock(load, load_now_ns()))
			break;
		if (poll(fds, (nfds_t)n, 20) < 0 && errno != EINTR) {
			fprintf(stderr, "smtpload: poll: %s\n", strerror(errno));
			break;
		}
	}
	for (i = 0; i < n; i++)
		if (session_fate_unknown(load, &load->sessions[i]))
			load->stats.unfinished++;
}

/* --idle: opens the sessions a few at a time, then holds them until standard input ends. */
static int
load_idle(struct load *load, struct pollfd *fds)
{
	int n = load->plan.connections, opened = 0, said = 0, i;

	for (;;) {
		/* At most 50 in the making, so that no listen queue overflows. */
		while (opened < n && opened - load->idle_ready - load->broken < 50)
			opened++;
		for (i = 0; i < opened; i++) {
			struct session *s = &load->sessions[i];

			session_step(load, s, s->fd >= 0 ? fds[i].revents : 0);
			fds[i].fd = s->fd;
			fds[i].events = session_events(s);
			fds[i].revents = 0;
		}
		if (load->broken != 0) {
			fprintf(stderr, "smtpload: %d idle sessions ended by the server\n",
			    load->broken);
			return 1;
		}
		if (load->idle_ready == n && !said) {
			printf("ready %d\n", n);
			fflush(stdout);
			said = 1;
		}
		fds[n].fd = 0;
		fds[n].events = POLLIN;
		fds[n].revents = 0;
		for (i = opened; i < n; i++)
			fds[i].fd = -1;
		if (poll(fds, (nfds_t)n + 1, said ? -1 : 20) < 0 && errno != EINTR)
			return 1;
		if (fds[n].revents != 0) {
			char junk[256];

			if (read(0, junk, sizeof junk) <= 0)
				return said ? 0 : 1;
		}
		if (stop_asked)
			return 1;
	}
}

static void
load_start(struct load *load)
{
	struct load_plan *plan = &load->plan;
	struct sigaction sa;
	int i;

	memset(&sa, 0, sizeof sa);
	sa.sa_handler = SIG_IGN;
	sigaction(SIGPIPE, &sa, NULL);
	sa.sa_handler = on_signal;
	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGINT, &sa, NULL);
	raise_fd_limit(plan->connections);
	load->stats.acked_fd = -1;
	if (plan->acked_path != NULL) {
		load->stats.acked_fd = open(plan->acked_path,
		    O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
		if (load->stats.acked_fd < 0)
			load_usage(plan->acked_path, strerror(errno));
	}
	load->sessions = calloc((size_t)plan->connections, sizeof *load->sessions);
	if (load->sessions == NULL || load_body_make(load) < 0)
		load_usage("out of memory", "fewer connections");
	for (i = 0; i < plan->connections; i++)
		session_init(&load->sessions[i], i);
	load->progress_ns = load_now_ns();
	if (plan->run_ms != 0)
		load->deadline_ns = load->progress_ns + plan->run_ms * 1000000;
}

int
main(int argc, char **argv)
{
	static struct load load;
	struct pollfd *fds;
	char token[64];
	int json, i, status;

	snprintf(token, sizeof token, "t%llx-%lx", (unsigned long long)time(NULL), (long)getpid());
	load.plan.messages = 1000;
	load.plan.size_bytes = 4096;
	load.plan.pipelining = 1;
	load.plan.from = "load@sender.test";
	load.plan.helo = "load.test";
	load.plan.token = token;
	json = parse_options(&load, argc, argv);
	load_start(&load);
	fds = calloc((size_t)load.plan.connections + 1, sizeof *fds);
	if (fds == NULL)
		load_usage("out of memory", "fewer connections");
	if (load.plan.idle) {
		status = load_idle(&load, fds);
	} else {
		load_run(&load, fds);
		stats_print(&load.stats, &load.plan, json, stdout);
		status = load.stats.accepted == load.stats.attempted && load.stats.lost == 0 &&
		    load.stats.refused == 0 ? 0 : 1;
	}
	for (i = 0; i < load.plan.connections; i++)
		session_fini(&load.sessions[i]);
	free(load.sessions);
	free(load.body.bytes);
	free(load.stats.dot_us);
	free(fds);
	return status;
}
