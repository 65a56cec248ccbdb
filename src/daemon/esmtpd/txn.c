/*
 * One message on its way into custody: Received in front, hashed while it comes, small ones in
 * memory and sent inline, larger ones written into the file courierd gave us. 250 is said only when
 * courierd says the commit record is on the disk.
 */
#include "daemon/esmtpd/esmtpd.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ext/hash.h"
#include "message/trace.h"
#include "net/log.h"
#include "os/clock.h"

#define INLINE_MAX ((size_t)64 * 1024)
#define TXN_MEMORY ((size_t)8 << 20) /* recipients and their routes */

enum { FLAG_8BIT = 1 }; /* enum queue_flag of src/queue/queue.h: part of the frame */

struct txn *
txn_new(struct client *c, const struct smtp_mail *mail)
{
	struct txn *t = mem_get(sizeof(*t));

	memset(t, 0, sizeof(*t));
	t->e = c->e;
	t->client = c;
	t->fd = -1;
	list_node_init(&t->node);
	list_append(&t->e->txns, &t->node);
	t->arena = arena_new("transaction", TXN_MEMORY);
	t->sender = arena_copy(t->arena, mail->sender.text);
	t->envid = arena_copy(t->arena, mail->envid);
	t->ret = mail->ret == SMTP_RET_FULL ? 'F' : mail->ret == SMTP_RET_HDRS ? 'H' : 0;
	list_init(&t->rcpts);
	hmap_init(&t->seen);
	buf_init(&t->body, INLINE_MAX + SMTP_BODY_MAX + 2 * HEAD_MAX + 8192);
	return t;
}

static void
txn_end(struct txn *t)
{
	/* What is being committed while nobody waits any more: courierd decides, the client will
	 * ask again. */
	if (channel_cancel(&t->submit_call))
		t->file = 0;
	if (t->file)
		channel_note(
		    t->custody, IPC_body_drop, &(struct ipc_body_drop){.file = t->file}, -1);
	if (t->fd >= 0)
		close(t->fd);
	list_remove(&t->node);
	hash_sha256.abandon(t->digest);
	head_free(t->head);
	hmap_fini(&t->seen);
	buf_fini(&t->body);
	arena_free(t->arena);
	mem_free(t);
}

void
txn_free(struct txn *t)
{
	if (!t)
		return;
	if (!t->open_call.channel) {
		txn_end(t);
		return;
	}
	/* courierd is making a file for us: it has to be given back when it comes. */
	t->client = NULL;
	t->e->abandoned++;
}

void
txns_lose_custody(struct esmtpd *e)
{
	LIST_EACH (&e->txns, n) {
		struct txn *t = CONTAINER_OF(n, struct txn, node);

		if (!t->custody)
			continue;
		t->custody = NULL;
		t->file = 0;
		if (t->trouble.st == ST_OK)
			fault_set(
			    &t->trouble, ST_TEMP, "4.3.0", "the message cannot be taken over now");
	}
}

/* ---- content begins ---- */

/* R5321-7.1-a, R5321-7.2-a */
static void
put_received(struct txn *t)
{
	struct client *c = t->client;
	struct smtp_facts facts;
	char tls[128] = "";
	int64_t now = clock_wall_ms() / 1000;

	smtp_server_facts(c->engine, &facts);
	if (facts.tls_on)
		snprintf(tls, sizeof(tls), "%.*s %.*s %u", SL_FMT(facts.tls_version),
		    SL_FMT(facts.tls_cipher), facts.tls_bits);
	/* R5321-4.4-a, R5321-4.1.1.4-g, R5321-4.4-c, R5321-4.4-d: above all that came. */
	trace_put_received(&t->body, &(struct trace_received){
					 .helo = facts.helo,
					 .client_ip = sl_str(c->ip),
					 .auth = client_identity(c),
					 .by = sl_str(proc_conf(c->e->proc)->site.me),
					 .with = facts.with,
					 .tls = sl_str(tls),
					 .cipher = facts.tls_cipher,
					 .id = sl_str(t->id),
					 .for_one = t->only_rcpt,
					 .seconds = now,
					 .offset_minutes = clock_offset_minutes(now),
				     });
}

