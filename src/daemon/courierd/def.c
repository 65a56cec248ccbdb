/*
 * courierd: life, time, configuration.
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/arena.h"
#include "daemon/courierd/courierd.h"
#include "net/log.h"
#include "os/clock.h"

#define DUE_A_TURN 100
#define RESIDENT_FULL_MS 200 /* until memory is looked at again */
#define LOCK_TRIES 50        /* the one before us may still be ending */

int64_t
courierd_now_ms(const struct courierd *c)
{
	return c->wall_ms + (loop_now(proc_loop(c->proc)) - c->mono_ms);
}

int64_t
courierd_now_sec(const struct courierd *c)
{
	return courierd_now_ms(c) / 1000;
}

/* The wall clock may be set while we run: forwards is believed, backwards is not. */
static void
clock_follow(struct courierd *c)
{
	int64_t wall = clock_wall_ms();

	if (wall > courierd_now_ms(c) + 1000) {
		c->wall_ms = wall;
		c->mono_ms = loop_now(proc_loop(c->proc));
	}
}

/* ---- what is due ---- */

static void
due(struct timer *t)
{
	struct courierd *c = t->arg;
	struct queue_counts counts;
	struct queue_message *m;
	int done = 0;

	clock_follow(c);
	queue_count(c->queue, &counts);
	while (!c->draining && done < DUE_A_TURN &&
	    counts.resident + (size_t)done < COURIERD_RESIDENT &&
	    (m = queue_due(c->queue, courierd_now_sec(c)))) {
		work_look(c, m);
		done++;
	}
	dispatch_kick(c);
	courierd_look(c);
}

void
courierd_look(struct courierd *c)
{
	int64_t now = courierd_now_ms(c), at = sched_deadline(c->sched), sec;
	struct queue_counts counts;
	struct loop *l = proc_loop(c->proc);

	if (c->draining || !c->queue)
		return;
	sec = queue_due_sec(c->queue);
	if (sec <= now / 1000) {
		queue_count(c->queue, &counts);
		if (counts.resident -
		    (counts.parked < counts.resident ? counts.parked
		    : counts.resident) >= COURIERD_RESIDENT)
			now += RESIDENT_FULL_MS;
		at = now;
	} else if (sec < INT64_MAX / 1000 && sec * 1000 < at) {
		at = sec * 1000;
	}
	if (at == INT64_MAX) {
		loop_timer_stop(l, &c->due);
		return;
	}
	at = loop_now(l) + (at - courierd_now_ms(c));
	if (!heap_has(&c->due.node) || c->due.node.key != at)
		loop_timer_at(l, &c->due, at, due, c);
}

/* ---- life ---- */

static void
read_conf(struct courierd *c)
{
	const struct conf_site *site = &proc_conf(c->proc)->site;

	c->policy = (struct sched_policy){
	    .alpha_sec = site->retryalpha_sec, .gamma_sec = site->retrygamma_sec,
	    .beta = site->retrybeta,
	    .maxdelta = site->retrymaxdelta, .queuetime_sec = site->queuetime_sec,
	    .warntime_sec = site->warntime_sec,
	};
	c->submit_delay_sec = site->submitdelay_sec;
	dispatch_limits(c);
}

