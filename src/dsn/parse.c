/*
 * Reading reports: structure here, fields by the table below.
 */
#include "dsn/parse.h"

#include "base/ascii.h"
#include "base/date.h"
#include "base/num.h"
#include "base/utf8.h"
#include "message/header.h"
#include "message/mime.h"

/* ---- fields ---- */

struct reader {
	struct arena *a;
	struct dsn_parsed *out;
	struct dsn_parsed_rcpt *rcpt; /* NULL: the fields of the message */
	uint64_t seen;                /* rows seen in this group */
	struct fault fault;
};

static bool
read_typed(struct reader *r, struct slice value, struct dsn_typed *t)
{
	unsigned char *lower;
	size_t at = sl_find(value, ';');

	t->type = sl_trim(sl_sub(value, 0, at));
	t->value = sl_trim(sl_skip(value, at + 1));
	if (at == value.n || !t->type.n || !t->value.n)
		return false;
	lower = arena_get(r->a, t->type.n);
	if (!lower)
		return true; /* the arena tells at the end */
	for (size_t i = 0; i < t->type.n; i++) {
		lower[i] = ascii_lower(t->type.p[i]);
		if (!ascii_is_alnum(lower[i]) && lower[i] != '-')
			return false;
	}
	t->type = sl_mem(lower, t->type.n);
	return true;
}

/* R3464-2.2.5-a: the zone is a number. */
static bool
read_date(struct slice value, int64_t *t)
{
	struct date d;
	size_t sign = sl_rfind(value, '+') < value.n ? sl_rfind(value, '+') : sl_rfind(value, '-');

	return sign < value.n && date_parse_rfc5322(value, &d) && date_to_seconds(&d, t);
}

/* "5.1.1", perhaps with a comment behind it; no leading zeros. R3464-2.3.4-a */
static bool
read_status(struct slice value, uint8_t esc[3])
{
	struct slice part;
	uint64_t n;

	value = sl_trim(sl_sub(value, 0, sl_find(value, '(')));
	for (int i = 0; i < 3; i++) {
		bool more = sl_cut(&value, '.', &part);

		if (more != (i < 2) || !num_u64(part, 255, &n) || (part.n > 1 && part.p[0] == '0'))
			return false;
		esc[i] = (uint8_t)n;
	}
	return esc[0] == 2 || esc[0] == 4 || esc[0] == 5;
}

static bool
read_action(struct slice value, enum dsn_action *action)
{
	value = sl_trim(sl_sub(value, 0, sl_find(value, '(')));
	for (int i = DSN_FAILED; i < DSN_ACTIONS; i++) {
		if (sl_ieq(value, sl_str(dsn_action_word((enum dsn_action)i)))) {
			*action = (enum dsn_action)i;
			return true;
		}
	}
	return false;
}

static bool
on_envid(struct reader *r, struct slice v)
{
	r->out->has_envid = true;
	r->out->envid = v;
	return true;
}

static bool
on_reporting(struct reader *r, struct slice v)
{
	return read_typed(r, v, &r->out->reporting_mta);
}

static bool
on_from(struct reader *r, struct slice v)
{
	return read_typed(r, v, &r->out->from_mta);
}

static bool
on_arrival(struct reader *r, struct slice v)
{
	return read_date(v, &r->out->arrived_sec);
}

static bool
on_original(struct reader *r, struct slice v)
{
	return read_typed(r, v, &r->rcpt->original);
}

static bool
on_final(struct reader *r, struct slice v)
{
	return read_typed(r, v, &r->rcpt->final);
}

static bool
on_action(struct reader *r, struct slice v)
{
	return read_action(v, &r->rcpt->action);
}

static bool
on_status(struct reader *r, struct slice v)
{
	return read_status(v, r->rcpt->esc);
}

static bool
on_remote(struct reader *r, struct slice v)
{
	return read_typed(r, v, &r->rcpt->remote_mta);
}

