/*
 * The inside of courierlocal: one process that delivers into the mailboxes of one account (or, with
 * WORKER=uid, of the accounts of one uid), running as that account. docs/DELIVERY.md.
 *
 *   main.c      the daemon's rows, accounts, idling, draining
 *   delivery.c  a frame `deliver`: taken, checked, answered once
 *   run.c       one recipient: its instructions, one after the other
 *   box.c       Maildirs and mbox files
 *   describe.c  what readers will ask about a message
 *   program.c   programs
 *   forward.c   forwarding, through the server's local SMTP socket
 */
#ifndef DAEMON_COURIERLOCAL_LOCAL_H
#define DAEMON_COURIERLOCAL_LOCAL_H

#include "base/arena.h"
#include "base/list.h"
#include "daemon/skel/proc.h"
#include "deliver/file.h"
#include "deliver/instr.h"
#include "maildir/folder.h"

struct local {
	struct proc *p;
	struct loop *loop;
	struct maildir_host host;
	struct list accounts;   /* struct account */
	struct list deliveries; /* struct delivery */
	struct list links;      /* struct link_to: channels to courierd */
	struct list readers;    /* struct link_to: channels to imapd of the same accounts */
	struct list programs;   /* struct program: running, or ended and to be reaped */
	struct list program_queue, mbox_queue; /* struct run, waiting for their turn */
	struct mbox_work *mbox;                /* the one being written */
	size_t programs_running;
	bool draining, ended;
	int64_t worked_ms; /* when the last delivery ended */
	struct timer idle;
	uint64_t delivered, deferred, failed;
};

/* A channel to courierd, or to imapd. */
struct link_to {
	struct list_node node;
	struct channel *c;
};

/* Whose mail. A changed record is a new struct; the old one goes with its last delivery. */
struct account {
	struct list_node node;
	struct local *l;
	struct arena *arena;
	bool is_gone;      /* replaced or revoked: takes nothing new */
	size_t open;       /* deliveries */
	struct list boxes; /* struct box */
	struct slice address, maildir, quota, delivery;
	const char *home;
	struct deliver_plan plan; /* the default instructions */
	struct deliver_instr own; /* of it, when it is only a path */
	struct fault plan_fault;
};

struct delivery {
	struct list_node node;
	struct local *l;
	struct channel *c;
	uint32_t sequence;
	struct account *account;
	struct arena *arena;
	uint64_t number;
	struct slice id, sender;
	int64_t arrived_sec;
	uint32_t flags;
	struct maildir_body body;
	bool verified; /* the body was read once and is what was announced */
	struct run *runs;
	size_t count, left;
};

/* One recipient of a delivery. */
struct run {
	struct delivery *d;
	uint32_t number;
	struct slice address, head;
	char extension[DELIVER_EXT_MAX + 1];
	const char *rest;                                   /* what "default" stood for, or NULL */
	struct deliver_instr *stack[DELIVER_DEPTH_MAX + 1]; /* the next one of each text */
	unsigned levels[DELIVER_DEPTH_MAX + 1]; /* how many ||commands it took to get each text */
	size_t depth;                           /* texts begun */
	unsigned level;                         /* of the text that `now` stands in */
	struct deliver_instr *now;
	struct timer deadline;
	bool over; /* has a result */
	struct fault fault;
	/* What it waits for. */
	struct list_node waits; /* in program_queue or mbox_queue */
	struct maildir_job job;
	struct box *box;
	struct program *program;
	struct forward *forward;
};

/* ---- main.c ---- */

/* A delivery has ended. */
void local_delivered(struct local *l);

/* A message is in a Maildir for good: sessions that read there are told. */
void local_arrived(struct local *l, const struct account *a, struct slice path);

/* The home of an account, opened; -1 with a fault of class 4. */
int account_open_home(const struct account *a, struct fault *f);

/* By its address, among those that take deliveries; NULL: none. */
struct account *account_find(struct local *l, struct slice address);

/* Frees it when it is gone and nothing uses it any more. */
void account_release(struct account *a);

/* ---- delivery.c ---- */

/* The handler of a frame `deliver`; fd is the body when the frame has none, or -1. */
void delivery_take(struct channel *c, uint32_t sequence, const void *message, int fd);

/* A run has its result. */
void delivery_run_over(struct delivery *d);

/* The channel is lost: what is under way for it ends, nothing is reported. */
void delivery_abort_all(struct local *l, const struct channel *c);

/* The body was read through once. ST_OK, or class 4. */
enum st delivery_verify(struct delivery *d, struct fault *f);

/* ---- run.c ---- */

/* Chooses the instructions and begins the first; the result comes by delivery_run_over. */
void run_start(struct run *r);

/* The instruction that was begun has ended: ST_OK: the next one; all else is the result. */
void run_continue(struct run *r, const struct fault *f);

/* The result of the whole run. */
void run_end(struct run *r, const struct fault *f);

/*
 * More instructions, in the place of the one that printed them; is_last: none of the outer ones
 * follow. ST_OK, or class 4: they are none, or too deep.
 */
enum st run_push(struct run *r, struct slice text, bool is_last, struct fault *f);

/* Nothing it began goes on. */
void run_abort(struct run *r);

/* What takes longer than localtimeout is ended. */
void run_arm(struct run *r);

/* ---- box.c ---- */

/* Puts the message into a mailbox. ST_AGAIN: run_continue will be called; else the result. */
enum st box_deliver(struct run *r, struct slice path, struct fault *f);

/* Nothing is told to the run any more; what was begun in the folder ends by itself. */
void box_abort(struct run *r);

/* For maildir_host: turn, and the describer of describe.c. */
void box_wants_turn(void *owner);
extern const struct maildir_describer local_describer;

/* A box of an account's list; does it do nothing now? Frees it. */
struct box *box_of(struct list_node *n);
bool box_is_idle(const struct box *b);
void box_free(struct box *b);

/* ---- program.c ---- */

/* Runs the program of r->now. As box_deliver. */
enum st program_deliver(struct run *r, struct fault *f);

/* Kills it with all it started; its end is told to nobody. */
void program_abort(struct run *r);
/* Tells it to end, and kills it when it does not; the run defers. */
void program_timeout(struct run *r);

/* On SIGCHLD: the ends of programs. arg is the struct local. */
void program_reap(void *arg, int signo);

/* ---- forward.c ---- */

/* Sends the message to the addresses of r->now. As box_deliver. */
enum st forward_deliver(struct run *r, struct fault *f);

/* Closes the connection; a transaction without its end was none. */
void forward_abort(struct run *r);

#endif