/*
 * Mail of our own users gets the fields it lacks; mail that passes by stays as it is.
 * R5321-3.6.3-d, R5321-6.4-a
 */
static void
watch_header(struct txn *t)
{
	struct client *c = t->client;
	const struct conf *cf = proc_conf(c->e->proc);
	const struct conf_esmtpd *e = c->service->conf ? c->service->conf(cf) : NULL;
	int64_t now_ms = clock_wall_ms();
	struct edit_missing missing = {
	    .host = sl_str(cf->site.msgidhost),
	    .unique = {(uint64_t)now_ms, hmap_hash(sl_str(t->id))},
	    .at_sec = now_ms / 1000,
	    .offset_minutes = clock_offset_minutes(now_ms / 1000),
	};
	bool add_date = !e || !e->no_add_date, add_id = !e || !e->no_add_msgid;

	if (add_date || add_id)
		t->head = head_new(add_date, add_id, &missing);
}

void
txn_data(struct client *c, const struct engine_ask *a)
{
	struct esmtpd *e = c->e;
	struct txn *t = c->txn;
	struct fault f;

	if (!e->custody || e->paused) {
		fault_set(&f, ST_TEMP, "4.3.2", "no mail is taken at the moment");
		client_answer(c, a->number, &f, NULL);
		return;
	}
	snprintf(t->id, sizeof(t->id), "%08llx.%s.%llx",
	    (unsigned long long)(clock_wall_ms() / 1000), e->id_prefix,
	    (unsigned long long)++e->id_counter);
	t->custody = e->custody;
	t->digest = hash_sha256.start();
	put_received(t);
	hash_sha256.update(t->digest, buf_slice(&t->body));
	t->length = t->body.n;
	watch_header(t);
	client_answer(c, a->number, NULL, NULL);
}

/* ---- content goes by ---- */

static void submit(struct txn *t);

/* All that waits in memory goes to the file. */
static void
write_out(struct txn *t)
{
	struct slice rest = buf_slice(&t->body);

	while (rest.n && t->trouble.st == ST_OK) {
		ssize_t n = write(t->fd, rest.p, rest.n);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			fault_sys(&t->trouble, ST_IO, errno == ENOSPC ? "4.3.1" : "4.3.0", errno,
			    "the message cannot be stored now");
		else
			rest = sl_skip(rest, (size_t)n);
	}
	buf_clear(&t->body);
}

static void
on_body_file(
    struct channel_call *call, uint16_t type, const void *message, int fd, const struct fault *f)
{
	struct txn *t = call->arg;
	const struct ipc_body_file *m = message;

	(void)type;
	t->opening = false;
	if (t->trouble.st != ST_OK)
		; /* said already */
	else
		IPC_OUTCOME(m, f, &t->trouble);
	if (t->trouble.st == ST_OK && fd < 0)
		fault_set(&t->trouble, ST_TEMP, "4.3.2", "the message cannot be stored now");
	t->fd = fd;
	if (m)
		t->file = m->file;
	if (!t->client) {
		struct esmtpd *e = t->e;

		txn_end(t);
		e->abandoned--;
		clients_look(e);
		return;
	}
	if (t->trouble.st == ST_OK)
		write_out(t);
	if (t->complete)
		submit(t);
	else
		session_resume(t->client->session);
}

/* Content on its way: hashed, kept in memory or written. */
static void
store(struct txn *t, struct slice s)
{
	hash_sha256.update(t->digest, s);
	t->length += s.n;
	buf_put(&t->body, s);
	if (t->fd >= 0) {
		if (t->body.n >= INLINE_MAX)
			write_out(t);
	} else if (t->body.n > INLINE_MAX) {
		t->opening = true;
		t->open_call.fn = on_body_file;
		t->open_call.arg = t;
		channel_request(t->custody, &t->open_call, IPC_body_open,
		    &(struct ipc_body_open){.size_hint = t->length}, -1);
	}
}

