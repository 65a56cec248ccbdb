/*
 * Reading replies: nothing outside the message is looked at, nothing is read twice without end.
 */
#include "dns/dns.h"

#include "base/ascii.h"
#include "base/num.h"

#define HEADER_BYTES 12
#define NAME_TEXT_MAX (4 * DNS_NAME_MAX)

struct reader {
	struct slice in;
	size_t at;
	struct arena *arena;
	bool bad;
};

static enum st
malformed(struct fault *f, const char *what)
{
	return fault_set(f, ST_SYNTAX, "4.4.3", "malformed answer of the name server: %s", what);
}

static unsigned
get8(struct reader *r)
{
	if (r->at >= r->in.n) {
		r->bad = true;
		return 0;
	}
	return r->in.p[r->at++];
}

static unsigned
get16(struct reader *r)
{
	unsigned high = get8(r);

	return high << 8 | get8(r);
}

static uint32_t
get32(struct reader *r)
{
	uint32_t high = get16(r);

	return high << 16 | get16(r);
}

static void
put_label(struct buf *out, struct slice label)
{
	if (out->n)
		buf_put_byte(out, '.');
	for (size_t i = 0; i < label.n; i++) {
		unsigned char c = label.p[i];

		if (c <= ' ' || c >= 127 || c == '.' || c == '\\')
			buf_fmt(out, "\\%03u", c);
		else
			buf_put_byte(out, c);
	}
}

/*
 * The labels of a name at *at; *at ends behind it. R1035-4.1.4-a: a pointer leads to an earlier
 * place than where this part of the name begins, so there is an end.
 */
static bool
walk_name(struct slice in, size_t *at, struct buf *out)
{
	size_t pos = *at, bound = *at, octets = 1;
	bool jumped = false;

	for (;;) {
		unsigned n;

		if (pos >= in.n)
			return false;
		n = in.p[pos];
		if (n >= 0xc0) {
			size_t to;

			if (pos + 1 >= in.n)
				return false;
			to = (size_t)(n & 0x3f) << 8 | in.p[pos + 1];
			if (!jumped)
				*at = pos + 2;
			jumped = true;
			if (to >= bound || to < HEADER_BYTES)
				return false;
			pos = bound = to;
			continue;
		}
		if (n > DNS_LABEL_MAX) /* 01, 10: never came into use */
			return false;
		octets += n + (n ? 1 : 0);
		if (octets > DNS_NAME_MAX || pos + 1 + n > in.n)
			return false;
		pos += 1 + n;
		if (n == 0)
			break;
		put_label(out, sl_sub(in, pos - n, pos));
	}
	if (!jumped)
		*at = pos;
	if (out->n == 0)
		buf_put_byte(out, '.');
	return buf_ok(out);
}

static struct slice
get_name(struct reader *r)
{
	struct slice name = SL_NONE;
	struct buf text;

	buf_init(&text, NAME_TEXT_MAX);
	if (r->bad || !walk_name(r->in, &r->at, &text))
		r->bad = true;
	else
		name = arena_copy(r->arena, buf_slice(&text));
	buf_fini(&text);
	return name;
}

/* R3596-2.1-a */
static void
get_ip(struct reader *r, struct dns_record *rec, size_t end, unsigned char family)
{
	size_t n = family == 4 ? 4 : 16;

	if (end - r->at != n) {
		r->bad = true;
		return;
	}
	rec->ip.family = family;
	memcpy(rec->ip.bytes, r->in.p + r->at, n);
	r->at = end;
}

/* R1035-3.3.14-a: one or more strings, each with its length. */
static void
get_strings(struct reader *r, struct dns_record *rec, size_t end)
{
	unsigned char *p = arena_get(r->arena, end - r->at);
	size_t used = 0;

	if (r->at == end)
		r->bad = true;
	while (p && r->at < end && !r->bad) {
		size_t n = get8(r);

		if (n > end - r->at) {
			r->bad = true;
			return;
		}
		memcpy(p + used, r->in.p + r->at, n);
		used += n;
		r->at += n;
	}
	rec->text = sl_mem(p, used);
}

/* RFC 6698 section 2.1 */
static void
get_tlsa(struct reader *r, struct dns_record *rec, size_t end)
{
	if (end - r->at < 4) {
		r->bad = true;
		return;
	}
	rec->usage = (uint8_t)get8(r);
	rec->selector = (uint8_t)get8(r);
	rec->matching = (uint8_t)get8(r);
	rec->text = arena_copy(r->arena, sl_sub(r->in, r->at, end));
	r->at = end;
}

static void
get_data(struct reader *r, struct dns_record *rec, size_t end)
{
	switch (rec->type) {
	case DNS_A:
		get_ip(r, rec, end, 4);
		break;
	case DNS_AAAA:
		get_ip(r, rec, end, 6);
		break;
	case DNS_MX:
		rec->preference = (uint16_t)get16(r);
		rec->name = get_name(r);
		break;
	case DNS_CNAME:
	case DNS_PTR:
	case DNS_NS:
		rec->name = get_name(r);
		break;
	case DNS_TXT:
		get_strings(r, rec, end);
		break;
	case DNS_TLSA:
		get_tlsa(r, rec, end);
		break;
	default:
		r->at = end;
		break;
	}
	if (r->at != end)
		r->bad = true;
}

/* A record of any section; *is_in: of class IN. data: read what it says. */
static void
get_record(struct reader *r, struct dns_record *rec, bool data, bool *is_in, unsigned *class)
{
	size_t n, end;

	*rec = (struct dns_record){.owner = get_name(r)};
	rec->type = (uint16_t)get16(r);
	*class = get16(r);
	*is_in = *class == 1;
	rec->ttl_sec = get32(r);
	n = get16(r);
	if (r->bad || n > r->in.n - r->at) {
		r->bad = true;
		return;
	}
	end = r->at + n;
	if (data && *is_in)
		get_data(r, rec, end);
	else
		r->at = end;
	if (rec->type != DNS_OPT && rec->ttl_sec > INT32_MAX) /* R2181-8-a */
		rec->ttl_sec = 0;
}

