/*
 * One report: where it goes, its text, its custody. Small ones are sent inline; a large one is
 * written into the file courierd gives, a piece in each turn of the loop.
 */
#include "daemon/courierdsn/courierdsn.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/utf8.h"
#include "ext/hash.h"
#include "net/log.h"
#include "os/clock.h"
#include "os/random.h"
#include "queue/queue.h"

#define TEXT_MAX ((size_t)16 << 20)  /* a thousand recipients, twice, and an original in memory */
#define JOB_MEMORY ((size_t)8 << 20) /* recipients and what the report says about them */
#define PIECE ((size_t)256 * 1024)   /* copied in one turn */

struct job {
	struct list_node node;
	struct courierdsn *d;
	struct channel *channel; /* courierd's, while it lives */
	uint32_t sequence;
	uint64_t number;
	struct arena *arena;
	struct dsn_report report;
	struct slice about; /* id of the original */
	struct slice original;
	int original_fd;
	bool is_double;
	struct ipc_recipient *rcpts;
	uint32_t rcpt_count;
	struct buf text; /* what is written and not yet sent */
	bool from_file;  /* the original follows from original_fd */
	uint64_t copied; /* octets of it so far */
	int fd;          /* of the body file, or -1 */
	uint32_t file;   /* its number at courierd, 0 = none */
	uint64_t length;
	void *digest;
	unsigned char sum[DIGEST_MAX];
	struct channel_call call; /* one at a time */
	struct deferred more;
};

static void
job_free(struct job *j)
{
	struct courierdsn *d = j->d;

	channel_cancel(&j->call);
	loop_defer_stop(&j->more);
	if (j->file)
		channel_note(
		    j->channel, IPC_body_drop, &(struct ipc_body_drop){.file = j->file}, -1);
	if (j->fd >= 0)
		close(j->fd);
	if (j->original_fd >= 0)
		close(j->original_fd);
	hash_sha256.abandon(j->digest);
	buf_fini(&j->text);
	list_remove(&j->node);
	arena_free(j->arena);
	mem_free(j);
	if (d->draining && list_is_empty(&d->jobs))
		proc_exit(d->proc, 0);
}

/* Answers, and is done. */
static void
finish(struct job *j, const struct fault *f)
{
	struct ipc_verdict v;

	if (f->st == ST_OK) {
		j->d->written++;
	} else {
		j->d->refused++;
		log_event(LOG_LEVEL_WARNING, "report", KV_SL("id", j->about),
		    KV_SL("to", j->report.to), KV_FAULT(f), KV_END);
	}
	ipc_verdict_from(&v, f);
	channel_reply(j->channel, j->sequence, IPC_reported,
	    &(struct ipc_reported){.report = j->number, .verdict = IPC_VERDICT(&v)}, -1);
	job_free(j);
}

/* ---- custody ---- */

static void
on_submitted(
    struct channel_call *call, uint16_t type, const void *message, int fd, const struct fault *lost)
{
	struct job *j = call->arg;
	const struct ipc_submitted *m = message;
	struct fault f;

	(void)type;
	(void)fd;
	IPC_OUTCOME(m, lost, &f);
	j->file = 0; /* courierd has it, or has dropped it */
	finish(j, &f);
}

