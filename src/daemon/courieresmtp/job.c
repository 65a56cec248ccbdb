/*
 * Frames `deliver`: each is answered once, when every recipient has a result.
 */
#include "daemon/courieresmtp/esmtp.h"

#include <stdio.h>
#include <sys/stat.h>

#include "net/log.h"
#include "queue/model.h"
#include "smtp/ask.h"

#define JOB_MEMORY ((size_t)16 << 20)
#define CONTENT_HANDLE 1

/* ---- results ---- */

static void
job_free(struct job *j)
{
	struct esmtp *e = j->e;

	loop_timer_stop(e->loop, &j->overall);
	search_free(j->search);
	body_fini(&j->body);
	list_remove(&j->node);
	arena_free(j->arena);
	mem_free(j);
	conns_look(e);
}

/* error,relay=...,from=<>,to=<>: reply */
static void
say_refused(const struct job *j, size_t i, const struct fault *f)
{
	struct buf line;
	const char *text;

	buf_init(&line, LOG_LINE_MAX);
	buf_fmt(&line, "error,relay=%s,from=<%.*s>,to=<%.*s>: %s", j->peer[0] ? j->peer + 5 : "",
	    SL_FMT(j->message.sender), SL_FMT(j->message.rcpts[i].address), f->text);
	text = buf_str(&line);
	if (text)
		log_event_pairs(LOG_LEVEL_INFO, text, (const struct kv[]){KV_END});
	buf_fini(&line);
}

static void
put_result(struct job *j, size_t i, const struct fault *f, bool will_report, struct ipc_result *to)
{
	*to = (struct ipc_result){
	    .number = j->numbers[i],
	    .st = (uint8_t)f->st,
	    .class = f->esc[0], .subject = f->esc[1], .detail = f->esc[2],
	    .text = sl_str(f->text),
	    .peer = sl_str(j->peer),
	    .flags = will_report ? RESULT_WILL_REPORT : 0,
	};
	if (f->st == ST_OK) {
		to->class = 2;
		to->subject = to->detail = 0;
		j->e->counts.sent++;
		return;
	}
	if (to->class != 4 && to->class != 5)
		to->class = fault_is_temporary(f) ? 4 : 5;
	if (to->class == 4)
		j->e->counts.deferred++;
	else
		j->e->counts.failed++;
	say_refused(j, i, f);
}

/* r NULL: f for each. */
static void
reply(struct job *j, const struct smtp_client_result *r, const struct fault *f)
{
	size_t count = j->message.rcpt_count;
	struct ipc_result *results = mem_get((count ? count : 1) * sizeof(*results));
	struct ipc_delivered m = {.delivery = j->number};

	for (size_t i = 0; i < count; i++)
		put_result(j, i, r ? &r->rcpts[i] : f, r && r->will_report, &results[i]);
	m.results.v = results;
	m.results.n = (uint32_t)count;
	if (j->c)
		channel_reply(j->c, j->sequence, IPC_delivered, &m, -1);
	mem_free(results);
	job_free(j);
}

void
job_results(struct job *j, const struct smtp_client_result *r)
{
	reply(j, r, NULL);
}

void
job_end(struct job *j, const struct fault *f)
{
	reply(j, NULL, f);
}

/* ---- places ---- */

/* Trouble that may pass counts more than one that will not: R5321-5.1-f, the others are tried. */
static void
note(struct job *j, const struct fault *f)
{
	if (j->last.st == ST_OK || (fault_is_temporary(f) && !fault_is_temporary(&j->last)))
		j->last = *f;
}

void
job_next(struct job *j, const struct fault *why)
{
	note(j, why);
	if (j->too_late || ++j->tries >= ESMTP_TRIES_MAX)
		job_end(j, &j->last);
	else
		search_next(j->search);
}

static void
found(void *arg, const struct target *t, const struct fault *f)
{
	struct job *j = arg;

	if (t) {
		conn_open(j, t);
		return;
	}
	if (j->last.st == ST_OK)
		j->last = *f; /* there was no place at all */
	job_end(j, &j->last);
}

static void
search(struct job *j)
{
	search_free(j->search);
	j->search = search_new(j->e, j->domain, found, j);
	search_next(j->search);
}

void
job_again(struct job *j)
{
	search(j);
}

static void
on_overall(struct timer *t)
{
	struct job *j = t->arg;
	struct fault f;

	j->too_late = true;
	if (j->conn) {
		conn_abort(j->conn);
		return;
	}
	fault_set(&f, ST_TEMP, "4.4.3", "no place for mail to %.*s was found in time",
	    SL_FMT(sl_sub(j->domain, 0, 100)));
	job_end(j, &f);
}

/* Whatever the other side does, this job is over then: what its single timeouts add up to, and
 * 1 KiB a second. */
