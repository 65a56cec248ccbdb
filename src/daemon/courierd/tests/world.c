#include "daemon/courierd/tests/world.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/check.h"
#include "ipc/channel.h"
#include "os/fdpass.h"
#include "queue/tests/disk.h"

struct world w;
static int64_t virtual_ms = 1000000, wall_base_ms;

/* ---- the frame a daemon stands in (daemon/skel/proc.h) ---- */

struct proc {
	void *state;
	struct paths paths;
};

static int64_t
virtual_clock(void)
{
	return virtual_ms;
}

void *
proc_state(struct proc *p)
{
	return p->state;
}

struct loop *
proc_loop(struct proc *p)
{
	(void)p;
	return w.loop;
}

const struct conf *
proc_conf(const struct proc *p)
{
	(void)p;
	return w.conf;
}

const struct paths *
proc_paths(const struct proc *p)
{
	return &p->paths;
}

struct channel *
proc_control(const struct proc *p)
{
	(void)p;
	return w.control;
}

struct channel *
proc_peer(const struct proc *p, const char *role, uint32_t index)
{
	(void)p;
	(void)index;
	if (strcmp(role, "authdaemond") == 0)
		return w.auth_away ? NULL : w.auth_own;
	return strcmp(role, "courierdsn") == 0 ? w.custody_dsn : w.custody;
}

void
proc_exit(struct proc *p, int status)
{
	(void)p;
	CHECK_EQ(status, 0);
	w.exited = true;
}

/* ---- workers ---- */

static void
mail_name(char *out, size_t size, struct slice id, unsigned rcpt)
{
	snprintf(out, size, "%s/%.*s.%u", w.mail_path, SL_FMT(id), rcpt);
}

/* As a Maildir delivery: the name follows from id and recipient, so a second one finds the
 * first. */
static void
store(const struct ipc_deliver *m, uint32_t rcpt, int fd)
{
	char path[200], content[200000];
	struct slice body = m->body;
	int out;

	if (fd >= 0) {
		ssize_t n = pread(fd, content, sizeof(content), 0);

		CHECK(n >= 0 && (uint64_t)n >= m->length);
		body = sl_mem(content, (size_t)m->length);
	}
	CHECK_EQ(body.n, m->length);
	for (size_t i = 0; i < body.n; i++)
		if (body.p[i] != (unsigned char)('a' + i % 26)) {
			CHECK(body.p[i] == (unsigned char)('a' + i % 26) || m->sender.n == 0);
			break;
		}
	mail_name(path, sizeof(path), m->id, rcpt);
	out = open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);
	CHECK(out >= 0 && write(out, "x", 1) == 1);
	close(out);
}

static enum worker_mood
mood_of(struct slice account)
{
	return sl_starts(account, SL("bad")) ? w.mood_bad : w.mood;
}

static void
on_deliver(struct channel *c, uint32_t sequence, const void *message, int fd)
{
	const struct ipc_deliver *m = message;
	enum worker_mood mood = mood_of(m->account);
	struct ipc_result results[64];
	struct ipc_delivered reply =
	    { .delivery = m->delivery, .results = { results, m->targets.n } };

	w.deliveries++;
	w.last = c;
	for (uint32_t i = 0; i < m->targets.n; i++) {
		results[i] = (struct ipc_result){ .number = m->targets.v[i].number, .st = ST_OK,
		    .class = 2, .text = SL("Delivered"),
		    .flags = w.will_report ? RESULT_WILL_REPORT : 0 };
		if (mood == WORKER_FULL)
			results[i] = (struct ipc_result){ .number = m->targets.v[i].number,
			    .st = ST_TEMP, .class = 4, .subject = 2, .detail = 2,
			    .text = SL("Mailbox full") };
		else if (mood == WORKER_UNKNOWN)
			results[i] = (struct ipc_result){ .number = m->targets.v[i].number,
			    .st = ST_PERM, .class = 5, .subject = 1, .detail = 1,
			    .text = SL("No such mailbox"), .peer = SL("dns; mx.example") };
		else if (mood != WORKER_SILENT)
			store(m, m->targets.v[i].number, fd);
		if (mood == WORKER_LIES)
			results[i].number += 7;
	}
	if (fd >= 0)
		close(fd);
	if (mood == WORKER_DIES) {
		channel_free(c);
	} else if (mood != WORKER_SILENT) {
		w.answers++;
		channel_reply(c, sequence, IPC_delivered, &reply, -1);
	}
}

static const struct channel_handler worker_handlers[] =
    { { IPC_deliver, on_deliver }, { 0, NULL } };

