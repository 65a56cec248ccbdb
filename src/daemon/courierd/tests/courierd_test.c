/*
 * courierd among fake neighbours: the ways of mail, what goes wrong around it, commands.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/check.h"
#include "daemon/courierd/tests/world.h"
#include "dsn/dsn.h"
#include "net/log.h"
#include "queue/tests/disk.h"

#define MINUTE_MS 60000
#define HOUR_MS 3600000

static void
end(void)
{
	world_stop();
	check_folder_remove(w.queue_path);
	check_folder_remove(w.mail_path);
}

static void
test_flow(void)
{
	char id[64];

	world_new();
	snprintf(id, sizeof(id), "%s",
	    world_submit("sender@example.test",
	    "user1@example.test,user2@example.test,user1@example.test", 4096, 0));
	world_run(300);
	CHECK_EQ(w.accepted, 1);
	for (unsigned i = 0; i < 3; i++)
		CHECK_EQ(world_delivered(id, i), 1);
	CHECK_EQ(w.deliveries, 3); /* MAXRCPT of local is one */
	CHECK_EQ(w.workers, 2);
	CHECK_EQ(world_queue(), 0);
	world_submit("sender@example.test", "user1@example.test", 10, 0);
	world_run(300);
	CHECK_EQ(w.workers, 2); /* its channel is still there */
	CHECK_EQ(world_queue(), 0);
	CHECK_EQ(w.c->counts.completed, 2);
	end();
}

static void
test_large(void)
{
	char id[64];

	world_new();
	snprintf(id, sizeof(id), "%s",
	    world_submit("sender@example.test", "user1@example.test,user2@example.test", 150000,
	    0));
	world_run(300);
	CHECK_EQ(world_delivered(id, 0), 1);
	CHECK_EQ(world_delivered(id, 1), 1);
	CHECK_EQ(world_queue(), 0);
	end();
}

static void
test_empty_body(void)
{
	world_new();
	world_submit("sender@example.test", "user1@example.test", 0, 0);
	world_run(300);
	CHECK_EQ(w.accepted, 1);
	CHECK_EQ(w.answers, 1);
	CHECK_EQ(world_queue(), 0);
	end();
}

static void
test_failure_is_reported(void)
{
	char id[64];

	world_new();
	w.mood_bad = WORKER_UNKNOWN;
	snprintf(id, sizeof(id), "%s",
	    world_submit("user9@example.test", "bad1@example.test,user1@example.test", 100, 0));
	world_run(500);
	CHECK_EQ(world_delivered(id, 1), 1);
	CHECK_EQ(w.reports, 1);
	CHECK_EQ(w.last_action, DSN_FAILED);
	CHECK_SL(sl_str(w.last_report_sender), SL("user9@example.test"));
	CHECK_SL(sl_str(w.last_report_text), SL("5.1.1 No such mailbox"));
	CHECK_EQ(world_queue(), 0); /* the report was delivered too */
	CHECK_EQ(w.answers, 3);
	end();
}

static void
test_notify(void)
{
	world_new();
	w.mood_bad = WORKER_UNKNOWN;
	world_submit("user9@example.test", "bad1@example.test", 100, QUEUE_NOTIFY_NEVER);
	world_submit("user9@example.test", "bad1@example.test", 100, QUEUE_NOTIFY_SUCCESS);
	world_submit("user9@example.test", "user1@example.test", 100, QUEUE_NOTIFY_FAILURE);
	world_run(500);
	CHECK_EQ(w.reports, 0);
	CHECK_EQ(world_queue(), 0);
	world_submit("user9@example.test", "user1@example.test", 100, QUEUE_NOTIFY_SUCCESS);
	world_run(500);
	CHECK_EQ(w.reports, 1);
	CHECK_EQ(w.last_action, DSN_DELIVERED);
	CHECK_EQ(world_queue(), 0);
	end();
}

/*
 * A message without a sender goes to the postmaster; what cannot reach him either is dropped.
 * R5321-3.6.3-b, R5321-4.5.4-a, R5321-6.1-c, R3461-5.2-a
 */
