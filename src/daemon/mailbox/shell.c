/*
 * The worker run from a shell (`imapd ./Maildir`, for example over ssh): no master, no login, one
 * session on standard input and output, which is authenticated already. It ends with that session.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/hmap.h"
#include "daemon/mailbox/worker.h"
#include "net/log.h"
#include "os/accounts.h"
#include "os/fdpass.h"
#include "os/random.h"

#define ROOM 65536

/* Bytes from one descriptor to the other: a session has one connection, a shell gives two. */
struct relay {
	struct loop *loop;
	struct watch in, out;
	struct buf bytes;
	bool ended; /* nothing more comes in */
	void (*over)(struct relay *r);
};

static void
relay_want(struct relay *r)
{
	loop_want(&r->in, !r->ended && r->bytes.n < ROOM ? POLLER_READ : 0);
	loop_want(&r->out, r->bytes.n ? POLLER_WRITE : 0);
	if (r->ended && r->bytes.n == 0 && r->over) {
		loop_forget(&r->in);
		loop_forget(&r->out);
		r->over(r);
		r->over = NULL;
	}
}

static void
relay_read(struct watch *w, unsigned ready)
{
	struct relay *r = w->arg;
	unsigned char *room = buf_room(&r->bytes, ROOM - r->bytes.n);
	ssize_t n = room ? read(w->fd, room, ROOM - r->bytes.n) : 0;

	(void)ready;
	if (n > 0)
		buf_added(&r->bytes, (size_t)n);
	else if (n == 0 || (errno != EAGAIN && errno != EINTR))
		r->ended = true;
	relay_want(r);
}

static void
relay_write(struct watch *w, unsigned ready)
{
	struct relay *r = w->arg;
	ssize_t n = write(w->fd, r->bytes.p, r->bytes.n);

	(void)ready;
	if (n > 0)
		buf_drop(&r->bytes, (size_t)n);
	else if (n < 0 && errno != EAGAIN && errno != EINTR) {
		buf_clear(&r->bytes);
		r->ended = true;
	}
	relay_want(r);
}

static void
relay_start(struct relay *r, struct loop *l, int from, int to)
{
	r->loop = l;
	buf_init(&r->bytes, ROOM);
	loop_watch(l, &r->in, from, POLLER_READ, relay_read, r);
	loop_watch(l, &r->out, to, 0, relay_write, r);
}

/* The client has said its last: so has our side of the pair. */
static void
input_over(struct relay *r)
{
	(void)shutdown(r->out.fd, SHUT_WR);
}

/* All that the session said has left. */
static void
output_over(struct relay *r)
{
	loop_stop(r->loop);
}

static enum st
load_conf(struct conf *out, struct fault *f)
{
	struct conf_report report;
	struct paths paths;
	enum st st = paths_from_environment(&paths, f);
	int dir;

	if (st != ST_OK)
		return st;
	dir = open(paths.conf_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return fault_sys(f, ST_IO, "", errno, "%s", paths.conf_dir);
	conf_report_init(&report);
	st = conf_load(&(struct conf_source){dir, paths.conf_dir, NULL}, out, &report);
	if (st != ST_OK)
		fault_set(f, st, "", "%s: a mistake, see `courier config check`", paths.conf_dir);
	conf_report_fini(&report);
	close(dir);
	return st;
}

static enum st
open_account(struct worker *w, const char *maildir, struct worker_account **a, struct fault *f)
{
	struct accounts_entry e;
	struct ipc_account m = {.uid = (uint32_t)geteuid(), .maildir = sl_str(maildir)};
	char here[PATHS_MAX], name[80];
	enum st st;

	if (!getcwd(here, sizeof(here)))
		return fault_sys(f, ST_IO, "", errno, "the present folder");
	if (accounts_by_uid(m.uid, &e) == 0)
		snprintf(name, sizeof(name), "%s", e.name);
	else
		snprintf(name, sizeof(name), "uid%u", (unsigned)m.uid);
	m.home = sl_str(here);
	m.address = sl_str(name);
	st = worker_account_new(w, &m, a, f);
	return st == ST_OK ? worker_account_open(*a, f) : st;
}

static enum st
run(struct worker *w, const char *maildir, struct fault *f)
{
	static struct relay in = {.over = input_over}, out = {.over = output_over};
	struct worker_account *a;
	int pair[2];
	enum st st = w->def->configure ? w->def->configure(w, f) : ST_OK;

	if (st == ST_OK)
		st = open_account(w, maildir, &a, f);
	if (st != ST_OK)
		return st;
	if (fdpass_pair(pair) != 0)
		return fault_set(f, ST_IO, "", "no pair of sockets");
	st = client_begin(
	    a, &(struct ipc_session){.ip = SL("-")}, NULL, stream_fd_new(pair[0]), f);
	if (st != ST_OK)
		return st;
	relay_start(&in, w->loop, STDIN_FILENO, pair[1]);
	/* A descriptor has one watch. */
	relay_start(&out, w->loop, fcntl(pair[1], F_DUPFD_CLOEXEC, 3), STDOUT_FILENO);
	loop_run(w->loop);
	return ST_OK;
}

int
worker_shell(const char *maildir, const struct worker_def *def)
{
	static struct conf conf;
	struct worker *w = mem_get(def->state_bytes);
	struct fault f = FAULT_NONE;
	unsigned char seed[16];

	memset(w, 0, def->state_bytes);
	log_open(-1, def->role);
	log_threshold(LOG_LEVEL_WARNING); /* standard error is the user's */
	random_bytes(seed, sizeof(seed));
	hmap_seed(seed);
	if (load_conf(&conf, &f) == ST_OK) {
		w->loop = loop_new(NULL, NULL, 0);
		w->def = def;
		w->conf = &conf;
		worker_init(w);
		w->me = sl_str(conf.site.me);
		(void)run(w, maildir, &f);
	}
	if (f.st == ST_OK)
		return 0;
	fprintf(stderr, "%s: %s\n", def->role, f.text);
	return 78; /* EX_CONFIG */
}
