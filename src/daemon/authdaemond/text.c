/*
 * run/auth/socket: one request of Courier's text protocol for each connection.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "daemon/authdaemond/authdaemond.h"

#define CLIENT_PATIENCE_MS 10000
#define CLIENTS_MAX 100 /* descriptors are for the back ends as well */

struct text_client {
	struct list_node node;
	struct authdaemond *d;
	struct watch watch;
	struct timer patience;
	int fd;
	struct buf in, out;
	struct query *query;
	enum auth_kind kind;
};

static void
client_free(struct text_client *c)
{
	if (c->query)
		query_abandon(c->query);
	loop_forget(&c->watch);
	loop_timer_stop(proc_loop(c->d->proc), &c->patience);
	list_remove(&c->node);
	c->d->client_count--;
	close(c->fd);
	buf_fini(&c->in);
	buf_fini(&c->out);
	mem_free(c);
}

static void
client_late(struct timer *t)
{
	client_free(t->arg);
}

static void
client_wait(struct text_client *c)
{
	struct loop *l = proc_loop(c->d->proc);

	loop_timer_at(l, &c->patience, loop_now(l) + CLIENT_PATIENCE_MS, client_late, c);
}

/* Sends what goes; the end of the answer is the end of the connection. */
static void
client_write(struct text_client *c)
{
	while (c->out.n) {
		ssize_t n = write(c->fd, c->out.p, c->out.n);

		if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
			loop_want(&c->watch, POLLER_WRITE);
			client_wait(c);
			return;
		}
		if (n < 0)
			break;
		buf_drop(&c->out, (size_t)n);
	}
	client_free(c);
}

/* Sessions and workers of an account go when its password changes: it may have been known. */
static void
revoke(
    struct query *q, enum auth_outcome outcome, const struct account *account, struct slice list)
{
	struct authdaemond *d = q->arg;

	(void)list;
	if (outcome == AUTH_YES)
		channel_note(proc_control(d->proc), IPC_revoke_account,
		    &(struct ipc_revoke_account){.account = account->address}, -1);
}

static void
client_done(
    struct query *q, enum auth_outcome outcome, const struct account *account, struct slice list)
{
	struct text_client *c = q->arg;

	c->query = NULL;
	if (c->kind == AUTH_PASSWD && outcome == AUTH_YES)
		(void)query_start(c->d,
		    &(struct auth_request){.kind = AUTH_PRE,
			.module = SL("."),
			.service = SL("courier"),
			.user = q->request.user},
		    revoke, c->d);
	if (c->kind == AUTH_ENUMERATE && outcome == AUTH_YES) {
		buf_put(&c->out, list);
		auth_list_put(&(struct auth_list_item){.kind = AUTH_LIST_END}, &c->out);
	} else if (c->kind != AUTH_ENUMERATE) {
		auth_answer_put(c->kind, outcome, account, &c->out);
	}
	client_write(c);
}

static void
client_request(struct text_client *c)
{
	struct auth_request r;
	struct fault f;
	size_t used;
	enum st st = auth_request_parse(buf_slice(&c->in), &r, &used, &f);

	if (st == ST_AGAIN)
		return;
	if (st != ST_OK) {
		client_free(c);
		return;
	}
	loop_want(&c->watch, 0);
	loop_timer_stop(proc_loop(c->d->proc), &c->patience);
	c->kind = r.kind;
	/* done may be called inside: then c is gone when this returns NULL */
	struct query *q = query_start(c->d, &r, client_done, c);
	if (q)
		c->query = q;
}

static void
client_ready(struct watch *w, unsigned ready)
{
	struct text_client *c = w->arg;

	if (c->out.n) {
		client_write(c);
		return;
	}
	if (!(ready & POLLER_READ)) {
		client_free(c);
		return;
	}
	unsigned char *room = buf_room(&c->in, 4096);
	ssize_t n = room ? read(c->fd, room, 4096) : 0;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		client_free(c);
		return;
	}
	buf_added(&c->in, (size_t)n);
	client_request(c);
}

void
text_accept(void *arg, int fd, const struct net_addr *peer)
{
	struct authdaemond *d = arg;
	struct text_client *c;

	(void)peer;
	if (d->client_count >= CLIENTS_MAX) { /* ending without an answer means "try later" */
		close(fd);
		return;
	}
	fcntl(fd, F_SETFL, O_NONBLOCK); /* an accepted one is not, everywhere */
	c = mem_get(sizeof(*c));
	d->client_count++;
	c->d = d;
	c->fd = fd;
	list_node_init(&c->node);
	list_append(&d->clients, &c->node);
	buf_init(&c->in, AUTH_REQUEST_MAX + 4096);
	buf_init(&c->out, (size_t)64 << 20);
	loop_watch(proc_loop(d->proc), &c->watch, fd, POLLER_READ, client_ready, c);
	client_wait(c);
}