static void
out_closed(struct channel *c, const struct fault *why)
{
	(void)why;
	outbound_down(w.proc, c, 0);
}

struct channel *
world_out_up(uint32_t index)
{
	struct channel *own;
	int fds[2];

	CHECK_EQ(fdpass_pair(fds), 0);
	own = channel_new(w.loop, fds[0], &(struct channel_opts){
	    .name = "courieresmtp", .sends = IPC_LINK_DELIVER_ASK,
	    .receives = IPC_LINK_DELIVER_SAY, .handlers = outbound_handlers, .closed = out_closed,
	    .owner = w.proc });
	outbound_up(w.proc, own, index);
	return channel_new(w.loop, fds[1], &(struct channel_opts){
	    .name = "courierd", .sends = IPC_LINK_DELIVER_SAY, .receives = IPC_LINK_DELIVER_ASK,
	    .handlers = worker_handlers });
}

/* ---- master, authdaemond ---- */

static void
on_redeem(struct channel *c, uint32_t sequence, const void *message, int fd)
{
	struct ipc_verdict yes = { .st = ST_OK };
	int fds[2];

	(void)message;
	(void)fd;
	CHECK_EQ(fdpass_pair(fds), 0);
	w.workers++;
	channel_new(w.loop, fds[0], &(struct channel_opts){
	    .name = "courierd", .sends = IPC_LINK_DELIVER_SAY, .receives = IPC_LINK_DELIVER_ASK,
	    .handlers = worker_handlers });
	channel_reply(c, sequence, IPC_redeemed,
	    &(struct ipc_redeemed){ .verdict = IPC_VERDICT(&yes), .worker = w.workers }, fds[1]);
}

static const struct channel_handler master_handlers[] = { { IPC_redeem, on_redeem }, { 0, NULL } };

static void
on_ticket(struct channel *c, uint32_t sequence, const void *message, int fd)
{
	struct ipc_verdict v = { .st = ST_OK };

	(void)message;
	(void)fd;
	w.tickets++;
	if (w.auth_refuses)
		v = (struct ipc_verdict){ .st = ST_NOENT, .class = 5, .subject = 1, .detail = 1,
		    .text = SL("no such user") };
	channel_reply(c, sequence, IPC_ticket, &(struct ipc_ticket){ .verdict = IPC_VERDICT(&v),
	    .number = SL("0123456789abcdef") }, -1);
}

static const struct channel_handler auth_handlers[] =
    { { IPC_delivery_ticket, on_ticket }, { 0, NULL } };

/* ---- courierdsn ---- */

struct dsn_job {
	struct channel_call call;
	uint32_t sequence;
	uint64_t number;
};

static void
dsn_answer(struct dsn_job *j, struct ipc_verdict v)
{
	w.reports += v.st == ST_OK;
	channel_reply(w.dsn, j->sequence, IPC_reported, &(struct ipc_reported){ .report = j->number,
	    .verdict = IPC_VERDICT(&v) }, -1);
	mem_free(j);
}

static void
dsn_submitted(struct channel_call *call, uint16_t type, const void *message, int fd,
    const struct fault *f)
{
	const struct ipc_submitted *m = message;

	(void)type;
	(void)fd;
	(void)f;
	if (m)
		dsn_answer(call->arg, m->verdict.v[0]);
	else
		mem_free(call->arg);
}

