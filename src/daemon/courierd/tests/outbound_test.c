/*
 * Mail to other hosts as courierd sees it, in virtual time: which process gets it, what its results
 * become, what happens when there is none.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "daemon/courierd/tests/world.h"
#include "dsn/dsn.h"
#include "net/log.h"

#define MINUTE_MS 60000
#define SENDER "sender@example.test"

static char id[64];

static void
end(void)
{
	world_stop();
	check_folder_remove(w.queue_path);
	check_folder_remove(w.mail_path);
}

static void
submit(const char *rcpts, uint8_t notify)
{
	snprintf(id, sizeof(id), "%s", world_submit(SENDER, rcpts, 500, notify));
	world_run(300);
}

static void
test_batch(void)
{
	world_new();
	world_out_up(0);
	submit("a@remote,b@remote,c@remote", 0);
	CHECK_EQ(w.deliveries, 1);
	for (unsigned i = 0; i < 3; i++)
		CHECK_EQ(world_delivered(id, i), 1);
	CHECK_EQ(world_queue(), 0);
	CHECK_EQ(w.reports, 0);
	end();
}

/* R3461-5.2.2-b, R3461-5.2.1-b */
static void
test_success_reports(void)
{
	world_new();
	world_out_up(0);
	submit("a@remote", QUEUE_NOTIFY_SUCCESS);
	CHECK_EQ(w.reports, 1);
	CHECK_EQ(w.last_action, DSN_RELAYED);
	w.will_report = true;
	submit("a@remote", QUEUE_NOTIFY_SUCCESS);
	CHECK_EQ(w.reports, 1);
	CHECK_EQ(world_queue(), 0);
	end();
}

/* R3464-3-c: an alias of several arrives at once, and its expansion is told. */
static void
test_expanded(void)
{
	world_new();
	world_out_up(0);
	submit("team@alias", QUEUE_NOTIFY_SUCCESS);
	CHECK_EQ(w.reports, 1);
	CHECK_EQ(w.last_action, DSN_EXPANDED);
	CHECK_EQ(w.deliveries, 1); /* of the report */
	CHECK_EQ(world_queue(), 0);
	end();
}

static void
test_failure_report(void)
{
	world_new();
	world_out_up(0);
	w.mood_bad = WORKER_UNKNOWN;
	submit("a@badremote", 0);
	CHECK_EQ(w.reports, 1);
	CHECK_EQ(w.last_action, DSN_FAILED);
	CHECK(strstr(w.last_report_text, "No such mailbox") != NULL);
	/* R3461-5.2.2-d */
	submit("a@badremote", QUEUE_NOTIFY_NEVER);
	CHECK_EQ(w.reports, 1);
	CHECK_EQ(world_queue(), 0);
	end();
}

/* Minutes 0, 5, 10, 25, 30, 35 ...: R5321-4.5.4.1-a */
static void
test_schedule(void)
{
	static const unsigned after[] = {1, 2, 3, 3, 3, 4, 5, 6};

	world_new();
	world_out_up(0);
	w.mood = WORKER_FULL;
	submit("a@remote", 0);
	for (size_t i = 0; i < COUNT_OF(after); i++) {
		CHECK_EQ(w.answers, after[i]);
		world_run(5 * MINUTE_MS);
	}
	w.mood = WORKER_GOOD;
	world_run(60 * (int64_t)MINUTE_MS);
	CHECK_EQ(world_delivered(id, 0), 1);
	CHECK_EQ(world_queue(), 0);
	end();
}

/* Once nobody's fault, then an attempt. */
static void
test_process_dies(void)
{
	world_new();
	world_out_up(0);
	w.mood = WORKER_DIES;
	submit("a@remote", 0);
	CHECK_EQ(w.deliveries, 1);
	world_out_up(1);
	world_run(2500);
	CHECK_EQ(w.deliveries, 2);
	world_out_up(2);
	world_run(4 * MINUTE_MS);
	CHECK_EQ(w.deliveries, 2);
	w.mood = WORKER_GOOD;
	world_run(2 * MINUTE_MS);
	CHECK_EQ(w.deliveries, 3);
	CHECK_EQ(world_queue(), 0);
	CHECK_EQ(w.reports, 0);
	end();
}

