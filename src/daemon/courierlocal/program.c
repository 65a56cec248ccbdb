/*
 * Programs: the message goes in by a pipe, what they say is kept, their exit code decides. At most
 * MAXHOST of module.local run at once for an account.
 */
#include "daemon/courierlocal/local.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "deliver/env.h"
#include "deliver/program.h"
#include "net/log.h"
#include "os/clock.h"

#define OUTPUT_READ 4096
#define KILL_AFTER_MS 2000
#define READS_AT_END 64 /* what a pipe may still hold when the program has ended */

/* A program. It outlives its run when that is given up, until its end was seen. */
struct program {
	struct list_node node;
	struct local *l;
	struct run *r; /* NULL: given up */
	struct deliver_child child;
	struct watch in, out;
	struct maildir_reader reader;
	bool reading; /* there is more of the message */
	bool too_much;
	struct fault broken; /* st ST_OK: its own end counts */
	struct buf piece, output;
	struct timer kill;
};

static void program_next(struct local *l);

/* Its group; and itself, which may not have made one yet. */
static void
program_kill(const struct program *g, int signo)
{
	if (kill(-g->child.pid, signo) != 0)
		kill(g->child.pid, signo);
}

/* ---- its input ---- */

static void
close_input(struct program *g)
{
	if (g->child.in < 0)
		return;
	loop_forget(&g->in);
	close(g->child.in);
	g->child.in = -1;
	if (g->reading)
		maildir_reader_stop(&g->reader);
	g->reading = false;
	buf_fini(&g->piece);
}

/* ST_AGAIN: the pipe is full. ST_OK: it has all, or wants no more. */
static enum st
feed(struct program *g)
{
	for (;;) {
		struct fault f;
		enum st st;
		ssize_t n;

		if (g->piece.n == 0 && g->reading) {
			st = maildir_reader_next(&g->reader, &g->piece, &f);
			if (st == ST_AGAIN || st == ST_OK) {
				g->reading = st == ST_AGAIN;
				if (!g->reading)
					maildir_reader_stop(&g->reader);
				continue;
			}
			/* It was whole a moment ago. The program must not take half of it for all.
			 */
			g->broken = f;
			program_kill(g, SIGKILL);
			return ST_OK;
		}
		if (g->piece.n == 0)
			return ST_OK;
		n = write(g->child.in, g->piece.p, g->piece.n);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return ST_AGAIN;
		if (n < 0)
			return ST_OK; /* EPIPE: programs need not read all */
		buf_drop(&g->piece, (size_t)n);
	}
}

static void
input_ready(struct watch *w, unsigned ready)
{
	struct program *g = w->arg;

	(void)ready;
	if (feed(g) == ST_OK)
		close_input(g);
}

/* ---- its output ---- */

static void
close_output(struct program *g)
{
	if (g->child.out < 0)
		return;
	loop_forget(&g->out);
	close(g->child.out);
	g->child.out = -1;
}

/* More than may be kept is read and forgotten, so that nobody is blocked. False: no more comes now.
 */
static bool
read_output(struct program *g)
{
	unsigned char piece[OUTPUT_READ];
	ssize_t n = read(g->child.out, piece, sizeof(piece));

	if (n < 0 && errno == EINTR)
		return true;
	if (n == 0 || (n < 0 && errno != EAGAIN))
		close_output(g);
	if (n <= 0)
		return false;
	if (g->output.n + (size_t)n > DELIVER_OUTPUT_MAX) {
		g->too_much = true;
		/* The end says more than the beginning. */
		buf_drop(&g->output, g->output.n > (size_t)n ? (size_t)n : g->output.n);
	}
	buf_put(&g->output, sl_mem(piece, (size_t)n));
	return true;
}

static void
output_ready(struct watch *w, unsigned ready)
{
	(void)ready;
	read_output(w->arg);
}

/* ---- its end ---- */

static void
program_free(struct program *g)
{
	close_input(g);
	close_output(g);
	loop_timer_stop(g->l->loop, &g->kill);
	list_remove(&g->node);
	buf_fini(&g->output);
	g->l->programs_running--;
	mem_free(g);
}

static enum st
verdict(struct program *g, struct run *r, int status, struct fault *f)
{
	enum deliver_next next;

	*f = FAULT_NONE;
	if (g->broken.st != ST_OK) {
		*f = g->broken;
		return f->st;
	}
	next = deliver_program_ended(status, buf_slice(&g->output), f);
	if (next == DELIVER_FAIL || next == DELIVER_DEFER)
		return f->st;
	if (r->now->kind == DELIVER_DYNAMIC) {
		if (g->too_much)
			return fault_set(f, ST_LIMIT, "4.3.5",
			    "the program printed more than %d bytes", DELIVER_OUTPUT_MAX);
		return run_push(r, buf_slice(&g->output), next == DELIVER_STOP, f);
	}
	if (next == DELIVER_STOP)
		r->depth = 0;
	return ST_OK;
}