static void
on_report(struct channel *c, uint32_t sequence, const void *message, int fd)
{
	const struct ipc_report *m = message;
	struct dsn_job *j = mem_get(sizeof(*j));
	char id[64], rcpt[120];
	unsigned char digest[32] = {0};
	struct ipc_recipient r = { .module = SL("local") };

	if (fd >= 0)
		close(fd);
	*j = (struct dsn_job){ .call = { .fn = dsn_submitted, .arg = j }, .sequence = sequence,
	    .number = m->report };
	w.last_action = m->rcpts.v[0].action;
	snprintf(w.last_report_sender, sizeof(w.last_report_sender), "%.*s", SL_FMT(m->sender));
	snprintf(w.last_report_text, sizeof(w.last_report_text), "%u.%u.%u %.*s",
	    m->rcpts.v[0].class, m->rcpts.v[0].subject, m->rcpts.v[0].detail,
	    SL_FMT(m->rcpts.v[0].text));
	if (w.dsn_mood == DSN_TEMPORARY || (w.dsn_mood == DSN_UNROUTABLE && m->sender.n)) {
		bool temporary = w.dsn_mood == DSN_TEMPORARY;

		dsn_answer(j, (struct ipc_verdict){ .st = temporary ? ST_TEMP : ST_PERM,
		    .class = temporary ? 4 : 5, .text = SL("no") });
		return;
	}
	if (w.dsn_mood == DSN_LIAR) {
		dsn_answer(j, (struct ipc_verdict){ .st = ST_OK });
		return;
	}
	snprintf(id, sizeof(id), "%08llx.%s.%x", 0x67000000ull, w.dsn_prefix, ++w.counter);
	snprintf(rcpt, sizeof(rcpt), "%.*s",
	    SL_FMT(m->sender.n ? m->sender : SL("bad-postmaster@example.test")));
	r.address = r.account = sl_str(rcpt);
	if (sl_ends(r.address, SL("remote")))
		r = (struct ipc_recipient){ .module = SL("esmtp"), .address = sl_str(rcpt),
		    .host = SL("remote") };
	channel_request(c, &j->call, IPC_submit, &(struct ipc_submit){
	    .id = sl_str(id), .source = SL("dsn"),
	    .flags = QUEUE_REPORT | (m->sender.n ? 0 : QUEUE_DOUBLE), .arrived_sec = 1,
	    .report_of = m->report,
	    .length = 3, .digest = sl_mem(digest, 32), .body = SL("abc"), .recipients = { &r, 1 } },
	    -1);
}

static void
on_dsn_prefix(struct channel *c, uint32_t sequence, const void *message, int fd)
{
	const struct ipc_id_prefix *m = message;

	(void)c;
	(void)sequence;
	(void)fd;
	snprintf(w.dsn_prefix, sizeof(w.dsn_prefix), "%.*s", SL_FMT(m->prefix));
}

static const struct channel_handler dsn_handlers[] =
    { { IPC_report, on_report }, { IPC_id_prefix, on_dsn_prefix }, { 0, NULL } };

/* ---- esmtpd ---- */

static void
on_prefix(struct channel *c, uint32_t sequence, const void *message, int fd)
{
	const struct ipc_id_prefix *m = message;

	(void)c;
	(void)sequence;
	(void)fd;
	snprintf(w.prefix, sizeof(w.prefix), "%.*s", SL_FMT(m->prefix));
}

static const struct channel_handler esmtpd_handlers[] =
    { { IPC_id_prefix, on_prefix }, { 0, NULL } };

struct submit_call {
	struct channel_call call;
	uint32_t file;
	unsigned char *body;
	size_t length;
	struct arena *a;
	struct ipc_submit m;
};

static void
on_submitted(struct channel_call *call, uint16_t type, const void *message, int fd,
    const struct fault *f)
{
	struct submit_call *s = call->arg;
	const struct ipc_submitted *m = message;

	(void)type;
	(void)fd;
	if (m)
		ipc_verdict_to(m->verdict.v, m->verdict.n, &w.last_refusal);
	else
		w.last_refusal = *f;
	if (w.last_refusal.st == ST_OK)
		w.accepted++;
	else
		w.refused++;
	arena_free(s->a);
}

static void
on_body_file(struct channel_call *call, uint16_t type, const void *message, int fd,
    const struct fault *f)
{
	struct submit_call *s = call->arg;
	const struct ipc_body_file *m = message;

	(void)type;
	(void)f;
	if (!m || fd < 0) {
		w.refused++;
		arena_free(s->a);
		return;
	}
	CHECK_EQ(write(fd, s->body, s->length), (ssize_t)s->length);
	close(fd);
	s->m.file = m->file;
	s->m.body = SL_NONE;
	s->call = (struct channel_call){ .fn = on_submitted, .arg = s };
	channel_request(w.esmtpd, &s->call, IPC_submit, &s->m, -1);
}

static struct slice
keep(struct arena *a, const char *text)
{
	return arena_copy(a, sl_str(text));
}