/* RFC 3461 section 6.1: no sender, no RET, no NOTIFY. */
static void
submit(struct job *j)
{
	struct courierdsn *d = j->d;
	int64_t now_sec = clock_wall_ms() / 1000;
	char id[48];
	struct ipc_submit m = {
	    .source = SL("dsn"), /* and no sender, no ret: R3464-2-e, R3461-6.1-a, R5321-3.6.3-c */
	    .flags = QUEUE_REPORT | (j->is_double ? QUEUE_DOUBLE : 0),
	    .arrived_sec = now_sec,
	    .report_of = j->number,
	    .length = j->length,
	    .file = j->file,
	    .body = j->file ? SL_NONE : buf_slice(&j->text),
	    .recipients = {j->rcpts, j->rcpt_count},
	};

	snprintf(id, sizeof(id), "%08llx.%s.%llx", (unsigned long long)now_sec, d->id_prefix,
	    (unsigned long long)++d->id_counter);
	m.id = sl_str(id);
	if (j->report.has_8bit && dsn_returns_message(&j->report))
		m.flags |= QUEUE_8BIT;
	if (utf8_has_8bit(j->report.to))
		m.flags |= QUEUE_SMTPUTF8;
	hash_sha256.finish(j->digest, j->sum);
	j->digest = NULL;
	m.digest = sl_mem(j->sum, DIGEST_SHA256);
	j->call.fn = on_submitted;
	channel_request(j->channel, &j->call, IPC_submit, &m, -1);
}

/* ---- text ---- */

/* Reads what comes next of the original to the end of text; false: f says why. */
static bool
read_original(struct job *j, size_t most, struct fault *f)
{
	size_t want =
	    j->report.length - j->copied < most ? (size_t)(j->report.length - j->copied) : most;
	unsigned char *room = buf_room(&j->text, want);

	while (want && room) {
		ssize_t n = read(j->original_fd, room, want);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			fault_sys(f, ST_IO, "4.3.0", n < 0 ? errno : 0,
			    "the original ended after %llu of %llu octets",
			    (unsigned long long)j->copied, (unsigned long long)j->report.length);
			return false;
		}
		buf_added(&j->text, (size_t)n);
		j->copied += (uint64_t)n;
		room += n;
		want -= (size_t)n;
	}
	return true;
}

static bool
write_text(struct job *j, struct fault *f)
{
	struct slice rest = buf_slice(&j->text);

	hash_sha256.update(j->digest, rest);
	j->length += rest.n;
	while (rest.n) {
		ssize_t n = write(j->fd, rest.p, rest.n);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			fault_sys(f, ST_IO, errno == ENOSPC ? "4.3.1" : "4.3.0", errno,
			    "the report cannot be stored now");
			return false;
		}
		rest = sl_skip(rest, (size_t)n);
	}
	buf_clear(&j->text);
	return true;
}

/* A piece for each turn of the loop. */
static void
copy_more(struct deferred *later)
{
	struct job *j = later->arg;
	bool last = !j->from_file || j->report.length - j->copied <= PIECE;
	struct fault f = FAULT_NONE;

	if (j->from_file && !read_original(j, PIECE, &f)) {
		finish(j, &f);
		return;
	}
	if (last)
		dsn_end(&j->text, &j->report);
	if (!write_text(j, &f)) {
		finish(j, &f);
		return;
	}
	if (last)
		submit(j);
	else
		loop_defer(proc_loop(j->d->proc), &j->more, copy_more, j);
}

static void
on_body_file(
    struct channel_call *call, uint16_t type, const void *message, int fd, const struct fault *lost)
{
	struct job *j = call->arg;
	const struct ipc_body_file *m = message;
	struct fault f;

	(void)type;
	IPC_OUTCOME(m, lost, &f);
	j->fd = fd;
	j->file = m ? m->file : 0;
	if (f.st == ST_OK && fd < 0)
		fault_set(&f, ST_TEMP, "4.3.2", "the report cannot be stored now");
	if (f.st != ST_OK) {
		finish(j, &f);
		return;
	}
	loop_defer(proc_loop(j->d->proc), &j->more, copy_more, j);
}

