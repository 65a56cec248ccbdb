/*
 * mailq(1): what waits in the queue. Asks courierd; with --offline reads the queue itself while no
 * server runs. Ordinary users see their own mail.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/date.h"
#include "build_config.h"
#include "cmd/cmd.h"
#include "ipc/channel.h"
#include "queue/queue.h"

static const char usage[] =
    "usage: mailq [-sort] [-batch] [--offline]\n"
    "  -sort      oldest first\n"
    "  -batch     for programs: size;id;date;user;from;[status;recipient;]...\n"
    "  --offline  read the queue folder while no server runs\n";

/* One message as it will be printed. */
struct line {
	int64_t arrived_sec;
	struct buf text;
};

static struct {
	bool sort, batch, offline;
	struct line *lines;
	size_t count, cap;
	uint64_t bytes;
} list;

/* What both sources give. */
struct item {
	struct slice id, sender, auth;
	uint64_t length;
	int64_t arrived_sec, next_sec;
};

static struct buf *
line_new(int64_t arrived_sec)
{
	if (list.count == list.cap) {
		list.cap = list.cap ? 2 * list.cap : 64;
		list.lines = mem_resize(list.lines, list.cap * sizeof(*list.lines));
	}
	struct line *l = &list.lines[list.count++];
	l->arrived_sec = arrived_sec;
	buf_init(&l->text, (size_t)16 << 20);
	return &l->text;
}

/* ';' and control characters would break the form for programs. */
static void
put_word(struct buf *out, struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		buf_put_byte(out, s.p[i] < ' ' || s.p[i] == ';' || s.p[i] == 0x7f ? '?' : s.p[i]);
}

static void
put_head(struct buf *out, const struct item *m)
{
	list.bytes += m->length;
	if (list.batch) {
		buf_fmt(out, "%llu;", (unsigned long long)m->length);
		put_word(out, m->id);
		buf_fmt(out, ";%lld;", (long long)m->arrived_sec);
		put_word(out, m->auth);
		buf_put_byte(out, ';');
		put_word(out, m->sender);
		buf_put_byte(out, ';');
		return;
	}
	buf_fmt(out, "%-34.*s %8llu  ", SL_FMT(m->id), (unsigned long long)m->length);
	date_put_iso(out, m->arrived_sec);
	buf_put_str(out, "  <");
	put_word(out, m->sender);
	buf_put_str(out, ">\n");
}

static void
put_rcpt(struct buf *out, struct slice address, unsigned state, struct slice text)
{
	static const char *const words[] = { "waiting", "delivered", "failed" };
	const char *word = state < COUNT_OF(words) ? words[state] : "?";

	if (list.batch) {
		buf_fmt(out, "%s;", word);
		put_word(out, address);
		buf_put_byte(out, ';');
		return;
	}
	buf_put_str(out, "    ");
	put_word(out, address);
	buf_fmt(out, "  %s", word);
	if (text.n) {
		buf_put_str(out, ": ");
		put_word(out, text);
	}
	buf_put_byte(out, '\n');
}

static void
put_end(struct buf *out, const struct item *m)
{
	if (!list.batch && m->next_sec > 0) {
		buf_put_str(out, "    next attempt ");
		date_put_iso(out, m->next_sec);
	}
	if (list.batch || m->next_sec > 0)
		buf_put_byte(out, '\n');
}

/* ---- from courierd ---- */

static void
take_frame(void *arg, uint16_t type, const void *message)
{
	const struct ipc_cmd_done *done = message;
	const struct ipc_cmd_item *m = message;
	struct fault *verdict = arg;

	if (type == IPC_cmd_done) {
		ipc_verdict_to(done->verdict.v, done->verdict.n, verdict);
		return;
	}
	if (type != IPC_cmd_item)
		return;
	struct item it = { m->id, m->sender, m->auth, m->length, m->arrived_sec, m->next_sec };
	struct buf *out = line_new(m->arrived_sec);
	put_head(out, &it);
	for (uint32_t i = 0; i < m->rcpts.n; i++)
		put_rcpt(out, m->rcpts.v[i].address, m->rcpts.v[i].state, m->rcpts.v[i].text);
	put_end(out, &it);
}