static void
test_no_process(void)
{
	world_new();
	submit("a@remote", 0);
	world_run(30000);
	CHECK_EQ(w.deliveries, 0);
	CHECK_EQ(w.c->counts.deferred, 0);
	world_out_up(0);
	world_run(2000);
	CHECK_EQ(world_queue(), 0);
	world_stop();
	world_start();
	submit("b@remote", 0);
	world_run(70000);
	CHECK_EQ(w.c->counts.deferred, 1); /* after a minute it counts */
	world_out_up(0);
	world_run(3 * MINUTE_MS);
	CHECK_EQ(world_queue(), 1);
	world_run(3 * MINUTE_MS);
	CHECK_EQ(world_queue(), 0);
	end();
}

/* One host, one process; one that ends gets nothing new. */
static void
test_choice(void)
{
	struct channel *outs[3], *first;

	world_new();
	for (uint32_t i = 0; i < 3; i++)
		outs[i] = world_out_up(i);
	submit("a@remote", 0);
	first = w.last;
	for (int i = 0; i < 10; i++) {
		submit("a@remote", 0);
		CHECK(w.last == first);
	}
	channel_note(first, IPC_idle, &(struct ipc_idle){.since_sec = 0}, -1);
	world_run(100);
	submit("a@remote", 0);
	CHECK(w.last != first);
	CHECK(w.last == outs[0] || w.last == outs[1] || w.last == outs[2]);
	CHECK_EQ(world_queue(), 0);
	end();
}

static void
test_lies(void)
{
	world_new();
	world_out_up(0);
	w.mood = WORKER_LIES;
	submit("a@remote", 0);
	CHECK_EQ(world_queue(), 1);
	w.mood = WORKER_GOOD;
	world_run(3000);
	CHECK_EQ(world_queue(), 0);
	end();
}

/* ESMTP_BLOCKBACKSCATTER */
static void
test_backscatter(void)
{
	world_new();
	world_out_up(0);
	w.mood_bad = WORKER_UNKNOWN;
	world_submit("who@remote", "bad1@example.test", 500, 0);
	world_run(300);
	CHECK_EQ(w.reports, 1);
	CHECK_EQ(w.deliveries, 1); /* that of the message */
	CHECK_EQ(world_queue(), 0);
	world_submit("user1@example.test", "bad1@example.test", 500, 0);
	world_run(300);
	CHECK_EQ(w.deliveries, 3); /* the report stays here */
	w.conf->courierd.block_backscatter = "authsmtp/dsn";
	world_submit("who@remote", "bad1@example.test", 500, 0);
	world_run(300);
	CHECK_EQ(w.reports, 3);
	CHECK_EQ(w.deliveries, 5);
	CHECK_EQ(world_queue(), 0);
	end();
}

static void
test_pause(void)
{
	world_new();
	world_out_up(0);
	courierd_def.pause(w.proc, 2, true);
	submit("a@remote,user1@example.test", 0);
	CHECK_EQ(w.deliveries, 1);
	CHECK_EQ(world_delivered(id, 1), 1);
	courierd_def.pause(w.proc, 2, false);
	world_run(300);
	CHECK_EQ(world_delivered(id, 0), 1);
	CHECK_EQ(world_queue(), 0);
	end();
}

int
main(int argc, char **argv)
{
	static const struct check_row rows[] = {
	    {"batch", test_batch},
	    {"success_reports", test_success_reports},
	    {"expanded", test_expanded},
	    {"failure_report", test_failure_report},
	    {"schedule", test_schedule},
	    {"process_dies", test_process_dies},
	    {"no_process", test_no_process},
	    {"choice", test_choice},
	    {"lies", test_lies},
	    {"backscatter", test_backscatter},
	    {"pause", test_pause},
	};

	log_open(open("/dev/null", O_WRONLY | O_CLOEXEC), "outbound_test");
	return check_main(argc, argv, rows, COUNT_OF(rows));
}