static struct submit_call *
prepare(const char *sender, const char *rcpts, size_t length)
{
	struct arena *a = arena_new("submit", 64u << 20);
	struct submit_call *s = arena_get(a, sizeof(*s));
	struct ipc_recipient *list = arena_get_array(a, 64, sizeof(*list));
	struct slice rest = keep(a, rcpts), one;
	char id[64];

	s->a = a;
	s->length = length;
	s->body = arena_get(a, length + 1);
	for (size_t i = 0; i < length; i++)
		s->body[i] = (unsigned char)('a' + i % 26);
	snprintf(id, sizeof(id), "%08llx.%s.%x", 0x66000000ull, w.prefix, ++w.counter);
	s->m = (struct ipc_submit){
	    .id = keep(a, id), .source = SL("esmtp"), .sender = keep(a, sender),
	    .from_mta = SL("dns; client ([127.0.0.1])"),
	    .arrived_sec = courierd_now_sec(w.c), .length = length,
	    .digest = sl_mem(arena_get(a, 32), 32), .body = sl_mem(s->body, length),
	    .recipients = { list, 0 },
	};
	while (rest.n) {
		struct ipc_recipient *r = &list[s->m.recipients.n++];
		bool remote;

		sl_cut(&rest, ',', &one);
		remote = sl_ends(one, SL("remote"));
		*r = (struct ipc_recipient){ .address = one,
		    .module = remote ? SL("esmtp")
			: sl_ends(one, SL("@alias")) ? SL("expanded") : SL("local"),
		    .host = remote ? sl_skip(one, sl_find(one, '@') + 1) : SL_NONE,
		    .account = remote ? SL_NONE : one };
	}
	return s;
}

static void
post(struct submit_call *s)
{
	if (s->length > QUEUE_INLINE_MAX) {
		s->call = (struct channel_call){ .fn = on_body_file, .arg = s };
		channel_request(w.esmtpd, &s->call, IPC_body_open,
		    &(struct ipc_body_open){ .size_hint = s->length }, -1);
		return;
	}
	s->call = (struct channel_call){ .fn = on_submitted, .arg = s };
	channel_request(w.esmtpd, &s->call, IPC_submit, &s->m, -1);
}

const char *
world_submit(const char *sender, const char *rcpts, size_t length, uint8_t notify)
{
	static char id[64];
	struct submit_call *s = prepare(sender, rcpts, length);

	for (uint32_t i = 0; i < s->m.recipients.n; i++)
		s->m.recipients.v[i].notify = notify;
	snprintf(id, sizeof(id), "%.*s", SL_FMT(s->m.id));
	post(s);
	return id;
}

void
world_submit_frame(void (*change)(struct ipc_submit *m))
{
	struct submit_call *s = prepare("sender@example.test", "user1@example.test", 10);

	change(&s->m);
	post(s);
	world_run(50);
}

/* ---- the whole ---- */

static struct channel *
neighbour(struct channel **own, const char *name, enum ipc_link says, enum ipc_link hears,
    enum ipc_link says2, enum ipc_link hears2, const struct channel_handler *theirs,
    const struct channel_handler *ours)
{
	int fds[2];

	CHECK_EQ(fdpass_pair(fds), 0);
	*own = channel_new(w.loop, fds[0], &(struct channel_opts){
	    .name = name, .sends = hears, .receives = says, .sends2 = hears2, .receives2 = says2,
	    .handlers = ours, .owner = w.proc });
	return channel_new(w.loop, fds[1], &(struct channel_opts){
	    .name = "courierd", .sends = says, .receives = hears, .sends2 = says2,
	    .receives2 = hears2, .handlers = theirs });
}

void
world_start(void)
{
	struct proc *p = mem_get(sizeof(*p));
	struct fault f;

	p->state = mem_get(courierd_def.state_bytes);
	snprintf(p->paths.queue_dir, sizeof(p->paths.queue_dir), "%s", w.queue_path);
	w.proc = p;
	w.c = p->state;
	w.exited = false;
	w.loop = loop_new(NULL, virtual_clock, 0);
	CHECK_EQ(courierd_def.start(p, &f), ST_OK);
	if (!wall_base_ms)
		wall_base_ms = w.c->wall_ms - virtual_ms;
	w.c->wall_ms = wall_base_ms + virtual_ms; /* time went on between two lives */
	w.c->test_segment_bytes = 256u << 10;
	w.master = neighbour(&w.control, "master", IPC_LINK_MASTER_DOWN, IPC_LINK_MASTER_UP,
	    IPC_LINK_ANY, IPC_LINK_ANY, master_handlers, NULL);
	w.auth = neighbour(&w.auth_own, "authdaemond", IPC_LINK_AUTH_SAY, IPC_LINK_AUTH_ASK,
	    IPC_LINK_ANY, IPC_LINK_ANY, auth_handlers, NULL);
	w.esmtpd = neighbour(&w.custody, "esmtpd", IPC_LINK_CUSTODY_ASK, IPC_LINK_CUSTODY_SAY,
	    IPC_LINK_ANY, IPC_LINK_ANY, esmtpd_handlers, custody_handlers);
	w.dsn = neighbour(&w.custody_dsn, "courierdsn", IPC_LINK_REPORT_SAY, IPC_LINK_REPORT_ASK,
	    IPC_LINK_CUSTODY_ASK, IPC_LINK_CUSTODY_SAY, dsn_handlers, custody_handlers);
	custody_up(p, w.custody, 0);
	custody_up(p, w.custody_dsn, 0);
	courierd_def.serve(p);
	world_run(20);
}

