/*
 * A process of the mail server that does what a test says: it stands in libexec under a role's
 * name. Its orders are lines of STATE/orders.ROLE, read as they are appended; what it has to report
 * goes to STATE/reports.ROLE.
 *
 *     exit N       crash       garbage       checked
 *     issue NUMBER SERVICE ASKER INDEX UID GID HOME        ticket_issue; NUMBER is 16 bytes of text
 *     redeem NUMBER
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/num.h"
#include "daemon/skel/proc.h"

#define LOOK_MS 10

struct fake {
	int orders, reports;
	struct timer look;
	struct buf in;
	struct channel_call issued, redeemed;
};

static char role[32];

static void
report(struct fake *k, const char *what, const struct fault *f)
{
	char line[300];
	int n = snprintf(line, sizeof(line), "%s %s %s\n", what,
	    f->st == ST_OK ? "yes" : st_name(f->st), f->text);

	if (write(k->reports, line, (size_t)n) < 0)
		abort();
}

static void
on_issued(
    struct channel_call *call, uint16_t type, const void *message, int fd, const struct fault *f)
{
	const struct ipc_ticket_kept *m = message;
	struct fault verdict;

	(void)type;
	(void)fd;
	IPC_OUTCOME(m, f, &verdict);
	report(call->arg, "issued", &verdict);
}

static void
on_redeemed(
    struct channel_call *call, uint16_t type, const void *message, int fd, const struct fault *f)
{
	const struct ipc_redeemed *m = message;
	struct fault verdict;

	(void)type;
	if (fd >= 0)
		close(fd);
	IPC_OUTCOME(m, f, &verdict);
	report(call->arg, "redeemed", &verdict);
}

static uint32_t
number(const char *word)
{
	uint64_t v = 0;

	if (!word || !num_u64(sl_str(word), UINT32_MAX, &v))
		abort();
	return (uint32_t)v;
}

static void
obey(struct proc *p, struct fake *k, char *line)
{
	char *w[8] = {0};
	size_t n = 0;

	for (char *at = line; at && n < 8; n++) {
		char *blank = strchr(at, ' ');

		w[n] = at;
		if (blank)
			*blank = '\0';
		at = blank ? blank + 1 : NULL;
	}
	if (strcmp(w[0], "exit") == 0) {
		_exit((int)number(w[1]));
	} else if (strcmp(w[0], "crash") == 0) {
		abort();
	} else if (strcmp(w[0], "garbage") == 0) {
		if (write(3, "no frame at all, but long enough for a header", 45) < 0)
			abort();
	} else if (strcmp(w[0], "checked") == 0) {
		channel_note(proc_control(p), IPC_checked, &(struct ipc_checked){.good = 1}, -1);
	} else if (strcmp(w[0], "issue") == 0) {
		k->issued = (struct channel_call){.fn = on_issued, .arg = k};
		channel_request(proc_control(p), &k->issued, IPC_ticket_issue,
		    &(struct ipc_ticket_issue){.number = sl_str(w[1]),
			.service = sl_str(w[2]),
			.asker = sl_str(w[3]),
			.asker_index = number(w[4]),
			.address = SL("somebody"),
			.uid = number(w[5]),
			.gid = number(w[6]),
			.home = sl_str(w[7])},
		    -1);
	} else if (strcmp(w[0], "redeem") == 0) {
		k->redeemed = (struct channel_call){.fn = on_redeemed, .arg = k};
		channel_request(proc_control(p), &k->redeemed, IPC_redeem,
		    &(struct ipc_redeem){.number = sl_str(w[1])}, -1);
	} else {
		abort();
	}
}

static void
look(struct timer *t)
{
	struct proc *p = t->arg;
	struct fake *k = proc_state(p);
	unsigned char *room = buf_room(&k->in, 4096);
	ssize_t n = read(k->orders, room, 4096);
	struct slice rest, line;

	buf_added(&k->in, n > 0 ? (size_t)n : 0);
	for (rest = buf_slice(&k->in); sl_cut(&rest, '\n', &line); rest = buf_slice(&k->in)) {
		char text[400];

		snprintf(text, sizeof(text), "%.*s", SL_FMT(line));
		buf_drop(&k->in, line.n + 1);
		obey(p, k, text);
	}
	loop_timer_at(proc_loop(p), t, loop_now(proc_loop(p)) + LOOK_MS, look, p);
}

static int
open_file(struct proc *p, const char *kind, int flags)
{
	char path[PATHS_MAX + 64];

	snprintf(path, sizeof(path), "%s/%s.%s", proc_paths(p)->state_dir, kind, role);
	return open(path, flags | O_CLOEXEC, 0666);
}

/* STATE/first.ROLE: "start-exit", "start-refuse". A worker may not be able to open any of these. */
static enum st
fake_start(struct proc *p, struct fault *f)
{
	struct fake *k = proc_state(p);
	int first = open_file(p, "first", O_RDONLY);
	char line[64] = "";

	k->orders = open_file(p, "orders", O_RDONLY | O_CREAT);
	k->reports = open_file(p, "reports", O_WRONLY | O_APPEND | O_CREAT);
	buf_init(&k->in, 65536);
	if (first >= 0 && read(first, line, sizeof(line) - 1) < 0)
		return fault_set(f, ST_IO, "", "its first order cannot be read");
	if (strncmp(line, "start-exit", 10) == 0)
		_exit(33);
	if (strncmp(line, "start-refuse", 12) == 0)
		return fault_set(f, ST_PERM, "", "the test says no");
	lseek(k->orders, 0, SEEK_END);
	return ST_OK;
}

static void
fake_serve(struct proc *p)
{
	struct fake *k = proc_state(p);

	loop_timer_at(proc_loop(p), &k->look, loop_now(proc_loop(p)) + LOOK_MS, look, p);
}

static void
fake_account(struct proc *p, const struct ipc_account *a)
{
	(void)p;
	(void)a;
}

int
main(int argc, char **argv)
{
	static const struct proc_peer peers[] = {{.role = "esmtpd"}, {.role = "routed"},
	    {.role = "authdaemond"}, {.role = "tallyd"}, {.role = "courierd"},
	    {.role = "courierdsn"}, {.role = "courieresmtp"}, {.role = NULL}};
	static const struct proc_def def = {.role = role,
	    .log_name = role,
	    .state_bytes = sizeof(struct fake),
	    .peers = peers,
	    .start = fake_start,
	    .serve = fake_serve,
	    .account = fake_account};
	const char *slash = strrchr(argv[0], '/');

	snprintf(role, sizeof(role), "%s", slash ? slash + 1 : argv[0]);
	return proc_main(argc, argv, &def);
}
