/*
 * imapload.c - IMAP and POP3 load generator: options and the poll loop.
 *
 * One process, one thread, poll(2).  See usage() for what it can do.
 */
#include "imapload_calls.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

const char load_tool[] = "imapload";

enum { OPENING_MAX = 50 };

static volatile sig_atomic_t stop_asked;
static struct pollfd *pollfds;

static void
usage(FILE *f)
{
	fputs("usage: imapload MODE [options] ADDRESS:PORT USER...\n"
	    "Loads an IMAP or POP3 server at a loopback IPv4 address and checks what it answers;\n"
	    "the clients take the USERs in turn.  Modes:\n", f);
	modes_print(f);
	fputs("Options:\n"
	    "  --connections N   clients at once (20; 1 for the modes that are lists of commands)\n"
	    "  --count N         operations in all (1000; 0: until --time is over)\n"
	    "  --time SECONDS    begin no operation after this time\n"
	    "  --password TEXT   of all users (sandbox-secret)\n"
	    "  --tls             TLS from the first octet\n"
	    "  --command TEXT    for the mode `commands`; %H is half of the messages, %N all\n"
	    "  --window N        RETR sent ahead (1)\n"
	    "  --seed N          of the random commands (1)\n"
	    "  --stall SECONDS   no answer for so long is an error (30)\n"
	    "  --maildirs ROOT   latency: files are put into ROOT/USER/Maildir/new\n"
	    "  --smtp PORT --domain NAME  latency: messages to USER@NAME are sent; time counts\n"
	    "                    from the reply to the final dot\n"
	    "  --pause MS        latency: between two deliveries (20)\n"
	    "  --json            print the result as one line of JSON\n"
	    "Exit: 0 no error, 1 errors, 2 wrong usage.\n", f);
}

void
load_die(const char *what, const char *detail)
{
	fprintf(stderr, "imapload: %s: %s\n", what, detail);
	exit(2);
}

void *
load_realloc(void *p, size_t n)
{
	void *q = realloc(p, n);

	if (q == NULL)
		load_die("out of memory", "realloc");
	return q;
}

int
load_wants_more(struct load *load)
{
	return !load->stopping && (load->plan.count == 0 || load->begun < load->plan.count);
}

int
load_begin(struct load *load)
{
	if (!load_wants_more(load))
		return 0;
	load->begun++;
	return 1;
}

int
load_never(struct load *load)
{
	(void)load;
	return 0;
}

const char *
client_user(const struct load *load, const struct client *c)
{
	return load->plan.users[(size_t)c->number % load->plan.nusers];
}

static void
check_plan(struct plan *plan, int64_t connections)
{
	int latency = strcmp(plan->mode->name, "latency") == 0;

	if (connections == 0)
		connections = plan->mode->commands != NULL || latency ||
		    strcmp(plan->mode->name, "commands") == 0 ? 1 : 20;
	plan->connections = (int)connections;
	if (plan->count == 0 && plan->run_ms == 0)
		load_usage("--count 0 needs", "--time");
	if (strcmp(plan->mode->name, "commands") == 0 && plan->ncommands == 0)
		load_usage("this mode needs", "--command");
	if (latency && (plan->maildir_root != NULL) + (plan->smtp_port != 0) != 1)
		load_usage("latency needs one of", "--maildirs, --smtp");
	if (plan->smtp_port != 0 && plan->domain == NULL)
		load_usage("--smtp needs", "--domain");
	if (plan->window > 1 && strcmp(plan->mode->name, "retr") != 0)
		load_usage("--window is for the mode", "retr");
}

/* Fills load->plan; returns whether JSON is wanted. */
static int
parse_options(struct load *load, int argc, char **argv)
{
	struct plan *plan = &load->plan;
	int64_t connections = 0, seconds = 0, stall = 30, window = 1;
	const struct load_option options[] = {
		{ "--connections", NULL, &connections, 1, CLIENT_MAX },
		{ "--count", NULL, &plan->count, 0, INT64_C(1000000000) },
		{ "--time", NULL, &seconds, 0, 1000000 },
		{ "--stall", NULL, &stall, 1, 1000000 },
		{ "--window", NULL, &window, 1, 1000 },
		{ "--seed", NULL, &plan->seed, 0, INT64_MAX },
		{ "--pause", NULL, &plan->pause_ms, 0, 1000000 },
		{ "--smtp", NULL, &plan->smtp_port, 1, 65535 },
		{ "--domain", &plan->domain, NULL, 0, 0 },
		{ "--maildirs", &plan->maildir_root, NULL, 0, 0 },
		{ "--password", &plan->password, NULL, 0, 0 },
		{ NULL, NULL, NULL, 0, 0 }
	};
	int json = 0, i;

	if (argc > 1 && strcmp(argv[1], "--help") == 0) {
		usage(stdout);
		exit(0);
	}
	plan->mode = argc > 1 ? mode_find(argv[1]) : NULL;
	if (plan->mode == NULL)
		load_usage("no such mode", argc > 1 ? argv[1] : "(none)");
	for (i = 2; i < argc && strncmp(argv[i], "--", 2) == 0; i++) {
		const char *text = i + 1 < argc ? argv[i + 1] : NULL;

		if (strcmp(argv[i], "--json") == 0) {
			json = 1;
		} else if (strcmp(argv[i], "--tls") == 0) {
			plan->tls = 1;
		} else if (strcmp(argv[i], "--command") == 0 && text != NULL) {
			if (plan->ncommands == COMMANDS_MAX || strlen(text) > 900)
				load_usage("too many or too long", "--command");
			plan->commands[plan->ncommands++] = text;
			i++;
		} else if (load_option(options, argv[i], text)) {
			i++;
		} else {
			load_usage("unknown option", argv[i]);
		}
	}
	if (i + 1 >= argc)
		load_usage("missing", "ADDRESS:PORT USER...");
	plan->run_ms = seconds * 1000;
	plan->stall_ms = stall * 1000;
	plan->window = (int)window;
	load_server(argv[i], &plan->server);
	plan->users = argv + i + 1;
	plan->nusers = (size_t)(argc - i - 1);
	check_plan(plan, connections);
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
		fprintf(stderr, "imapload: cannot open %d connections: %s\n", connections,
		    strerror(errno));
}

