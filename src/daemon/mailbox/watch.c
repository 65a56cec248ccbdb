/*
 * Folders that sessions look at. Who delivers with our programs says so (frame `arrived`); what
 * others do is seen by os/dirwatch.h where the system can watch, and by looking every
 * IMAP_IDLE_TIMEOUT where it cannot. Either way the store looks, and tells the views.
 */
#include "base/arena.h"
#include "daemon/mailbox/worker.h"
#include "maildir/mailbox.h"
#include "net/log.h"

struct folder_watch {
	struct list_node node;
	struct worker_account *account;
	struct mailbox *mailbox;
	size_t users;
	int handles[2]; /* of new/ and cur/; -1: the system cannot */
	struct timer poll;
};

static void
poll_now(struct timer *t)
{
	struct folder_watch *fw = t->arg;
	struct worker *w = fw->account->w;
	int64_t every_ms = worker_conf(w)->idle_poll_sec * 1000;

	mailbox_poke(fw->mailbox);
	loop_timer_at(w->loop, &fw->poll, loop_now(w->loop) + every_ms, poll_now, fw);
}

static void
poll_start(struct folder_watch *fw)
{
	struct worker *w = fw->account->w;

	loop_timer_at(w->loop, &fw->poll, loop_now(w->loop) + worker_conf(w)->idle_poll_sec * 1000,
	    poll_now, fw);
}

static void
dirs_changed(struct watch *ready, unsigned what)
{
	struct worker *w = ready->arg;
	struct folder_watch *fw;

	(void)what;
	while ((fw = dirwatch_next(w->dirs)) != NULL)
		mailbox_poke(fw->mailbox);
}

/* Made late: a worker whose sessions select nothing needs none. */
static void
dirs_open(struct worker *w)
{
	int err;

	if (w->dirs)
		return;
	err = dirwatch_new(&w->dirs);
	if (err != 0) {
		w->dirs = NULL;
		log_event(LOG_LEVEL_WARNING, "watch", KV_I64("errno", -err), KV_END);
		return;
	}
	if (dirwatch_fd(w->dirs) >= 0)
		loop_watch(w->loop, &w->dirs_ready, dirwatch_fd(w->dirs), POLLER_READ,
		    dirs_changed, w);
}

static bool
add_both(struct folder_watch *fw)
{
	struct worker *w = fw->account->w;
	int dirs[2] = {mailbox_new_fd(fw->mailbox), mailbox_cur_fd(fw->mailbox)};

	for (size_t i = 0; i < 2; i++) {
		fw->handles[i] = dirwatch_add(w->dirs, dirs[i], fw);
		if (fw->handles[i] < 0)
			return false;
	}
	return true;
}

struct folder_watch *
folder_watch(struct worker_account *a, struct mailbox *m)
{
	struct worker *w = a->w;
	struct folder_watch *fw;

	LIST_EACH (&w->watched, n) {
		fw = CONTAINER_OF(n, struct folder_watch, node);
		if (fw->mailbox == m) {
			fw->users++;
			return fw;
		}
	}
	fw = mem_get(sizeof(*fw));
	*fw = (struct folder_watch){
	    .account = a, .mailbox = m, .users = 1, .handles = {-1, -1}};
	mailbox_hold(m);
	list_node_init(&fw->node);
	list_append(&w->watched, &fw->node);
	dirs_open(w);
	if (!w->dirs || !add_both(fw))
		poll_start(fw);
	return fw;
}

void
folder_unwatch(struct folder_watch *fw)
{
	struct worker *w;

	if (!fw || --fw->users)
		return;
	w = fw->account->w;
	for (size_t i = 0; i < 2; i++)
		if (fw->handles[i] >= 0)
			dirwatch_remove(w->dirs, fw->handles[i]);
	loop_timer_stop(w->loop, &fw->poll);
	list_remove(&fw->node);
	mailbox_close(fw->mailbox);
	mem_free(fw);
}

/* A path as it stands below the home, else the absolute one; no "./" before, no "/" behind. */
static struct slice
plain(const struct worker_account *a, struct slice path)
{
	if (a->home.n && sl_starts(path, a->home) && path.n > a->home.n &&
	    path.p[a->home.n] == '/')
		path = sl_skip(path, a->home.n + 1);
	while (sl_starts(path, SL("./")))
		path = sl_skip(path, 2);
	while (path.n > 1 && path.p[path.n - 1] == '/')
		path.n--;
	return path;
}

/* "./Maildir/.Lists.x" of an account whose Maildir is "Maildir" is "Lists.x"; "" is INBOX. */
static bool
folder_below(const struct worker_account *a, struct slice path, struct slice *name)
{
	struct slice top = plain(a, a->maildir);

	path = plain(a, path);
	if (!sl_starts(path, top))
		return false;
	*name = sl_skip(path, top.n);
	if (name->n && !sl_starts(*name, SL("/.")))
		return false;
	*name = sl_skip(*name, name->n ? 2 : 0);
	return true;
}

static bool
is_folder(const struct mailbox *m, struct slice below)
{
	struct slice name = mailbox_name(m);

	if (below.n == 0)
		return sl_eq(name, SL("INBOX"));
	return sl_starts(name, SL("INBOX.")) && sl_eq(sl_skip(name, 6), below);
}

/*
 * From a process with a user's uid: it may make us look, at folders that are looked at anyway, and
 * nothing else.
 */
void
watch_arrived(struct channel *ch, uint32_t sequence, const void *message, int fd)
{
	struct worker *w = proc_state(channel_owner(ch));
	const struct ipc_arrived *m = message;
	struct worker_account *a = worker_account_find(w, m->account);
	struct slice below;
	bool known;

	(void)sequence;
	(void)fd;
	if (!a)
		return;
	/* A name in modified UTF-7 is not the one the store shows. */
	known = folder_below(a, m->folder, &below) && sl_find(below, '&') == below.n;
	LIST_EACH (&w->watched, n) {
		struct folder_watch *fw = CONTAINER_OF(n, struct folder_watch, node);

		if (fw->account == a && (!known || is_folder(fw->mailbox, below)))
			mailbox_poke(fw->mailbox);
	}
}

void
watch_free(struct worker *w)
{
	if (!w->dirs)
		return;
	loop_forget(&w->dirs_ready);
	dirwatch_free(w->dirs);
	w->dirs = NULL;
}