static enum st
ask(const struct paths *p, struct fault *f)
{
	struct fault verdict = FAULT_NONE;
	int fd = cmd_connect(p, "control/courierd", f);
	enum st st;

	if (fd < 0)
		return f->st;
	channel_identify("mailq", BUILD_VERSION);
	st = channel_ask_blocking(fd, IPC_cmd_list, &(struct ipc_cmd_list){ .id = SL_NONE },
	    take_frame, &verdict, f);
	close(fd);
	if (st == ST_OK && verdict.st != ST_OK)
		*f = verdict;
	return st == ST_OK ? verdict.st : st;
}

/* ---- from the folder ---- */

static void
take_message(void *arg, const struct queue_message *m)
{
	struct item it = { sl_str(m->id), queue_text(m, m->sender), queue_text(m, m->auth),
	    m->length, m->arrived_sec, m->next_sec };
	struct buf *out = line_new(m->arrived_sec);

	(void)arg;
	put_head(out, &it);
	for (uint32_t i = 0; i < m->rcpt_count; i++) {
		const struct queue_rcpt *r = &m->rcpts[i];

		put_rcpt(out, queue_text(m, r->address), r->state,
		    r->note ? queue_note_text(r->note) : SL_NONE);
	}
	put_end(out, &it);
}

static enum st
read_offline(const struct paths *p, struct fault *f)
{
	int dirfd = open(p->queue_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	enum st st;

	if (dirfd < 0)
		return fault_sys(f, ST_IO, "", errno, "%s", p->queue_dir);
	st = queue_read_offline(dirfd, take_message, NULL, f);
	close(dirfd);
	return st;
}

/* ---- out ---- */

static int
by_age(const void *a, const void *b)
{
	const struct line *x = a, *y = b;

	return (x->arrived_sec > y->arrived_sec) - (x->arrived_sec < y->arrived_sec);
}

static void
print_all(void)
{
	if (list.sort && list.count)
		qsort(list.lines, list.count, sizeof(*list.lines), by_age);
	for (size_t i = 0; i < list.count; i++) {
		if (list.lines[i].text.n)
			fwrite(list.lines[i].text.p, 1, list.lines[i].text.n, stdout);
		if (!list.batch)
			putchar('\n');
		buf_fini(&list.lines[i].text);
	}
	mem_free(list.lines);
	if (list.batch)
		return;
	if (list.count == 0)
		puts("The queue is empty.");
	else
		printf("%zu message%s, %llu bytes\n", list.count, list.count == 1 ? "" : "s",
		    (unsigned long long)list.bytes);
}

int
main(int argc, char **argv)
{
	static const struct {
		const char *word;
		bool *flag;
	} options[] = { { "-sort", &list.sort }, { "-batch", &list.batch },
	    { "--offline", &list.offline } };
	struct paths p;
	struct fault f;

	for (int i = 1; i < argc; i++) {
		size_t k = 0;

		while (k < COUNT_OF(options) && strcmp(argv[i], options[k].word) != 0)
			k++;
		if (k == COUNT_OF(options)) {
			cmd_complain("mailq", "found \"%s\", expected an option", argv[i]);
			fputs(usage, stderr);
			return EXIT_USAGE;
		}
		*options[k].flag = true;
	}
	cmd_paths(&p);
	if ((list.offline ? read_offline(&p, &f) : ask(&p, &f)) != ST_OK) {
		cmd_complain("mailq", "%s", f.text);
		if (!list.offline && f.st == ST_TEMP)
			fputs("mailq: use --offline to read the queue of a server that does not "
			    "run\n", stderr);
		return f.st == ST_DENIED ? EXIT_NOPERM : EXIT_TEMP;
	}
	print_all();
	return EXIT_GOOD;
}
