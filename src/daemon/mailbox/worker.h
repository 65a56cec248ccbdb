/*
 * The frame of an account's worker (imapd, pop3d): a process that runs as the account and serves
 * its sessions. The frame takes accounts and sessions over (docs/HANDOFF.md), has one store for
 * each account, watches folders, ends when idle, drains, and logs. What is said is the daemon's: an
 * engine, and functions that answer its questions (docs/MAILBOXES.md).
 *
 *   worker.c   accounts, idling, draining, what master asks
 *   client.c   a session from its frame to its LOGOUT line
 *   maildir.c  an account's Maildir, opened, and the store on it
 *   shell.c    without master, on standard input and output
 *   watch.c    folders that sessions look at: notices, dirwatch, polling
 */
#ifndef DAEMON_MAILBOX_WORKER_H
#define DAEMON_MAILBOX_WORKER_H

#include "base/kv.h"
#include "base/list.h"
#include "daemon/skel/proc.h"
#include "maildir/store.h"
#include "net/session.h"
#include "os/dirwatch.h"

struct client;
struct mailbox;
struct worker;

/* Most rows a daemon adds to the line that ends a session. */
#define WORKER_FIGURES 4

/* What makes a worker this one. */
struct worker_def {
	const char *role;     /* "imapd" */
	const char *service;  /* of tickets and sessions: "imap" */
	const char *protocol; /* in logs: "IMAP" */
	size_t state_bytes;   /* of the daemon's struct, which begins with struct worker */
	size_t client_bytes;  /* of its struct for a session, which begins with struct client */
	size_t memory_max;    /* of the arena of a session */
	const struct session_ops *session; /* .closed is client_closed */
	const struct conf_mailservice *(*conf)(const struct conf *c);
	/* After the configuration is there, and whenever it is replaced; NULL: nothing to do. */
	enum st (*configure)(struct worker *w, struct fault *f);
	/* Appends lines NAME=value to what `courier status` says of the process; or NULL. */
	void (*status)(const struct worker *w, struct buf *out);
	/*
	 * A session: c is zeroed but for the frame's part, c->session is still NULL. m is borrowed.
	 * The engine, in c->arena, or NULL with f: the session is refused.
	 */
	struct engine *(*open)(struct client *c, const struct ipc_session *m, struct fault *f);
	/*
	 * It is over: give back what is not in c->arena, nothing under way may call back. Fills
	 * what the log shall say, e.g. headers and body.
	 */
	void (*end)(struct client *c, struct kv figures[WORKER_FIGURES + 1]);
};

/* The process. */
struct worker {
	struct proc *p; /* NULL before the first account, and when it was run from a shell */
	struct loop *loop;
	const struct worker_def *def;
	const struct conf *conf; /* in force */
	struct slice me;       /* this server's name, for file names */
	struct list accounts;  /* struct worker_account */
	struct list clients;   /* struct client */
	struct list early;     /* sessions of accounts that master has not named yet */
	struct list links;     /* struct worker_link: channels to login */
	struct list watched;   /* struct folder_watch */
	struct dirwatch *dirs; /* made when the first folder is selected */
	struct watch dirs_ready;
	size_t client_count;
	uint64_t served;
	bool draining, ended;
	int64_t idle_since_ms; /* when the last session ended */
	struct timer idle;
	const char *write_dirs[2]; /* for the sandbox */
};

/* Whose mail. */
struct worker_account {
	struct list_node node;
	struct worker *w;
	struct slice address, home, maildir, quota; /* maildir as the record says, never empty */
	struct arena *arena;
	bool is_gone; /* revoked, or replaced: takes no session, ends with its last one */
	size_t sessions;
	struct store_host host;
	struct store *store; /* NULL: the Maildir cannot be opened; tried again for each session */
	struct deferred turn;
	struct timer later;
};

/* A session. The daemon's struct begins with it. */
struct client {
	struct list_node node;
	struct worker *w;
	struct worker_account *account;
	struct arena *arena; /* the engine, and what lives as long as the session */
	struct session *session;
	struct channel *login; /* where it came from, while that is there; or NULL */
	uint64_t number, login_number; /* ours and login's of it */
	int64_t since_ms;
	uint32_t port;
	bool tls;
	char ip[47];
};

/* main() of the daemon: `imapd` by master, `imapd MAILDIR` from a shell. */
int worker_main(int argc, char **argv, const struct worker_def *def);

/* The second of them, shell.c: one session on standard input and output; the exit status. */
int worker_shell(const char *maildir, const struct worker_def *def);

/* Empty lists; def, loop and conf are set. */
void worker_init(struct worker *w);

/* The configuration of the service. */
const struct conf_mailservice *worker_conf(const struct worker *w);

/* ---- client.c ---- */

/* Handler of IPC_session. */
void client_take(struct channel *ch, uint32_t sequence, const void *message, int fd);

/*
 * A session on stream (taken over) for account; m says what is known of it, login (or NULL) is told
 * of its end. ST_OK, or why not: the stream is closed then.
 */
enum st client_begin(struct worker_account *a, const struct ipc_session *m, struct channel *login,
    struct stream *stream, struct fault *f);

/* session_ops.closed of every worker. */
void client_closed(struct session *s, enum engine_why why);

/* Master has named an account: sessions that came before it begin. */
void clients_retry(struct worker *w);

/* A channel to login is gone: sessions that came by it go on, those that wait do not begin. */
void clients_forget(struct worker *w, const struct channel *login);

/* Answers a question; f NULL: yes. */
void client_answer(
    struct client *c, uint32_t number, const struct fault *f, const void *detail);

/* As in proc_def. */
void clients_who(struct proc *p, struct buf *out);
void clients_kick(struct proc *p, struct slice what, struct buf *ended);

/* Tells all sessions of an account (NULL: all there are) an event. */
void clients_tell(
    struct worker *w, const struct worker_account *a, enum engine_event_kind kind);

/* ---- worker.c ---- */

/* The account with this address that takes sessions; NULL: none. */
struct worker_account *worker_account_find(struct worker *w, struct slice address);

/* The number of sessions has changed. */
void worker_busy(struct worker *w);

/* A session has ended. */
void worker_left(struct worker_account *a);

/* An account of these facts; ST_OK with *out, or a mistake in the record. */
enum st worker_account_new(struct worker *w, const struct ipc_account *m,
    struct worker_account **out, struct fault *f);

/* ---- maildir.c ---- */

/* Opens the Maildir when it is not open. ST_OK, or a fault of class 4. */
enum st worker_account_open(struct worker_account *a, struct fault *f);
void worker_account_close(struct worker_account *a);

/* ---- watch.c ---- */

/*
 * Changes that others make in a folder are noticed from now on, until as many folder_unwatch: the
 * store is told (mailbox_poke), and it tells the views.
 */
struct folder_watch *folder_watch(struct worker_account *a, struct mailbox *m);
void folder_unwatch(struct folder_watch *fw);

/* Handler of IPC_arrived. */
void watch_arrived(struct channel *ch, uint32_t sequence, const void *message, int fd);

/* Forgets the watcher; no folder is watched any more. */
void watch_free(struct worker *w);

#endif
