/*
 * How a command ends: what changed meanwhile is asked and said (SYNC), then the tagged answer.
 */
#include "imap/reply/reply.h"
#include "imap/server_int.h"

static void
tagged_put(const struct imap_server *s, struct buf *b, const char *status, struct slice code,
    struct slice words)
{
	buf_put(b, s->run.tag);
	buf_put_byte(b, ' ');
	buf_put_str(b, status);
	buf_put_byte(b, ' ');
	if (code.n) {
		buf_put_byte(b, '[');
		buf_put(b, code);
		buf_put(b, SL("] "));
	}
	imap_put_words(b, words);
	buf_put(b, SL("\r\n"));
}

/* The tagged answer was said; the next command may come. */
static void
command_ends(struct imap_server *s)
{
	struct arena *a = s->run.a;

	s->syncing = s->sync_waits = false;
	imap_read_next(s);
	arena_free(a);
}

/* The tagged answer that waited for SYNC. */
static void
say_tagged(struct imap_server *s)
{
	buf_put(imap_out(s), buf_slice(&s->tagged));
	buf_fini(&s->tagged);
	command_ends(s);
}

/* R3501-5.2-a, R3501-6.3.11-d */
static void
ask_sync(struct imap_server *s)
{
	unsigned flags = s->run.row->flags;
	struct imap_sync *sync = &s->sync;

	sync->may_expunge = !(flags & IMAP_NO_EXPUNGE); /* R3501-7.4.1-a */
	sync->look = (flags & IMAP_LOOK) != 0;
	imap_ask(s, IMAP_ASK_SYNC, sync);
}

/* The command is over. */
static void
end(struct imap_server *s, const char *status, struct slice code, struct slice words)
{
	const struct imap_command *row = s->run.row;

	if (!s->is_selected || !row || row->flags & IMAP_NO_SYNC) {
		tagged_put(s, imap_out(s), status, code, words);
		command_ends(s);
		return;
	}
	tagged_put(s, &s->tagged, status, code, words);
	s->syncing = true;
	ask_sync(s);
}

void
imap_done(struct imap_server *s, const char *words)
{
	imap_done_code(s, SL_NONE, words);
}

void
imap_done_code(struct imap_server *s, struct slice code, const char *words)
{
	s->bad_in_row = 0;
	end(s, "OK", code, sl_str(words));
}

void
imap_failed(struct imap_server *s, const struct fault *f)
{
	bool trycreate = s->run.row && s->run.row->flags & IMAP_TRYCREATE;

	s->bad_in_row = 0;
	end(s, "NO", sl_str(imap_fault_code(f, trycreate)), sl_str(f->text));
}

void
imap_no(struct imap_server *s, const char *code, const char *words)
{
	s->bad_in_row = 0;
	end(s, "NO", sl_str(code), sl_str(words));
}

void
imap_done_or_failed(struct imap_server *s, const struct engine_answer *a, const char *words)
{
	if (a->fault.st == ST_OK)
		imap_done(s, words);
	else
		imap_failed(s, &a->fault);
}

/* A mistake of the client is answered at once: nothing was done that SYNC could tell. */
static void
end_bad(struct imap_server *s, struct slice code, const char *words)
{
	s->errors++;
	s->bad_in_row++;
	tagged_put(s, imap_out(s), "BAD", code, sl_str(words));
	command_ends(s);
}

void
imap_bad(struct imap_server *s, const char *words)
{
	end_bad(s, SL_NONE, words);
}

void
imap_refused(struct imap_server *s)
{
	struct slice code = sl_str(s->refused_code);

	if (s->refused_is_no)
		end(s, "NO", code, sl_str(s->refused));
	else
		end_bad(s, code, s->refused);
}

void
imap_deselect(struct imap_server *s)
{
	s->is_selected = s->is_read_only = false;
	s->exists = 0;
	buf_fini(&s->selected);
}

/* --- SYNC ----------------------------------------------------------------------------------- */

/*
 * R3501-7.4.1-b: each EXPUNGE counts at once, so the numbers that follow are those after it.
 * R3501-7.3.1-a, R3501-7.3.2-a: EXISTS comes behind them and is never less than what the client
 * can count. R3501-5.2-b: flags too are told without being asked for.
 */
static void
say_changes(struct imap_server *s, const struct imap_changes *c)
{
	bool with_uid = s->run.row->flags & IMAP_BY_UID;

	for (size_t i = 0; i < c->expunged_count; i++) {
		imap_put_number(imap_out(s), SL("* "), c->expunged[i], SL(" EXPUNGE\r\n"));
		if (s->exists)
			s->exists--;
	}
	if (c->keywords_changed)
		imap_put_flag_lists(imap_out(s), &c->keywords, s->is_read_only);
	if (c->has_exists) {
		s->exists = c->exists;
		imap_put_number(imap_out(s), SL("* "), c->exists, SL(" EXISTS\r\n"));
		imap_put_number(imap_out(s), SL("* "), c->recent, SL(" RECENT\r\n"));
	}
	for (size_t i = 0; i < c->flags_count; i++)
		imap_put_fetch_flags(imap_out(s), &c->flags[i], &c->keywords, with_uid);
}

/* There is more to ask, or the end of the command can be said. */
static void
sync_goes_on(struct imap_server *s, bool more)
{
	s->sync_waits = more && imap_out_waiting(s) >= IMAP_OUTPUT_HIGH;
	if (s->sync_waits)
		return;
	if (more || (s->idle_sync && s->idle_again)) {
		s->idle_again = false;
		ask_sync(s);
	} else if (s->idle_sync) {
		s->idle_sync = false;
	} else {
		say_tagged(s);
	}
}

void
imap_sync_answer(struct imap_server *s, const struct engine_answer *a)
{
	const struct imap_changes *c = a->fault.st == ST_OK ? a->detail : NULL;

	if (c && c->gone) {
		imap_bye(s, ENGINE_WHY_TROUBLE, "The selected mailbox was deleted");
		return;
	}
	if (c)
		say_changes(s, c);
	sync_goes_on(s, c && c->more);
}

void
imap_sync_resume(struct imap_server *s)
{
	if (s->sync_waits)
		sync_goes_on(s, true);
}

/* R2177-3-c */
void
imap_idle_sync(struct imap_server *s)
{
	s->idle_again = s->idle_sync;
	if (s->idle_sync)
		return;
	s->idle_sync = true;
	ask_sync(s);
}
