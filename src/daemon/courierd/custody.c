/*
 * Custody: esmtpd and courierdsn hand over messages. A submitter can name only ids of its own
 * channel and body files it opened itself; it hears yes when the message is durable.
 */
#include <stdio.h>
#include <unistd.h>

#include "base/arena.h"
#include "daemon/courierd/courierd.h"
#include "net/log.h"
#include "os/random.h"

#define FILES_MAX 1000 /* body files of one submitter at once */
#define AGE_MAX_SEC 86400

struct submitter {
	struct list_node node;
	struct courierd *c;
	struct channel *channel;
	uint32_t number; /* second part of its ids */
	bool is_dsn;
	struct list files, submissions;
	size_t file_count;
};

struct body_in {
	struct list_node node;
	uint32_t file;
};

struct submission {
	struct list_node node;
	struct courierd *c;
	struct submitter *from; /* NULL: gone meanwhile */
	uint32_t sequence;
	uint64_t report_of;
};

static struct submitter *
submitter_of(struct channel *channel)
{
	struct courierd *c = proc_state(channel_owner(channel));

	LIST_EACH(&c->submitters, n) {
		struct submitter *s = CONTAINER_OF(n, struct submitter, node);

		if (s->channel == channel)
			return s;
	}
	return NULL;
}

static bool
number_is_taken(struct courierd *c, uint32_t number)
{
	LIST_EACH(&c->submitters, n) {
		if (CONTAINER_OF(n, struct submitter, node)->number == number)
			return true;
	}
	return false;
}

void
custody_up(struct proc *p, struct channel *channel, uint32_t index)
{
	struct courierd *c = proc_state(p);
	struct submitter *s = mem_get(sizeof(*s));
	char prefix[QUEUE_PREFIX_MAX];

	(void)index;
	s->c = c;
	s->channel = channel;
	s->is_dsn = sl_eq(sl_str(channel_name(channel)), SL("courierdsn"));
	list_init(&s->files);
	list_init(&s->submissions);
	do {
		random_bytes(&s->number, sizeof(s->number));
		s->number &= 0xffffff;
	} while (number_is_taken(c, s->number));
	list_node_init(&s->node);
	list_append(&c->submitters, &s->node);
	snprintf(prefix, sizeof(prefix), "%06lx", (unsigned long)s->number);
	channel_note(channel, IPC_id_prefix, &(struct ipc_id_prefix){ .prefix = sl_str(prefix) },
	    -1);
}

/* What was being handed over and is not yet complete is given up; what was complete stays. */
void
custody_down(struct proc *p, struct channel *channel, uint32_t index)
{
	struct submitter *s = submitter_of(channel);
	struct courierd *c = proc_state(p);
	struct list_node *n;

	(void)index;
	if (!s)
		return;
	while ((n = list_first(&s->files))) {
		struct body_in *b = CONTAINER_OF(n, struct body_in, node);

		queue_body_drop(c->queue, b->file);
		list_remove(n);
		mem_free(b);
	}
	LIST_EACH(&s->submissions, k) {
		CONTAINER_OF(k, struct submission, node)->from = NULL;
		list_remove(k);
	}
	list_remove(&s->node);
	mem_free(s);
}

/* ---- body files ---- */

static void
on_body_open(struct channel *channel, uint32_t sequence, const void *message, int fd)
{
	struct submitter *s = submitter_of(channel);
	struct fault f = FAULT_NONE;
	struct ipc_verdict v;
	uint32_t file = 0;
	int body = -1;

	(void)message;
	(void)fd;
	if (!s->c->queue || s->c->draining)
		fault_set(&f, ST_TEMP, "4.3.2", "the mail system is starting or stopping");
	else if (s->file_count >= FILES_MAX)
		fault_set(&f, ST_LIMIT, "4.3.2", "too many messages are being handed over");
	else if (queue_body_create(s->c->queue, &file, &body, &f) == ST_OK) {
		struct body_in *b = mem_get(sizeof(*b));

		b->file = file;
		list_node_init(&b->node);
		list_append(&s->files, &b->node);
		s->file_count++;
	}
	ipc_verdict_from(&v, &f);
	channel_reply(channel, sequence, IPC_body_file,
	    &(struct ipc_body_file){ .verdict = IPC_VERDICT(&v), .file = file }, body);
}

