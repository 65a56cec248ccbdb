/*
 * Master and login as far as a worker of a mailbox sees them, for tests in any language:
 *
 *     mailworld PROGRAM ROLE SERVICE DIR
 *
 * runs PROGRAM with the configuration of DIR/etc. Orders are lines on standard input, reports lines
 * on standard output ("port N" first). Whoever connects to the port becomes a session: a line
 * "ACCOUNT TAG TLS", then what the client says; what came along with the line is `unread`. TAG "-"
 * is none. A session that is refused gets "refused REASON" and its end.
 *
 *     account NAME HOME MAILDIR QUOTA   ("-": empty)     start
 *     arrived ACCOUNT FOLDER NAME       login            status WHAT NAME
 *     drain MS                          revoke NAME      reload
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/buf.h"
#include "base/num.h"
#include "conf/conf.h"
#include "ipc/channel.h"
#include "net/listener.h"
#include "os/fdpass.h"

struct world {
	struct loop *loop;
	const char *program, *role, *service, *dir;
	pid_t pid;
	struct channel *control, *login, *notice;
	int snapshot_fd;
	uint32_t peers, configs;
	uint64_t sessions;
	struct watch orders;
	struct buf in;
	struct channel_call asked;
};

/* A connection on its way to the worker. */
struct guest {
	struct world *w;
	struct watch watch;
	struct channel_call call;
	int fd, kept; /* kept: to tell a refusal */
	struct buf in;
};

static void
say(const char *what, struct slice text)
{
	printf("%s %.*s\n", what, SL_FMT(text));
	fflush(stdout);
}

static struct slice
word(struct slice *line)
{
	struct slice w = SL_NONE;

	sl_cut(line, ' ', &w);
	return sl_eq(w, SL("-")) ? SL_NONE : w;
}

static uint32_t
number(struct slice s)
{
	uint64_t v = 0;

	if (!num_u64(s, UINT32_MAX, &v))
		abort();
	return (uint32_t)v;
}

/* ---- sessions ---- */

static void
guest_free(struct guest *g)
{
	if (g->kept >= 0)
		close(g->kept);
	if (g->fd >= 0)
		close(g->fd);
	buf_fini(&g->in);
	mem_free(g);
}

static void
taken(struct channel_call *call, uint16_t type, const void *message, int fd, const struct fault *f)
{
	const struct ipc_session_taken *m = message;
	struct guest *g = call->arg;
	struct fault verdict;
	char line[256];

	(void)type;
	(void)fd;
	IPC_OUTCOME(m, f, &verdict);
	if (verdict.st != ST_OK) {
		int n = snprintf(line, sizeof(line), "refused %s\r\n", verdict.text);

		if (write(g->kept, line, (size_t)n) < 0)
			say("trouble", SL("a refusal cannot be told"));
	}
	guest_free(g);
}

static void
guest_ready(struct watch *watch, unsigned ready)
{
	struct guest *g = watch->arg;
	struct world *w = g->w;
	unsigned char *room = buf_room(&g->in, 65536);
	ssize_t n = room ? read(g->fd, room, 65536) : 0;
	struct slice line, rest;
	struct ipc_session m;
	int fd;

	(void)ready;
	if (n < 0 && errno == EAGAIN)
		return;
	loop_forget(&g->watch);
	if (n <= 0 || !w->login) {
		guest_free(g);
		return;
	}
	buf_added(&g->in, (size_t)n);
	rest = buf_slice(&g->in);
	if (!sl_cut(&rest, '\n', &line)) {
		loop_watch(w->loop, &g->watch, g->fd, POLLER_READ, guest_ready, g);
		return;
	}
	m = (struct ipc_session){.session = ++w->sessions, .service = sl_str(w->service),
	    .ip = SL("127.0.0.1"), .port = 1234, .local_ip = SL("127.0.0.1"), .unread = rest};
	m.account = word(&line);
	m.tag = word(&line);
	m.tls = sl_eq(word(&line), SL("tls"));
	g->call = (struct channel_call){.fn = taken, .arg = g};
	g->kept = fcntl(g->fd, F_DUPFD_CLOEXEC, 3);
	fd = g->fd;
	g->fd = -1;
	channel_request(w->login, &g->call, IPC_session, &m, fd);
}

static void
accepted(void *arg, int fd, const struct net_addr *peer)
{
	struct world *w = arg;
	struct guest *g = mem_get(sizeof(*g));

	(void)peer;
	*g = (struct guest){.w = w, .fd = fd, .kept = -1};
	fcntl(fd, F_SETFL, O_NONBLOCK);
	buf_init(&g->in, 65536 + 512);
	loop_watch(w->loop, &g->watch, fd, POLLER_READ, guest_ready, g);
}

/* ---- channels ---- */

