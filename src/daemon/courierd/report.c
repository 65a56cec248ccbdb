/*
 * Reports: courierdsn is asked to tell the sender, and gives the report into custody on its own
 * channel. That commit carries the word "reported" with it, so neither can be without the other.
 */
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "daemon/courierd/courierd.h"
#include "dsn/dsn.h"
#include "net/log.h"

struct report {
	struct list_node node;
	struct channel_call call;
	struct courierd *c;
	struct queue_message *m;
	uint64_t number;
	bool committing; /* courierdsn has submitted it */
	bool answered;
	struct fault answer;
	uint32_t count;
	uint32_t rcpts[];
};

static enum dsn_action
action_of(const struct queue_message *m, const struct queue_rcpt *r)
{
	if (r->state == QUEUE_OWED)
		return DSN_DELAYED;
	if (r->state == QUEUE_FAILED)
		return DSN_FAILED;
	if (sl_eq(queue_text(m, r->module), SL("expanded")))
		return DSN_EXPANDED; /* R3464-3-c */
	/* R3461-5.2.2-b: to one who knows no DSN; else nothing is owed. R3461-5.2.3-a */
	return sl_eq(queue_text(m, r->module), SL("esmtp")) ? DSN_RELAYED : DSN_DELIVERED;
}

/* Nobody can be told. */
static void
give_up(struct report *rp, const struct fault *why)
{
	log_event(LOG_LEVEL_WARNING, "report", KV_STR("id", rp->m->id),
	    KV_STR("msg", "dropped: nobody can be told"), KV_FAULT(why), KV_END);
	for (uint32_t i = 0; i < rp->count; i++)
		queue_report_waived(rp->m, rp->rcpts[i]);
}

/* Answered, and nothing of it is on its way to the disk. */
static void
settle(struct report *rp)
{
	struct courierd *c = rp->c;
	struct queue_message *m = rp->m;
	struct work *w = work_of(m);

	if (!rp->answered || rp->committing)
		return;
	if (rp->answer.st == ST_OK) {
		c->counts.reports++;
	} else if (fault_is_temporary(&rp->answer)) {
		w->report_failed = true;
	} else if (!w->postmaster && queue_text(m, m->sender).n) {
		w->postmaster = true; /* the sender cannot be reached: the postmaster can */
	} else {
		give_up(rp, &rp->answer);
	}
	list_remove(&rp->node);
	mem_free(rp);
	w->reporting = false;
	work_look(c, m);
	courierd_drain_look(c);
}

static void
reported(struct channel_call *call, uint16_t type, const void *message, int fd,
    const struct fault *lost)
{
	struct report *rp = call->arg;
	const struct ipc_reported *m = message;

	(void)type;
	(void)fd;
	rp->answered = true;
	IPC_OUTCOME(m, lost, &rp->answer);
	/* "Done" counts only when it was done: courierdsn cannot talk a report away. */
	for (uint32_t i = 0; m && rp->answer.st == ST_OK && !rp->committing && i < rp->count; i++) {
		const struct queue_rcpt *r = &rp->m->rcpts[rp->rcpts[i]];

		if (!(r->state == QUEUE_OWED ? r->warned : r->reported))
			fault_set(&rp->answer, ST_TEMP, "4.3.0", "the report was not handed over");
	}
	settle(rp);
}

bool
report_find(struct courierd *c, uint64_t number, struct queue_report_of *of)
{
	LIST_EACH(&c->reports, n) {
		struct report *rp = CONTAINER_OF(n, struct report, node);

		if (rp->number != number || rp->committing)
			continue;
		rp->committing = true;
		*of = (struct queue_report_of){ .about = rp->m, .rcpts = rp->rcpts,
		    .rcpt_count = rp->count };
		return true;
	}
	return false;
}

void
report_committed(struct courierd *c, uint64_t number)
{
	LIST_EACH(&c->reports, n) {
		struct report *rp = CONTAINER_OF(n, struct report, node);

		if (rp->number != number)
			continue;
		rp->committing = false;
		settle(rp);
		return;
	}
}

