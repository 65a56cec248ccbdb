/*
 * FETCH: messages are asked for in groups; the next group when the output of the one before is
 * nearly gone. So a FETCH of any size needs the memory of one group.
 */
#include "imap/fetch.h"

#include "imap/server_cmd.h"

/* Messages asked for at once: the more is said of each, the fewer. */
#define GROUP_NUMBERS 1024
#define GROUP_WORDS 64 /* envelopes and structures */
#define GROUP_TEXTS 16

#define WORDS (IMAP_WANT_ENVELOPE | IMAP_WANT_STRUCTURE | IMAP_WANT_BODY)

void
imap_run_fetch(struct imap_server *s)
{
	struct imap_fetch_run *run = s->run.data;

	if (run->ask.section_count)
		run->ask.max = GROUP_TEXTS;
	else
		run->ask.max = run->ask.want & WORDS ? GROUP_WORDS : GROUP_NUMBERS;
	imap_ask(s, IMAP_ASK_FETCH, &run->ask);
}

static void
fetch_end(struct imap_server *s, const struct imap_fetch_run *run)
{
	bool by_uid = s->run.row->flags & IMAP_BY_UID;

	if (run->issued && !by_uid) /* RFC 5530 section 3: the numbers are no longer these */
		imap_no(s, "EXPUNGEISSUED", "Some of the messages no longer exist");
	else if (run->issued) /* R3501-6.4.8-c */
		imap_done(s, "FETCH completed; some of the messages no longer exist");
	else
		imap_done(s, "FETCH completed");
}

void
imap_answered_fetch(struct imap_server *s, const struct engine_answer *a)
{
	struct imap_fetch_run *run = s->run.data;
	const struct imap_fetched *f = a->detail;

	if (a->fault.st != ST_OK) {
		imap_failed(s, &a->fault);
		return;
	}
	for (size_t i = 0; i < f->count; i++) {
		run->ask.after = f->items[i].seq;
		if (f->items[i].is_gone)
			run->issued = true;
		else
			imap_put_fetched(s, run, &f->items[i], &f->keywords);
	}
	run->more = f->more;
	if (!run->more)
		fetch_end(s, run);
}

/* The output has left, or was little: on with it. */
void
imap_taken_fetch(struct imap_server *s)
{
	struct imap_fetch_run *run = s->run.data;

	if (run->more)
		imap_ask(s, IMAP_ASK_FETCH, &run->ask);
}