void
world_new(void)
{
	char queue[64], mail[64];

	check_folder_new(NULL, queue);
	check_folder_new(NULL, mail);
	world_at(queue, mail);
}

void
world_at(const char *queue, const char *mail)
{
	struct world fresh = { .mood = WORKER_GOOD };

	w = fresh;
	channel_identify("test", "test");
	snprintf(w.queue_path, sizeof(w.queue_path), "%s", queue);
	snprintf(w.mail_path, sizeof(w.mail_path), "%s", mail);
	w.conf = mem_get(sizeof(*w.conf));
	conf_defaults("example.test", w.conf);
	world_start();
}

void
world_run(int64_t for_ms)
{
	for (int64_t end = virtual_ms + for_ms; virtual_ms <= end;
	    virtual_ms += for_ms > 100000 ? 1000 : 10)
		for (int i = 0; i < 6; i++)
			loop_turn(w.loop, 0);
}

void
world_stop(void)
{
	courierd_def.drain(w.proc, 4000);
	world_run(5000);
	CHECK(w.exited);
}

unsigned
world_delivered_in(const char *mail, const char *id, unsigned rcpt)
{
	struct stat st;
	char path[200];

	snprintf(path, sizeof(path), "%s/%s.%u", mail, id, rcpt);
	return stat(path, &st) == 0 ? (unsigned)st.st_size : 0;
}

unsigned
world_delivered(const char *id, unsigned rcpt)
{
	return world_delivered_in(w.mail_path, id, rcpt);
}

unsigned
world_reports_in(const char *mail)
{
	DIR *d = opendir(mail);
	struct dirent *e;
	unsigned count = 0;

	while (d && (e = readdir(d)))
		/* as courierdsn numbers them here */
		count += strncmp(e->d_name, "67000000.", 9) == 0;
	if (d)
		closedir(d);
	return count;
}

size_t
world_queue(void)
{
	struct queue_counts counts;

	queue_count(w.c->queue, &counts);
	return counts.messages;
}

/* ---- commands ---- */

struct asking {
	struct channel_call call;
	struct world_command *out;
};

static struct asking asking;

static void
on_item(struct channel *c, uint32_t sequence, const void *message, int fd)
{
	const struct ipc_cmd_item *m = message;
	struct world_command *out = channel_owner(c);
	size_t n = strlen(out->ids);

	(void)sequence;
	(void)fd;
	out->items++;
	snprintf(out->ids + n, sizeof(out->ids) - n, "%.*s ", SL_FMT(m->id));
}

static void
on_done(struct channel_call *call, uint16_t type, const void *message, int fd,
    const struct fault *f)
{
	struct world_command *out = call->arg;
	const struct ipc_cmd_done *m = message;

	(void)type;
	(void)fd;
	out->done = true;
	if (m) {
		ipc_verdict_to(m->verdict.v, m->verdict.n, &out->verdict);
		snprintf(out->text, sizeof(out->text), "%.*s", SL_FMT(m->text));
	} else {
		out->verdict = *f;
	}
}

static const struct channel_handler client_handlers[] = { { IPC_cmd_item, on_item }, { 0, NULL } };

void
world_command(enum ipc_type type, const void *message, struct world_command *out)
{
	struct net_addr a = { .family = 1 };
	struct channel *c;
	struct fault f;
	int fd;

	memset(out, 0, sizeof(*out));
	snprintf(a.path, sizeof(a.path), "%s/control", w.mail_path);
	if (!w.c->control) {
		CHECK_EQ(net_listen(&a, 0, &fd, &f), ST_OK);
		courierd_def.listen(w.proc, "control", fd);
	}
	CHECK(net_connect(&a, &fd, &f) == ST_OK);
	c = channel_new(w.loop, fd, &(struct channel_opts){
	    .name = "courierd", .sends = IPC_LINK_COMMAND_ASK, .receives = IPC_LINK_COMMAND_SAY,
	    .handlers = client_handlers, .owner = out });
	asking = (struct asking){ .call = { .fn = on_done, .arg = out } };
	channel_request(c, &asking.call, type, message, -1);
	world_run(200);
	CHECK(out->done);
	channel_free(c);
	world_run(20);
}
