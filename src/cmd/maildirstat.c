/*
 * maildirstat(1): what the folders of a Maildir hold, as IMAP numbers it; and the way back to
 * another server: its lists of UIDs and keywords, written from ours.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "maildir/export.h"
#include "maildir/mailbox.h"
#include "os/clock.h"

#define NAME "maildirstat"

struct run {
	struct durable *durable;
	struct store *store;
	int64_t wake_ms; /* INT64_MAX: nothing is due */
	bool done;
	struct fault fault;
	struct store_op op;
};

static const struct {
	const char *name;
	enum st (*export)(struct mailbox *m, struct fault *f);
} servers[] = {
    {"courier", export_courier},
    {"dovecot", export_dovecot},
};

static void
wake(void *owner, int64_t delay_ms)
{
	((struct run *)owner)->wake_ms = clock_mono_ms() + delay_ms;
}

static void
note(void *owner, const struct fault *f)
{
	(void)owner;
	cmd_complain(NAME, "%s", f->text);
}

static void
opened(struct store_op *op, const struct fault *f)
{
	struct run *r = op->arg;

	r->fault = *f;
	r->done = true;
}

/* Until the operation has ended. */
static void
await(struct run *r)
{
	while (!r->done) {
		struct pollfd p = {.fd = durable_fd(r->durable), .events = POLLIN};
		int64_t left = r->wake_ms == INT64_MAX ? 1000 : r->wake_ms - clock_mono_ms();

		if (left > 0)
			poll(&p, 1, left < 1000 ? (int)left : 1000);
		durable_dispatch(r->durable);
		if (r->wake_ms <= clock_mono_ms()) {
			r->wake_ms = INT64_MAX;
			store_turn(r->store);
		}
	}
}

static struct mailbox *
open_folder(struct run *r, const char *name)
{
	r->done = false;
	r->op = (struct store_op){.done = opened, .arg = r};
	mailbox_open(r->store, sl_str(name), false, &r->op);
	await(r);
	if (r->fault.st == ST_OK)
		return r->op.mailbox;
	cmd_complain(NAME, "%s: %s", name, r->fault.text);
	return NULL;
}

static void
show(struct mailbox *m)
{
	uint64_t bytes = 0;
	size_t count, unseen = 0;
	const struct message *p = mailbox_messages(m, &count);

	for (size_t i = 0; i < count; i++) {
		struct fault f;

		if (message_measure(m, p[i].uid, false, &f) == ST_OK)
			bytes += p[i].file_bytes;
		unseen += !(p[i].flags & MESSAGE_SEEN);
	}
	printf("%s messages=%zu unseen=%zu bytes=%" PRIu64 " uidvalidity=%" PRIu32
	       " uidnext=%" PRIu32 "\n",
	    (const char *)mailbox_name(m).p, count, unseen, bytes, mailbox_uidvalidity(m),
	    mailbox_uidnext(m));
}

/* All folders, one after the other. */
static int
all_folders(struct run *r, int server)
{
	struct store_folders list;
	struct fault f;
	int rc = EXIT_GOOD;

	if (store_folders_read(r->store, &list, &f) != ST_OK) {
		cmd_complain(NAME, "%s", f.text);
		rc = EXIT_IO;
	}
	for (size_t i = 0; i < list.count; i++) {
		struct mailbox *m = list.rows[i].exists ? open_folder(r, list.rows[i].name) : NULL;

		if (!m) {
			rc = list.rows[i].exists ? EXIT_IO : rc;
			continue;
		}
		if (server < 0) {
			show(m);
		} else if (servers[server].export(m, &f) != ST_OK) {
			cmd_complain(NAME, "%s: %s", list.rows[i].name, f.text);
			rc = EXIT_IO;
		}
		mailbox_close(m);
	}
	store_folders_free(&list);
	return rc;
}

static int
run(const char *dir, int server)
{
	struct run r = {.wake_ms = INT64_MAX};
	struct store_host host = {.wake = wake, .note = note, .owner = &r, .me = SL("localhost")};
	int top = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), rc;
	struct fault f;

	if (top < 0) {
		cmd_complain(NAME, "%s: %s", dir, strerror(errno));
		return EXIT_IO;
	}
	if (durable_new(&r.durable, 4) != 0) {
		cmd_complain(NAME, "cannot start");
		close(top);
		return EXIT_TEMP;
	}
	host.durable = r.durable;
	r.store = store_new(&host, top, &f);
	if (!r.store) {
		cmd_complain(NAME, "%s: %s", dir, f.text);
		durable_free(r.durable);
		return EXIT_IO;
	}
	rc = all_folders(&r, server);
	while (durable_pending(r.durable)) {
		struct pollfd p = {.fd = durable_fd(r.durable), .events = POLLIN};

		poll(&p, 1, 1000);
		durable_dispatch(r.durable);
	}
	store_free(r.store);
	durable_free(r.durable);
	return rc;
}

int
main(int argc, char **argv)
{
	umask(077);
	if (argc == 2 && argv[1][0] != '-')
		return run(argv[1], -1);
	for (int i = 0; argc == 4 && i < (int)COUNT_OF(servers); i++)
		if (strcmp(argv[1], "--export") == 0 && strcmp(argv[2], servers[i].name) == 0)
			return run(argv[3], i);
	fputs("usage: maildirstat DIR\n"
	      "       maildirstat --export courier|dovecot DIR\n",
	    stderr);
	return EXIT_USAGE;
}