static void
test_double_bounce(void)
{
	world_new();
	w.mood_bad = WORKER_UNKNOWN;
	world_submit("", "bad1@example.test", 100, 0);
	world_run(500);
	CHECK_EQ(w.reports, 1);
	CHECK_SL(sl_str(w.last_report_sender), SL_NONE);
	/* bad-postmaster could not be delivered to, and that was the end */
	CHECK_EQ(world_queue(), 0);
	w.dsn_mood = DSN_UNROUTABLE;
	w.mood_bad = WORKER_GOOD;
	w.mood = WORKER_UNKNOWN;
	world_submit("nobody@nowhere", "user1@example.test", 100, 0);
	world_run(500);
	CHECK_EQ(w.reports, 2); /* to the postmaster, for the sender cannot be told */
	CHECK_SL(sl_str(w.last_report_sender), SL_NONE);
	CHECK_EQ(world_queue(), 0);
	end();
}

static void
test_report_later(void)
{
	world_new();
	w.mood = WORKER_UNKNOWN;
	w.dsn_mood = DSN_TEMPORARY;
	world_submit("user9@example.test", "user1@example.test", 100, 0);
	world_run(500);
	CHECK_EQ(world_queue(), 1);
	w.dsn_mood = DSN_LIAR; /* "done" without a report in custody is not believed */
	world_run(70000);
	CHECK_EQ(world_queue(), 1);
	w.dsn_mood = DSN_GOOD;
	w.mood = WORKER_GOOD;
	world_run(70000);
	CHECK_EQ(world_queue(), 0);
	end();
}

static void
test_retries(void)
{
	char id[64];

	world_new();
	w.mood = WORKER_FULL;
	snprintf(id, sizeof(id), "%s", world_submit("user9@example.test", "user1@example.test", 100,
	    0));
	world_run(500);
	CHECK_EQ(w.answers, 1);
	world_run(4 * MINUTE_MS);
	CHECK_EQ(w.answers, 1);
	world_run(2 * MINUTE_MS);
	CHECK_EQ(w.answers, 2);
	world_run(HOUR_MS);
	CHECK(w.answers >= 4 && w.answers <= 9);
	w.mood = WORKER_GOOD;
	world_run(HOUR_MS);
	CHECK_EQ(world_delivered(id, 0), 1);
	CHECK_EQ(world_queue(), 0);
	CHECK_EQ(w.reports, 0);
	end();
}

/* Four hours: one warning. A week: the end. Over restarts in between. */
static void
test_warning_and_expiry(void)
{
	world_new();
	world_submit("user9@example.test", "somebody@remote", 100, 0);
	world_run(3 * (int64_t)HOUR_MS);
	CHECK_EQ(w.reports, 0);
	world_stop();
	world_start();
	world_run(2 * (int64_t)HOUR_MS);
	CHECK_EQ(w.reports, 1);
	CHECK_EQ(w.last_action, DSN_DELAYED);
	world_run(20 * (int64_t)HOUR_MS);
	world_stop();
	world_start();
	world_run(100 * (int64_t)HOUR_MS);
	CHECK_EQ(w.reports, 1);
	world_run(45 * (int64_t)HOUR_MS);
	CHECK_EQ(w.reports, 2);
	CHECK_EQ(w.last_action, DSN_FAILED);
	CHECK(strncmp(w.last_report_text, "5.4.7 ", 6) == 0);
	CHECK(strstr(w.last_report_text, "no process delivers") != NULL);
	CHECK_EQ(world_queue(), 0);
	end();
}

/* R3461-5.2.5-a: who did not ask for DELAY hears of no delay. */
static void
test_no_warning(void)
{
	world_new();
	world_submit("user9@example.test", "somebody@remote", 100, QUEUE_NOTIFY_FAILURE);
	world_run(5 * (int64_t)HOUR_MS);
	CHECK_EQ(w.reports, 0);
	world_submit("user9@example.test", "somebody@remote", 100, QUEUE_NOTIFY_DELAY);
	world_run(5 * (int64_t)HOUR_MS);
	CHECK_EQ(w.reports, 1);
	CHECK_EQ(w.last_action, DSN_DELAYED);
	end();
}

