/*
 * Groups of deliveries into one folder.
 */
#include "maildir/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "maildir/quota.h"
#include "maildir/step.h"
#include "os/clock.h"

#define TMP_LOOK_MS (3600 * 1000)
#define TMP_TRIES 16
#define BUFFER_KEPT (64u << 10)

enum phase { PHASE_IDLE, PHASE_WRITES, PHASE_SYNCS_FILES, PHASE_SYNCS_DIRS, PHASE_REPORTS };

/* A message of the group under way. */
struct slot {
	struct maildir_job *job; /* NULL: cancelled */
	struct fault fault;      /* st ST_AGAIN while nothing is decided */
	int fd;                  /* of the file in tmp/, or -1 */
	bool in_tmp, renamed;
	uint64_t file_bytes, wire_bytes;
	void *described; /* the describer's, or NULL */
	char base[MAILDIR_BASE_MAX + 1];
	char tmp[MAILDIR_NAME_MAX + 1];
};

struct maildir_folder {
	const struct maildir_host *host;
	struct maildir_place place;
	struct list waiting; /* struct maildir_job */
	enum phase phase;
	struct maildir dirs;
	int parent, quota_top; /* quota_top is dirs.top or parent */
	bool parent_synced;    /* the entries above new/ are on disk */
	struct maildir_quota quota;
	struct slot *slots;
	size_t count, at; /* slots in use; the one being written */
	struct maildir_reader reader;
	bool reading;
	struct buf buf;
	struct durable_item items[MAILDIR_GROUP];
	struct durable_group group;
	int64_t looked_ms; /* last time at tmp/; 0 = never */
};

int (*maildir_step_hook)(enum maildir_step step);

struct maildir_folder *
maildir_folder_new(const struct maildir_host *host, const struct maildir_place *place)
{
	struct maildir_folder *f = mem_get(sizeof(*f));

	*f = (struct maildir_folder){
	    .host = host, .place = *place, .dirs = MAILDIR_CLOSED, .parent = -1, .quota_top = -1};
	list_init(&f->waiting);
	buf_init(&f->buf, MAILDIR_PIECE_BYTES + (64u << 10));
	return f;
}

bool
maildir_folder_is_idle(const struct maildir_folder *f)
{
	return f->phase == PHASE_IDLE && list_is_empty(&f->waiting);
}

void
maildir_folder_free(struct maildir_folder *f)
{
	if (!f)
		return;
	buf_fini(&f->buf);
	mem_free(f->slots);
	mem_free(f);
}

void
maildir_folder_put(struct maildir_folder *f, struct maildir_job *job)
{
	job->folder = f;
	list_node_init(&job->node);
	list_append(&f->waiting, &job->node);
	if (f->phase == PHASE_IDLE)
		f->host->turn(f->place.owner);
}

/* ---- what is said of a message ---- */

static void
slot_forget(struct maildir_folder *f, struct slot *s)
{
	if (s->described)
		f->host->describer->free(s->described);
	s->described = NULL;
}

/* The message is in new/, and reported: what was found out is left for its readers. */
static void
slot_tell(struct maildir_folder *f, struct slot *s)
{
	char name[MAILDIR_NAME_MAX + 1];
	struct cache_entry entry = {.parts = {SL_NONE}};

	if (s->described && s->renamed && s->fault.st == ST_OK &&
	    f->host->describer->end(s->described, &entry)) {
		maildir_name_sized(s->base, s->file_bytes, s->wire_bytes, name);
		(void)cache_append(f->dirs.top, sl_str(name), &entry);
	}
	slot_forget(f, s);
}

/* ---- one message ---- */

static void
slot_close(struct slot *s)
{
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
}

/* The message will not be stored: its file goes. */
static void
slot_drop(struct maildir_folder *f, struct slot *s)
{
	slot_close(s);
	if (s->in_tmp)
		unlinkat(f->dirs.tmp, s->tmp, 0);
	s->in_tmp = false;
}

static bool
slot_is_open(const struct slot *s)
{
	return s->fault.st == ST_AGAIN;
}

static const struct fault given_up = {
    .st = ST_TEMP, .esc = {4, 3, 0}, .text = "the delivery was given up"};

static void
slot_fail(struct maildir_folder *f, struct slot *s, const struct fault *why)
{
	s->fault = *why;
	slot_drop(f, s);
}

/* A file in tmp/ with a name nobody has; what an earlier process left under it is not ours to
 * judge. */