static enum st
courierd_start(struct proc *p, struct fault *f)
{
	struct courierd *c = proc_state(p);

	c->proc = p;
	list_init(&c->submitters);
	list_init(&c->deliveries);
	list_init(&c->reports);
	list_init(&c->commands);
	hmap_init(&c->accounts);
	list_init(&c->outs);
	c->wall_ms = clock_wall_ms();
	c->mono_ms = loop_now(proc_loop(p));
	c->write_dirs[0] = proc_paths(p)->queue_dir;
	c->queue_fd = open(c->write_dirs[0], O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (c->queue_fd < 0)
		return fault_sys(f, ST_IO, "4.3.0", errno, "%s", c->write_dirs[0]);
	c->sched = sched_new();
	read_conf(c);
	return ST_OK;
}

static void
courierd_sandbox_dirs(struct proc *p, const char *const **write_dirs, const char *const **read_dirs)
{
	struct courierd *c = proc_state(p);

	(void)read_dirs;
	*write_dirs = c->write_dirs;
}

/* As the user we became, so that everything in the queue belongs to him. */
static void
courierd_serve(struct proc *p)
{
	struct courierd *c = proc_state(p);
	struct queue_opts o = {
	    .dirfd = c->queue_fd, .user_bytes = sizeof(struct work),
	    .rcpt_user_bytes = sizeof(struct sched_item),
	    .sync_threads = (unsigned)proc_conf(p)->courierd.durable_threads,
	    .segment_bytes = c->test_segment_bytes,
	};
	struct queue_counts counts;
	struct fault f;

	if (queue_open(proc_loop(p), &o, &c->queue, &f) != ST_OK) {
		log_event(LOG_LEVEL_ALERT, "queue", KV_FAULT(&f), KV_END);
		proc_exit(p, 75); /* EX_TEMPFAIL: master tries again */
		return;
	}
	queue_count(c->queue, &counts);
	log_event(LOG_LEVEL_INFO, "queue", KV_U64("messages", counts.messages),
	    KV_U64("segments", counts.segments), KV_END);
	courierd_look(c);
}

static void
courierd_listen(struct proc *p, const char *service, int fd)
{
	if (sl_eq(sl_str(service), SL("control")))
		command_listen(proc_state(p), fd);
	else
		close(fd);
}

static void
courierd_reload(struct proc *p)
{
	struct courierd *c = proc_state(p);

	read_conf(c);
	dispatch_kick(c);
}

static void
queue_stopped(void *arg)
{
	struct courierd *c = arg;

	proc_exit(c->proc, 0);
}

static void
stop_queue(struct courierd *c)
{
	if (c->stopping)
		return;
	c->stopping = true;
	command_close(c);
	if (c->queue)
		queue_stop(c->queue, queue_stopped, c);
	else
		proc_exit(c->proc, 0);
}

static void
drain_over(struct timer *t)
{
	stop_queue(t->arg);
}

void
courierd_drain_look(struct courierd *c)
{
	if (c->draining && list_is_empty(&c->deliveries) && list_is_empty(&c->reports))
		stop_queue(c);
}

/* Deliveries under way may end; then what is known is written. What does not end in time is tried
 * again by the next start. */
static void
courierd_drain(struct proc *p, uint32_t within_ms)
{
	struct courierd *c = proc_state(p);

	c->draining = true;
	if (c->control)
		listener_pause(c->control, true);
	loop_timer_at(proc_loop(p), &c->drain_end, loop_now(proc_loop(p)) + within_ms * 3 / 4,
	    drain_over, c);
	courierd_drain_look(c);
}

static void
courierd_pause(struct proc *p, unsigned what, bool on)
{
	struct courierd *c = proc_state(p);

	if (what & 2)
		sched_pause(c->sched, MODULE_ESMTP, on);
	if (what & 4)
		sched_pause(c->sched, MODULE_LOCAL, on);
	dispatch_kick(c);
}

static void
courierd_revoke(struct proc *p, struct slice account)
{
	local_revoke(proc_state(p), account);
}

static void
courierd_status(struct proc *p, struct buf *out)
{
	struct courierd *c = proc_state(p);
	struct queue_counts q = {0};

	if (c->queue)
		queue_count(c->queue, &q);
	buf_fmt(out,
	    "messages=%zu\nwaiting=%zu\nunder_way_local=%llu\nunder_way_esmtp=%llu\nworkers=%zu\n",
	    q.messages, q.parked, (unsigned long long)sched_under_way(c->sched, MODULE_LOCAL),
	    (unsigned long long)sched_under_way(c->sched, MODULE_ESMTP), local_workers(c));
	buf_fmt(out,
	    "taken=%llu\nrefused=%llu\ndelivered=%llu\nfailed=%llu\ndeferred=%llu\n"
	    "completed=%llu\nreports=%llu\nlost=%llu\n",
	    (unsigned long long)c->counts.taken, (unsigned long long)c->counts.refused,
	    (unsigned long long)c->counts.delivered,
	    (unsigned long long)c->counts.failed, (unsigned long long)c->counts.deferred,
	    (unsigned long long)c->counts.completed, (unsigned long long)c->counts.reports,
	    (unsigned long long)c->counts.lost);
	buf_fmt(out,
	    "segments=%zu\nsegments_clean=%zu\nbody_bytes=%zu\ngroups=%llu\nmoves=%llu\n"
	    "write_failures=%llu\nrefusing=%d\n", q.segments, q.segments_clean, q.body_bytes,
	    (unsigned long long)q.groups, (unsigned long long)q.moves,
	    (unsigned long long)q.failures, q.refusing);
}

static const struct proc_peer peers[] = {
    { .role = "esmtpd", .sends = IPC_LINK_CUSTODY_SAY, .receives = IPC_LINK_CUSTODY_ASK,
      .handlers = custody_handlers, .up = custody_up,
      .down = custody_down },
    { .role = "courierdsn", .sends = IPC_LINK_REPORT_ASK, .receives = IPC_LINK_REPORT_SAY,
      .sends2 = IPC_LINK_CUSTODY_SAY,
      .receives2 = IPC_LINK_CUSTODY_ASK, .handlers = custody_handlers, .up = custody_up,
      .down = custody_down },
    { .role = "courieresmtp", .sends = IPC_LINK_DELIVER_ASK, .receives = IPC_LINK_DELIVER_SAY,
      .handlers = outbound_handlers, .up = outbound_up, .down = outbound_down },
    { .role = "authdaemond", .sends = IPC_LINK_AUTH_ASK, .receives = IPC_LINK_AUTH_SAY },
    { .role = NULL },
};

const struct proc_def courierd_def = {
    .role = "courierd",
    .log_name = "courierd",
    .state_bytes = sizeof(struct courierd),
    .has_sandbox = true,
    .sandbox = SANDBOX_STORE,
    .peers = peers,
    .start = courierd_start,
    .sandbox_dirs = courierd_sandbox_dirs,
    .serve = courierd_serve,
    .listen = courierd_listen,
    .reload = courierd_reload,
    .drain = courierd_drain,
    .pause = courierd_pause,
    .revoke = courierd_revoke,
    .status = courierd_status,
};
