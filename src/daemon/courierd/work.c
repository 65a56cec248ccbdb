/*
 * What a message needs next. Everything that happens to a message ends here: an attempt, a report,
 * the passing of time, a cancel.
 */
#include "daemon/courierd/courierd.h"

#define REPORT_AGAIN_SEC 60 /* after a report could not be made */

/* ---- what is owed besides delivery ---- */

/*
 * R3461-5.2.2-c, R3461-5.2.2-d, R3461-5.2.6-a, R3461-5.2.3-a, R3464-2.3.3-b, R3464-3-b: NOTIFY
 * absent: failures and delays are told, each once.
 */
bool
work_owes_report(const struct queue_message *m, uint32_t number)
{
	const struct queue_rcpt *r = &m->rcpts[number];

	if (r->state == QUEUE_OWED || r->reported || (r->notify & QUEUE_NOTIFY_NEVER))
		return false;
	if (r->state == QUEUE_FAILED)
		return !r->notify || (r->notify & QUEUE_NOTIFY_FAILURE);
	return (r->notify & QUEUE_NOTIFY_SUCCESS) && queue_text(m, m->sender).n;
}

bool
work_owes_warning(const struct queue_message *m, uint32_t number)
{
	const struct queue_rcpt *r = &m->rcpts[number];

	/* R3461-5.2.5-a; nobody is told of the delay of a message that has no sender. */
	if (r->state != QUEUE_OWED || r->warned || !queue_text(m, m->sender).n)
		return false;
	return !r->notify || (r->notify & QUEUE_NOTIFY_DELAY);
}

static bool
may_warn(const struct queue_message *m)
{
	for (uint32_t i = 0; i < m->rcpt_count; i++)
		if (work_owes_warning(m, i))
			return true;
	return false;
}

/* ---- results ---- */

void
work_result(struct courierd *c, struct queue_message *m, uint32_t number, const struct fault *f,
    struct slice peer)
{
	enum queue_outcome o = f->st == ST_OK ? QUEUE_SUCCESS : fault_is_temporary(f)
	    ? QUEUE_DEFERRAL : QUEUE_FAILURE;

	if (m->rcpts[number].state != QUEUE_OWED)
		return;
	say_result(m, number, f);
	if (o == QUEUE_SUCCESS)
		c->counts.delivered++;
	else if (o == QUEUE_FAILURE)
		c->counts.failed++;
	else
		c->counts.deferred++;
	queue_result(m, number, o, f, peer, courierd_now_sec(c));
}

/*
 * All that is still owed fails; each keeps the words of its last attempt.
 * R3463-3.5-a
 */
static void
fail_rest(struct courierd *c, struct queue_message *m, const char *esc, const char *why)
{
	for (uint32_t i = 0; i < m->rcpt_count; i++) {
		const struct queue_rcpt *r = &m->rcpts[i];
		struct slice last = queue_note_text(r->note), peer = queue_note_peer(r->note);
		struct fault f;

		if (r->state != QUEUE_OWED)
			continue;
		if (last.n)
			fault_set(&f, ST_PERM, esc, "%s: %.*s", why, SL_FMT(last));
		else
			fault_set(&f, ST_PERM, esc, "%s", why);
		work_result(c, m, i, &f, peer);
	}
}

static void
fail_cancelled(struct courierd *c, struct queue_message *m)
{
	struct slice reason = queue_note_text(m->cancel_reason);
	struct fault f;

	fault_set(&f, ST_PERM, "5.7.0", "The message was cancelled%s%.*s", reason.n ? ": " : "",
	    SL_FMT(reason));
	for (uint32_t i = 0; i < m->rcpt_count; i++)
		work_result(c, m, i, &f, SL_NONE);
}

/* ---- what next ---- */

static void
complete(struct courierd *c, struct queue_message *m)
{
	say_completed(m);
	c->counts.completed++;
	queue_complete(m);
	courierd_look(c);
}

/*
 * R5321-4.5.4.1-a: a round ended and somebody is still owed: when is the next?
 * R5321-4.5.4.1-b
 */
static void
plan(struct courierd *c, struct queue_message *m)
{
	struct work *w = work_of(m);
	int64_t now = courierd_now_sec(c);

	if (w->deferred) {
		uint32_t attempts = m->attempts + 1;

		queue_schedule(m, now + sched_retry_sec(&c->policy, attempts), attempts);
	} else if (w->soon_ms) {
		/* The message was not tried, so this is no attempt of its schedule. */
		queue_schedule(m, now + (w->soon_ms + 999) / 1000, m->attempts);
	}
	w->deferred = 0;
	w->soon_ms = 0;
}

static void
wait_until(struct courierd *c, struct queue_message *m, int64_t due_sec)
{
	queue_park(m, due_sec);
	courierd_look(c);
}

static bool
owes_reports(const struct queue_message *m)
{
	for (uint32_t i = 0; i < m->rcpt_count; i++)
		if (work_owes_report(m, i))
			return true;
	return false;
}

/* Somebody is still owed and no report is to be made first. */
static void
try_or_wait(struct courierd *c, struct queue_message *m, int64_t warn_sec)
{
	int64_t now = courierd_now_sec(c), due = m->next_sec;
	bool failed = work_of(m)->report_failed;

	if (now >= due || m->flushed) {
		m->flushed = false;
		dispatch_put(c, m);
		return;
	}
	if (m->arrived_sec + c->policy.queuetime_sec < due)
		due = m->arrived_sec + c->policy.queuetime_sec;
	if (warn_sec < due && !failed)
		due = warn_sec;
	if (failed && now + REPORT_AGAIN_SEC < due)
		due = now + REPORT_AGAIN_SEC;
	wait_until(c, m, due);
}

void
work_look(struct courierd *c, struct queue_message *m)
{
	struct work *w = work_of(m);
	int64_t now = courierd_now_sec(c), warn = INT64_MAX;

	if (w->under_way || w->reporting || dispatch_has(m))
		return; /* its end looks again */
	if (m->owed_count && m->cancelled)
		fail_cancelled(c, m);
	/* RFC 5321 4.5.4.1: give up some days after it came, and say so. */
	if (m->owed_count && now >= m->arrived_sec + c->policy.queuetime_sec)
		fail_rest(c, m, "5.4.7", "The time for delivery is over");
	if (m->owed_count)
		plan(c, m);
	if (c->policy.warntime_sec && may_warn(m))
		warn = m->arrived_sec + c->policy.warntime_sec;
	if (!w->report_failed && (owes_reports(m) || now >= warn) &&
	    report_begin(c, m, now >= warn))
		return;
	if (m->owed_count)
		try_or_wait(c, m, warn);
	else if (owes_reports(m))
		wait_until(c, m, now + REPORT_AGAIN_SEC);
	else
		complete(c, m);
}

void
work_cancel(struct courierd *c, struct queue_message *m, uint32_t uid, struct slice reason)
{
	if (!m->cancelled)
		queue_cancel(m, uid, reason);
	dispatch_drop(c, m);
	work_look(c, m);
}
