/*
 * The frames between us and deliverers of any kind.
 */
#include "base/arena.h"
#include "daemon/courierd/courierd.h"

enum st
delivery_send(struct delivery *d, struct channel *to, struct slice whose,
    void (*fn)(struct channel_call *call, uint16_t type, const void *message, int fd,
    const struct fault *f), struct fault *f)
{
	struct queue_message *m = d->m;
	struct ipc_target *targets = mem_get(d->count * sizeof(*targets));
	struct ipc_deliver frame = {
	    .delivery = d->number, .id = sl_str(m->id), .account = whose,
	    .sender = queue_text(m, m->sender),
	    .arrived_sec = m->arrived_sec, .length = m->length,
	    /* Otherwise an earlier attempt may have arrived: the worker looks for it. */
	    .flags = m->flags | (work_of(m)->is_first_try ? 0 : DELIVER_RETRY),
	    .digest = sl_mem(m->digest, QUEUE_DIGEST),
	    .envid = queue_text(m, m->envid), .ret = m->ret,
	    .targets = { targets, d->count },
	};
	enum st st = queue_body(m, &frame.body, f);
	int fd = st == ST_NOENT ? queue_body_open(m) : -1;

	for (uint32_t i = 0; i < d->count; i++) {
		const struct queue_rcpt *r = &m->rcpts[d->rcpts[i]];

		targets[i] = (struct ipc_target){
		    .number = d->rcpts[i], .address = queue_text(m, r->address),
		    .extension = queue_text(m, r->extension),
		    .original = queue_text(m, r->original), .notify = r->notify,
		};
		say_started(d, d->rcpts[i]);
	}
	if (st == ST_OK || fd >= 0) {
		st = ST_OK;
		d->call.fn = fn;
		d->call.arg = d;
		channel_request(to, &d->call, IPC_deliver, &frame, fd);
	} else if (st == ST_NOENT) {
		st = fault_sys(f, ST_IO, "4.3.0", -fd, "the body");
	}
	mem_free(targets);
	return st;
}

static bool
is_sound(const struct delivery *d, const struct ipc_delivered *m)
{
	if (m->delivery != d->number || m->results.n != d->count)
		return false;
	/* Each target once: results come in the order of the targets. */
	for (uint32_t i = 0; i < d->count; i++) {
		const struct ipc_result *r = &m->results.v[i];

		if (r->number != d->rcpts[i] || r->st > ST_BUG ||
		    (r->class != 0 && r->class != 2 && r->class != 4 && r->class != 5) ||
		    (r->st == ST_OK) != (r->class == 0 || r->class == 2))
			return false;
	}
	return true;
}

bool
delivery_take(struct delivery *d, const struct ipc_delivered *m)
{
	if (!is_sound(d, m))
		return false;
	for (uint32_t i = 0; i < d->count; i++) {
		const struct ipc_result *r = &m->results.v[i];
		struct fault f;

		fault_set(&f, (enum st)r->st, "", "%.*s", SL_FMT(r->text));
		f.esc[0] = r->class;
		f.esc[1] = r->subject;
		f.esc[2] = r->detail;
		delivery_result(d, i, &f, r->peer);
		/* RFC 3461 section 5.2.1: who passes the request on does not report success. */
		if (f.st == ST_OK && (r->flags & RESULT_WILL_REPORT))
			queue_report_waived(d->m, d->rcpts[i]);
	}
	return true;
}