static bool
on_diagnostic(struct reader *r, struct slice v)
{
	return read_typed(r, v, &r->rcpt->diagnostic);
}

static bool
on_attempt(struct reader *r, struct slice v)
{
	return read_date(v, &r->rcpt->last_attempt_sec);
}

static bool
on_retry(struct reader *r, struct slice v)
{
	return read_date(v, &r->rcpt->retry_until_sec);
}

static const struct {
	const char *name;
	bool of_rcpt, required;
	bool (*fn)(struct reader *r, struct slice value);
} rows[] = {
    {"Original-Envelope-Id", false, false, on_envid},
    {"Reporting-MTA", false, true, on_reporting},
    {"Received-From-MTA", false, false, on_from},
    {"Arrival-Date", false, false, on_arrival},
    {"Original-Recipient", true, false, on_original},
    {"Final-Recipient", true, true, on_final},
    {"Action", true, true, on_action},
    {"Status", true, true, on_status},
    {"Remote-MTA", true, false, on_remote},
    {"Diagnostic-Code", true, false, on_diagnostic},
    {"Last-Attempt-Date", true, false, on_attempt},
    {"Will-Retry-Until", true, false, on_retry},
};

static void
wrong(struct reader *r, const char *why, const char *name)
{
	if (r->fault.st == ST_OK)
		fault_set(&r->fault, ST_SYNTAX, "5.6.0", "delivery-status: %s %s", name, why);
}

/* A header_fn. Unknown fields are extensions. */
static void
on_field(void *arg, const struct header_field *field)
{
	struct reader *r = arg;
	struct buf value;

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		if (!sl_ieq(field->name, sl_str(rows[i].name)))
			continue;
		if (rows[i].of_rcpt != (r->rcpt != NULL)) {
			wrong(r, "stands in the wrong group", rows[i].name);
			return;
		}
		if (r->seen & (UINT64_C(1) << i))
			wrong(r, "stands twice", rows[i].name);
		r->seen |= UINT64_C(1) << i;
		buf_init(&value, HEADER_FIELD_MAX);
		header_unfold(&value, field->value);
		if (!rows[i].fn(r, arena_copy(r->a, buf_slice(&value))))
			wrong(r, "is malformed", rows[i].name);
		buf_fini(&value);
		return;
	}
}

static void
group_end(struct reader *r)
{
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		if (rows[i].of_rcpt == (r->rcpt != NULL) && rows[i].required &&
		    !(r->seen & (UINT64_C(1) << i)))
			wrong(r, "is missing", rows[i].name);
	}
	/* R3464-2.3.9-a */
	if (r->rcpt && r->rcpt->retry_until_sec && r->rcpt->action != DSN_DELAYED)
		wrong(r, "stands where nothing is delayed", "Will-Retry-Until");
	r->seen = 0;
}

/* ---- groups ---- */

/* Takes the fields up to an empty line off *body; how many bytes they had. */
static size_t
take_group(struct reader *r, struct slice *body)
{
	struct header_parser p;
	size_t used, n;

	header_parser_init(&p, on_field, r);
	if (header_parser_feed(&p, *body, &used) != ST_OK)
		header_parser_end(&p);
	if (p.body_in_line)
		wrong(r, "has a line that is no field", "the part");
	n = (size_t)p.at;
	*body = p.body_in_line ? SL_NONE : sl_skip(*body, used);
	header_parser_fini(&p);
	return n;
}

/* Empty lines before a group: one belongs there, more are let pass. */
static void
skip_empty(struct slice *body)
{
	while (body->n &&
	       (body->p[0] == '\n' || (body->n > 1 && body->p[0] == '\r' && body->p[1] == '\n')))
		*body = sl_skip(*body, body->p[0] == '\n' ? 1 : 2);
}

static size_t
count_groups(struct slice body)
{
	struct slice line;
	size_t groups = 0;
	bool in_group = false;

	while (body.n) {
		sl_cut(&body, '\n', &line);
		if (!sl_trim(line).n) {
			in_group = false;
		} else if (!in_group) {
			in_group = true;
			groups++;
		}
	}
	return groups;
}