static void
program_ended(struct program *g, int status)
{
	struct local *l = g->l;
	struct run *r = g->r;
	struct fault f;

	/* Told to end, it may have left others behind who did not listen. */
	if (g->broken.st != ST_OK || !r)
		kill(-g->child.pid, SIGKILL);
	/* What it printed is in the pipe; who else holds the other end is of no concern. */
	for (int i = 0; i < READS_AT_END && g->child.out >= 0 && read_output(g); i++)
		continue;
	if (r) {
		r->program = NULL;
		verdict(g, r, status, &f);
		log_event(LOG_LEVEL_INFO, "program", KV_SL("id", r->d->id),
		    KV_SL("addr", r->address), KV_SL("command", r->now->text),
		    KV_STR("by", WIFEXITED(status) ? "exit" : "signal"),
		    KV_U64("status",
			(uint64_t)(WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status))),
		    KV_END);
	}
	program_free(g);
	if (r)
		run_continue(r, &f);
	program_next(l);
}

/* SIGCHLD: each of ours is asked, and no other child. */
void
program_reap(void *arg, int signo)
{
	struct local *l = arg;

	(void)signo;
	/* An end may begin and end others: from the front again after each. */
	for (bool again = true; again;) {
		again = false;
		LIST_EACH (&l->programs, n) {
			struct program *g = CONTAINER_OF(n, struct program, node);
			int status;

			if (waitpid(g->child.pid, &status, WNOHANG) != g->child.pid)
				continue;
			program_ended(g, status);
			again = true;
			break;
		}
	}
}

static void
kill_hard(struct timer *t)
{
	struct program *g = t->arg;

	program_kill(g, SIGKILL);
}

void
program_timeout(struct run *r)
{
	struct program *g = r->program;

	fault_set(&g->broken, ST_TEMP, "4.3.0", "the program took longer than localtimeout allows");
	program_kill(g, SIGTERM);
	loop_timer_at(g->l->loop, &g->kill, loop_now(g->l->loop) + KILL_AFTER_MS, kill_hard, g);
}

void
program_abort(struct run *r)
{
	struct program *g = r->program;

	r->program = NULL;
	if (!g)
		return;
	g->r = NULL;
	program_kill(g, SIGKILL);
	close_input(g); /* the message goes away with the run */
}

/* ---- its start ---- */

static char **
make_env(struct run *r)
{
	const struct delivery *d = r->d;
	const struct account *a = d->account;
	const struct conf_courierd *c = &proc_conf(d->l->p)->courierd;
	char *own = a->delivery.n ? arena_str(d->arena, a->delivery) : NULL;

	return deliver_env_make(
	    &(struct deliver_env){
		.home = a->home,
		.shell = c->shell,
		.path = c->path,
		.user = a->address,
		.sender = d->sender,
		.recipient = r->address,
		.extension = r->extension,
		.rest = r->rest,
		.quota = a->quota,
		.maildrop_default = c->maildrop_default,
		.default_delivery = own ? own : c->default_delivery,
		.arrived_sec = d->arrived_sec,
		.offset_minutes = clock_offset_minutes(d->arrived_sec),
	    },
	    d->arena);
}

static enum st
start(struct run *r, struct program *g, struct fault *f)
{
	struct deliver_program p = {
	    .shell = proc_conf(r->d->l->p)->courierd.shell,
	    .command = (const char *)r->now->text.p,
	    .env = make_env(r),
	};
	enum st st;

	if (!p.env)
		return fault_set(f, ST_TEMP, "4.3.1", "no room for the environment of a program");
	p.home = account_open_home(r->d->account, f);
	if (p.home < 0)
		return f->st;
	st = deliver_program_start(&p, &g->child, f);
	close(p.home);
	return st;
}

static enum st
program_begin(struct run *r, struct fault *f)
{
	struct local *l = r->d->l;
	struct program *g = mem_get(sizeof(*g));

	*g = (struct program){.l = l, .r = r};
	if (start(r, g, f) != ST_OK) {
		mem_free(g);
		return f->st;
	}
	r->program = g;
	buf_init(&g->piece, 2 * MAILDIR_PIECE_BYTES);
	buf_init(&g->output, DELIVER_OUTPUT_MAX + OUTPUT_READ);
	maildir_reader_start(&g->reader, &r->d->body, false);
	g->reading = true;
	list_node_init(&g->node);
	list_append(&l->programs, &g->node);
	l->programs_running++;
	loop_watch(l->loop, &g->out, g->child.out, POLLER_READ, output_ready, g);
	loop_watch(l->loop, &g->in, g->child.in, POLLER_WRITE, input_ready, g);
	return ST_AGAIN;
}

static size_t
programs_max(const struct local *l)
{
	uint64_t n = proc_conf(l->p)->local.max_host;

	return n ? (size_t)n : 1;
}

static void
program_next(struct local *l)
{
	struct list_node *n;

	while (l->programs_running < programs_max(l) && (n = list_first(&l->program_queue))) {
		struct run *r = CONTAINER_OF(n, struct run, waits);
		struct fault f;

		list_remove(n);
		if (program_begin(r, &f) != ST_AGAIN)
			run_end(r, &f);
	}
}

enum st
program_deliver(struct run *r, struct fault *f)
{
	struct local *l = r->d->l;

	if (r->now->kind == DELIVER_DYNAMIC && !proc_conf(l->p)->courierd.dynamic_deliveries)
		return fault_set(
		    f, ST_TEMP, "4.3.5", "||command is not allowed (DYNAMICDELIVERIES)");
	if (delivery_verify(r->d, f) != ST_OK)
		return f->st;
	run_arm(r);
	if (l->programs_running < programs_max(l))
		return program_begin(r, f);
	list_append(&l->program_queue, &r->waits);
	return ST_AGAIN;
}