static int64_t
overall_ms(const struct job *j)
{
	const struct conf_site *s = &proc_conf(j->e->proc)->site;
	int64_t sec = 2 * s->esmtptimeoutconnect_sec + 2 * s->esmtptimeouthelo_sec +
		      5 * s->esmtptimeout_sec + 3 * s->esmtptimeoutdata_sec;

	return sec * 1000 + (int64_t)j->body.length;
}

/* ---- taking ---- */

static unsigned
notify_bits(unsigned n)
{
	return ((n & QUEUE_NOTIFY_NEVER) ? (unsigned)SMTP_NOTIFY_NEVER : 0u) |
	       ((n & QUEUE_NOTIFY_SUCCESS) ? (unsigned)SMTP_NOTIFY_SUCCESS : 0u) |
	       ((n & QUEUE_NOTIFY_FAILURE) ? (unsigned)SMTP_NOTIFY_FAILURE : 0u) |
	       ((n & QUEUE_NOTIFY_DELAY) ? (unsigned)SMTP_NOTIFY_DELAY : 0u);
}

static enum st
take_body(struct job *j, const struct ipc_deliver *m, int fd, struct fault *f)
{
	struct stat st;

	j->body.fd = fd;
	j->body.length = m->length;
	if (m->digest.n != sizeof(((struct queue_message *)0)->digest))
		return fault_set(f, ST_TEMP, "4.3.0", "the delivery has no digest");
	memcpy(j->body.digest, m->digest.p, m->digest.n);
	if (fd < 0)
		j->body.bytes = arena_copy(j->arena, m->body);
	else if (m->body.n || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) ||
		 (uint64_t)st.st_size < m->length)
		return fault_set(
		    f, ST_TEMP, "4.3.0", "the message is not there as it was announced");
	return body_init(&j->body, f);
}

static void
take_message(struct job *j, const struct ipc_deliver *m)
{
	struct smtp_client_rcpt *rcpts =
	    arena_get_array(j->arena, m->targets.n + 1, sizeof(*rcpts));

	j->numbers = arena_get_array(j->arena, m->targets.n + 1, sizeof(*j->numbers));
	j->domain = arena_copy(j->arena, m->account);
	j->message = (struct smtp_client_message){
	    .sender = arena_copy(j->arena, m->sender),
	    .has_8bit = m->flags & QUEUE_8BIT,
	    .envid = arena_copy(j->arena, m->envid),
	    .ret = (char)m->ret,
	    .rcpts = rcpts,
	};
	for (uint32_t i = 0; rcpts && j->numbers && i < m->targets.n; i++) {
		const struct ipc_target *t = &m->targets.v[i];

		j->numbers[i] = t->number;
		rcpts[i] = (struct smtp_client_rcpt){
		    .address = arena_copy(j->arena, t->address),
		    .orcpt = arena_copy(j->arena, t->original),
		    .notify = notify_bits(t->notify),
		};
		j->message.rcpt_count++;
	}
}

/* Jobs with the same key can use the same connection. */
static void
make_key(struct job *j)
{
	const struct conf_route *r = search_route(j->search);
	struct slice way = r->relay.n ? r->relay : j->domain;

	snprintf(j->key, sizeof(j->key), "%.*s %u %d %u", SL_FMT(sl_sub(way, 0, 500)), r->port,
	    (int)r->security, r->family);
}

static void
on_deliver(struct channel *c, uint32_t sequence, const void *message, int fd)
{
	struct esmtp *e = proc_state(channel_owner(c));
	const struct ipc_deliver *m = message;
	struct job *j = mem_get(sizeof(*j));
	struct fault f = FAULT_NONE;

	*j = (struct job){.e = e, .c = c, .sequence = sequence, .number = m->delivery};
	j->arena = arena_new("job", JOB_MEMORY);
	list_node_init(&j->node);
	list_append(&e->jobs, &j->node);
	take_message(j, m);
	if (take_body(j, m, fd, &f) == ST_OK && arena_exhausted(j->arena))
		fault_set(&f, ST_TEMP, "4.3.1", "too much for one delivery");
	if (f.st != ST_OK || j->message.rcpt_count == 0) {
		job_end(j, &f);
		return;
	}
	j->message.content = (struct smtp_client_content){.handle = CONTENT_HANDLE,
	    .size_bytes = j->body.length, .wire_bytes = j->body.wire_bytes,
	    .is_checked = j->body.is_checked};
	loop_timer_at(e->loop, &j->overall, loop_now(e->loop) + overall_ms(j), on_overall, j);
	j->search = search_new(e, j->domain, found, j);
	make_key(j);
	if (!conn_reuse(j))
		search_next(j->search);
}

static void
on_afresh(struct channel *c, uint32_t sequence, const void *message, int fd)
{
	struct esmtp *e = proc_state(channel_owner(c));

	(void)sequence;
	(void)message;
	(void)fd;
	memory_afresh(e);
}

const struct channel_handler job_handlers[] = {
    {IPC_deliver, on_deliver},
    {IPC_afresh, on_afresh},
    {0, NULL},
};
