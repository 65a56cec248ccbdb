/*
 * Frames `deliver`: each is taken once, and answered once, when all of its recipients have a
 * result.
 */
#include "daemon/courierlocal/local.h"

#include <sys/stat.h>
#include <unistd.h>

#include "ext/hash.h"
#include "message/trace.h"

#define DELIVERY_MAX (16u << 20)
#define HEAD_MAX 8192

static void
delivery_free(struct delivery *d)
{
	struct account *a = d->account;

	list_remove(&d->node);
	if (d->body.fd >= 0)
		close(d->body.fd);
	arena_free(d->arena);
	mem_free(d);
	if (a) {
		a->open--;
		account_release(a);
	}
}

/* ---- answering ---- */

static void
put_result(struct local *l, const struct run *r, struct ipc_result *to)
{
	*to = (struct ipc_result){
	    .number = r->number,
	    .st = (uint8_t)r->fault.st,
	    .class = r->fault.esc[0],
	    .subject = r->fault.esc[1],
	    .detail = r->fault.esc[2],
	    .text = sl_str(r->fault.text),
	};
	if (r->fault.st == ST_OK) {
		to->class = 2;
		to->text = SL("Message delivered.");
		l->delivered++;
		return;
	}
	if (to->class == 0)
		to->class = 4;
	if (to->class == 5)
		l->failed++;
	else
		l->deferred++;
}

static void
delivery_answer(struct delivery *d)
{
	struct local *l = d->l;
	struct ipc_result *results = mem_get((d->count ? d->count : 1) * sizeof(*results));
	struct ipc_delivered m = {.delivery = d->number};

	m.results.v = results;
	m.results.n = (uint32_t)d->count;
	for (size_t i = 0; i < d->count; i++)
		put_result(l, &d->runs[i], &results[i]);
	channel_reply(d->c, d->sequence, IPC_delivered, &m, -1);
	mem_free(results);
	delivery_free(d);
	local_delivered(l);
}

void
delivery_run_over(struct delivery *d)
{
	if (--d->left == 0)
		delivery_answer(d);
}

/* All recipients have the same result. */
static void
refuse(struct delivery *d, const struct fault *f)
{
	for (size_t i = 0; i < d->count; i++) {
		d->runs[i].fault = *f;
		d->runs[i].over = true;
	}
	delivery_answer(d);
}

/* ---- taking ---- */

static enum st
take_body(struct delivery *d, const struct ipc_deliver *m, int fd, struct fault *f)
{
	struct stat st;

	d->body = (struct maildir_body){.fd = fd, .length = m->length, .hash = &hash_sha256};
	if (m->digest.n != hash_sha256.size)
		return fault_set(f, ST_TEMP, "4.3.0", "the delivery has no digest");
	memcpy(d->body.digest, m->digest.p, m->digest.n);
	if (fd < 0) {
		d->body.bytes = arena_copy(d->arena, m->body);
		if (m->body.n != m->length)
			return fault_set(f, ST_TEMP, "4.3.0",
			    "the message has another length than was announced");
		return ST_OK;
	}
	if (m->body.n)
		return fault_set(f, ST_TEMP, "4.3.0", "the message came twice");
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || (uint64_t)st.st_size < m->length)
		return fault_set(f, ST_TEMP, "4.3.0", "the message is shorter than was announced");
	return ST_OK;
}

/* Return-Path and Delivered-To, in front of the message (RFC 5321 section 4.4), and who it was for
 * when the sender said so. R8098-2.2-a, R3834-5-d: what the message has stays. */
static struct slice
make_head(struct delivery *d, struct slice address, struct slice original)
{
	struct slice head;
	struct buf text;

	buf_init(&text, HEAD_MAX);
	/* R5321-4.4-h */
	trace_put_return_path(&text, d->sender, "\r\n");
	trace_put_delivered_to(&text, address, "\r\n");
	trace_put_original_recipient(&text, original, "\r\n");
	head = arena_copy(d->arena, buf_slice(&text));
	buf_fini(&text);
	return head;
}

static void
take_targets(struct delivery *d, const struct ipc_deliver *m)
{
	struct slice separators = sl_str(proc_conf(d->l->p)->site.defaultsep);

	d->runs = arena_get_array(d->arena, m->targets.n + 1, sizeof(*d->runs));
	if (!d->runs)
		return;
	d->count = d->left = m->targets.n;
	for (uint32_t i = 0; i < m->targets.n; i++) {
		const struct ipc_target *t = &m->targets.v[i];
		struct run *r = &d->runs[i];

		r->d = d;
		r->number = t->number;
		r->address = arena_copy(d->arena, t->address);
		r->head = make_head(d, t->address, t->original);
		list_node_init(&r->waits);
		if (!deliver_extension(t->extension, separators, r->extension))
			fault_set(&r->fault, ST_PERM, "5.1.1", "no such address here");
	}
}

void
delivery_take(struct channel *c, uint32_t sequence, const void *message, int fd)
{
	struct local *l = proc_state(channel_owner(c));
	const struct ipc_deliver *m = message;
	struct delivery *d = mem_get(sizeof(*d));
	struct fault f = FAULT_NONE;

	*d = (struct delivery){.l = l, .c = c, .sequence = sequence, .number = m->delivery};
	d->arena = arena_new("delivery", DELIVERY_MAX);
	d->id = arena_copy(d->arena, m->id);
	d->sender = arena_copy(d->arena, m->sender);
	d->arrived_sec = m->arrived_sec;
	d->flags = m->flags;
	list_node_init(&d->node);
	list_append(&l->deliveries, &d->node);
	proc_busy(l->p, 1);
	d->account = account_find(l, m->account);
	if (d->account)
		d->account->open++;
	take_targets(d, m);
	if (take_body(d, m, fd, &f) == ST_OK && !d->account)
		fault_set(&f, ST_TEMP, "4.3.0", "this process does not deliver for that account");
	if (f.st == ST_OK && arena_exhausted(d->arena))
		fault_set(&f, ST_TEMP, "4.3.1", "too much for one delivery");
	if (f.st != ST_OK || d->count == 0) {
		refuse(d, &f);
		return;
	}
	/* The last answer frees it: count down on a copy. */
	for (size_t i = 0, count = d->count; i < count; i++)
		run_start(&d->runs[i]);
}

enum st
delivery_verify(struct delivery *d, struct fault *f)
{
	enum st st = d->verified ? ST_OK : maildir_body_check(&d->body, f);

	d->verified = st == ST_OK;
	return st;
}

void
delivery_abort_all(struct local *l, const struct channel *c)
{
	LIST_EACH (&l->deliveries, n) {
		struct delivery *d = CONTAINER_OF(n, struct delivery, node);

		if (d->c != c)
			continue;
		for (size_t i = 0; i < d->count; i++)
			run_abort(&d->runs[i]);
		delivery_free(d);
	}
}
