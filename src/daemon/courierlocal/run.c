/*
 * One recipient: which instructions count, and one after the other. A try again begins at the first
 * one; what went into Maildirs is found there by its name.
 */
#include "daemon/courierlocal/local.h"

#include "deliver/loop.h"
#include "ipc/messages.h"
#include "net/log.h"

#include <unistd.h>

void
run_end(struct run *r, const struct fault *f)
{
	loop_timer_stop(r->d->l->loop, &r->deadline);
	r->fault = *f;
	r->over = true;
	delivery_run_over(r->d);
}

/* Begins the next instruction. ST_AGAIN: it goes on; else its result. */
static enum st
begin(struct run *r, struct fault *f)
{
	*f = FAULT_NONE;
	switch (r->now->kind) {
	case DELIVER_MAILBOX:
		return box_deliver(r, r->now->text, f);
	case DELIVER_PROGRAM:
	case DELIVER_DYNAMIC:
		return program_deliver(r, f);
	case DELIVER_FORWARD:
		return forward_deliver(r, f);
	}
	return fault_set(f, ST_BUG, "4.3.0", "an instruction of no kind");
}

/* Goes through the instructions until one takes its time, or there is a result. */
static void
advance(struct run *r)
{
	struct fault f;
	enum st st;

	do {
		while (r->depth && !r->stack[r->depth - 1])
			r->depth--;
		if (r->depth == 0) {
			run_end(r, &FAULT_NONE);
			return;
		}
		r->now = r->stack[r->depth - 1];
		r->level = r->levels[r->depth - 1];
		r->stack[r->depth - 1] = r->now->next;
		st = begin(r, &f);
	} while (st == ST_OK);
	if (st != ST_AGAIN)
		run_end(r, &f);
}

void
run_continue(struct run *r, const struct fault *f)
{
	if (f->st != ST_OK)
		run_end(r, f);
	else
		advance(r);
}

enum st
run_push(struct run *r, struct slice text, bool is_last, struct fault *f)
{
	struct deliver_plan plan;
	enum st st;

	if (r->level >= DELIVER_DEPTH_MAX)
		return fault_set(
		    f, ST_LIMIT, "4.3.5", "instructions that give instructions, too deep");
	st = deliver_parse(text, r->d->arena, &plan, f);
	if (st != ST_OK)
		return st;
	if (is_last)
		r->depth = 0;
	/* Finished texts leave the stack, so it holds at most one of each level. */
	while (r->depth && !r->stack[r->depth - 1])
		r->depth--;
	r->levels[r->depth] = r->level + 1;
	r->stack[r->depth++] = plan.first;
	return ST_OK;
}

/* Instructions from the file of the home that counts. ST_NOENT: the account's default does. */
static enum st
read_file(struct run *r, struct deliver_plan *plan, struct fault *f)
{
	const struct conf *c = proc_conf(r->d->l->p);
	const char *prefix = c->site.dotextension == CONF_DOT_QMAIL ? ".qmail" : ".courier";
	int home = account_open_home(r->d->account, f);
	struct deliver_file file;
	struct buf text;
	enum st st;

	if (home < 0)
		return f->st;
	buf_init(&text, DELIVER_TEXT_MAX + 4096);
	st = deliver_file_read(home, prefix, r->extension, &text, &file, f);
	close(home);
	if (st == ST_OK) {
		r->rest = file.is_default ? r->extension + file.default_at : NULL;
		st = deliver_parse(buf_slice(&text), r->d->arena, plan, f);
		if (st == ST_OK && plan->is_empty)
			st = ST_NOENT;
	} else if (st == ST_NOENT && r->extension[0]) {
		st = f->st = ST_PERM; /* an extension needs a file */
	}
	buf_fini(&text);
	return st;
}

static enum st
choose(struct run *r, struct fault *f)
{
	const struct account *a = r->d->account;
	struct deliver_plan plan;
	enum st st = read_file(r, &plan, f);

	if (st == ST_NOENT) {
		plan = a->plan;
		st = a->plan_fault.st;
		if (st != ST_OK)
			*f = a->plan_fault;
	}
	if (st != ST_OK)
		return st;
	r->stack[0] = plan.first;
	r->depth = 1;
	return ST_OK;
}

void
run_start(struct run *r)
{
	struct fault f = r->fault; /* an extension that cannot be one */

	if (f.st == ST_OK && deliver_loop_check(&r->d->body, r->address, &f) == ST_OK &&
	    choose(r, &f) == ST_OK)
		advance(r);
	else
		run_end(r, &f);
}

/* ---- taking too long, and being given up ---- */

static void
took_too_long(struct timer *t)
{
	struct run *r = t->arg;
	struct fault f;

	if (r->program) {
		program_timeout(r);
		return;
	}
	run_abort(r);
	fault_set(&f, ST_TEMP, "4.3.0", "the delivery took longer than localtimeout allows");
	run_end(r, &f);
}

void
run_arm(struct run *r)
{
	struct local *l = r->d->l;
	int64_t limit_ms = proc_conf(l->p)->site.localtimeout_sec * 1000;

	if (!r->deadline.fn)
		loop_timer_at(
		    l->loop, &r->deadline, loop_now(l->loop) + limit_ms, took_too_long, r);
}

void
run_abort(struct run *r)
{
	loop_timer_stop(r->d->l->loop, &r->deadline);
	list_remove(&r->waits);
	box_abort(r);
	program_abort(r);
	forward_abort(r);
}