static void
test_worker_dies(void)
{
	char id[64];

	world_new();
	w.mood = WORKER_DIES;
	snprintf(id, sizeof(id), "%s", world_submit("user9@example.test", "user1@example.test", 100,
	    0));
	world_run(500);
	CHECK_EQ(w.deliveries, 1);
	world_run(1600); /* a second later */
	CHECK_EQ(w.deliveries, 2);
	world_run(10 * MINUTE_MS);
	CHECK(w.deliveries >= 6 && w.deliveries < 20); /* slower and slower */
	w.mood = WORKER_GOOD;
	world_run(20 * MINUTE_MS);
	CHECK_EQ(world_queue(), 0);
	CHECK(world_delivered(id, 0) >= 1);
	CHECK_EQ(w.reports, 0);
	end();
}

/* Its other deliveries do not suffer for long, and none is believed. */
static void
test_worker_lies(void)
{
	world_new();
	w.mood = WORKER_LIES;
	for (int i = 0; i < 5; i++)
		world_submit("user9@example.test", "user1@example.test", 100, 0);
	world_run(500);
	CHECK_EQ(world_queue(), 5);
	CHECK_EQ(w.c->counts.delivered, 0);
	w.mood = WORKER_GOOD;
	world_run(5000);
	CHECK_EQ(world_queue(), 0);
	end();
}

static void
test_no_account(void)
{
	world_new();
	w.auth_refuses = true;
	world_submit("", "user1@example.test", 100, QUEUE_NOTIFY_NEVER);
	world_run(500);
	CHECK_EQ(world_queue(), 0);
	CHECK_EQ(w.c->counts.failed, 1);
	w.auth_refuses = false;
	w.auth_away = true; /* being started again */
	world_submit("user9@example.test", "user1@example.test", 100, 0);
	world_run(3000);
	CHECK_EQ(world_queue(), 1);
	w.auth_away = false;
	world_run(10000);
	CHECK_EQ(world_queue(), 0);
	CHECK_EQ(w.reports, 0);
	end();
}

/* One recipient fails while another, of an account that failed before, has not had its turn. */
static void
test_accounts_fail_apart(void)
{
	char id[64];

	world_new();
	w.auth_away = true;
	world_submit("", "user1@example.test", 100, 0);
	world_run(100);
	snprintf(id, sizeof(id), "%s",
	    world_submit("", "user1@example.test,user2@example.test", 100, 0));
	world_run(20000);
	CHECK_EQ(world_queue(), 2);
	w.auth_away = false;
	world_run(MINUTE_MS);
	CHECK_EQ(world_queue(), 0);
	CHECK_EQ(world_delivered(id, 0), 1);
	CHECK_EQ(world_delivered(id, 1), 1);
	end();
}

static void
test_revoke(void)
{
	world_new();
	w.mood = WORKER_SILENT;
	world_submit("user9@example.test", "user1@example.test", 100, 0);
	world_run(300);
	CHECK_EQ(local_workers(w.c), 1);
	w.mood = WORKER_GOOD;
	courierd_def.revoke(w.proc, SL("user1@example.test"));
	CHECK_EQ(local_workers(w.c), 0);
	world_run(3000);
	CHECK_EQ(world_queue(), 0);
	CHECK_EQ(w.workers, 2);
	end();
}

/* ---- what a submitter may not ---- */

static void
other_channel(struct ipc_submit *m)
{
	m->id = SL("66000000.ffffff.1");
}

static void
same_id(struct ipc_submit *m)
{
	static char id[64];

	snprintf(id, sizeof(id), "66000000.%s.1", w.prefix);
	m->id = sl_str(id);
}

static void
foreign_file(struct ipc_submit *m)
{
	m->file = 1;
	m->body = SL_NONE;
}

static void
pretends_to_report(struct ipc_submit *m)
{
	m->report_of = 1;
}