/* The third part, as far as it needs no file. */
static bool
put_returned(struct job *j, struct fault *f)
{
	bool whole = dsn_returns_message(&j->report);
	struct slice start = j->original;
	struct buf head;
	bool ok = true;

	if (!start.n && j->original_fd < 0)
		return true; /* there is nothing to return */
	if (whole)
		dsn_put_message(&j->text, &j->report);
	if (whole && start.n)
		buf_put(&j->text, start);
	if (whole) {
		j->from_file = !start.n;
		return true;
	}
	if (!start.n) {
		/* The header is read behind the text, and taken off again. */
		size_t at = j->text.n;

		ok = read_original(j, DSN_HEADER_MAX, f);
		buf_init(&head, DSN_HEADER_MAX);
		buf_put(&head, sl_skip(buf_slice(&j->text), at));
		buf_cut(&j->text, at);
		dsn_put_header(&j->text, &j->report, buf_slice(&head));
		buf_fini(&head);
	} else {
		dsn_put_header(&j->text, &j->report, start);
	}
	return ok;
}

static void
compose(struct job *j)
{
	struct dsn_report *r = &j->report;
	struct fault f = FAULT_NONE;
	uint64_t total;

	r->now_sec = clock_wall_ms() / 1000;
	r->offset_minutes = clock_offset_minutes(r->now_sec);
	random_bytes(r->unique, sizeof(r->unique));
	dsn_begin(&j->text, r);
	if (!put_returned(j, &f)) {
		finish(j, &f);
		return;
	}
	if (!buf_ok(&j->text)) {
		fault_set(&f, ST_LIMIT, "5.3.4", "the report is too large");
		finish(j, &f);
		return;
	}
	total = j->text.n + (j->from_file ? r->length : 0) + 256; /* and the end */
	j->digest = hash_sha256.start();
	if (total > QUEUE_INLINE_MAX) {
		j->call.fn = on_body_file;
		channel_request(j->channel, &j->call, IPC_body_open,
		    &(struct ipc_body_open){.size_hint = total}, -1);
		return;
	}
	if (j->from_file && !read_original(j, QUEUE_INLINE_MAX, &f)) {
		finish(j, &f);
		return;
	}
	dsn_end(&j->text, r);
	hash_sha256.update(j->digest, buf_slice(&j->text));
	j->length = j->text.n;
	submit(j);
}

/* ---- where it goes ---- */

static bool
keep_recipients(struct job *j, const struct ipc_routed *m)
{
	j->rcpts = arena_get_array(j->arena, m->recipients.n, sizeof(*j->rcpts));
	for (uint32_t i = 0; i < m->recipients.n && j->rcpts; i++) {
		const struct ipc_recipient *r = &m->recipients.v[i];

		j->rcpts[i] = (struct ipc_recipient){
		    .address = arena_copy(j->arena, r->address),
		    .module = arena_copy(j->arena, r->module),
		    .host = arena_copy(j->arena, r->host),
		    .account = arena_copy(j->arena, r->account),
		    .extension = arena_copy(j->arena, r->extension),
		    .original = arena_copy(j->arena, r->original),
		    .notify = r->notify,
		};
	}
	j->rcpt_count = m->recipients.n;
	return !arena_exhausted(j->arena) && m->recipients.n > 0;
}

static void
on_routed(
    struct channel_call *call, uint16_t type, const void *message, int fd, const struct fault *lost)
{
	struct job *j = call->arg;
	const struct ipc_routed *m = message;
	struct fault f;

	(void)type;
	(void)fd;
	IPC_OUTCOME(m, lost, &f);
	if (f.st == ST_OK && !keep_recipients(j, m))
		fault_set(&f, ST_LIMIT, "4.3.2", "the sender stands for too many addresses");
	if (f.st == ST_OK && !j->d->id_prefix[0])
		fault_set(&f, ST_TEMP, "4.3.2", "no mail is taken at the moment");
	if (f.st != ST_OK)
		finish(j, &f);
	else
		compose(j);
}

/* ---- the question ---- */

