/*
 * A home, a folder, messages.
 */
#include "maildir/tests/store.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/check.h"

/* A hash for tests: four sums over the octets, each with a start of its own. */
struct sum {
	uint64_t v[4];
};

static void *
sum_start(void)
{
	struct sum *s = mem_get(sizeof(*s));

	*s = (struct sum){{1, 2, 3, 4}};
	return s;
}

static void
sum_update(void *state, struct slice in)
{
	struct sum *s = state;

	for (size_t i = 0; i < in.n; i++)
		for (size_t k = 0; k < COUNT_OF(s->v); k++)
			s->v[k] = (s->v[k] ^ in.p[i]) * UINT64_C(1099511628211);
}

static void
sum_finish(void *state, unsigned char out[DIGEST_MAX])
{
	memcpy(out, state, sizeof(struct sum));
	mem_free(state);
}

const struct digest_ops store_hash = {
    "sum", sizeof(struct sum), sum_start, sum_update, sum_finish, mem_free};

void
store_digest(struct slice in, unsigned char out[DIGEST_MAX])
{
	void *state = sum_start();

	sum_update(state, in);
	sum_finish(state, out);
}

static int
open_home(void *owner, struct fault *f)
{
	struct store *s = owner;
	int fd = open(s->home, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		fault_set(f, ST_TEMP, "4.3.0", "no home");
	return fd;
}

static void
turn(void *owner)
{
	((struct store *)owner)->wants_turn = true;
}

void
store_open(struct store *s)
{
	*s = (struct store){0};
	check_folder_new(NULL, s->home);
	if (durable_new(&s->durable, 8) != 0)
		abort();
	s->host = (struct maildir_host){
	    .durable = s->durable, .me = SL("mail.example.test"), .turn = turn};
	s->place = (struct maildir_place){
	    .base = open_home, .owner = s, .path = SL("./Maildir"), .make = MAILDIR_MAKE};
	s->folder = maildir_folder_new(&s->host, &s->place);
}

void
store_close(struct store *s)
{
	maildir_folder_free(s->folder);
	durable_free(s->durable);
	check_folder_remove(s->home);
}

void
store_run(struct store *s)
{
	while (s->wants_turn || durable_pending(s->durable)) {
		struct pollfd p = {.fd = durable_fd(s->durable), .events = POLLIN};

		if (s->wants_turn) {
			s->wants_turn = false;
			maildir_folder_run(s->folder);
		}
		if (durable_pending(s->durable) && poll(&p, 1, s->wants_turn ? 0 : 30000) > 0)
			durable_dispatch(s->durable);
	}
	CHECK(maildir_folder_is_idle(s->folder));
}

static void
letter_done(struct maildir_job *job, const struct fault *f)
{
	struct letter *l = job->arg;

	l->fault = *f;
	l->answers++;
}

void
letter_init(struct letter *l, const char *id, uint32_t recipient, struct slice text)
{
	*l = (struct letter){
	    .body = {.bytes = text, .fd = -1, .length = text.n, .hash = &store_hash},
	    .job = {.key = {.id = sl_str(id), .recipient = recipient, .arrived_sec = 1700000000},
		.head = SL("Return-Path: <a@b.test>\r\nDelivered-To: c@d.test\r\n"),
		.done = letter_done},
	    .fault = {.st = ST_AGAIN},
	};
	l->job.body = &l->body;
	l->job.arg = l;
	store_digest(text, l->body.digest);
}

static size_t
scan(const struct store *s, const char *dir, char *first)
{
	char path[512];
	struct dirent *e;
	size_t n = 0;
	DIR *d;

	snprintf(path, sizeof(path), "%s/%s", s->home, dir);
	d = opendir(path);
	while (d && (e = readdir(d)) != NULL)
		if (e->d_name[0] != '.' && n++ == 0 && first)
			snprintf(first, 256, "%s", e->d_name);
	if (d)
		closedir(d);
	return n;
}

size_t
store_count(const struct store *s, const char *dir)
{
	return scan(s, dir, NULL);
}

bool
store_first(const struct store *s, const char *dir, char name[256])
{
	return scan(s, dir, name) > 0;
}

struct slice
store_read(const struct store *s, const char *dir, const char *name, struct buf *out)
{
	char path[1024], first[256];
	ssize_t n;
	int fd;

	if (!name && store_first(s, dir, first))
		name = first;
	snprintf(path, sizeof(path), "%s/%s/%s", s->home, dir, name ? name : "");
	fd = open(path, O_RDONLY);
	buf_clear(out);
	for (unsigned char *room;
	     fd >= 0 && (room = buf_room(out, 65536)) && (n = read(fd, room, 65536)) > 0;)
		buf_added(out, (size_t)n);
	if (fd >= 0)
		close(fd);
	return buf_slice(out);
}

void
store_touch(const struct store *s, const char *path, struct slice content)
{
	char full[1024];
	int fd;

	snprintf(full, sizeof(full), "%s/%s", s->home, path);
	fd = open(full, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (fd < 0 || write(fd, content.p, content.n) != (ssize_t)content.n)
		abort();
	close(fd);
}
