/*
 * A worker that does what a test says: it stands in libexec as imapd and pop3d. It takes sessions,
 * answers the login, says each line of the client back, and ends a session at LOGOUT or QUIT. What
 * the first line of STATE/worker says is done to the next session: "refuse", "exit" (before it is
 * taken), "crash" (by a signal, when it was taken), "hang" (it is never answered), "big N" (N bytes
 * are sent), "start-fails".
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/list.h"
#include "base/num.h"
#include "daemon/skel/proc.h"

static char role[32];

struct worker {
	struct list sessions;
	size_t count;
	char account[321];
};

struct talk {
	struct list_node node;
	struct proc *p;
	struct channel *from;
	struct watch watch;
	uint64_t number;
	int fd;
	struct buf in, out;
	bool ends;
};

static void
order(struct proc *p, char *line, size_t size)
{
	char path[PATHS_MAX + 32];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "%s/worker", proc_paths(p)->state_dir);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? 0 : read(fd, line, size - 1);
	if (fd >= 0)
		close(fd);
	line[n > 0 ? n : 0] = '\0';
	if (strchr(line, '\n'))
		*strchr(line, '\n') = '\0';
}

static void
talk_end(struct talk *t)
{
	struct worker *w = proc_state(t->p);

	channel_note(
	    t->from, IPC_session_over, &(struct ipc_session_over){.session = t->number}, -1);
	proc_busy(t->p, --w->count);
	loop_forget(&t->watch);
	close(t->fd);
	list_remove(&t->node);
	buf_fini(&t->in);
	buf_fini(&t->out);
	mem_free(t);
}

/* False: the session is gone. */
static bool
talk_write(struct talk *t)
{
	while (t->out.n) {
		ssize_t n = write(t->fd, t->out.p, t->out.n);

		if (n < 0 && errno == EAGAIN) {
			loop_want(&t->watch, POLLER_WRITE);
			return true;
		}
		if (n < 0) {
			talk_end(t);
			return false;
		}
		buf_drop(&t->out, (size_t)n);
	}
	loop_want(&t->watch, POLLER_READ);
	if (!t->ends)
		return true;
	talk_end(t);
	return false;
}

static bool
talk_lines(struct talk *t)
{
	struct slice rest = buf_slice(&t->in), line;

	while (sl_cut(&rest, '\n', &line)) {
		line = sl_trim(line);
		buf_fmt(&t->out, "said %.*s\r\n", SL_FMT(line));
		t->ends |= sl_iends(line, SL("LOGOUT")) || sl_iends(line, SL("QUIT"));
		buf_drop(&t->in, (size_t)(rest.p - t->in.p));
		rest = buf_slice(&t->in);
	}
	return talk_write(t);
}

static void
talk_ready(struct watch *w, unsigned ready)
{
	struct talk *t = w->arg;
	unsigned char *room = buf_room(&t->in, 4096);
	ssize_t n;

	if (!(ready & POLLER_READ) || t->out.n) {
		(void)talk_write(t);
		return;
	}
	n = read(t->fd, room, 4096);
	if (n < 0 && errno == EAGAIN)
		return;
	if (n <= 0) {
		talk_end(t);
		return;
	}
	buf_added(&t->in, (size_t)n);
	(void)talk_lines(t);
}

static void
answer(struct channel *c, uint32_t sequence, enum st st)
{
	struct ipc_verdict v = {
	    .st = (uint8_t)st, .class = st == ST_OK ? 0 : 4, .text = SL("said so")};

	channel_reply(c, sequence, IPC_session_taken,
	    &(struct ipc_session_taken){.verdict = IPC_VERDICT(&v)}, -1);
}

static void
crash(struct timer *t)
{
	(void)t;
	abort();
}