size_t
txn_body(struct txn *t, struct slice chunk)
{
	if (t->trouble.st != ST_OK)
		return chunk.n; /* read to the true end, then say so */
	if (t->opening)
		return 0;
	store(t, t->head ? head_feed(t->head, chunk) : chunk);
	return chunk.n;
}

/* ---- content is complete ---- */

static void
finish(struct txn *t, const struct fault *f)
{
	struct client *c = t->client;
	struct smtp_commit_yes yes = {.id = sl_str(t->id)};
	uint32_t number = t->commit_number;

	if (f->st == ST_OK)
		c->e->accepted++;
	else
		log_event(LOG_LEVEL_WARNING, "error", KV_STR("relay", c->ip),
		    KV_SL("from", t->sender), KV_STR("id", t->id), KV_FAULT(f), KV_END);
	c->txn = NULL;
	if (number)
		client_answer(c, number, f, f->st == ST_OK ? &yes : NULL);
	txn_free(t);
}

static void
on_submitted(
    struct channel_call *call, uint16_t type, const void *message, int fd, const struct fault *f)
{
	struct txn *t = call->arg;
	const struct ipc_submitted *m = message;
	struct fault verdict;

	(void)type;
	(void)fd;
	t->file = 0; /* courierd has it, or has dropped it */
	IPC_OUTCOME(m, f, &verdict);
	finish(t, &verdict);
}

/* "dns; helo (name [ip])": for reports and the log (COURIER.md 4.2 record f). */
static void
from_mta(const struct client *c, char *out, size_t size)
{
	struct smtp_facts facts;

	smtp_server_facts(c->engine, &facts);
	if (c->service->kind == SMTP_SERVICE_LOCAL)
		snprintf(out, size, "dns; localhost (localhost [127.0.0.1])");
	else
		snprintf(out, size, "dns; %.*s ([%s])", SL_FMT(facts.helo), c->ip);
}

static void
submit(struct txn *t)
{
	struct client *c = t->client;
	struct ipc_recipient *list = arena_get_array(t->arena, t->rcpt_count + 1, sizeof(*list));
	char mta[400];
	uint32_t n = 0;

	if (!list && t->trouble.st == ST_OK)
		fault_set(&t->trouble, ST_LIMIT, "4.5.3", "too many recipients for one message");
	if (t->trouble.st != ST_OK) {
		struct fault f = t->trouble; /* t goes */

		finish(t, &f);
		return;
	}
	LIST_EACH (&t->rcpts, node)
		list[n++] = CONTAINER_OF(node, struct txn_rcpt, node)->r;
	hash_sha256.finish(t->digest, t->sum);
	t->digest = NULL;
	from_mta(c, mta, sizeof(mta));
	struct ipc_submit m = {
	    .id = sl_str(t->id),
	    .source = client_source(c),
	    .sender = t->sender,
	    .auth = client_identity(c),
	    .from_mta = sl_str(mta),
	    .ip = sl_str(c->ip),
	    .envid = t->envid,
	    .ret = t->ret,
	    .flags = t->has_8bit ? FLAG_8BIT : 0,
	    .arrived_sec = clock_wall_ms() / 1000,
	    .length = t->length,
	    .digest = sl_mem(t->sum, DIGEST_SHA256),
	    .file = t->file,
	    .body = t->file ? SL_NONE : buf_slice(&t->body),
	    .recipients = {list, n},
	};
	t->submit_call.fn = on_submitted;
	t->submit_call.arg = t;
	channel_request(t->custody, &t->submit_call, IPC_submit, &m, -1);
}

void
txn_commit(struct client *c, const struct engine_ask *a)
{
	const struct smtp_content *content = a->detail;
	struct txn *t = c->txn;

	t->commit_number = a->number;
	t->has_8bit = content->has_8bit;
	t->complete = true;
	if (t->head && t->trouble.st == ST_OK)
		store(t, head_end(t->head));
	if (t->fd >= 0)
		write_out(t);
	if (!t->opening)
		submit(t);
}