/* True when the file was this submitter's; it is no longer. */
static bool
take_file(struct submitter *s, uint32_t file)
{
	LIST_EACH(&s->files, n) {
		struct body_in *b = CONTAINER_OF(n, struct body_in, node);

		if (b->file != file)
			continue;
		list_remove(n);
		mem_free(b);
		s->file_count--;
		return true;
	}
	return false;
}

static void
on_body_drop(struct channel *channel, uint32_t sequence, const void *message, int fd)
{
	struct submitter *s = submitter_of(channel);
	const struct ipc_body_drop *m = message;

	(void)sequence;
	(void)fd;
	if (take_file(s, m->file))
		queue_body_drop(s->c->queue, m->file);
}

/* ---- messages ---- */

static void
answer(struct submission *s, const struct fault *f)
{
	struct ipc_verdict v;

	ipc_verdict_from(&v, f);
	if (s->from) {
		channel_reply(s->from->channel, s->sequence, IPC_submitted,
		    &(struct ipc_submitted){ .verdict = IPC_VERDICT(&v) }, -1);
		list_remove(&s->node);
	}
	if (f->st != ST_OK)
		s->c->counts.refused++;
	mem_free(s);
}

/* It is durable, or it is not and never will be. */
static void
committed(void *arg, struct queue_message *m, const struct fault *f)
{
	struct submission *s = arg;
	struct courierd *c = s->c;
	uint64_t report_of = s->report_of;

	answer(s, f);
	if (report_of)
		report_committed(c, report_of);
	if (f->st != ST_OK)
		return;
	c->counts.taken++;
	say_new(m);
	if (c->submit_delay_sec > 0)
		queue_schedule(m, courierd_now_sec(c) + c->submit_delay_sec, 0);
	work_of(m)->is_first_try = true;
	work_look(c, m);
}

/* The envelope as it will be kept; what this submitter may not say is not. */
static void
take_envelope(struct submitter *s, const struct ipc_submit *m, struct queue_envelope_rcpt *rcpts,
    struct queue_envelope *e)
{
	uint32_t allowed = QUEUE_8BIT | QUEUE_SMTPUTF8 |
	    (s->is_dsn ? QUEUE_REPORT | QUEUE_DOUBLE : 0);
	int64_t now = courierd_now_sec(s->c);

	for (uint32_t i = 0; i < m->recipients.n; i++) {
		const struct ipc_recipient *r = &m->recipients.v[i];

		rcpts[i] = (struct queue_envelope_rcpt){
		    .address = r->address, .module = r->module, .host = r->host,
		    .account = r->account, .extension = r->extension,
		    .original = r->original, .notify = r->notify,
		};
	}
	*e = (struct queue_envelope){
	    .id = m->id, .source = s->is_dsn ? SL("dsn") : m->source, .sender = m->sender,
	    .auth = m->auth, .from_mta = m->from_mta,
	    .ip = m->ip, .envid = m->envid, .ret = m->ret == 'F' || m->ret == 'H' ? m->ret : 0,
	    .flags = (m->flags & allowed) | (s->is_dsn ? QUEUE_REPORT : 0),
	    .arrived_sec = m->arrived_sec, .length = m->length,
	    .digest = m->digest, .rcpts = rcpts, .rcpt_count = m->recipients.n,
	};
	/* Its age decides when it is given up: a wrong clock must not. */
	if (e->arrived_sec > now || e->arrived_sec < now - AGE_MAX_SEC)
		e->arrived_sec = now;
}