static void
on_session(struct channel *c, uint32_t sequence, const void *message, int fd)
{
	struct proc *p = channel_owner(c);
	struct worker *w = proc_state(p);
	const struct ipc_session *m = message;
	struct talk *t;
	uint64_t big = 0;
	char line[64];

	order(p, line, sizeof(line));
	if (strcmp(line, "exit") == 0)
		_exit(1);
	if (strcmp(line, "hang") == 0)
		return;
	if (strcmp(line, "refuse") == 0) {
		close(fd);
		answer(c, sequence, ST_TEMP);
		return;
	}
	t = mem_get(sizeof(*t));
	*t = (struct talk){.p = p, .from = c, .fd = fd, .number = m->session};
	buf_init(&t->in, 1 << 20);
	buf_init(&t->out, 64 << 20);
	list_append(&w->sessions, &t->node);
	proc_busy(p, ++w->count);
	fcntl(fd, F_SETFL, O_NONBLOCK);
	loop_watch(proc_loop(p), &t->watch, fd, POLLER_READ, talk_ready, t);
	if (m->tag.n)
		buf_fmt(&t->out, "%.*s OK here is %.*s tls=%u %.*s\r\n", SL_FMT(m->tag),
		    SL_FMT(m->account), (unsigned)m->tls, SL_FMT(m->tls_text));
	else
		buf_fmt(
		    &t->out, "+OK here is %.*s tls=%u\r\n", SL_FMT(m->account), (unsigned)m->tls);
	if (strncmp(line, "big ", 4) == 0 && num_u64(sl_str(line + 4), 60 << 20, &big))
		for (uint64_t i = 0; i < big; i++)
			buf_put_byte(&t->out, (unsigned char)('a' + i % 26));
	answer(c, sequence, ST_OK);
	buf_put(&t->in, m->unread);
	if (talk_lines(t) && strcmp(line, "crash") == 0) {
		static struct timer soon; /* when what was said has left */

		loop_timer_at(proc_loop(p), &soon, loop_now(proc_loop(p)) + 50, crash, NULL);
	}
}

static struct proc_session
shown(const struct talk *t)
{
	return (struct proc_session){.number = t->number,
	    .service = role,
	    .account = sl_str(((struct worker *)proc_state(t->p))->account),
	    .ip = "-"};
}

/* Its sessions go on until they end; the frame ends it. */
static void
worker_drain(struct proc *p, uint32_t within_ms)
{
	(void)p;
	(void)within_ms;
}

static void
worker_who(struct proc *p, struct buf *out)
{
	struct worker *w = proc_state(p);

	LIST_EACH (&w->sessions, n) {
		struct proc_session s = shown(CONTAINER_OF(n, struct talk, node));

		proc_session_put(p, &s, out);
	}
}

static void
worker_kick(struct proc *p, struct slice what, struct buf *ended)
{
	struct worker *w = proc_state(p);

	LIST_EACH (&w->sessions, n) {
		struct talk *t = CONTAINER_OF(n, struct talk, node);
		struct proc_session s = shown(t);

		if (!proc_session_is(p, &s, what))
			continue;
		proc_session_put(p, &s, ended);
		talk_end(t);
	}
}

static enum st
worker_start(struct proc *p, struct fault *f)
{
	char line[64];

	order(p, line, sizeof(line));
	if (strcmp(line, "start-fails") == 0)
		return fault_set(f, ST_PERM, "", "the test says no");
	return ST_OK;
}

static void
worker_account(struct proc *p, const struct ipc_account *a)
{
	struct worker *w = proc_state(p);

	if (!w->account[0])
		list_init(&w->sessions);
	snprintf(w->account, sizeof(w->account), "%.*s", SL_FMT(a->address));
}

int
main(int argc, char **argv)
{
	static const struct channel_handler handlers[] = {{IPC_session, on_session}, {0, NULL}};
	static const struct proc_peer peers[] = {
	    {.role = "login",
		.sends = IPC_LINK_SESSION_SAY,
		.receives = IPC_LINK_SESSION_ASK,
		.handlers = handlers},
	    {.role = "courierlocal", .sends = IPC_LINK_NONE, .receives = IPC_LINK_NOTICE},
	    {.role = NULL},
	};
	static const struct proc_def def = {.role = role,
	    .log_name = role,
	    .state_bytes = sizeof(struct worker),
	    .peers = peers,
	    .start = worker_start,
	    .account = worker_account,
	    .who = worker_who,
	    .kick = worker_kick,
	    .drain = worker_drain};
	const char *slash = strrchr(argv[0], '/');

	snprintf(role, sizeof(role), "%s", slash ? slash + 1 : argv[0]);
	return proc_main(argc, argv, &def);
}