static bool
take_rcpts(struct job *j, const struct ipc_report *m)
{
	struct dsn_rcpt *to = arena_get_array(j->arena, m->rcpts.n, sizeof(*to));

	for (uint32_t i = 0; i < m->rcpts.n && to; i++) {
		const struct ipc_reported_rcpt *r = &m->rcpts.v[i];

		to[i] = (struct dsn_rcpt){
		    .address = arena_copy(j->arena, r->address),
		    .original = arena_copy(j->arena, r->original),
		    .action = (enum dsn_action)r->action,
		    .esc = {r->class, r->subject, r->detail},
		    .text = arena_copy(j->arena, r->text),
		    .peer = arena_copy(j->arena, r->peer),
		    .last_attempt_sec = r->last_attempt_sec,
		    .give_up_sec = r->give_up_sec,
		};
		if (!*dsn_action_word(to[i].action))
			return false;
	}
	j->report.rcpts = to;
	j->report.rcpt_count = m->rcpts.n;
	return m->rcpts.n > 0;
}

/* A message without a sender is reported to the postmaster. */
static bool
take_report(struct job *j, const struct ipc_report *m)
{
	const struct conf_site *site = &proc_conf(j->d->proc)->site;
	struct dsn_report *r = &j->report;
	struct buf text;

	buf_init(&text, 4096);
	dsn_put_from(&text, sl_str(site->dsnfrom), sl_str(site->me));
	r->from = arena_copy(j->arena, buf_slice(&text));
	r->me = arena_copy(j->arena, sl_str(site->me));
	if (m->sender.n) {
		/* R5321-3.6.3-a, R5321-6.1-b, R5321-4.4-j */
		r->to = arena_copy(j->arena, m->sender);
	} else {
		buf_clear(&text);
		buf_fmt(&text, "postmaster@%s", site->me);
		r->to = arena_copy(j->arena, buf_slice(&text));
	}
	buf_fini(&text);
	/* R5321-6.1-c, R3461-5.2-a, R3461-5.2-b, R5321-4.5.4-a, R3834-4-b: the postmaster hears of
	 * it. R8098-3-f */
	j->is_double = !m->sender.n || (m->flags & QUEUE_DOUBLE);
	j->about = arena_copy(j->arena, m->id);
	r->envid = arena_copy(j->arena, m->envid);
	r->from_mta = arena_copy(j->arena, m->from_mta);
	r->arrived_sec = m->arrived_sec;
	r->ret = m->ret;
	r->has_8bit = m->flags & (QUEUE_8BIT | QUEUE_SMTPUTF8);
	r->length = m->length;
	r->limit = site->dsnlimit_bytes;
	j->original = arena_copy(j->arena, m->body);
	return take_rcpts(j, m) && !arena_exhausted(j->arena);
}

void
job_new(
    struct courierdsn *d, struct channel *c, uint32_t sequence, const struct ipc_report *m, int fd)
{
	struct job *j = mem_get(sizeof(*j));
	struct fault f;

	memset(j, 0, sizeof(*j));
	*j = (struct job){.d = d,
	    .channel = c,
	    .sequence = sequence,
	    .number = m->report,
	    .original_fd = fd,
	    .fd = -1};
	j->call.arg = j->more.arg = j;
	j->arena = arena_new("report", JOB_MEMORY);
	buf_init(&j->text, TEXT_MAX);
	list_node_init(&j->node);
	list_append(&d->jobs, &j->node);
	if (!take_report(j, m)) {
		fault_set(&f, ST_SYNTAX, "5.6.0", "the report is about nobody, or too large");
		finish(j, &f);
		return;
	}
	j->call.fn = on_routed;
	channel_request(proc_peer(d->proc, "routed", UINT32_MAX), &j->call, IPC_rcpt,
	    &(struct ipc_rcpt){.source = SL("dsn"),
		.may_relay = 1,
		.address = m->sender.n ? j->report.to : SL("postmaster")},
	    -1);
}

void
jobs_drop(struct courierdsn *d, const struct channel *c)
{
	LIST_EACH (&d->jobs, n) {
		struct job *j = CONTAINER_OF(n, struct job, node);

		if (j->channel == c) {
			j->channel = NULL;
			job_free(j);
		}
	}
}
