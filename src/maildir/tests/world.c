/*
 * A Maildir and a store on it.
 */
#include "maildir/tests/world.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/check.h"
#include "maildir/text.h"
#include "os/clock.h"

static struct world *current; /* for the clock of the host, which has no argument */

static int64_t
wall_sec(void)
{
	return current->wall_sec ? current->wall_sec : clock_wall_ms() / 1000;
}

static void
wake(void *owner, int64_t delay_ms)
{
	struct world *w = owner;

	w->wake_at_ms = clock_mono_ms() + delay_ms;
}

static void
note(void *owner, const struct fault *f)
{
	struct world *w = owner;

	w->notes++;
	snprintf(w->last_note, sizeof(w->last_note), "%s", f->text);
}

void
world_path(const struct world *w, const char *path, char out[512])
{
	snprintf(out, 512, "%s/Maildir/%s", w->home, path);
}

static void
make_dir(const struct world *w, const char *path)
{
	char full[512];

	world_path(w, path, full);
	if (mkdir(full, 0700) != 0)
		abort();
}

void
world_open(struct world *w)
{
	*w = (struct world){.wake_at_ms = INT64_MAX};
	check_folder_new(NULL, w->home);
	make_dir(w, "");
	make_dir(w, "cur");
	make_dir(w, "new");
	make_dir(w, "tmp");
	world_start(w);
}

void
world_start(struct world *w)
{
	char path[512];
	struct fault f;

	current = w;
	if (durable_new(&w->durable, 4) != 0)
		abort();
	w->host = (struct store_host){.durable = w->durable,
	    .wake = wake,
	    .note = note,
	    .owner = w,
	    .wall_sec = wall_sec,
	    .me = SL("mail.example.test"),
	    .quota = w->host.quota};
	w->wake_at_ms = INT64_MAX;
	world_path(w, ".", path);
	w->store = store_new(&w->host, open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), &f);
	if (!w->store)
		abort();
}

/* One turn: what is due of the store, and syncs that ended. False: there is nothing to wait for
 * within a second. */
static bool
turn(struct world *w)
{
	int64_t now = clock_mono_ms();
	bool pending = durable_pending(w->durable) > 0;
	struct pollfd p = {.fd = durable_fd(w->durable), .events = POLLIN};

	if (!pending && w->wake_at_ms > now + 1000)
		return false;
	if (w->wake_at_ms <= now) {
		w->wake_at_ms = INT64_MAX;
		store_turn(w->store);
		now = clock_mono_ms();
		pending = durable_pending(w->durable) > 0;
	}
	if (pending || w->wake_at_ms > now) {
		int64_t wait = w->wake_at_ms > now ? w->wake_at_ms - now : 0;

		if (wait > 1000)
			wait = pending ? 30000 : 0;
		if (poll(&p, 1, (int)wait) > 0)
			durable_dispatch(w->durable);
	}
	return true;
}

void
world_settle(struct world *w)
{
	while (turn(w))
		continue;
}

void
world_stop(struct world *w)
{
	store_free(w->store);
	while (durable_pending(w->durable)) {
		struct pollfd p = {.fd = durable_fd(w->durable), .events = POLLIN};

		if (poll(&p, 1, 30000) > 0)
			durable_dispatch(w->durable);
	}
	durable_free(w->durable);
	w->store = NULL;
}

void
world_close(struct world *w)
{
	if (w->store)
		world_stop(w);
	check_folder_remove(w->home);
}

static void
wish_done(struct store_op *op, const struct fault *f)
{
	struct wish *x = op->arg;
	const uint32_t *uids = op->uids_to ? op->uids_to : op->uids;

	x->fault = *f;
	x->answers++;
	if (uids && op->uid_count)
		x->uid = uids[op->uid_count - 1];
}

struct store_op *
wish(struct wish *x)
{
	*x = (struct wish){.op = {.done = wish_done, .arg = x}, .fault = {.st = ST_AGAIN}};
	return &x->op;
}

enum st
world_await(struct world *w, struct wish *x)
{
	while (x->answers == 0 && turn(w))
		continue;
	CHECK_EQ(x->answers, 1);
	return x->fault.st;
}

struct mailbox *
world_mailbox(struct world *w, const char *name)
{
	struct wish x;

	mailbox_open(w->store, sl_str(name), true, wish(&x));
	return world_await(w, &x) == ST_OK ? x.op.mailbox : NULL;
}

enum st
world_refresh(struct world *w, struct mailbox *m)
{
	struct wish x;

	mailbox_refresh(m, wish(&x));
	return world_await(w, &x);
}

/* ---- other programs ---- */

void
world_file(struct world *w, const char *path, const char *content)
{
	char full[512];
	size_t n = strlen(content);
	int fd;

	world_path(w, path, full);
	fd = open(full, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (fd < 0 || write(fd, content, n) != (ssize_t)n)
		abort();
	close(fd);
}

bool
world_has(struct world *w, const char *path)
{
	char full[512];
	struct stat st;

	world_path(w, path, full);
	return lstat(full, &st) == 0;
}

void
world_rename(struct world *w, const char *from, const char *to)
{
	char a[512], b[512];

	world_path(w, from, a);
	world_path(w, to, b);
	CHECK(rename(a, b) == 0);
}

void
world_unlink(struct world *w, const char *path)
{
	char full[512];

	world_path(w, path, full);
	CHECK(unlink(full) == 0);
}

size_t
world_count(struct world *w, const char *dir)
{
	char full[512];
	struct dirent *e;
	size_t n = 0;
	DIR *d;

	world_path(w, dir, full);
	d = opendir(full);
	while (d && (e = readdir(d)) != NULL)
		n += e->d_name[0] != '.';
	if (d)
		closedir(d);
	return n;
}

struct slice
world_read(struct world *w, const char *path, struct buf *out)
{
	char full[512];
	ssize_t n = 0;
	int fd;

	world_path(w, path, full);
	fd = open(full, O_RDONLY);
	buf_clear(out);
	for (unsigned char *room;
	     fd >= 0 && (room = buf_room(out, 65536)) && (n = read(fd, room, 65536)) > 0;)
		buf_added(out, (size_t)n);
	if (fd >= 0)
		close(fd);
	return buf_slice(out);
}

/* ---- what a session sees ---- */

struct slice
world_text(struct mailbox *m, uint32_t uid, struct buf *out)
{
	struct text t;
	struct fault f;
	uint64_t size = 0;
	enum st st = text_open(m, uid, &t, &f);

	buf_clear(out);
	if (!CHECK(st == ST_OK))
		return SL_NONE;
	CHECK_EQ(text_size(&t, &size, &f), ST_OK);
	do
		st = text_read(&t, out->n, 100000, out, &f);
	while (st == ST_OK);
	CHECK_EQ(st, ST_EOF);
	CHECK_EQ(out->n, size);
	text_close(&t);
	return buf_slice(out);
}

struct slice
world_list(struct mailbox *m, struct buf *out)
{
	static const char letters[] = "DFPRST";
	size_t n;
	const struct message *p = mailbox_messages(m, &n);

	buf_clear(out);
	for (size_t i = 0; i < n; i++) {
		buf_fmt(out, "%s%lu:", i ? " " : "", (unsigned long)p[i].uid);
		for (const char *c = letters; *c; c++)
			if (p[i].flags & MESSAGE_LETTER(*c))
				buf_put_byte(out, (unsigned char)*c);
	}
	return buf_slice(out);
}
