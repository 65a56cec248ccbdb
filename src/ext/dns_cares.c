/*
 * c-ares as transport: its sockets, retries and servers; none of its parsers.
 */
#include "ext/dns_cares.h"

#include <string.h>
#include <sys/types.h>
#include <sys/time.h>
#include <sys/socket.h>

#include <ares.h>

#include "base/arena.h"

#define UDP_BYTES 1232 /* as our questions say; larger replies by UDP would be asked again by TCP */

struct dns_link {
	ares_channel channel;
	struct dns_link_opts o;
};

struct question {
	void (*fn)(void *arg, struct slice reply, const struct fault *f);
	void *arg;
};

static void
on_socket(void *arg, ares_socket_t fd, int readable, int writable)
{
	struct dns_link *l = arg;

	l->o.watch(l->o.arg, fd, readable != 0, writable != 0);
}

enum st
dns_link_new(const struct dns_link_opts *o, struct dns_link **out, struct fault *f)
{
	struct dns_link *l = mem_get(sizeof(*l));
	struct ares_options opts;
	int mask = ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_EDNSPSZ |
		   ARES_OPT_SOCK_STATE_CB, rc;

	memset(&opts, 0, sizeof(opts));
	l->o = *o;
	opts.flags = ARES_FLAG_EDNS | ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES;
	opts.timeout = (int)o->timeout_ms;
	opts.tries = (int)o->tries;
	opts.ednspsz = UDP_BYTES;
	opts.sock_state_cb = on_socket;
	opts.sock_state_cb_data = l;
	rc = ares_library_init(ARES_LIB_INIT_ALL);
	if (rc == ARES_SUCCESS)
		rc = ares_init_options(&l->channel, &opts, mask);
	if (rc != ARES_SUCCESS) {
		mem_free(l);
		return fault_set(f, ST_IO, "4.4.3", "name servers: %s", ares_strerror(rc));
	}
	if (o->servers && o->servers[0] &&
	    (rc = ares_set_servers_ports_csv(l->channel, o->servers)) != ARES_SUCCESS) {
		ares_destroy(l->channel);
		mem_free(l);
		return fault_set(f, ST_SYNTAX, "4.4.3", "name servers \"%s\": %s", o->servers,
		    ares_strerror(rc));
	}
	*out = l;
	return ST_OK;
}

void
dns_link_free(struct dns_link *l)
{
	if (!l)
		return;
	ares_destroy(l->channel);
	mem_free(l);
}

static void
on_answer(void *arg, int status, int timeouts, unsigned char *p, int n)
{
	struct question *q = arg;
	struct fault f = FAULT_NONE;

	(void)timeouts;
	if (status != ARES_SUCCESS)
		fault_set(&f, ST_TEMP, "4.4.3", "name server: %s", ares_strerror(status));
	q->fn(q->arg, status == ARES_SUCCESS ? sl_mem(p, (size_t)n) : SL_NONE, &f);
	mem_free(q);
}

/* R1035-4.2.2-a: the library asks again by TCP. */
void
dns_link_ask(struct dns_link *l, struct slice query,
    void (*fn)(void *arg, struct slice reply, const struct fault *f), void *arg)
{
	struct question *q = mem_get(sizeof(*q));

	q->fn = fn;
	q->arg = arg;
	ares_send(l->channel, query.p, (int)query.n, on_answer, q);
}

void
dns_link_ready(struct dns_link *l, int fd, bool read, bool write)
{
	ares_process_fd(l->channel, read ? fd : ARES_SOCKET_BAD, write ? fd : ARES_SOCKET_BAD);
}

int64_t
dns_link_wait_ms(const struct dns_link *l)
{
	struct timeval tv, *at = ares_timeout(l->channel, NULL, &tv);

	return at ? (int64_t)at->tv_sec * 1000 + at->tv_usec / 1000 + 1 : -1;
}

void
dns_link_due(struct dns_link *l)
{
	ares_process_fd(l->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
}
