/*
 * The configuration as master gets it: read and checked by confcheck, a process of the mail user;
 * taken over as a snapshot, and kept as the last good copy. That copy, which belongs to root, is
 * what the processes read: nobody but us can write to it.
 */
#include "daemon/master/master.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "conf/snapshot.h"
#include "net/bound.h"

/* Who waits for the check under way, there is at most one, and the process that makes it. */
static config_fn *waiting;
static const struct child *checker;

static void
check_ended(struct master *m, bool ok, struct slice report)
{
	config_fn *fn = waiting;

	waiting = NULL;
	checker = NULL;
	if (fn)
		fn(m, ok, report);
}

bool
config_check(struct master *m, config_fn *fn)
{
	const struct role *r = roles;

	if (waiting)
		return false;
	waiting = fn;
	while (!r->is_checker)
		r++;
	checker = child_worker(m, r, NULL, "");
	if (!checker)
		check_ended(m, false, SL("the configuration cannot be checked now\n"));
	return true;
}

/* One that has said its result may end when the next check is under way already. */
void
config_unchecked(const struct child *c)
{
	if (c == checker)
		check_ended(c->m, false,
		    SL("the check of the configuration ended without a result\n"));
}

/* What the hungriest row needs must fit; children take what is theirs of it. The name to lower is
 * said. */
static enum st
check_limits(const struct master *m, const struct conf *c, struct fault *f)
{
	const struct role *most = &roles[0];
	size_t need, have;

	for (size_t i = 1; i < role_count; i++)
		if (role_fds(&roles[i], c) > role_fds(most, c))
			most = &roles[i];
	need = role_fds(most, c);
	/* Root may raise its limit each time; others must not give away what they have. */
	have = privs_limit_fds(m->root ? need : SIZE_MAX >> 1);
	if (have >= need)
		return ST_OK;
	return fault_set(f, ST_LIMIT, "",
	    "%s needs %zu descriptors, the system allows %zu: raise the limit or lower %s",
	    most->name, need, have, most->fds_names ? most->fds_names : "the number of processes");
}

/* The snapshot is in force from now on, or nothing has changed. */
static enum st
take_over(struct master *m, struct conf *fresh, struct fault *f)
{
	char path[PATHS_MAX + 32];
	int fd = -1;
	enum st st = check_limits(m, fresh, f);

	snprintf(path, sizeof(path), "%s/config.snapshot", m->paths.state_dir);
	if (st == ST_OK) {
		st = sockets_bind(m, fresh, f);
		/* The one sync that this loop waits for: nothing of ours is on its way meanwhile.
		 */
		if (st == ST_OK)
			st = conf_snapshot_keep(fresh, path, &fd, f);
		bound_end(&m->sockets, st == ST_OK);
	}
	if (st != ST_OK) {
		conf_fini(fresh);
		mem_free(fresh);
		return st;
	}
	if (m->conf) {
		conf_fini(m->conf);
		mem_free(m->conf);
		close(m->snapshot_fd);
	}
	m->conf = fresh;
	m->snapshot_fd = fd;
	m->serial++;
	return ST_OK;
}

static enum st
take_text(struct master *m, struct slice snapshot, struct fault *f)
{
	struct conf *fresh = mem_get(sizeof(*fresh));
	enum st st = conf_snapshot_get(snapshot, fresh, f);

	if (st == ST_OK)
		return take_over(m, fresh, f);
	mem_free(fresh);
	return st;
}

void
config_checked(struct channel *ch, uint32_t sequence, const void *message, int fd)
{
	const struct ipc_checked *k = message;
	struct child *c = channel_owner(ch);
	struct master *m = c->m;
	struct buf report;
	struct fault f;
	bool ok = k->good != 0;

	(void)sequence;
	(void)fd;
	if (c != checker) {
		child_forbidden(c, "checked");
		return;
	}
	child_drain(c, 0);
	buf_init(&report, 60000);
	buf_put(&report, k->report);
	if (ok && take_text(m, k->snapshot, &f) != ST_OK) {
		ok = false;
		buf_fmt(&report, "%s\n", f.text);
	}
	m->last_good = m->last_good && !ok;
	check_ended(m, ok, buf_slice(&report));
	buf_fini(&report);
}

enum st
config_last_good(struct master *m, struct fault *f)
{
	struct conf *fresh = mem_get(sizeof(*fresh));
	char path[PATHS_MAX + 32];
	int fd;
	enum st st;

	snprintf(path, sizeof(path), "%s/config.snapshot", m->paths.state_dir);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	st = fd < 0 ? fault_sys(f, ST_NOENT, "", errno, "%s", path)
		    : conf_snapshot_read(fd, fresh, f);
	if (fd >= 0)
		close(fd);
	if (st != ST_OK)
		mem_free(fresh);
	else
		st = take_over(m, fresh, f);
	m->last_good = st == ST_OK;
	return st;
}
