/*
 * A request on its way through the back ends, in the order of authmodulelist.
 */
#include <string.h>

#include "daemon/authdaemond/authdaemond.h"

/* A back end's list of all accounts. */
#define LIST_MAX ((size_t)64 << 20)

/* The request's fields point into the asker's memory; a query has its own. */
static void
copy_fields(struct query *q, const struct auth_request *r)
{
	struct slice *fields[] = {&q->request.module, &q->request.service, &q->request.type,
	    &q->request.user, &q->request.secret, &q->request.new_secret, &q->request.remote_ip};

	q->request = *r;
	for (size_t i = 0; i < COUNT_OF(fields); i++)
		*fields[i] = arena_copy(q->arena, *fields[i]);
}

static void
query_free(struct query *q)
{
	if (q->gone)
		*q->gone = true;
	list_remove(&q->node);
	buf_fini(&q->text);
	buf_fini(&q->list);
	arena_free(q->arena);
	mem_free(q);
}

static void
query_finish(struct query *q, enum auth_outcome outcome)
{
	struct authdaemond *d = q->d;
	bool has_record = q->request.kind == AUTH_PRE || q->request.kind == AUTH_LOGIN;

	/* Options that do not fit might forbid something: nobody is let in without them. */
	if (outcome == AUTH_YES && has_record &&
	    account_options_apply(&q->account,
		sl_str(proc_conf(d->proc)->authdaemon.default_options), q->arena) != ST_OK)
		outcome = AUTH_TROUBLE;
	*(outcome == AUTH_YES ? &d->yes : outcome == AUTH_NO ? &d->no : &d->trouble) += 1;
	if (!q->abandoned)
		q->done(q, outcome, &q->account, buf_slice(&q->list));
	query_free(q);
}

struct query *
query_start(struct authdaemond *d, const struct auth_request *r, query_fn *done, void *arg)
{
	struct query *q = mem_get(sizeof(*q));
	bool gone = false;

	q->d = d;
	q->gone = &gone;
	q->serial = d->serial;
	q->done = done;
	q->arg = arg;
	q->arena = arena_new("auth query", 64u << 10);
	list_node_init(&q->node);
	buf_init(&q->text, AUTH_REQUEST_MAX);
	buf_init(&q->list, LIST_MAX);
	copy_fields(q, r);
	q->request.remote_ip = SL_NONE; /* back ends know no metadata lines */
	if (d->name_count == 0) {
		query_finish(q, AUTH_TROUBLE); /* no back end is installed: nobody knows */
		return NULL;
	}
	if (!auth_request_is_clean(&q->request)) {
		query_finish(
		    q, AUTH_NO); /* no account has such a name, no password such characters */
		return NULL;
	}
	auth_request_put(&q->request, &q->text);
	if (auth_walk_start(&q->walk, &q->request, d->names, d->name_count) != ST_OK ||
	    !buf_ok(&q->text)) {
		query_finish(q, q->walk.done ? q->walk.outcome : AUTH_NO);
		return NULL;
	}
	module_ask(d, d->names[q->walk.at], q);
	if (gone)
		return NULL;
	q->gone = NULL;
	return q;
}

void
query_abandon(struct query *q)
{
	q->abandoned = true;
	if (list_is_linked(&q->node)) /* nobody has begun to answer it */
		query_free(q);
}

void
query_answered(struct query *q, enum auth_outcome outcome)
{
	auth_walk_answer(&q->walk, outcome);
	if (q->abandoned || outcome == AUTH_TROUBLE)
		query_finish(q, AUTH_TROUBLE);
	else if (q->serial != q->d->serial && outcome != AUTH_YES)
		query_finish(
		    q, AUTH_TROUBLE); /* another list by now: who has not been asked is unknown */
	else if (q->walk.done)
		query_finish(q, q->walk.outcome);
	else
		module_ask(q->d, q->d->names[q->walk.at], q);
}
