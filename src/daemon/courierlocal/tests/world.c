/*
 * Master and courierd, as far as a worker sees them.
 */
#include "daemon/courierlocal/tests/world.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/check.h"
#include "conf/conf.h"
#include "ext/hash.h"
#include "os/clock.h"
#include "os/fdpass.h"

#define PATIENCE_MS 60000

/* ---- files ---- */

static void
path_of(const struct world *w, const char *path, char out[512])
{
	snprintf(out, 512, "%s/%s", w->dir, path);
}

static void
make_dir(const struct world *w, const char *path)
{
	char full[512];

	path_of(w, path, full);
	if (mkdir(full, 0700) != 0 && errno != EEXIST)
		abort();
}

void
world_write(const struct world *w, const char *path, const char *text)
{
	char full[512];
	int fd;

	path_of(w, path, full);
	unlink(full);
	fd = open(full, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		abort();
	close(fd);
}

struct slice
world_read(const struct world *w, const char *path, struct buf *out)
{
	char full[512];
	unsigned char *room;
	ssize_t n;
	int fd;

	path_of(w, path, full);
	fd = open(full, O_RDONLY);
	buf_clear(out);
	while (fd >= 0 && (room = buf_room(out, 4096)) && (n = read(fd, room, 4096)) > 0)
		buf_added(out, (size_t)n);
	if (fd >= 0)
		close(fd);
	return buf_slice(out);
}

size_t
world_count(const struct world *w, const char *path)
{
	char full[512];
	struct dirent *e;
	size_t n = 0;
	DIR *d;

	path_of(w, path, full);
	d = opendir(full);
	while (d && (e = readdir(d)) != NULL)
		n += e->d_name[0] != '.';
	if (d)
		closedir(d);
	return n;
}

/* ---- the world ---- */

void
world_configure(struct world *w)
{
	char full[512];
	struct conf_report report;
	struct conf conf;
	struct fault f;
	FILE *file = tmpfile();
	int dir;

	path_of(w, "etc", full);
	dir = open(full, O_RDONLY | O_DIRECTORY);
	conf_report_init(&report);
	if (!file || dir < 0 ||
	    conf_load(&(struct conf_source){dir, full, "mail.example.test"}, &conf, &report) !=
		ST_OK)
		abort();
	if (w->snapshot_fd >= 0)
		close(w->snapshot_fd);
	w->snapshot_fd = fcntl(fileno(file), F_DUPFD_CLOEXEC, 3);
	fclose(file);
	if (conf_snapshot_write(&conf, w->snapshot_fd, &f) != ST_OK)
		abort();
	conf_report_fini(&report);
	conf_fini(&conf);
	close(dir);
}

void
world_open(struct world *w)
{
	/* In memory where that is possible: it is not the disk that these tests look at. */
	world_open_in(w, access("/dev/shm", W_OK | X_OK) == 0 ? "/dev/shm" : "/tmp");
}

void
world_open_in(struct world *w, const char *parent)
{
	*w = (struct world){.snapshot_fd = -1};
	check_folder_new(parent, w->dir);
	make_dir(w, "etc");
	make_dir(w, "run");
	make_dir(w, "run/smtp");
	signal(SIGPIPE, SIG_IGN);
	channel_identify("test", "test");
	w->loop = loop_new(NULL, NULL, 0);
	world_configure(w);
}

void
world_close(struct world *w)
{
	loop_turn(w->loop, 0);
	loop_free(w->loop);
	close(w->snapshot_fd);
	check_folder_remove(w->dir);
}

void
world_turns(struct world *w, int64_t ms)
{
	int64_t end = clock_mono_ms() + ms;

	do
		loop_turn(w->loop, 10);
	while (clock_mono_ms() < end);
}

bool
world_wait(struct world *w, const unsigned *count, unsigned want)
{
	int64_t end = clock_mono_ms() + PATIENCE_MS;

	while (*count < want && clock_mono_ms() < end)
		loop_turn(w->loop, 100);
	return *count >= want;
}

bool
world_gone(struct world *w, pid_t pid)
{
	int64_t end = clock_mono_ms() + PATIENCE_MS;

	/* A zombie that nobody reaps counts as gone: it runs no more. */
	while (clock_mono_ms() < end) {
		char path[64], state = 0;
		FILE *f;

		if (kill(pid, 0) != 0)
			return true;
		snprintf(path, sizeof(path), "/proc/%ld/stat", (long)pid);
		f = fopen(path, "r");
		if (f && fscanf(f, "%*d %*s %c", &state) == 1 && state == 'Z') {
			fclose(f);
			return true;
		}
		if (f)
			fclose(f);
		loop_turn(w->loop, 10);
	}
	return false;
}

/* ---- a worker ---- */

static void
on_ready(struct channel *c, uint32_t sequence, const void *message, int fd)
{
	(void)sequence;
	(void)message;
	(void)fd;
	((struct worker *)channel_owner(c))->is_ready = true;
}

static void
on_idle(struct channel *c, uint32_t sequence, const void *message, int fd)
{
	(void)sequence;
	(void)message;
	(void)fd;
	((struct worker *)channel_owner(c))->idle_notes++;
}

static void
control_closed(struct channel *c, const struct fault *why)
{
	(void)why;
	((struct worker *)channel_owner(c))->control = NULL;
}

static void
link_closed(struct channel *c, const struct fault *why)
{
	struct worker *k = channel_owner(c);

	(void)why;
	for (size_t i = 0; i < WORLD_LINKS; i++)
		if (k->links[i] == c) {
			k->links[i] = NULL;
			k->lost[i] = true;
		}
}

void
worker_add_link(struct worker *k)
{
	static const struct channel_handler handlers[] = {{IPC_idle, on_idle}, {0, NULL}};
	static uint32_t number;
	int fds[2];
	size_t i = 0;

	if (fdpass_pair(fds) != 0)
		abort();
	channel_note(k->control, IPC_peer,
	    &(struct ipc_peer){.role = SL("courierd"), .index = number++}, fds[0]);
	while (k->links[i])
		i++;
	k->lost[i] = false;
	k->links[i] = channel_new(k->w->loop, fds[1],
	    &(struct channel_opts){.name = "courierlocal",
		.sends = IPC_LINK_DELIVER_ASK,
		.receives = IPC_LINK_DELIVER_SAY,
		.handlers = handlers,
		.closed = link_closed,
		.owner = k});
}

void
worker_add_account(struct worker *k, const char *name, const char *quota)
{
	char home[128];

	snprintf(home, sizeof(home), "%s/%s", k->w->dir, name);
	channel_note(k->control, IPC_account,
	    &(struct ipc_account){.address = sl_str(name),
		.uid = (uint32_t)geteuid(),
		.gid = (uint32_t)getegid(),
		.home = sl_str(home),
		.quota = sl_str(quota)},
	    -1);
}

static void
status_came(
    struct channel_call *call, uint16_t type, const void *message, int fd, const struct fault *f)
{
	(void)type;
	(void)message;
	(void)fd;
	(void)f;
	++*(unsigned *)call->arg;
}

void
worker_settle(struct worker *k)
{
	unsigned came = 0;
	struct channel_call call = {.fn = status_came, .arg = &came};

	channel_request(k->control, &call, IPC_ask_status, &(struct ipc_ask_status){0}, -1);
	CHECK(world_wait(k->w, &came, 1));
}

/* Only for a master with many workers. */
static void
on_busy(struct channel *c, uint32_t sequence, const void *message, int fd)
{
	(void)c;
	(void)sequence;
	(void)message;
	(void)fd;
}

static void
become_worker(int control)
{
	const char *build = getenv("top_builddir");
	char path[512];

	if (dup2(control, 3) != 3)
		_exit(71);
	close(4); /* no log socket: lines go to stderr */
	snprintf(
	    path, sizeof(path), "%s/src/daemon/courierlocal/courierlocal", build ? build : ".");
	execl(path, "courierlocal", (char *)NULL);
	_exit(72);
}

void
worker_start(struct world *w, struct worker *k, const char *name)
{
	static const struct channel_handler handlers[] = {
	    {IPC_ready, on_ready}, {IPC_busy, on_busy}, {0, NULL}};
	char run[128];
	int fds[2];

	*k = (struct worker){.w = w};
	if (fdpass_pair(fds) != 0)
		abort();
	k->pid = fork();
	if (k->pid == 0)
		become_worker(fds[1]);
	close(fds[1]);
	k->control = channel_new(w->loop, fds[0],
	    &(struct channel_opts){.name = "worker",
		.sends = IPC_LINK_MASTER_DOWN,
		.receives = IPC_LINK_MASTER_UP,
		.handlers = handlers,
		.closed = control_closed,
		.owner = k});
	snprintf(run, sizeof(run), "%s/run", w->dir);
	channel_note(k->control, IPC_identity,
	    &(struct ipc_identity){.role = SL("courierlocal"), .run_dir = sl_str(run)}, -1);
	channel_note(k->control, IPC_config, &(struct ipc_config){.serial = 1},
	    fcntl(w->snapshot_fd, F_DUPFD_CLOEXEC, 3));
	make_dir(w, name);
	snprintf(run, sizeof(run), "%s/Maildir", name);
	make_dir(w, run);
	worker_add_account(k, name, "");
	channel_note(k->control, IPC_start, &(struct ipc_start){.serial = 1}, -1);
	worker_add_link(k);
}

int
worker_end(struct worker *k)
{
	int status = -1;

	for (size_t i = 0; i < WORLD_LINKS; i++)
		channel_free(k->links[i]);
	memset(k->links, 0, sizeof(k->links));
	world_gone(k->w, k->pid);
	channel_free(k->control);
	k->control = NULL;
	loop_turn(k->w->loop, 0);
	waitpid(k->pid, &status, 0);
	return status;
}

/* ---- deliveries ---- */

static void
answered(
    struct channel_call *call, uint16_t type, const void *message, int fd, const struct fault *f)
{
	struct parcel *p = call->arg;
	const struct ipc_delivered *m = message;

	(void)fd;
	(void)f;
	p->answers++;
	p->was_lost = m == NULL;
	if (!m || type != IPC_delivered || m->results.n != 1)
		return;
	p->st = m->results.v[0].st;
	p->esc[0] = m->results.v[0].class;
	p->esc[1] = m->results.v[0].subject;
	p->esc[2] = m->results.v[0].detail;
	snprintf(p->text, sizeof(p->text), "%.*s", SL_FMT(m->results.v[0].text));
}

static int
body_file(struct slice text)
{
	FILE *file = tmpfile();
	int fd;

	if (!file || fwrite(text.p, 1, text.n, file) != text.n || fflush(file) != 0)
		abort();
	fd = fcntl(fileno(file), F_DUPFD_CLOEXEC, 3);
	fclose(file);
	return fd;
}

void
parcel_send(struct worker *k, size_t link, struct parcel *p, const struct order *o)
{
	unsigned char digest[DIGEST_MAX];
	static uint64_t number;
	struct ipc_target target = {
	    .number = o->number,
	    .address = sl_str(o->address ? o->address : "u@example.test"),
	    .extension = sl_str(o->extension),
	};
	struct ipc_deliver m = {
	    .delivery = number++,
	    .id = sl_str(o->id),
	    .account = sl_str(o->account ? o->account : "u"),
	    .sender = sl_str(o->sender ? o->sender : "sender@example.test"),
	    .arrived_sec = 1700000000,
	    .flags = o->is_retry ? DELIVER_RETRY : 0,
	    .length = o->text.n,
	    .body = o->by_fd ? SL_NONE : o->text,
	};

	hash_once(&hash_sha256, o->text, digest);
	digest[0] ^= o->spoil_digest;
	m.digest = sl_mem(digest, DIGEST_SHA256);
	m.targets.v = &target;
	m.targets.n = 1;
	*p = (struct parcel){.call = {.fn = answered, .arg = p}, .st = 255};
	if (!k->links[link]) {
		p->answers = 1;
		p->was_lost = true;
		return;
	}
	channel_request(
	    k->links[link], &p->call, IPC_deliver, &m, o->by_fd ? body_file(o->text) : -1);
}