static void
wrong_length(struct ipc_submit *m)
{
	m->length = 11;
}

static void
nobody(struct ipc_submit *m)
{
	m->recipients.n = 0;
}

static void
marks_itself(struct ipc_submit *m)
{
	m->flags = QUEUE_REPORT | QUEUE_DOUBLE;
	m->recipients.v[0].address = m->recipients.v[0].account = SL("bad1@example.test");
}

static void
test_submitters_limits(void)
{
	static void (*const changes[])(struct ipc_submit *) =
	    { other_channel, same_id, foreign_file, pretends_to_report, wrong_length, nobody };

	world_new();
	w.mood = WORKER_FULL; /* the first stays, so that its id is in use */
	world_submit("user9@example.test", "user1@example.test", 100, 0);
	world_run(300);
	CHECK_EQ(w.accepted, 1);
	for (size_t i = 0; i < COUNT_OF(changes); i++) {
		world_submit_frame(changes[i]);
		CHECK_EQ(w.refused, i + 1);
		CHECK(w.last_refusal.st != ST_OK);
	}
	CHECK_EQ(world_queue(), 1);
	w.mood = WORKER_GOOD;
	w.mood_bad = WORKER_UNKNOWN;
	/* flags of reports are courierdsn's: this one is reported as any other */
	world_submit_frame(marks_itself);
	world_run(500);
	CHECK_EQ(w.reports, 1);
	end();
}

/* ---- commands ---- */

static void
test_commands(void)
{
	struct world_command k;
	char first[64];

	world_new();
	w.mood = WORKER_FULL;
	snprintf(first, sizeof(first), "%s",
	    world_submit("user9@example.test", "user1@example.test", 100, 0));
	world_submit("user9@example.test", "user2@example.test", 100, 0);
	world_run(20000); /* both are in msgs/ by now */
	world_command(IPC_cmd_list, &(struct ipc_cmd_list){ .id = SL_NONE }, &k);
	CHECK_EQ(k.items, 2);
	CHECK(strncmp(k.ids, first, strlen(first)) == 0); /* the oldest first */
	world_command(IPC_cmd_list, &(struct ipc_cmd_list){ .id = sl_str(first) }, &k);
	CHECK_EQ(k.items, 1);
	world_command(IPC_cmd_status, &(struct ipc_cmd_status){ .what = 0 }, &k);
	CHECK(strstr(k.text, "messages=2\n") != NULL);
	CHECK_EQ(w.answers, 2);
	world_command(IPC_cmd_flush, &(struct ipc_cmd_flush){ .id = SL_NONE }, &k);
	CHECK_EQ(k.verdict.st, ST_OK);
	CHECK_EQ(w.answers, 4);
	world_command(IPC_cmd_flush, &(struct ipc_cmd_flush){ .id = SL("60000000.000000.1") }, &k);
	CHECK_EQ(k.verdict.st, ST_NOENT);
	world_command(IPC_cmd_cancel, &(struct ipc_cmd_cancel){ .id = sl_str(first),
	    .reason = SL("no longer wanted") }, &k);
	CHECK_EQ(k.verdict.st, ST_OK);
	world_run(300);
	CHECK_EQ(w.reports, 1);
	CHECK(strncmp(w.last_report_text, "5.7.0 ", 6) == 0);
	CHECK(strstr(w.last_report_text, "no longer wanted") != NULL);
	world_command(IPC_cmd_cancel, &(struct ipc_cmd_cancel){ .id = sl_str(first) }, &k);
	CHECK_EQ(k.verdict.st, ST_NOENT);
	w.mood = WORKER_GOOD;
	world_command(IPC_cmd_flush, &(struct ipc_cmd_flush){ .id = SL_NONE }, &k);
	world_run(300);
	CHECK_EQ(world_queue(), 0);
	end();
}

static void
test_pause(void)
{
	world_new();
	courierd_def.pause(w.proc, 4, true);
	world_submit("user9@example.test", "user1@example.test", 100, 0);
	world_run(1000);
	CHECK_EQ(w.accepted, 1);
	CHECK_EQ(w.deliveries, 0);
	courierd_def.pause(w.proc, 4, false);
	world_run(300);
	CHECK_EQ(world_queue(), 0);
	end();
}