static enum st
get_answers(struct reader *r, unsigned count, struct dns_reply *reply, struct fault *f)
{
	unsigned class;
	bool is_in;

	/* An honest count fits into the message: a record has at least 11 octets. */
	if (count > (r->in.n - r->at) / 11)
		return malformed(f, "a count that does not fit");
	if (count > DNS_RECORDS_MAX)
		return fault_set(f, ST_LIMIT, "4.4.3", "more than %d records", DNS_RECORDS_MAX);
	reply->answers = arena_get_array(r->arena, count ? count : 1, sizeof(*reply->answers));
	for (unsigned i = 0; i < count && reply->answers && !r->bad; i++) {
		get_record(r, &reply->answers[reply->answer_count], true, &is_in, &class);
		if (is_in)
			reply->answer_count++;
	}
	return ST_OK;
}

/* Authority and additional sections: looked through for OPT (RFC 6891 section 6.1.3). */
static void
get_rest(struct reader *r, unsigned count, struct dns_reply *reply)
{
	struct dns_record rec;
	unsigned class;
	bool is_in;

	for (unsigned i = 0; i < count && !r->bad; i++) {
		get_record(r, &rec, false, &is_in, &class);
		if (rec.type == DNS_OPT && !r->bad)
			reply->rcode |= (uint16_t)((rec.ttl_sec >> 24) << 4);
	}
}

enum st
dns_reply_get(struct arena *a, struct slice in, struct dns_reply *reply, struct fault *f)
{
	struct reader r = {.in = in, .arena = a};
	unsigned flags, questions, answers, others;
	enum st st;

	*reply = (struct dns_reply){.id = 0};
	if (in.n > DNS_REPLY_MAX)
		return fault_set(f, ST_LIMIT, "4.4.3", "an answer of the name server is too long");
	reply->id = (uint16_t)get16(&r);
	flags = get16(&r);
	questions = get16(&r);
	answers = get16(&r);
	others = get16(&r);
	others += get16(&r);
	if (r.bad || !(flags & 0x8000) || (flags & 0x7800))
		return malformed(f, "no reply to a query");
	reply->is_authoritative = flags & 0x0400;
	reply->is_truncated = flags & 0x0200;
	reply->is_authentic = flags & 0x0020; /* RFC 4035 section 3.2.3 */
	reply->rcode = flags & 15;
	if (questions != 1)
		return malformed(f, "it has not one question");
	reply->name = get_name(&r);
	reply->type = (uint16_t)get16(&r);
	if (get16(&r) != 1 || r.bad)
		return malformed(f, "its question");
	st = get_answers(&r, answers, reply, f);
	if (st != ST_OK)
		return st;
	get_rest(&r, others, reply);
	if (arena_exhausted(a))
		return fault_set(f, ST_LIMIT, "4.4.3", "an answer of the name server is too long");
	if (r.bad || (r.at != in.n && !reply->is_truncated))
		return malformed(f, "its records");
	return ST_OK;
}

/* R1035-7.3-a */
bool
dns_reply_fits(const struct dns_reply *r, uint16_t id, struct slice name, enum dns_type type)
{
	return r->id == id && r->type == type && dns_name_same(r->name, name);
}

/* ---- what it says ---- */

const struct dns_record *
dns_reply_next(const struct dns_reply *r, struct slice name, size_t *at)
{
	while (*at < r->answer_count) {
		const struct dns_record *rec = &r->answers[(*at)++];

		if (rec->type == r->type && dns_name_same(rec->owner, name))
			return rec;
	}
	return NULL;
}

static const struct dns_record *
alias_of(const struct dns_reply *r, struct slice name)
{
	for (size_t i = 0; i < r->answer_count; i++)
		if (r->answers[i].type == DNS_CNAME && dns_name_same(r->answers[i].owner, name))
			return &r->answers[i];
	return NULL;
}

/* R1035-4.1.1-b, R2181-10.1-a */
enum st
dns_reply_result(const struct dns_reply *r, struct slice *name, struct fault *f)
{
	const struct dns_record *alias;
	size_t at = 0;

	*name = r->name;
	for (int links = 0; r->type != DNS_CNAME && (alias = alias_of(r, *name)); links++) {
		if (links == DNS_CHAIN_MAX)
			return fault_set(f, ST_SYNTAX, "5.4.6", "%.*s: an endless chain of CNAMEs",
			    SL_FMT(sl_sub(r->name, 0, 80)));
		*name = alias->name;
	}
	if (r->rcode == DNS_NXDOMAIN)
		return fault_set(f, ST_PERM, "5.1.2", "%.*s: there is no such domain",
		    SL_FMT(sl_sub(*name, 0, 80)));
	if (r->rcode != DNS_NOERROR)
		return fault_set(f, ST_TEMP, "4.4.3", "%.*s: the name server could not say (%u)",
		    SL_FMT(sl_sub(*name, 0, 80)), r->rcode);
	if (r->is_truncated)
		return fault_set(f, ST_TEMP, "4.4.3", "%.*s: only a part of the answer came",
		    SL_FMT(sl_sub(*name, 0, 80)));
	if (!dns_reply_next(r, *name, &at))
		return fault_set(f, ST_NOENT, "", "%.*s: no such records",
		    SL_FMT(sl_sub(*name, 0, 80)));
	return ST_OK;
}
