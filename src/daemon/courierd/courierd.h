/*
 * courierd: custody of accepted mail (src/queue), whose turn it is (src/sched), and the deliverers.
 *
 *     esmtpd, courierdsn --submit--> custody.c --> work.c: what a message needs next
 *         try      --> dispatch.c --> a deliverer (local.c: tickets, workers; outbound.c)
 *         report   --> report.c   --> courierdsn --submit--> custody.c
 *         wait     --> the queue, which gives it back when due
 *     mailq, cancelmsg, courier flush --> command.c
 */
#ifndef DAEMON_COURIERD_COURIERD_H
#define DAEMON_COURIERD_COURIERD_H

#include "base/hmap.h"
#include "base/list.h"
#include "daemon/skel/proc.h"
#include "net/listener.h"
#include "queue/queue.h"
#include "sched/sched.h"

/* Messages read from msgs/ stay below this many in memory; new ones are always taken. */
#define COURIERD_RESIDENT 4000
#define COURIERD_BATCH 1000 /* recipients of one delivery, of one report: the frames' limit */

enum module_number { MODULE_LOCAL, MODULE_ESMTP, MODULE_EXPANDED, MODULE_OTHER };

struct account;
struct delivery;

/* How a module delivers. */
struct deliverer {
	const char *name;
	/* Begins; ends with delivery_end, now or later. */
	void (*begin)(struct delivery *d);
};

struct courierd {
	struct proc *proc;
	struct queue *queue;
	struct sched *sched;
	struct sched_policy policy;
	int64_t wall_ms, mono_ms; /* both clocks at the start: our time does not step */
	int64_t submit_delay_sec;
	struct list submitters; /* custody.c */
	struct list deliveries; /* open ones */
	struct hmap accounts;   /* local.c */
	struct list outs;       /* outbound.c: processes that deliver to other hosts */
	int64_t out_none_ms;    /* since when there has been none; 0: there was one */
	struct listener *control;

	struct list commands; /* command.c: connections */
	struct deferred dispatch;
	struct timer due, wave;
	int64_t wave_end_ms; /* dispatch.c */
	unsigned wave_count;
	bool wave_open;
	uint64_t next_delivery, next_report;
	struct list reports; /* report.c: asked and not answered */
	bool draining, stopping;
	struct timer drain_end;
	const char *write_dirs[2];
	int queue_fd;
	uint32_t test_segment_bytes; /* 0: as docs/QUEUE.md says */
	struct {
		uint64_t taken, refused, delivered, failed, deferred, completed, reports, lost;
	} counts;
};

/* Beside each message in memory. */
struct work {
	uint32_t under_way; /* deliveries open */
	uint32_t deferred;  /* in this round, for a reason of the message's or the mailbox's */
	int64_t soon_ms;    /* in this round, for want of a way: try again so soon; 0 = none */
	/* came in during our life, and no delivery of it ended without a result */
	bool is_first_try;
	bool reporting;
	bool report_failed; /* in this round: not again before it has waited */
	bool postmaster;    /* the sender cannot be told */
};

static inline struct work *
work_of(const struct queue_message *m)
{
	return m->user;
}

/* One frame to a deliverer. */
struct delivery {
	struct list_node node;  /* courierd->deliveries */
	struct list_node waits; /* for its account's channel */
	struct channel_call call;
	struct courierd *c;
	struct queue_message *m;
	struct sched_dest *dest;
	struct account *account; /* local */
	uint64_t number;
	uint32_t count;
	uint32_t rcpts[]; /* numbers */
};

/* ---- def.c ---- */
extern const struct proc_def courierd_def;
/* Wall seconds, milliseconds since 1970, that never step back. */
int64_t courierd_now_sec(const struct courierd *c);
int64_t courierd_now_ms(const struct courierd *c);
/* Something may be due earlier than thought. */
void courierd_look(struct courierd *c);
/* While draining: the last delivery may have ended. */
void courierd_drain_look(struct courierd *c);

/* ---- custody.c ---- */
extern const struct channel_handler custody_handlers[];
void custody_up(struct proc *p, struct channel *c, uint32_t index);
void custody_down(struct proc *p, struct channel *c, uint32_t index);

/* ---- work.c ---- */
/* Looks at a message of ours and does what is next: try, report, wait, complete. It may be gone
 * afterwards. */
void work_look(struct courierd *c, struct queue_message *m);
/* The result of an attempt; f->st ST_OK: delivered. */
void work_result(struct courierd *c, struct queue_message *m, uint32_t number,
    const struct fault *f, struct slice peer);
/* Will somebody be told of this recipient's end, or delay? */
bool work_owes_report(const struct queue_message *m, uint32_t number);
bool work_owes_warning(const struct queue_message *m, uint32_t number);
void work_cancel(struct courierd *c, struct queue_message *m, uint32_t uid, struct slice reason);

/* ---- dispatch.c ---- */
void dispatch_limits(struct courierd *c);
/* Recipients still owed get their turn. */
void dispatch_put(struct courierd *c, struct queue_message *m);
/* Takes back what has had none. */
void dispatch_drop(struct courierd *c, struct queue_message *m);
/* Has a recipient not had its turn of this round? Then m must not leave memory. */
bool dispatch_has(struct queue_message *m);
void dispatch_kick(struct courierd *c);
/* One recipient's result. */
void delivery_result(struct delivery *d, uint32_t i, const struct fault *f, struct slice peer);
/* No way now: those without a result come again soon. */
void delivery_soon(struct delivery *d, int64_t wait_ms);
/* Frees it; not_before_ms as sched_done. */
void delivery_end(struct delivery *d, int64_t not_before_ms);

/* ---- local.c ---- */
void local_begin(struct delivery *d);
/* Ends what runs for an account; empty: all. */
void local_revoke(struct courierd *c, struct slice account);
size_t local_workers(const struct courierd *c);

/* ---- outbound.c ---- */
extern const struct channel_handler outbound_handlers[];
void outbound_up(struct proc *p, struct channel *channel, uint32_t index);
void outbound_down(struct proc *p, struct channel *channel, uint32_t index);
void outbound_begin(struct delivery *d);
/* What the processes remember about hosts that were out of reach is to be forgotten. */
void outbound_afresh(struct courierd *c);

/* ---- frame.c ---- */
/*
 * Sends d to a deliverer; whose says for whom (account, domain). ST_OK: fn hears the end; else
 * nothing left, and f says why.
 */
enum st delivery_send(struct delivery *d, struct channel *to, struct slice whose,
    void (*fn)(struct channel_call *call, uint16_t type, const void *message, int fd,
    const struct fault *f), struct fault *f);
/* Takes the results of d; false: they do not belong to it, and none was taken. */
bool delivery_take(struct delivery *d, const struct ipc_delivered *m);

/* ---- report.c ---- */
/*
 * Asks courierdsn for a report about what is owed one, warnings included when they are due. Its end
 * looks at m again. False: nothing is owed.
 */
bool report_begin(struct courierd *c, struct queue_message *m, bool warnings);
/* What courierdsn submits for a report it was asked for; false: none with this number is open.
 * report_committed must follow. */
bool report_find(struct courierd *c, uint64_t number, struct queue_report_of *of);
void report_committed(struct courierd *c, uint64_t number);

/* ---- command.c ---- */
void command_listen(struct courierd *c, int fd);
void command_close(struct courierd *c);

/* ---- say.c: the log in Courier's words ---- */
void say_new(const struct queue_message *m);
void say_started(const struct delivery *d, uint32_t number);
void say_result(const struct queue_message *m, uint32_t number, const struct fault *f);
void say_completed(const struct queue_message *m);

#endif