/* A client that waits for an answer too long is an error and is given up. */
static void
check_stall(struct load *load, struct client *c, int64_t now)
{
	const char *name;

	if (c->fd < 0 || c->idling || (c->greeted && c->outstanding == 0) ||
	    now - c->sent_ns < load->plan.stall_ms * 1000000)
		return;
	name = c->outstanding ? load->stats.kinds[c->kind].name : "connecting";
	load->stats.stalls++;
	stats_error(&load->stats, "no answer", name, strlen(name));
	conn_close(load, c);
}

int
load_turn(struct load *load, int timeout_ms)
{
	int n = load->plan.connections, alive = 0, opening = 0, i;
	static int64_t stall_look_ns;
	int64_t now;

	for (i = 0; i < n; i++)
		if (load->clients[i].fd >= 0 && !load->clients[i].greeted)
			opening++;
	for (i = 0; i < n; i++) {
		struct client *c = &load->clients[i];

		/* Not more at once in the making than any listen queue holds. */
		if (c->state == CLIENT_OFF && opening++ >= OPENING_MAX) {
			alive++;
			continue;
		}
		conn_step(load, c, c->fd >= 0 ? pollfds[i].revents : 0);
		alive += c->state != CLIENT_DONE;
		pollfds[i].fd = c->fd;
		pollfds[i].events = conn_events(c);
		pollfds[i].revents = 0;
	}
	now = load_now_ns();
	if (stop_asked || (load->deadline_ns != 0 && now >= load->deadline_ns))
		load->stopping = 1;
	if (now - stall_look_ns > 200000000) {
		stall_look_ns = now;
		for (i = 0; i < n; i++)
			check_stall(load, &load->clients[i], now);
	}
	if (alive > 0 && poll(pollfds, (nfds_t)n, timeout_ms) < 0 && errno != EINTR)
		load_die("poll", strerror(errno));
	return alive;
}

/* Opens the sessions, says so, holds them until standard input ends. */
static void
load_idle(struct load *load)
{
	int n = load->plan.connections;
	struct pollfd input = { .fd = 0, .events = POLLIN };
	char byte;

	while (load->ready < n && load_turn(load, 20) == n)
		continue;
	if (load->ready < n)
		return;
	printf("ready %d\n", n);
	fflush(stdout);
	for (;;) {
		if (load_turn(load, 5) < n)
			return;
		if (poll(&input, 1, 0) <= 0)
			continue;
		if (read(0, &byte, 1) <= 0)
			return;
		printf("heard %lld\n", (long long)load->stats.messages);
		fflush(stdout);
	}
}

static void
load_run(struct load *load)
{
	int i;

	for (i = 0; i < load->plan.connections; i++) {
		load->clients[i].number = i;
		load->clients[i].fd = -1;
		load->clients[i].state = load->plan.mode->operation_is_cycle &&
		    !load_begin(load) ? CLIENT_DONE : CLIENT_OFF;
	}
	if (load->plan.run_ms != 0)
		load->deadline_ns = load_now_ns() + load->plan.run_ms * 1000000;
	if (strcmp(load->plan.mode->name, "idle") == 0) {
		load_idle(load);
		return;
	}
	if (strcmp(load->plan.mode->name, "latency") == 0) {
		latency_run(load);
		return;
	}
	while (load_turn(load, 20) > 0)
		continue;
}

int
main(int argc, char **argv)
{
	static struct load load;
	struct sigaction sa;
	int json, i;

	load.plan.count = 1000;
	load.plan.pause_ms = 20;
	load.plan.seed = 1;
	load.plan.password = "sandbox-secret";
	load.heard = -1;
	json = parse_options(&load, argc, argv);
	memset(&sa, 0, sizeof sa);
	sa.sa_handler = on_signal;
	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGINT, &sa, NULL);
	sa.sa_handler = SIG_IGN;
	sigaction(SIGPIPE, &sa, NULL);
	raise_fd_limit(load.plan.connections);
	if (load.plan.tls)
		conn_tls_init(&load);
	load.clients = load_realloc(NULL, (size_t)load.plan.connections * sizeof *load.clients);
	memset(load.clients, 0, (size_t)load.plan.connections * sizeof *load.clients);
	pollfds = load_realloc(NULL, (size_t)load.plan.connections * sizeof *pollfds);
	memset(pollfds, 0, (size_t)load.plan.connections * sizeof *pollfds);
	load_run(&load);
	if (strcmp(load.plan.mode->name, "idle") != 0 || load.stats.errors != 0)
		stats_print(&load.stats, &load.plan, json, stdout);
	for (i = 0; i < load.plan.connections; i++)
		conn_fini(&load.clients[i]);
	free(load.clients);
	free(pollfds);
	free(load.stats.us);
	SSL_CTX_free(load.tls);
	return load.stats.errors != 0 ? 1 : 0;
}