static enum st
check_submit(struct submitter *s, const struct ipc_submit *m, struct fault *f)
{
	struct queue_id id;

	if (!s->c->queue || s->c->draining)
		return fault_set(f, ST_TEMP, "4.3.2", "the mail system is starting or stopping");
	if (queue_id_parse(m->id, &id) != ST_OK || id.channel != s->number)
		return fault_set(f, ST_DENIED, "4.3.0", "\"%.*s\" is no id of this channel",
		    SL_FMT(m->id));
	if (m->report_of && !s->is_dsn)
		return fault_set(f, ST_DENIED, "4.3.0", "only courierdsn reports");
	return ST_OK;
}

/* ESMTP_BLOCKBACKSCATTER, "smtp/dsn,authsmtp/dsn": does mail of this source get no reports? */
static bool
is_backscatter(const struct courierd *c, struct slice source)
{
	struct slice rest = sl_str(proc_conf(c->proc)->courierd.block_backscatter), word;
	bool more = rest.n > 0;

	if (sl_eq(source, SL("esmtp")))
		source = SL("smtp"); /* as Courier calls it */
	while (more) {
		more = sl_cut(&rest, ',', &word);
		word = sl_trim(word);
		if (sl_iends(word, SL("/dsn")) && sl_ieq(sl_sub(word, 0, word.n - 4), source))
			return true;
	}
	return false;
}

/*
 * A report that would leave for another host, about mail nobody here answers for: its sender is
 * most likely forged, and somebody else would get it. True: it counts as made, and is not.
 */
static bool
drop_backscatter(struct courierd *c, const struct ipc_submit *m, const struct queue_report_of *of)
{
	struct queue_message *about = of->about;

	for (uint32_t i = 0; i < m->recipients.n; i++)
		if (!sl_eq(m->recipients.v[i].module, SL("esmtp")))
			return false;
	if (!about || !is_backscatter(c, queue_text(about, about->source)))
		return false;
	log_event(LOG_LEVEL_INFO, "report", KV_STR("id", about->id),
	    KV_STR("msg", "dropped: ESMTP_BLOCKBACKSCATTER"), KV_END);
	for (uint32_t i = 0; i < of->rcpt_count; i++)
		queue_report_waived(about, of->rcpts[i]);
	report_committed(c, m->report_of);
	return true;
}

static void
on_submit(struct channel *channel, uint32_t sequence, const void *message, int fd)
{
	struct submitter *s = submitter_of(channel);
	const struct ipc_submit *m = message;
	struct queue_envelope_rcpt *rcpts = mem_get((m->recipients.n + 1) * sizeof(*rcpts));
	struct submission *sub = mem_get(sizeof(*sub));
	bool has_file = m->file && take_file(s, m->file);
	struct queue_report_of about = { .about = NULL };
	struct queue_message *q = NULL;
	struct queue_envelope e;
	struct fault f = FAULT_NONE;

	(void)fd;
	*sub = (struct submission){ .c = s->c, .from = s, .sequence = sequence };
	list_node_init(&sub->node);
	list_append(&s->submissions, &sub->node);
	take_envelope(s, m, rcpts, &e);
	if (check_submit(s, m, &f) == ST_OK) {
		if (m->file && !has_file)
			fault_set(&f, ST_DENIED, "4.3.0", "body file %lu is not this channel's",
			    (unsigned long)m->file);
		else if (m->report_of && !report_find(s->c, m->report_of, &about))
			fault_set(&f, ST_NOENT, "4.3.0", "no report %llu was asked for",
			    (unsigned long long)m->report_of);
		else if (m->report_of && drop_backscatter(s->c, m, &about))
			q = NULL;
		else if (queue_message_new(s->c->queue, &e, &q, &f) != ST_OK && m->report_of)
			report_committed(s->c, m->report_of);
	}
	mem_free(rcpts);
	if (q) {
		sub->report_of = m->report_of;
		queue_commit(s->c->queue, q, m->body, m->file, about.about ? &about : NULL,
		    committed, sub);
		return;
	}
	if (has_file)
		queue_body_drop(s->c->queue, m->file);
	answer(sub, &f);
}

const struct channel_handler custody_handlers[] = {
    { IPC_body_open, on_body_open },
    { IPC_body_drop, on_body_drop },
    { IPC_submit, on_submit },
    { 0, NULL },
};