/* ---- asking ---- */

/* R3461-5.2.8-a, R5321-4.4-l: all that is owed, and nobody else. */
static struct report *
collect(struct courierd *c, struct queue_message *m, bool warnings)
{
	struct report *rp = mem_get(sizeof(*rp) + m->rcpt_count * sizeof(rp->rcpts[0]));

	*rp = (struct report){ .c = c, .m = m };
	for (uint32_t i = 0; i < m->rcpt_count && rp->count < COURIERD_BATCH; i++)
		if (work_owes_report(m, i) || (warnings && work_owes_warning(m, i)))
			rp->rcpts[rp->count++] = i;
	if (rp->count)
		return rp;
	mem_free(rp);
	return NULL;
}

static void
put_rcpts(const struct report *rp, struct ipc_reported_rcpt *to)
{
	const struct queue_message *m = rp->m;

	for (uint32_t i = 0; i < rp->count; i++) {
		const struct queue_rcpt *r = &m->rcpts[rp->rcpts[i]];

		to[i] = (struct ipc_reported_rcpt){
		    .address = queue_text(m, r->address), .original = queue_text(m, r->original),
		    .action = (uint8_t)action_of(m, r),
		    .class = r->esc[0], .subject = r->esc[1], .detail = r->esc[2],
		    .text = sl_sub(queue_note_text(r->note), 0, 160),
		    .peer = queue_note_peer(r->note), .last_attempt_sec = r->last_sec,
		    .give_up_sec = m->arrived_sec + rp->c->policy.queuetime_sec,
		};
		if (!to[i].class) { /* nobody said more than that */
			to[i].class = r->state == QUEUE_OWED ? 4 : r->state == QUEUE_FAILED ? 5 : 2;
			to[i].subject = to[i].detail = 0;
		}
	}
}

static void
ask(struct report *rp)
{
	struct queue_message *m = rp->m;
	struct ipc_reported_rcpt *rcpts = mem_get(rp->count * sizeof(*rcpts));
	struct ipc_report frame = {
	    .report = rp->number, .id = sl_str(m->id), .sender = work_of(m)->postmaster ? SL_NONE
	    : queue_text(m, m->sender),
	    .envid = queue_text(m, m->envid), .from_mta = queue_text(m, m->from_mta),
	    .arrived_sec = m->arrived_sec, .ret = m->ret,
	    .flags = m->flags, .length = m->length, .rcpts = { rcpts, rp->count },
	};
	struct fault f = FAULT_NONE;
	int fd = -1;

	put_rcpts(rp, rcpts);
	if (queue_body(m, &frame.body, &f) != ST_OK) {
		frame.body = SL_NONE;
		fd = queue_body_open(m); /* without one the report comes without the original */
	}
	rp->call.fn = reported;
	rp->call.arg = rp;
	channel_request(proc_peer(rp->c->proc, "courierdsn", UINT32_MAX), &rp->call, IPC_report,
	    &frame, fd >= 0 ? fd : -1);
	mem_free(rcpts);
}

bool
report_begin(struct courierd *c, struct queue_message *m, bool warnings)
{
	struct report *rp = collect(c, m, warnings);
	struct fault f;

	if (!rp)
		return false;
	/*
	 * R3834-2-h, R3464-2-f, R5321-3.6.3-b: no report about a report that had no sender and went
	 * to the postmaster already.
	 */
	if (m->flags & QUEUE_DOUBLE) {
		fault_set(&f, ST_PERM, "5.3.0", "a report to the postmaster failed");
		give_up(rp, &f);
		mem_free(rp);
		return false;
	}
	rp->number = ++c->next_report;
	list_node_init(&rp->node);
	list_append(&c->reports, &rp->node);
	work_of(m)->reporting = true;
	ask(rp);
	return true;
}
