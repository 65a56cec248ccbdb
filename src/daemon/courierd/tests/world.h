/*
 * courierd among fake neighbours, over real channels, in virtual time: an esmtpd that submits, an
 * authdaemond and a master that give workers, workers that deliver into a folder, a courierdsn that
 * writes reports. What the neighbours do wrong is chosen by the test.
 */
#ifndef COURIERD_TESTS_WORLD_H
#define COURIERD_TESTS_WORLD_H

#include "daemon/courierd/courierd.h"

enum worker_mood {
	WORKER_GOOD,
	WORKER_FULL,    /* 4.2.2 */
	WORKER_UNKNOWN, /* 5.1.1 */
	WORKER_DIES,    /* with the delivery done, unanswered */
	WORKER_LIES,    /* answers about a recipient it was not asked */
	WORKER_SILENT,
};

enum dsn_mood { DSN_GOOD, DSN_TEMPORARY, DSN_UNROUTABLE,
    DSN_LIAR /* says done and submits nothing */ };

struct world {
	struct proc *proc;
	struct courierd *c;
	struct loop *loop;
	struct conf *conf;
	struct channel *esmtpd, *dsn, *auth, *master; /* the neighbours' ends */
	struct channel *custody, *custody_dsn, *auth_own, *control; /* courierd's */
	char queue_path[64], mail_path[64];
	char prefix[16], dsn_prefix[16];
	unsigned counter;
	/* moods; account "bad..." has mood_bad, all others mood */
	enum worker_mood mood, mood_bad;
	enum dsn_mood dsn_mood;
	bool auth_refuses; /* 5.1.1 to each ticket */
	bool auth_away;
	/* what was seen */
	unsigned tickets, workers, deliveries, answers, reports;
	unsigned accepted, refused;
	struct fault last_refusal;
	uint8_t last_action;
	char last_report_sender[100], last_report_text[200];
	bool exited;
	bool will_report;     /* deliverers say so of each success */
	struct channel *last; /* that had the last delivery, at its own end */
};

extern struct world w;

/* A world with an empty queue; a second call forgets the first without ending it. */
void world_new(void);
/* The same with folders that are there. */
void world_at(const char *queue, const char *mail);
/* courierd alone starts again on the same queue (a new process would). */
void world_start(void);
/* A courieresmtp that delivers as the workers do; its own end. */
struct channel *world_out_up(uint32_t index);
/* Time passes. */
void world_run(int64_t for_ms);
/* Ends courierd in order. */
void world_stop(void);

/* Submits; rcpts: "user@dom,user@dom"; local unless the domain ends in "remote". The id. */
const char *world_submit(const char *sender, const char *rcpts, size_t length, uint8_t notify);
/* Submits a frame the test has changed, and lets the answer come. */
void world_submit_frame(void (*change)(struct ipc_submit *m));

/* How often this recipient's delivery was written. */
unsigned world_delivered(const char *id, unsigned rcpt);
unsigned world_delivered_in(const char *mail, const char *id, unsigned rcpt);
/* Reports that were delivered. */
unsigned world_reports_in(const char *mail);
/* Blocks of memory in use. */
size_t world_blocks(void);
/* Messages in the queue. */
size_t world_queue(void);

/* Asks the command socket as a client of its own; items are counted, text kept. */
struct world_command {
	unsigned items;
	bool done;
	struct fault verdict;
	char text[8192];
	char ids[4096];
};
void world_command(enum ipc_type type, const void *message, struct world_command *out);

#endif
