/*
 * RCPT: RFC 5321 section 4.1.1.3. Many may be asked at once (RFC 2920); their replies leave in
 * order.
 */
#include <stdio.h>

#include "smtp/params.h"
#include "smtp/server_cmd.h"

bool
server_rcpt_room(const struct smtp_server *s)
{
	/* Whether there will be too many is not known before those asked are answered. */
	bool counted = s->rcpts_asked == 0 || s->accepted + s->rcpts_asked < s->o.recipients_max;

	return counted && s->rcpts_open < SMTP_OPEN_RCPTS &&
	       arena_used(s->scratch) < SERVER_SCRATCH_HIGH;
}

/* A place in the queue of replies; NULL at the session's memory limit. */
static struct server_rcpt *
rcpt_append(struct smtp_server *s)
{
	struct server_rcpt *r = arena_get(server_scratch(s), sizeof(*r));

	if (!r)
		return NULL;
	if (s->rcpts_tail)
		s->rcpts_tail->next = r;
	else
		s->rcpts = r;
	s->rcpts_tail = r;
	s->rcpts_open++;
	return r;
}

/* Reads the command; ST_OK: ask. Otherwise r->fault and r->code say what to reply. */
static enum st
rcpt_read(struct smtp_server *s, struct slice args, struct server_rcpt *r)
{
	struct fault *f = &r->fault;
	enum st st;

	if (!server_keyword_take(&args, SL("TO:"))) {
		r->code = 501;
		return fault_set(f, ST_SYNTAX, "5.5.4", "Syntax: RCPT TO:<address>");
	}
	if (smtp_path_take(s->scratch, &args, false, true, &r->detail.to, f) != ST_OK)
		return f->st;
	st = smtp_params_rcpt(s->scratch, args, server_extensions(s), &r->detail, f);
	if (st != ST_OK)
		r->code = st == ST_NOENT ? 555 : 501; /* R5321-4.1.1.3-f */
	return st;
}

/* R5321-4.1.1.3-a, R5321-4.1.4-i, R5321-4.5.3.1.8-a, R5321-4.5.3.1.10-a */
void
server_rcpt(struct smtp_server *s, struct slice args)
{
	struct server_rcpt *r = rcpt_append(s);

	if (!r)
		return;
	s->tried++;
	if (rcpt_read(s, args, r) != ST_OK) {
		server_count_error(s);
		return;
	}
	if (s->accepted >= s->o.recipients_max) { /* R5321-4.5.3.1.8-b */
		r->code = 452;
		fault_req(
		    &r->fault, ST_LIMIT, "4.5.3", "R5321-4.5.3.1.10-a", "Too many recipients");
		return;
	}
	r->detail.accepted = s->accepted;
	r->question = (struct server_question){
		.number = server_number(s),
		.kind = SMTP_ASK_RCPT,
		.detail = &r->detail,
	};
	s->rcpts_asked++;
}

/* R5321-3.3-i, R1870-6.1-a, R1870-6.1-b */
bool
server_rcpt_answer(struct smtp_server *s, const struct engine_answer *a)
{
	for (struct server_rcpt *r = s->rcpts; r; r = r->next) {
		if (r->question.number != a->number)
			continue;
		r->question.number = 0;
		s->rcpts_asked--;
		r->fault = a->fault;
		if (a->fault.st == ST_OK)
			s->accepted++; /* R5321-4.1.1.3-c: and stays so, whatever happens to the
					  others */
		return true;
	}
	return false;
}

/*
 * R2920-3.2-a, R2920-3.2-e, R2920-3.2-f, R2920-3.2-g
 * R5321-C-b, R3463-3.2-d, R2920-3.2-j, R6531-3.7.4.1-b
 */
void
server_rcpt_flush(struct smtp_server *s)
{
	struct server_rcpt *r;
	char esc[16];

	while ((r = s->rcpts) != NULL && r->question.number == 0) {
		s->rcpts = r->next;
		if (!s->rcpts)
			s->rcpts_tail = NULL;
		s->rcpts_open--;
		if (r->fault.st == ST_OK) {
			server_reply(s, 250, "2.1.5", "Recipient ok");
		} else if (r->code) {
			snprintf(esc, sizeof(esc), "%u.%u.%u", r->fault.esc[0], r->fault.esc[1],
			    r->fault.esc[2]);
			server_reply(s, r->code, esc, r->fault.text);
		} else {
			server_refuse(s, &r->fault, REPLY_TO_RCPT);
		}
	}
}
