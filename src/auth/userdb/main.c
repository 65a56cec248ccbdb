/*
 * authuserdb: the account back end of userdb. Started by authdaemond; the authdaemon protocol on
 * standard input and output, one request after the other (docs/ACCOUNTS.md). What it cannot answer
 * it ends over, which means "try later".
 *
 *     authuserdb          AUTH_CONF_DIR names the folder of userdb.dat and userdbshadow.dat
 */
#include <stdlib.h>

#include "account/password.h"
#include "account/userdb.h"
#include "auth/backend/backend.h"
#include "build_config.h"
#include "ext/map.h"

#define MODULE_NAME "authuserdb"

/* A compiled table that may be replaced at any time. */
struct table {
	const char *name;
	struct dict *dict; /* NULL: there is none (yet) */
};

struct userdb {
	const char *dir;
	struct table accounts, shadow;
	struct arena *arena; /* of one request */
};

/* --- tables ---------------------------------------------------------------- */

/* Opens the table, again when it was replaced. A table that does not exist is empty. */
static enum st
table_open(const struct userdb *u, struct table *t, struct fault *f)
{
	enum st st;

	if (t->dict != NULL && !map_is_stale(t->dict))
		return ST_OK;
	dict_close(t->dict);
	t->dict = NULL;
	st = map_open(u->dir, t->name, &t->dict, f);
	return st == ST_NOENT ? ST_OK : st;
}

static enum st
table_get(const struct userdb *u, const struct table *t, struct slice key, struct slice *value,
    struct fault *f)
{
	*value = SL("");
	return t->dict != NULL ? dict_get(t->dict, key, u->arena, value, f) : ST_NOENT;
}

/* --- requests -------------------------------------------------------------- */

/* The account of a name, with the password of this service. ST_OK, ST_NOENT, or trouble. */
static enum st
account_find(
    const struct userdb *u, const struct auth_request *r, struct account *acc, struct fault *f)
{
	struct slice fields, shadow;
	enum st st;

	if (userdb_key_check(r->user, f) != ST_OK)
		return ST_NOENT;
	st = table_get(u, &u->accounts, r->user, &fields, f);
	if (st != ST_OK)
		return st;
	st = table_get(u, &u->shadow, r->user, &shadow, f);
	if (st != ST_OK && st != ST_NOENT)
		return st;
	return userdb_account(r->user, fields, shadow, r->service, u->arena, acc, f);
}

/* CRAM types need secrets this back end does not keep; PASSWD would have to change root's file. */
static bool
request_is_possible(const struct auth_request *r)
{
	return r->kind == AUTH_PRE || (r->kind == AUTH_LOGIN && sl_eq(r->type, SL("login")));
}

static enum st
answer_one(const struct userdb *u, const struct auth_request *r, struct buf *out, struct fault *f)
{
	struct account acc = {0};
	enum st st = request_is_possible(r) ? account_find(u, r, &acc, f) : ST_NOENT;

	if (st == ST_OK && r->kind == AUTH_LOGIN && !password_matches(r->secret, acc.password))
		st = ST_NOENT;
	if (st != ST_OK && st != ST_NOENT)
		return st;
	auth_answer_put(r->kind, st == ST_OK ? AUTH_YES : AUTH_NO, &acc, out);
	return ST_OK;
}

struct listing {
	const struct userdb *userdb;
	struct buf *out;
};

static bool
list_one(void *arg, struct slice key, struct slice value)
{
	const struct listing *l = arg;
	struct auth_list_item item = {.kind = AUTH_LIST_ACCOUNT};

	arena_reset(l->userdb->arena);
	if (!sl_starts(key, SL("uid=")) && userdb_account(key, value, SL(""), SL(""),
					       l->userdb->arena, &item.account, NULL) == ST_OK)
		auth_list_put(&item, l->out);
	return buf_ok(l->out);
}

static enum st
answer_list(const struct userdb *u, struct buf *out, struct fault *f)
{
	struct listing l = {u, out};
	enum st st = ST_OK;

	auth_list_put(
	    &(struct auth_list_item){.kind = AUTH_LIST_MODULE, .module = SL(MODULE_NAME)}, out);
	if (u->accounts.dict != NULL)
		st = map_each(u->accounts.dict, list_one, &l, f);
	auth_list_put(&(struct auth_list_item){.kind = AUTH_LIST_END}, out);
	return st;
}

static enum st
answer(void *arg, const struct auth_request *r, struct buf *out, struct fault *f)
{
	struct userdb *u = arg;
	enum st st = table_open(u, &u->accounts, f);

	if (st == ST_OK && r->kind != AUTH_ENUMERATE)
		st = table_open(u, &u->shadow, f);
	if (st != ST_OK)
		return st;
	arena_reset(u->arena);
	if (r->kind == AUTH_ENUMERATE)
		return answer_list(u, out, f);
	return answer_one(u, r, out, f);
}

int
main(void)
{
	const char *dir = getenv("AUTH_CONF_DIR");
	struct userdb u = {.dir = dir != NULL ? dir : BUILD_CONF_DIR};
	int status;

	u.accounts.name = "userdb.dat";
	u.shadow.name = "userdbshadow.dat";
	u.arena = arena_new("request", (size_t)256 * 1024);
	status = auth_backend_serve(answer, &u);
	dict_close(u.accounts.dict);
	dict_close(u.shadow.dict);
	arena_free(u.arena);
	return status;
}