static enum st
slot_create(struct maildir_folder *f, struct slot *s, struct fault *why)
{
	static uint64_t counter;
	int err = maildir_step(MAILDIR_STEP_CREATE);

	for (int i = 0; !err && i < TMP_TRIES; i++) {
		snprintf(
		    s->tmp, sizeof(s->tmp), "%sP%ldN%" PRIu64, s->base, (long)getpid(), counter++);
		s->fd = openat(f->dirs.tmp, s->tmp,
		    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
		if (s->fd >= 0) {
			s->in_tmp = true;
			return ST_OK;
		}
		if (errno != EEXIST)
			err = errno;
	}
	return maildir_fault(why, err ? err : EEXIST, "creating a file in tmp");
}

static enum st
slot_flush(struct maildir_folder *f, struct slot *s, struct fault *why)
{
	struct slice left = buf_slice(&f->buf);

	if (s->described)
		f->host->describer->feed(s->described, left);
	while (left.n) {
		int err = maildir_step(MAILDIR_STEP_WRITE);
		ssize_t n = err ? -1 : write(s->fd, left.p, left.n);

		if (n < 0 && !err && errno == EINTR)
			continue;
		if (n <= 0)
			return maildir_fault(why,
			    err     ? err
			    : n < 0 ? errno
				    : EIO,
			    "writing the message");
		left = sl_skip(left, (size_t)n);
		s->file_bytes += (uint64_t)n;
	}
	buf_clear(&f->buf);
	return ST_OK;
}

static enum st
slot_begin(struct maildir_folder *f, struct slot *s, struct fault *why)
{
	/* A full mailbox is seen before anything is written, and again when the size is known. */
	enum st st = maildir_quota_admit(f->quota_top, &f->quota, 0, why);

	if (st == ST_OK)
		st = slot_create(f, s, why);
	if (st != ST_OK)
		return st;
	buf_clear(&f->buf);
	maildir_head_put(&f->buf, s->job->head);
	maildir_reader_start(&f->reader, s->job->body, false);
	f->reading = true;
	if (f->host->describer)
		s->described = f->host->describer->begin();
	return ST_OK;
}

/* Writes on. ST_AGAIN: there is more of it. */
static enum st
slot_write(struct maildir_folder *f, struct slot *s, struct fault *why)
{
	enum st st = f->reading ? ST_OK : slot_begin(f, s, why), flushed;

	if (st != ST_OK)
		return st;
	st = maildir_reader_next(&f->reader, &f->buf, why);
	if (st != ST_OK && st != ST_AGAIN)
		return st;
	flushed = slot_flush(f, s, why);
	if (flushed != ST_OK || st == ST_AGAIN)
		return flushed != ST_OK ? flushed : ST_AGAIN;
	s->wire_bytes = s->job->head.n + s->job->body->length + f->reader.added;
	st = maildir_quota_admit(f->quota_top, &f->quota, s->file_bytes, why);
	if (st != ST_OK)
		return st;
	f->quota.pending_bytes += (int64_t)s->file_bytes;
	f->quota.pending_count++;
	return ST_OK;
}

static void
stop_reading(struct maildir_folder *f)
{
	if (f->reading)
		maildir_reader_stop(&f->reader);
	f->reading = false;
}

/* ---- the group: beginning ---- */

/* A subfolder counts in the Maildir above it. */
static void
find_quota_top(struct maildir_folder *f, struct slice name)
{
	struct stat st;

	f->quota_top = f->dirs.top;
	if (name.p[0] == '.' && name.n > 1 &&
	    fstatat(f->dirs.top, "maildirfolder", &st, AT_SYMLINK_NOFOLLOW) == 0)
		f->quota_top = f->parent;
}

static enum st
group_open(struct maildir_folder *f, struct fault *why)
{
	int base = f->place.base(f->place.owner, why);
	struct slice name = SL_NONE;
	enum st st;

	if (base < 0)
		return why->st;
	f->parent = maildir_walk(base, f->place.path, &name, why);
	close(base);
	if (f->parent < 0)
		return why->st;
	st = maildir_open(f->parent, name, f->place.make, &f->dirs, why);
	if (st != ST_OK)
		return st;
	if (f->dirs.created)
		f->parent_synced = false;
	find_quota_top(f, name);
	return maildir_quota_load(f->quota_top, f->place.quota, &f->quota, why);
}

static void
group_close(struct maildir_folder *f)
{
	maildir_close(&f->dirs);
	if (f->parent >= 0)
		close(f->parent);
	f->parent = f->quota_top = -1;
}

static void
mark_found(struct maildir_folder *f, struct slice name)
{
	for (size_t i = 0; i < f->count; i++) {
		struct slot *s = &f->slots[i];

		if (slot_is_open(s) && s->job->is_retry && maildir_name_is(name, sl_str(s->base)))
			s->fault = FAULT_NONE;
	}
}

/* new/ before cur/: a reader moves them in this direction meanwhile. */
static enum st
look_for_earlier_copies(struct maildir_folder *f, struct fault *why)
{
	const int dirs[] = {f->dirs.new, f->dirs.cur};

	for (size_t i = 0; i < COUNT_OF(dirs); i++) {
		int err = maildir_step(MAILDIR_STEP_SCAN);
		struct maildir_walker w;
		const char *name;

		err = err ? -err : maildir_walker_open(dirs[i], &w);
		if (err)
			return maildir_fault(why, -err, "looking for an earlier copy");
		while ((name = maildir_walker_next(&w)) != NULL)
			mark_found(f, sl_str(name));
		maildir_walker_close(&w);
	}
	return ST_OK;
}

static void
fail_all(struct maildir_folder *f, const struct fault *why)
{
	for (size_t i = 0; i < f->count; i++)
		if (slot_is_open(&f->slots[i]))
			slot_fail(f, &f->slots[i], why);
}

static void
slot_take(struct maildir_folder *f, struct slot *s, struct maildir_job *job)
{
	list_remove(&job->node);
	*s = (struct slot){.job = job, .fd = -1, .fault = {.st = ST_AGAIN}};
	if (maildir_name_base(&job->key, f->host->me, s->base) == 0)
		fault_set(&s->fault, ST_TEMP, "4.3.0", "the queue id is none");
	/* Twice in one group: the second is the first. */
	for (struct slot *other = f->slots; other < s; other++)
		if (slot_is_open(other) && strcmp(other->base, s->base) == 0)
			s->fault = (struct fault){.st = ST_EXISTS};
}

static void
group_begin(struct maildir_folder *f)
{
	struct list_node *n;
	bool any_retry = false;
	struct fault why;
	enum st st;

	if (!f->slots)
		f->slots = mem_get(MAILDIR_GROUP * sizeof(*f->slots));
	for (f->count = f->at = 0; f->count < MAILDIR_GROUP && (n = list_first(&f->waiting));
	     f->count++) {
		struct maildir_job *job = CONTAINER_OF(n, struct maildir_job, node);

		any_retry |= job->is_retry;
		slot_take(f, &f->slots[f->count], job);
	}
	f->phase = PHASE_WRITES;
	st = group_open(f, &why);
	if (st == ST_OK && any_retry)
		st = look_for_earlier_copies(f, &why);
	if (st != ST_OK)
		fail_all(f, &why);
}

/* ---- the group: its steps ---- */

static void group_report(struct maildir_folder *f);

/* A twin of an earlier slot has the end of that one. */
static void
settle_twins(struct maildir_folder *f)
{
	for (size_t i = 0; i < f->count; i++)
		for (size_t k = 0; k < i && f->slots[i].fault.st == ST_EXISTS; k++)
			if (strcmp(f->slots[k].base, f->slots[i].base) == 0)
				f->slots[i].fault = f->slots[k].fault;
}

static void
dirs_synced(struct durable_group *g)
{
	struct maildir_folder *f = g->arg;
	struct fault why;
	int err = maildir_step(MAILDIR_STEP_SYNC_DIR);

	for (size_t i = 0; i < g->count && !err; i++)
		err = -g->items[i].result;
	if (!err)
		f->parent_synced = true;
	else
		maildir_fault(&why, err, "making the folder durable");
	for (size_t i = 0; i < f->count; i++)
		if (f->slots[i].renamed)
			f->slots[i].fault = err ? why : FAULT_NONE;
	maildir_step(MAILDIR_STEP_REPORT);
	group_report(f);
}

/* new/ holds the names; what stands above it matters once. */
static void
sync_dirs(struct maildir_folder *f)
{
	size_t n = 0;

	f->phase = PHASE_SYNCS_DIRS;
	f->items[n++] = (struct durable_item){.fd = f->dirs.new, .kind = DURABLE_DIR};
	if (!f->parent_synced) {
		f->items[n++] = (struct durable_item){.fd = f->dirs.top, .kind = DURABLE_DIR};
		f->items[n++] = (struct durable_item){.fd = f->parent, .kind = DURABLE_DIR};
	}
	f->group =
	    (struct durable_group){.items = f->items, .count = n, .done = dirs_synced, .arg = f};
	durable_submit(f->host->durable, &f->group);
}

static enum st
slot_rename(struct maildir_folder *f, struct slot *s, struct fault *why)
{
	char name[MAILDIR_NAME_MAX + 1];
	int err = maildir_step(MAILDIR_STEP_RENAME);

	maildir_name_sized(s->base, s->file_bytes, s->wire_bytes, name);
	if (!err && renameat(f->dirs.tmp, s->tmp, f->dirs.new, name) != 0)
		err = errno;
	if (err)
		return maildir_fault(why, err, "renaming into new");
	s->in_tmp = false;
	s->renamed = true;
	return ST_OK;
}

static void
files_synced(struct durable_group *g)
{
	struct maildir_folder *f = g->arg;
	int64_t bytes = 0, count = 0;
	struct fault why;

	for (size_t i = 0, item = 0; i < f->count; i++) {
		struct slot *s = &f->slots[i];
		int err;

		if (s->fd < 0)
			continue;
		err = -g->items[item++].result;
		slot_close(s);
		if (!err)
			err = maildir_step(MAILDIR_STEP_SYNC);
		if (!s->job) {
			slot_fail(f, s, &given_up);
			continue;
		}
		if (err)
			maildir_fault(&why, err, "making the message durable");
		if (err || slot_rename(f, s, &why) != ST_OK) {
			slot_fail(f, s, &why);
			continue;
		}
		bytes += (int64_t)s->file_bytes;
		count++;
	}
	if (count == 0) {
		group_report(f);
		return;
	}
	maildir_quota_add(f->quota_top, &f->quota, bytes, count);
	sync_dirs(f);
}

static void
sync_files(struct maildir_folder *f)
{
	size_t n = 0;

	for (size_t i = 0; i < f->count; i++)
		if (f->slots[i].fd >= 0)
			f->items[n++] =
			    (struct durable_item){.fd = f->slots[i].fd, .kind = DURABLE_FILE};
	if (n == 0) {
		group_report(f);
		return;
	}
	f->phase = PHASE_SYNCS_FILES;
	f->group =
	    (struct durable_group){.items = f->items, .count = n, .done = files_synced, .arg = f};
	durable_submit(f->host->durable, &f->group);
}

/* ---- the group: its end ---- */

/* Files that a crash left behind. */
static void
clean_tmp(struct maildir_folder *f)
{
	int64_t now_ms = clock_mono_ms();

	if (f->dirs.tmp < 0 || (f->looked_ms && now_ms - f->looked_ms < TMP_LOOK_MS))
		return;
	f->looked_ms = now_ms ? now_ms : 1;
	maildir_clean_tmp(f->dirs.tmp, clock_wall_ms() / 1000);
}

static void
group_report(struct maildir_folder *f)
{
	f->phase = PHASE_REPORTS;
	settle_twins(f);
	for (size_t i = 0; i < f->count; i++) {
		struct slot *s = &f->slots[i];
		struct maildir_job *job = s->job;

		s->job = NULL;
		if (job) {
			job->folder = NULL;
			job->done(job, &s->fault);
		}
	}
	for (size_t i = 0; i < f->count; i++)
		slot_tell(f, &f->slots[i]);
	clean_tmp(f);
	group_close(f);
	if (f->buf.cap > BUFFER_KEPT)
		buf_fini(&f->buf);
	f->count = 0;
	f->phase = PHASE_IDLE;
	if (!list_is_empty(&f->waiting))
		f->host->turn(f->place.owner);
}

/* Writes the slots in order, as far as this turn goes. */
static void
group_write(struct maildir_folder *f)
{
	uint64_t written = 0;

	while (f->at < f->count) {
		struct slot *s = &f->slots[f->at];
		uint64_t before = s->file_bytes;
		struct fault why;
		enum st st;

		if (!slot_is_open(s)) {
			f->at++;
			continue;
		}
		if (written >= MAILDIR_TURN_BYTES) {
			f->host->turn(f->place.owner);
			return;
		}
		st = slot_write(f, s, &why);
		written += s->file_bytes - before;
		if (st == ST_AGAIN)
			continue;
		stop_reading(f);
		if (st != ST_OK)
			slot_fail(f, s, &why);
		f->at++;
	}
	sync_files(f);
}

void
maildir_folder_run(struct maildir_folder *f)
{
	if (f->phase == PHASE_IDLE && !list_is_empty(&f->waiting))
		group_begin(f);
	if (f->phase == PHASE_WRITES)
		group_write(f);
}

void
maildir_job_cancel(struct maildir_job *job)
{
	struct maildir_folder *f = job->folder;

	if (!f)
		return;
	job->folder = NULL;
	if (list_is_linked(&job->node)) {
		list_remove(&job->node);
		return;
	}
	for (size_t i = 0; i < f->count; i++) {
		struct slot *s = &f->slots[i];

		if (s->job != job)
			continue;
		if (f->phase == PHASE_WRITES) {
			if (i == f->at)
				stop_reading(f);
			slot_fail(f, s, &given_up);
		}
		s->job = NULL;
	}
}