static void
lost(struct channel *c, const struct fault *why)
{
	struct world *w = channel_owner(c);

	(void)why;
	say("lost", sl_str(channel_name(c)));
	if (c == w->control)
		w->control = NULL;
	if (c == w->login)
		w->login = NULL;
	if (c == w->notice)
		w->notice = NULL;
}

static void
on_ready(struct channel *c, uint32_t sequence, const void *message, int fd)
{
	(void)c;
	(void)sequence;
	(void)fd;
	say("ready", ((const struct ipc_ready *)message)->sandbox);
}

static void
on_failed(struct channel *c, uint32_t sequence, const void *message, int fd)
{
	(void)c;
	(void)sequence;
	(void)fd;
	say("failed", ((const struct ipc_failed *)message)->text);
}

static void
on_busy(struct channel *c, uint32_t sequence, const void *message, int fd)
{
	char text[16];

	(void)c;
	(void)sequence;
	(void)fd;
	snprintf(text, sizeof(text), "%u", (unsigned)((const struct ipc_busy *)message)->count);
	say("busy", sl_str(text));
}

static void
on_over(struct channel *c, uint32_t sequence, const void *message, int fd)
{
	struct world *w = channel_owner(c);
	uint64_t n = ((const struct ipc_session_over *)message)->session;

	(void)sequence;
	(void)fd;
	if (n == 0 || n > w->sessions)
		say("trouble", SL("the end of a session that was not given"));
}

static struct channel *
join(struct world *w, const char *role, enum ipc_link sends, enum ipc_link receives)
{
	static const struct channel_handler handlers[] = {
	    {IPC_session_over, on_over}, {0, NULL}};
	int fds[2];

	if (fdpass_pair(fds) != 0)
		abort();
	channel_note(w->control, IPC_peer,
	    &(struct ipc_peer){.role = sl_str(role), .index = w->peers++}, fds[0]);
	return channel_new(w->loop, fds[1],
	    &(struct channel_opts){.name = role, .sends = sends, .receives = receives,
		.handlers = handlers, .closed = lost, .owner = w});
}

/* ---- the worker ---- */

static void
reap(void *arg, int signo)
{
	struct world *w = arg;
	char text[16];
	int status;

	(void)signo;
	if (waitpid(w->pid, &status, WNOHANG) != w->pid)
		return;
	w->pid = 0;
	snprintf(text, sizeof(text), "%d",
	    WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status));
	say("ended", sl_str(text));
}

static void
configure(struct world *w)
{
	struct conf_report report;
	struct conf conf;
	struct fault f;
	FILE *file = tmpfile();
	char etc[512];
	int dir;

	snprintf(etc, sizeof(etc), "%s/etc", w->dir);
	dir = open(etc, O_RDONLY | O_DIRECTORY);
	conf_report_init(&report);
	if (!file || dir < 0 ||
	    conf_load(&(struct conf_source){dir, etc, "mail.example.test"}, &conf, &report) !=
		ST_OK)
		abort();
	w->snapshot_fd = fcntl(fileno(file), F_DUPFD_CLOEXEC, 3);
	fclose(file);
	if (conf_snapshot_write(&conf, w->snapshot_fd, &f) != ST_OK)
		abort();
	conf_report_fini(&report);
	conf_fini(&conf);
	close(dir);
	channel_note(
	    w->control, IPC_config, &(struct ipc_config){.serial = ++w->configs}, w->snapshot_fd);
}

static void
spawn(struct world *w)
{
	static const struct channel_handler handlers[] = {
	    {IPC_ready, on_ready}, {IPC_failed, on_failed}, {IPC_busy, on_busy}, {0, NULL}};
	char text[16];
	int fds[2];

	if (fdpass_pair(fds) != 0)
		abort();
	w->pid = fork();
	if (w->pid == 0) {
		if (dup2(fds[1], 3) != 3)
			_exit(71);
		close(4); /* no log socket: lines go to stderr */
		execl(w->program, w->role, (char *)NULL);
		_exit(72);
	}
	close(fds[1]);
	snprintf(text, sizeof(text), "%ld", (long)w->pid);
	say("pid", sl_str(text));
	w->control = channel_new(w->loop, fds[0],
	    &(struct channel_opts){.name = "worker",
		.sends = IPC_LINK_MASTER_DOWN,
		.receives = IPC_LINK_MASTER_UP,
		.handlers = handlers,
		.closed = lost,
		.owner = w});
	channel_note(
	    w->control, IPC_identity, &(struct ipc_identity){.role = sl_str(w->role)}, -1);
	configure(w);
}

/* ---- orders ---- */

static void
status_came(
    struct channel_call *call, uint16_t type, const void *message, int fd, const struct fault *f)
{
	const struct ipc_status *m = message;
	struct slice text = m ? m->text : SL_NONE, line;