/* Deliveries under way end before courierd does; new mail is refused. */
static void
test_drain(void)
{
	world_new();
	w.mood = WORKER_SILENT;
	world_submit("user9@example.test", "user1@example.test", 100, 0);
	world_run(300);
	courierd_def.drain(w.proc, 4000);
	world_submit("user9@example.test", "user1@example.test", 100, 0);
	world_run(500);
	CHECK_EQ(w.refused, 1);
	CHECK(!w.exited);
	world_run(4000);
	CHECK(w.exited);
	w.mood = WORKER_GOOD;
	world_start();
	world_run(500);
	CHECK_EQ(world_queue(), 0);
	end();
}

/* One account with much to do does not stand before others, and no more than its limit is open. */
static void
test_limits(void)
{
	world_new();
	w.mood_bad = WORKER_SILENT;
	for (int i = 0; i < 200; i++)
		world_submit("user9@example.test", "bad1@example.test", 100, 0);
	world_submit("user9@example.test", "user2@example.test", 100, 0);
	world_run(500);
	CHECK_EQ(sched_under_way(w.c->sched, MODULE_LOCAL), w.conf->local.max_host);
	CHECK_EQ(w.deliveries, w.conf->local.max_host + 1);
	CHECK_EQ(world_queue(), 200);
	end();
}

static void
test_ten_thousand(void)
{
	struct queue_counts counts;

	world_new();
	for (int i = 0; i < 10000; i++) {
		char rcpt[64];

		snprintf(rcpt, sizeof(rcpt), "user%d@example.test", i % 20);
		world_submit("sender@example.test", rcpt, 500, 0);
		if (i % 100 == 99)
			world_run(50);
	}
	world_run(2000);
	queue_count(w.c->queue, &counts);
	CHECK_EQ(w.accepted, 10000);
	CHECK_EQ(w.c->counts.completed, 10000);
	CHECK_EQ(counts.messages, 0);
	CHECK_EQ(counts.resident, 0);
	CHECK_EQ(counts.body_bytes, 0);
	CHECK_EQ(sched_count(w.c->sched), 0);
	CHECK(list_is_empty(&w.c->deliveries) && list_is_empty(&w.c->reports));
	CHECK_EQ(w.workers, 20);
	/* Nothing that a message took is kept: two thousand more leave no trace. */
	size_t blocks = world_blocks();
	for (int i = 0; i < 2000; i++) {
		world_submit("sender@example.test",
		    i % 2 ? "user1@example.test" : "bad1@example.test", 500, 0);
		if (i % 100 == 99)
			world_run(50);
	}
	world_run(2000);
	CHECK_EQ(world_queue(), 0);
	CHECK(world_blocks() < blocks + 50);
	CHECK(counts.segments <= 20);
	end();
}

static const struct check_row rows[] = {
    { "flow", test_flow },
    { "large", test_large },
    { "empty_body", test_empty_body },
    { "failure_is_reported", test_failure_is_reported },
    { "notify", test_notify },
    { "double_bounce", test_double_bounce },
    { "report_later", test_report_later },
    { "retries", test_retries },
    { "warning_and_expiry", test_warning_and_expiry },
    { "no_warning", test_no_warning },
    { "worker_dies", test_worker_dies },
    { "worker_lies", test_worker_lies },
    { "no_account", test_no_account },
    { "accounts_fail_apart", test_accounts_fail_apart },
    { "revoke", test_revoke },
    { "submitters_limits", test_submitters_limits },
    { "commands", test_commands },
    { "pause", test_pause },
    { "drain", test_drain },
    { "limits", test_limits },
    { "ten_thousand", test_ten_thousand },
};

int
main(int argc, char **argv)
{
	log_open(open("/dev/null", O_WRONLY | O_CLOEXEC), "courierd_test");
	return check_main(argc, argv, rows, COUNT_OF(rows));
}
