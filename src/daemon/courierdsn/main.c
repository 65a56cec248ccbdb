/*
 * courierdsn: peers and life.
 */
#include "daemon/courierdsn/courierdsn.h"

#include <stdio.h>

#include "base/attr.h"
#include "ext/hash.h"

static void
on_report(struct channel *c, uint32_t sequence, const void *message, int fd)
{
	job_new(proc_state(channel_owner(c)), c, sequence, message, fd);
}

static void
on_id_prefix(struct channel *c, uint32_t sequence, const void *message, int fd)
{
	struct courierdsn *d = proc_state(channel_owner(c));
	const struct ipc_id_prefix *m = message;

	(void)sequence;
	(void)fd;
	snprintf(d->id_prefix, sizeof(d->id_prefix), "%.*s", SL_FMT(m->prefix));
}

static void
courierd_down(struct proc *p, struct channel *c, uint32_t index)
{
	struct courierdsn *d = proc_state(p);

	(void)index;
	d->id_prefix[0] = '\0';
	jobs_drop(d, c);
}

static enum st
courierdsn_start(struct proc *p, struct fault *f)
{
	struct courierdsn *d = proc_state(p);

	(void)f;
	d->proc = p;
	list_init(&d->jobs);
	return ST_OK;
}

/* Reports under way are short; the last one ends the process (job.c). */
static void
courierdsn_drain(struct proc *p, uint32_t within_ms)
{
	struct courierdsn *d = proc_state(p);

	(void)within_ms;
	d->draining = true;
	if (list_is_empty(&d->jobs))
		proc_exit(p, 0);
}

static void
courierdsn_status(struct proc *p, struct buf *out)
{
	struct courierdsn *d = proc_state(p);
	size_t open = 0;

	LIST_EACH (&d->jobs, n)
		open++;
	buf_fmt(out, "open=%zu\nwritten=%llu\nrefused=%llu\n", open, (unsigned long long)d->written,
	    (unsigned long long)d->refused);
}

int
main(int argc, char **argv)
{
	static const struct channel_handler handlers[] = {
	    {IPC_report, on_report},
	    {IPC_id_prefix, on_id_prefix},
	    {0, NULL},
	};
	static const struct proc_peer peers[] = {
	    {
		.role = "courierd",
		.sends = IPC_LINK_REPORT_SAY,
		.receives = IPC_LINK_REPORT_ASK,
		.sends2 = IPC_LINK_CUSTODY_ASK,
		.receives2 = IPC_LINK_CUSTODY_SAY,
		.handlers = handlers,
		.down = courierd_down,
	    },
	    {.role = "routed", .sends = IPC_LINK_ROUTE_ASK, .receives = IPC_LINK_ROUTE_SAY},
	    {.role = NULL},
	};
	static const struct proc_def def = {
	    .role = "courierdsn",
	    .log_name = "courierdsn",
	    .state_bytes = sizeof(struct courierdsn),
	    .has_sandbox = true,
	    .warm = hash_warm,
	    .sandbox = SANDBOX_PURE,
	    .peers = peers,
	    .start = courierdsn_start,
	    .drain = courierdsn_drain,
	    .status = courierdsn_status,
	};

	return proc_main(argc, argv, &def);
}