	(void)call;
	(void)type;
	(void)fd;
	(void)f;
	while (text.n && (sl_cut(&text, '\n', &line) || line.n))
		say("status", line);
	say("status-end", SL_NONE);
}

static void
order_account(struct world *w, struct slice rest)
{
	struct ipc_account m = {.uid = (uint32_t)geteuid(), .gid = (uint32_t)getegid()};

	m.address = word(&rest);
	m.home = word(&rest);
	m.maildir = word(&rest);
	m.quota = word(&rest);
	channel_note(w->control, IPC_account, &m, -1);
}

static void
order_start(struct world *w, struct slice rest)
{
	(void)rest;
	channel_note(w->control, IPC_start, &(struct ipc_start){.serial = 1}, -1);
}

static void
order_login(struct world *w, struct slice rest)
{
	(void)rest;
	channel_free(w->login);
	w->login = join(w, "login", IPC_LINK_SESSION_ASK, IPC_LINK_SESSION_SAY);
}

static void
order_arrived(struct world *w, struct slice rest)
{
	struct ipc_arrived m = {0};

	if (!w->notice)
		w->notice = join(w, "courierlocal", IPC_LINK_NOTICE, IPC_LINK_NONE);
	m.account = word(&rest);
	m.folder = word(&rest);
	m.name = word(&rest);
	channel_note(w->notice, IPC_arrived, &m, -1);
}

static void
order_status(struct world *w, struct slice rest)
{
	struct ipc_ask_status m = {0};

	m.what = number(word(&rest));
	m.name = word(&rest);
	w->asked = (struct channel_call){.fn = status_came};
	channel_request(w->control, &w->asked, IPC_ask_status, &m, -1);
}

static void
order_drain(struct world *w, struct slice rest)
{
	channel_note(
	    w->control, IPC_drain, &(struct ipc_drain){.within_ms = number(word(&rest))}, -1);
}

static void
order_revoke(struct world *w, struct slice rest)
{
	channel_note(w->control, IPC_revoke, &(struct ipc_revoke){.account = word(&rest)}, -1);
}

static void
order_reload(struct world *w, struct slice rest)
{
	(void)rest;
	configure(w);
}

static const struct {
	const char *name;
	void (*fn)(struct world *w, struct slice rest);
} orders[] = {
    {"account", order_account},
    {"start", order_start},
    {"login", order_login},
    {"arrived", order_arrived},
    {"status", order_status},
    {"drain", order_drain},
    {"revoke", order_revoke},
    {"reload", order_reload},
};

static void
obey(struct world *w, struct slice line)
{
	struct slice name = word(&line);

	if (!w->control) {
		say("trouble", SL("the worker is gone"));
		return;
	}
	for (size_t i = 0; i < COUNT_OF(orders); i++)
		if (sl_eq(name, sl_str(orders[i].name))) {
			orders[i].fn(w, line);
			return;
		}
	abort();
}

static void
orders_ready(struct watch *watch, unsigned ready)
{
	struct world *w = watch->arg;
	unsigned char *room = buf_room(&w->in, 4096);
	ssize_t n = read(STDIN_FILENO, room, 4096);
	struct slice rest, line;

	(void)ready;
	if (n <= 0) {
		loop_stop(w->loop);
		return;
	}
	buf_added(&w->in, (size_t)n);
	for (rest = buf_slice(&w->in); sl_cut(&rest, '\n', &line); rest = buf_slice(&w->in)) {
		obey(w, line);
		buf_drop(&w->in, line.n + 1);
	}
}

int
main(int argc, char **argv)
{
	static struct world w;
	struct net_addr here, mine;
	struct listener *door;
	struct fault f;
	char port[16];
	int fd;

	if (argc != 5) {
		fprintf(stderr, "mailworld PROGRAM ROLE SERVICE DIR\n");
		return 64;
	}
	w = (struct world){
	    .program = argv[1], .role = argv[2], .service = argv[3], .dir = argv[4]};
	channel_identify("test", "test");
	w.loop = loop_new(NULL, NULL, 0);
	buf_init(&w.in, 65536);
	if (net_addr_parse(SL("127.0.0.1"), 0, &here) != ST_OK ||
	    net_listen(&here, 0, &fd, &f) != ST_OK)
		abort();
	net_peer(fd, &here, &mine);
	snprintf(port, sizeof(port), "%u", (unsigned)mine.port);
	say("port", sl_str(port));
	door = listener_new(w.loop, fd, accepted, &w);
	loop_signal(w.loop, SIGCHLD, reap, &w);
	spawn(&w);
	loop_watch(w.loop, &w.orders, STDIN_FILENO, POLLER_READ, orders_ready, &w);
	loop_run(w.loop);
	listener_free(door);
	channel_free(w.control);
	if (w.pid)
		waitpid(w.pid, NULL, 0);
	return 0;
}