enum st
dsn_parse_status(struct arena *a, struct slice body, struct dsn_parsed *out, struct fault *f)
{
	struct reader r = {.a = a, .out = out};
	size_t groups;

	if (utf8_has_8bit(body)) /* R3464-2.1-a */
		return fault_set(f, ST_SYNTAX, "5.6.0", "delivery-status: the part is not 7bit");
	groups = count_groups(body);
	if (groups < 2)
		return fault_set(f, ST_SYNTAX, "5.6.0",
		    "delivery-status: found %zu groups of fields, expected 2 or more", groups);
	out->rcpts = groups - 1 <= DSN_PARSE_RCPTS_MAX
			 ? arena_get_array(a, groups - 1, sizeof(*out->rcpts))
			 : NULL;
	if (!out->rcpts)
		return fault_set(f, ST_LIMIT, "5.6.0", "delivery-status: too many recipients");
	for (size_t i = 0; r.fault.st == ST_OK && (skip_empty(&body), body.n); i++) {
		if (i >= groups) {
			wrong(&r, "has a line of blanks", "the part");
			break;
		}
		r.rcpt = i ? &out->rcpts[i - 1] : NULL;
		take_group(&r, &body);
		group_end(&r);
		out->rcpt_count = i;
	}
	if (r.fault.st == ST_OK && arena_exhausted(a))
		fault_set(&r.fault, ST_LIMIT, "5.6.0", "delivery-status: too large");
	if (f)
		*f = r.fault;
	return r.fault.st;
}

/* ---- the message around it ---- */

static struct slice
part_body(struct slice message, const struct mime_part *p)
{
	return sl_sub(message, (size_t)p->body.bytes, (size_t)p->end.bytes);
}

static enum st
check_structure(const struct mime_part *root, struct fault *f)
{
	const struct mime_part *human = root->first, *status = human ? human->next : NULL;

	if (!human || !status)
		return fault_set(f, ST_SYNTAX, "5.6.0", "report: found fewer than two parts");
	if (status->next && status->next->next)
		return fault_set(f, ST_SYNTAX, "5.6.0", "report: found more than three parts");
	if (!root->closed)
		return fault_set(f, ST_SYNTAX, "5.6.0", "report: the last delimiter is missing");
	if (!content_is(&status->type, "message", "delivery-status"))
		return fault_set(f, ST_SYNTAX, "5.6.0",
		    "report: the second part is not message/delivery-status");
	if (status->encoding != MIME_7BIT)
		return fault_set(
		    f, ST_SYNTAX, "5.6.0", "report: the second part is encoded, expected 7bit");
	return ST_OK;
}

enum st
dsn_parse(struct arena *a, struct slice message, struct dsn_parsed *out, struct fault *f)
{
	struct mime_parser *p = mime_parser_new(a, &MIME_LIMITS_DEFAULT, NULL, NULL, NULL);
	const struct mime_part *root, *third;
	enum st st;

	*out = (struct dsn_parsed){.rcpt_count = 0};
	if (!p)
		return fault_set(f, ST_LIMIT, "5.6.0", "report: too large");
	mime_parser_feed(p, message);
	root = mime_parser_end(p, NULL);
	if (!root || !content_is(&root->type, "multipart", "report") ||
	    !sl_ieq(content_param_get(&root->type, "report-type"), SL("delivery-status")))
		return fault_set(f, ST_NOENT, "", "no delivery report");
	st = check_structure(root, f);
	if (st != ST_OK)
		return st;
	out->human = part_body(message, root->first);
	out->status = part_body(message, root->first->next);
	third = root->first->next->next;
	if (third) {
		out->returned = part_body(message, third);
		out->returned_message = content_is(&third->type, "message", NULL);
	}
	return dsn_parse_status(a, out->status, out, f);
}
